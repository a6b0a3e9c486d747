//! `cargo xtask capi`: runs the C programs of crates/ssl-ffi/tests/c/api on the system's library and on
//! ours. A program prints a line for each check; both runs have to print the same.

use anyhow::Result;
use xshell::Shell;

use crate::library::{self, Profile};
use crate::programs::Suite;

/// The programs.
pub(crate) const API: Suite = Suite {
    name: "capi",
    folder: "crates/ssl-ffi/tests/c/api",
    seconds: 120,
    again: &[],
};

/// Compares every program, or those whose name contains `filter`.
pub(crate) fn run(sh: &Shell, profile: Profile, filter: Option<&str>) -> Result<()> {
    API.run(sh, &library::build(sh, profile)?, filter, &[])
}
