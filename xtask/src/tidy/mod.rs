//! `cargo xtask tidy [--fix]`: the rules of CONTRIBUTING.md that a machine can check. Every check
//! returns all its problems, so that one run shows everything.

mod code;
mod links;
mod modes;
mod text;

use anyhow::Result;

use crate::matrix;
use crate::problem;
use crate::source;
use crate::tree::Tree;

/// What to do about what can be mended without thinking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fix {
    /// Report it.
    Report,
    /// Mend it: trailing blanks, generated tables.
    Mend,
}

/// Runs every check over the checkout.
pub(crate) fn run(fix: Fix) -> Result<()> {
    let tree = Tree::open()?;
    if fix == Fix::Mend {
        text::mend(&tree)?;
    }
    let (sources, mut problems) = source::read_all(&tree)?;
    problems.extend(code::problems(&sources));
    problems.extend(text::problems(&tree)?);
    problems.extend(modes::problems(&tree, &sources));
    problems.extend(matrix::problems(&tree, &sources, fix)?);
    problems.extend(links::problems(&tree)?);
    problem::report("tidy", problems)
}
