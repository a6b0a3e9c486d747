//! The scene of `AUTO_RETRY`.

use std::io::Write;

use ssl_record::{Outcome, Received, SslMode};

use super::pair::{Contexts, show};
use crate::failure::Failure;

/// Reads past the server's session tickets, with and without the bit.
pub(super) fn auto_retry(contexts: &Contexts, out: &mut dyn Write) -> Result<(), Failure> {
    for modes in [SslMode::empty(), SslMode::AUTO_RETRY] {
        let mut pair = contexts.connected(modes)?;
        let Some(negotiated) = pair.client.connection.negotiated() else {
            return Err(Failure::line("the handshake in memory has no result"));
        };
        let version = negotiated.version;
        let written = pair.server.write(b"hello").map_err(Failure::line)?;
        writeln!(
            out,
            "  mode {modes}, {version}: session tickets arrived, then a record with data (server's write: {written:?})"
        )?;
        let mut wants = 0;
        let mut space = [0; 64];
        loop {
            let result = pair.client.read(&mut space);
            show(out, "read(64 bytes)", &result)?;
            match result.map_err(Failure::line)? {
                Outcome::Want(_) => wants += 1,
                Outcome::Done(Received::Data(n)) => {
                    let text = String::from_utf8_lossy(&space[..n]).into_owned();
                    writeln!(out, "      {text:?} after {wants} wants")?;
                    break;
                }
                Outcome::Done(Received::Closed) => break,
            }
            if wants > MOST_WANTS {
                return Err(Failure::line("the data in memory never arrives"));
            }
        }
    }
    Ok(())
}

/// More than any server sends tickets.
const MOST_WANTS: usize = 16;
