//! `man`: manual pages, one per subcommand.

use std::path::PathBuf;

use crate::cli;
use crate::failure::Failure;

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The directory to write them to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Writes the pages.
///
/// # Errors
/// The directory cannot be made or written to.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let failed = |error| {
        Failure::line(format_args!(
            "cannot write to {}: {error}",
            args.out.display()
        ))
    };
    std::fs::create_dir_all(&args.out).map_err(failed)?;
    clap_mangen::generate_to(cli::description(), &args.out).map_err(failed)
}
