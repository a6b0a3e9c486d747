//! `Problem`: one line a reader can act on, with the file and line it is about. Every check returns a
//! list of them, so that one run shows everything there is to mend; no check prints or stops by itself.

use std::fmt;

/// Something tidy or layers objects to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    /// Path from the root of the workspace, with `/`.
    pub(crate) file: String,
    /// Counted from 1; 0 when the file as a whole is meant.
    pub(crate) line: usize,
    /// What is wrong and what to do about it.
    pub(crate) text: String,
}

impl Problem {
    /// A problem of one line.
    pub(crate) fn at(file: &str, line: usize, text: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line,
            text: text.into(),
        }
    }

    /// A problem of the file as a whole.
    pub(crate) fn file(file: &str, text: impl Into<String>) -> Self {
        Self::at(file, 0, text)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.text),
            line => write!(f, "{}:{line}: {}", self.file, self.text),
        }
    }
}

/// Prints the problems in file order and fails if there is one.
pub(crate) fn report(chore: &str, mut problems: Vec<Problem>) -> anyhow::Result<()> {
    problems.sort();
    problems.dedup();
    for problem in &problems {
        println!("{problem}");
    }
    match problems.len() {
        0 => Ok(()),
        1 => anyhow::bail!("{chore}: 1 problem"),
        n => anyhow::bail!("{chore}: {n} problems"),
    }
}
