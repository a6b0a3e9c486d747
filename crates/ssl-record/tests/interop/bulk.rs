//! 64 MiB each way for every version, AEAD, certificate and side, over three carriers of records: the
//! bare socket, pieces of 777 bytes, and pieces of one byte.

use std::io::{Read, Write};
use std::net::TcpStream;

use ssl_record::io::TlsStream;
use ssl_record::record::ProtocolVersion;
use ssl_record::{Algorithm, Connection, Context, Outcome};
use ssl_testkit::certs::KeyKind;
use ssl_testkit::openssl::{self, Peer};
use ssl_testkit::pattern::Pattern;
use ssl_testkit::throttle::{PieceTransport, Relay};

use crate::matrix::{AEADS, Cell, VERSIONS};
use crate::ours::{
    Buffered, Certificates, HOST, Listener, connect, connected_client, expect_close,
    pattern_sha256, receive, send_pattern,
};
use crate::peers::has_openssl;

/// Bytes in each direction.
const LEN: u64 = 64 << 20;

/// The streams of the two directions.
const OUTBOUND: u64 = 1;
const INBOUND: u64 = 2;

/// How our records travel to and from the socket.
#[derive(Clone, Copy, Debug)]
enum Carrier {
    /// As the socket takes and gives them, with read-ahead.
    Socket,
    /// At most 777 bytes per system call, without read-ahead.
    Pieces,
    /// Byte by byte, through a buffer that makes that affordable.
    Bytes,
}

/// One test per cell and carrier, with our client and with our server.
macro_rules! transfers {
    ($($name:ident: $version:ident $aead:ident $key:ident;)*) => {$(
        mod $name {
            use super::*;

            const CELL: Cell = Cell {
                version: ProtocolVersion::$version,
                aead: Algorithm::$aead,
                key: KeyKind::$key,
            };

            #[test]
            fn client_over_a_socket() {
                our_client(CELL, Carrier::Socket);
            }

            #[test]
            fn client_in_pieces() {
                our_client(CELL, Carrier::Pieces);
            }

            #[test]
            fn client_byte_by_byte() {
                our_client(CELL, Carrier::Bytes);
            }

            #[test]
            fn server_over_a_socket() {
                our_server(CELL, Carrier::Socket);
            }

            #[test]
            fn server_in_pieces() {
                our_server(CELL, Carrier::Pieces);
            }

            #[test]
            fn server_byte_by_byte() {
                our_server(CELL, Carrier::Bytes);
            }
        }
    )*};
}

transfers! {
    tls12_aes128_ecdsa: Tls12 Aes128Gcm EcP256;
    tls12_aes128_rsa: Tls12 Aes128Gcm Rsa2048;
    tls12_aes256_ecdsa: Tls12 Aes256Gcm EcP256;
    tls12_aes256_rsa: Tls12 Aes256Gcm Rsa2048;
    tls12_chacha20_ecdsa: Tls12 ChaCha20Poly1305 EcP256;
    tls12_chacha20_rsa: Tls12 ChaCha20Poly1305 Rsa2048;
    tls13_aes128_ecdsa: Tls13 Aes128Gcm EcP256;
    tls13_aes128_rsa: Tls13 Aes128Gcm Rsa2048;
    tls13_aes256_ecdsa: Tls13 Aes256Gcm EcP256;
    tls13_aes256_rsa: Tls13 Aes256Gcm Rsa2048;
    tls13_chacha20_ecdsa: Tls13 ChaCha20Poly1305 EcP256;
    tls13_chacha20_rsa: Tls13 ChaCha20Poly1305 Rsa2048;
}

fn our_client(cell: Cell, carrier: Carrier) {
    if !has_openssl() {
        return;
    }
    let certificates = Certificates::server(cell.key);
    let server = cell.peer(openssl::server(&certificates.0));
    let mut peer = server.max_connections(1).start().unwrap();
    let context = Context::client(cell.client(certificates.roots())).unwrap();
    let socket = connect(peer.addr());
    let connection = Connection::client(&context, HOST).unwrap();
    over(cell, carrier, connection, socket, &mut peer);
}

fn our_server(cell: Cell, carrier: Carrier) {
    if !has_openssl() {
        return;
    }
    let certificates = Certificates::server(cell.key);
    let context = Context::server(cell.server(&certificates)).unwrap();
    let listener = Listener::new();
    let client = cell.peer(openssl::client(listener.addr()));
    let verifying = client.ca(certificates.0.root()).servername(HOST);
    let mut peer = verifying.start().unwrap();
    let socket = listener.socket();
    let connection = Connection::server(&context).unwrap();
    over(cell, carrier, connection, socket, &mut peer);
}

fn over(cell: Cell, carrier: Carrier, connection: Connection, socket: TcpStream, peer: &mut Peer) {
    match carrier {
        Carrier::Socket => exchange(cell, TlsStream::new(connection, socket), peer),
        Carrier::Pieces => {
            let mut ours = TlsStream::new(connection, PieceTransport::new(socket, 777));
            ours.connection_mut().set_read_ahead(false);
            exchange(cell, ours, peer);
        }
        Carrier::Bytes => {
            let bytes = PieceTransport::new(Buffered::new(socket), 1);
            exchange(cell, TlsStream::new(connection, bytes), peer);
        }
    }
}

/// The handshake, one direction, the other, and the peer's close.
fn exchange<T: Read + Write>(cell: Cell, mut ours: TlsStream<T>, peer: &mut Peer) {
    assert_eq!(ours.handshake().unwrap(), Outcome::Done(()));
    let suite = ours.connection().negotiated().unwrap().suite;
    assert_eq!(suite, cell.suite());
    let sent = send_pattern(&mut ours, OUTBOUND, LEN);
    let connected = peer.connected().unwrap();
    assert_eq!(connected.version, cell.version_name());
    assert_eq!(connected.suite, cell.suite().name());
    peer.wait_for_stdout_len(LEN as usize).unwrap();
    assert_eq!(peer.stdout_sha256(), sent);

    let feeding = peer.feed_and_close(Pattern::new(INBOUND).take(LEN));
    assert_eq!(receive(&mut ours, LEN), pattern_sha256(INBOUND, LEN));
    expect_close(&mut ours);
    drop(ours); // `s_server` waits for the end of the transport
    assert_eq!(feeding.join().unwrap().unwrap(), LEN);
    assert!(peer.wait().unwrap().success());
    assert_eq!(peer.stdout_len() as u64, LEN);
}

/// The other way round: our records reach the peer in single bytes, each a packet of its own. Only
/// some, because each byte costs system calls of the relay and of both ends.
#[test]
fn the_peer_too_may_see_single_bytes() {
    if !has_openssl() {
        return;
    }
    const FEW: u64 = 40_000;
    for version in VERSIONS {
        let (aead, key) = (AEADS[0], KeyKind::EcP256);
        let cell = Cell { version, aead, key };
        let certificates = Certificates::server(key);
        let mut peer = openssl::server(&certificates.0).start().unwrap();
        let relay = Relay::start(peer.addr(), 1).unwrap();
        let context = Context::client(cell.client(certificates.roots())).unwrap();
        let mut ours = connected_client(&context, relay.addr());
        let sent = send_pattern(&mut ours, OUTBOUND, FEW);
        peer.wait_for_stdout_len(FEW as usize).unwrap();
        assert_eq!(peer.stdout_sha256(), sent);
        let feeding = peer.feed_and_close(Pattern::new(INBOUND).take(FEW));
        assert_eq!(receive(&mut ours, FEW), pattern_sha256(INBOUND, FEW));
        expect_close(&mut ours);
        assert_eq!(feeding.join().unwrap().unwrap(), FEW);
    }
}
