//! docs/statements.md: which test holds which statement of the behavioural specification. The list of
//! statements is xtask/statements.txt; a test names what it holds by its own name, `w7_w8_resumes`.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use anyhow::{Context, Result, ensure};

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
struct Id(char, u8);

impl Id {
    /// Reads `w7` or `W7`; `None` for anything else, `x25519` and `b` included.
    fn parse(text: &str) -> Option<Self> {
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
    /// Not there, for this reason.
    Elsewhere(String),
}

/// A test that names statements.
struct Holder {
    file: String,
    line: usize,
    name: String,
    ids: Vec<Id>,
}

/// Statements that need a test and have none, and tests that name a statement there is not.
pub(super) fn problems(tree: &Tree, sources: &[Source]) -> Result<Vec<Problem>> {
    Ok(check(&list(tree)?, &holders(sources)))
}

/// The tables of the page.
pub(super) fn tables(tree: &Tree, sources: &[Source]) -> Result<String> {
    render(&list(tree)?, &holders(sources))
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
        anyhow::bail!("expected an id, a title, and `rust` or a reason, with tabs between them");
    };
    let id = Id::parse(id).context("the id is a letter of the specification and a number")?;
    ensure!(!title.is_empty() && !place.is_empty(), "a field is empty");
    let place = match place {
        "rust" => Place::Rust,
        reason => Place::Elsewhere(reason.to_owned()),
    };
    Ok(Statement {
        id,
        line,
        title: title.to_owned(),
        place,
    })
}

fn holders(sources: &[Source]) -> Vec<Holder> {
    let mut out = Vec::new();
    for source in sources
        .iter()
        .filter(|source| source.file.starts_with("crates/"))
    {
        for test in source.tests() {
            let ids: Vec<Id> = test.name.split('_').map_while(Id::parse).collect();
            if !ids.is_empty() {
                out.push(Holder {
                    file: source.file.clone(),
                    line: test.line,
                    name: test.name,
                    ids,
                });
            }
        }
    }
    out
}

fn check(statements: &[Statement], holders: &[Holder]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for statement in statements
        .iter()
        .filter(|statement| statement.place == Place::Rust)
    {
        if !holders
            .iter()
            .any(|holder| holder.ids.contains(&statement.id))
        {
            let id = statement.id.to_string();
            let text = format!(
                "{id} ({}) has no test: name one `{}_..`",
                statement.title,
                id.to_lowercase()
            );
            problems.push(Problem::at(LIST, statement.line, text));
        }
    }
    for holder in holders {
        for id in holder
            .ids
            .iter()
            .filter(|id| statements.iter().all(|s| s.id != **id))
        {
            let text = format!("test `{}` names {id}, which is not in {LIST}", holder.name);
            problems.push(Problem::at(&holder.file, holder.line, text));
        }
    }
    problems
}

fn render(statements: &[Statement], holders: &[Holder]) -> Result<String> {
    let mut by_id: BTreeMap<Id, Vec<&Holder>> = BTreeMap::new();
    for holder in holders {
        for id in &holder.ids {
            by_id.entry(*id).or_default().push(holder);
        }
    }
    let held = |s: &&Statement| by_id.contains_key(&s.id);
    let mut out = String::new();
    writeln!(
        out,
        "{} statements, {} of them held by tests.",
        statements.len(),
        statements.iter().filter(held).count()
    )?;
    for (letter, about) in SECTIONS {
        let of_section: Vec<&Statement> = statements.iter().filter(|s| s.id.0 == *letter).collect();
        if of_section.is_empty() {
            continue;
        }
        writeln!(
            out,
            "\n## {letter}: {about}\n\n| id | statement | held by |\n|---|---|---|"
        )?;
        for Statement {
            id, title, place, ..
        } in of_section
        {
            let tests = by_id
                .get(id)
                .map(|holders| cell(holders))
                .unwrap_or_default();
            let cell = match place {
                Place::Elsewhere(reason) if tests.is_empty() => reason.clone(),
                Place::Elsewhere(reason) => format!("{tests}; {reason}"),
                Place::Rust if tests.is_empty() => "**no test**".to_owned(),
                Place::Rust => tests,
            };
            writeln!(out, "| {id} | {title} | {cell} |")?;
        }
    }
    Ok(out)
}

/// The tests of one statement, file by file.
fn cell(holders: &[&Holder]) -> String {
    let mut by_file: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for holder in holders {
        by_file.entry(&holder.file).or_default().push(&holder.name);
    }
    let file = |(file, names): (&str, Vec<&str>)| {
        let short = file.strip_prefix("crates/").unwrap_or(file);
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        format!("[{short}](../{file}): {}", names.join(", "))
    };
    by_file.into_iter().map(file).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    const FILE: &str = "crates/ssl-record/src/write/mod.rs";
    const LINES: &str = "# comment\n\nW7\tA blocked write\trust\nW8\tIts retry\trust\nW33\tSending files\tneeds the C API\n";

    fn holders_of(text: &str) -> Vec<Holder> {
        holders(&[source(FILE, text)])
    }

    #[test]
    fn the_ids_are_the_first_words_of_the_name() {
        let ids = |name: &str| {
            let found = holders_of(&format!("#[test] fn {name}() {{}}"));
            found
                .iter()
                .flat_map(|h| &h.ids)
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(ids("w7_w8_retry_resumes"), ["W7", "W8"]);
        assert_eq!(ids("r3_exact_reads_as_w7"), ["R3"]);
        for name in ["x25519_works", "retry_w7", "w_7", "b", "aes128_seals"] {
            assert!(ids(name).is_empty(), "{name}");
        }
    }

    #[test]
    fn a_line_has_three_fields_and_comes_once() {
        assert_eq!(parse(LINES).unwrap().len(), 3);
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
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].text.starts_with("W8 (Its retry) has no test"));
        assert_eq!((found[1].file.as_str(), found[1].line), (FILE, 2));
    }

    #[test]
    fn the_page_lists_tests_and_reasons() {
        let statements = parse(LINES).unwrap();
        let page = render(
            &statements,
            &holders_of("#[test] fn w7_a() {} #[test] fn w7_b() {}"),
        )
        .unwrap();
        assert!(page.starts_with("3 statements, 1 of them held by tests.\n\n## W: writing\n"));
        let row = format!(
            "| W7 | A blocked write | [ssl-record/src/write/mod.rs](../{FILE}): `w7_a`, `w7_b` |"
        );
        assert!(page.contains(&row), "{page}");
        assert!(page.contains("| W8 | Its retry | **no test** |"));
        assert!(page.contains("| W33 | Sending files | needs the C API |"));
    }
}
