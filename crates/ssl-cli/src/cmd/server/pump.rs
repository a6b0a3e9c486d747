//! Bytes from one side to another: echo and proxy.
//!
//! Owns half-closing and the end: what has arrived is passed on before close_notify is sent.

use std::io;
use std::time::Duration;

use ssl_record::io::tokio::TlsStream;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::accept::{Stop, stopping};

/// Bytes moved at once: one record.
const MOVED: usize = 16 * 1024;

/// What has arrived is still passed on after a stop, up to this: nobody may hold the server up by
/// sending without end.
const DRAINED: usize = 1024 * 1024;

/// How long to wait for the peer's end after ours.
const LINGER: Duration = Duration::from_secs(2);

/// Sends everything back.
pub(super) async fn echo(stream: TlsStream<TcpStream>, mut stop: Stop) -> io::Result<()> {
    let (mut from, mut to) = split(stream);
    pump(&mut from, &mut to, &mut stop).await?;
    linger(&mut from).await;
    Ok(())
}

/// Passes everything to a TCP server and its answers back.
pub(super) async fn forward(
    stream: TlsStream<TcpStream>,
    target: &str,
    mut stop: Stop,
) -> io::Result<()> {
    let tcp = TcpStream::connect(target).await.map_err(|error| {
        let text = format!("cannot connect to {target}: {error}; is a server listening there?");
        io::Error::new(error.kind(), text)
    })?;
    let mut back_stop = stop.clone();
    let (mut tls_from, mut tls_to) = split(stream);
    let (mut tcp_from, mut tcp_to) = split(tcp);
    tokio::try_join!(
        pump(&mut tls_from, &mut tcp_to, &mut stop),
        pump(&mut tcp_from, &mut tls_to, &mut back_stop),
    )?;
    linger(&mut tls_from).await;
    Ok(())
}

/// Moves bytes until the source ends or the server stops, then ends the sink: for TLS, with
/// close_notify behind the last byte.
async fn pump(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    stop: &mut Stop,
) -> io::Result<()> {
    let mut bytes = vec![0; MOVED];
    let mut drained = 0;
    loop {
        let len = tokio::select! {
            biased;
            len = from.read(&mut bytes) => len?,
            () = stopping(stop) => 0,
        };
        if len == 0 {
            break;
        }
        to.write_all(&bytes[..len]).await?;
        if *stop.borrow() {
            drained += len;
            if drained >= DRAINED {
                break;
            }
        }
    }
    to.shutdown().await
}

/// Reads to the peer's end, for a while: closing a socket with unread bytes makes TCP discard what was
/// sent before.
async fn linger(from: &mut (impl AsyncRead + Unpin)) {
    let mut bytes = vec![0; MOVED];
    let ended = async { while matches!(from.read(&mut bytes).await, Ok(len) if len > 0) {} };
    // Whether the peer ends in time changes nothing any more.
    drop(timeout(LINGER, ended).await);
}
