//! docs/statements.md: which test holds which statement of the behavioural specification. The list of
//! statements is xtask/statements.txt; a test names what it holds by its own name, `w7_w8_resumes`, and a
//! check in C by its id, `W7.blocked`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use anyhow::{Context, Result, ensure};

use super::holders::{CHECKS, Check, Holders, Test};
use crate::problem::Problem;
use crate::source::Source;
use crate::tree::Tree;

/// The generated page.
pub(super) const PAGE: &str = "docs/statements.md";

/// The list of statements.
const LIST: &str = "xtask/statements.txt";

/// What each letter is about, in the order of the page.
const SECTIONS: &[(char, &str)] = &[
    ('M', "the mask"),
    ('W', "writing"),
    ('R', "reading"),
    ('B', "buffers"),
    ('F', "fallback signalling"),
    ('A', "asynchronous work"),
    ('N', "other modes"),
    ('X', "the SSL filter BIO"),
    ('G', "`SSL_get_error`"),
    ('S', "shutdown"),
    ('D', "differences between versions"),
    ('T', "traps for programs"),
];

/// `W7`: a letter and a number of at most two digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id(char, u8);

impl Id {
    /// Reads `w7` or `W7`; `None` for anything else, `x25519` and `b` included.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut chars = text.chars();
        let letter = chars.next()?.to_ascii_uppercase();
        let digits = chars.as_str();
        let is_number = matches!(digits.len(), 1 | 2) && digits.bytes().all(|b| b.is_ascii_digit());
        let is_section = SECTIONS.iter().any(|(section, _)| *section == letter);
        if !is_number || !is_section {
            None
        } else {
            Some(Self(letter, digits.parse().ok()?))
        }
    }

    /// What is listed between the two of one section; nothing for two of different sections.
    pub(super) fn between(self, last: Self) -> impl Iterator<Item = Self> {
        let is_range = self.0 == last.0 && self.1 < last.1;
        let numbers = if is_range { self.1 + 1..last.1 } else { 0..0 };
        numbers.map(move |number| Self(self.0, number))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.0, self.1)
    }
}

/// A line of the list.
#[derive(Debug, PartialEq, Eq)]
struct Statement {
    id: Id,
    /// Its line in the list, counted from 1.
    line: usize,
    title: String,
    place: Place,
}

/// Where a statement is held.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// In the Rust crates: it needs a test there.
    Rust,
    /// By a check in C, as only the C library has what it is about; why, if that needs saying.
    C(String),
    /// Neither, for this reason.
    Elsewhere(String),
}

/// Statements that need a test and have none, and tests that name a statement there is not.
pub(super) fn problems(tree: &Tree, sources: &[Source]) -> Result<Vec<Problem>> {
    Ok(check(&list(tree)?, &Holders::read(tree, sources)?))
}

/// The tables of the page.
pub(super) fn tables(tree: &Tree, sources: &[Source]) -> Result<String> {
    render(&list(tree)?, &Holders::read(tree, sources)?)
}

fn list(tree: &Tree) -> Result<Vec<Statement>> {
    parse(&tree.read(LIST)?).with_context(|| format!("{LIST}: cannot read the list of statements"))
}

fn parse(text: &str) -> Result<Vec<Statement>> {
    let mut statements: Vec<Statement> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let statement = statement(line, number + 1)
            .with_context(|| format!("line {}: `{line}`", number + 1))?;
        let is_new = statements.iter().all(|earlier| earlier.id != statement.id);
        ensure!(
            is_new,
            "line {}: {} is listed twice",
            number + 1,
            statement.id
        );
        statements.push(statement);
    }
    Ok(statements)
}

fn statement(text: &str, line: usize) -> Result<Statement> {
    let fields: Vec<&str> = text.split('\t').collect();
    let [id, title, place] = fields[..] else {
        anyhow::bail!(
            "expected an id, a title, and `rust`, `c` or a reason, with tabs between them"
        );
    };
    let id = Id::parse(id).context("the id is a letter of the specification and a number")?;
    ensure!(!title.is_empty() && !place.is_empty(), "a field is empty");
    let place = match place {
        "rust" => Place::Rust,
        "c" => Place::C(String::new()),
        reason => match reason.strip_prefix("c: ") {
            Some(why) => Place::C(why.to_owned()),
            None => Place::Elsewhere(reason.to_owned()),
        },
    };
    Ok(Statement {
        id,
        line,
        title: title.to_owned(),
        place,
    })
}

fn check(statements: &[Statement], holders: &Holders) -> Vec<Problem> {
    let lacks = statements.iter().filter_map(|statement| {
        let id = statement.id;
        let text = match statement.place {
            Place::Rust if holders.tests_of(id).is_empty() => {
                let name = id.to_string().to_lowercase();
                format!(
                    "{id} ({}) has no test: name one `{name}_..`",
                    statement.title
                )
            }
            Place::C(_) if holders.checks_of(id).is_empty() => {
                format!(
                    "{id} ({}) has no check in C: call one `{id}...`",
                    statement.title
                )
            }
            _ => return None,
        };
        Some(Problem::at(LIST, statement.line, text))
    });
    let is_unknown = |id: &Id| statements.iter().all(|statement| statement.id != *id);
    let tests = holders.tests.iter().flat_map(|test| {
        let unknown = test.ids.iter().copied().filter(is_unknown);
        unknown.map(|id| {
            let text = format!("test `{}` names {id}, which is not in {LIST}", test.name);
            Problem::at(&test.file, test.line, text)
        })
    });
    let unknown = holders.checks.iter().filter(|check| is_unknown(&check.id));
    let checks = unknown.map(|check| {
        let Check { id, name, .. } = check;
        let text = format!("check `{id}.{name}` is of a statement that is not in {LIST}");
        Problem::at(&check.file, check.line, text)
    });
    lacks.chain(tests).chain(checks).collect()
}

fn render(statements: &[Statement], holders: &Holders) -> Result<String> {
    let in_rust = |id: Id| !holders.tests_of(id).is_empty();
    let in_c = |id: Id| !holders.checks_of(id).is_empty();
    let count = |holds: &dyn Fn(Id) -> bool| statements.iter().filter(|it| holds(it.id)).count();
    let mut out = String::new();
    writeln!(
        out,
        "{} statements: {} are held by tests in Rust, {} by checks in C, {} by either.",
        statements.len(),
        count(&in_rust),
        count(&in_c),
        count(&|id| in_rust(id) || in_c(id)),
    )?;
    for (letter, about) in SECTIONS {
        let of_section: Vec<&Statement> = statements.iter().filter(|s| s.id.0 == *letter).collect();
        if of_section.is_empty() {
            continue;
        }
        writeln!(
            out,
            "\n## {letter}: {about}\n\n| id | statement | in Rust | in C |\n|---|---|---|---|"
        )?;
        for Statement {
            id, title, place, ..
        } in of_section
        {
            let tests = tests(&holders.tests_of(*id));
            let checks = checks(&holders.checks_of(*id));
            let rust = match place {
                Place::Rust if tests.is_empty() => "**no test**".to_owned(),
                Place::Elsewhere(reason) if tests.is_empty() => reason.clone(),
                Place::C(why) if tests.is_empty() && !why.is_empty() => format!("not here: {why}"),
                Place::Elsewhere(reason) => format!("{tests}; {reason}"),
                Place::Rust | Place::C(_) => tests,
            };
            let c = match place {
                Place::C(_) if checks.is_empty() => "**no check**".to_owned(),
                _ => checks,
            };
            writeln!(out, "| {id} | {title} | {rust} | {c} |")?;
        }
    }
    Ok(out)
}

/// The tests of one statement, file by file.
fn tests(tests: &[&Test]) -> String {
    let mut by_file: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for test in tests {
        let names = by_file.entry(&test.file).or_default();
        names.push(format!("`{}`", test.name));
    }
    let file = |(file, names): (&str, Vec<String>)| format!("{}: {}", link(file), names.join(", "));
    by_file.into_iter().map(file).collect::<Vec<_>>().join("; ")
}

/// How many checks of one statement there are, file by file: they are too many to name.
fn checks(checks: &[&Check]) -> String {
    let mut by_file: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for check in checks {
        by_file.entry(&check.file).or_default().insert(&check.name);
    }
    let file = |(file, names): (&str, BTreeSet<&str>)| format!("{}: {}", link(file), names.len());
    by_file.into_iter().map(file).collect::<Vec<_>>().join("; ")
}

fn link(file: &str) -> String {
    let short = file
        .strip_prefix(CHECKS)
        .or_else(|| file.strip_prefix("crates/"))
        .unwrap_or(file);
    format!("[{short}](../{file})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    const FILE: &str = "crates/ssl-record/src/write/mod.rs";
    const C_FILE: &str = "crates/ssl-ffi/tests/c/modes/write.c";
    const LINES: &str = "# comment\n\nW7\tA blocked write\trust\nW8\tIts retry\trust\nW9\tIts end\tc\n\
                         W33\tSending files\tc: needs a kernel\nW34\tGone\thistory\n";

    fn holders_of(text: &str) -> Holders {
        let mut holders = Holders::default();
        holders.read_rust(&[source(FILE, text)]);
        holders.read_c(
            C_FILE,
            r#"CKI("W33.count", 1, 1); CKT("W33.flag", 1); CKI("W33.flag", 1, 1);"#,
        );
        holders
    }

    #[test]
    fn a_line_has_three_fields_and_comes_once() {
        assert_eq!(parse(LINES).unwrap().len(), 5);
        for wrong in [
            "W7\tx",
            "7\tx\trust",
            "W7\t\trust",
            "W7\ta\trust\nW7\tb\trust",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_statement_without_a_test_and_a_test_without_a_statement() {
        let statements = parse(LINES).unwrap();
        let found = check(
            &statements,
            &holders_of("#[test] fn w7_a() {}\n#[test] fn w99_b() {}"),
        );
        let texts: Vec<&str> = found.iter().map(|problem| problem.text.as_str()).collect();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(texts[0].starts_with("W8 (Its retry) has no test"));
        assert!(texts[1].starts_with("W9 (Its end) has no check in C"));
        assert_eq!((found[2].file.as_str(), found[2].line), (FILE, 2));
    }

    #[test]
    fn a_check_without_a_statement() {
        let statements = parse("W7\tA blocked write\thistory\n").unwrap();
        let found = check(&statements, &holders_of(""));
        assert_eq!(found.len(), 3);
        assert!(
            found[0]
                .text
                .starts_with("check `W33.count` is of a statement")
        );
        assert_eq!(found[0].file, C_FILE);
    }

    #[test]
    fn the_page_lists_tests_checks_and_reasons() {
        let statements = parse(LINES).unwrap();
        let holders = holders_of("#[test] fn w7_a() {} #[test] fn w7_b() {}");
        let page = render(&statements, &holders).unwrap();
        let counts = "5 statements: 1 are held by tests in Rust, 1 by checks in C, 2 by either.";
        assert!(page.starts_with(&format!("{counts}\n\n## W: writing\n")));
        let row = format!(
            "| W7 | A blocked write | [ssl-record/src/write/mod.rs](../{FILE}): `w7_a`, `w7_b` |  |"
        );
        assert!(page.contains(&row), "{page}");
        assert!(page.contains("| W8 | Its retry | **no test** |  |"));
        assert!(page.contains("| W9 | Its end |  | **no check** |"));
        let row = format!(
            "| W33 | Sending files | not here: needs a kernel | [write.c](../{C_FILE}): 2 |"
        );
        assert!(page.contains(&row), "{page}");
        assert!(page.contains("| W34 | Gone | history |  |"));
    }
}
