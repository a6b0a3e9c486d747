//! Small questions about token trees that the scanners share: what an attribute says, and which
//! identifiers occur, in test code or not.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// An identifier of the file, with what surrounds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// The identifier.
    pub(crate) text: String,
    /// Counted from 1.
    pub(crate) line: usize,
    /// It is called as a macro: `text!(..)`.
    pub(crate) is_macro: bool,
    /// It stands in an attribute: `#[text]`.
    pub(crate) in_attribute: bool,
    /// It stands in code that only tests compile.
    pub(crate) in_test: bool,
}

/// Every identifier of the stream, groups and macro bodies included. `test` says that the whole file is a test.
pub(crate) fn words(tokens: TokenStream, test: bool) -> Vec<Word> {
    let mut out = Vec::new();
    collect(&trees(tokens), false, test, &mut out);
    out
}

fn collect(tokens: &[TokenTree], in_attribute: bool, test: bool, out: &mut Vec<Word>) {
    let mut at = 0;
    while at < tokens.len() {
        if let Some((group, next)) = attribute(tokens, at) {
            collect(&trees(group.stream()), true, test, out);
            if is_test_attribute(group) && !test {
                let end = item_end(tokens, next);
                collect(&tokens[next..end], in_attribute, true, out);
                at = end;
            } else {
                at = next;
            }
            continue;
        }
        match &tokens[at] {
            TokenTree::Ident(ident) => out.push(Word {
                text: ident.to_string(),
                line: ident.span().start().line,
                is_macro: is_punct(tokens.get(at + 1), '!')
                    && matches!(tokens.get(at + 2), Some(TokenTree::Group(_))),
                in_attribute,
                in_test: test,
            }),
            TokenTree::Group(group) => collect(&trees(group.stream()), in_attribute, test, out),
            _ => {}
        }
        at += 1;
    }
}

/// The stream as a slice can be indexed.
pub(super) fn trees(tokens: TokenStream) -> Vec<TokenTree> {
    tokens.into_iter().collect()
}

/// The attribute that starts at `at`, `#[..]` or `#![..]`, and the index behind it.
pub(super) fn attribute(tokens: &[TokenTree], at: usize) -> Option<(&Group, usize)> {
    if !is_punct(tokens.get(at), '#') {
        return None;
    }
    let at = at + 1 + usize::from(is_punct(tokens.get(at + 1), '!'));
    match tokens.get(at) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
            Some((group, at + 1))
        }
        _ => None,
    }
}

/// True for `#[test]`, `#[tokio::test(..)]` and `#[cfg(test)]` or any `cfg` that needs `test`.
pub(super) fn is_test_attribute(group: &Group) -> bool {
    names_a_test(group) || needs_cfg_test(group)
}

/// True for `#[test]` and for attributes of test runners, `#[tokio::test(..)]`.
pub(super) fn names_a_test(group: &Group) -> bool {
    let tokens = trees(group.stream());
    let path = tokens
        .iter()
        .take_while(|t| matches!(t, TokenTree::Ident(_) | TokenTree::Punct(_)));
    match path.last() {
        Some(TokenTree::Ident(last)) => last == "test",
        _ => false,
    }
}

fn needs_cfg_test(group: &Group) -> bool {
    match trees(group.stream()).as_slice() {
        [TokenTree::Ident(cfg), TokenTree::Group(condition)] if cfg == "cfg" => {
            let condition = words(condition.stream(), false);
            let has = |text: &str| condition.iter().any(|word| word.text == text);
            has("test") && !has("not") && !has("any")
        }
        _ => false,
    }
}

/// The index behind the item, field or statement that starts at `at`, further attributes included.
pub(super) fn item_end(tokens: &[TokenTree], mut at: usize) -> usize {
    while let Some((_, next)) = attribute(tokens, at) {
        at = next;
    }
    let ends_with_comma = !tokens[at..].iter().take(ITEM_LOOKAHEAD).any(
        |token| matches!(token, TokenTree::Ident(ident) if ITEM_WORDS.iter().any(|w| ident == w)),
    );
    while let Some(token) = tokens.get(at) {
        at += 1;
        let ended = match token {
            TokenTree::Punct(punct) => {
                punct.as_char() == ';' || (ends_with_comma && punct.as_char() == ',')
            }
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            _ => false,
        };
        if ended {
            break;
        }
    }
    at
}

/// True if the token is this punctuation mark.
pub(super) fn is_punct(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

/// How far the word that makes an item can stand from its start: `pub (crate) async unsafe fn`.
const ITEM_LOOKAHEAD: usize = 6;

/// Words that start an item, which ends with `;` or a block; a field or a variant ends with a comma.
const ITEM_WORDS: &[&str] = &[
    "fn",
    "mod",
    "use",
    "impl",
    "struct",
    "enum",
    "union",
    "trait",
    "const",
    "static",
    "type",
    "let",
    "macro_rules",
    "extern",
];

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    fn found(text: &str) -> Vec<Word> {
        words(TokenStream::from_str(text).unwrap(), false)
    }

    #[test]
    fn comments_and_strings_are_not_words() {
        let text = "/// unsafe here\nfn a() { /* unsafe */ let b = \"unsafe\"; } // unsafe";
        assert!(found(text).iter().all(|word| word.text != "unsafe"));
    }

    #[test]
    fn macros_and_attributes_are_told_apart() {
        let all = found("#[ignore] fn todo() { if todo != x { todo!() } }");
        let named = |text: &str| all.iter().filter(|w| w.text == text).collect::<Vec<_>>();
        assert!(named("ignore")[0].in_attribute);
        assert_eq!(
            named("todo").iter().map(|w| w.is_macro).collect::<Vec<_>>(),
            [false, false, true]
        );
    }

    #[test]
    fn code_that_only_tests_compile() {
        let test_words = |text: &str| {
            let all = found(text);
            all.into_iter()
                .filter(|w| w.in_test)
                .map(|w| w.text)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            test_words("#[cfg(test)] mod tests { use a; } mod b {}"),
            "mod tests use a"
        );
        assert_eq!(test_words("#[cfg(test)] use a::b; fn c() {}"), "use a b");
        assert_eq!(
            test_words("#[cfg(all(test, loom))] mod m { a } b"),
            "mod m a"
        );
        assert_eq!(test_words("#[cfg(not(test))] mod m { a } b"), "");
        assert_eq!(test_words("struct S { #[cfg(test)] a: T, b: U }"), "a T");
        assert_eq!(test_words("#[test] fn a() { b } fn c() {}"), "fn a b");
    }
}
