//! `cargo xtask abi`: what our libssl.so.3 exports and needs, and whether every function is what
//! OpenSSL's headers say it is.

mod header;
mod kind;
mod symbols;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::library::{self, Profile};
use crate::problem::{self, Problem};
use crate::source::{self, Signature, Source, Type};
use crate::tree::Tree;

pub(crate) use symbols::Symbols;

use header::Prototype;
use kind::Kind;
use symbols::FILE;

/// The version node of every symbol.
const NODE: &str = "OPENSSL_3.0.0";

/// Where the entry points are, and where the types they use are.
const ENTRY: &str = "crates/ssl-ffi/src/entry/";
const CRATE: &str = "crates/ssl-ffi/src/";

/// Checks the library that `profile` makes.
pub(crate) fn run(sh: &Shell, profile: Profile) -> Result<()> {
    let tree = Tree::open()?;
    let symbols = Symbols::read(&tree)?;
    let folder = library::build(sh, profile)?;
    let library = folder.join(library::SONAME);
    let names: Vec<&str> = symbols.names().collect();
    let mut problems = Vec::new();

    let listed: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let (exported, others) = exports(sh, &library)?;
    problems.extend(difference(
        &listed,
        &exported,
        "our library does not export it",
    ));
    problems.extend(difference(
        &exported,
        &listed,
        "our library exports it and no line names it",
    ));
    problems.extend(difference(
        &others,
        &BTreeSet::new(),
        "is exported without the version",
    ));
    let (theirs, _) = exports(sh, &library::system(sh)?)?;
    problems.extend(difference(&listed, &theirs, "OpenSSL does not export it"));
    problems.extend(difference(
        &theirs,
        &listed,
        "OpenSSL exports it and no line names it",
    ));
    problems.extend(needs(
        &cmd!(sh, "readelf --dynamic {library}").quiet().read()?,
    ));

    let reasons: BTreeSet<&str> = symbols.reasons().collect();
    header::link_all(
        sh,
        &folder,
        &names,
        &reasons.into_iter().collect::<Vec<_>>(),
    )?;
    let prototypes = header::prototypes(sh, &folder, &names)?;
    let (sources, unread) = source::read_all(&tree)?;
    problems.extend(unread);
    let compared = problems_of_prototypes(&sources, &prototypes, &mut problems);
    problems.extend(difference(
        &listed,
        &compared,
        "its function is not found, so it was not compared with the header",
    ));
    println!("abi: {} symbols", names.len());
    problem::report("abi", problems)
}

/// The symbols that a library exports under the version, and all others.
fn exports(sh: &Shell, library: &Path) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
    let text = cmd!(
        sh,
        "nm --dynamic --defined-only --with-symbol-versions {library}"
    )
    .quiet()
    .read()?;
    Ok(exports_in(&text))
}

fn exports_in(text: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut ours, mut others) = (BTreeSet::new(), BTreeSet::new());
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, kind, symbol] = words[..] else {
            continue;
        };
        match (kind, symbol.split_once("@@")) {
            // The node itself.
            ("A", _) => {}
            ("T", Some((name, NODE))) => drop(ours.insert(name.to_owned())),
            _ => drop(others.insert(symbol.to_owned())),
        }
    }
    (ours, others)
}

fn difference(these: &BTreeSet<String>, those: &BTreeSet<String>, what: &str) -> Vec<Problem> {
    let missing = these.difference(those);
    missing
        .map(|name| Problem::file(FILE, format!("{name}: {what}")))
        .collect()
}

/// What the dynamic section should say and does not.
fn needs(dynamic: &str) -> Vec<Problem> {
    let has = |tag: &str, name: &str| {
        dynamic
            .lines()
            .any(|line| line.contains(&format!("({tag})")) && line.contains(&format!("[{name}]")))
    };
    let rules = [
        (
            has("SONAME", library::SONAME),
            "the library's name is not libssl.so.3",
        ),
        (
            has("NEEDED", "libcrypto.so.3"),
            "the library does not need libcrypto.so.3",
        ),
        (
            !has("NEEDED", library::SONAME),
            "the library needs another libssl.so.3",
        ),
    ];
    let broken = rules.iter().filter(|(holds, _)| !holds);
    broken
        .map(|(_, text)| Problem::file("crates/ssl-ffi/build.rs", *text))
        .collect()
}

/// Compares every entry point with its prototype; returns the symbols that have one.
fn problems_of_prototypes(
    sources: &[Source],
    prototypes: &BTreeMap<String, Prototype>,
    problems: &mut Vec<Problem>,
) -> BTreeSet<String> {
    let of_crate = sources
        .iter()
        .filter(|source| source.file.starts_with(CRATE));
    let aliases: BTreeMap<String, Type> = of_crate.flat_map(Source::aliases).collect();
    let mut compared = BTreeSet::new();
    for source in sources
        .iter()
        .filter(|source| source.file.starts_with(ENTRY))
    {
        for function in source.signatures() {
            let Some(prototype) = prototypes.get(&function.name) else {
                continue;
            };
            for text in disagreements(&function, prototype, &aliases) {
                problems.push(Problem::at(
                    &source.file,
                    function.line,
                    format!("{}: {text}", function.name),
                ));
            }
            compared.insert(function.name);
        }
    }
    compared
}

fn disagreements(
    function: &Signature,
    prototype: &Prototype,
    aliases: &BTreeMap<String, Type>,
) -> Vec<String> {
    let (ours, theirs) = (&function.parameters, &prototype.parameters);
    if ours.len() != theirs.len() {
        return vec![format!(
            "{} parameters, and {} in the header",
            ours.len(),
            theirs.len()
        )];
    }
    let result = [("the result".to_owned(), &function.result, &prototype.result)];
    let parameters = ours.iter().zip(theirs).enumerate();
    let parameters = parameters.map(|(at, (a, b))| (format!("parameter {}", at + 1), a, b));
    let mut found = Vec::new();
    for (what, ours, theirs) in result.into_iter().chain(parameters) {
        match Kind::of(ours, aliases) {
            Ok(ours) if ours.agrees(theirs) => {}
            Ok(ours) => found.push(format!("{what} is {ours}, and {theirs} in the header")),
            Err(name) => found.push(format!(
                "{what} is `{name}`, which xtask/src/abi/kind.rs does not know"
            )),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    #[test]
    fn exports_have_the_version() {
        let text = "0000 A OPENSSL_3.0.0\n0001 T SSL_new@@OPENSSL_3.0.0\n0002 T SSL_old\n0003 T x@@OTHER\n";
        let (ours, others) = exports_in(text);
        assert_eq!(ours.into_iter().collect::<Vec<_>>(), ["SSL_new"]);
        assert_eq!(
            others.into_iter().collect::<Vec<_>>(),
            ["SSL_old", "x@@OTHER"]
        );
    }

    #[test]
    fn the_dynamic_section() {
        let good = "0x01 (NEEDED) Shared library: [libcrypto.so.3]\n0x0e (SONAME) Library soname: [libssl.so.3]\n";
        assert!(needs(good).is_empty());
        assert_eq!(needs("").len(), 2);
        assert_eq!(
            needs(&format!(
                "{good}0x01 (NEEDED) Shared library: [libssl.so.3]\n"
            ))
            .len(),
            1
        );
    }

    #[test]
    fn a_wrong_signature_is_seen() {
        let found = |text: &str| {
            let prototype = Prototype {
                parameters: vec![Kind::parse("*_").unwrap(), Kind::parse("i32").unwrap()],
                result: Kind::parse("i32").unwrap(),
            };
            let prototypes = BTreeMap::from([("SSL_f".to_owned(), prototype)]);
            let mut problems = Vec::new();
            let sources = [source("crates/ssl-ffi/src/entry/a.rs", text)];
            let compared = problems_of_prototypes(&sources, &prototypes, &mut problems);
            (compared.len(), problems.len())
        };
        assert_eq!(
            found("extern \"C\" fn SSL_f(_: *mut SSL, n: c_int) -> c_int { 0 }"),
            (1, 0)
        );
        assert_eq!(
            found("extern \"C\" fn SSL_f(_: *mut SSL, n: c_long) -> c_int { 0 }"),
            (1, 1)
        );
        assert_eq!(
            found("extern \"C\" fn SSL_f(_: *mut SSL) -> c_int { 0 }"),
            (1, 1)
        );
        assert_eq!(
            found("extern \"C\" fn SSL_f(_: *mut SSL, n: Unheard) { }"),
            (1, 2)
        );
        assert_eq!(found("extern \"C\" fn other() {}"), (0, 0));
    }
}
