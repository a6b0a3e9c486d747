//! A pair over preallocated wires, for tests that count heap memory.
//!
//! Owns a transport that never allocates once it is made. It must not know what is counted.

// Clippy does not count helpers of integration tests as tests.
#![allow(clippy::unwrap_used)]

use std::io::{ErrorKind, Read, Result, Write};

use ssl_record::config::{ClientConfig, Identity, Roots, ServerConfig};
use ssl_record::io::drive;
use ssl_record::record::ProtocolVersion;
use ssl_record::{Connection, Context, Outcome, Received};
use ssl_testkit::certs::{KeyKind, Leaf, self_signed};

/// Bytes under way in one direction, in memory made at the start.
pub(crate) struct Wire {
    bytes: Vec<u8>,
    read: usize,
}

impl Wire {
    fn new(capacity: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(capacity),
            read: 0,
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        if self.read == self.bytes.len() {
            self.bytes.clear();
            self.read = 0;
        }
        let n = bytes.len().min(self.bytes.capacity() - self.bytes.len());
        if n == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.bytes.extend_from_slice(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Read for Wire {
    fn read(&mut self, space: &mut [u8]) -> Result<usize> {
        let n = (&self.bytes[self.read..]).read(space)?;
        self.read += n;
        if n == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        Ok(n)
    }
}

/// The wires of both directions.
pub(crate) struct Wires {
    pub(crate) up: Wire,
    pub(crate) down: Wire,
}

impl Wires {
    /// Room for `capacity` bytes each way.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            up: Wire::new(capacity),
            down: Wire::new(capacity),
        }
    }

    /// The client's transport.
    pub(crate) fn client(&mut self) -> Port<'_> {
        Port {
            incoming: &mut self.down,
            outgoing: &mut self.up,
        }
    }

    /// The server's transport.
    pub(crate) fn server(&mut self) -> Port<'_> {
        Port {
            incoming: &mut self.up,
            outgoing: &mut self.down,
        }
    }
}

/// One end of two wires.
pub(crate) struct Port<'a> {
    incoming: &'a mut Wire,
    outgoing: &'a mut Wire,
}

impl Read for Port<'_> {
    fn read(&mut self, space: &mut [u8]) -> Result<usize> {
        self.incoming.read(space)
    }
}

impl Write for Port<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.outgoing.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Contexts for both sides with one version, P-256.
pub(crate) fn contexts(version: ProtocolVersion) -> (Context, Context) {
    let made = self_signed(&Leaf::localhost(KeyKind::EcP256)).unwrap();
    let identity =
        Identity::from_pem(made.chain_pem().as_bytes(), made.key_pem().as_bytes()).unwrap();
    let roots = Roots::from_pem(made.root_pem().as_bytes()).unwrap();
    (
        Context::client(ClientConfig::new(roots).versions(version, version)).unwrap(),
        Context::server(ServerConfig::new(identity).versions(version, version)).unwrap(),
    )
}

/// Reads until the transport blocks; how many bytes.
pub(crate) fn read_all(
    connection: &mut Connection,
    transport: &mut (impl Read + Write),
    out: &mut [u8],
) -> usize {
    let mut total = 0;
    loop {
        match drive::read(connection, transport, out).unwrap() {
            Outcome::Done(Received::Data(n)) => total += n,
            Outcome::Done(Received::Closed) => panic!("closed after {total} bytes"),
            Outcome::Want(_) => return total,
        }
    }
}
