//! Checks of Rust files: what each begins with, how long it is, what it must not contain.

use crate::problem::Problem;
use crate::source::Source;

/// Lines a file may have, tests included.
const MAX_LINES: usize = 600;

/// Macros that stand for code that is not there.
const UNFINISHED: &[&str] = &["todo", "unimplemented", "dbg"];

/// Attributes with which a test looks green without holding anything.
const SILENCED: &[&str] = &["ignore", "should_panic"];

/// Checks every file by itself.
pub(super) fn problems(sources: &[Source]) -> Vec<Problem> {
    sources.iter().flat_map(file).collect()
}

fn file(source: &Source) -> Vec<Problem> {
    let mut problems = Vec::new();
    let file = &source.file;
    if !source.text.starts_with("//!") {
        problems.push(Problem::at(
            file,
            1,
            "begin with `//!`: what the file owns, what it must not know",
        ));
    }
    let lines = source.text.lines().count();
    if lines > MAX_LINES {
        problems.push(Problem::file(
            file,
            format!("{lines} lines: split it, {MAX_LINES} is the cap"),
        ));
    }
    for word in source.words() {
        let text = word.text.as_str();
        if word.is_macro && UNFINISHED.contains(&text) {
            problems.push(Problem::at(
                file,
                word.line,
                format!("`{text}!` is not finished code"),
            ));
        }
        if word.in_attribute && SILENCED.contains(&text) {
            let text = format!("`{text}` silences a test: assert today's wrong answer instead");
            problems.push(Problem::at(file, word.line, text));
        }
    }
    problems.extend(silenced_doctests(source));
    problems
}

/// A fenced example in a doc comment that is not run, or that is to panic.
fn silenced_doctests(source: &Source) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (number, line) in source.text.lines().enumerate() {
        let line = line.trim_start();
        let Some(doc) = line
            .strip_prefix("///")
            .or_else(|| line.strip_prefix("//!"))
        else {
            continue;
        };
        let Some(info) = doc.trim_start().strip_prefix("```") else {
            continue;
        };
        if let Some(word) = info.split(',').find(|word| SILENCED.contains(&word.trim())) {
            let text = format!("`{word}` silences an example: make it run, `no_run` or `text`");
            problems.push(Problem::at(&source.file, number + 1, text));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    fn found(text: &str) -> Vec<String> {
        problems(&[source("crates/a/src/b.rs", text)])
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_file_begins_with_its_purpose() {
        assert!(found("//! Owns nothing.\n").is_empty());
        assert!(found("use std::fmt;\n")[0].starts_with("crates/a/src/b.rs:1: begin with"));
    }

    #[test]
    fn a_file_has_at_most_600_lines() {
        let lines = |n: usize| format!("//! Long.\n{}", "// line\n".repeat(n - 1));
        assert!(found(&lines(600)).is_empty());
        assert!(found(&lines(601))[0].contains("601 lines"));
    }

    #[test]
    fn unfinished_code_is_seen_and_its_mention_is_not() {
        assert!(found("//! a\nfn a() { todo!() }")[0].contains(":2: `todo!`"));
        assert!(found("//! todo!()\nfn a() { let b = \"dbg!(1)\"; if todo != b {} }").is_empty());
    }

    #[test]
    fn silenced_tests_are_seen_and_their_mention_is_not() {
        assert!(found("//! a\n#[test] #[ignore = \"slow\"] fn a() {}")[0].contains("`ignore`"));
        assert!(found("//! a\n#[cfg_attr(miri, ignore)] fn a() {}")[0].contains("`ignore`"));
        assert!(found("//! a\n#[test] #[should_panic] fn a() {}")[0].contains("`should_panic`"));
        assert!(found("//! #[ignore]\nfn ignore() { ignore(\"#[should_panic]\") }").is_empty());
    }

    #[test]
    fn silenced_examples_are_seen() {
        assert!(found("//! a\n//! ```rust,ignore\n//! ```\n")[0].contains(":2: `ignore`"));
        assert!(found("//! a\n/// ```no_run\n/// ```\nfn a() {}").is_empty());
    }
}
