//! `cargo xtask layers`: who may name whom. The tables at the top are the architecture, as data; the
//! code below reads Rust files and manifests and reports what they name beyond it.

mod foreign;
mod manifests;
mod unsafe_code;

use std::collections::BTreeMap;

use anyhow::Result;
use xshell::Shell;

use crate::problem::{self, Problem};
use crate::source::{self, Path, PathRoot, Source};
use crate::tree::Tree;

/// The crate whose modules are layered.
const LAYERED: &str = "crates/ssl-record/src/";

/// Its modules, highest first: a module may name those of the lines below its own.
const LAYERS: &[&[&str]] = &[
    &["io"],
    &["connection"],
    &["write", "read", "handshake", "context", "config"],
    &["protect", "buffer", "pool", "tap"],
    &["record", "hello", "step", "error", "reason", "sync"],
];

/// What a module may name on its own line. `write` and `read` are strangers: neither is here.
const BESIDE: &[(&str, &[&str])] = &[
    ("context", &["config", "handshake"]),
    ("handshake", &["config"]),
    ("buffer", &["pool"]),
    ("record", &["error", "reason"]),
    ("hello", &["record", "reason"]),
    ("step", &["error"]),
    ("error", &["record", "reason"]),
    ("reason", &["record", "error"]),
];

/// Names that only some files may use, tests apart.
const CONFINED: &[Confined] = &[
    Confined {
        name: &["std", "io"],
        to: &["io/"],
        except: &[("config/", "reads certificate, key and trust files")],
        instead: "bytes go in and out as slices and `Step`; only src/io/ talks to a transport",
    },
    Confined {
        name: &["std", "net"],
        to: &["io/"],
        except: &[],
        instead: "addresses are the transport's, src/io/; `core::net::IpAddr` is a plain value",
    },
    Confined {
        name: &["std", "time"],
        to: &["io/"],
        except: &[("handshake/rustls/", "certificates and tickets have dates")],
        instead: "the core has no clock; `core::time::Duration` is a plain value",
    },
    Confined {
        name: &["rustls"],
        to: &["handshake/rustls/"],
        except: &[],
        instead: "speak to the `Handshake` trait of src/handshake/mod.rs",
    },
    Confined {
        name: &["corosensei"],
        to: &["handshake/rustls/stack.rs"],
        except: &[],
        instead: "stacks are the business of that one file",
    },
    Confined {
        name: &["ring"],
        to: &["protect/aead.rs"],
        except: &[],
        instead: "go through src/protect/aead.rs, the one file that knows the two AEAD libraries",
    },
    Confined {
        name: &["aws_lc_rs"],
        to: &["protect/aead.rs"],
        except: &[],
        instead: "go through src/protect/aead.rs, the one file that knows the two AEAD libraries",
    },
];

/// A name kept to some files of [`LAYERED`].
struct Confined {
    /// The first segments of the path.
    name: &'static [&'static str],
    /// Files or folders it belongs to.
    to: &'static [&'static str],
    /// Files or folders that may use it as well, each with its reason.
    except: &'static [(&'static str, &'static str)],
    /// What to do elsewhere.
    instead: &'static str,
}

/// Checks the whole workspace.
pub(crate) fn run(sh: &Shell) -> Result<()> {
    let (sources, mut problems) = source::read_all(&Tree::open()?)?;
    problems.extend(unsafe_code::problems(&sources));
    problems.extend(foreign::problems(&sources));
    problems.extend(modules(&sources));
    problems.extend(manifests::problems(sh)?);
    problem::report("layers", problems)
}

/// The edges between the modules of [`LAYERED`], and the names confined to some of them.
fn modules(sources: &[Source]) -> Vec<Problem> {
    let layered: Vec<&Source> = sources
        .iter()
        .filter(|source| source.file.starts_with(LAYERED))
        .collect();
    let exported = exported(&layered);
    let test_modules: Vec<Vec<String>> = layered.iter().flat_map(|s| s.test_modules()).collect();
    let mut problems = Vec::new();
    for source in layered {
        let module = source.module();
        // Tests may look anywhere.
        if test_modules.iter().any(|test| module.starts_with(test)) {
            continue;
        }
        // The root has no layer: it may name every module, but no confined crate.
        let from = module.first();
        if let Some(from) = from.filter(|from| layer_of(from).is_none()) {
            let text = format!("module `{from}` has no line in LAYERS of xtask/src/layers/mod.rs");
            problems.push(Problem::file(&source.file, text));
            continue;
        }
        for path in source.paths().iter().filter(|path| !path.in_test) {
            let objection = match path.root {
                PathRoot::Crate => from.and_then(|from| edge(from, path, &exported)),
                PathRoot::Name => confined(&source.file[LAYERED.len()..], path),
            };
            if let Some(text) = objection {
                problems.push(Problem::at(&source.file, path.line, text));
            }
        }
    }
    problems
}

/// What the root of the crate re-exports: name to module, or to the crate it is from. Through it an edge
/// could hide.
fn exported(layered: &[&Source]) -> BTreeMap<String, String> {
    let roots = layered.iter().filter(|source| source.module().is_empty());
    roots
        .flat_map(|root| root.paths())
        .filter_map(|path| match path.segments.as_slice() {
            [module, .., name] => Some((name.clone(), module.clone())),
            _ => None,
        })
        .collect()
}

/// Says why `from` may not name `path`, if it may not.
fn edge(from: &str, path: &Path, exported: &BTreeMap<String, String>) -> Option<String> {
    let first = path.segments.first()?;
    let to = match layer_of(first) {
        Some(_) => first.as_str(),
        None => match exported.get(first) {
            Some(module) if layer_of(module).is_some() => module,
            // Another crate's.
            Some(_) => return None,
            None => return Some(format!("`crate::{first}` hides its layer: name its module")),
        },
    };
    if from == to || layer_of(from) < layer_of(to) {
        return None;
    }
    let beside = |(module, may): &&(&str, &[&str])| *module == from && may.contains(&to);
    if BESIDE.iter().any(|row| beside(&row)) {
        return None;
    }
    Some(format!(
        "`{from}` may not name `{to}` ({}): see LAYERS in xtask/src/layers/mod.rs",
        path.segments.join("::")
    ))
}

/// The line of a module in [`LAYERS`]; a lower layer has a higher number.
fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|line| line.contains(&module))
}

/// Says why the file, a path inside [`LAYERED`], may not use `path`, if it may not.
fn confined(file: &str, path: &Path) -> Option<String> {
    let rule = CONFINED.iter().find(|rule| {
        path.segments.len() >= rule.name.len()
            && rule.name.iter().zip(&path.segments).all(|(a, b)| a == b)
    })?;
    let allowed = rule
        .to
        .iter()
        .chain(rule.except.iter().map(|(place, _)| place));
    if allowed.into_iter().any(|place| file.starts_with(place)) {
        return None;
    }
    let (name, home) = (rule.name.join("::"), rule.to.join(", src/"));
    Some(format!("`{name}` is for src/{home} only: {}", rule.instead))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    fn objections(file: &str, text: &str) -> Vec<String> {
        let root =
            "mod error; pub use error::Error; pub use write::WritePath; pub use ssl_mode::SslMode;";
        let sources = [
            source(&format!("{LAYERED}lib.rs"), root),
            source(&format!("{LAYERED}{file}"), text),
        ];
        modules(&sources)
            .into_iter()
            .map(|problem| problem.text)
            .collect()
    }

    fn allowed(file: &str, text: &str) {
        assert_eq!(
            objections(file, text),
            Vec::<String>::new(),
            "{file}: {text}"
        );
    }

    fn forbidden(file: &str, text: &str, part: &str) {
        let found = objections(file, text);
        assert!(
            found.len() == 1 && found[0].contains(part),
            "{file}: {text}: {found:?}"
        );
    }

    #[test]
    fn every_name_in_the_tables_is_a_module() {
        for (module, beside) in BESIDE {
            let line = layer_of(module).unwrap();
            for other in *beside {
                assert_eq!(
                    layer_of(other),
                    Some(line),
                    "{module} and {other} are not on one line"
                );
            }
        }
        let strangers = |(from, to): (&str, &str)| {
            !BESIDE
                .iter()
                .any(|(module, may)| *module == from && may.contains(&to))
        };
        assert!(
            [("write", "read"), ("read", "write")]
                .into_iter()
                .all(strangers)
        );
    }

    #[test]
    fn downwards_is_allowed_and_upwards_is_not() {
        allowed(
            "io/drive.rs",
            "use crate::connection::Connection; use std::io;",
        );
        allowed(
            "write/mod.rs",
            "use crate::{protect::Seal, record::header::Header, step::Step};",
        );
        allowed(
            "write/mod.rs",
            "mod pending; use self::pending::PendingWrite; use super::write::x;",
        );
        forbidden(
            "protect/mod.rs",
            "use crate::write::WritePath;",
            "`protect` may not name `write`",
        );
        forbidden(
            "step.rs",
            "use super::connection::Connection;",
            "`step` may not name `connection`",
        );
    }

    #[test]
    fn write_and_read_are_strangers() {
        forbidden(
            "write/mod.rs",
            "use crate::read::ReadPath;",
            "`write` may not name `read`",
        );
        forbidden(
            "read/deframe.rs",
            "fn a(b: &super::super::write::WritePath) {}",
            "`write`",
        );
    }

    #[test]
    fn beside_goes_one_way() {
        allowed(
            "context.rs",
            "use crate::{config::Config, handshake::Handshake, pool::Pool};",
        );
        forbidden(
            "config/mod.rs",
            "use crate::handshake::Handshake;",
            "`config` may not name",
        );
    }

    #[test]
    fn a_reexport_does_not_hide_the_layer() {
        allowed("write/mod.rs", "use crate::{Error, SslMode};");
        forbidden(
            "read/mod.rs",
            "use crate::WritePath;",
            "`read` may not name `write`",
        );
        forbidden("read/mod.rs", "use crate::Mystery;", "hides its layer");
    }

    #[test]
    fn the_root_names_every_module_and_no_confined_crate() {
        allowed(
            "lib.rs",
            "mod io; pub use io::Stream; pub use crate::write::WritePath;",
        );
        forbidden(
            "lib.rs",
            "pub use rustls::Error;",
            "`rustls` is for src/handshake/rustls/",
        );
    }

    #[test]
    fn confined_names() {
        forbidden(
            "write/mod.rs",
            "use std::io::Write;",
            "`std::io` is for src/io/",
        );
        forbidden(
            "step.rs",
            "use std::{fmt, time::Instant};",
            "`std::time` is for src/io/",
        );
        forbidden(
            "handshake/mod.rs",
            "fn a(b: rustls::Error) {}",
            "`rustls` is for src/handshake/rustls/",
        );
        forbidden(
            "protect/key_schedule.rs",
            "use ring::hkdf;",
            "`ring` is for src/protect/aead.rs",
        );
        allowed(
            "protect/aead.rs",
            "use ring::aead; use aws_lc_rs::aead as b;",
        );
        allowed(
            "handshake/rustls/time.rs",
            "use std::time::SystemTime; use rustls::time_provider;",
        );
        allowed(
            "handshake/mod.rs",
            "mod rustls; pub use self::rustls::Backend;",
        );
        allowed("write/mod.rs", "use core::time::Duration; use std::fmt;");
    }

    #[test]
    fn tests_may_look_anywhere() {
        allowed(
            "write/mod.rs",
            "#[cfg(test)] mod tests { use crate::read::ReadPath; use std::io; }",
        );
        allowed("write/tests.rs", "use crate::read::ReadPath;");
        let declared = source(&format!("{LAYERED}write/mod.rs"), "#[cfg(test)] mod model;");
        let elsewhere = source(
            &format!("{LAYERED}write/model.rs"),
            "use crate::read::ReadPath;",
        );
        assert!(modules(&[declared, elsewhere]).is_empty());
    }

    #[test]
    fn a_new_module_needs_a_line() {
        forbidden("extra.rs", "", "module `extra` has no line in LAYERS");
    }
}
