//! Finds what a file calls by path, and where it declares functions of other languages.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::tokens::{attribute, is_punct, is_test_attribute, item_end, trees};

/// `a::b::c(..)`, or `c(..)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// As written.
    pub(crate) segments: Vec<String>,
    /// Counted from 1.
    pub(crate) line: usize,
    /// It stands in code that only tests compile.
    pub(crate) in_test: bool,
}

/// `extern "C" { .. }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForeignBlock {
    /// Counted from 1.
    pub(crate) line: usize,
    /// It stands in code that only tests compile.
    pub(crate) in_test: bool,
}

/// Both, in the order of the file. `test` says that the whole file is a test.
pub(super) fn calls_in(tokens: TokenStream, test: bool) -> (Vec<Call>, Vec<ForeignBlock>) {
    let mut walk = Walk::default();
    walk.tokens(&trees(tokens), test);
    (walk.calls, walk.blocks)
}

#[derive(Default)]
struct Walk {
    calls: Vec<Call>,
    blocks: Vec<ForeignBlock>,
}

impl Walk {
    fn tokens(&mut self, tokens: &[TokenTree], in_test: bool) {
        let mut at = 0;
        while at < tokens.len() {
            if let Some((group, next)) = attribute(tokens, at) {
                at = next;
                if is_test_attribute(group) && !in_test {
                    let end = item_end(tokens, next);
                    self.tokens(&tokens[next..end], true);
                    at = end;
                }
                continue;
            }
            match &tokens[at] {
                TokenTree::Group(group) => self.tokens(&trees(group.stream()), in_test),
                TokenTree::Ident(word) if word == "extern" && is_block(tokens, at) => {
                    let line = word.span().start().line;
                    self.blocks.push(ForeignBlock { line, in_test });
                }
                TokenTree::Ident(word) => {
                    let line = word.span().start().line;
                    let (segments, next) = path(tokens, at);
                    let is_defined = at > 0 && is_word(&tokens[at - 1], "fn");
                    if is_group(tokens.get(next), Delimiter::Parenthesis) && !is_defined {
                        self.calls.push(Call {
                            segments,
                            line,
                            in_test,
                        });
                    }
                    at = next;
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
    }
}

/// The path at `at` and the index behind it, a turbofish at its end left out.
fn path(tokens: &[TokenTree], mut at: usize) -> (Vec<String>, usize) {
    let mut segments = Vec::new();
    while let Some(TokenTree::Ident(segment)) = tokens.get(at) {
        segments.push(segment.to_string());
        at += 1;
        let goes_on = is_punct(tokens.get(at), ':')
            && is_punct(tokens.get(at + 1), ':')
            && matches!(tokens.get(at + 2), Some(TokenTree::Ident(_)));
        if !goes_on {
            break;
        }
        at += 2;
    }
    (segments, at)
}

fn is_block(tokens: &[TokenTree], at: usize) -> bool {
    let behind_abi = match tokens.get(at + 1) {
        Some(TokenTree::Literal(_)) => at + 2,
        _ => at + 1,
    };
    is_group(tokens.get(behind_abi), Delimiter::Brace)
}

fn is_group(token: Option<&TokenTree>, delimiter: Delimiter) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == delimiter)
}

fn is_word(token: &TokenTree, text: &str) -> bool {
    matches!(token, TokenTree::Ident(word) if word == text)
}

#[cfg(test)]
mod tests {
    use crate::source::source;

    fn calls(text: &str) -> Vec<String> {
        let (calls, _) = source("crates/ssl-ffi/src/a.rs", text).calls();
        let mark = |in_test| if in_test { " (test)" } else { "" };
        calls
            .iter()
            .map(|call| format!("{}{}", call.segments.join("::"), mark(call.in_test)))
            .collect()
    }

    #[test]
    fn calls_are_found_wherever_they_stand() {
        let text = "fn a(b: ffi::BIO) { ffi::BIO_free(c(sys::D)); vec![e::f()]; G { h: i::j(1) } }";
        assert_eq!(calls(text), ["ffi::BIO_free", "c", "e::f", "i::j"]);
        assert_eq!(
            calls("#[cfg(test)] mod t { fn a() { b::c() } }"),
            ["b::c (test)"]
        );
        assert!(calls("// a()\nconst A: ffi::BIO = ffi::B; #[a(b(c))] struct D;").is_empty());
    }

    #[test]
    fn blocks_are_not_functions_with_an_abi() {
        let blocks = |text: &str| source("crates/ssl-ffi/src/a.rs", text).calls().1.len();
        assert_eq!(
            blocks("unsafe extern \"C\" { fn a(); } extern { fn b(); }"),
            2
        );
        assert_eq!(
            blocks("unsafe extern \"C\" fn a() {} type B = extern \"C\" fn(); extern crate c;"),
            0
        );
    }
}
