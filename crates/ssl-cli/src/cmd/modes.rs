//! `modes`: the table of all modes, for people or as JSON.
//!
//! Owns the layout. What there is to say comes from `ssl_mode::MODES`.

use std::io::Write;

use serde_json::{Value, json};
use ssl_mode::{MODES, ModeRow, Support};

use crate::failure::Failure;

/// Arguments of `modes`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print everything known about each mode as a JSON array
    #[arg(long)]
    json: bool,
}

/// Prints the table.
///
/// # Errors
/// Standard output is closed.
pub(crate) fn run(args: &Args, out: &mut dyn Write) -> Result<(), Failure> {
    if args.json {
        let rows: Vec<Value> = MODES.iter().map(as_json).collect();
        return Ok(writeln!(out, "{:#}", Value::from(rows))?);
    }
    let heads = ["BIT", "NAME", "SHORT NAME", "SUPPORT"];
    let [bit, name, short, support] = heads;
    writeln!(
        out,
        "{bit:<7}{name:<28}{short:<18}{support:<27}EFFECT WHEN SET"
    )?;
    for row in &MODES {
        let bit = format!("{:#05x}{}", row.bit, if row.default { "*" } else { "" });
        let (name, short, effect) = (row.name, row.short, row.effect);
        let support = row.support.to_string();
        writeln!(out, "{bit:<7}{name:<28}{short:<18}{support:<27}{effect}")?;
    }
    Ok(writeln!(out, "* set in every new context")?)
}

/// One row with all its facts.
pub(crate) fn as_json(row: &ModeRow) -> Value {
    let acts_on: Vec<Value> = row
        .acts_on
        .iter()
        .map(|effect| json!({ "call": effect.call, "effect": effect.effect }))
        .collect();
    let set_by: Vec<Value> = row
        .set_by
        .iter()
        .map(|user| json!({ "program": user.program, "does": user.does.to_string(), "why": user.why }))
        .collect();
    json!({
        "name": row.name,
        "short": row.short,
        "aliases": row.aliases,
        "bit": row.bit.bits(),
        "since": row.since,
        "default": row.default,
        "effect": row.effect,
        "acts": row.support == Support::Acts,
        "support": row.support.to_string(),
        "acts_on": acts_on,
        "set_by": set_by,
    })
}
