//! `cargo xtask stress`: the C programs of crates/ssl-ffi/tests/c/stress, on the system's library and on
//! ours: many threads on one pair of contexts, many connections in one process, the library loaded and
//! unloaded. They count what they do and have to count the same.

use anyhow::Result;
use xshell::Shell;

use crate::library::{self, Profile};
use crate::programs::Suite;

/// The programs.
const STRESS: Suite = Suite {
    name: "stress",
    folder: "crates/ssl-ffi/tests/c/stress",
    seconds: 300,
    // As the loader binds most of Debian's programs: every symbol at start.
    again: &[("load", &[("LD_BIND_NOW", "1")])],
};

/// Runs every program, or those whose name contains `filter`.
pub(crate) fn run(sh: &Shell, profile: Profile, filter: Option<&str>) -> Result<()> {
    STRESS.run(sh, &library::build(sh, profile)?, filter, &[])
}
