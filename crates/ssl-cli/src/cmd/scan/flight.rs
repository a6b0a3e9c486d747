//! How large a server's first flight is.
//!
//! Before TLS 1.3 it is plaintext, and the survey reads it. In TLS 1.3 its end is encrypted: a handshake with the
//! library of this workspace finds it, which can do less than the survey can ask for.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use ssl_record::config::{CipherSuite, ClientConfig, NamedGroup, ServerTrust};
use ssl_record::hello::{RecordSizes, ServerFlight};
use ssl_record::io::drive;
use ssl_record::record::ProtocolVersion;
use ssl_record::{Connection, Context, Outcome};

use super::ask::Server;
use crate::failure::Failure;

/// A first flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flight {
    pub(super) sizes: RecordSizes,
    /// Bytes of each certificate, leaf first.
    pub(super) certificates: Vec<usize>,
}

/// What a server may send before it waits for the client: ten segments of 1460 bytes (RFC 6928, section 2).
pub(super) const INITIAL_WINDOW: usize = 14_600;

impl Flight {
    /// Whether it arrives in one round trip.
    pub(super) fn fits_initial_window(&self) -> bool {
        self.sizes.bytes <= INITIAL_WINDOW
    }
}

/// The flight of a full handshake with TLS 1.3, or why there is none. Suites and groups are those that the server
/// accepts.
///
/// # Errors
/// The server does not accept a connection.
pub(super) fn of_tls13(
    server: &Server<'_>,
    suites: &[u16],
    groups: &[u16],
) -> Result<Result<Flight, String>, Failure> {
    let suites: Vec<CipherSuite> = suites
        .iter()
        .filter_map(|&number| CipherSuite::from_wire(number))
        .collect();
    let groups: Vec<NamedGroup> = groups
        .iter()
        .filter_map(|&number| NamedGroup::from_wire(number))
        .filter(|&group| group != NamedGroup::X25519MlKem768)
        .collect();
    if suites.is_empty() || groups.is_empty() {
        return Ok(Err(
            "it needs a suite and a group that this program has, too".to_owned(),
        ));
    }
    let config = ClientConfig::with_trust(ServerTrust::Anyone)
        .versions(ProtocolVersion::Tls13, ProtocolVersion::Tls13)
        .cipher_suites(&suites)
        .groups(&groups[..1])
        .sessions(0)
        .server_name_indication(server.server_name.is_some());
    let context =
        Context::client(config).map_err(|error| Failure::config(&"configuration", &error))?;
    let name = server.server_name.unwrap_or(server.target.host());
    let connection = Connection::client(&context, name)
        .map_err(|error| Failure::usage(format_args!("{error}; see --server-name")))?;
    let transport = Counted {
        tcp: server.connect()?,
        deadline: Instant::now() + server.timeout(),
        flight: ServerFlight::default(),
    };
    Ok(handshake(connection, transport))
}

fn handshake(mut connection: Connection, mut transport: Counted) -> Result<Flight, String> {
    match drive::handshake(&mut connection, &mut transport) {
        Ok(Outcome::Done(())) => {}
        Ok(Outcome::Want(_)) => return Err("the handshake takes too long".to_owned()),
        Err(error) => return Err(error.to_string()),
    }
    let certificates = connection
        .negotiated()
        .map(|negotiated| negotiated.peer_certificates.iter())
        .into_iter()
        .flatten()
        .map(|certificate| certificate.len())
        .collect();
    let sizes = transport.flight.sizes();
    // A courtesy; the measurement is done.
    drop(drive::shutdown(&mut connection, &mut transport));
    Ok(Flight {
        sizes,
        certificates,
    })
}

/// A socket that counts the records it receives, with a deadline. A connection reads a record at a time, so that
/// what was read when the handshake is done is the server's flight.
struct Counted {
    tcp: TcpStream,
    deadline: Instant,
    flight: ServerFlight,
}

impl Counted {
    fn left(&self) -> io::Result<Option<Duration>> {
        match self.deadline.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(io::ErrorKind::WouldBlock.into()),
            left => Ok(Some(left)),
        }
    }
}

impl Read for Counted {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        self.tcp.set_read_timeout(self.left()?)?;
        let len = self.tcp.read(space)?;
        let counted = self.flight.receive(&space[..len]);
        counted.map_err(io::Error::other)?;
        Ok(len)
    }
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tcp.set_write_timeout(self.left()?)?;
        self.tcp.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}
