//! `io::TlsStream`: blocking over loopback TCP, non-blocking over the virtual pipe.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use ssl_record::io::TlsStream;
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{Connection, Outcome, Received, Shutdown, Want};
use ssl_testkit::DEADLINE;
use ssl_testkit::pattern::{Pattern, PatternCheck};
use ssl_testkit::pipe::{End, pipe};

use crate::pair::{HOST, contexts};

const VERSIONS: [ProtocolVersion; 2] = [Tls12, Tls13];

/// Both ends of a TCP connection over loopback; a call that waits too long fails.
fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    for socket in [&client, &server] {
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        socket.set_write_timeout(Some(DEADLINE)).unwrap();
    }
    (client, server)
}

fn streams<T: Read + Write>(
    version: ProtocolVersion,
    ends: (T, T),
) -> (TlsStream<T>, TlsStream<T>) {
    let (client, server) = contexts(version);
    (
        TlsStream::new(Connection::client(&client, HOST).unwrap(), ends.0),
        TlsStream::new(Connection::server(&server).unwrap(), ends.1),
    )
}

fn piped(version: ProtocolVersion) -> (TlsStream<End>, TlsStream<End>) {
    streams(version, pipe())
}

/// Repeats both handshakes until they are done.
fn handshakes(client: &mut TlsStream<End>, server: &mut TlsStream<End>) {
    for _ in 0..20 {
        let done = (client.handshake().unwrap(), server.handshake().unwrap());
        if done == (Outcome::Done(()), Outcome::Done(())) {
            return;
        }
    }
    panic!("handshake does not end");
}

#[test]
fn a_blocking_echo_over_tcp_returns_every_byte() {
    for version in VERSIONS {
        let (mut client, mut server) = streams(version, tcp());
        let echo = thread::spawn(move || {
            let mut piece = [0; 5000];
            loop {
                match server.read(&mut piece).unwrap() {
                    0 => break,
                    n => server.write_all(&piece[..n]).unwrap(),
                }
            }
            server.shutdown_tls().unwrap()
        });
        let mut check = PatternCheck::new(3);
        let mut piece = vec![0; 40_000];
        let mut pattern = Pattern::new(3);
        for _ in 0..10 {
            pattern.fill(&mut piece);
            client.write_all(&piece).unwrap();
            client.flush().unwrap();
            let mut back = vec![0; piece.len()];
            client.read_exact(&mut back).unwrap();
            check.check(&back).unwrap();
        }
        assert_eq!(check.matched(), 400_000);
        let sent = client.shutdown_tls().unwrap();
        assert_eq!(sent, Outcome::Done(Shutdown::Sent));
        let complete = Outcome::Done(Shutdown::Complete);
        assert_eq!(client.shutdown_tls().unwrap(), complete);
        assert_eq!(echo.join().unwrap(), complete);
    }
}

#[test]
fn r20_a_socket_closed_without_close_notify_is_an_unexpected_end() {
    for version in VERSIONS {
        let (mut client, mut server) = streams(version, tcp());
        let cut = thread::spawn(move || {
            server.write_all(b"only half of it").unwrap();
            let (_, socket) = server.into_parts();
            // Not dropped alone: unread bytes would turn the end into a reset.
            socket.shutdown(std::net::Shutdown::Write).unwrap();
            socket
        });
        let mut all = Vec::new();
        let error = client.read_to_end(&mut all).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert!(error.to_string().contains("truncated"), "{error}");
        assert_eq!(all, b"only half of it");
        let error = client.read(&mut [0; 9]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotConnected);
        drop(cut.join().unwrap());
    }
}

#[test]
fn r18_read_to_end_ends_at_close_notify() {
    for version in VERSIONS {
        let (mut client, mut server) = streams(version, tcp());
        let peer = thread::spawn(move || {
            server.write_all(b"all of it").unwrap();
            let _ = server.shutdown_tls().unwrap();
            server
        });
        let mut all = Vec::new();
        client.read_to_end(&mut all).unwrap();
        assert_eq!(all, b"all of it");
        assert_eq!(client.read(&mut [0; 9]).unwrap(), 0);
        drop(peer.join().unwrap());
    }
}

#[test]
fn a_non_blocking_stream_says_for_which_direction_to_wait() {
    for version in VERSIONS {
        let (mut client, mut server) = piped(version);
        let link = client.transport().outgoing();
        link.set_budget(Some(10));
        let error = client.write(b"hello").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        assert_eq!(client.last_want(), Some(Want::Write));
        link.set_budget(None);
        let error = client.write(b"hello").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        assert_eq!(client.last_want(), Some(Want::Read));
        handshakes(&mut client, &mut server);
        assert_eq!(client.last_want(), None);
        assert_eq!(client.write(b"hello").unwrap(), 5);
        let mut out = [0; 9];
        assert_eq!(
            server.peek_tls(&mut out).unwrap(),
            Outcome::Done(Received::Data(5))
        );
        assert_eq!(server.read(&mut out).unwrap(), 5);
        assert_eq!(&out[..5], b"hello");
        let error = server.read(&mut out).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        assert_eq!(server.last_want(), Some(Want::Read));
    }
}

#[test]
fn w7_a_blocked_stream_write_is_repeated_and_arrives_once() {
    for version in VERSIONS {
        let (mut client, mut server) = piped(version);
        handshakes(&mut client, &mut server);
        let link = client.transport().outgoing();
        link.set_capacity(Some(1000));
        let sent = Pattern::bytes(4, 40_000);
        let (mut received, mut piece) = (Vec::new(), [0; 3000]);
        loop {
            match client.write(&sent) {
                Ok(n) => break assert_eq!(n, sent.len()),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
            assert_eq!(client.last_want(), Some(Want::Write));
            while let Ok(n) = server.read(&mut piece) {
                received.extend_from_slice(&piece[..n]);
            }
        }
        link.set_capacity(None);
        while let Ok(n) = server.read(&mut piece) {
            received.extend_from_slice(&piece[..n]);
        }
        assert_eq!(received, sent);
    }
}

#[test]
fn r7_a_stream_reads_ahead_and_can_be_told_not_to() {
    let (mut client, mut server) = piped(Tls13);
    assert!(client.connection().read_ahead());
    handshakes(&mut client, &mut server);
    let link = client.transport().incoming();
    let mut out = [0; 9];
    for (read_ahead, left) in [(true, 0), (false, 5 + 22)] {
        client.connection_mut().set_read_ahead(read_ahead);
        for data in [b"first", b"other"] {
            assert_eq!(server.write(data).unwrap(), 5);
        }
        assert_eq!(client.read(&mut out).unwrap(), 5);
        assert_eq!(link.unread(), left);
        assert_eq!(client.read(&mut out).unwrap(), 5);
    }
}

#[test]
fn failures_have_the_kinds_that_std_has_for_them() {
    let (mut client, mut server) = piped(Tls13);
    handshakes(&mut client, &mut server);
    let _ = client.shutdown_tls().unwrap();
    let error = client.write(b"late").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let inner = error.get_ref().unwrap();
    assert!(inner.to_string().contains("close_notify"), "{inner}");

    let link = server.transport().incoming();
    link.take_raw();
    link.fail_next_read(ErrorKind::ConnectionReset);
    let error = server.read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    link.push_raw(&[23, 3, 3, 0, 17]);
    link.push_raw(&[7; 17]);
    let error = server.read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let error = server.write(b"dead").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotConnected);
}
