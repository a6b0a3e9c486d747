//! The edges between the crates of the workspace, as `cargo metadata` reports their manifests.

use anyhow::Result;
use serde_json::Value;
use xshell::Shell;

use crate::cargo;
use crate::problem::Problem;

/// Which dependencies a crate may have, tests apart.
const CRATES: &[Crate] = &[
    Crate {
        name: "ssl-mode",
        ours: &[],
        theirs: Some(&["bitflags"]),
    },
    Crate {
        name: "ssl-record",
        ours: &["ssl-mode"],
        theirs: None,
    },
    Crate {
        name: "ssl-ffi",
        ours: &["ssl-mode", "ssl-record"],
        theirs: None,
    },
    Crate {
        name: "ssl-cli",
        ours: &["ssl-mode", "ssl-record"],
        theirs: None,
    },
    Crate {
        name: "ssl-testkit",
        ours: &["ssl-mode", "ssl-record"],
        theirs: None,
    },
    Crate {
        name: "ssl-bench",
        ours: &["ssl-mode", "ssl-record", "ssl-testkit"],
        theirs: None,
    },
    Crate {
        name: "ssl-scenarios",
        ours: &["ssl-mode", "ssl-testkit"],
        theirs: None,
    },
    Crate {
        name: "xtask",
        ours: &["ssl-mode"],
        theirs: None,
    },
];

/// What no crate may depend on, tests included, except as [`EXCEPTIONS`] says: these would bring OpenSSL
/// in, and the OpenSSL that tests compare with is a program of its own.
const NOBODY: &[&str] = &[
    "openssl",
    "openssl-sys",
    "boring",
    "boring-sys",
    "native-tls",
    "tokio-openssl",
];

/// Who may depend on what [`NOBODY`] forbids.
const EXCEPTIONS: &[(&str, &str)] = &[
    // The C library stands on the system's libcrypto, and declares its functions through this crate.
    ("ssl-ffi", "openssl-sys"),
    // One of the libraries to compare with, behind a feature and in a program of its own.
    ("ssl-bench", "boring"),
];

/// One row of [`CRATES`].
struct Crate {
    name: &'static str,
    /// Crates of this workspace it may name.
    ours: &'static [&'static str],
    /// Other crates it may name; any, if `None`.
    theirs: Option<&'static [&'static str]>,
}

/// A dependency as a manifest declares it.
#[derive(Clone, Debug)]
struct Edge {
    from: String,
    to: String,
    /// It is there for tests only: a dev-dependency, or one under `--cfg loom`.
    is_for_tests: bool,
}

/// Checks the manifests of the workspace.
pub(super) fn problems(sh: &Shell) -> Result<Vec<Problem>> {
    let (names, edges) = edges(&cargo::metadata(sh)?);
    Ok(check(&names, &edges))
}

fn edges(metadata: &Value) -> (Vec<String>, Vec<Edge>) {
    let mut names = Vec::new();
    let mut edges = Vec::new();
    for package in list(metadata, "packages") {
        let from = text(package, "name");
        for dependency in list(package, "dependencies") {
            edges.push(Edge {
                from: from.clone(),
                to: text(dependency, "name"),
                is_for_tests: text(dependency, "kind") == "dev"
                    || text(dependency, "target") == "cfg(loom)",
            });
        }
        names.push(from);
    }
    (names, edges)
}

fn check(names: &[String], edges: &[Edge]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for name in names.iter().filter(|name| row(name).is_none()) {
        let text = format!("crate `{name}` has no row in CRATES of xtask/src/layers/manifests.rs");
        problems.push(Problem::file("Cargo.toml", text));
    }
    for edge in edges {
        let is_exception = EXCEPTIONS.contains(&(edge.from.as_str(), edge.to.as_str()));
        if NOBODY.contains(&edge.to.as_str()) && !is_exception {
            let text = format!(
                "`{}` depends on `{}`: see NOBODY in xtask/src/layers/manifests.rs",
                edge.from, edge.to
            );
            problems.push(Problem::file("Cargo.toml", text));
        }
        let Some(row) = row(&edge.from) else { continue };
        let is_ours = names.contains(&edge.to);
        let may = match row.theirs {
            _ if edge.is_for_tests => true,
            _ if is_ours => row.ours.contains(&edge.to.as_str()),
            Some(theirs) => theirs.contains(&edge.to.as_str()),
            None => true,
        };
        if !may {
            let text = format!(
                "`{}` may not depend on `{}`: see CRATES in xtask/src/layers/manifests.rs",
                edge.from, edge.to
            );
            problems.push(Problem::file("Cargo.toml", text));
        }
    }
    problems
}

fn row(name: &str) -> Option<&'static Crate> {
    CRATES.iter().find(|row| row.name == name)
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn text(value: &Value, key: &str) -> String {
    value
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objections(from: &str, to: &str, kind: &str) -> usize {
        let metadata = serde_json::json!({ "packages": [
            { "name": from, "dependencies": [{ "name": to, "kind": kind }] },
            { "name": "ssl-record", "dependencies": [] },
        ]});
        let (names, edges) = edges(&metadata);
        check(&names, &edges).len()
    }

    #[test]
    fn only_the_edges_of_the_table() {
        assert_eq!(objections("ssl-mode", "bitflags", ""), 0);
        assert_eq!(objections("ssl-mode", "serde", ""), 1);
        assert_eq!(objections("ssl-mode", "proptest", "dev"), 0);
        assert_eq!(objections("ssl-mode", "ssl-record", ""), 1);
        assert_eq!(objections("ssl-cli", "ssl-record", ""), 0);
        assert_eq!(objections("ssl-cli", "clap", ""), 0);
    }

    #[test]
    fn loom_is_for_tests() {
        let loom = serde_json::json!({ "name": "loom", "kind": null, "target": "cfg(loom)" });
        let metadata =
            serde_json::json!({ "packages": [{ "name": "ssl-mode", "dependencies": [loom] }]});
        let (names, edges) = edges(&metadata);
        assert!(check(&names, &edges).is_empty());
    }

    #[test]
    fn nobody_brings_openssl_in() {
        assert_eq!(objections("ssl-cli", "openssl-sys", ""), 1);
        assert_eq!(objections("ssl-testkit", "openssl", "dev"), 1);
        assert_eq!(objections("ssl-ffi", "openssl", ""), 1);
    }

    #[test]
    fn the_c_library_alone_declares_libcrypto() {
        assert_eq!(objections("ssl-ffi", "openssl-sys", ""), 0);
        assert_eq!(objections("ssl-ffi", "ssl-record", ""), 0);
        assert_eq!(objections("ssl-record", "openssl-sys", ""), 1);
    }

    #[test]
    fn a_new_crate_needs_a_row() {
        assert_eq!(objections("ssl-new", "clap", ""), 1);
    }
}
