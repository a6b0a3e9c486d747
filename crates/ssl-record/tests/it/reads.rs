//! Reading application data: one record per call, nothing read beyond it.

use std::io::ErrorKind;

use ssl_record::io::{CallError, drive};
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{Outcome, Received, Want};
use ssl_testkit::pattern::Pattern;
use ssl_testkit::script::{Call, ScriptedTransport};

use crate::forge::{DATA, Forged};
use crate::pair::{Half, Pair};

const VERSIONS: [ProtocolVersion; 2] = [Tls12, Tls13];
const BLOCKED: Outcome<Received> = Outcome::Want(Want::Read);

/// Bytes a record adds to its fragment, with AES-GCM.
fn overhead(version: ProtocolVersion) -> usize {
    match version {
        Tls12 => 5 + 8 + 16,
        Tls13 => 5 + 1 + 16,
    }
}

fn data(n: usize) -> Outcome<Received> {
    Outcome::Done(Received::Data(n))
}

/// One read of at most `max` bytes: what came.
fn bytes(half: &mut Half, max: usize) -> Vec<u8> {
    let mut out = vec![0; max];
    match half.read(&mut out).unwrap() {
        Outcome::Done(Received::Data(n)) => out[..n].to_vec(),
        other => panic!("expected data, got {other:?}"),
    }
}

#[test]
fn r1_without_data_a_read_wants_to_read() {
    for version in VERSIONS {
        let mut pair = Pair::established(version);
        let mut out = [7; 10];
        assert_eq!(pair.client.read(&mut out).unwrap(), BLOCKED);
        assert_eq!(pair.client.peek(&mut out).unwrap(), BLOCKED);
        assert_eq!(out, [7; 10]);
    }
}

#[test]
fn r3_r30_one_record_per_call_and_the_next_stays_in_the_transport() {
    for version in VERSIONS {
        let mut pair = Pair::established(version);
        let sent = Pattern::bytes(5, 150);
        let _ = pair.server.write(&sent[..100]).unwrap();
        let _ = pair.server.write(&sent[100..]).unwrap();
        let link = pair.client.end.incoming();
        assert_eq!(bytes(&mut pair.client, 1000), sent[..100]);
        assert_eq!(link.unread(), 50 + overhead(version));
        assert_eq!(pair.client.connection.pending(), 0);
        assert!(!pair.client.connection.has_pending());
        assert_eq!(bytes(&mut pair.client, 1000), sent[100..]);
    }
}

#[test]
fn r3_a_record_costs_a_read_of_5_bytes_and_one_of_the_rest() {
    for version in VERSIONS {
        let mut pair = Pair::established(version);
        let _ = pair.server.write(&[1; 100]).unwrap();
        let _ = pair.server.write(&[2; 50]).unwrap();
        let transport = ScriptedTransport::new().inbound(&pair.client.end.incoming().take_raw());
        let connection = &mut pair.client.connection;
        let outcome = drive::read(connection, &mut transport.clone(), &mut [0; 1000]).unwrap();
        assert_eq!(outcome, data(100));
        let body = 100 + overhead(version) - 5;
        assert_eq!(
            transport.take_calls(),
            [Call::read(5, 5), Call::read(body, body)]
        );
    }
}

#[test]
fn r25_of_a_forged_record_nothing_reaches_the_reader() {
    for version in VERSIONS {
        for room in [50, 100, 1000] {
            let mut pair = Pair::established(version);
            let _ = pair.server.write(&Pattern::bytes(12, 100)).unwrap();
            let link = pair.client.end.incoming();
            let mut record = link.take_raw();
            *record.last_mut().unwrap() ^= 1;
            link.push_raw(&record);
            let mut out = vec![7; room];
            let error = crate::pair::tls_error(pair.client.read(&mut out));
            assert_eq!(error, ssl_record::PeerFault::BadRecordMac.into());
            assert_eq!(out, vec![7; room]);
        }
    }
}

#[test]
fn r8_a_part_of_a_record_stays_with_the_connection() {
    for version in VERSIONS {
        let mut pair = Pair::established(version);
        let sent = Pattern::bytes(13, 100);
        let _ = pair.server.write(&sent).unwrap();
        let link = pair.client.end.incoming();
        let record = link.take_raw();
        let mut out = [7; 1000];
        for piece in record[..record.len() - 1].chunks(40) {
            link.push_raw(piece);
            assert_eq!(pair.client.read(&mut out).unwrap(), BLOCKED);
            assert_eq!(out, [7; 1000]);
            assert!(!pair.client.connection.free_buffers());
        }
        link.push_raw(&record[record.len() - 1..]);
        assert_eq!(pair.client.read(&mut out[..100]).unwrap(), data(100));
        assert_eq!(out[..100], sent);
    }
}

#[test]
fn r4_the_rest_of_a_record_needs_no_transport() {
    for version in VERSIONS {
        let mut pair = Pair::established(version);
        let sent = Pattern::bytes(6, 100);
        let _ = pair.server.write(&sent).unwrap();
        assert_eq!(bytes(&mut pair.client, 30), sent[..30]);
        assert_eq!(pair.client.connection.pending(), 70);
        assert!(pair.client.connection.has_pending());
        let link = pair.client.end.incoming();
        let before = link.counts().reads;
        assert_eq!(bytes(&mut pair.client, 1000), sent[30..]);
        assert_eq!(link.counts().reads, before);
        assert!(!pair.client.connection.has_pending());
    }
}

#[test]
fn r5_peek_repeats_itself_and_stays_within_a_record() {
    for version in VERSIONS {
        let mut pair = Pair::established(version);
        let sent = Pattern::bytes(7, 150);
        let _ = pair.server.write(&sent[..100]).unwrap();
        let _ = pair.server.write(&sent[100..]).unwrap();
        let mut out = [0; 1000];
        assert_eq!(pair.client.peek(&mut out[..30]).unwrap(), data(30));
        assert_eq!(out[..30], sent[..30]);
        for _ in 0..2 {
            assert_eq!(pair.client.peek(&mut out).unwrap(), data(100));
            assert_eq!(out[..100], sent[..100]);
        }
        assert_eq!(pair.client.connection.pending(), 100);
        assert_eq!(bytes(&mut pair.client, 1000), sent[..100]);
        assert_eq!(pair.client.connection.pending(), 0);
        assert_eq!(bytes(&mut pair.client, 1000), sent[100..]);
    }
}

#[test]
fn r6_a_read_of_nothing_opens_a_record() {
    for version in VERSIONS {
        let mut pair = Pair::established(version);
        assert_eq!(pair.client.read(&mut []).unwrap(), BLOCKED);
        let _ = pair.server.write(b"hello").unwrap();
        assert_eq!(pair.client.read(&mut []).unwrap(), data(0));
        assert_eq!(pair.client.connection.pending(), 5);
        assert_eq!(pair.client.peek(&mut []).unwrap(), data(0));
        assert_eq!(bytes(&mut pair.client, 10), b"hello");
    }
}

#[test]
fn r7_read_ahead_takes_what_is_there_at_once() {
    for version in VERSIONS {
        let mut pair = Pair::established(version);
        pair.client.connection.set_read_ahead(true);
        let _ = pair.server.write(&[1; 100]).unwrap();
        let _ = pair.server.write(&[2; 50]).unwrap();
        let transport = ScriptedTransport::new().inbound(&pair.client.end.incoming().take_raw());
        let connection = &mut pair.client.connection;
        let mut out = [0; 1000];
        let outcome = drive::read(connection, &mut transport.clone(), &mut out).unwrap();
        assert_eq!(outcome, data(100));
        let calls = transport.take_calls();
        let [Call::Read { asked, got: Ok(_) }] = calls[..] else {
            panic!("one read expected: {calls:?}");
        };
        assert!(asked > 16_384);
        assert_eq!(transport.inbound_left(), 0);
        assert_eq!(connection.pending(), 0);
        assert!(connection.has_pending());
        let outcome = drive::read(connection, &mut transport.clone(), &mut out).unwrap();
        assert_eq!(outcome, data(50));
        assert_eq!(transport.take_calls(), []);
        assert!(!connection.has_pending());
    }
}

#[test]
fn r8_a_partial_record_is_pending_only_beyond_a_bare_header() {
    for version in VERSIONS {
        let mut pair = Pair::established(version);
        let sent = Pattern::bytes(8, 100);
        let _ = pair.server.write(&sent).unwrap();
        let link = pair.client.end.incoming();
        let record = link.take_raw();
        for (piece, has_pending) in [(0..3, true), (3..5, false), (5..25, true)] {
            link.push_raw(&record[piece.clone()]);
            assert_eq!(pair.client.read(&mut [0; 10]).unwrap(), BLOCKED);
            let connection = &mut pair.client.connection;
            assert_eq!(connection.has_pending(), has_pending, "{piece:?}");
            assert_eq!(connection.pending(), 0);
            assert!(!connection.free_buffers());
        }
        link.push_raw(&record[25..]);
        assert_eq!(bytes(&mut pair.client, 1000), sent);
    }
}

#[test]
fn r9_a_slow_transport_is_asked_until_the_record_is_complete() {
    for version in VERSIONS {
        let mut pair = Pair::established(version);
        let sent = Pattern::bytes(9, 100);
        let _ = pair.server.write(&sent).unwrap();
        let link = pair.client.end.incoming();
        link.set_rmax(Some(1));
        let before = link.counts().reads;
        assert_eq!(bytes(&mut pair.client, 1000), sent);
        let asked = link.counts().reads - before;
        assert_eq!(asked, 100 + overhead(version) as u64);
    }
}

#[test]
fn r24_a_transport_error_leaves_the_connection_usable() {
    for version in VERSIONS {
        let mut pair = Pair::established(version);
        let link = pair.client.end.incoming();
        let _ = pair.server.write(b"hello").unwrap();
        // Once before anything, once inside the record.
        link.fail_next_read(ErrorKind::ConnectionReset);
        assert_reset(&mut pair.client);
        let record = link.take_raw();
        link.push_raw(&record[..9]);
        assert_eq!(pair.client.read(&mut [0; 10]).unwrap(), BLOCKED);
        link.fail_next_read(ErrorKind::ConnectionReset);
        assert_reset(&mut pair.client);
        link.push_raw(&record[9..]);
        assert!(!pair.client.connection.is_failed());
        assert_eq!(bytes(&mut pair.client, 10), b"hello");
    }
}

fn assert_reset(half: &mut Half) {
    match half.read(&mut [0; 10]) {
        Err(CallError::Transport(error)) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        other => panic!("expected the transport's error, got {other:?}"),
    }
}

#[test]
fn r24_an_interrupted_transport_is_asked_again() {
    let mut pair = Pair::established(Tls13);
    let _ = pair.server.write(b"hello").unwrap();
    let link = pair.client.end.incoming();
    link.fail_next_read(ErrorKind::Interrupted);
    assert_eq!(bytes(&mut pair.client, 10), b"hello");
}

#[test]
fn r28_reading_goes_on_after_our_own_close() {
    for version in VERSIONS {
        let mut pair = Pair::established(version);
        let _ = pair.client.shutdown().unwrap();
        let _ = pair.server.write(b"hello").unwrap();
        assert_eq!(bytes(&mut pair.client, 10), b"hello");
        let _ = pair.server.shutdown().unwrap();
        let closed = Outcome::Done(Received::Closed);
        assert_eq!(pair.client.read(&mut [0; 10]).unwrap(), closed);
        let state = pair.client.connection.shutdown_state();
        assert!(state.sent && state.received);
    }
}

#[test]
fn r15_a_read_of_nothing_uses_an_empty_record_up() {
    for version in VERSIONS {
        let mut forged = Forged::established(version);
        forged.send_to_client(DATA, b"");
        forged.send_to_client(DATA, b"abc");
        let client = &mut forged.pair.client;
        for pending in [0, 3] {
            assert_eq!(client.read(&mut []).unwrap(), data(0));
            assert_eq!(client.connection.pending(), pending);
        }
        assert_eq!(bytes(client, 10), b"abc");
    }
}

#[test]
fn padded_records_lose_their_padding_only() {
    let mut forged = Forged::established(Tls13);
    forged.send_inner_to_client(b"a\0b\x17\0\0\0\0");
    forged.send_inner_to_client(&[&b"\0\0\x17"[..], &[0; 16_000]].concat());
    assert_eq!(bytes(&mut forged.pair.client, 100), b"a\0b");
    assert_eq!(bytes(&mut forged.pair.client, 100), b"\0\0");
}

#[test]
fn the_largest_record_is_accepted_and_one_byte_more_is_not() {
    for version in VERSIONS {
        let mut forged = Forged::established(version);
        let sent = Pattern::bytes(10, 16_385);
        forged.send_to_client(DATA, &sent[..16_384]);
        assert_eq!(bytes(&mut forged.pair.client, 20_000), sent[..16_384]);
        forged.send_to_client(DATA, &sent);
        let error = crate::pair::tls_error(forged.pair.client.read(&mut [0; 9]));
        let reason = error.reason().unwrap();
        assert_eq!(reason, ssl_record::Reason::ENCRYPTED_LENGTH_TOO_LONG);
        assert_eq!(forged.alerts_of_client(), [(2, 22)]);
    }
}
