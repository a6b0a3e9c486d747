//! Finds test functions: any `fn` under `#[test]` or `#[runner::test]`, wherever it stands.

use proc_macro2::{TokenStream, TokenTree};

use super::tokens::{attribute, names_a_test, trees};

/// A test function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TestFn {
    /// Its name, without its module.
    pub(crate) name: String,
    /// The line of the name.
    pub(crate) line: usize,
}

/// The tests of a file in the order they are written. Code in macros counts, because that is where
/// `proptest!` keeps its tests, attribute and all.
pub(super) fn tests_in(tokens: TokenStream) -> Vec<TestFn> {
    let mut out = Vec::new();
    collect(&trees(tokens), &mut out);
    out
}

fn collect(tokens: &[TokenTree], out: &mut Vec<TestFn>) {
    let mut at = 0;
    let mut is_test = false;
    while at < tokens.len() {
        if let Some((group, next)) = attribute(tokens, at) {
            is_test |= names_a_test(group);
            at = next;
            continue;
        }
        match (&tokens[at], tokens.get(at + 1)) {
            (TokenTree::Ident(word), Some(TokenTree::Ident(name))) if word == "fn" && is_test => {
                is_test = false;
                out.push(TestFn {
                    name: name.to_string(),
                    line: name.span().start().line,
                });
            }
            (TokenTree::Group(group), _) => collect(&trees(group.stream()), out),
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use crate::source::source;

    fn names(text: &str) -> Vec<String> {
        source("a.rs", text)
            .tests()
            .into_iter()
            .map(|test| test.name)
            .collect()
    }

    #[test]
    fn plain_async_and_proptest() {
        let text = r#"
            #[test] fn w1_a() { fn inner() {} }
            fn w2_not_a_test() {}
            #[tokio::test(flavor = "multi_thread")] async fn w3_b() {}
            mod tests {
                /// Doc.
                #[test]
                #[cfg(unix)]
                pub(crate) fn w4_c() {}
                proptest! { #[test] fn w5_d(x in 0..3) { } fn w6_helper() {} }
            }
        "#;
        assert_eq!(names(text), ["w1_a", "w3_b", "w4_c", "w5_d"]);
    }

    #[test]
    fn a_test_has_its_line() {
        let source = source("a.rs", "\n\n#[test]\nfn a() {}\n");
        assert_eq!(source.tests()[0].line, 4);
    }
}
