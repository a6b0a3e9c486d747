//! `ssl-record`: a connection driven over the transport, with and without read-ahead, and with the keys of idle
//! connections folded.

use anyhow::{Context as _, Result, bail, ensure};
use ssl_record::config::{CipherSuite, ClientConfig, Identity, NamedGroup, Roots, ServerConfig};
use ssl_record::io::drive;
use ssl_record::{Connection, Context, Outcome, Received, SslMode, Want};

use super::{End, Stack};
use crate::wire::Port;
use crate::{Credentials, Terms};

struct Ours {
    client: Context,
    server: Context,
    /// Set up as a stream adapter's.
    ahead: bool,
}

/// As the C library is: the transport is asked for a header, then for a body, and given record by record.
pub(super) fn record_by_record(terms: &Terms, credentials: &Credentials) -> Result<Box<dyn Stack>> {
    Ok(Box::new(Ours::new(terms, credentials, false)?))
}

/// As the stream adapters do it: the transport is asked for all it has, and given several records at once.
pub(super) fn read_ahead(terms: &Terms, credentials: &Credentials) -> Result<Box<dyn Stack>> {
    Ok(Box::new(Ours::new(terms, credentials, true)?))
}

/// As it is for a great many idle connections: none of them keeps its keys expanded.
pub(super) fn folded(terms: &Terms, credentials: &Credentials) -> Result<Box<dyn Stack>> {
    let ours = Ours::new(terms, credentials, true)?;
    ours.client.fold_idle_keys(Some(0));
    ours.server.fold_idle_keys(Some(0));
    Ok(Box::new(ours))
}

impl Ours {
    fn new(terms: &Terms, credentials: &Credentials, ahead: bool) -> Result<Self> {
        let identity = credentials.identity(terms.key);
        let roots = Roots::from_pem(identity.root_pem().as_bytes())?;
        let identity = Identity::from_pem(
            identity.chain_pem().as_bytes(),
            identity.key_pem().as_bytes(),
        )?;
        let suite = CipherSuite::from_wire(terms.number()).context("unknown suite")?;
        let version = suite.version();
        let group = match terms.hybrid {
            true => NamedGroup::X25519MlKem768,
            false => NamedGroup::X25519,
        };
        let client = ClientConfig::new(roots)
            .versions(version, version)
            .cipher_suites(&[suite])
            .groups(&[group])
            .sessions(if terms.resume { 256 } else { 0 });
        let server = ServerConfig::new(identity)
            .versions(version, version)
            .cipher_suites(&[suite])
            .groups(&[group])
            .tickets(terms.resume)
            .session_cache(0)
            .tls13_tickets(usize::from(terms.resume));
        let ours = Self {
            client: Context::client(client)?,
            server: Context::server(server)?,
            ahead,
        };
        if terms.release {
            ours.client.set_mode(SslMode::RELEASE_BUFFERS);
            ours.server.set_mode(SslMode::RELEASE_BUFFERS);
        }
        Ok(ours)
    }

    fn end(&self, mut connection: Connection) -> Box<dyn End> {
        connection.set_read_ahead(self.ahead);
        connection.set_seal_ahead(self.ahead);
        Box::new(connection)
    }
}

impl Stack for Ours {
    fn client(&self) -> Result<Box<dyn End>> {
        Ok(self.end(Connection::client(&self.client, Credentials::HOST)?))
    }

    fn server(&self) -> Result<Box<dyn End>> {
        Ok(self.end(Connection::server(&self.server)?))
    }

    fn has_hybrid(&self) -> bool {
        super::rustls_setup::HAS_HYBRID
    }
}

impl End for Connection {
    fn handshake(&mut self, port: &mut Port<'_>) -> Result<bool> {
        Ok(drive::handshake(self, port)? == Outcome::Done(()))
    }

    fn write(&mut self, port: &mut Port<'_>, data: &[u8]) -> Result<()> {
        let written = drive::write(self, port, data)?;
        ensure!(written == Outcome::Done(data.len()), "wrote {written:?}");
        Ok(())
    }

    fn read(&mut self, port: &mut Port<'_>, out: &mut [u8]) -> Result<usize> {
        match drive::read(self, port, out)? {
            Outcome::Done(Received::Data(n)) => Ok(n),
            Outcome::Want(Want::Read) => Ok(0),
            other => bail!("read {other:?}"),
        }
    }

    fn resumed(&self) -> bool {
        self.negotiated()
            .is_some_and(|negotiated| negotiated.resumed)
    }
}
