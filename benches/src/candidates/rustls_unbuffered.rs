//! rustls with the caller's buffers: its `unbuffered` interface.
//!
//! The caller has one buffer for each direction, shared by all its connections, which serves rustls best:
//! one call seals a long write, one copy sends it, and an idle connection owns no buffer.

use std::cell::RefCell;
use std::io::{ErrorKind, Read, Write};
use std::rc::Rc;
use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use rustls::client::UnbufferedClientConnection;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus};
use rustls::{ClientConfig, HandshakeKind, ServerConfig};

use super::{End, Stack, rustls_setup};
use crate::wire::Port;
use crate::{Credentials, Terms};

/// Room for the records of the longest write that is sealed at once.
const BUFFER_LEN: usize = 160 * 1024;
/// The longest write that is sealed at once.
const SEALED_AT_ONCE: usize = 128 * 1024;

/// The buffers of the thread.
struct Buffers {
    sending: Vec<u8>,
    receiving: Vec<u8>,
}

struct Unbuffered {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    buffers: Rc<RefCell<Buffers>>,
}

/// Sets the candidate up.
pub(super) fn make(terms: &Terms, credentials: &Credentials) -> Result<Box<dyn Stack>> {
    let (client, server) = rustls_setup::configs(terms, credentials)?;
    Ok(Box::new(Unbuffered {
        client,
        server,
        buffers: Rc::new(RefCell::new(Buffers {
            sending: vec![0; BUFFER_LEN],
            receiving: vec![0; BUFFER_LEN],
        })),
    }))
}

impl Stack for Unbuffered {
    fn client(&self) -> Result<Box<dyn End>> {
        let config = Arc::clone(&self.client);
        let connection = UnbufferedClientConnection::new(config, rustls_setup::server_name()?)?;
        Ok(self.end(connection))
    }

    fn server(&self) -> Result<Box<dyn End>> {
        Ok(self.end(UnbufferedServerConnection::new(Arc::clone(&self.server))?))
    }

    fn has_hybrid(&self) -> bool {
        rustls_setup::HAS_HYBRID
    }
}

impl Unbuffered {
    fn end<C: Side + 'static>(&self, connection: C) -> Box<dyn End> {
        Box::new(OneEnd {
            connection,
            buffers: Rc::clone(&self.buffers),
            left: Vec::new(),
        })
    }
}

/// What a client's and a server's connection have in common, for which rustls has no trait.
trait Side {
    type Data;
    fn process<'c, 'i>(&'c mut self, bytes: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data>;
    fn kind(&self) -> Option<HandshakeKind>;
}

macro_rules! side {
    ($connection:ty, $data:ty) => {
        impl Side for $connection {
            type Data = $data;
            fn process<'c, 'i>(
                &'c mut self,
                bytes: &'i mut [u8],
            ) -> UnbufferedStatus<'c, 'i, $data> {
                self.process_tls_records(bytes)
            }
            fn kind(&self) -> Option<HandshakeKind> {
                self.handshake_kind()
            }
        }
    };
}
side!(
    UnbufferedClientConnection,
    rustls::client::ClientConnectionData
);
side!(
    UnbufferedServerConnection,
    rustls::server::ServerConnectionData
);

struct OneEnd<C> {
    connection: C,
    buffers: Rc<RefCell<Buffers>>,
    /// The beginning of a record whose end has not arrived.
    left: Vec<u8>,
}

impl<C: Side> OneEnd<C> {
    /// Opens what is in `received` and the transport has beside; plaintext goes to `out`.
    fn open(&mut self, received: &mut [u8], out: &mut [u8]) -> Result<usize> {
        let (mut read, mut start) = (0, 0);
        loop {
            let status = self.connection.process(&mut received[start..]);
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
            if !more || start == received.len() {
                self.left.extend_from_slice(&received[start..]);
                return Ok(read);
            }
        }
    }
}

impl<C: Side> End for OneEnd<C> {
    fn handshake(&mut self, port: &mut Port<'_>) -> Result<bool> {
        let mut received = core::mem::take(&mut self.left);
        match port.read_to_end(&mut received) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            other => drop(other?),
        }
        let mut buffers = self.buffers.borrow_mut();
        let mut start = 0;
        let is_done = loop {
            let (turn, discard) = turn(
                self.connection.process(&mut received[start..]),
                &mut buffers.sending,
            )?;
            start += discard;
            match turn {
                Turn::Again => {}
                Turn::Encoded(n) => port.write_all(&buffers.sending[..n])?,
                Turn::Blocked => break false,
                Turn::Traffic => break true,
            }
        };
        self.left = received[start..].to_vec();
        Ok(is_done)
    }

    fn write(&mut self, port: &mut Port<'_>, data: &[u8]) -> Result<()> {
        let mut buffers = self.buffers.borrow_mut();
        for part in data.chunks(SEALED_AT_ONCE) {
            let sealed = match self.connection.process(&mut []).state {
                Ok(ConnectionState::WriteTraffic(mut traffic)) => traffic
                    .encrypt(part, &mut buffers.sending)
                    .map_err(|error: EncryptError| anyhow!("not sealed: {error}"))?,
                Ok(other) => bail!("instead of traffic {other:?}"),
                Err(error) => return Err(error.into()),
            };
            port.write_all(&buffers.sending[..sealed])?;
        }
        Ok(())
    }

    fn read(&mut self, port: &mut Port<'_>, out: &mut [u8]) -> Result<usize> {
        let buffers = Rc::clone(&self.buffers);
        let receiving = &mut buffers.borrow_mut().receiving;
        let mut have = self.left.len();
        receiving[..have].copy_from_slice(&self.left);
        self.left.clear();
        // A record's plaintext has to fit into what is left of `out`.
        let room = receiving.len().min(have.max(out.len() + RECORD_ROOM));
        match port.read(&mut receiving[have..room]) {
            Ok(n) => have += n,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
        self.open(&mut receiving[..have], out)
    }

    fn resumed(&self) -> bool {
        self.connection.kind() == Some(HandshakeKind::Resumed)
    }
}

/// What the record or the ticket around a byte may need.
const RECORD_ROOM: usize = 4096;

/// What one call of rustls led to during the handshake.
enum Turn {
    Again,
    Encoded(usize),
    Blocked,
    Traffic,
}

fn turn<Data>(status: UnbufferedStatus<'_, '_, Data>, out: &mut [u8]) -> Result<(Turn, usize)> {
    let turn = match status.state? {
        ConnectionState::EncodeTlsData(mut data) => match data.encode(out) {
            Ok(n) => Turn::Encoded(n),
            Err(error @ EncodeError::InsufficientSize(_)) => bail!("flight: {error}"),
            Err(error) => return Err(error.into()),
        },
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
