//! The modes that a Rust connection keeps and does not act on, and why it need not.

use std::io::Write;

use ssl_mode::ModeRow;
use ssl_record::SslMode;

use super::pair::{Contexts, Pair};
use crate::failure::Failure;

/// What a server shows with the bit and without it: the chain it was given, either way.
pub(super) fn no_auto_chain(
    contexts: &Contexts,
    row: &ModeRow,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    inherited(
        contexts,
        row,
        "there a chain that was not given is completed from the trust store unless the bit is set; \
         here a chain is always given",
        out,
    )?;
    for modes in [SslMode::empty(), SslMode::NO_AUTO_CHAIN] {
        let client = contexts.client(SslMode::default())?;
        let pair = Pair::connected(&client, &contexts.server(modes)?)?;
        let facts = pair.client.connection.negotiated();
        let shown = facts.map_or(0, |facts| facts.peer_certificates.len());
        let what = format!("certificates shown in mode {modes}");
        writeln!(out, "    {what:<44} -> {shown}")?;
    }
    Ok(())
}

/// The mask that a context returns and a connection inherits; `why` says what would be acted on.
pub(super) fn inherited(
    contexts: &Contexts,
    row: &ModeRow,
    why: &str,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let context = contexts.client(row.bit)?;
    let connection = contexts.fresh_client(&context)?;
    let (set, inherited) = (context.mode().bits(), connection.mode().bits());
    let (support, page) = (row.support, row.page);
    writeln!(out, "  {support}: {why} ({page})")?;
    writeln!(
        out,
        "    mode() of the context, of its connection     -> {set:#05x}, {inherited:#05x}"
    )?;
    Ok(())
}
