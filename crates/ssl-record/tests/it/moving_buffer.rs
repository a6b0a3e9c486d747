//! `ACCEPT_MOVING_WRITE_BUFFER`: a retry from another address.

use ssl_record::record::ProtocolVersion::{Tls12, Tls13};
use ssl_record::{Error, Misuse, Outcome, Reason, SslMode};
use ssl_testkit::script::WriteStep::{self, Block, Take, TakeAll};

use crate::pair::tls_error;
use crate::sending::{FRAGMENT, MOVING, N, PARTIAL, R1, Sender, WANT_WRITE, data, wrote};

const NONE: SslMode = SslMode::empty();

/// Record 1 taken whole, 100 bytes of record 2, then nothing once, then everything.
const BLOCKED: [WriteStep; 3] = [TakeAll, Take(100), Block];

/// The mode as its user meets it: a caller whose buffer is moved between two calls.
#[test]
fn w9_w11_a_buffer_that_moves_needs_the_mode() {
    // Without the mode the retry has to come from the same address, even with equal bytes.
    let mut sender = Sender::scripted(NONE, &BLOCKED);
    let (a, b) = (data(N), data(N));
    assert_eq!(sender.write(&a).unwrap(), WANT_WRITE);
    assert_eq!(tls_error(sender.write(&b)), Error::BufferMoved);
    assert_eq!(Error::BufferMoved.reason(), Some(Reason::BAD_WRITE_RETRY));

    // With it, any address will do.
    let mut sender = Sender::scripted(MOVING, &BLOCKED);
    assert_eq!(sender.write(&a).unwrap(), WANT_WRITE);
    assert_eq!(sender.write(&b).unwrap(), wrote(40_000));
    assert_eq!(sender.peer_reads(), a);

    // It need not be set before the write blocks.
    let mut sender = Sender::scripted(NONE, &BLOCKED);
    assert_eq!(sender.write(&a).unwrap(), WANT_WRITE);
    sender.connection.set_mode(MOVING);
    assert_eq!(sender.write(&b).unwrap(), wrote(40_000));
    assert_eq!(sender.peer_reads(), a);
}

#[test]
fn w9_a_refused_retry_sends_nothing() {
    for version in [Tls12, Tls13] {
        let mut sender = Sender::established(version, NONE);
        let data = data(N + 1);
        sender.transport.set_writes(BLOCKED);
        assert_eq!(sender.write(&data[..N]).unwrap(), WANT_WRITE);
        let calls = sender.transport.take_calls().len();
        assert_eq!(calls, 3);
        assert_eq!(tls_error(sender.write(&data[1..])), Error::BufferMoved);
        let written = |call: &ssl_testkit::script::Call| {
            matches!(call, ssl_testkit::script::Call::Write { .. })
        };
        assert!(!sender.transport.calls().iter().any(written));
    }
}

#[test]
fn w10_the_refusal_kills_the_connection_in_both_directions_without_an_alert() {
    let mut sender = Sender::scripted(NONE, &BLOCKED);
    let (a, b) = (data(N), data(N));
    sender.peer(|peer| assert_eq!(peer.write(b"waiting").unwrap(), Outcome::Done(7)));
    assert_eq!(sender.write(&a).unwrap(), WANT_WRITE);
    assert_eq!(tls_error(sender.write(&b)), Error::BufferMoved);
    assert_eq!(tls_error(sender.write(&a)), Error::AlreadyFailed);
    assert_eq!(tls_error(sender.read(&mut [0; 9])), Error::AlreadyFailed);
    assert_eq!(tls_error(sender.handshake()), Error::AlreadyFailed);
    let refused = Error::Misuse(Misuse::ShutdownWhileInInit);
    assert_eq!(tls_error(sender.shutdown()), refused);
    assert!(sender.connection.is_failed() && sender.connection.in_init());
    assert_eq!(sender.transport.written().len(), R1 + 100);
    assert_eq!(sender.peer_reads(), a[..FRAGMENT]);
}

#[test]
fn w11_the_mode_does_not_excuse_a_short_retry() {
    let mut sender = Sender::scripted(MOVING, &BLOCKED);
    let (a, b) = (data(N), data(N));
    assert_eq!(sender.write(&a).unwrap(), WANT_WRITE);
    let expected = Error::BadLength {
        retried: 2 * FRAGMENT - 1,
        committed: 2 * FRAGMENT,
    };
    assert_eq!(tls_error(sender.write(&b[..2 * FRAGMENT - 1])), expected);
}

#[test]
fn w12_sealed_bytes_come_from_the_old_buffer_and_the_rest_from_the_new() {
    for modes in [MOVING, MOVING | PARTIAL] {
        let mut sender = Sender::scripted(modes, &[Take(100), Block]);
        let (old, new) = (data(N), vec![0xee; N]);
        assert_eq!(sender.write(&old).unwrap(), WANT_WRITE);
        let written = sender.write(&new).unwrap().done().unwrap();
        assert_eq!(sender.write(&new[written..]).unwrap(), wrote(N - written));
        let spliced = [&old[..FRAGMENT], &new[FRAGMENT..]].concat();
        assert_eq!(sender.peer_reads(), spliced);
    }
}

#[test]
fn w9_m21_cleared_between_two_retries_the_address_counts_again() {
    let mut sender = Sender::scripted(MOVING, &[TakeAll, Take(100), Block, Block]);
    let (a, b) = (data(N), data(N));
    assert_eq!(sender.write(&a).unwrap(), WANT_WRITE);
    assert_eq!(sender.write(&b).unwrap(), WANT_WRITE);
    sender.connection.clear_mode(MOVING);
    // The address that counts is the one the record was sealed from.
    assert_eq!(sender.write(&a).unwrap(), wrote(N));
    assert_eq!(sender.peer_reads(), a);
}

#[test]
fn w9_the_address_is_compared_where_the_pending_record_was_sealed() {
    // Record 1 is sealed from `a`, record 2 from `b`: from then on `b` is the buffer.
    let mut sender = Sender::scripted(MOVING, &[Take(1), Block, TakeAll, Take(1), Block]);
    let (a, b) = (data(N), data(N));
    assert_eq!(sender.write(&a).unwrap(), WANT_WRITE);
    assert_eq!(sender.write(&b).unwrap(), WANT_WRITE);
    sender.connection.clear_mode(MOVING);
    assert_eq!(sender.write(&b).unwrap(), wrote(N));

    let mut sender = Sender::scripted(MOVING, &[Take(1), Block, TakeAll, Take(1), Block]);
    assert_eq!(sender.write(&a).unwrap(), WANT_WRITE);
    assert_eq!(sender.write(&b).unwrap(), WANT_WRITE);
    sender.connection.clear_mode(MOVING);
    assert_eq!(tls_error(sender.write(&a)), Error::BufferMoved);
}
