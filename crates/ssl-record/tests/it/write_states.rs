//! Writes before, beside and after other things: handshakes, reads, alerts, the close of either side.

use std::io::ErrorKind;

use ssl_record::record::ProtocolVersion::{Tls12, Tls13};
use ssl_record::{
    Connection, Error, Misuse, Outcome, PeerFault, Received, Shutdown, ShutdownState, SslMode, Want,
};
use ssl_testkit::script::FlushStep;
use ssl_testkit::script::WriteStep::{Block, Fail, Take, TakeAll};
use ssl_testkit::script::{Call, ScriptedTransport};
use ssl_testkit::wire::{self, ALERT, APPLICATION_DATA};

use crate::forge::HANDSHAKE;
use crate::pair::{HOST, Pair, contexts, tls_error};
use crate::sending::{
    FRAGMENT, MOVING, N, PARTIAL, R1, Sender, WANT_READ, WANT_WRITE, data, wrote,
};

const NONE: SslMode = SslMode::empty();
const NO_DATA: Outcome<Received> = Outcome::Want(Want::Read);

/// A client in the middle of a 40000-byte write: record 1 taken, 100 bytes of record 2.
fn blocked(modes: SslMode) -> (Sender, Vec<u8>) {
    let mut sender = Sender::scripted(modes, &[TakeAll, Take(100)]);
    sender.transport.set_writes_end(Block);
    let data = data(N);
    assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
    (sender, data)
}

#[test]
fn w18_reading_works_while_a_write_is_pending() {
    let (mut sender, data) = blocked(NONE);
    sender.peer(|peer| assert_eq!(peer.write(b"hello").unwrap(), Outcome::Done(5)));
    let mut out = [0; 3];
    assert_eq!(
        sender.read(&mut out).unwrap(),
        Outcome::Done(Received::Data(3))
    );
    assert_eq!(sender.connection.pending(), 2);
    assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
    assert_eq!(
        sender.read(&mut out).unwrap(),
        Outcome::Done(Received::Data(2))
    );
    assert_eq!(sender.read(&mut out).unwrap(), NO_DATA);
    sender.takes_all();
    assert_eq!(sender.write(&data).unwrap(), wrote(N));
    assert_eq!(sender.peer_reads(), data);
}

#[test]
fn w36_every_call_answers_for_itself() {
    // OpenSSL's answer is asked for later and depends on the transport's flags at that time. Here it
    // is the value the call returned: a read in between changes nothing, nor does a free transport.
    let (mut sender, data) = blocked(NONE);
    let write = sender.write(&data).unwrap();
    assert_eq!(sender.read(&mut [0; 9]).unwrap(), NO_DATA);
    sender.takes_all();
    assert_eq!(write, WANT_WRITE);
    assert_eq!(sender.write(&data).unwrap(), wrote(N));
}

#[test]
fn w59_what_is_pending_to_be_read_says_nothing_about_writes() {
    let (sender, _) = blocked(NONE);
    assert_eq!(sender.connection.pending(), 0);
    assert!(!sender.connection.has_pending());
}

#[test]
fn w20_a_fatal_read_error_while_a_write_is_pending_sends_no_alert() {
    let (mut sender, data) = blocked(NONE);
    sender.takes_all();
    let garbage = wire::WireRecord::new(APPLICATION_DATA, 0x0303, &[b'a'; 20]);
    sender.transport.push_inbound(&garbage.encode());
    let error = Error::Peer(PeerFault::BadRecordMac);
    assert_eq!(tls_error(sender.read(&mut [0; 9])), error);
    for _ in 0..2 {
        assert_eq!(tls_error(sender.write(&data)), Error::AlreadyFailed);
        assert_eq!(tls_error(sender.read(&mut [0; 9])), Error::AlreadyFailed);
    }
    assert_eq!(sender.transport.written().len(), R1 + 100);
    assert!(sender.connection.outgoing().is_empty());
}

#[test]
fn w20_without_a_pending_write_the_alert_is_sent_and_flushed() {
    let mut sender = Sender::scripted(NONE, &[]);
    let garbage = wire::WireRecord::new(APPLICATION_DATA, 0x0303, &[b'a'; 20]);
    sender.transport.push_inbound(&garbage.encode());
    assert!(sender.read(&mut [0; 9]).is_err());
    let calls = sender.transport.take_calls();
    assert_eq!(
        calls[calls.len() - 2..],
        [Call::wrote(24, 24), Call::flushed()]
    );
}

/// OpenSSL loses the record and the close_notify here; we deliver both.
#[test]
fn w21_shutdown_completes_the_pending_record_and_then_closes() {
    for version in [Tls12, Tls13] {
        let mut sender = Sender::established(version, NONE);
        sender.plays(&[TakeAll, Take(100)]);
        let data = data(N);
        assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
        for _ in 0..2 {
            assert_eq!(sender.shutdown().unwrap(), Outcome::Want(Want::Write));
            let sent_only = ShutdownState {
                sent: true,
                received: false,
            };
            assert_eq!(sender.connection.shutdown_state(), sent_only);
        }
        let refused = Error::Misuse(Misuse::ProtocolIsShutdown);
        assert_eq!(tls_error(sender.write(&data)), refused);

        sender.takes_all();
        assert_eq!(sender.shutdown().unwrap(), Outcome::Done(Shutdown::Sent));
        assert_eq!(sender.peer_reads(), data[..2 * FRAGMENT]);
        assert!(sender.peer.connection.shutdown_state().received);
        sender.peer(|peer| {
            assert_eq!(peer.shutdown().unwrap(), Outcome::Done(Shutdown::Complete));
        });
        assert_eq!(
            sender.shutdown().unwrap(),
            Outcome::Done(Shutdown::Complete)
        );
    }
}

#[test]
fn w21_the_order_on_the_wire_is_record_then_close_notify_once() {
    let mut sender = Sender::established(Tls12, NONE);
    sender.plays(&[Take(1)]);
    assert_eq!(sender.write(b"data").unwrap(), WANT_WRITE);
    for (taken, expected) in [
        (10, Outcome::Want(Want::Write)),
        (100, Outcome::Want(Want::Write)),
        (7, Outcome::Want(Want::Write)),
        (100, Outcome::Done(Shutdown::Sent)),
    ] {
        sender.takes(taken);
        assert_eq!(sender.shutdown().unwrap(), expected, "{taken} more bytes");
    }
    let written = sender.transport.written();
    let (records, rest) = wire::split(&written);
    let types: Vec<_> = records.iter().map(|record| record.content_type).collect();
    assert_eq!((types, rest), (vec![APPLICATION_DATA, ALERT], &[][..]));
    assert_eq!(sender.transport.calls().last(), Some(&Call::flushed()));
}

#[test]
fn w22_after_our_close_notify_writes_are_refused_and_reading_goes_on() {
    let mut sender = Sender::scripted(NONE, &[]);
    assert_eq!(sender.shutdown().unwrap(), Outcome::Done(Shutdown::Sent));
    sender.transport.take_calls();
    for data in [&b"x"[..], b""] {
        let error = tls_error(sender.write(data));
        assert_eq!(error, Error::Misuse(Misuse::ProtocolIsShutdown));
        assert!(!error.is_final());
    }
    assert_eq!(sender.transport.take_calls(), []);
    sender.peer(|peer| assert_eq!(peer.write(b"abc").unwrap(), Outcome::Done(3)));
    assert_eq!(
        sender.read(&mut [0; 9]).unwrap(),
        Outcome::Done(Received::Data(3))
    );
}

#[test]
fn w23_after_the_peers_close_notify_writing_works() {
    let mut pair = Pair::established(Tls13);
    assert_eq!(
        pair.client.shutdown().unwrap(),
        Outcome::Done(Shutdown::Sent)
    );
    assert_eq!(
        pair.server.read(&mut [0; 9]).unwrap(),
        Outcome::Done(Received::Closed)
    );
    assert_eq!(pair.server.write(b"abc").unwrap(), wrote(3));
    assert_eq!(pair.client.read_all().unwrap(), b"abc");
}

#[test]
fn w23_taking_the_sent_flag_back_re_enables_writing() {
    let mut sender = Sender::scripted(NONE, &[]);
    assert_eq!(sender.shutdown().unwrap(), Outcome::Done(Shutdown::Sent));
    assert!(sender.write(b"x").is_err());
    sender
        .connection
        .set_shutdown_state(ShutdownState::default());
    assert_eq!(sender.write(b"x").unwrap(), wrote(1));
}

#[test]
fn w28_a_write_that_waits_for_the_handshake_commits_to_nothing() {
    for version in [Tls12, Tls13] {
        let (client, server) = contexts(version);
        let mut pair = Pair::fresh(&client, &server);
        let data = data(200);
        assert_eq!(pair.client.write(&[]).unwrap(), WANT_READ);
        assert_eq!(pair.client.end.outgoing().counts().flushes, 1);
        assert_eq!(
            wire::records(&pair.client.end.outgoing().wire())[0].content_type,
            wire::HANDSHAKE
        );
        let mut written = pair.client.write(&data).unwrap();
        for start in 1..20 {
            if written != WANT_READ {
                break;
            }
            let _ = pair.server.handshake().unwrap();
            written = pair.client.write(&data[start..start + 50]).unwrap();
            if written == wrote(50) {
                let _ = pair.server.handshake().unwrap();
                assert_eq!(pair.server.read_all().unwrap(), data[start..start + 50]);
            }
        }
        assert_eq!(written, wrote(50));
    }
}

#[test]
fn w28_a_hello_that_is_blocked_is_resumed_not_repeated() {
    let (client, _) = contexts(Tls13);
    let mut connection = Connection::client(&client, HOST).unwrap();
    let mut transport = ScriptedTransport::new().writes([Take(10), Block, Take(10), Block]);
    let mut write =
        |data: &[u8]| ssl_record::io::drive::write(&mut connection, &mut transport, data);
    assert_eq!(write(b"any").unwrap(), WANT_WRITE);
    assert_eq!(write(b"other").unwrap(), WANT_WRITE);
    assert_eq!(write(b"").unwrap(), WANT_READ);
    let written = transport.written();
    let (records, rest) = wire::split(&written);
    assert_eq!((records.len(), rest), (1, &[][..]));
}

#[test]
fn w35_clearing_drops_the_pending_record() {
    let (client, server) = contexts(Tls13);
    let mut pair = Pair::connected(&client, &server);
    pair.client.end.outgoing().set_budget(Some(R1 + 100));
    assert_eq!(pair.client.write(&data(N)).unwrap(), WANT_WRITE);
    pair.client.connection.clear().unwrap();
    pair.client.end.outgoing().set_budget(None);
    pair.client.end.outgoing().take_raw();
    assert!(pair.client.connection.in_init());

    let mut again = Pair::fresh(&client, &server);
    again.client.connection = pair.client.connection;
    // A shorter write from elsewhere: no retry of anything, but the first call of a new connection.
    assert_eq!(again.client.write(b"new").unwrap(), WANT_READ);
    again.handshake();
    assert_eq!(again.client.write(b"new").unwrap(), wrote(3));
    assert_eq!(again.server.read_all().unwrap(), b"new");
}

#[test]
fn w55_bytes_that_left_count_for_the_length_even_if_no_record_is_pending() {
    let (mut sender, data) = blocked(MOVING);
    // The alert goes out between the pending record and the next one, and blocks there.
    assert_eq!(sender.shutdown().unwrap(), Outcome::Want(Want::Write));
    sender
        .connection
        .set_shutdown_state(ShutdownState::default());
    sender.plays(&[TakeAll, Take(3)]);
    assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
    let error = tls_error(sender.write(&data[..2 * FRAGMENT - 1]));
    assert!(matches!(
        error,
        Error::BadLength {
            committed: 32_768,
            ..
        }
    ));
}

/// A renegotiation that the peer asks for is refused with a warning: the only alert that waits.
#[test]
fn w58_a_waiting_alert_goes_before_the_next_new_record() {
    const WARNING: usize = 2 + 29;
    let hello_request = [0, 0, 0, 0];
    for partial in [NONE, PARTIAL] {
        let (mut sender, mut forge) = Sender::forged(Tls12);
        sender.connection.set_mode(partial);
        sender.plays(&[Take(100)]);
        let data = data(N);
        assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
        sender
            .transport
            .push_inbound(&forge.seal(HANDSHAKE, &hello_request));
        assert_eq!(sender.read(&mut [0; 9]).unwrap(), NO_DATA);
        sender.transport.take_calls();
        sender.takes_all();

        // A retry of just the pending record leaves the alert waiting,
        assert_eq!(sender.write(&data[..FRAGMENT]).unwrap(), wrote(FRAGMENT));
        let rest = R1 + 7 - 100;
        assert_eq!(sender.transport.take_calls(), [Call::wrote(rest, rest)]);
        // and the next write sends it.
        assert_eq!(sender.write(b"next").unwrap(), wrote(4));
        let alert = [
            Call::wrote(WARNING, WARNING),
            Call::flushed(),
            Call::wrote(33, 33),
        ];
        assert_eq!(sender.transport.take_calls(), alert);
    }
}

#[test]
fn w58_the_alert_goes_between_the_pending_record_and_the_next_of_the_same_write() {
    let (mut sender, mut forge) = Sender::forged(Tls12);
    sender.plays(&[Take(100)]);
    let data = data(N);
    assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
    sender
        .transport
        .push_inbound(&forge.seal(HANDSHAKE, &[0, 0, 0, 0]));
    assert_eq!(sender.read(&mut [0; 9]).unwrap(), NO_DATA);
    sender.takes_all();
    assert_eq!(sender.write(&data).unwrap(), wrote(N));
    let records = wire::records(&sender.transport.written());
    let types: Vec<_> = records.iter().map(|record| record.content_type).collect();
    let expected = [APPLICATION_DATA, ALERT, APPLICATION_DATA, APPLICATION_DATA];
    assert_eq!(types, expected);
}

#[test]
fn w60_flights_and_alerts_are_flushed_once_and_data_never() {
    for (version, server_flights) in [(Tls12, 2), (Tls13, 2)] {
        let (client, server) = contexts(version);
        let mut pair = Pair::fresh(&client, &server);
        pair.handshake();
        let flushes = |pair: &Pair| {
            let ends = [&pair.client.end, &pair.server.end];
            ends.map(|end| end.outgoing().counts().flushes)
        };
        // Client: hello; Finished. Server: its flight; in TLS 1.2 Finished, in TLS 1.3 the tickets.
        assert_eq!(flushes(&pair), [2, server_flights], "{version}");
        pair.client.expect_no_data();
        for _ in 0..3 {
            assert_eq!(pair.client.write(&data(N)).unwrap(), wrote(N));
            assert_eq!(pair.server.write(&data(N)).unwrap(), wrote(N));
            assert_eq!(pair.client.read_all().unwrap(), data(N));
        }
        assert_eq!(flushes(&pair), [2, server_flights], "{version}");
        assert_eq!(
            pair.client.shutdown().unwrap(),
            Outcome::Done(Shutdown::Sent)
        );
        assert_eq!(flushes(&pair), [3, server_flights], "{version}");
    }
}

#[test]
fn w60_a_flush_that_blocks_or_fails_is_repeated_and_the_alert_is_not() {
    let mut sender = Sender::scripted(NONE, &[]);
    sender
        .transport
        .set_flushes([FlushStep::Block, FlushStep::Fail(ErrorKind::TimedOut)]);
    assert_eq!(sender.shutdown().unwrap(), Outcome::Want(Want::Write));
    assert!(sender.shutdown().is_err());
    assert_eq!(sender.shutdown().unwrap(), Outcome::Done(Shutdown::Sent));
    let flush = |done| Call::Flush { done };
    let expected = [
        Call::wrote(24, 24),
        flush(Err(ErrorKind::WouldBlock)),
        flush(Err(ErrorKind::TimedOut)),
        flush(Ok(())),
    ];
    assert_eq!(sender.transport.calls(), expected);
}

#[test]
fn w25_w60_a_close_notify_that_fails_to_leave_is_repeated() {
    let mut sender = Sender::scripted(NONE, &[Take(4), Fail(ErrorKind::BrokenPipe)]);
    assert!(sender.shutdown().is_err());
    assert_eq!(sender.shutdown().unwrap(), Outcome::Done(Shutdown::Sent));
    assert_eq!(sender.transport.written().len(), 24);
    assert_eq!(sender.peer_reads(), b"");
    assert!(sender.peer.connection.shutdown_state().received);
}
