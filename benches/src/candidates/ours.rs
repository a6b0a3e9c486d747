//! `ssl-record`: a connection driven over the transport, with and without read-ahead.

use anyhow::{Context as _, Result, bail, ensure};
use ssl_record::config::{CipherSuite, ClientConfig, Identity, Roots, ServerConfig};
use ssl_record::io::drive;
use ssl_record::{Connection, Context, Outcome, Received};

use super::Candidate;
use crate::{Credentials, Suite, Wires};

struct Ours {
    client: Connection,
    server: Connection,
    wires: Wires,
}

/// As the C library will be used: the transport is asked for a header, then for a body.
pub(super) fn record_by_record(
    suite: Suite,
    credentials: &Credentials,
) -> Result<Box<dyn Candidate>> {
    Ok(Box::new(Ours::new(suite, credentials)?))
}

/// As the stream adapters do it: the transport is asked for all it has.
pub(super) fn read_ahead(suite: Suite, credentials: &Credentials) -> Result<Box<dyn Candidate>> {
    let mut ours = Ours::new(suite, credentials)?;
    ours.server.set_read_ahead(true);
    Ok(Box::new(ours))
}

impl Ours {
    fn new(suite: Suite, credentials: &Credentials) -> Result<Self> {
        let identity = credentials.identity();
        let roots = Roots::from_pem(identity.root_pem().as_bytes())?;
        let identity = Identity::from_pem(
            identity.chain_pem().as_bytes(),
            identity.key_pem().as_bytes(),
        )?;
        let suite = CipherSuite::from_wire(suite.number).context("unknown suite")?;
        let version = suite.version();
        let client = ClientConfig::new(roots)
            .versions(version, version)
            .cipher_suites(&[suite]);
        let server = ServerConfig::new(identity)
            .versions(version, version)
            .cipher_suites(&[suite]);
        let mut ours = Self {
            client: Connection::client(&Context::client(client)?, Credentials::HOST)?,
            server: Connection::server(&Context::server(server)?)?,
            wires: Wires::new(),
        };
        ours.connect()?;
        Ok(ours)
    }

    fn connect(&mut self) -> Result<()> {
        for _ in 0..20 {
            let client = drive::handshake(&mut self.client, &mut self.wires.client())?;
            let server = drive::handshake(&mut self.server, &mut self.wires.server())?;
            if (client, server) == (Outcome::Done(()), Outcome::Done(())) {
                return Ok(());
            }
        }
        bail!("the handshake does not end")
    }
}

impl Candidate for Ours {
    fn carry(&mut self, data: &[u8], out: &mut [u8]) -> Result<()> {
        let written = drive::write(&mut self.client, &mut self.wires.up, data)?;
        ensure!(written == Outcome::Done(data.len()), "wrote {written:?}");
        let mut read = 0;
        while read < out.len() {
            match drive::read(&mut self.server, &mut self.wires.up, &mut out[read..])? {
                Outcome::Done(Received::Data(n)) => read += n,
                other => bail!("read {other:?} after {read} bytes"),
            }
        }
        Ok(())
    }
}
