//! Checks that every mode is complete: a row in `ssl_mode::MODES`, the page that row names, and a test
//! that names the bit.

use std::collections::BTreeSet;

use ssl_mode::MODES;

use crate::problem::Problem;
use crate::source::Source;
use crate::tree::Tree;

/// Where the rows are.
const TABLE: &str = "crates/ssl-mode/src/table.rs";

/// The folder of the pages, and the one file in it that is not a page.
const PAGES: &str = "docs/modes/";
const INDEX: &str = "docs/modes/README.md";

/// Looks for what a mode lacks, and for pages without a mode.
pub(super) fn problems(tree: &Tree, sources: &[Source]) -> Vec<Problem> {
    let tested = tested_names(sources);
    let mut problems = Vec::new();
    for row in &MODES {
        if !tree.exists(row.page) {
            problems.push(Problem::file(
                TABLE,
                format!("{}: write its page, {}", row.name, row.page),
            ));
        }
        if !tested.contains(row.name) {
            problems.push(Problem::file(
                TABLE,
                format!("no test names SslMode::{}", row.name),
            ));
        }
    }
    let pages: BTreeSet<&str> = MODES.iter().map(|row| row.page).chain([INDEX]).collect();
    for file in tree
        .with_extension("md")
        .filter(|file| file.starts_with(PAGES))
    {
        if !pages.contains(file) {
            problems.push(Problem::file(
                file,
                format!("is the page of no row in {TABLE}"),
            ));
        }
    }
    problems
}

/// Every identifier that stands in test code.
fn tested_names(sources: &[Source]) -> BTreeSet<String> {
    let words = sources
        .iter()
        .filter(|s| s.file.starts_with("crates/"))
        .flat_map(Source::words);
    words
        .filter(|word| word.in_test)
        .map(|word| word.text)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    #[test]
    fn only_test_code_counts() {
        let names = |file: &str, text: &str| tested_names(&[source(file, text)]).contains("ASYNC");
        assert!(names(
            "crates/a/src/b.rs",
            "#[cfg(test)] mod tests { fn a() { SslMode::ASYNC } }"
        ));
        assert!(names("crates/a/tests/b.rs", "fn a() { SslMode::ASYNC }"));
        assert!(!names("crates/a/src/b.rs", "fn a() { SslMode::ASYNC }"));
        assert!(!names("crates/a/tests/b.rs", "// SslMode::ASYNC"));
    }

    #[test]
    fn a_page_without_a_mode_is_seen() {
        let folder = std::env::temp_dir().join(format!("xtask-modes-{}", std::process::id()));
        let tree = Tree::at(folder.clone());
        assert!(tree.is_err(), "the folder is not there yet");
        std::fs::create_dir_all(folder.join(PAGES)).unwrap();
        std::fs::write(folder.join(PAGES).join("bogus.md"), "# bogus\n").unwrap();
        let tree = Tree::at(folder.clone()).unwrap();
        let found = problems(&tree, &[]);
        std::fs::remove_dir_all(folder).unwrap();
        assert!(found.iter().any(|p| p.file == "docs/modes/bogus.md"));
        assert_eq!(
            found
                .iter()
                .filter(|p| p.text.contains("write its page"))
                .count(),
            MODES.len()
        );
    }
}
