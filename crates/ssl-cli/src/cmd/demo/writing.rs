//! The scenes of `ENABLE_PARTIAL_WRITE` and `ACCEPT_MOVING_WRITE_BUFFER`.

use std::io::Write;

use ssl_record::io::CallError;
use ssl_record::{Outcome, SslMode};

use super::pair::{Contexts, Pair, show};
use crate::certificate::sha256;
use crate::failure::Failure;

/// Bytes of the input: two full records and a part of a third.
const INPUT: usize = 40_000;

/// Bytes the transport takes before it blocks: the first record, and 100 bytes of the second.
const BUDGET: usize = 16_506;

/// What a write returns with and without the bit, over a free and over a blocking transport.
pub(super) fn partial_write(contexts: &Contexts, out: &mut dyn Write) -> Result<(), Failure> {
    let data = input();
    for modes in [SslMode::empty(), SslMode::ENABLE_PARTIAL_WRITE] {
        writeln!(out, "  mode {modes}, the transport takes everything")?;
        let mut pair = contexts.connected(modes)?;
        write_out(&mut pair, &data, out)?;
        delivered(&mut pair, &data, out)?;
    }
    for modes in [SslMode::empty(), SslMode::ENABLE_PARTIAL_WRITE] {
        writeln!(
            out,
            "  mode {modes}, the transport takes {BUDGET} bytes, then blocks"
        )?;
        let mut pair = contexts.connected(modes)?;
        pair.client.end.set_budget(Some(BUDGET));
        write_out(&mut pair, &data, out)?;
        delivered(&mut pair, &data, out)?;
    }
    Ok(())
}

/// What a blocked write allows its retry, with and without the bit.
pub(super) fn moving_buffer(contexts: &Contexts, out: &mut dyn Write) -> Result<(), Failure> {
    let data = input();
    let moved = data.clone();
    for modes in [SslMode::empty(), SslMode::ACCEPT_MOVING_WRITE_BUFFER] {
        writeln!(
            out,
            "  mode {modes}, the transport takes {BUDGET} bytes, then blocks"
        )?;
        let mut pair = contexts.connected(modes)?;
        pair.client.end.set_budget(Some(BUDGET));
        if blocked_write(&mut pair, &data, out)?.want().is_none() {
            return Err(Failure::line("the write in memory did not block"));
        }
        pair.client.end.set_budget(None);
        let retried = pair.client.write(&moved);
        show(out, "retry with a copy at another address", &retried)?;
        match retried {
            Ok(_) => delivered(&mut pair, &data, out)?,
            Err(CallError::Tls(error)) => {
                if let Some(reason) = error.reason() {
                    let code = reason.packed();
                    writeln!(out, "      OpenSSL's error code {code:#010X}: {reason}")?;
                }
                let again = pair.client.write(&data);
                show(out, "retry with the original buffer", &again)?;
            }
            Err(CallError::Transport(error)) => return Err(Failure::line(error)),
        }
    }
    Ok(())
}

fn input() -> Vec<u8> {
    (0..INPUT).map(|at| (at % 251) as u8).collect()
}

/// Writes everything, retrying once the transport is free again.
fn write_out(pair: &mut Pair, data: &[u8], out: &mut dyn Write) -> Result<(), Failure> {
    let mut written = 0;
    while written < data.len() {
        let rest = &data[written..];
        match blocked_write(pair, rest, out)? {
            Outcome::Done(n) => written += n,
            Outcome::Want(_) => {
                writeln!(out, "    (the transport takes everything again)")?;
                pair.client.end.set_budget(None);
            }
        }
    }
    Ok(())
}

/// One write, and what of it is where if it blocks.
fn blocked_write(
    pair: &mut Pair,
    data: &[u8],
    out: &mut dyn Write,
) -> Result<Outcome<usize>, Failure> {
    let before = pair.client.end.transmitted();
    let result = pair.client.write(data);
    show(out, &format!("write({} bytes)", data.len()), &result)?;
    let outcome = result.map_err(Failure::line)?;
    if outcome.want().is_some() {
        let transmitted = pair.client.end.transmitted() - before;
        let pending = pair.client.connection.outgoing().len();
        writeln!(
            out,
            "      {transmitted} bytes of records transmitted, {pending} sealed and pending, 0 reported"
        )?;
    }
    Ok(outcome)
}

/// Compares what the peer got with what was written.
fn delivered(pair: &mut Pair, data: &[u8], out: &mut dyn Write) -> Result<(), Failure> {
    let got = pair.server.read_all()?;
    let (sent, got_hash) = (sha256(data), sha256(&got));
    let verdict = if sent == got_hash {
        "equal"
    } else {
        "DIFFERENT"
    };
    writeln!(
        out,
        "    the peer read {} bytes, sha256 {}...: {verdict}",
        got.len(),
        &got_hash[..16]
    )?;
    Ok(())
}
