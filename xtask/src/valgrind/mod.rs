//! `cargo xtask valgrind`: the C programs under memcheck, on our library and on the system's. What is wrong
//! on ours alone is ours: an access to memory that is not there, a value nobody wrote, a leak.
//!
//! Both kinds of stacks that the programs run on are known to valgrind: corosensei registers those of
//! handshakes, and libcrypto's jobs have theirs on valgrind's heap, where a switch is seen by its distance:
//! farther than any function takes room ([`LARGEST_FRAME`]).

mod report;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use xshell::Shell;

use crate::library::{self, Profile};
use crate::{capi, cargo, conformance, engine, tree};

use report::Fault;

/// What memcheck takes for faults and are none, each with its reason.
const SUPPRESSIONS: &str = "crates/ssl-ffi/tests/c/valgrind.supp";

/// Bytes. memcheck's own limit, 2 MB, is more than there may be between two stacks.
const LARGEST_FRAME: u32 = 64 * 1024;

/// How long one program may take, and in seconds as a group of its checks reads it.
const SECONDS: &str = "1800";

/// The programs of a short run: every kind of object, and the ends of connections.
const SMOKE: &[&str] = &[
    "freed",
    "hundred",
    "mask",
    "misc",
    "session_fields",
    "shutdown",
];

/// Leaves valgrind without a mapping for itself.
const UNFIT: &[&str] = &["no_room"];

/// How many connections the programs with an engine make here.
const ENGINE_CONNECTIONS: u32 = 8;

/// Runs all programs, or the few of [`SMOKE`], or those whose name contains `filter`.
pub(crate) fn run(sh: &Shell, is_smoke: bool, filter: Option<&str>) -> Result<()> {
    // Unoptimised: with every frame in the stacks, and nothing that the optimiser made of undefined bytes.
    let ours = library::build(sh, Profile::Dev)?;
    let folder = cargo::target_dir(sh, "dropin")?.join("valgrind");
    sh.create_dir(&folder)?;
    let mut programs: Vec<_> = conformance::programs()?
        .into_iter()
        .map(|sources| (sources, true))
        .collect();
    let api = capi::API.programs(None)?;
    programs.extend(api.into_iter().map(|source| (vec![source], true)));
    let engines = engine::programs()?.into_iter();
    programs.extend(engines.map(|(source, runs_on_openssl)| (vec![source], runs_on_openssl)));
    programs.retain(|(sources, _)| {
        let name = name(sources);
        filter.is_none_or(|filter| name.contains(filter))
            && !UNFIT.contains(&name.as_str())
            && (!is_smoke || SMOKE.contains(&name.as_str()))
    });
    ensure!(!programs.is_empty(), "valgrind: no program to run");
    // Only the programs with an engine look at it.
    let setting = engine::Setting::new(sh, Some(ENGINE_CONNECTIONS))?;
    let environment = setting.environment();
    let mut faults = 0;
    for (sources, runs_on_openssl) in &programs {
        let name = name(sources);
        let program = folder.join(&name);
        library::compile(sh, sources, &program)?;
        let expected = match runs_on_openssl {
            true => memcheck(&program, None, &environment)?,
            false => Vec::new(),
        };
        let actual = memcheck(&program, Some(&ours), &environment)?;
        let found = new_faults(&actual, &expected, &name);
        println!("valgrind: {name}: {} faults", found.len());
        found.iter().for_each(|fault| println!("{fault}"));
        faults += found.len();
    }
    ensure!(faults == 0, "valgrind: {faults} faults");
    println!("valgrind: ok, {} programs", programs.len());
    Ok(())
}

/// The faults of our library, each once: those that name it, and those that the same calls of the program
/// do not have on the system's.
fn new_faults<'a>(ours: &'a [Fault], theirs: &[Fault], program: &str) -> Vec<&'a Fault> {
    let known: BTreeSet<_> = theirs
        .iter()
        .map(|fault| fault.seen_from(program))
        .collect();
    let mut seen = BTreeSet::new();
    let is_new = |fault: &&Fault| {
        let key = fault.seen_from(program);
        let is_ours = !fault.is_leak() && fault.names("libssl.so");
        (is_ours || !known.contains(&key)) && seen.insert((fault.place(), key))
    };
    ours.iter().filter(is_new).collect()
}

/// Runs a program, and whatever it forks, under memcheck.
fn memcheck(
    program: &Path,
    folder: Option<&Path>,
    environment: &[(&str, &str)],
) -> Result<Vec<Fault>> {
    let reports = program.with_extension("reports");
    let _old = std::fs::remove_dir_all(&reports);
    std::fs::create_dir_all(&reports)?;
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", SECONDS, "valgrind"]);
    command.args(["--leak-check=full", "--show-leak-kinds=definite"]);
    command.args(["--errors-for-leak-kinds=definite", "--num-callers=40"]);
    command.arg(format!("--max-stackframe={LARGEST_FRAME}"));
    let suppressions = tree::root().join(SUPPRESSIONS);
    command.arg(format!("--suppressions={}", suppressions.display()));
    command.arg("--xml=yes");
    command.arg(format!("--xml-file={}/%p.xml", reports.display()));
    command.arg(program).env("PROBE_SECONDS", SECONDS);
    command.envs(environment.iter().copied());
    // Programs that count the heap start themselves again without it, which valgrind would not follow.
    command.env("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    if let Some(folder) = folder {
        command.env("LD_LIBRARY_PATH", library::search_path(folder));
    }
    // The status is that of the checks, whose own chore judges them.
    let _status = command.status().context("cannot run valgrind")?;
    let mut faults = Vec::new();
    let mut files = 0;
    for entry in reports.read_dir()? {
        faults.extend(report::read(&std::fs::read_to_string(entry?.path())?)?);
        files += 1;
    }
    ensure!(
        files > 0,
        "valgrind wrote no report of {}",
        program.display()
    );
    Ok(faults)
}

fn name(sources: &[PathBuf]) -> String {
    let name = sources.first().and_then(|source| source.file_stem());
    name.unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "/b/libssl.so";

    fn found(ours: &[Fault], theirs: &[Fault]) -> usize {
        new_faults(ours, theirs, "mask").len()
    }

    #[test]
    fn an_invalid_access_that_names_ours_is_ours_wherever_else_it_is_seen() {
        let fault = Fault::of("InvalidRead", &[("read", OURS), ("main", "/a/mask")]);
        let same = Fault::of(
            "InvalidRead",
            &[("read", "/lib/libssl.so.3"), ("main", "/a/mask")],
        );
        assert_eq!(found(std::slice::from_ref(&fault), &[same]), 1);
        assert_eq!(found(&[fault.clone(), fault], &[]), 1);
    }

    #[test]
    fn a_leak_of_the_program_itself_is_not_ours() {
        let leak = |object| {
            Fault::of(
                "Leak_DefinitelyLost",
                &[("SSL_new", object), ("main", "/a/mask")],
            )
        };
        assert_eq!(found(&[leak(OURS)], &[leak("/lib/libssl.so.3")]), 0);
        assert_eq!(found(&[leak(OURS)], &[]), 1);
    }

    #[test]
    fn what_happens_on_ours_alone_is_ours_without_being_named() {
        let fault = Fault::of(
            "UninitCondition",
            &[("ck_int", "/a/mask"), ("times", "/a/mask")],
        );
        assert_eq!(found(std::slice::from_ref(&fault), &[]), 1);
        assert_eq!(
            found(std::slice::from_ref(&fault), std::slice::from_ref(&fault)),
            0
        );
    }
}
