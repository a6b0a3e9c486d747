//! Reads the signatures of `extern "C"` functions, and the type aliases they may use, as far as a C
//! caller can see them.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::tokens::{is_punct, trees};

/// The signature of an `extern "C" fn`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) name: String,
    /// The line of the name.
    pub(crate) line: usize,
    pub(crate) parameters: Vec<Type>,
    pub(crate) result: Type,
}

/// A type, down to what matters between Rust and C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Unit,
    /// A raw pointer, a reference, a `NonNull`.
    Pointer(Box<Self>),
    Function,
    /// Any other, by the last segment of its path.
    Named(String),
}

/// The functions with a body that stand in the stream, modules included.
pub(super) fn signatures_in(tokens: TokenStream) -> Vec<Signature> {
    let mut found = Vec::new();
    functions(&trees(tokens), &mut found);
    found
}

/// The aliases `type Name = ..;` that stand in the stream, modules included.
pub(super) fn aliases_in(tokens: TokenStream) -> Vec<(String, Type)> {
    let mut found = Vec::new();
    aliases(&trees(tokens), &mut found);
    found
}

fn functions(tokens: &[TokenTree], found: &mut Vec<Signature>) {
    for (at, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            functions(&trees(group.stream()), found);
        }
        let [abi, word, name, TokenTree::Group(parameters), rest @ ..] = &tokens[at..] else {
            continue;
        };
        let (TokenTree::Literal(abi), TokenTree::Ident(word), TokenTree::Ident(name)) =
            (abi, word, name)
        else {
            continue;
        };
        if word != "fn" || abi.to_string() != "\"C\"" {
            continue;
        }
        let end = rest.iter().position(is_body);
        let Some(end) =
            end.filter(|end| !rest[..*end].iter().any(|token| is_punct(Some(token), ';')))
        else {
            // Declared, not defined.
            continue;
        };
        found.push(Signature {
            name: name.to_string(),
            line: name.span().start().line,
            parameters: parameter_types(&trees(parameters.stream())),
            result: rest[..end].get(2..).map_or(Type::Unit, type_of),
        });
    }
}

fn aliases(tokens: &[TokenTree], found: &mut Vec<(String, Type)>) {
    for (at, token) in tokens.iter().enumerate() {
        match (token, tokens.get(at + 1)) {
            (TokenTree::Group(group), _) => aliases(&trees(group.stream()), found),
            (TokenTree::Ident(word), Some(TokenTree::Ident(name)))
                if word == "type" && is_punct(tokens.get(at + 2), '=') =>
            {
                let rest = &tokens[at + 3..];
                let end = rest.iter().position(|token| is_punct(Some(token), ';'));
                found.push((
                    name.to_string(),
                    type_of(&rest[..end.unwrap_or(rest.len())]),
                ));
            }
            _ => {}
        }
    }
}

fn is_body(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

fn parameter_types(tokens: &[TokenTree]) -> Vec<Type> {
    let parameters = split_outside_angles(tokens);
    let types = parameters.into_iter().filter_map(|parameter| {
        let colon = (0..parameter.len()).find(|&at| is_lone_colon(parameter, at))?;
        Some(type_of(&parameter[colon + 1..]))
    });
    types.collect()
}

/// The parts between the commas that stand in no `<..>`.
fn split_outside_angles(tokens: &[TokenTree]) -> Vec<&[TokenTree]> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        if is_punct(Some(token), '<') {
            depth += 1;
        } else if is_punct(Some(token), '>') && !is_punct(tokens.get(at.wrapping_sub(1)), '-') {
            depth = depth.saturating_sub(1);
        } else if is_punct(Some(token), ',') && depth == 0 {
            parts.push(&tokens[start..at]);
            start = at + 1;
        }
    }
    parts.push(&tokens[start..]);
    parts
}

fn is_lone_colon(tokens: &[TokenTree], at: usize) -> bool {
    let is_colon = |at: usize| is_punct(tokens.get(at), ':');
    is_colon(at) && !is_colon(at + 1) && !is_colon(at.wrapping_sub(1))
}

fn type_of(tokens: &[TokenTree]) -> Type {
    let pointee =
        |skip: usize| Type::Pointer(Box::new(type_of(tokens.get(skip..).unwrap_or_default())));
    match tokens {
        [] => Type::Unit,
        [mark, ..] if is_punct(Some(mark), '!') => Type::Unit,
        [TokenTree::Group(group), ..] if group.stream().is_empty() => Type::Unit,
        [mark, ..] if is_punct(Some(mark), '*') => pointee(2),
        [mark, rest @ ..] if is_punct(Some(mark), '&') => {
            let lifetime = if is_punct(rest.first(), '\'') { 2 } else { 0 };
            let is_mut =
                matches!(rest.get(lifetime), Some(TokenTree::Ident(word)) if word == "mut");
            pointee(1 + lifetime + usize::from(is_mut))
        }
        [TokenTree::Ident(word), ..] if word == "unsafe" || word == "extern" || word == "fn" => {
            Type::Function
        }
        _ => named(tokens),
    }
}

/// A path; what only wraps another type is taken off.
fn named(tokens: &[TokenTree]) -> Type {
    let angle = tokens.iter().position(|token| is_punct(Some(token), '<'));
    let path = &tokens[..angle.unwrap_or(tokens.len())];
    let name = path.iter().rev().find_map(|token| match token {
        TokenTree::Ident(name) => Some(name.to_string()),
        _ => None,
    });
    let inside = || type_of(&tokens[angle.map_or(0, |at| at + 1)..tokens.len() - 1]);
    match (name.as_deref(), angle) {
        (Some("Option" | "MaybeUninit"), Some(_)) => inside(),
        (Some("NonNull"), Some(_)) => Type::Pointer(Box::new(inside())),
        (name, _) => Type::Named(name.unwrap_or_default().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    fn pointer(to: &str) -> Type {
        Type::Pointer(Box::new(Type::Named(to.to_owned())))
    }

    #[test]
    fn signatures_are_read_as_c_sees_them() {
        let text = "mod a { pub(crate) unsafe extern \"C\" fn f(ssl: *mut SSL, _: *const *mut std::ffi::c_int,
            cb: Option<unsafe extern \"C\" fn(*mut A, i32) -> i32>, mut n: libc::c_int,) -> libc::size_t { 0 } }
            extern \"C\" fn g() { h(); } unsafe extern \"C\" { fn declared(a: i32); }
            extern \"C\" fn h(a: &mut [u8; 4], b: Option<NonNull<X509>>, c: Option<&'static SSL>) -> *const u8 { x }";
        let found = source("a.rs", text).signatures();
        let names: Vec<&str> = found.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["f", "g", "h"]);
        let int = Type::Pointer(Box::new(pointer("c_int")));
        let n = Type::Named("c_int".to_owned());
        assert_eq!(
            found[0].parameters,
            [pointer("SSL"), int, Type::Function, n]
        );
        assert_eq!(found[0].result, Type::Named("size_t".to_owned()));
        assert_eq!(
            (&found[1].parameters[..], &found[1].result),
            (&[][..], &Type::Unit)
        );
        assert_eq!(found[2].parameters[1..], [pointer("X509"), pointer("SSL")]);
        assert_eq!(found[2].result, pointer("u8"));
    }

    #[test]
    fn aliases_are_read() {
        let text = "pub type A = c_void; mod m { type B = Option<unsafe extern \"C\" fn()>; }";
        let found = source("a.rs", text).aliases();
        assert_eq!(found[0], ("A".to_owned(), Type::Named("c_void".to_owned())));
        assert_eq!(found[1], ("B".to_owned(), Type::Function));
    }
}
