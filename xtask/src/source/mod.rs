//! `Source`: one Rust file as tokens, so that comments, doc comments and strings never count as code.
//! Knows what a test is and which paths a file uses; the rules about them are tidy's and layers'.

mod calls;
mod paths;
mod signatures;
mod tests_in;
mod tokens;

use std::str::FromStr;

use anyhow::Result;
use proc_macro2::TokenStream;

use crate::problem::Problem;
use crate::tree::Tree;

pub(crate) use calls::{Call, ForeignBlock};
pub(crate) use paths::{Path, PathRoot};
pub(crate) use signatures::{Signature, Type};
pub(crate) use tests_in::TestFn;
pub(crate) use tokens::{Word, words};

/// One lexed Rust file.
pub(crate) struct Source {
    /// Path from the root of the workspace.
    pub(crate) file: String,
    /// The file as it is.
    pub(crate) text: String,
    tokens: TokenStream,
}

impl Source {
    /// Lexes `text` as the content of `file`; the problem says where it is not Rust.
    pub(crate) fn new(file: &str, text: String) -> Result<Self, Problem> {
        match TokenStream::from_str(&text) {
            Ok(tokens) => Ok(Self {
                file: file.to_owned(),
                text,
                tokens,
            }),
            Err(error) => {
                let line = error.span().start().line;
                Err(Problem::at(file, line, format!("is not Rust: {error}")))
            }
        }
    }

    /// The tests of this file, macros such as `proptest!` included.
    pub(crate) fn tests(&self) -> Vec<TestFn> {
        tests_in::tests_in(self.tokens.clone())
    }

    /// Every path this file names, written out from its crate root.
    pub(crate) fn paths(&self) -> Vec<Path> {
        paths::paths_in(self.tokens.clone(), &self.module(), self.is_test())
    }

    /// The modules this file declares for tests only, whose files are elsewhere: `#[cfg(test)] mod tests;`.
    pub(crate) fn test_modules(&self) -> Vec<Vec<String>> {
        paths::test_modules_in(self.tokens.clone(), &self.module())
    }

    /// Every identifier outside comments and strings.
    pub(crate) fn words(&self) -> Vec<Word> {
        words(self.tokens.clone(), self.is_test())
    }

    /// What this file calls by path, and its blocks of foreign functions.
    pub(crate) fn calls(&self) -> (Vec<Call>, Vec<ForeignBlock>) {
        calls::calls_in(self.tokens.clone(), self.is_test())
    }

    /// The `extern "C"` functions this file defines.
    pub(crate) fn signatures(&self) -> Vec<Signature> {
        signatures::signatures_in(self.tokens.clone())
    }

    /// The type aliases of this file.
    pub(crate) fn aliases(&self) -> Vec<(String, Type)> {
        signatures::aliases_in(self.tokens.clone())
    }

    /// Where the file stands in its crate: `["write", "pending"]` for `src/write/pending.rs`, empty for the root.
    pub(crate) fn module(&self) -> Vec<String> {
        let Some((_, inside)) = self.file.rsplit_once("src/") else {
            return Vec::new();
        };
        let inside = inside.strip_suffix(".rs").unwrap_or(inside);
        let mut module: Vec<String> = inside.split('/').map(str::to_owned).collect();
        if matches!(
            module.last().map(String::as_str),
            Some("mod" | "lib" | "main")
        ) {
            module.pop();
        }
        module
    }

    /// True for files that hold nothing but tests.
    pub(crate) fn is_test(&self) -> bool {
        self.file
            .split('/')
            .any(|part| part == "tests" || part == "tests.rs")
    }
}

/// Lexes every `.rs` file of the tree; the files that are not Rust come back as problems.
pub(crate) fn read_all(tree: &Tree) -> Result<(Vec<Source>, Vec<Problem>)> {
    let mut sources = Vec::new();
    let mut problems = Vec::new();
    for file in tree.with_extension("rs") {
        match Source::new(file, tree.read(file)?) {
            Ok(source) => sources.push(source),
            Err(problem) => problems.push(problem),
        }
    }
    Ok((sources, problems))
}

#[cfg(test)]
pub(crate) fn source(file: &str, text: &str) -> Source {
    Source::new(file, text.to_owned()).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_of_a_file() {
        let module = |file: &str| source(file, "").module().join("::");
        assert_eq!(module("crates/ssl-record/src/lib.rs"), "");
        assert_eq!(module("crates/ssl-record/src/step.rs"), "step");
        assert_eq!(module("crates/ssl-record/src/write/mod.rs"), "write");
        assert_eq!(
            module("crates/ssl-record/src/write/pending.rs"),
            "write::pending"
        );
        assert_eq!(module("crates/ssl-record/tests/loom.rs"), "");
    }

    #[test]
    fn what_is_not_rust_is_a_problem_with_its_line() {
        let problem = Source::new("a.rs", "fn a() {}\nfn b( {}\n".to_owned())
            .err()
            .unwrap();
        assert_eq!(problem.file, "a.rs");
        assert!(problem.text.starts_with("is not Rust"), "{problem}");
    }
}
