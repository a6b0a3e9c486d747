//! Where the C library calls libcrypto, and where it declares functions of C. Types and constants of
//! libcrypto may be named anywhere, and tests may call what they like; a function whose address is taken
//! without a call is not seen.

use crate::problem::Problem;
use crate::source::Source;

/// The crate.
const CRATE: &str = "crates/ssl-ffi/src/";

/// Where it calls libcrypto.
const HOMES: &[&str] = &["crypto/", "alloc.rs"];

/// Other places inside of [`CRATE`], each with its reason.
const EXCEPT: &[(&str, &str)] = &[
    (
        "filter/",
        "a BIO method is made of libcrypto's calls on the BIO that it is given",
    ),
    (
        "boundary.rs",
        "POSIX's cancellation of threads, which the libc crate does not declare",
    ),
];

/// The modules that declare libcrypto's functions.
const DECLARED_IN: &[&str] = &["openssl_sys", "sys"];

/// Calls and declarations that are out of place.
pub(super) fn problems(sources: &[Source]) -> Vec<Problem> {
    let code = sources.iter().filter(|source| !is_test_file(source));
    let ours = code.filter(|source| {
        source.file.strip_prefix(CRATE).is_some_and(|file| {
            let except = EXCEPT.iter().map(|(place, _)| place);
            !HOMES
                .iter()
                .chain(except)
                .any(|place| file.starts_with(place))
        })
    });
    ours.flat_map(in_file).collect()
}

fn in_file(source: &Source) -> Vec<Problem> {
    let names = names(source);
    let imported = imported(source, &names);
    let (calls, blocks) = source.calls();
    let calls = calls
        .iter()
        .filter(|call| !call.in_test)
        .filter_map(|call| {
            let is_foreign = match call.segments.as_slice() {
                [name] => imported.contains(name),
                [.., module, _] => names.contains(module),
                [] => false,
            };
            let text = format!(
                "`{}` is for src/crypto/: call it there and give it a safe name",
                call.segments.join("::")
            );
            is_foreign.then(|| Problem::at(&source.file, call.line, text))
        });
    let blocks = blocks.iter().filter(|block| !block.in_test).map(|block| {
        let text = "functions of C are declared in src/crypto/sys.rs";
        Problem::at(&source.file, block.line, text)
    });
    calls.chain(blocks).collect()
}

/// What this file calls the declaring modules, `use openssl_sys as ffi` included.
fn names(source: &Source) -> Vec<String> {
    let words = source.words();
    let words: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let of_module = |at: usize| DECLARED_IN.contains(&words[at]);
    let aliases = (0..words.len())
        .filter(|&at| of_module(at))
        .filter_map(|at| {
            let behind = words.get(at + 1..).unwrap_or_default();
            match behind {
                ["as", alias, ..] | ["self", "as", alias, ..] => Some(*alias),
                _ => None,
            }
        });
    let aliases = aliases.chain(DECLARED_IN.iter().copied());
    aliases.map(str::to_owned).collect()
}

/// What is called by its last name alone.
fn imported(source: &Source, names: &[String]) -> Vec<String> {
    let paths = source.paths();
    let of_module = paths
        .iter()
        .filter_map(|path| match path.segments.as_slice() {
            [.., module, name] if names.contains(module) => Some(name.clone()),
            _ => None,
        });
    of_module.collect()
}

/// Whether it is one by the names that such files have in this crate: `tests.rs`, `cache_tests.rs`.
fn is_test_file(source: &Source) -> bool {
    let name = source.file.rsplit('/').next().unwrap_or_default();
    source.is_test() || name.ends_with("_tests.rs")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    fn found(file: &str, text: &str) -> Vec<usize> {
        let problems = problems(&[source(&format!("{CRATE}{file}"), text)]);
        problems.iter().map(|problem| problem.line).collect()
    }

    #[test]
    fn libcrypto_is_called_in_its_places() {
        let text = "use openssl_sys as ffi;\nfn a() {\n ffi::BIO_free(b); }";
        assert_eq!(found("entry/bio.rs", text), [3]);
        for place in [
            "crypto/bio.rs",
            "alloc.rs",
            "filter/mod.rs",
            "entry/bio_tests.rs",
        ] {
            assert!(found(place, text).is_empty(), "{place}");
        }
    }

    #[test]
    fn however_it_is_named() {
        let calls = [
            "fn a() { openssl_sys::BIO_free(b) }",
            "use crate::crypto::sys; fn a() { sys::BIO_next(b) }",
            "fn a() { crate::crypto::sys::BIO_next(b) }",
            "use openssl_sys::{self as o, BIO}; fn a() { o::BIO_free(b) }",
            "use openssl_sys::BIO_free; fn a() { BIO_free(b) }",
        ];
        for text in calls {
            assert_eq!(found("ssl/mod.rs", text), [1], "{text}");
        }
    }

    #[test]
    fn types_constants_and_tests_may_be_anywhere() {
        let text = "use openssl_sys::BIO; fn a(b: *mut BIO, c: sys::Decode) -> i32 { sys::BIO_RR_CONNECT + d(e) }
                    #[cfg(test)] mod tests { fn a() { openssl_sys::BIO_free(b) } extern \"C\" { fn c(); } }";
        assert!(found("ssl/mod.rs", text).is_empty());
    }

    #[test]
    fn functions_of_c_are_declared_in_one_place() {
        let text = "unsafe extern \"C\" { fn a(); }";
        assert_eq!(found("entry/mod.rs", text), [1]);
        assert!(found("crypto/sys.rs", text).is_empty());
        assert!(found("entry/mod.rs", "unsafe extern \"C\" fn a() {}").is_empty());
    }
}
