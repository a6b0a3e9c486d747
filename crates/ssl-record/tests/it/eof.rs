//! The transport ends: in the data phase, inside a record, in the handshake, while closing.

use ssl_record::record::AlertDescription;
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{Error, Outcome, Received, Shutdown, ShutdownState, Want};
use ssl_testkit::wire;

use crate::pair::{Half, Pair, contexts, tls_error};

const VERSIONS: [ProtocolVersion; 2] = [Tls12, Tls13];
const CLOSED: Outcome<Received> = Outcome::Done(Received::Closed);

fn failed(half: &mut Half) -> Error {
    tls_error(half.read(&mut [0; 10]))
}

#[test]
fn r20_an_end_without_close_notify_is_fatal_and_the_peer_is_told() {
    for version in VERSIONS {
        let mut pair = Pair::established(version);
        let _ = pair.server.write(b"hello").unwrap();
        pair.client.end.incoming().close();
        let client = &mut pair.client;
        assert_eq!(client.read_up_to_failure(), (5, Error::UnexpectedEof));
        let packed = Error::UnexpectedEof.reason().unwrap().packed();
        assert_eq!(packed, 0x0A00_0126);
        assert_eq!(client.connection.shutdown_state(), ShutdownState::default());
        assert_eq!(failed(client), Error::AlreadyFailed);
        let told = Error::AlertReceived(AlertDescription::DECODE_ERROR);
        assert_eq!(failed(&mut pair.server), told);
    }
}

impl Half {
    fn read_up_to_failure(&mut self) -> (usize, Error) {
        let mut total = 0;
        loop {
            match self.read(&mut [0; 3]) {
                Ok(Outcome::Done(Received::Data(n))) => total += n,
                other => return (total, tls_error(other)),
            }
        }
    }
}

#[test]
fn r20_an_end_inside_a_record_is_the_same() {
    for version in VERSIONS {
        let mut pair = Pair::established(version);
        let _ = pair.server.write(b"hello").unwrap();
        let link = pair.client.end.incoming();
        let record = link.take_raw();
        for kept in [1, 5, 6, record.len() - 1] {
            for read_ahead in [false, true] {
                let mut pair = Pair::established(version);
                let link = pair.client.end.incoming();
                pair.client.connection.set_read_ahead(read_ahead);
                link.push_raw(&record[..kept]);
                link.close();
                assert_eq!(failed(&mut pair.client), Error::UnexpectedEof, "{kept}");
            }
        }
    }
}

#[test]
fn r20_with_read_ahead_the_records_before_the_end_are_read_first() {
    let mut pair = Pair::established(Tls13);
    pair.client.connection.set_read_ahead(true);
    for _ in 0..3 {
        let _ = pair.server.write(b"abc").unwrap();
    }
    pair.client.end.incoming().close();
    let read = pair.client.read_up_to_failure();
    assert_eq!(read, (9, Error::UnexpectedEof));
}

#[test]
fn r21_an_ignored_end_is_a_close_and_nothing_is_written() {
    for version in VERSIONS {
        let mut pair = Pair::established(version);
        let client = &mut pair.client;
        client.connection.set_ignore_unexpected_eof(true);
        let _ = client.shutdown().unwrap();
        let wire = client.end.outgoing().wire().len();
        client.end.incoming().close();
        for _ in 0..2 {
            assert_eq!(client.read(&mut [0; 10]).unwrap(), CLOSED);
        }
        let received = ShutdownState {
            sent: false,
            received: true,
        };
        assert_eq!(client.connection.shutdown_state(), received);
        assert_eq!(client.end.outgoing().wire().len(), wire);
        assert!(!client.connection.is_failed());
    }
}

#[test]
fn r23_an_end_during_the_handshake_is_fatal_wherever_it_comes() {
    for version in VERSIONS {
        let (client, server) = contexts(version);
        let mut ends = 0;
        for kept in (0..3000).step_by(41) {
            let mut pair = Pair::fresh(&client, &server);
            let link = pair.client.end.incoming();
            let _ = pair.client.handshake().unwrap();
            let _ = pair.server.handshake().unwrap();
            let flight = link.take_raw();
            // With the whole flight TLS 1.3 is complete for the client; TLS 1.2 waits for another.
            if kept >= flight.len() {
                break;
            }
            link.push_raw(&flight[..kept]);
            link.close();
            let error = tls_error(pair.client.handshake());
            assert_eq!(error, Error::UnexpectedEof, "{version} after {kept}");
            assert_eq!(tls_error(pair.client.handshake()), Error::AlreadyFailed);
            ends += 1;
        }
        assert!(ends > 10);
    }
}

#[test]
fn r23_a_server_is_told_apart_from_a_silent_client_too() {
    for version in VERSIONS {
        let (client, server) = contexts(version);
        let mut pair = Pair::fresh(&client, &server);
        assert_eq!(pair.server.handshake().unwrap(), Outcome::Want(Want::Read));
        pair.server.end.incoming().close();
        let error = tls_error(pair.server.handshake());
        assert_eq!(error, Error::UnexpectedEof);
    }
}

#[test]
fn s17_an_end_while_waiting_for_close_notify_is_fatal_but_silent() {
    for version in VERSIONS {
        let mut pair = Pair::established(version);
        let client = &mut pair.client;
        assert_eq!(client.shutdown().unwrap(), Outcome::Done(Shutdown::Sent));
        client.end.incoming().close();
        let written = client.end.outgoing().counts().writes;
        assert_eq!(tls_error(client.shutdown()), Error::UnexpectedEof);
        assert_eq!(client.end.outgoing().counts().writes, written);
    }
}

#[test]
fn s17_an_ignored_end_while_waiting_makes_shutdown_start_over() {
    for version in VERSIONS {
        let mut pair = Pair::established(version);
        let client = &mut pair.client;
        client.connection.set_ignore_unexpected_eof(true);
        let _ = client.end.outgoing().take_wire();
        assert_eq!(client.shutdown().unwrap(), Outcome::Done(Shutdown::Sent));
        client.end.incoming().close();
        assert_eq!(client.shutdown().unwrap(), Outcome::Done(Shutdown::Sent));
        let state = client.connection.shutdown_state();
        assert!(state.received && !state.sent);
        let complete = Outcome::Done(Shutdown::Complete);
        assert_eq!(client.shutdown().unwrap(), complete);
        let records = wire::records(&client.end.outgoing().take_wire());
        assert_eq!(records.len(), 2);
    }
}
