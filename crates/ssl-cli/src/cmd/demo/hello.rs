//! The scenes of `SEND_FALLBACK_SCSV` and the two hello times: what stands in hellos.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use ssl_record::hello::{ClientHello, ServerFlight};
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{Connection, Context, Error, SslMode, Step};

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
        let hello = client_hello(contexts, &client)?;
        let parsed = ClientHello::parse_message(&hello[RECORD_HEADER..]).map_err(Failure::line)?;
        let last: Vec<_> = parsed.cipher_suites().collect();
        let last = last.iter().rev().take(2).rev();
        let last: Vec<_> = last.map(|suite| format!("{suite:#06x}")).collect();
        writeln!(
            out,
            "  mode {modes}, client up to TLSv1.2, server up to {newest}: the offer ends with {}",
            last.join(" ")
        )?;
        tell_answer(&server, &hello, newest, out)?;
    }
    Ok(())
}

fn tell_answer(
    server: &Context,
    hello: &[u8],
    newest: ProtocolVersion,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let (result, answer) = answer(server, hello)?;
    let start: Vec<_> = answer
        .iter()
        .take(7)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let start = start.join(" ");
    match result {
        Ok(_) => writeln!(
            out,
            "    server sends {start} ..: its ServerHello of TLSv1.2, {}",
            if newest == Tls12 {
                "the best it has"
            } else {
                "though both have better"
            }
        )?,
        Err(error) => writeln!(out, "    server sends {start}: {error}")?,
    }
    Ok(())
}

/// The first bytes of both randoms, without the bit and with it.
pub(super) fn time(contexts: &Contexts, bit: SslMode, out: &mut dyn Write) -> Result<(), Failure> {
    for modes in [SslMode::empty(), bit] {
        let (client, server) = contexts.up_to(Tls13, Tls13)?;
        client.set_mode(modes);
        server.set_mode(modes);
        let hello = client_hello(contexts, &client)?;
        let random = if bit == SslMode::SEND_CLIENTHELLO_TIME {
            let hello = ClientHello::parse_message(&hello[RECORD_HEADER..]);
            *hello.map_err(Failure::line)?.random()
        } else {
            let (result, answer) = answer(&server, &hello)?;
            result.map_err(Failure::line)?;
            let mut flight = ServerFlight::default();
            flight.receive(&answer).map_err(Failure::line)?;
            let hello = flight.server_hello();
            let hello = hello.ok_or_else(|| Failure::line("the server sends no hello"))?;
            *hello.map_err(Failure::line)?.random()
        };
        let seconds = u32::from_be_bytes([random[0], random[1], random[2], random[3]]);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_err(Failure::line)?;
        let is_now = u64::from(seconds).abs_diff(now.as_secs()) < 5;
        let says = if is_now { "the time now" } else { "no time" };
        let bytes: Vec<_> = random[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        writeln!(
            out,
            "  mode {modes}: random {} ..: as seconds since 1970, {seconds}: {says}",
            bytes.join(" ")
        )?;
    }
    Ok(())
}

/// The record of a client's first flight.
fn client_hello(contexts: &Contexts, context: &Context) -> Result<Vec<u8>, Failure> {
    let mut client = contexts.fresh_client(context)?;
    match client.step_handshake().map_err(Failure::line)? {
        Step::Transmit => Ok(client.outgoing().to_vec()),
        _ => Err(Failure::line("the client says nothing")),
    }
}

/// What a server makes of a hello, and what it sends.
fn answer(context: &Context, mut hello: &[u8]) -> Result<(Result<(), Error>, Vec<u8>), Failure> {
    let mut server = Connection::server(context).map_err(Failure::line)?;
    loop {
        match server.step_handshake() {
            Ok(Step::Receive) if !hello.is_empty() => {
                let space = server.incoming();
                let n = space.len().min(hello.len());
                space[..n].copy_from_slice(&hello[..n]);
                server.received(n);
                hello = &hello[n..];
            }
            Ok(Step::Transmit) => return Ok((Ok(()), server.outgoing().to_vec())),
            Ok(_) => return Err(Failure::line("the server does not answer")),
            Err(error) => return Ok((Err(error), server.outgoing().to_vec())),
        }
    }
}

const RECORD_HEADER: usize = 5;
