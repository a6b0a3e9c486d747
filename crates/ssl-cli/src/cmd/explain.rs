//! `explain`: a mask in words.
//!
//! Owns the layout. What there is to say comes from `ssl_mode::MODES`.

use std::io::{self, Write};

use serde_json::json;
use ssl_mode::{MODES, ModeRow, SslMode};

use super::modes::as_json;
use crate::failure::Failure;

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Numbers (0x13, 19) and names (partial-write, SSL_MODE_AUTO_RETRY), separated by blanks, commas or |
    #[arg(required = true, value_name = "MASK")]
    masks: Vec<SslMode>,
    /// Print the answer as a JSON object
    #[arg(long)]
    json: bool,
}

/// Explains the union of the masks.
///
/// # Errors
/// Standard output is closed.
pub(crate) fn run(args: &Args, out: &mut dyn Write) -> Result<(), Failure> {
    let mask = args
        .masks
        .iter()
        .fold(SslMode::empty(), |all, &mask| all | mask);
    if args.json {
        let rows: Vec<_> = rows(mask).map(as_json).collect();
        let unnamed = mask.unnamed().bits();
        let object = json!({ "mask": mask.bits(), "text": mask.to_string(), "modes": rows, "unnamed": unnamed });
        return Ok(writeln!(out, "{object:#}")?);
    }
    Ok(in_words(mask, out)?)
}

fn rows(mask: SslMode) -> impl Iterator<Item = &'static ModeRow> {
    MODES.iter().filter(move |row| mask.contains(row.bit))
}

fn in_words(mask: SslMode, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "mask  {:#x} = {}", mask.bits(), mask.bits())?;
    writeln!(out, "names {mask}")?;
    let c_names: Vec<String> = rows(mask)
        .map(|row| format!("SSL_MODE_{}", row.name))
        .collect();
    if !c_names.is_empty() {
        writeln!(out, "in C  SSL_CTX_set_mode(ctx, {})", c_names.join(" | "))?;
    }
    if !mask.contains(SslMode::AUTO_RETRY) {
        writeln!(
            out,
            "note  AUTO_RETRY, which new contexts have, is not among them"
        )?;
    }
    for row in rows(mask) {
        one(row, out)?;
    }
    let unnamed = mask.unnamed();
    if !unnamed.is_empty() {
        writeln!(out, "\n{:#x} has no name", unnamed.bits())?;
        writeln!(
            out,
            "  stored, returned and inherited like the others; no call looks at it"
        )?;
    }
    Ok(())
}

fn one(row: &ModeRow, out: &mut dyn Write) -> io::Result<()> {
    let (name, bit, short, since) = (row.name, row.bit, row.short, row.since);
    writeln!(out, "\n{name} {bit:#05x} ({short}), since OpenSSL {since}")?;
    writeln!(out, "  {}", row.effect)?;
    if row.default {
        writeln!(out, "  set in every new context")?;
    }
    writeln!(out, "  this program: {}", row.support)?;
    for effect in row.acts_on {
        writeln!(out, "  {}: {}", effect.call, effect.effect)?;
    }
    for user in row.set_by {
        writeln!(out, "  {} {} it: {}", user.program, user.does, user.why)?;
    }
    Ok(())
}
