//! `completions`: scripts for shells.

use std::io::Write;

use clap_complete::Shell;

use crate::cli;
use crate::failure::Failure;

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell that will load the script
    shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// Standard output is closed.
pub(crate) fn run(args: &Args, out: &mut dyn Write) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli::description(), "ssl-cli", &mut script);
    Ok(out.write_all(&script)?)
}
