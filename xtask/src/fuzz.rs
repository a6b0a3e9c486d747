//! `cargo xtask fuzz`: runs the targets of fuzz/ for a while. What a target tries is in its own file.

use anyhow::{Result, ensure};
use xshell::{Shell, cmd};

use crate::cargo;
use crate::ci::Outcome;

/// How long each target runs unless told otherwise: enough to catch what a change broke outright.
pub(crate) const SECONDS: u32 = 10;

/// Runs `target`, or every target, each for `seconds`.
pub(crate) fn run(sh: &Shell, seconds: u32, target: Option<&str>) -> Result<Outcome> {
    if let Some(reason) = cargo::lacks_nightly(sh) {
        return Ok(Outcome::Skipped(reason));
    }
    let known = cmd!(sh, "cargo +nightly fuzz list").quiet().read()?;
    let known: Vec<&str> = known
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let targets = match target {
        None => known,
        Some(one) => {
            ensure!(
                known.contains(&one),
                "no fuzz target `{one}`; there are: {}",
                known.join(", ")
            );
            vec![one]
        }
    };
    ensure!(!targets.is_empty(), "fuzz/Cargo.toml lists no target");
    let _flags = sh.push_env("RUSTFLAGS", cargo::SANITIZED_HEAP);
    for target in targets {
        // The corpus grows on this machine and is not kept; seeds are, and are only read.
        let corpus = format!("fuzz/corpus/{target}");
        sh.create_dir(&corpus)?;
        let seeds = Some(format!("fuzz/seeds/{target}")).filter(|seeds| sh.path_exists(seeds));
        let time = format!("-max_total_time={seconds}");
        cmd!(
            sh,
            "cargo +nightly fuzz run {target} {corpus} {seeds...} -- {time}"
        )
        .run()?;
    }
    Ok(Outcome::Done)
}
