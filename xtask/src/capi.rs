//! `cargo xtask capi`: runs the C programs of crates/ssl-ffi/tests/c/api on the system's library and on
//! ours. A program prints a line for each check; both runs have to print the same.

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use xshell::Shell;

use crate::library::{self, Profile, Ran};
use crate::{cargo, tree};

/// The programs: each file alone, or what stands in a header beside it.
const PROGRAMS: &str = "crates/ssl-ffi/tests/c/api";

/// How long one run may take.
const SECONDS: u32 = 120;

/// Compares every program, or those whose name contains `filter`.
pub(crate) fn run(sh: &Shell, profile: Profile, filter: Option<&str>) -> Result<()> {
    let ours = library::build(sh, profile)?;
    let built = cargo::target_dir(sh, "dropin")?.join("api");
    let (mut lines, mut different) = (0, Vec::new());
    let programs = programs(filter)?;
    ensure!(!programs.is_empty(), "capi: no program to run");
    for source in &programs {
        let name = source.file_stem().unwrap_or_default();
        let program = built.join(name);
        library::compile(sh, std::slice::from_ref(source), &program)?;
        let name = name.to_string_lossy();
        let expected = library::run(&program, None, SECONDS, &[])?;
        let actual = library::run(&program, Some(&ours), SECONDS, &[])?;
        let found = differences(&expected, &actual);
        lines += expected.stdout.lines().count();
        println!(
            "capi: {name}: {}",
            if found.is_empty() {
                "equal"
            } else {
                "DIFFERENT"
            }
        );
        if !found.is_empty() {
            found.iter().for_each(|line| println!("  {line}"));
            different.push(name.into_owned());
        }
    }
    if !different.is_empty() {
        bail!(
            "capi: {} of {} programs differ: {}",
            different.len(),
            programs.len(),
            different.join(", ")
        );
    }
    println!(
        "capi: ok, {} programs print the same {lines} lines on both",
        programs.len()
    );
    Ok(())
}

fn programs(filter: Option<&str>) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in tree::root().join(PROGRAMS).read_dir()? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let is_wanted = filter.is_none_or(|filter| name.contains(filter));
        if path.extension().is_some_and(|kind| kind == "c") && is_wanted {
            found.push(path.clone());
        }
    }
    found.sort();
    Ok(found)
}

/// The lines that one run has and the other has not, in the order of the first.
fn differences(expected: &Ran, actual: &Ran) -> Vec<String> {
    let mut found = Vec::new();
    let (mut theirs, mut ours) = (expected.stdout.lines(), actual.stdout.lines());
    loop {
        match (theirs.next(), ours.next()) {
            (None, None) => break,
            (theirs, ours) if theirs == ours => {}
            (theirs, ours) => {
                found.push(format!("OpenSSL: {}", theirs.unwrap_or("(nothing)")));
                found.push(format!("ours:    {}", ours.unwrap_or("(nothing)")));
            }
        }
    }
    if expected.status != actual.status {
        found.push(format!(
            "OpenSSL ended with {}, ours with {}",
            expected.status, actual.status
        ));
    }
    if !found.is_empty() {
        found.extend(
            actual
                .stderr
                .lines()
                .take(STDERR_LINES)
                .map(|line| format!("stderr:  {line}")),
        );
    }
    found
}

/// How much of what a failing program says on standard error is shown.
const STDERR_LINES: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(stdout: &str, status: &str) -> Ran {
        Ran {
            stdout: stdout.to_owned(),
            stderr: String::new(),
            status: status.to_owned(),
        }
    }

    #[test]
    fn both_runs_have_to_print_the_same_and_end_alike() {
        let ok = ran("a 1\nb 2\n", "exit status: 0");
        assert!(differences(&ok, &ran("a 1\nb 2\n", "exit status: 0")).is_empty());
        assert_eq!(
            differences(&ok, &ran("a 1\nb 3\n", "exit status: 0")),
            ["OpenSSL: b 2", "ours:    b 3"]
        );
        assert_eq!(
            differences(&ok, &ran("a 1\n", "exit status: 0"))[1],
            "ours:    (nothing)"
        );
        assert_eq!(differences(&ok, &ran("a 1\nb 2\n", "signal: 11")).len(), 1);
    }
}
