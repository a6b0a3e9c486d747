//! Why `ACCEPT_MOVING_WRITE_BUFFER` exists: a write that blocks must be repeated, and by then the
//! caller's buffer may stand elsewhere.
//!
//! `cargo run -p ssl-record --example moving_buffer` needs nothing and ends by itself: client and server
//! are joined by a pipe in memory that holds only so much.

use std::error::Error;

use ssl_record::config::{ClientConfig, Identity, Roots, ServerConfig};
use ssl_record::io::{CallError, TlsStream};
use ssl_record::{Connection, Context, Outcome, Received, SslMode};
use ssl_testkit::certs::{CertificateAuthority, KeyKind, Leaf};
use ssl_testkit::pipe::{End, pipe};

/// Three records: the pipe below takes one and a part of the second.
const LEN: usize = 40_000;

fn main() -> Result<(), Box<dyn Error>> {
    println!("1. A queue that grows between two calls, without the mode:");
    println!("   {}\n", attempt(SslMode::empty())?);
    println!("2. The same with ACCEPT_MOVING_WRITE_BUFFER:");
    println!("   {}", attempt(SslMode::ACCEPT_MOVING_WRITE_BUFFER)?);
    Ok(())
}

/// Writes, blocks, lets the buffer move, and repeats the write; what came of it.
fn attempt(mode: SslMode) -> Result<String, Box<dyn Error>> {
    let (mut client, mut server) = connected()?;
    client.connection_mut().set_mode(mode);
    let link = client.transport().outgoing();

    let queue = vec![b'x'; LEN];
    link.set_budget(Some(20_000));
    let outcome = client.write_tls(&queue)?;
    println!("   first call: {outcome:?}; a part of the data is sealed and cannot be taken back");

    // While the socket is full more is queued, and the queue outgrows its memory. The old memory is kept
    // here, so that the new one certainly stands elsewhere.
    let old = queue;
    let queue: Vec<u8> = old.iter().copied().chain([b'y'; 9]).collect();
    println!("   the queue grows and moves; what was sealed is still at its front");

    link.set_budget(None);
    match client.write_tls(&queue) {
        Ok(outcome) => {
            let received = read_all(&mut server)?;
            let same = received == queue;
            Ok(format!(
                "second call: {outcome:?}; the peer read {} bytes, each as it was written: {same}",
                received.len()
            ))
        }
        Err(CallError::Tls(error)) => Ok(format!("second call: error: {error}")),
        Err(error) => Err(error.into()),
    }
}

/// A client and a server with the handshake done.
fn connected() -> Result<(TlsStream<End>, TlsStream<End>), Box<dyn Error>> {
    let authority = CertificateAuthority::new(KeyKind::EcP256)?;
    let issued = authority.issue(&Leaf::localhost(KeyKind::EcP256))?;
    let identity = Identity::from_pem(issued.chain_pem().as_bytes(), issued.key_pem().as_bytes())?;
    let roots = Roots::from_pem(authority.cert_pem().as_bytes())?;
    let client = Context::client(ClientConfig::new(roots))?;
    let server = Context::server(ServerConfig::new(identity))?;
    let (client_end, server_end) = pipe();
    let mut client = TlsStream::new(Connection::client(&client, "localhost")?, client_end);
    let mut server = TlsStream::new(Connection::server(&server)?, server_end);
    while client.handshake()?.want().is_some() | server.handshake()?.want().is_some() {}
    Ok((client, server))
}

/// Everything that has arrived.
fn read_all(stream: &mut TlsStream<End>) -> Result<Vec<u8>, CallError> {
    let (mut all, mut piece) = (Vec::new(), [0; 4096]);
    while let Outcome::Done(Received::Data(n)) = stream.read_tls(&mut piece)? {
        all.extend_from_slice(&piece[..n]);
    }
    Ok(all)
}
