//! rustls with its own buffers: `writer`, `write_tls`, `read_tls`, `reader`.

use std::io::{ErrorKind, Read, Write};

use anyhow::{Result, bail};
use rustls::{ClientConnection, ServerConnection};

use super::{Candidate, rustls_setup};
use crate::{Credentials, Suite, Wires};

struct Buffered {
    client: ClientConnection,
    server: ServerConnection,
    wires: Wires,
}

/// Connects the candidate.
pub(super) fn make(suite: Suite, credentials: &Credentials) -> Result<Box<dyn Candidate>> {
    let (client, server) = rustls_setup::configs(suite, credentials)?;
    let mut buffered = Buffered {
        client: ClientConnection::new(client, rustls_setup::server_name()?)?,
        server: ServerConnection::new(server)?,
        wires: Wires::new(),
    };
    // One write has to fit, as it does with the other candidates.
    buffered.client.set_buffer_limit(None);
    buffered.connect()?;
    Ok(Box::new(buffered))
}

impl Buffered {
    fn connect(&mut self) -> Result<()> {
        for _ in 0..20 {
            while self.client.wants_write() {
                self.client.write_tls(&mut self.wires.up)?;
            }
            while settled(self.server.read_tls(&mut self.wires.up))? > 0 {
                self.server.process_new_packets()?;
            }
            while self.server.wants_write() {
                self.server.write_tls(&mut self.wires.down)?;
            }
            while settled(self.client.read_tls(&mut self.wires.down))? > 0 {
                self.client.process_new_packets()?;
            }
            let busy = self.client.is_handshaking()
                || self.server.is_handshaking()
                || self.client.wants_write();
            if !busy {
                return Ok(());
            }
        }
        bail!("the handshake does not end")
    }
}

impl Candidate for Buffered {
    fn carry(&mut self, data: &[u8], out: &mut [u8]) -> Result<()> {
        self.client.writer().write_all(data)?;
        while self.client.wants_write() {
            self.client.write_tls(&mut self.wires.up)?;
        }
        let mut read = 0;
        while read < out.len() {
            match self.server.reader().read(&mut out[read..]) {
                Ok(n) => {
                    read += n;
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            self.server.read_tls(&mut self.wires.up)?;
            self.server.process_new_packets()?;
        }
        Ok(())
    }
}

/// Blocked counts as nothing read.
fn settled(result: std::io::Result<usize>) -> std::io::Result<usize> {
    match result {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        other => other,
    }
}
