//! `cargo xtask asan`: the tests of ssl-record under AddressSanitizer. The crate has no `unsafe`; what
//! is watched here is the C and assembly of the AEAD below it, called with our slices.

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use crate::cargo;
use crate::ci::Outcome;

/// Runs the tests in a build folder of their own, because every dependency is instrumented too.
pub(crate) fn run(sh: &Shell) -> Result<Outcome> {
    if let Some(reason) = cargo::lacks_nightly(sh) {
        return Ok(Outcome::Skipped(reason));
    }
    let version = cmd!(sh, "rustc +nightly -vV").quiet().read()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc -vV names no host")?;
    let folder = cargo::target_dir(sh, "asan")?;
    let _flags = sh.push_env("RUSTFLAGS", "-Zsanitizer=address");
    // Naming the target keeps the flags away from build scripts and macros.
    // The same code with more bytes; instrumented it would take longer than all else together.
    let but_bulk = "not test(/^bulk::/)";
    let build = ["-p", "ssl-record", "--features", "tokio", "--target", host];
    cmd!(
        sh,
        "cargo +nightly nextest run {build...} --target-dir {folder} -E {but_bulk}"
    )
    .run()?;
    Ok(Outcome::Done)
}
