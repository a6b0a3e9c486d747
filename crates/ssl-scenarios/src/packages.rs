//! Debian packages with the programs of the scenarios, and which version of a program is installed.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::scenario::Program;
use crate::stage;

/// What `apt-get install --no-install-recommends` needs on a fresh Debian 12.
pub(crate) fn needed() -> impl Iterator<Item = &'static str> {
    let lines = include_str!("../packages.txt").lines();
    lines.filter(|line| !line.starts_with('#'))
}

/// The version of the Debian package that a program came with; empty if it cannot be told.
pub(crate) fn version(program: Program) -> String {
    let Ok(path) = stage::find(program.file) else {
        return String::new();
    };
    // A link, such as /usr/bin/php, belongs to no package; nor does a path through /bin.
    let path = fs::canonicalize(&path).unwrap_or(path);
    let Some(package) = owner(&path) else {
        return String::new();
    };
    query(&["-W", "-f", "${Version}", &package]).unwrap_or_default()
}

fn owner(path: &Path) -> Option<String> {
    let listed = query(&["-S", path.to_str()?])?;
    let (package, _) = listed.split_once(": ")?;
    Some(package.to_owned())
}

fn query(arguments: &[&str]) -> Option<String> {
    let output = Command::new("dpkg-query").args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}
