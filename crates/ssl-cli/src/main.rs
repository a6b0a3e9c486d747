//! `ssl-cli`: see, explain and use OpenSSL's SSL modes.
//!
//! Owns nothing but the dispatch to `cmd`, one module per subcommand.

#![forbid(unsafe_code)]

mod certificate;
mod cli;
mod cmd;
mod failure;
mod options;
mod pipe;
mod target;
mod trace;

use std::io;
use std::process::ExitCode;

use cli::Command;

fn main() -> ExitCode {
    let command = match cli::parse() {
        Ok(command) => command,
        Err(code) => return code,
    };
    let out = &mut io::stdout().lock();
    let result = match command {
        Command::Modes(args) => cmd::modes::run(&args, out),
        Command::Explain(args) => cmd::explain::run(&args, out),
        Command::Demo(args) => cmd::demo::run(&args, out),
        Command::Client(args) => cmd::client::run(&args),
        Command::Server(args) => cmd::server::run(&args, out),
        Command::Scan(args) => cmd::scan::run(&args, out),
        Command::Completions(args) => cmd::completions::run(&args, out),
        Command::Man(args) => cmd::man::run(&args),
    };
    failure::exit_code(result)
}
