//! Checks of every text file, line by line: blanks at the end, marks that should not be committed,
//! paths of somebody's machine.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::Result;

use crate::problem::Problem;
use crate::tree::Tree;

/// Files of these kinds are text of ours; generated lock files are not.
const KINDS: &[&str] = &[
    "rs", "md", "toml", "yml", "yaml", "txt", "c", "h", "sh", "py", "tsv", "",
];

/// Recorded output, kept byte by byte.
const VERBATIM: &[&str] = &["trycmd", "stdout", "stderr", "stdin"];

/// Words that mean "not done yet", as whole words. Spelled in halves, or this file would name itself.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("XX", "X"),
    concat!("HA", "CK"),
    concat!("W", "IP"),
    concat!("no", "commit"),
];

/// The first folder of paths that only exist on one machine.
const MACHINES: &[&str] = &["home", "root", "Users", "tmp", "work", "mnt"];

/// Looks at every line of every text file.
pub(super) fn problems(tree: &Tree) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for file in ours(tree) {
        let text = tree.read(file)?;
        if !text.is_empty() && !text.ends_with('\n') {
            problems.push(Problem::file(
                file,
                "ends without a newline; `cargo xtask tidy --fix` adds it",
            ));
        }
        for (number, line) in text.lines().enumerate() {
            problems.extend(
                objections(line)
                    .into_iter()
                    .map(|text| Problem::at(file, number + 1, text)),
            );
        }
    }
    Ok(problems)
}

/// Takes blanks off the ends of lines and ends every file with one newline.
pub(super) fn mend(tree: &Tree) -> Result<()> {
    for file in ours(tree) {
        if tree.write(file, &mended(&tree.read(file)?))? {
            println!("tidy: mended {file}");
        }
    }
    Ok(())
}

fn ours(tree: &Tree) -> impl Iterator<Item = &str> {
    tree.files().filter(|file| {
        let path = Path::new(file);
        let kind = path.extension().and_then(OsStr::to_str).unwrap_or_default();
        let is_recorded = VERBATIM.contains(&kind) || file.contains("/seeds/");
        KINDS.contains(&kind) && !is_recorded
    })
}

fn mended(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

fn objections(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    if line.ends_with([' ', '\t', '\r']) {
        found.push("blanks at the end; `cargo xtask tidy --fix` takes them off".to_owned());
    }
    if ["<<<<<<< ", ">>>>>>> "]
        .iter()
        .any(|mark| line.starts_with(mark))
    {
        found.push("an unresolved merge".to_owned());
    }
    if let Some(word) = UNFINISHED.iter().find(|word| has_word(line, word)) {
        found.push(format!(
            "`{word}`: do it, or open an issue and drop the word"
        ));
    }
    if let Some(folder) = MACHINES.iter().find(|folder| has_absolute(line, folder)) {
        found.push(format!("a path under /{folder} exists on one machine only"));
    }
    found
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .any(|part| part == word)
}

/// True if the line has an absolute path into `folder`: not `docs/work/`, not `https://host/work/`.
fn has_absolute(line: &str, folder: &str) -> bool {
    let path = format!("/{folder}/");
    line.match_indices(&path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + path.len()..].chars().next();
        let starts = before.is_none_or(|c| !c.is_alphanumeric() && !"/._-}".contains(c));
        starts && after.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_last_newlines() {
        assert_eq!(mended("a \n\tb\t\n\n\n"), "a\n\tb\n");
        assert_eq!(mended("a"), "a\n");
        assert_eq!(mended(""), "");
        assert_eq!(objections("a ").len(), 1);
        assert!(objections("\ta").is_empty());
    }

    #[test]
    fn unfinished_words_are_whole_words() {
        assert_eq!(objections(concat!("// TO", "DO: later")).len(), 1);
        assert!(objections("// MASTODON, todo!(), HACKING.md is a shell").is_empty());
        assert_eq!(objections("<<<<<<< ours").len(), 1);
    }

    #[test]
    fn absolute_paths_of_a_machine() {
        let root = format!("see /{}/main", "work");
        assert_eq!(objections(&root).len(), 1);
        assert_eq!(objections(&root.replace(' ', "`")).len(), 1);
        for fine in [
            "docs/work/a",
            "https://x.org/home/a",
            "${x}/tmp/a",
            "/tmp/ or so",
            "/etc/ssl/certs",
        ] {
            assert!(objections(fine).is_empty(), "{fine}");
        }
    }
}
