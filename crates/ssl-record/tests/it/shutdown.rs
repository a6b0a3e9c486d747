//! Closing: two calls, blocked, quiet, by hand, too early, too late.

use std::io::ErrorKind;

use ssl_record::io::CallError;
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{
    Error, KeyUpdateRequest, Misuse, Outcome, PeerFault, Received, Shutdown, ShutdownState, Want,
};
use ssl_testkit::wire;

use crate::pair::{Half, Pair, contexts, tls_error};

const VERSIONS: [ProtocolVersion; 2] = [Tls12, Tls13];
const SENT: Outcome<Shutdown> = Outcome::Done(Shutdown::Sent);
const COMPLETE: Outcome<Shutdown> = Outcome::Done(Shutdown::Complete);
const CLOSED: Outcome<Received> = Outcome::Done(Received::Closed);
const TOO_EARLY: Error = Error::Misuse(Misuse::ShutdownWhileInInit);

fn flags(sent: bool, received: bool) -> ShutdownState {
    ShutdownState { sent, received }
}

/// An established pair; what was written until now is forgotten.
fn established(version: ProtocolVersion) -> Pair {
    let pair = Pair::established(version);
    let _ = pair.client.end.outgoing().take_wire();
    pair
}

/// Records the half has written since [`established`].
fn records(half: &Half) -> usize {
    wire::records(&half.end.outgoing().wire()).len()
}

#[test]
fn s2_too_early_a_shutdown_is_refused_and_harmless() {
    for version in VERSIONS {
        let (client, server) = contexts(version);
        let mut pair = Pair::fresh(&client, &server);
        for quiet in [false, true] {
            pair.client.connection.set_quiet_shutdown(quiet);
            let error = tls_error(pair.client.shutdown());
            assert_eq!(error, TOO_EARLY);
            assert_eq!(error.reason().unwrap().packed(), 0x0A00_0197);
        }
        let _ = pair.client.handshake().unwrap();
        assert_eq!(tls_error(pair.client.shutdown()), TOO_EARLY);
        let state = pair.client.connection.shutdown_state();
        assert_eq!(state, flags(false, false));
        pair.handshake();
        assert!(!pair.client.connection.in_init());
    }
}

#[test]
fn s2_an_owed_key_update_counts_as_unfinished() {
    let mut pair = established(Tls13);
    let update = KeyUpdateRequest::NotRequested;
    pair.client.connection.key_update(update).unwrap();
    assert_eq!(tls_error(pair.client.shutdown()), TOO_EARLY);
    let _ = pair.client.handshake().unwrap();
    assert_eq!(pair.client.shutdown().unwrap(), SENT);
    assert_eq!(pair.server.read(&mut [0; 1]).unwrap(), CLOSED);
}

#[test]
fn s3_s4_s5_s6_two_calls_close_both_directions() {
    for version in VERSIONS {
        let mut pair = established(version);
        let counts = pair.client.end.outgoing().counts();
        assert_eq!(pair.client.shutdown().unwrap(), SENT);
        let state = pair.client.connection.shutdown_state();
        assert_eq!(state, flags(true, false));
        let after = pair.client.end.outgoing().counts();
        assert_eq!(after.writes - counts.writes, 1);
        assert_eq!(after.flushes - counts.flushes, 1);
        assert_eq!(records(&pair.client), 1);

        let waits = Outcome::Want(Want::Read);
        assert_eq!(pair.client.shutdown().unwrap(), waits);
        assert_eq!(records(&pair.client), 1);

        assert_eq!(pair.server.read(&mut [0; 1]).unwrap(), CLOSED);
        let state = pair.server.connection.shutdown_state();
        assert_eq!(state, flags(false, true));
        assert_eq!(pair.server.shutdown().unwrap(), COMPLETE);
        let state = pair.server.connection.shutdown_state();
        assert_eq!(state, flags(true, true));

        for _ in 0..3 {
            assert_eq!(pair.client.shutdown().unwrap(), COMPLETE);
        }
        let state = pair.client.connection.shutdown_state();
        assert_eq!(state, flags(true, true));
        assert_eq!(records(&pair.client), 1);
    }
}

#[test]
fn s7_an_unread_close_notify_still_takes_two_calls() {
    for version in VERSIONS {
        let mut pair = established(version);
        let _ = pair.server.shutdown().unwrap();
        assert_eq!(pair.client.shutdown().unwrap(), SENT);
        assert_eq!(pair.client.shutdown().unwrap(), COMPLETE);
    }
}

#[test]
fn s8_data_while_waiting_for_close_notify_is_fatal_and_silent() {
    for version in VERSIONS {
        let mut pair = established(version);
        let _ = pair.server.write(b"hello").unwrap();
        assert_eq!(pair.client.shutdown().unwrap(), SENT);
        let error = tls_error(pair.client.shutdown());
        assert_eq!(error, Error::Peer(PeerFault::DataAfterCloseNotify));
        assert_eq!(error.reason().unwrap().packed(), (20 << 23) | 291);
        assert_eq!(records(&pair.client), 1);
        let error = tls_error(pair.client.read(&mut [0; 10]));
        assert_eq!(error, Error::AlreadyFailed);
    }
}

#[test]
fn s8_the_rest_of_a_half_read_record_counts_as_data() {
    let mut pair = established(Tls13);
    let _ = pair.server.write(b"hello").unwrap();
    let _ = pair.client.read(&mut [0; 2]).unwrap();
    assert_eq!(pair.client.shutdown().unwrap(), SENT);
    let error = tls_error(pair.client.shutdown());
    assert_eq!(error, Error::Peer(PeerFault::DataAfterCloseNotify));
}

#[test]
fn s9_reading_instead_keeps_the_data() {
    for version in VERSIONS {
        let mut pair = established(version);
        let _ = pair.server.write(b"hello").unwrap();
        let _ = pair.server.shutdown().unwrap();
        assert_eq!(pair.client.shutdown().unwrap(), SENT);
        let data = Outcome::Done(Received::Data(5));
        assert_eq!(pair.client.read(&mut [0; 10]).unwrap(), data);
        assert_eq!(pair.client.read(&mut [0; 10]).unwrap(), CLOSED);
        assert_eq!(pair.client.shutdown().unwrap(), COMPLETE);
    }
}

#[test]
fn s10_a_blocked_close_notify_is_sent_once_at_any_cut() {
    for version in VERSIONS {
        for budget in 0..24 {
            let mut pair = established(version);
            let link = pair.client.end.outgoing();
            link.set_budget(Some(budget));
            for _ in 0..2 {
                let blocked = Outcome::Want(Want::Write);
                assert_eq!(pair.client.shutdown().unwrap(), blocked);
                let state = pair.client.connection.shutdown_state();
                assert_eq!(state, flags(true, false));
            }
            let refused = Error::Misuse(Misuse::ProtocolIsShutdown);
            assert_eq!(tls_error(pair.client.write(b"a")), refused);
            link.set_budget(None);
            assert_eq!(pair.client.shutdown().unwrap(), SENT);
            assert_eq!(records(&pair.client), 1);
            assert_eq!(pair.server.read(&mut [0; 1]).unwrap(), CLOSED);
        }
    }
}

#[test]
fn s11_blocked_after_the_peers_close_it_completes_in_one() {
    for version in VERSIONS {
        let mut pair = established(version);
        let _ = pair.server.shutdown().unwrap();
        assert_eq!(pair.client.read(&mut [0; 1]).unwrap(), CLOSED);
        let link = pair.client.end.outgoing();
        link.set_budget(Some(0));
        let blocked = Outcome::Want(Want::Write);
        assert_eq!(pair.client.shutdown().unwrap(), blocked);
        let state = pair.client.connection.shutdown_state();
        assert_eq!(state, flags(true, true));
        link.set_budget(None);
        assert_eq!(pair.client.shutdown().unwrap(), COMPLETE);
        assert_eq!(pair.server.shutdown().unwrap(), COMPLETE);
    }
}

#[test]
fn s11_after_a_hard_failure_the_flag_stays_and_a_repetition_sends() {
    for version in VERSIONS {
        let mut pair = established(version);
        let link = pair.client.end.outgoing();
        link.fail_next_write(ErrorKind::BrokenPipe);
        match pair.client.shutdown() {
            Err(CallError::Transport(error)) => assert_eq!(error.kind(), ErrorKind::BrokenPipe),
            other => panic!("expected the transport's error, got {other:?}"),
        }
        let state = pair.client.connection.shutdown_state();
        assert_eq!(state, flags(true, false));
        assert_eq!(pair.client.shutdown().unwrap(), SENT);
        assert_eq!(records(&pair.client), 1);
    }
}

#[test]
fn s12_quiet_closes_without_a_word() {
    for version in VERSIONS {
        let mut pair = established(version);
        pair.client.connection.set_quiet_shutdown(true);
        assert_eq!(pair.client.shutdown().unwrap(), COMPLETE);
        let state = pair.client.connection.shutdown_state();
        assert_eq!(state, flags(true, true));
        assert_eq!(records(&pair.client), 0);
        let _ = pair.server.write(b"hello").unwrap();
        assert_eq!(pair.client.read(&mut [0; 10]).unwrap(), CLOSED);
    }
}

#[test]
fn s13_flags_set_by_hand_count() {
    for (state, sent_records) in [(flags(true, true), 0), (flags(false, true), 1)] {
        let mut pair = established(Tls13);
        pair.client.connection.set_shutdown_state(state);
        assert_eq!(pair.client.shutdown().unwrap(), COMPLETE);
        assert_eq!(records(&pair.client), sent_records);
    }
}

#[test]
fn s14_dropping_a_connection_sends_nothing() {
    for version in VERSIONS {
        let pair = established(version);
        drop(pair.client.connection);
        assert_eq!(pair.client.end.outgoing().wire(), b"");
    }
}

#[test]
fn s15_after_a_fatal_error_refused_after_a_transport_error_possible() {
    for version in VERSIONS {
        let mut pair = established(version);
        pair.client.end.incoming().close();
        let error = tls_error(pair.client.read(&mut [0; 1]));
        assert_eq!(error, Error::UnexpectedEof);
        assert_eq!(tls_error(pair.client.shutdown()), TOO_EARLY);
        let state = pair.client.connection.shutdown_state();
        assert_eq!(state, flags(false, false));

        let mut pair = established(version);
        let link = pair.client.end.incoming();
        link.fail_next_read(ErrorKind::ConnectionReset);
        assert!(pair.client.read(&mut [0; 1]).is_err());
        assert_eq!(pair.client.shutdown().unwrap(), SENT);
    }
}
