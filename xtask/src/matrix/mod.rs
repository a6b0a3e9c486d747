//! `cargo xtask matrix`: the documents that are written from data. Each generated block stands between
//! two marks in its file; tidy fails when a block is not what this would write.

mod holders;
mod modes;
mod statements;

use anyhow::Result;

use crate::abi::Symbols;
use crate::problem::Problem;
use crate::source::{self, Source};
use crate::tidy::Fix;
use crate::tree::Tree;

/// Ends every generated block.
const END: &str = "<!-- end -->";

/// Writes every generated block.
pub(crate) fn run() -> Result<()> {
    let tree = Tree::open()?;
    let (sources, mut problems) = source::read_all(&tree)?;
    problems.extend(update(&tree, &sources, Fix::Mend)?);
    crate::problem::report("matrix", problems)
}

/// What is missing or out of date: blocks, statements without a test, tests without a statement.
pub(crate) fn problems(tree: &Tree, sources: &[Source], fix: Fix) -> Result<Vec<Problem>> {
    let mut problems = update(tree, sources, fix)?;
    problems.extend(statements::problems(tree, sources)?);
    Ok(problems)
}

fn update(tree: &Tree, sources: &[Source], fix: Fix) -> Result<Vec<Problem>> {
    let blocks = [
        Block {
            file: "README.md",
            name: "modes",
            text: modes::table(""),
        },
        Block {
            file: "docs/modes/README.md",
            name: "modes",
            text: modes::table("docs/modes/"),
        },
        Block {
            file: statements::PAGE,
            name: "statements",
            text: statements::tables(tree, sources)?,
        },
        Block {
            file: "docs/symbols.md",
            name: "symbols",
            text: Symbols::read(tree)?.tables(),
        },
    ];
    let mut problems = Vec::new();
    for block in blocks {
        problems.extend(block.update(tree, fix)?);
    }
    Ok(problems)
}

/// A generated part of a document.
struct Block {
    file: &'static str,
    /// What stands in the mark: `<!-- generated: name -->`.
    name: &'static str,
    text: String,
}

impl Block {
    fn update(&self, tree: &Tree, fix: Fix) -> Result<Option<Problem>> {
        let Ok(now) = tree.read(self.file) else {
            return Ok(Some(self.problem("is missing; write it with the marks")));
        };
        let Some(wanted) = self.inserted(&now) else {
            return Ok(Some(self.problem("lacks the marks")));
        };
        if wanted == now {
            return Ok(None);
        }
        match fix {
            Fix::Report => Ok(Some(
                self.problem("is out of date: run `cargo xtask matrix`"),
            )),
            Fix::Mend => {
                tree.write(self.file, &wanted)?;
                println!("matrix: wrote {}", self.file);
                Ok(None)
            }
        }
    }

    /// The document with this block in place of what stands between its marks.
    fn inserted(&self, document: &str) -> Option<String> {
        let start = format!("<!-- generated: {} -->\n", self.name);
        let (before, rest) = document.split_once(&start)?;
        let (_, after) = rest.split_once(END)?;
        Some(format!(
            "{before}{start}\n{}\n\n{END}{after}",
            self.text.trim()
        ))
    }

    fn problem(&self, what: &str) -> Problem {
        let marks = format!("`<!-- generated: {} -->` .. `{END}`", self.name);
        Problem::file(self.file, format!("{what} ({marks})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_replaces_what_is_between_its_marks() {
        let block = Block {
            file: "a.md",
            name: "modes",
            text: "new\n".to_owned(),
        };
        let document = "# A\n<!-- generated: modes -->\nold\n<!-- end -->\nrest\n";
        let wanted = "# A\n<!-- generated: modes -->\n\nnew\n\n<!-- end -->\nrest\n";
        assert_eq!(block.inserted(document).as_deref(), Some(wanted));
        assert_eq!(
            block.inserted(wanted).as_deref(),
            Some(wanted),
            "a second run changes nothing"
        );
        assert_eq!(block.inserted("# A\n"), None);
        assert_eq!(block.inserted("<!-- generated: modes -->\nno end"), None);
    }
}
