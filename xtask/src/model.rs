//! The step `model`: the property tests that compare ssl-record with its reference model, with far more
//! cases than a plain test run tries.

use anyhow::Result;
use xshell::{Shell, cmd};

/// How many random scripts each property is tried with; the tests read it from `SSL_MODEL_CASES`.
const CASES: &str = "40000";

/// Runs every test of ssl-record with `model` in its name, optimised.
pub(crate) fn run(sh: &Shell) -> Result<()> {
    let _cases = sh.push_env("SSL_MODEL_CASES", CASES);
    let _fast_build = sh.push_env("CARGO_PROFILE_RELEASE_LTO", "off");
    cmd!(
        sh,
        "cargo nextest run --release -p ssl-record -E test(model)"
    )
    .run()?;
    Ok(())
}
