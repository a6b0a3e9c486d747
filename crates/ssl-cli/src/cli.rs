//! The command line: subcommands, and usage errors in one line.
//!
//! Owns what `clap` says. Must not know what a subcommand does.

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use crate::cmd;
use crate::failure::{Failure, exit_code};

/// See, explain and use OpenSSL's SSL modes
///
/// A mode (SSL_MODE_*) changes what a TLS call may do to its caller: report a partial write, accept a
/// retry from another address, read past a session ticket, hold no memory while idle.
#[derive(Debug, Parser)]
#[command(name = "ssl-cli", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the modes
    Modes(cmd::modes::Args),
    /// Say what a mask of modes does, and who uses it
    Explain(cmd::explain::Args),
    /// Show the effect of each mode with real calls, all in memory
    Demo(cmd::demo::Args),
    /// Connect standard input and output to a TLS server
    Client(Box<cmd::client::Args>),
    /// Serve TLS: echo, files or a proxy
    Server(Box<cmd::server::Args>),
    /// Tell what a TLS server accepts, and whether it enforces TLS_FALLBACK_SCSV
    ///
    /// Asks with hand-made hellos, from SSL 3.0 to TLS 1.3, over short connections, one after the other: one for each
    /// suite and group that the server accepts, and about twenty more; in all mostly fewer than a hundred. All but one end
    /// after the server's first answer; that one is a full handshake, to measure the flight of TLS 1.3. Nothing is
    /// verified. Scan servers only with their owner's consent.
    Scan(cmd::scan::Args),
    /// Print shell completions
    #[command(hide = true)]
    Completions(cmd::completions::Args),
    /// Write the manual pages
    #[command(hide = true)]
    Man(cmd::man::Args),
}

/// The program's description, for completions and manual pages.
pub(crate) fn description() -> clap::Command {
    Cli::command()
}

/// Parses the arguments; help and usage errors are printed here.
///
/// # Errors
/// The exit code with which to end.
pub(crate) fn parse() -> Result<Command, ExitCode> {
    let error = match Cli::try_parse() {
        Ok(cli) => return Ok(cli.command),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let code = error.exit_code();
            // A help text that cannot be printed is nobody's problem.
            drop(error.print());
            Err(ExitCode::from(u8::try_from(code).unwrap_or(2)))
        }
        _ => Err(exit_code(Err(Failure::usage(one_line(&error.to_string()))))),
    }
}

/// What is wrong and the tip, without the blank lines, the usage and the pointer to the help.
fn one_line(text: &str) -> String {
    let mut parts = Vec::new();
    for paragraph in text.split("\n\n") {
        let joined = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        if joined.starts_with("Usage:") || joined.starts_with("For more information") {
            break;
        }
        let joined = joined.strip_prefix("error: ").unwrap_or(&joined).to_owned();
        parts.push(joined);
    }
    parts.push("see --help".to_owned());
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_is_consistent() {
        description().debug_assert();
    }

    #[test]
    fn usage_errors_are_one_line() {
        let text = "error: unrecognized subcommand 'mods'\n\n  tip: a similar subcommand exists: \
                    'modes'\n\nUsage: ssl-cli <COMMAND>\n\nFor more information, try '--help'.\n";
        let line =
            "unrecognized subcommand 'mods'; tip: a similar subcommand exists: 'modes'; see --help";
        assert_eq!(one_line(text), line);
    }
}
