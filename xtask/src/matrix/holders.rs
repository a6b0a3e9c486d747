//! What holds the statements of the specification: tests in Rust and checks in C, as their names say. Knows
//! no list of statements.

use anyhow::Result;

use super::statements::Id;
use crate::source::Source;
use crate::tree::Tree;

/// Where the checks in C are.
pub(super) const CHECKS: &str = "crates/ssl-ffi/tests/c/modes/";

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Holders {
    pub(super) tests: Vec<Test>,
    pub(super) checks: Vec<Check>,
}

/// A test in Rust: `w7_w8_retry_resumes`.
#[derive(Debug)]
pub(super) struct Test {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) name: String,
    /// The statements that it names.
    pub(super) ids: Vec<Id>,
}

/// A check in C: `W7.blocked`. One in a loop, or on two branches, comes more than once.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) id: Id,
    /// What follows the statement.
    pub(super) name: String,
}

impl Holders {
    /// Those of the whole tree.
    pub(super) fn read(tree: &Tree, sources: &[Source]) -> Result<Self> {
        let mut holders = Self::default();
        holders.read_rust(sources);
        for file in tree.with_extension("c") {
            if file.starts_with(CHECKS) {
                holders.read_c(file, &tree.read(file)?);
            }
        }
        Ok(holders)
    }

    pub(super) fn tests_of(&self, id: Id) -> Vec<&Test> {
        let tests = self.tests.iter();
        tests.filter(|test| test.ids.contains(&id)).collect()
    }

    pub(super) fn checks_of(&self, id: Id) -> Vec<&Check> {
        self.checks.iter().filter(|check| check.id == id).collect()
    }

    pub(super) fn read_rust(&mut self, sources: &[Source]) {
        let ours = sources
            .iter()
            .filter(|source| source.file.starts_with("crates/"));
        for source in ours {
            for test in source.tests() {
                let ids = named(&test.name);
                if !ids.is_empty() {
                    self.tests.push(Test {
                        file: source.file.clone(),
                        line: test.line,
                        name: test.name,
                        ids,
                    });
                }
            }
        }
    }

    /// A check is known by the string that is its name.
    pub(super) fn read_c(&mut self, file: &str, text: &str) {
        for (number, line) in text.lines().enumerate() {
            for quoted in line.split('"').skip(1).step_by(2) {
                let Some((id, name)) = quoted.split_once('.') else {
                    continue;
                };
                if let (Some(id), false) = (Id::parse(id), name.is_empty()) {
                    self.checks.push(Check {
                        file: file.to_owned(),
                        line: number + 1,
                        id,
                        name: name.to_owned(),
                    });
                }
            }
        }
    }
}

/// The statements at the start of a test's name: `w7_w8_..`, and `f4_to_f6_..` for three.
fn named(test: &str) -> Vec<Id> {
    let mut words = test.split('_').peekable();
    let mut ids: Vec<Id> = Vec::new();
    while let Some(word) = words.next() {
        match (Id::parse(word), ids.last().copied()) {
            (Some(id), _) => ids.push(id),
            (None, Some(first)) if word == "to" => {
                let last = words.peek().and_then(|word| Id::parse(word));
                ids.extend(last.into_iter().flat_map(|last| first.between(last)));
            }
            _ => break,
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    #[test]
    fn the_ids_are_the_first_words_of_a_tests_name() {
        let ids = |name: &str| {
            let mut holders = Holders::default();
            let text = format!("#[test] fn {name}() {{}}");
            holders.read_rust(&[source("crates/ssl-record/src/write/mod.rs", &text)]);
            let ids = holders.tests.iter().flat_map(|test| &test.ids);
            ids.map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(ids("w7_w8_retry_resumes"), ["W7", "W8"]);
        assert_eq!(ids("r3_exact_reads_as_w7"), ["R3"]);
        assert_eq!(ids("f4_to_f6_f9_understood"), ["F4", "F5", "F6", "F9"]);
        assert_eq!(ids("w7_to_the_end_w8"), ["W7"]);
        assert_eq!(ids("w7_to_r9"), ["W7", "R9"]);
        for name in ["x25519_works", "retry_w7", "w_7", "b", "aes128_seals"] {
            assert!(ids(name).is_empty(), "{name}");
        }
    }

    #[test]
    fn checks_are_known_by_their_strings() {
        let mut holders = Holders::default();
        let text = "CKI(\"W7.a\", 1, 1);\n/* W8.b */ CKI(i ? \"R3.c\" : \"R3.d\", 1, 1); f(\"F.e\", \"W9.\");\n";
        holders.read_c("write.c", text);
        let found = holders.checks.iter();
        let found: Vec<_> = found
            .map(|check| format!("{}.{} {}", check.id, check.name, check.line))
            .collect();
        assert_eq!(found, ["W7.a 1", "R3.c 2", "R3.d 2"]);
    }
}
