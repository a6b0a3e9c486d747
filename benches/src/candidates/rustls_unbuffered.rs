//! rustls with the caller's buffers: its `unbuffered` interface.
//!
//! Each side has one buffer, made once and large enough for the whole write, which serves rustls best:
//! one call seals it, one copy sends it, and nothing has to be moved to the front.

use std::io::{ErrorKind, Read, Write};

use anyhow::{Result, anyhow, bail};
use rustls::client::UnbufferedClientConnection;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus};

use super::{Candidate, rustls_setup};
use crate::wire::Port;
use crate::{Credentials, Suite, Wires};

/// Room for the records of the longest write.
const BUFFER_LEN: usize = 160 * 1024;

struct Unbuffered {
    client: UnbufferedClientConnection,
    server: UnbufferedServerConnection,
    wires: Wires,
    sending: Vec<u8>,
    receiving: Vec<u8>,
}

/// Connects the candidate.
pub(super) fn make(suite: Suite, credentials: &Credentials) -> Result<Box<dyn Candidate>> {
    let (client, server) = rustls_setup::configs(suite, credentials)?;
    let mut unbuffered = Unbuffered {
        client: UnbufferedClientConnection::new(client, rustls_setup::server_name()?)?,
        server: UnbufferedServerConnection::new(server)?,
        wires: Wires::new(),
        sending: vec![0; BUFFER_LEN],
        receiving: vec![0; BUFFER_LEN],
    };
    unbuffered.connect()?;
    Ok(Box::new(unbuffered))
}

impl Unbuffered {
    fn connect(&mut self) -> Result<()> {
        let (mut at_client, mut at_server) = (Vec::new(), Vec::new());
        for _ in 0..20 {
            let port = &mut self.wires.client();
            let client = turns(&mut at_client, port, |bytes, out| {
                turn(self.client.process_tls_records(bytes), out)
            })?;
            let port = &mut self.wires.server();
            let server = turns(&mut at_server, port, |bytes, out| {
                turn(self.server.process_tls_records(bytes), out)
            })?;
            if client && server {
                return Ok(());
            }
        }
        bail!("the handshake does not end")
    }

    fn seal(&mut self, data: &[u8]) -> Result<usize> {
        match self.client.process_tls_records(&mut []).state {
            Ok(ConnectionState::WriteTraffic(mut traffic)) => traffic
                .encrypt(data, &mut self.sending)
                .map_err(|error: EncryptError| anyhow!("not sealed: {error}")),
            Ok(other) => bail!("instead of traffic {other:?}"),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens everything in the first `have` bytes received, into `out`; bytes opened, bytes left over.
    fn open(&mut self, have: usize, out: &mut [u8]) -> Result<(usize, usize)> {
        let (mut read, mut start) = (0, 0);
        loop {
            let status = self
                .server
                .process_tls_records(&mut self.receiving[start..have]);
            let mut discard = status.discard;
            let more = match status.state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record?;
                        discard += record.discard;
                        let end = read + record.payload.len();
                        out[read..end].copy_from_slice(record.payload);
                        read = end;
                    }
                    true
                }
                Ok(ConnectionState::WriteTraffic(_)) => false,
                Ok(other) => bail!("instead of traffic {other:?}"),
                Err(error) => return Err(error.into()),
            };
            start += discard;
            if !more || start == have {
                self.receiving.copy_within(start..have, 0);
                return Ok((read, have - start));
            }
        }
    }
}

impl Candidate for Unbuffered {
    fn carry(&mut self, data: &[u8], out: &mut [u8]) -> Result<()> {
        let sealed = self.seal(data)?;
        self.wires.up.write_all(&self.sending[..sealed])?;
        let (mut read, mut have) = (0, 0);
        while read < out.len() {
            have += self.wires.up.read(&mut self.receiving[have..])?;
            let (opened, left) = self.open(have, &mut out[read..])?;
            read += opened;
            have = left;
        }
        Ok(())
    }
}

/// What one call of rustls led to during the handshake.
enum Turn {
    Again,
    Blocked,
    Traffic,
}

/// Lets one side work until it waits for the other; whether its handshake is over.
fn turns(
    received: &mut Vec<u8>,
    port: &mut Port<'_>,
    mut turn: impl FnMut(&mut [u8], &mut Vec<u8>) -> Result<(Turn, usize)>,
) -> Result<bool> {
    match port.read_to_end(received) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        other => drop(other?),
    }
    let mut out = Vec::new();
    loop {
        let (turn, discard) = turn(received, &mut out)?;
        received.drain(..discard);
        port.write_all(&out)?;
        out.clear();
        match turn {
            Turn::Again => {}
            Turn::Blocked => return Ok(false),
            Turn::Traffic => return Ok(true),
        }
    }
}

fn turn<Data>(status: UnbufferedStatus<'_, '_, Data>, out: &mut Vec<u8>) -> Result<(Turn, usize)> {
    let turn = match status.state? {
        ConnectionState::EncodeTlsData(mut data) => {
            if let Err(EncodeError::InsufficientSize(size)) = data.encode(&mut []) {
                out.resize(size.required_size, 0);
                data.encode(out)?;
            }
            Turn::Again
        }
        ConnectionState::TransmitTlsData(data) => {
            data.done();
            Turn::Again
        }
        ConnectionState::BlockedHandshake => Turn::Blocked,
        ConnectionState::WriteTraffic(_) => Turn::Traffic,
        other => bail!("during the handshake {other:?}"),
    };
    Ok((turn, status.discard))
}
