//! Finds the paths a file names, `use` trees unfolded and `self::`/`super::` resolved, each written
//! out from the root it starts at.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::tokens::{attribute, is_punct, is_test_attribute, item_end, trees};

/// A path such as `crate::write::WritePath` or `std::io::Read`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// Where it starts.
    pub(crate) root: PathRoot,
    /// Its segments; for [`PathRoot::Crate`] without `crate`.
    pub(crate) segments: Vec<String>,
    /// Counted from 1.
    pub(crate) line: usize,
    /// It stands in code that only tests compile.
    pub(crate) in_test: bool,
}

/// What the first segment of a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathRoot {
    /// This crate: `crate::`, or `self::`/`super::` resolved.
    Crate,
    /// Another crate, or a name in scope.
    Name,
}

/// Every path of two segments or more, and the crates that `use name;` brings in. `module` is where
/// the file stands in its crate, `test` that all of it is test code.
pub(super) fn paths_in(tokens: TokenStream, module: &[String], test: bool) -> Vec<Path> {
    let mut walk = Walk {
        paths: Vec::new(),
        test_modules: Vec::new(),
    };
    walk.items(&trees(tokens), module, test);
    walk.paths
}

/// The modules declared under a test attribute without a body.
pub(super) fn test_modules_in(tokens: TokenStream, module: &[String]) -> Vec<Vec<String>> {
    let mut walk = Walk {
        paths: Vec::new(),
        test_modules: Vec::new(),
    };
    walk.items(&trees(tokens), module, false);
    walk.test_modules
}

struct Walk {
    paths: Vec<Path>,
    test_modules: Vec<Vec<String>>,
}

impl Walk {
    fn items(&mut self, tokens: &[TokenTree], module: &[String], test: bool) {
        let mut at = 0;
        while at < tokens.len() {
            if let Some((group, next)) = attribute(tokens, at) {
                at = next;
                if is_test_attribute(group) && !test {
                    let end = item_end(tokens, next);
                    self.items(&tokens[next..end], module, true);
                    at = end;
                }
                continue;
            }
            at = self.item(tokens, at, module, test);
        }
    }

    /// Takes what starts at `at` and returns the index behind it.
    fn item(&mut self, tokens: &[TokenTree], at: usize, module: &[String], test: bool) -> usize {
        match &tokens[at] {
            TokenTree::Group(group) => {
                self.items(&trees(group.stream()), module, test);
                at + 1
            }
            TokenTree::Ident(word) if word == "mod" => {
                let Some(TokenTree::Ident(name)) = tokens.get(at + 1) else {
                    return at + 1;
                };
                let inner: Vec<String> = module.iter().cloned().chain([name.to_string()]).collect();
                match tokens.get(at + 2) {
                    Some(TokenTree::Group(body)) => {
                        self.items(&trees(body.stream()), &inner, test);
                        return at + 3;
                    }
                    _ if test => self.test_modules.push(inner),
                    _ => {}
                }
                at + 2
            }
            TokenTree::Ident(_) => {
                let used = at > 0
                    && matches!(&tokens[at - 1], TokenTree::Ident(word) if word == "use" || word == "crate");
                let mut found = Vec::new();
                let next = unfold(tokens, at, &[], &mut found);
                for (segments, line) in found {
                    if segments.len() > 1 || used {
                        self.paths.push(resolve(segments, line, module, test));
                    }
                }
                next
            }
            // The rest of `<T as Trait>::name` names nothing from a root.
            TokenTree::Punct(mark) if mark.as_char() == '>' && is_colons(tokens, at + 1) => at + 4,
            _ => at + 1,
        }
    }
}

/// Reads the path or `use` tree at `at` into `found`, each with `prefix` in front; returns the index behind it.
fn unfold(
    tokens: &[TokenTree],
    mut at: usize,
    prefix: &[String],
    found: &mut Vec<(Vec<String>, usize)>,
) -> usize {
    let mut segments = prefix.to_vec();
    let line = tokens[at].span().start().line;
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(segment)) => segments.push(segment.to_string()),
            Some(TokenTree::Punct(mark)) if mark.as_char() == '*' => segments.push("*".to_owned()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                branches(&trees(group.stream()), &segments, found);
                return at + 1;
            }
            // A turbofish, or the end of what a path can be.
            _ => break,
        }
        at += 1;
        if !is_colons(tokens, at) {
            break;
        }
        at += 2;
    }
    found.push((segments, line));
    at
}

/// The comma-separated branches of a `use` tree.
fn branches(tokens: &[TokenTree], prefix: &[String], found: &mut Vec<(Vec<String>, usize)>) {
    for branch in tokens.split(|token| is_punct(Some(token), ',')) {
        if branch.is_empty() {
            continue;
        }
        unfold(branch, 0, prefix, found);
    }
}

fn resolve(mut segments: Vec<String>, line: usize, module: &[String], in_test: bool) -> Path {
    let mut here = module.to_vec();
    let root = match segments[0].as_str() {
        "crate" => {
            here.clear();
            PathRoot::Crate
        }
        "self" | "super" => PathRoot::Crate,
        _ => {
            return Path {
                root: PathRoot::Name,
                segments,
                line,
                in_test,
            };
        }
    };
    while let Some(first) = segments.first() {
        match first.as_str() {
            "crate" | "self" => {}
            "super" => {
                here.pop();
            }
            _ => break,
        }
        segments.remove(0);
    }
    here.append(&mut segments);
    Path {
        root,
        segments: here,
        line,
        in_test,
    }
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    fn written_out(file: &str, text: &str) -> Vec<String> {
        let write = |path: Path| {
            let root = if path.root == PathRoot::Crate {
                "crate::"
            } else {
                ""
            };
            let test = if path.in_test { " (test)" } else { "" };
            format!("{root}{}{test}", path.segments.join("::"))
        };
        source(file, text).paths().into_iter().map(write).collect()
    }

    const PENDING: &str = "crates/ssl-record/src/write/pending.rs";

    #[test]
    fn use_trees_are_unfolded() {
        let text =
            "use crate::{read::{self, Deframer as D}, step::*, error::Error}; use std::{io, fmt};";
        let all = [
            "crate::read::self",
            "crate::read::Deframer",
            "crate::step::*",
            "crate::error::Error",
        ];
        assert_eq!(
            written_out(PENDING, text),
            [&all[..], &["std::io", "std::fmt"]].concat()
        );
    }

    #[test]
    fn self_and_super_are_resolved() {
        let text =
            "use super::fragment::Fragmenter; use super::super::read::ReadPath; use self::a::B;";
        assert_eq!(
            written_out(PENDING, text),
            [
                "crate::write::fragment::Fragmenter",
                "crate::read::ReadPath",
                "crate::write::pending::a::B"
            ]
        );
        let inline = "mod inner { use super::super::super::read::R; }";
        assert_eq!(written_out(PENDING, inline), ["crate::read::R"]);
    }

    #[test]
    fn paths_in_expressions_and_macros_count() {
        let text = "fn a() -> crate::error::Result<std::time::Instant> { vec![ring::aead::X; <T as U>::b::c()] }";
        assert_eq!(
            written_out(PENDING, text),
            [
                "crate::error::Result",
                "std::time::Instant",
                "ring::aead::X"
            ]
        );
    }

    #[test]
    fn a_crate_brought_in_by_name_counts_and_its_mention_does_not() {
        assert_eq!(
            written_out(PENDING, "use rustls; use ring as r;"),
            ["rustls", "ring"]
        );
        assert!(
            written_out(
                PENDING,
                "mod rustls; pub(crate) fn rustls() { self.rustls }"
            )
            .is_empty()
        );
    }

    #[test]
    fn comments_do_not_count_and_tests_are_marked() {
        let text = "//! std::io\n/// crate::io::Stream\nfn a() {} // std::net\n#[cfg(test)] mod tests { use std::io; }";
        assert_eq!(written_out(PENDING, text), ["std::io (test)"]);
        assert_eq!(
            written_out("crates/ssl-record/tests/it.rs", "use std::io;"),
            ["std::io (test)"]
        );
    }

    #[test]
    fn modules_declared_for_tests() {
        let text = "#[cfg(test)] mod tests; mod read; #[cfg(test)] mod inline { mod deep; }";
        let modules = source("crates/ssl-record/src/write/mod.rs", text).test_modules();
        assert_eq!(
            modules,
            [vec!["write", "tests"], vec!["write", "inline", "deep"]]
        );
    }
}
