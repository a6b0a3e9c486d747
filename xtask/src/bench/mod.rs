//! `cargo xtask bench`: builds what is compared, and lets the harness of benches/ measure it. What is measured,
//! and what is made of it, is said there.

mod candidates;
mod micro;
pub(crate) mod profile;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use xshell::{Shell, cmd};

use crate::cargo;

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// Bytes a second, client and server in one thread.
    Bulk,
    /// Handshakes a second and core, full and resumed.
    Handshake,
    /// What idle connections take.
    Memory,
    /// How often the transport is called.
    Syscalls,
    /// Processor time and memory of real programs.
    Programs,
    /// All of these.
    All,
    /// The benchmarks for criterion, which are not part of the page.
    Micro,
}

/// What takes part beside ours, rustls and the system's OpenSSL: each takes minutes to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Heavy {
    /// Ours, the C library too, rustls and the bare AEAD on aws-lc-rs instead of ring.
    AwsLcRs,
    /// The newest OpenSSL.
    OpensslSrc,
    /// BoringSSL; needs cmake and libclang.
    Boring,
    /// s2n-tls.
    S2nTls,
}

/// The command line.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// What to measure.
    #[arg(value_enum, default_value = "all")]
    subject: Subject,
    /// Fewer and shorter measurements, less exact; the page goes to the build folder instead of docs/.
    #[arg(long)]
    quick: bool,
    /// What else takes part.
    #[arg(long, value_enum, value_name = "PEER")]
    with: Vec<Heavy>,
    /// The most connections that are left idle at once; more than 100,000 by ours only.
    #[arg(long, default_value_t = 100_000)]
    connections: u64,
}

/// The subjects of the page.
const SUBJECTS: &[(Subject, &str)] = &[
    (Subject::Memory, "memory"),
    (Subject::Syscalls, "syscalls"),
    (Subject::Handshake, "handshake"),
    (Subject::Bulk, "bulk"),
    (Subject::Programs, "programs"),
];

/// Measures.
pub(crate) fn run(sh: &Shell, flags: &Flags) -> Result<()> {
    if flags.subject == Subject::Micro {
        return micro::run(sh, flags.quick);
    }
    let folder = cargo::target_dir(sh, "bench")?;
    std::fs::create_dir_all(&folder)?;
    let built = candidates::build(sh, &folder, &flags.with)?;
    let programs = match flags.subject {
        Subject::All | Subject::Programs => candidates::programs(sh, &folder, &flags.with)?,
        _ => Vec::new(),
    };
    let mut plan = plan(flags, &folder, &built);
    plan["programs"] = programs.into();
    let path = folder.join("plan.json");
    std::fs::write(&path, serde_json::to_string_pretty(&plan)?)?;
    let harness = &built.harness;
    cmd!(sh, "{harness} {path}").quiet().run()?;
    Ok(())
}

/// What the harness is asked for; its form is in benches/src/harness/plan.rs.
fn plan(flags: &Flags, folder: &Path, built: &candidates::Built) -> Value {
    let subjects = SUBJECTS
        .iter()
        .filter(|(subject, _)| flags.subject == Subject::All || flags.subject == *subject);
    let subjects: Vec<&str> = subjects.map(|(_, name)| *name).collect();
    // A first impression must not replace what was measured with care.
    let (docs, (rounds, millis, connections)) = match flags.quick {
        true => (folder.to_owned(), (3, 5, flags.connections.min(2_000))),
        false => (PathBuf::from("docs"), (9, 60, flags.connections)),
    };
    json!({
        "subjects": subjects,
        "candidates": built.candidates,
        "rounds": rounds,
        "millis": millis,
        "connections": steps(connections),
        "credentials": folder.join("credentials"),
        "results": docs.join("benchmarks/results.json"),
        "copy": folder.join("results.json"),
        "page": docs.join("benchmarks.md"),
        "plots": docs.join("benchmarks"),
        "versions": built.versions,
    })
}

/// Numbers of connections up to the most.
fn steps(most: u64) -> Vec<u64> {
    let mut steps: Vec<u64> = [1, 100, 10_000, 100_000, 1_000_000]
        .into_iter()
        .filter(|step| *step < most)
        .collect();
    steps.push(most);
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_is_the_last_step() {
        assert_eq!(steps(100_000), [1, 100, 10_000, 100_000]);
        assert_eq!(steps(2_000), [1, 100, 2_000]);
        assert_eq!(steps(1), [1]);
    }
}
