//! Where `unsafe` may stand, and what the root of each crate tells the compiler about it. Knows no
//! module and no manifest.

use crate::problem::Problem;
use crate::source::Source;

/// The crates that need it, each with its reason. What they may do with it is the compiler's and
/// clippy's business: every block says in a SAFETY comment why it is sound.
const CRATES: &[(&str, &str)] = &[("crates/ssl-ffi/", "the C boundary")];

/// Folders of these crates that do without, each with its reason.
const WITHOUT: &[(&str, &str)] = &[(
    "crates/ssl-ffi/src/negotiate/",
    "choices among values; no pointers",
)];

/// Single files of other crates that need it, each with its reason. The root of such a crate has
/// `deny(unsafe_code)`, which the file alone may allow.
const FILES: &[(&str, &str)] = &[(
    "crates/ssl-record/src/handshake/rustls/stack.rs",
    "the stacks on which handshakes wait for a decision",
)];

/// Looks for `unsafe` elsewhere, and for crate roots that do not keep it out.
pub(super) fn problems(sources: &[Source]) -> Vec<Problem> {
    let ours = sources
        .iter()
        .filter(|source| source.file.starts_with("crates/"));
    ours.flat_map(|source| in_file(source, FILES)).collect()
}

fn in_file(source: &Source, files: &[(&str, &str)]) -> Vec<Problem> {
    let file = source.file.as_str();
    let is_in = |folders: &[(&str, &str)]| folders.iter().any(|(it, _)| file.starts_with(it));
    if is_in(CRATES) && !is_in(WITHOUT) {
        return Vec::new();
    }
    let words = source.words();
    let mut problems = Vec::new();
    if !files.iter().any(|(allowed, _)| *allowed == file) {
        for word in words.iter().filter(|word| word.text == "unsafe") {
            let text = "`unsafe` has no place here: see xtask/src/layers/unsafe_code.rs";
            problems.push(Problem::at(file, word.line, text));
        }
    }
    if let Some(folder) = crate_of_root(file) {
        let lint = match files.iter().any(|(allowed, _)| allowed.starts_with(folder)) {
            true => "deny",
            false => "forbid",
        };
        let has_lint = words
            .windows(2)
            .any(|pair| pair[0].text == lint && pair[1].text == "unsafe_code");
        if !has_lint {
            problems.push(Problem::file(
                file,
                format!("add `#![{lint}(unsafe_code)]`"),
            ));
        }
    }
    problems
}

/// The folder of the crate whose root `file` is.
fn crate_of_root(file: &str) -> Option<&str> {
    let root = ["src/lib.rs", "src/main.rs"]
        .iter()
        .find_map(|name| file.strip_suffix(name));
    root.filter(|folder| folder.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    fn found(file: &str, text: &str) -> usize {
        problems(&[source(file, text)]).len()
    }

    #[test]
    fn unsafe_is_seen_and_its_mention_is_not() {
        let root = |text| found("crates/a/src/lib.rs", text);
        assert_eq!(root("#![forbid(unsafe_code)] // unsafe"), 0);
        assert_eq!(root("#![forbid(unsafe_code)] fn a() { unsafe {} }"), 1);
        assert_eq!(root("fn a() {}"), 1);
        assert_eq!(found("crates/a/src/b.rs", "/* unsafe */"), 0);
        assert_eq!(found("crates/a/tests/b.rs", "fn a() { unsafe {} }"), 1);
    }

    #[test]
    fn a_crate_of_the_table_may_have_it() {
        assert_eq!(
            found("crates/ssl-ffi/src/lib.rs", "fn a() { unsafe {} }"),
            0
        );
        assert_eq!(
            found("crates/ssl-ffi-2/src/b.rs", "fn a() { unsafe {} }"),
            1
        );
    }

    #[test]
    fn a_folder_of_such_a_crate_does_without() {
        let file = "crates/ssl-ffi/src/negotiate/list.rs";
        assert_eq!(found(file, "fn a() { unsafe {} }"), 1);
        assert_eq!(found(file, "#![forbid(unsafe_code)] fn a() {}"), 0);
    }

    #[test]
    fn a_file_of_the_table_may_have_it_and_its_root_denies_it() {
        let files = [("crates/a/src/stack.rs", "why")];
        let found = |file, text| in_file(&source(file, text), &files).len();
        assert_eq!(found("crates/a/src/stack.rs", "fn a() { unsafe {} }"), 0);
        assert_eq!(found("crates/a/src/other.rs", "fn a() { unsafe {} }"), 1);
        assert_eq!(found("crates/a/src/lib.rs", "#![deny(unsafe_code)]"), 0);
        assert_eq!(found("crates/a/src/lib.rs", "fn a() {}"), 1);
        assert_eq!(found("crates/b/src/lib.rs", "#![deny(unsafe_code)]"), 1);
    }
}
