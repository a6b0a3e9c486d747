//! The step `loom`: runs the unit tests with `loom` in their path, which go through every interleaving of
//! the threads that share ssl-mode's register and ssl-record's buffer pool.

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::cargo;

/// Runs the loom tests, optimised, because there are many interleavings.
pub(crate) fn run(sh: &Shell) -> Result<()> {
    let folder = cargo::target_dir(sh, "loom")?;
    let _flags = sh.push_env("RUSTFLAGS", "--cfg loom");
    let _fast_build = sh.push_env("CARGO_PROFILE_RELEASE_LTO", "off");
    // Those beside the code, and all of tests/loom.rs.
    let tests = "test(loom) or binary(loom)";
    let build = [
        "--release",
        "--lib",
        "--test",
        "loom",
        "-p",
        "ssl-mode",
        "-p",
        "ssl-record",
    ];
    cmd!(
        sh,
        "cargo nextest run {build...} --target-dir {folder} -E {tests}"
    )
    .run()?;
    Ok(())
}
