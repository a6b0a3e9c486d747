//! `cargo xtask conformance`: the C checks of what the modes do, crates/ssl-ffi/tests/c/modes, on the
//! system's library and on ours. OpenSSL passes all of them; where ours does not on purpose,
//! deviations.toml says so, check by check.

mod deviations;
mod outcome;
mod table;

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use xshell::Shell;

use crate::library::{self, Profile};
use crate::{cargo, tree};

use deviations::Deviations;
use outcome::Outcome;

/// The programs, each with [`HARNESS`].
const PROGRAMS: &str = "crates/ssl-ffi/tests/c/modes";
const HARNESS: &str = "common.c";

/// How long one program may take; each group of checks in it has an alarm of its own, at 30 seconds.
const SECONDS: u32 = 600;

/// Runs the programs whose name contains `filter`, or if there is none, all, for the checks whose id
/// begins with it.
pub(crate) fn run(sh: &Shell, profile: Profile, filter: Option<&str>) -> Result<()> {
    let ours = library::build(sh, profile)?;
    let built = cargo::target_dir(sh, "dropin")?.join("modes");
    let folder = tree::root().join(PROGRAMS);
    let (sources, prefix) = chosen(files(&folder)?, filter);
    // Newer versions of OpenSSL differ here and there, and the checks know where.
    let expectations = match library::system_version(sh)?.as_str() {
        "3.0" | "3.1" => "3.0",
        _ => "3.5",
    };
    let (mut theirs, mut found) = (Outcome::default(), Outcome::default());
    for source in &sources {
        let name = source.file_stem().unwrap_or_default();
        let program = built.join(name);
        library::compile(sh, &[source.clone(), folder.join(HARNESS)], &program)?;
        println!("conformance: {}", name.to_string_lossy());
        let version = [("PROBE_PROFILE", expectations)];
        theirs.read(&library::run(&program, None, SECONDS, &version)?.stdout);
        let version = [("PROBE_PROFILE", "3.0")];
        found.read(&library::run(&program, Some(&ours), SECONDS, &version)?.stdout);
    }
    theirs.keep(prefix);
    found.keep(prefix);
    judge(&theirs, &found, filter.is_none())
}

/// Prints both results and fails unless they are as deviations.toml says.
fn judge(theirs: &Outcome, ours: &Outcome, is_complete: bool) -> Result<()> {
    ensure!(theirs.checks() > 0, "no check ran on the system's library");
    let listed = deviations::read(&std::fs::read_to_string(
        tree::root().join(deviations::FILE),
    )?)?;
    let problems = compare(theirs, ours, &listed, is_complete);
    for problem in &problems {
        println!("{problem}");
    }
    print!("{}", table::write(theirs, ours, &listed));
    if problems.is_empty() {
        println!("conformance: ok");
        return Ok(());
    }
    bail!("conformance: {} problems", problems.len());
}

/// What is not as it should be, a line each.
fn compare(
    theirs: &Outcome,
    ours: &Outcome,
    listed: &Deviations,
    is_complete: bool,
) -> Vec<String> {
    let mut problems = Vec::new();
    for (id, failure) in theirs.failures() {
        problems.push(format!("OpenSSL fails {id}: {failure}"));
    }
    for (id, expected) in theirs.passes() {
        let failure = ours.failure(id, expected);
        match (failure, listed.get(id)) {
            (None, None) => {}
            (None, Some(_)) => {
                problems.push(format!("{id} passes: take it out of {}", deviations::FILE));
            }
            (Some(failure), Some(ours)) if deviations::is_as_listed(&failure, ours) => {}
            (Some(failure), Some(ours)) => {
                problems.push(format!(
                    "{id} deviates otherwise than listed, `{ours}`: {failure}"
                ));
            }
            (Some(failure), None) => problems.push(format!("{id}: {failure}")),
        }
    }
    for (group, failure) in ours.failures().filter(|(id, _)| !theirs.has(id)) {
        problems.push(format!("{group}: {failure}"));
    }
    for id in listed.keys().filter(|id| is_complete && !theirs.has(id)) {
        problems.push(format!("{id} of {} is no check", deviations::FILE));
    }
    problems
}

/// The programs that `filter` names, and the prefix that their checks must have.
fn chosen(all: Vec<PathBuf>, filter: Option<&str>) -> (Vec<PathBuf>, &str) {
    let filter = filter.unwrap_or_default();
    let is_named = |path: &&PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        name.contains(filter)
    };
    let named: Vec<PathBuf> = all.iter().filter(is_named).cloned().collect();
    if named.is_empty() {
        (all, filter)
    } else {
        (named, "")
    }
}

/// The sources of every program.
pub(crate) fn programs() -> Result<Vec<Vec<PathBuf>>> {
    let folder = tree::root().join(PROGRAMS);
    let with_harness = |source| vec![source, folder.join(HARNESS)];
    Ok(files(&folder)?.into_iter().map(with_harness).collect())
}

fn files(folder: &std::path::Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in folder.read_dir()? {
        let path = entry?.path();
        let is_program = path.extension().is_some_and(|kind| kind == "c");
        if is_program && !path.ends_with(HARNESS) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEIRS: &str = "ok M1.a\nok M1.b\nok M1.b\n# comment\n";

    fn problems(ours: &str, listed: &str) -> Vec<String> {
        let listed = deviations::read(listed).unwrap();
        compare(&Outcome::of(THEIRS), &Outcome::of(ours), &listed, true)
    }

    fn row(id: &str, ours: &str) -> String {
        format!("[[deviation]]\nwhy = \"so\"\nours = {{ \"{id}\" = \"{ours}\" }}\n")
    }

    #[test]
    fn the_same_passes() {
        assert!(problems(THEIRS, "").is_empty());
    }

    #[test]
    fn a_failure_has_to_be_listed_with_what_ours_does() {
        let failing = "FAIL M1.a expected 1 (0x1) actual 2 (0x2)  [x]\nok M1.b\nok M1.b\n";
        assert!(problems(failing, "")[0].starts_with("M1.a: expected 1"));
        assert!(problems(failing, &row("M1.a", "2")).is_empty());
        assert!(problems(failing, &row("M1.a", "3"))[0].contains("otherwise than listed"));
    }

    #[test]
    fn a_listed_check_that_passes_is_a_problem_and_so_is_one_that_is_not_there() {
        assert!(problems(THEIRS, &row("M1.a", "2"))[0].contains("passes"));
        assert!(problems(THEIRS, &row("M9.x", "2"))[0].contains("is no check"));
    }

    #[test]
    fn checks_that_a_crash_took_are_failures() {
        let crashed = "ok M1.a\nok M1.b\nFAIL group expected normal exit actual signal 11\n";
        let found = problems(crashed, "");
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("M1.b: ran 1 of 2 times"));
        assert!(found[1].starts_with("group: expected normal exit"));
    }

    #[test]
    fn openssl_has_to_pass() {
        let theirs = Outcome::of("ok M1.a\nFAIL M1.b expected 1 (0x1) actual 2 (0x2)  [x]\n");
        let found = compare(
            &theirs,
            &Outcome::of("ok M1.a\nok M1.b\n"),
            &Deviations::new(),
            true,
        );
        assert!(found[0].starts_with("OpenSSL fails M1.b"));
    }

    #[test]
    fn a_filter_names_programs_or_else_checks() {
        let all = || vec![PathBuf::from("a/mask.c"), PathBuf::from("a/write.c")];
        assert_eq!(chosen(all(), None), (all(), ""));
        assert_eq!(chosen(all(), Some("write")).0, [PathBuf::from("a/write.c")]);
        assert_eq!(chosen(all(), Some("W62")), (all(), "W62"));
    }
}
