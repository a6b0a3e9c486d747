//! The scene of `RELEASE_BUFFERS`.
//!
//! Owns the measurement: what a connection holds is what the allocator gets back when it is dropped.

use std::io::Write;

use allocation_counter::measure;
use ssl_record::{Connection, Context, SslMode};

use super::pair::{Contexts, Half, Pair};
use crate::failure::Failure;

/// Idle connections that share a context.
const MANY: usize = 20;

/// Heap of idle connections with and without the bit, and what their context keeps for them.
pub(super) fn release_buffers(contexts: &Contexts, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(
        out,
        "  heap counted: a connection itself and all it alone owns; not its context, the pipe or its peer"
    )?;
    for modes in [
        SslMode::AUTO_RETRY,
        SslMode::AUTO_RETRY | SslMode::RELEASE_BUFFERS,
    ] {
        let server = contexts.server(modes)?;
        let (idle, mask) = (fleet(contexts, &server)?, server.mode());
        writeln!(
            out,
            "  mode {mask}, {MANY} server connections, each idle after 1000 bytes either way"
        )?;
        let count = server.idle_buffers();
        writeln!(
            out,
            "    idle_buffers() of the context they share     -> {count}"
        )?;
        drop(idle);
        // Without a pool, so that the record buffers go back to the allocator too. The context lives on:
        // its certificates and session cache are no connection's own.
        let server = contexts.server_without_pool(modes)?;
        let bytes = freed(fleet(contexts, &server)?) / MANY as i64;
        writeln!(
            out,
            "    heap that each gives back when it is dropped -> {bytes} bytes"
        )?;
        drop(server);
    }
    live(contexts, out)
}

/// Idle server connections of one context.
fn fleet(contexts: &Contexts, server: &Context) -> Result<Vec<Connection>, Failure> {
    let client = contexts.client(SslMode::default())?;
    let mut idle = Vec::with_capacity(MANY);
    for _ in 0..MANY {
        let mut pair = Pair::connected(&client, server)?;
        exchange(&mut pair)?;
        idle.push(pair.server.connection);
    }
    Ok(idle)
}

/// The bit set on a live connection: it acts at the next read or write.
fn live(contexts: &Contexts, out: &mut dyn Write) -> Result<(), Failure> {
    let (client, server) = (
        contexts.client(SslMode::AUTO_RETRY)?,
        contexts.server(SslMode::AUTO_RETRY)?,
    );
    let mut pair = Pair::connected(&client, &server)?;
    exchange(&mut pair)?;
    writeln!(out, "  set on a live connection")?;
    writeln!(
        out,
        "    idle_buffers() before                        -> {}",
        server.idle_buffers()
    )?;
    let mask = pair.server.connection.set_mode(SslMode::RELEASE_BUFFERS);
    writeln!(
        out,
        "    set_mode(RELEASE_BUFFERS)                    -> {mask}"
    )?;
    exchange(&mut pair)?;
    writeln!(
        out,
        "    idle_buffers() after the next write and read -> {}",
        server.idle_buffers()
    )?;
    Ok(())
}

/// 1000 bytes from either side, and a read that finds nothing more.
fn exchange(pair: &mut Pair) -> Result<(), Failure> {
    let Pair { client, server } = pair;
    carry(client, server)?;
    carry(server, client)
}

fn carry(from: &mut Half, to: &mut Half) -> Result<(), Failure> {
    let written = from.write(&[7; 1000]).map_err(Failure::line)?;
    let read = to.read_all()?;
    if written.done() == Some(read.len()) {
        Ok(())
    } else {
        Err(Failure::line("the exchange in memory lost bytes"))
    }
}

/// Heap bytes that dropping these gives back.
fn freed(connections: Vec<Connection>) -> i64 {
    let counts = measure(|| drop(connections));
    -counts.bytes_current
}
