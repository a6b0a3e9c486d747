//! `scan`: what a TLS server accepts, whether it enforces TLS_FALLBACK_SCSV, and how large its first flight is.
//!
//! Owns the arguments. `survey` asks, with `offer`, `ask` and `find`; `report` and `json` tell.

mod ask;
mod find;
mod flight;
mod groups;
mod json;
mod offer;
mod report;
mod suites;
mod survey;

use std::io::Write;
use std::net::IpAddr;
use std::time::Duration;

use crate::failure::Failure;
use crate::target::Target;
use ask::Server;

/// Arguments of `scan`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The server; without a port, 443
    #[arg(value_name = "HOST[:PORT]", value_parser = Target::or_https)]
    target: Target,
    /// Name to ask for [default: HOST, unless it is an address]
    #[arg(long, visible_alias = "servername", value_name = "NAME", value_parser = host_name)]
    server_name: Option<String>,
    /// Seconds to wait for a connection
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    connect_timeout: u64,
    /// Seconds to wait for each answer
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Print what was found as a JSON object
    #[arg(long)]
    json: bool,
}

/// Scans and reports.
///
/// # Errors
/// Nobody listens, or who listens does not speak TLS; standard output is closed.
pub(crate) fn run(args: &Args, out: &mut dyn Write) -> Result<(), Failure> {
    let host = args.target.host();
    let is_address = host.parse::<IpAddr>().is_ok();
    let server_name = match &args.server_name {
        Some(name) => Some(name.as_str()),
        None if is_address => None,
        None => Some(host.trim_end_matches('.')),
    };
    let server = Server::find(
        &args.target,
        server_name,
        Duration::from_secs(args.connect_timeout),
        Duration::from_secs(args.timeout),
    )?;
    let findings = survey::survey(&server)?;
    if args.json {
        return Ok(writeln!(out, "{:#}", json::report(&server, &findings))?);
    }
    report::print(&server, &findings, out)
}

/// A name that fits a hello (RFC 6066 section 3); whether there is such a host is for the server to say.
fn host_name(name: &str) -> Result<String, String> {
    let fits = (1..=255).contains(&name.len()) && name.is_ascii() && !name.contains('\0');
    let is_address = name.parse::<IpAddr>().is_ok();
    match fits && !is_address {
        true => Ok(name.to_owned()),
        false => Err("write a host name of up to 255 ASCII characters, not an address".to_owned()),
    }
}
