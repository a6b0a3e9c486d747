//! `cargo xtask asan`: the tests of ssl-record under AddressSanitizer. Of `unsafe` the crate has the one
//! file that changes stacks; what is watched here is the heap: what waits on such a stack when it is
//! dropped, and the slices that the C and assembly of the AEAD are called with.

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use crate::cargo;
use crate::ci::Outcome;

/// Which tests run: of the many that move 64 MiB only those of one suite, in pieces. The others show the
/// sanitizer nothing more and take minutes each when instrumented; the step `test` has them all.
const TESTS: &str = "not test(/^bulk::/) or test(/^bulk::tls1[23]_aes128_ecdsa::.*_in_pieces/)";

/// Runs the tests in a build folder of their own, because every dependency is instrumented too.
pub(crate) fn run(sh: &Shell) -> Result<Outcome> {
    if let Some(reason) = cargo::lacks_nightly(sh) {
        return Ok(Outcome::Skipped(reason));
    }
    let version = cmd!(sh, "rustc +nightly -vV").quiet().read()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc -vV names no host")?;
    let folder = cargo::target_dir(sh, "asan")?;
    let flags = format!("-Zsanitizer=address {}", cargo::SANITIZED_HEAP);
    let _flags = sh.push_env("RUSTFLAGS", flags);
    // Naming the target keeps the flags away from build scripts and macros.
    let build = ["-p", "ssl-record", "--features", "tokio", "--target", host];
    cmd!(
        sh,
        "cargo +nightly nextest run {build...} --target-dir {folder} -E {TESTS}"
    )
    .run()?;
    Ok(Outcome::Done)
}
