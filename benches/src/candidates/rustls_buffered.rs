//! rustls with its own buffers: `writer`, `write_tls`, `read_tls`, `reader`.

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;

use anyhow::Result;
use rustls::{
    ClientConfig, ClientConnection, Connection, HandshakeKind, ServerConfig, ServerConnection,
};

use super::{End, Stack, rustls_setup};
use crate::wire::Port;
use crate::{Credentials, Terms};

struct Buffered {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

/// Sets the candidate up.
pub(super) fn make(terms: &Terms, credentials: &Credentials) -> Result<Box<dyn Stack>> {
    let (client, server) = rustls_setup::configs(terms, credentials)?;
    Ok(Box::new(Buffered { client, server }))
}

impl Stack for Buffered {
    fn client(&self) -> Result<Box<dyn End>> {
        let config = Arc::clone(&self.client);
        let connection = ClientConnection::new(config, rustls_setup::server_name()?)?;
        Ok(end(Connection::Client(connection)))
    }

    fn server(&self) -> Result<Box<dyn End>> {
        let connection = ServerConnection::new(Arc::clone(&self.server))?;
        Ok(end(Connection::Server(connection)))
    }

    fn has_hybrid(&self) -> bool {
        rustls_setup::HAS_HYBRID
    }
}

fn end(mut connection: Connection) -> Box<dyn End> {
    // One write has to fit, as it does with the other candidates.
    connection.set_buffer_limit(None);
    Box::new(connection)
}

impl End for Connection {
    fn handshake(&mut self, port: &mut Port<'_>) -> Result<bool> {
        while self.is_handshaking() && !self.wants_write() {
            if settled(self.read_tls(port))? == 0 {
                break;
            }
            self.process_new_packets()?;
        }
        while self.wants_write() {
            self.write_tls(port)?;
        }
        Ok(!self.is_handshaking())
    }

    fn write(&mut self, port: &mut Port<'_>, data: &[u8]) -> Result<()> {
        self.writer().write_all(data)?;
        while self.wants_write() {
            self.write_tls(port)?;
        }
        Ok(())
    }

    fn read(&mut self, port: &mut Port<'_>, out: &mut [u8]) -> Result<usize> {
        loop {
            let n = settled(self.reader().read(out))?;
            if n > 0 || settled(self.read_tls(port))? == 0 {
                return Ok(n);
            }
            self.process_new_packets()?;
        }
    }

    fn resumed(&self) -> bool {
        self.handshake_kind() == Some(HandshakeKind::Resumed)
    }
}

/// Blocked counts as nothing read.
fn settled(result: std::io::Result<usize>) -> std::io::Result<usize> {
    match result {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        other => other,
    }
}
