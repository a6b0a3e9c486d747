//! `ENABLE_PARTIAL_WRITE`: success after one record, except right after a blocked one.

use ssl_record::record::ProtocolVersion::{Tls12, Tls13};
use ssl_record::{KeyUpdateRequest, Outcome, ShutdownState, SslMode, Want};
use ssl_testkit::script::Call;
use ssl_testkit::script::WriteStep::{Block, Take, TakeAll};
use ssl_testkit::wire;

use crate::sending::{FRAGMENT, MOVING, N, PARTIAL, R1, R3, Sender, WANT_WRITE, data, wrote};

/// The mode as its user meets it. 40000 bytes make records of 16384, 16384 and 7232 bytes.
#[test]
fn w6_w16_w17_a_ring_buffer_is_sent_in_parts() {
    let mut sender = Sender::scripted(PARTIAL, &[]);
    let a = data(N);

    // While the transport takes everything, each call reports one record.
    assert_eq!(sender.write(&a).unwrap(), wrote(16_384));
    assert_eq!(sender.write(&a[16_384..]).unwrap(), wrote(16_384));
    assert_eq!(sender.write(&a[32_768..]).unwrap(), wrote(7_232));
    assert_eq!(sender.peer_reads(), a);

    // The first record blocks. Its retry finishes it, sends one more record and reports both.
    sender.plays(&[Take(100)]);
    assert_eq!(sender.write(&a).unwrap(), WANT_WRITE);
    sender.takes_all();
    assert_eq!(sender.write(&a).unwrap(), wrote(32_768));
    assert_eq!(sender.write(&a[32_768..]).unwrap(), wrote(7_232));
    assert_eq!(sender.peer_reads(), a);

    // The one more record blocks, too. The peer has 16384 bytes that nobody reported: the next call
    // still starts at the beginning of `a`.
    sender.plays(&[Take(100)]);
    assert_eq!(sender.write(&a).unwrap(), WANT_WRITE);
    sender.plays(&[TakeAll, Take(50)]);
    assert_eq!(sender.write(&a).unwrap(), WANT_WRITE);
    assert_eq!(sender.peer_reads(), a[..16_384]);
    sender.takes_all();
    assert_eq!(sender.write(&a).unwrap(), wrote(40_000));
    assert_eq!(sender.peer_reads(), a[16_384..]);
}

#[test]
fn w6_input_of_one_record_or_less_is_not_affected() {
    for version in [Tls12, Tls13] {
        let mut sender = Sender::established(version, PARTIAL);
        for (len, expected) in [
            (0, 0),
            (1, 1),
            (100, 100),
            (16_384, 16_384),
            (16_385, 16_384),
        ] {
            let data = data(len);
            assert_eq!(sender.write(&data).unwrap(), wrote(expected));
            assert_eq!(sender.peer_reads(), data[..expected]);
        }
    }
}

#[test]
fn w4_w5_w6_one_record_is_as_long_as_the_split_size_says() {
    let mut sender = Sender::scripted(PARTIAL, &[]);
    assert!(sender.connection.set_split_send_fragment(1000));
    assert_eq!(sender.write(&data(2500)).unwrap(), wrote(1000));
    assert!(sender.connection.set_max_send_fragment(512));
    assert_eq!(sender.write(&data(2500)).unwrap(), wrote(512));
    assert_eq!(
        sender.transport.calls(),
        [1022, 534].map(|len| Call::wrote(len, len))
    );
}

/// Retries after the first record of a write blocked: their length and what they report.
#[test]
fn w16_w17_only_a_retry_of_the_pending_length_reports_just_that() {
    for (len, expected) in [
        (FRAGMENT, FRAGMENT),
        (FRAGMENT + 1, FRAGMENT + 1),
        (2 * FRAGMENT, 2 * FRAGMENT),
        (N, 2 * FRAGMENT),
        (70_000, 2 * FRAGMENT),
    ] {
        let mut sender = Sender::scripted(PARTIAL, &[Take(100), Block]);
        let data = data(70_000);
        assert_eq!(sender.write(&data[..N]).unwrap(), WANT_WRITE);
        assert_eq!(
            sender.write(&data[..len]).unwrap(),
            wrote(expected),
            "retry of {len}"
        );
        assert_eq!(sender.peer_reads(), data[..expected]);
    }
}

#[test]
fn w17_a_retry_from_where_the_peer_is_would_be_refused_and_with_moving_lose_bytes() {
    let blocked_twice = |modes| {
        let mut sender = Sender::scripted(modes, &[Take(100), Block, TakeAll, Take(50), Block]);
        let data = data(N);
        assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
        assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
        (sender, data)
    };
    let (mut sender, data) = blocked_twice(PARTIAL);
    assert!(sender.write(&data[FRAGMENT..]).is_err());
    assert!(sender.connection.is_failed());

    // 23616 bytes do not even cover the 32768 that are committed.
    let (mut sender, data) = blocked_twice(PARTIAL | MOVING);
    assert!(sender.write(&data[FRAGMENT..]).is_err());
}

#[test]
fn w17_m21_set_late_it_counts_from_the_retry_on() {
    let mut sender = Sender::scripted(SslMode::empty(), &[TakeAll, Take(100), Block]);
    let data = data(60_000);
    assert_eq!(sender.write(&data[..N]).unwrap(), WANT_WRITE);
    sender.connection.set_mode(PARTIAL);
    assert_eq!(sender.write(&data).unwrap(), wrote(3 * FRAGMENT));
    assert_eq!(sender.peer_reads(), data[..3 * FRAGMENT]);
}

#[test]
fn w16_m21_cleared_late_the_retry_is_all_or_nothing_again() {
    let mut sender = Sender::scripted(PARTIAL, &[Take(100), Block, TakeAll, Block]);
    let data = data(N);
    assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
    sender.connection.clear_mode(PARTIAL);
    assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
    assert_eq!(sender.write(&data).unwrap(), wrote(N));
    assert_eq!(sender.peer_reads(), data);
}

#[test]
fn w54_a_key_update_is_not_the_one_record() {
    let mut sender = Sender::scripted(PARTIAL, &[]);
    sender.peer_updates_keys(KeyUpdateRequest::Requested);
    assert_eq!(sender.read(&mut [0; 9]).unwrap(), Outcome::Want(Want::Read));
    sender.transport.take_calls();
    sender
        .connection
        .key_update(KeyUpdateRequest::NotRequested)
        .unwrap();
    assert_eq!(sender.write(&data(N)).unwrap(), wrote(FRAGMENT));
    let calls = sender.transport.calls();
    assert_eq!(calls.first(), Some(&Call::wrote(2 * 27, 2 * 27)));
    assert_eq!(calls.last(), Some(&Call::wrote(R1, R1)));
    assert_eq!(sender.peer_reads(), data(FRAGMENT));
}

#[test]
fn w54_w58_an_alert_before_the_record_is_not_the_one_record() {
    let mut sender = Sender::established(Tls12, PARTIAL);
    let data = data(N);
    sender.takes(100);
    assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
    // The only alert that can wait while the connection goes on: a shutdown that is taken back.
    assert_eq!(sender.shutdown().unwrap(), Outcome::Want(Want::Write));
    sender
        .connection
        .set_shutdown_state(ShutdownState::default());
    sender.takes_all();
    assert_eq!(sender.write(&data).unwrap(), wrote(2 * FRAGMENT));
    let types: Vec<_> = wire::records(&sender.transport.written())
        .iter()
        .map(|r| r.content_type)
        .collect();
    assert_eq!(
        types,
        [wire::APPLICATION_DATA, wire::ALERT, wire::APPLICATION_DATA]
    );
}

#[test]
fn w40_in_parts_each_report_is_followed_by_the_rest() {
    let mut sender = Sender::scripted(PARTIAL, &[]);
    let data = data(N);
    let mut reports = Vec::new();
    let mut from = 0;
    while from < N {
        let n = sender.write(&data[from..]).unwrap().done().unwrap();
        reports.push(n);
        from += n;
    }
    assert_eq!(reports, [FRAGMENT, FRAGMENT, R3 - 22]);
    assert_eq!(sender.peer_reads(), data);
}
