//! Our side of a connection over a real socket.
//!
//! Owns certificates, sockets with a deadline, and patterned transfers. It must not know the peer.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use ssl_record::config::{ClientConfig, Identity, Roots, ServerConfig};
use ssl_record::io::{CallError, TlsStream};
use ssl_record::record::ProtocolVersion;
use ssl_record::{Connection, Context, Error, Outcome, Received, Shutdown};
use ssl_testkit::DEADLINE;
use ssl_testkit::certs::{CertificateAuthority, KeyKind, Leaf, PemFiles};
use ssl_testkit::digest::Sha256;
use ssl_testkit::pattern::Pattern;

/// The host of every server certificate.
pub(crate) const HOST: &str = "localhost";

/// Our side over a plain socket.
pub(crate) type Ours = TlsStream<TcpStream>;

/// A certificate for [`HOST`] or for a client, and the root that leads to it.
pub(crate) struct Certificates(pub(crate) PemFiles);

impl Certificates {
    pub(crate) fn server(kind: KeyKind) -> Self {
        Self::of(&Leaf::localhost(kind), kind)
    }

    pub(crate) fn named(name: &str) -> Self {
        Self::of(&Leaf::server(name, KeyKind::EcP256), KeyKind::EcP256)
    }

    pub(crate) fn client(name: &str, kind: KeyKind) -> Self {
        Self::of(&Leaf::client(name, kind), kind)
    }

    fn of(leaf: &Leaf, kind: KeyKind) -> Self {
        Self::by(&CertificateAuthority::new(kind).unwrap(), leaf)
    }

    /// A client whose authority bears a name of its own: with the usual name it would count as a
    /// forgery rather than as unknown.
    pub(crate) fn stranger() -> Self {
        let authority = CertificateAuthority::named("another root", KeyKind::EcP256).unwrap();
        Self::by(&authority, &Leaf::client("a client", KeyKind::EcP256))
    }

    fn by(authority: &CertificateAuthority, leaf: &Leaf) -> Self {
        Self(authority.issue(leaf).unwrap().write_files().unwrap())
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity::from_pem_files(self.0.cert(), self.0.key()).unwrap()
    }

    pub(crate) fn roots(&self) -> Roots {
        Roots::from_pem_file(self.0.root()).unwrap()
    }
}

/// A client context of one version that trusts these certificates.
pub(crate) fn client_config(version: ProtocolVersion, server: &Certificates) -> ClientConfig {
    ClientConfig::new(server.roots()).versions(version, version)
}

/// A server context of one version.
pub(crate) fn server_config(version: ProtocolVersion, server: &Certificates) -> ServerConfig {
    ServerConfig::new(server.identity()).versions(version, version)
}

/// A socket to `addr` whose calls end at the deadline.
pub(crate) fn connect(addr: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect_timeout(&addr, DEADLINE).unwrap();
    with_deadline(socket)
}

fn with_deadline(socket: TcpStream) -> TcpStream {
    socket.set_nodelay(true).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket.set_write_timeout(Some(DEADLINE)).unwrap();
    socket
}

/// Our client, before its handshake.
pub(crate) fn client(context: &Context, addr: SocketAddr) -> Ours {
    let connection = Connection::client(context, HOST).unwrap();
    TlsStream::new(connection, connect(addr))
}

/// Our client with its handshake done.
pub(crate) fn connected_client(context: &Context, addr: SocketAddr) -> Ours {
    let mut ours = client(context, addr);
    assert_eq!(ours.handshake().unwrap(), Outcome::Done(()));
    ours
}

/// A free port of ours.
pub(crate) struct Listener(TcpListener);

impl Listener {
    pub(crate) fn new() -> Self {
        Self(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap())
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// The next connection; fails at the deadline.
    pub(crate) fn socket(&self) -> TcpStream {
        let (sender, accepted) = mpsc::channel();
        let listener = self.0.try_clone().unwrap();
        thread::spawn(move || sender.send(listener.accept()));
        let (socket, _) = accepted.recv_timeout(DEADLINE).unwrap().unwrap();
        with_deadline(socket)
    }

    /// The next connection, before its handshake.
    pub(crate) fn server(&self, context: &Context) -> Ours {
        TlsStream::new(Connection::server(context).unwrap(), self.socket())
    }

    /// The next connection with its handshake done.
    pub(crate) fn connected_server(&self, context: &Context) -> Ours {
        let mut ours = self.server(context);
        assert_eq!(ours.handshake().unwrap(), Outcome::Done(()));
        ours
    }
}

/// Writes `len` bytes of the pattern and pushes what the transport buffers; their SHA-256.
pub(crate) fn send_pattern<T: Read + Write>(
    ours: &mut TlsStream<T>,
    seed: u64,
    len: u64,
) -> String {
    let (mut source, mut space) = (Pattern::new(seed).take(len), vec![0; 64 * 1024]);
    let mut hash = Sha256::new();
    while let n @ 1.. = source.read(&mut space).unwrap() {
        hash.update(&space[..n]);
        ours.write_all(&space[..n]).unwrap();
    }
    ours.flush().unwrap();
    hash.finish()
}

/// Reads exactly `len` bytes; their SHA-256.
pub(crate) fn receive<T: Read + Write>(ours: &mut TlsStream<T>, len: u64) -> String {
    let mut hash = Sha256::new();
    assert_eq!(io::copy(&mut ours.take(len), &mut hash).unwrap(), len);
    hash.finish()
}

/// The SHA-256 of the first `len` bytes of a pattern.
pub(crate) fn pattern_sha256(seed: u64, len: u64) -> String {
    let mut hash = Sha256::new();
    io::copy(&mut Pattern::new(seed).take(len), &mut hash).unwrap();
    hash.finish()
}

/// Reads as many bytes as are expected and compares.
pub(crate) fn expect_data<T: Read + Write>(ours: &mut TlsStream<T>, expected: &[u8]) {
    let mut space = vec![0; expected.len()];
    ours.read_exact(&mut space).unwrap();
    assert_eq!(space, expected);
}

/// Sees the peer's close_notify, answers it, and is then closed both ways.
pub(crate) fn expect_close<T: Read + Write>(ours: &mut TlsStream<T>) {
    let closed = Outcome::Done(Received::Closed);
    assert_eq!(ours.read_tls(&mut [0; 1]).unwrap(), closed);
    let complete = Outcome::Done(Shutdown::Complete);
    assert_eq!(ours.shutdown_tls().unwrap(), complete);
}

/// The TLS error of a call that must have failed.
pub(crate) fn tls_error<V: core::fmt::Debug>(result: Result<V, CallError>) -> Error {
    match result {
        Err(CallError::Tls(error)) => error,
        other => panic!("expected a TLS error, got {other:?}"),
    }
}

/// A socket with large buffers, so that calls for single bytes cost no system call each.
///
/// Nothing is stuck in it for ever: before it waits for the peer, what it holds is sent.
pub(crate) struct Buffered {
    reader: BufReader<TcpStream>,
    writer: BufWriter<TcpStream>,
}

impl Buffered {
    pub(crate) fn new(socket: TcpStream) -> Self {
        let again = socket.try_clone().unwrap();
        Self {
            reader: BufReader::with_capacity(64 * 1024, again),
            writer: BufWriter::with_capacity(64 * 1024, socket),
        }
    }
}

impl Read for Buffered {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if self.reader.buffer().is_empty() {
            self.writer.flush()?;
            self.reader.fill_buf()?;
        }
        self.reader.read(space)
    }
}

impl Write for Buffered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
