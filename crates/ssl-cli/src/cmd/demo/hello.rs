//! The scenes of `SEND_FALLBACK_SCSV` and the two hello times: what stands in hellos.

use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ssl_record::hello::{ClientHello, ServerFlight};
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{Connection, Context, Error, Reason, SslMode, Step};

use super::pair::Contexts;
use crate::failure::Failure;

/// Falls back to TLS 1.2, without the bit and with it, before a server that has better and one that has not.
pub(super) fn fallback_scsv(contexts: &Contexts, out: &mut dyn Write) -> Result<(), Failure> {
    for (modes, newest) in [
        (SslMode::empty(), Tls13),
        (SslMode::SEND_FALLBACK_SCSV, Tls13),
        (SslMode::SEND_FALLBACK_SCSV, Tls12),
    ] {
        let (client, server) = contexts.up_to(Tls12, newest)?;
        client.set_mode(modes);
        let (mut client, hello) = client_hello(contexts, &client)?;
        let parsed = ClientHello::parse_message(&hello[RECORD_HEADER..]).map_err(Failure::line)?;
        let suites: Vec<_> = parsed.cipher_suites().collect();
        let last = &suites[suites.len().saturating_sub(2)..];
        let last: Vec<_> = last.iter().map(|suite| format!("{suite:#06x}")).collect();
        writeln!(
            out,
            "  mode {modes}, client up to TLSv1.2, server up to {newest}: the offer ends with {}",
            last.join(" ")
        )?;
        let answered = tell_answer(&server, &hello, newest, out)?;
        if let Err(error) = give(&mut client, &answered) {
            let code = error.reason().map_or(0, Reason::packed);
            writeln!(
                out,
                "    client: {error}; OpenSSL's error code {code:#010X}"
            )?;
        }
    }
    Ok(())
}

/// What the server sends; returned, so that the client can be given it.
fn tell_answer(
    server: &Context,
    hello: &[u8],
    newest: ProtocolVersion,
    out: &mut dyn Write,
) -> Result<Vec<u8>, Failure> {
    let mut server = Connection::server(server).map_err(Failure::line)?;
    let result = give(&mut server, hello);
    let sent = server.outgoing().to_vec();
    match result {
        Ok(()) => writeln!(
            out,
            "    server sends {} ..: its ServerHello of TLSv1.2, {}",
            hex(&sent[..sent.len().min(6)]),
            if newest == Tls12 {
                "the best it has"
            } else {
                "though it has better"
            }
        )?,
        Err(error) => writeln!(out, "    server sends {}: {error}", hex(&sent))?,
    }
    Ok(sent)
}

/// The first bytes of both randoms, without the bit and with it.
pub(super) fn time(contexts: &Contexts, bit: SslMode, out: &mut dyn Write) -> Result<(), Failure> {
    for modes in [SslMode::empty(), bit] {
        let (client, server) = contexts.up_to(Tls13, Tls13)?;
        client.set_mode(modes);
        server.set_mode(modes);
        let (_, hello) = client_hello(contexts, &client)?;
        let random = if bit == SslMode::SEND_CLIENTHELLO_TIME {
            let hello = ClientHello::parse_message(&hello[RECORD_HEADER..]);
            *hello.map_err(Failure::line)?.random()
        } else {
            server_random(&server, &hello)?
        };
        tell_time(modes, &random, out)?;
    }
    Ok(())
}

fn tell_time(modes: SslMode, random: &[u8; 32], out: &mut dyn Write) -> Result<(), Failure> {
    let seconds = u32::from_be_bytes([random[0], random[1], random[2], random[3]]);
    let then = UNIX_EPOCH + Duration::from_secs(seconds.into());
    let now = SystemTime::now();
    let apart = now
        .duration_since(then)
        .or_else(|_| then.duration_since(now));
    let is_now = apart.is_ok_and(|apart| apart < CLOSE);
    writeln!(
        out,
        "  mode {modes}: random {} ..; {seconds} seconds after 1970 it is {}: {}",
        hex(&random[..8]),
        httpdate::fmt_http_date(then),
        if is_now { "the time now" } else { "no time" }
    )?;
    Ok(())
}

fn server_random(context: &Context, hello: &[u8]) -> Result<[u8; 32], Failure> {
    let mut server = Connection::server(context).map_err(Failure::line)?;
    give(&mut server, hello).map_err(Failure::line)?;
    let mut flight = ServerFlight::default();
    flight.receive(server.outgoing()).map_err(Failure::line)?;
    let hello = flight.server_hello();
    let hello = hello.ok_or_else(|| Failure::line("the server sends no hello"))?;
    Ok(*hello.map_err(Failure::line)?.random())
}

/// A client that has spoken, and the record of its first flight.
fn client_hello(contexts: &Contexts, context: &Context) -> Result<(Connection, Vec<u8>), Failure> {
    let mut client = contexts.fresh_client(context)?;
    match client.step_handshake().map_err(Failure::line)? {
        Step::Transmit => {
            let hello = client.outgoing().to_vec();
            client.transmitted(hello.len());
            Ok((client, hello))
        }
        _ => Err(Failure::line("the client says nothing")),
    }
}

/// Gives a side these bytes, until it has taken them all or answers.
fn give(side: &mut Connection, mut bytes: &[u8]) -> Result<(), Error> {
    loop {
        match side.step_handshake()? {
            Step::Receive if !bytes.is_empty() => {
                let space = side.incoming();
                let n = space.len().min(bytes.len());
                space[..n].copy_from_slice(&bytes[..n]);
                side.received(n);
                bytes = &bytes[n..];
            }
            Step::Flush => side.flushed(),
            _ => return Ok(()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}

const RECORD_HEADER: usize = 5;

/// How far from now a time may be that was taken a moment ago.
const CLOSE: Duration = Duration::from_secs(5);
