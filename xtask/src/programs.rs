//! C programs that print the same on the system's library and on ours: finds them, compiles them, runs
//! them on both and compares.
//!
//! Knows nothing of what they check. A line that begins with `#` is a measurement, shown and not compared.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use xshell::Shell;

use crate::library::{self, Ran};
use crate::{cargo, tree};

/// A folder of programs: each file alone, or with what stands in a header beside it.
pub(crate) struct Suite {
    /// What the chore is called.
    pub(crate) name: &'static str,
    pub(crate) folder: &'static str,
    /// How long one run may take.
    pub(crate) seconds: u32,
    /// Programs that run once more, each with variables in its environment.
    pub(crate) again: &'static [(&'static str, &'static [(&'static str, &'static str)])],
}

impl Suite {
    /// Compares every program, or those whose name contains `filter`, on the library in `ours`. All run with
    /// `environment`.
    pub(crate) fn run(
        &self,
        sh: &Shell,
        ours: &Path,
        filter: Option<&str>,
        environment: &[(&str, &str)],
    ) -> Result<()> {
        let built = cargo::target_dir(sh, "dropin")?.join(self.name);
        let programs = self.programs(filter)?;
        ensure!(!programs.is_empty(), "{}: no program to run", self.name);
        let (mut lines, mut different) = (0, Vec::new());
        for source in &programs {
            let name = source.file_stem().unwrap_or_default();
            let program = built.join(name);
            library::compile(sh, std::slice::from_ref(source), &program)?;
            let name = name.to_string_lossy();
            let again = self.again.iter().filter(|(again, _)| *again == name);
            let environments = [&[][..]].into_iter().chain(again.map(|(_, more)| *more));
            for more in environments {
                let environment = &[environment, more].concat();
                let expected = library::run(&program, None, self.seconds, environment)?;
                let actual = library::run(&program, Some(ours), self.seconds, environment)?;
                lines += expected.stdout.lines().count();
                if !self.report(&name, more, &expected, &actual) {
                    different.push(name.clone().into_owned());
                }
            }
        }
        if !different.is_empty() {
            let all = different.join(", ");
            bail!("{}: {} runs differ: {all}", self.name, different.len());
        }
        println!(
            "{}: ok, {} programs print the same {lines} lines on both",
            self.name,
            programs.len()
        );
        Ok(())
    }

    /// Says how two runs compare; true if they are equal.
    fn report(
        &self,
        program: &str,
        environment: &[(&str, &str)],
        expected: &Ran,
        actual: &Ran,
    ) -> bool {
        let found = differences(expected, actual);
        let verdict = if found.is_empty() {
            "equal"
        } else {
            "DIFFERENT"
        };
        let variables = environment
            .iter()
            .map(|(name, value)| format!(" {name}={value}"));
        let variables: String = variables.collect();
        println!("{}: {program}{variables}: {verdict}", self.name);
        for (whose, ran) in [("OpenSSL", expected), ("ours", actual)] {
            for line in ran.stdout.lines().filter_map(|line| line.strip_prefix('#')) {
                println!("  {whose}:{line}");
            }
        }
        found.iter().for_each(|line| println!("  {line}"));
        found.is_empty()
    }

    pub(crate) fn programs(&self, filter: Option<&str>) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in tree::root().join(self.folder).read_dir()? {
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
}

/// The lines that one run has and the other has not, in the order of the first.
fn differences(expected: &Ran, actual: &Ran) -> Vec<String> {
    let mut found = Vec::new();
    let (mut theirs, mut ours) = (compared(expected), compared(actual));
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
    // Both may fail, and print the same of it.
    if !expected.is_success() {
        found.push(format!("OpenSSL ended with {}", expected.status));
    }
    // The C caller got the function's failure value, which may be what it expects.
    if actual.stderr.contains(PANIC) {
        found.push("ours panicked".to_owned());
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

/// The lines that have to be the same.
fn compared(ran: &Ran) -> impl Iterator<Item = &str> {
    ran.stdout.lines().filter(|line| !line.starts_with('#'))
}

/// What a panic says on standard error.
const PANIC: &str = "panicked at";

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

    #[test]
    fn to_fail_alike_is_not_enough() {
        let failed = ran("FAILED at a.c:1\n", "exit status: 1");
        let same = ran("FAILED at a.c:1\n", "exit status: 1");
        assert_eq!(differences(&failed, &same).len(), 1);
    }

    #[test]
    fn ours_must_not_panic() {
        let ok = ran("a 1\n", "exit status: 0");
        let panicked = Ran {
            stderr: "thread 'main' panicked at src/lib.rs:1".to_owned(),
            ..ran("a 1\n", "exit status: 0")
        };
        assert_eq!(differences(&ok, &panicked)[0], "ours panicked");
    }

    #[test]
    fn measurements_may_differ() {
        let (a, b) = (
            ran("# 1\na\n", "exit status: 0"),
            ran("a\n# 2\n", "exit status: 0"),
        );
        assert!(differences(&a, &b).is_empty());
    }
}
