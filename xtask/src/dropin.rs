//! `cargo xtask dropin -- PROGRAM ARGS`: runs a program of this machine on our library.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context, Result};
use xshell::Shell;

use crate::library::{self, Profile};

/// Builds the library and becomes the program.
pub(crate) fn run(sh: &Shell, profile: Profile, command: &[String]) -> Result<()> {
    let folder = library::build(sh, profile)?;
    let (program, arguments) = command.split_first().context("no program named")?;
    let failed = Command::new(program)
        .args(arguments)
        .env("LD_LIBRARY_PATH", library::search_path(&folder))
        .exec();
    Err(failed).with_context(|| format!("cannot run {program}"))
}
