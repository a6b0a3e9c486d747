//! A client and a server joined by a pipe, used for input after input as long as both live.
//!
//! Handshakes cost a thousand times what a script costs; so a script leaves its pair as it found it,
//! or drops it.

use std::cell::RefCell;
use std::sync::OnceLock;

use ssl_record::config::{ClientConfig, Identity, NamedGroup, Roots, ServerConfig};
use ssl_record::io::{CallError, drive};
use ssl_record::record::ProtocolVersion;
use ssl_record::{Connection, Context, KeyUpdateRequest, Outcome, Received, SslMode};
use ssl_testkit::certs::{KeyKind, Leaf, self_signed};
use ssl_testkit::pattern::Pattern;
use ssl_testkit::pipe::{End, Link, pipe};

/// The name in the certificate.
pub const HOST: &str = "localhost";
/// The stream that scripts write; it starts over with each.
pub const SEED: u64 = 0x7e57;

/// One end of a pair.
pub struct Half {
    /// The connection.
    pub connection: Connection,
    /// Its transport.
    pub end: End,
}

/// A connected pair.
pub struct Pair {
    /// The side that sent the ClientHello.
    pub client: Half,
    /// The side that answered.
    pub server: Half,
    tls12: bool,
}

/// Contexts for both sides with one version, made once.
pub fn contexts(tls12: bool) -> &'static (Context, Context) {
    static MADE: OnceLock<[(Context, Context); 2]> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        [ProtocolVersion::Tls13, ProtocolVersion::Tls12].map(|version| {
            let made = self_signed(&Leaf::localhost(KeyKind::EcP256)).unwrap();
            let identity =
                Identity::from_pem(made.chain_pem().as_bytes(), made.key_pem().as_bytes());
            let roots = Roots::from_pem(made.root_pem().as_bytes()).unwrap();
            let client = ClientConfig::new(roots)
                .versions(version, version)
                .groups(&[NamedGroup::X25519]);
            let server = ServerConfig::new(identity.unwrap()).versions(version, version);
            (
                Context::client(client).unwrap(),
                Context::server(server).unwrap(),
            )
        })
    });
    &made[usize::from(tls12)]
}

thread_local! {
    static SPARE: RefCell<[Option<Pair>; 2]> = const { RefCell::new([None, None]) };
}

impl Pair {
    /// A pair with nothing under way but, if it is fresh, tickets of TLS 1.3.
    pub fn take(tls12: bool, fresh: bool) -> Self {
        let spare = SPARE.with_borrow_mut(|spare| spare[usize::from(tls12)].take());
        match spare.filter(|_| !fresh) {
            Some(pair) => pair,
            None => Self::connect(tls12),
        }
    }

    /// Keeps the pair for the next input. Nothing may be under way; settings are put back here.
    pub fn give_back(mut self) {
        for half in [&mut self.client, &mut self.server] {
            let connection = &mut half.connection;
            connection.clear_mode(SslMode::all());
            connection.set_mode(SslMode::default());
            assert!(connection.set_max_send_fragment(16_384));
            assert!(connection.set_split_send_fragment(16_384));
            connection.set_read_ahead(false);
            connection.set_seal_ahead(false);
            let link = half.end.outgoing();
            link.set_budget(None);
            link.set_wmax(None);
            link.set_rmax(None);
            assert_eq!(link.unread(), 0, "bytes under way");
        }
        let tls12 = usize::from(self.tls12);
        SPARE.with_borrow_mut(|spare| spare[tls12] = Some(self));
    }

    fn connect(tls12: bool) -> Self {
        let (client, server) = contexts(tls12);
        let (client_end, server_end) = pipe();
        client_end.outgoing().set_capture(false);
        server_end.outgoing().set_capture(false);
        let mut pair = Self {
            client: Half {
                connection: Connection::client(client, HOST).unwrap(),
                end: client_end,
            },
            server: Half {
                connection: Connection::server(server).unwrap(),
                end: server_end,
            },
            tls12,
        };
        for _ in 0..20 {
            let client = pair.client.handshake();
            if pair.server.handshake() && client {
                return pair;
            }
        }
        panic!("handshake does not end");
    }
}

impl Half {
    fn handshake(&mut self) -> bool {
        drive::handshake(&mut self.connection, &mut self.end).unwrap() == Outcome::Done(())
    }

    /// See [`drive::write`].
    pub fn write(&mut self, data: &[u8]) -> Result<Outcome<usize>, CallError> {
        drive::write(&mut self.connection, &mut self.end, data)
    }

    /// See [`drive::read`].
    pub fn read(&mut self, out: &mut [u8]) -> Result<Outcome<Received>, CallError> {
        drive::read(&mut self.connection, &mut self.end, out)
    }

    /// The link this half writes to.
    pub fn outgoing(&self) -> Link {
        self.end.outgoing()
    }

    /// Reads until the transport blocks, the peer closed or the connection failed; what came of the
    /// last call. Everything read has to continue the stream at `position`.
    pub fn read_stream(&mut self, position: &mut u64) -> Result<Outcome<Received>, CallError> {
        let mut out = vec![0; 17_000];
        loop {
            match self.read(&mut out)? {
                Outcome::Done(Received::Data(n)) => {
                    expect_stream(*position, &out[..n]);
                    *position += n as u64;
                }
                other => return Ok(other),
            }
        }
    }
}

/// Sets or clears modes.
pub fn mode(connection: &mut Connection, modes: SslMode, on: bool) {
    if on {
        connection.set_mode(modes);
    } else {
        connection.clear_mode(modes);
    }
}

/// Asks for a key update; it may be refused, which harms nothing.
pub fn key_update(connection: &mut Connection, request: bool) {
    let request = if request {
        KeyUpdateRequest::Requested
    } else {
        KeyUpdateRequest::NotRequested
    };
    if let Err(error) = connection.key_update(request) {
        assert!(!error.is_final(), "{error}");
    }
}

/// The stream's bytes from `position` on.
pub fn stream(position: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    Pattern::at(SEED, position).fill(&mut bytes);
    bytes
}

/// Checks that `bytes` are the stream's from `position` on.
pub fn expect_stream(position: u64, bytes: &[u8]) {
    assert!(
        bytes == stream(position, bytes.len()),
        "{} bytes at {position} are not the stream's",
        bytes.len()
    );
}
