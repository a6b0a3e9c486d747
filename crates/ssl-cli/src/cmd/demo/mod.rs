//! `demo`: the effect of each mode, shown with real calls.
//!
//! Owns the order of the scenes. Each scene makes its own client and server, joined in memory, and
//! prints only what the calls returned and what was counted.

mod hello;
mod memory;
mod pair;
mod reading;
mod stored;
mod waiting;
mod writing;

use std::io::Write;

use ssl_mode::{MODES, ModeRow, SslMode};

use crate::failure::Failure;
use pair::Contexts;

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show only these modes
    #[arg(long, value_name = "NAME")]
    mode: Option<SslMode>,
}

/// Plays the scenes.
///
/// # Errors
/// Standard output is closed, or a call failed that must not.
pub(crate) fn run(args: &Args, out: &mut dyn Write) -> Result<(), Failure> {
    let chosen = args.mode.unwrap_or(SslMode::all());
    let rows = || MODES.iter().filter(|row| chosen.contains(row.bit));
    if rows().next().is_none() {
        return Err(Failure::usage("no mode has these bits; see ssl-cli modes"));
    }
    let contexts = Contexts::new()?;
    writeln!(
        out,
        "A client and a server in this process, joined by a pipe in memory; each line is a call and what it returned."
    )?;
    for row in rows() {
        title(row, out)?;
        scene(&contexts, row, out)?;
    }
    Ok(())
}

fn scene(contexts: &Contexts, row: &ModeRow, out: &mut dyn Write) -> Result<(), Failure> {
    match row.bit {
        SslMode::ENABLE_PARTIAL_WRITE => writing::partial_write(contexts, out),
        SslMode::ACCEPT_MOVING_WRITE_BUFFER => writing::moving_buffer(contexts, out),
        SslMode::AUTO_RETRY => reading::auto_retry(contexts, out),
        SslMode::NO_AUTO_CHAIN => stored::no_auto_chain(contexts, row, out),
        SslMode::RELEASE_BUFFERS => memory::release_buffers(contexts, out),
        SslMode::SEND_CLIENTHELLO_TIME | SslMode::SEND_SERVERHELLO_TIME => {
            hello::time(contexts, row.bit, out)
        }
        SslMode::SEND_FALLBACK_SCSV => hello::fallback_scsv(contexts, out),
        SslMode::ASYNC => waiting::late_signature(contexts, out),
        _ => stored::inherited(contexts, row, "no DTLS is spoken here", out),
    }
}

fn title(row: &ModeRow, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "\n{} ({:#05x}): {}", row.name, row.bit, row.effect)?;
    Ok(())
}
