//! Key updates between writes: our own, and the replies to the peer's.

use ssl_record::record::ProtocolVersion::{Tls12, Tls13};
use ssl_record::{Error, KeyUpdateRequest, Misuse, Outcome, Received, SslMode, Want};
use ssl_testkit::script::Call;
use ssl_testkit::script::WriteStep::{Block, Take, TakeAll};

use crate::pair::{Pair, tls_error};
use crate::sending::{FRAGMENT, N, PARTIAL, R1, R3, Sender, WANT_WRITE, data, wrote};

const NONE: SslMode = SslMode::empty();
const NO_DATA: Outcome<Received> = Outcome::Want(Want::Read);

/// A KeyUpdate on the wire: a message of 5 bytes in a record.
const UPDATE: usize = 5 + 22;

#[test]
fn w19_a_key_update_is_refused_while_a_write_is_pending_and_harms_nothing() {
    let mut sender = Sender::scripted(NONE, &[TakeAll, Take(100), Block]);
    let data = data(N);
    assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
    for request in [KeyUpdateRequest::Requested, KeyUpdateRequest::NotRequested] {
        let refused = Error::Misuse(Misuse::KeyUpdateDuringWrite);
        assert_eq!(sender.connection.key_update(request), Err(refused));
    }
    assert!(!sender.connection.in_init());
    assert_eq!(sender.write(&data).unwrap(), wrote(N));
    assert_eq!(sender.peer_reads(), data);
    sender
        .connection
        .key_update(KeyUpdateRequest::Requested)
        .unwrap();
}

#[test]
fn w29_a_key_update_waits_for_the_next_call() {
    let calls: [fn(&mut Sender); 4] = [
        |sender| assert_eq!(sender.write(b"x").unwrap(), wrote(1)),
        |sender| assert_eq!(sender.write(b"").unwrap(), wrote(0)),
        |sender| assert_eq!(sender.read(&mut [0; 9]).unwrap(), NO_DATA),
        |sender| assert_eq!(sender.handshake().unwrap(), Outcome::Done(())),
    ];
    for call in calls {
        let mut sender = Sender::scripted(NONE, &[]);
        sender
            .connection
            .key_update(KeyUpdateRequest::NotRequested)
            .unwrap();
        assert!(sender.connection.in_init());
        assert_eq!(sender.transport.calls(), []);
        let refused = Error::Misuse(Misuse::ShutdownWhileInInit);
        assert_eq!(tls_error(sender.shutdown()), refused);
        assert!(!sender.connection.shutdown_state().sent);

        call(&mut sender);
        assert!(!sender.connection.in_init());
        let first = [Call::wrote(UPDATE, UPDATE), Call::flushed()];
        assert_eq!(sender.transport.take_calls()[..2], first);
        assert_eq!(sender.write(b"new keys").unwrap(), wrote(8));
        assert!(sender.peer_reads().ends_with(b"new keys"));
    }
}

#[test]
fn w29_tls12_has_no_key_update() {
    let mut sender = Sender::established(Tls12, NONE);
    let refused = Error::Misuse(Misuse::NeedsTls13);
    assert_eq!(
        sender.connection.key_update(KeyUpdateRequest::Requested),
        Err(refused)
    );
    assert_eq!(sender.write(b"x").unwrap(), wrote(1));
}

/// Whatever blocks of the KeyUpdate, the data behind it is not looked at.
#[test]
fn w30_a_write_that_waits_for_an_owed_key_update_commits_to_nothing() {
    for taken in [0, 1, 3, UPDATE - 1] {
        for own in [true, false] {
            let mut sender = Sender::scripted(NONE, &[]);
            if own {
                sender
                    .connection
                    .key_update(KeyUpdateRequest::NotRequested)
                    .unwrap();
            } else {
                sender.peer_updates_keys(KeyUpdateRequest::Requested);
                assert_eq!(sender.read(&mut [0; 9]).unwrap(), NO_DATA);
            }
            if taken == 0 {
                sender.plays(&[]);
            } else {
                sender.takes(taken);
            }
            assert_eq!(sender.write(&data(100)).unwrap(), WANT_WRITE);
            sender.takes_all();
            let other = [7; 40];
            assert_eq!(sender.write(&other).unwrap(), wrote(40));
            assert_eq!(sender.peer_reads(), other);
        }
    }
}

#[test]
fn w31_a_requested_update_is_answered_by_the_next_write_never_by_a_read() {
    for next in [&b"z"[..], b""] {
        let mut sender = Sender::scripted(NONE, &[]);
        sender.peer_updates_keys(KeyUpdateRequest::Requested);
        assert_eq!(sender.read(&mut [0; 9]).unwrap(), NO_DATA);
        assert_eq!(sender.handshake().unwrap(), Outcome::Done(()));
        assert!(!sender.connection.in_init());
        let reads_only = |call: &Call| matches!(call, Call::Read { .. });
        assert!(sender.transport.take_calls().iter().all(reads_only));

        assert_eq!(sender.write(next).unwrap(), wrote(next.len()));
        let mut expected = vec![Call::wrote(UPDATE, UPDATE), Call::flushed()];
        if !next.is_empty() {
            let record = next.len() + 22;
            expected.push(Call::wrote(record, record));
        }
        assert_eq!(sender.transport.take_calls(), expected);
        assert_eq!(sender.peer_reads(), next);

        // Once is enough.
        assert_eq!(sender.write(b"again").unwrap(), wrote(5));
        assert_eq!(sender.transport.calls(), [Call::wrote(27, 27)]);
    }
}

#[test]
fn w31_an_update_that_asks_for_none_gets_none() {
    let mut sender = Sender::scripted(NONE, &[]);
    sender.peer_updates_keys(KeyUpdateRequest::NotRequested);
    assert_eq!(sender.read(&mut [0; 9]).unwrap(), NO_DATA);
    sender.transport.take_calls();
    assert_eq!(sender.write(&data(N)).unwrap(), wrote(N));
    assert_eq!(
        sender.transport.calls(),
        [R1, R1, R3].map(|len| Call::wrote(len, len))
    );
}

/// The retry finishes its write, three records of it, without the reply; the next write sends it.
#[test]
fn w32_a_reply_that_falls_due_while_a_write_is_blocked_waits_for_the_one_after() {
    let mut sender = Sender::scripted(NONE, &[Take(100), Block]);
    let data = data(N);
    assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
    sender.peer_updates_keys(KeyUpdateRequest::Requested);
    sender.peer(|peer| assert_eq!(peer.write(b"q").unwrap(), Outcome::Done(1)));
    let mut out = [0; 9];
    assert_eq!(
        sender.read(&mut out).unwrap(),
        Outcome::Done(Received::Data(1))
    );
    sender.transport.take_calls();

    assert_eq!(sender.write(&data).unwrap(), wrote(N));
    let rest = [R1 - 100, R1, R3].map(|len| Call::wrote(len, len));
    assert_eq!(sender.transport.take_calls(), rest);

    assert_eq!(sender.write(b"z").unwrap(), wrote(1));
    let reply = [
        Call::wrote(UPDATE, UPDATE),
        Call::flushed(),
        Call::wrote(23, 23),
    ];
    assert_eq!(sender.transport.take_calls(), reply);
    assert_eq!(sender.peer_reads(), [&data[..], b"z"].concat());
}

#[test]
fn w32_with_partial_writes_the_reply_comes_before_the_rest() {
    let mut sender = Sender::scripted(PARTIAL, &[Take(100), Block]);
    let data = data(N);
    assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
    sender.peer_updates_keys(KeyUpdateRequest::Requested);
    assert_eq!(sender.read(&mut [0; 9]).unwrap(), NO_DATA);
    assert_eq!(sender.write(&data).unwrap(), wrote(2 * FRAGMENT));
    sender.transport.take_calls();
    assert_eq!(
        sender.write(&data[2 * FRAGMENT..]).unwrap(),
        wrote(N - 2 * FRAGMENT)
    );
    let calls = [
        Call::wrote(UPDATE, UPDATE),
        Call::flushed(),
        Call::wrote(R3, R3),
    ];
    assert_eq!(sender.transport.take_calls(), calls);
    assert_eq!(sender.peer_reads(), data);
}

#[test]
fn w29_w31_both_sides_change_keys_again_and_again() {
    let mut sender = Sender::scripted(NONE, &[]);
    for round in 0..50_u8 {
        sender
            .connection
            .key_update(KeyUpdateRequest::Requested)
            .unwrap();
        assert_eq!(sender.write(&[round]).unwrap(), wrote(1));
        assert_eq!(sender.peer_reads(), [round]);
        sender.peer_updates_keys(KeyUpdateRequest::Requested);
        sender.peer(|peer| assert_eq!(peer.write(&[round]).unwrap(), Outcome::Done(1)));
        let mut out = [0; 2];
        assert_eq!(
            sender.read(&mut out).unwrap(),
            Outcome::Done(Received::Data(1))
        );
        assert_eq!(out, [round, 0]);
    }
}

#[test]
fn w31_requests_to_a_blocked_connection_are_answered_once() {
    let mut pair = Pair::established(Tls13);
    let link = pair.server.end.outgoing();
    link.set_budget(Some(0));
    // Far more replies than a buffer could hold, were each of them sealed.
    for _ in 0..1000 {
        pair.client
            .connection
            .key_update(KeyUpdateRequest::Requested)
            .unwrap();
        pair.client.handshake().unwrap().done().unwrap();
        pair.server.expect_no_data();
        assert_eq!(pair.server.write(b"").unwrap(), Outcome::Want(Want::Write));
    }
    link.set_budget(None);
    assert_eq!(pair.server.write(b"alive").unwrap(), Outcome::Done(5));
    assert_eq!(pair.client.read_all().unwrap(), b"alive");
}

#[test]
fn w29_a_second_key_update_waits_for_the_first() {
    let mut pair = Pair::established(Tls13);
    let connection = &mut pair.client.connection;
    connection
        .key_update(KeyUpdateRequest::NotRequested)
        .unwrap();
    let again = connection.key_update(KeyUpdateRequest::NotRequested);
    assert_eq!(again, Err(Error::Misuse(Misuse::StillInInit)));
    pair.client.handshake().unwrap().done().unwrap();
    pair.client
        .connection
        .key_update(KeyUpdateRequest::NotRequested)
        .unwrap();
}
