//! A client and a server joined by a pipe, and results in words.
//!
//! Owns the set-up that every scene needs. Must not know what is shown.

use std::fmt::Debug;
use std::io::Write;
use std::sync::Arc;

use ssl_record::config::{AsyncSigner, ClientConfig, Identity, Roots, ServerConfig};
use ssl_record::io::{CallError, drive};
use ssl_record::record::ProtocolVersion;
use ssl_record::{Connection, Context, LocalKey, Outcome, Received, SslMode};

use crate::certificate;
use crate::failure::Failure;
use crate::pipe::{End, pipe};

/// The name in the certificate.
const HOST: &str = "demo.example";

/// The configuration of both sides.
pub(super) struct Contexts {
    client: ClientConfig,
    server: ServerConfig,
    chain_pem: String,
    key: LocalKey,
}

impl Contexts {
    /// With a certificate made for the occasion.
    pub(super) fn new() -> Result<Self, Failure> {
        let made = certificate::generate(&[HOST.to_owned()]).map_err(Failure::line)?;
        let roots = Roots::from_pem(made.ca_pem.as_bytes()).map_err(Failure::line)?;
        Ok(Self {
            client: ClientConfig::new(roots),
            server: ServerConfig::new(made.identity),
            chain_pem: made.chain_pem,
            key: made.key,
        })
    }

    /// A client context with these modes.
    pub(super) fn client(&self, modes: SslMode) -> Result<Context, Failure> {
        let context = Context::client(self.client.clone()).map_err(Failure::line)?;
        Ok(with_modes(context, modes))
    }

    /// A server context with these modes.
    pub(super) fn server(&self, modes: SslMode) -> Result<Context, Failure> {
        let context = Context::server(self.server.clone()).map_err(Failure::line)?;
        Ok(with_modes(context, modes))
    }

    /// Contexts of both sides up to these versions.
    pub(super) fn up_to(
        &self,
        client: ProtocolVersion,
        server: ProtocolVersion,
    ) -> Result<(Context, Context), Failure> {
        let oldest = ProtocolVersion::Tls12;
        let client = self.client.clone().versions(oldest, client);
        let server = self.server.clone().versions(oldest, server);
        Ok((
            Context::client(client).map_err(Failure::line)?,
            Context::server(server).map_err(Failure::line)?,
        ))
    }

    /// A server context with these modes whose signatures are made by this signer, given the key.
    pub(super) fn server_with_signer(
        &self,
        modes: SslMode,
        signer: impl FnOnce(LocalKey) -> Arc<dyn AsyncSigner>,
    ) -> Result<Context, Failure> {
        let signer = signer(self.key.clone());
        let identity = Identity::with_signer(self.chain_pem.as_bytes(), signer);
        let config = ServerConfig::new(identity.map_err(Failure::line)?);
        let context = Context::server(config).map_err(Failure::line)?;
        Ok(with_modes(context, modes))
    }

    /// A server context with these modes that keeps no buffers for reuse.
    pub(super) fn server_without_pool(&self, modes: SslMode) -> Result<Context, Failure> {
        let config = self.server.clone().pool_bound(0);
        let context = Context::server(config).map_err(Failure::line)?;
        Ok(with_modes(context, modes))
    }

    /// A connected pair whose client has these modes and has not read the session tickets.
    pub(super) fn connected(&self, modes: SslMode) -> Result<Pair, Failure> {
        Pair::connected(&self.client(modes)?, &self.server(SslMode::default())?)
    }

    /// A client that has not begun.
    pub(super) fn fresh_client(&self, context: &Context) -> Result<Connection, Failure> {
        Connection::client(context, HOST).map_err(Failure::line)
    }
}

fn with_modes(context: Context, modes: SslMode) -> Context {
    context.set_mode(modes);
    context.clear_mode(!modes);
    context
}

/// One side.
pub(super) struct Half {
    pub(super) connection: Connection,
    pub(super) end: End,
}

/// Both sides.
pub(super) struct Pair {
    pub(super) client: Half,
    pub(super) server: Half,
}

impl Pair {
    /// The two, before their handshake.
    pub(super) fn fresh(client: &Context, server: &Context) -> Result<Self, Failure> {
        let (client_end, server_end) = pipe();
        let connection = Connection::client(client, HOST).map_err(Failure::line)?;
        let client = Half {
            connection,
            end: client_end,
        };
        let connection = Connection::server(server).map_err(Failure::line)?;
        let server = Half {
            connection,
            end: server_end,
        };
        Ok(Self { client, server })
    }

    /// Connects the two.
    pub(super) fn connected(client: &Context, server: &Context) -> Result<Self, Failure> {
        let mut pair = Self::fresh(client, server)?;
        let mut done = false;
        // Each round carries a flight each way; a handshake has at most three.
        for _ in 0..4 {
            let one = pair.client.handshake()?;
            let other = pair.server.handshake()?;
            done = one.done().is_some() && other.done().is_some();
        }
        if done {
            Ok(pair)
        } else {
            Err(Failure::line("the handshake in memory does not end"))
        }
    }
}

impl Half {
    pub(super) fn handshake(&mut self) -> Result<Outcome<()>, Failure> {
        drive::handshake(&mut self.connection, &mut self.end).map_err(Failure::line)
    }

    pub(super) fn write(&mut self, data: &[u8]) -> Result<Outcome<usize>, CallError> {
        drive::write(&mut self.connection, &mut self.end, data)
    }

    pub(super) fn read(&mut self, out: &mut [u8]) -> Result<Outcome<Received>, CallError> {
        drive::read(&mut self.connection, &mut self.end, out)
    }

    /// Everything that can be read now.
    pub(super) fn read_all(&mut self) -> Result<Vec<u8>, Failure> {
        let mut all = Vec::new();
        let mut space = vec![0; 16 * 1024];
        while let Outcome::Done(Received::Data(n)) = self.read(&mut space).map_err(Failure::line)? {
            all.extend_from_slice(&space[..n]);
        }
        Ok(all)
    }
}

/// Prints a call and its result.
pub(super) fn show<T: Debug>(
    out: &mut dyn Write,
    call: &str,
    result: &Result<Outcome<T>, CallError>,
) -> Result<(), Failure> {
    let result = match result {
        Ok(outcome) => format!("{outcome:?}"),
        Err(error) => format!("error: {error}"),
    };
    writeln!(out, "    {call:<44} -> {result}")?;
    Ok(())
}
