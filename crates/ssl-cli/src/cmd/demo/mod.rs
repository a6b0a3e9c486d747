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

use ssl_mode::{MODES, ModeRow, SslMode, Support};

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
    for row in rows().filter(|row| row.support == Support::Acts) {
        title(row, out)?;
        match row.bit {
            SslMode::ENABLE_PARTIAL_WRITE => writing::partial_write(&contexts, out)?,
            SslMode::ACCEPT_MOVING_WRITE_BUFFER => writing::moving_buffer(&contexts, out)?,
            SslMode::AUTO_RETRY => reading::auto_retry(&contexts, out)?,
            SslMode::RELEASE_BUFFERS => memory::release_buffers(&contexts, out)?,
            SslMode::SEND_FALLBACK_SCSV => hello::fallback_scsv(&contexts, out)?,
            SslMode::SEND_CLIENTHELLO_TIME | SslMode::SEND_SERVERHELLO_TIME => {
                hello::time(&contexts, row.bit, out)?;
            }
            SslMode::ASYNC => waiting::late_signature(&contexts, out)?,
            _ => stored::inherited(&contexts, row, out)?,
        }
    }
    let mut rest = rows().filter(|row| row.support != Support::Acts).peekable();
    if rest.peek().is_some() {
        writeln!(
            out,
            "\nStored and inherited; a Rust connection has nothing for them to act on"
        )?;
    }
    for row in rest {
        stored::inherited(&contexts, row, out)?;
    }
    Ok(())
}

fn title(row: &ModeRow, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "\n{} ({:#05x}): {}", row.name, row.bit, row.effect)?;
    Ok(())
}
