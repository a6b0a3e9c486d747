//! A client and a server joined by a virtual pipe, in one thread.

use std::sync::OnceLock;

use ssl_record::config::{CipherSuite, ClientConfig, Identity, Roots, ServerConfig};
use ssl_record::io::{CallError, drive};
use ssl_record::record::ProtocolVersion;
use ssl_record::{Connection, Context, Error, Outcome, Received, Shutdown};
use ssl_testkit::certs::{CertificateAuthority, KeyKind, Leaf};
use ssl_testkit::pipe::{End, pipe};

/// The host name of every test certificate.
pub(crate) const HOST: &str = "localhost";

/// One end of a pair.
pub(crate) struct Half {
    pub(crate) connection: Connection,
    pub(crate) end: End,
}

/// Both ends. Bytes written by one wait in the pipe until the other reads.
pub(crate) struct Pair {
    pub(crate) client: Half,
    pub(crate) server: Half,
}

/// A certificate for [`HOST`] and the roots that verify it, made once per key kind.
pub(crate) fn identity(kind: KeyKind) -> (Identity, Roots) {
    static MADE: OnceLock<Vec<(KeyKind, Identity, Roots)>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let make = |&kind: &KeyKind| {
            let authority = CertificateAuthority::new(kind).unwrap();
            let issued = authority.issue(&Leaf::localhost(kind)).unwrap();
            let identity =
                Identity::from_pem(issued.chain_pem().as_bytes(), issued.key_pem().as_bytes())
                    .unwrap();
            (
                kind,
                identity,
                Roots::from_pem(issued.root_pem().as_bytes()).unwrap(),
            )
        };
        KeyKind::ALL.iter().map(make).collect()
    });
    let (_, identity, roots) = made.iter().find(|(made, ..)| *made == kind).unwrap();
    (identity.clone(), roots.clone())
}

/// Configurations for both sides with one version, P-256.
pub(crate) fn configs(version: ProtocolVersion) -> (ClientConfig, ServerConfig) {
    let (identity, roots) = identity(KeyKind::EcP256);
    (
        ClientConfig::new(roots).versions(version, version),
        ServerConfig::new(identity).versions(version, version),
    )
}

/// Contexts for both sides with one version, P-256.
pub(crate) fn contexts(version: ProtocolVersion) -> (Context, Context) {
    let (client, server) = configs(version);
    (
        Context::client(client).unwrap(),
        Context::server(server).unwrap(),
    )
}

/// Contexts for both sides with one suite and a key of that kind.
pub(crate) fn contexts_with(suite: CipherSuite, kind: KeyKind) -> (Context, Context) {
    let (identity, roots) = identity(kind);
    let version = suite.version();
    let client = ClientConfig::new(roots)
        .versions(version, version)
        .cipher_suites(&[suite]);
    let server = ServerConfig::new(identity)
        .versions(version, version)
        .cipher_suites(&[suite]);
    (
        Context::client(client).unwrap(),
        Context::server(server).unwrap(),
    )
}

impl Pair {
    /// A pair that has not started.
    pub(crate) fn fresh(client: &Context, server: &Context) -> Self {
        let (client_end, server_end) = pipe();
        Self {
            client: Half {
                connection: Connection::client(client, HOST).unwrap(),
                end: client_end,
            },
            server: Half {
                connection: Connection::server(server).unwrap(),
                end: server_end,
            },
        }
    }

    /// A pair with the handshake done and the client's tickets read.
    pub(crate) fn established(version: ProtocolVersion) -> Self {
        let (client, server) = contexts(version);
        Self::connected(&client, &server)
    }

    /// As [`Pair::established`], with these contexts.
    pub(crate) fn connected(client: &Context, server: &Context) -> Self {
        let mut pair = Self::fresh(client, server);
        pair.handshake();
        pair.client.expect_no_data();
        pair.server.expect_no_data();
        pair
    }

    /// A pair that has not started, with contexts of its own.
    pub(crate) fn of(client: ClientConfig, server: ServerConfig) -> Self {
        let client = Context::client(client).unwrap();
        Self::fresh(&client, &Context::server(server).unwrap())
    }

    /// Runs the handshake to its end on both sides.
    pub(crate) fn handshake(&mut self) {
        for _ in 0..20 {
            let client = self.client.handshake().unwrap();
            let server = self.server.handshake().unwrap();
            if client == Outcome::Done(()) && server == Outcome::Done(()) {
                return;
            }
        }
        panic!("handshake does not end");
    }
}

impl Half {
    pub(crate) fn handshake(&mut self) -> Result<Outcome<()>, CallError> {
        drive::handshake(&mut self.connection, &mut self.end)
    }

    pub(crate) fn write(&mut self, data: &[u8]) -> Result<Outcome<usize>, CallError> {
        drive::write(&mut self.connection, &mut self.end, data)
    }

    pub(crate) fn read(&mut self, out: &mut [u8]) -> Result<Outcome<Received>, CallError> {
        drive::read(&mut self.connection, &mut self.end, out)
    }

    pub(crate) fn peek(&mut self, out: &mut [u8]) -> Result<Outcome<Received>, CallError> {
        drive::peek(&mut self.connection, &mut self.end, out)
    }

    pub(crate) fn shutdown(&mut self) -> Result<Outcome<Shutdown>, CallError> {
        drive::shutdown(&mut self.connection, &mut self.end)
    }

    /// Reads until the transport is empty or the peer has closed; everything read.
    pub(crate) fn read_all(&mut self) -> Result<Vec<u8>, CallError> {
        let (mut all, mut piece) = (Vec::new(), vec![0; 20_000]);
        while let Outcome::Done(Received::Data(n)) = self.read(&mut piece)? {
            all.extend_from_slice(&piece[..n]);
        }
        Ok(all)
    }

    /// Handles what has arrived, which must not be data.
    pub(crate) fn expect_no_data(&mut self) {
        assert_eq!(self.read_all().unwrap(), b"");
    }
}

/// The TLS error of a call that must have failed.
pub(crate) fn tls_error<T: core::fmt::Debug>(result: Result<T, CallError>) -> Error {
    match result {
        Err(CallError::Tls(error)) => error,
        other => panic!("expected a TLS error, got {other:?}"),
    }
}
