//! Sealing ahead: records that leave together are pending, repeated and reported together.

use std::io::ErrorKind;

use ssl_record::io::{CallError, TlsStream, drive};
use ssl_record::record::ProtocolVersion::{Tls12, Tls13};
use ssl_record::{
    Connection, Error, KeyUpdateRequest, Misuse, Outcome, Shutdown, ShutdownState, SslMode, Want,
};
use ssl_testkit::pattern::Pattern;
use ssl_testkit::pipe::pipe;
use ssl_testkit::script::WriteStep::{self, Block, Fail, Take, TakeAll};
use ssl_testkit::script::{Call, repeat};
use ssl_testkit::wire;

use crate::pair::{HOST, Pair, contexts, tls_error};
use crate::sending::{FRAGMENT, MOVING, PARTIAL, R1, RELEASE, Sender, WANT_WRITE, data, wrote};

const NONE: SslMode = SslMode::empty();
/// What is sealed together at most.
const FOUR: usize = 4 * FRAGMENT;
/// An example of four, four and two records, the last one of 100 bytes.
const LONG: usize = 9 * FRAGMENT + 100;
/// A key update, of five bytes, in its record.
const KEY_UPDATE: usize = 5 + 22;

/// In TLS 1.3.
fn ahead(modes: SslMode, steps: &[WriteStep]) -> Sender {
    let mut sender = Sender::scripted(modes, steps);
    assert!(!sender.connection.seal_ahead());
    sender.connection.set_seal_ahead(true);
    sender
}

/// Stopped in the second of four records.
fn stopped_in_second(modes: SslMode) -> (Sender, Vec<u8>) {
    let mut sender = ahead(modes, &[Take(R1 + 5), Block]);
    let data = data(LONG);
    assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
    let expected = [Call::wrote(4 * R1, R1 + 5), Call::write_blocked(3 * R1 - 5)];
    assert_eq!(sender.transport.take_calls(), expected);
    (sender, data)
}

fn types(bytes: &[u8]) -> Vec<u8> {
    let records = wire::records(bytes);
    records.iter().map(|record| record.content_type).collect()
}

#[test]
fn four_records_are_one_transport_call() {
    let mut sender = ahead(NONE, &[]);
    let data = data(LONG);
    assert_eq!(sender.write(&data).unwrap(), wrote(LONG));
    let expected = [4 * R1, 4 * R1, R1 + 122].map(|len| Call::wrote(len, len));
    assert_eq!(sender.transport.take_calls(), expected);
    assert_eq!(sender.peer_reads(), data);

    // What fits into one record is one, as ever.
    for len in [1, FRAGMENT] {
        assert_eq!(sender.write(&data[..len]).unwrap(), wrote(len));
        let expected = [Call::wrote(len + 22, len + 22)];
        assert_eq!(sender.transport.take_calls(), expected);
        assert_eq!(sender.peer_reads(), data[..len]);
    }
}

#[test]
fn a_mebibyte_on_a_stream_is_sixteen_transport_calls() {
    let (client, server) = contexts(Tls13);
    let ends = pipe();
    let mut client = TlsStream::new(Connection::client(&client, HOST).unwrap(), ends.0);
    let mut server = TlsStream::new(Connection::server(&server).unwrap(), ends.1);
    for _ in 0..20 {
        let done = (client.handshake().unwrap(), server.handshake().unwrap());
        if done == (Outcome::Done(()), Outcome::Done(())) {
            break;
        }
    }
    let link = client.transport().outgoing();
    let before = link.counts().writes;
    let sent = Pattern::bytes(9, 1 << 20);
    assert_eq!(client.write_tls(&sent).unwrap(), wrote(sent.len()));
    assert_eq!(link.counts().writes - before, 16);
    let mut received = vec![0; sent.len()];
    std::io::Read::read_exact(&mut server, &mut received).unwrap();
    assert!(received == sent);
}

#[test]
fn records_of_any_split_size_leave_by_fours() {
    for (split, padding) in [(1000, 0), (1000, 512), (5000, 0), (100, 16_384)] {
        let mut sender = ahead(NONE, &[]);
        assert!(sender.connection.set_split_send_fragment(split));
        assert!(sender.connection.set_block_padding(padding));
        let data = data(split * 5);
        assert_eq!(sender.write(&data).unwrap(), wrote(data.len()));
        let calls = sender.transport.take_calls();
        let record = split.next_multiple_of(padding.max(1)) + 22;
        let expected = [4, 1].map(|records| Call::wrote(records * record, records * record));
        assert_eq!(calls, expected, "records of {split}");
        assert_eq!(sender.peer_reads(), data);
    }
}

#[test]
fn w7_w8_a_retry_resumes_in_the_second_of_four_records() {
    let (mut sender, data) = stopped_in_second(NONE);
    assert_eq!(sender.peer_reads(), data[..FRAGMENT]);
    assert_eq!(sender.write(&data).unwrap(), wrote(LONG));
    let expected = [3 * R1 - 5, 4 * R1, R1 + 122].map(|len| Call::wrote(len, len));
    assert_eq!(sender.transport.calls(), expected);
    assert_eq!(sender.peer_reads(), data[FRAGMENT..]);
}

#[test]
fn w13_w14_w15_a_retry_covers_all_that_was_sealed_together() {
    let too_short = |retried| {
        Err(Error::BadLength {
            retried,
            committed: FOUR,
        })
    };
    let cases = [
        (FOUR, Ok(FOUR)),
        (FOUR + 1, Ok(FOUR + 1)),
        (LONG + 99, Ok(LONG + 99)),
        (FOUR - 1, too_short(FOUR - 1)),
        (2 * FRAGMENT, too_short(2 * FRAGMENT)),
    ];
    for (len, expected) in cases {
        let mut sender = ahead(NONE, &[Take(R1 + 5), Block]);
        let data = data(LONG + 99);
        assert_eq!(sender.write(&data[..LONG]).unwrap(), WANT_WRITE);
        let retried = sender.write(&data[..len]);
        match expected {
            Ok(n) => {
                assert_eq!(retried.unwrap(), wrote(n));
                // Nothing is committed any more.
                assert_eq!(sender.write(b"x").unwrap(), wrote(1));
                assert_eq!(sender.peer_reads(), [&data[..n], b"x"].concat());
            }
            Err(error) => {
                assert_eq!(tls_error(retried), error);
                assert_eq!(sender.transport.written().len(), R1 + 5);
            }
        }
    }
}

#[test]
fn w9_w11_the_retry_begins_where_the_write_began() {
    let (mut sender, data) = stopped_in_second(NONE);
    let elsewhere = data.clone();
    assert_eq!(tls_error(sender.write(&elsewhere)), Error::BufferMoved);

    let (mut sender, data) = stopped_in_second(NONE);
    let from_second = sender.write(&data[FRAGMENT..]);
    assert_eq!(tls_error(from_second), Error::BufferMoved);

    let (mut sender, _) = stopped_in_second(MOVING);
    assert_eq!(sender.write(&elsewhere).unwrap(), wrote(LONG));
    assert_eq!(sender.peer_reads(), elsewhere);
}

#[test]
fn w6_in_parts_a_call_reports_what_was_sealed_together() {
    let mut sender = ahead(PARTIAL, &[]);
    let data = data(LONG);
    assert_eq!(sender.write(&data).unwrap(), wrote(FOUR));
    assert_eq!(sender.write(&data[FOUR..]).unwrap(), wrote(FOUR));
    let rest = LONG - 2 * FOUR;
    assert_eq!(sender.write(&data[2 * FOUR..]).unwrap(), wrote(rest));
    let expected = [4 * R1, 4 * R1, R1 + 122].map(|len| Call::wrote(len, len));
    assert_eq!(sender.transport.calls(), expected);
    assert_eq!(sender.peer_reads(), data);
}

/// One whole record is with the peer and nothing is reported: after a report any bytes could follow, but
/// three records are sealed already.
#[test]
fn w16_w17_in_parts_nothing_is_reported_amid_four_records() {
    let (mut sender, data) = stopped_in_second(PARTIAL);
    assert_eq!(sender.peer_reads(), data[..FRAGMENT]);
    sender.plays(&[Take(R1), Block]);
    assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
    assert_eq!(sender.peer_reads(), data[FRAGMENT..2 * FRAGMENT]);
    // The rest of the four, and as many more, of which the last stops.
    sender.plays(&[TakeAll, Take(4 * R1 - 1), Block]);
    assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
    sender.takes_all();
    assert_eq!(sender.write(&data).unwrap(), wrote(LONG));
    assert_eq!(sender.peer_reads(), data[2 * FRAGMENT..]);

    let (mut sender, data) = stopped_in_second(PARTIAL);
    sender.takes_all();
    assert_eq!(sender.write(&data[..FOUR]).unwrap(), wrote(FOUR));
    let (mut sender, data) = stopped_in_second(PARTIAL);
    sender.takes_all();
    assert_eq!(sender.write(&data).unwrap(), wrote(2 * FOUR));
}

#[test]
fn w7_w8_w40_records_sealed_together_can_stop_at_any_byte() {
    let len = 120;
    for version in [Tls12, Tls13] {
        for modes in [NONE, PARTIAL] {
            let mut sender = Sender::established(version, modes);
            sender.connection.set_seal_ahead(true);
            assert!(sender.connection.set_split_send_fragment(20));
            let wire = 6 * (20 + if version == Tls13 { 22 } else { 29 });
            for cut in 0..wire {
                let data = Pattern::bytes(cut as u64, len);
                sender.plays(&repeat(cut, &[Take(1)]));
                let first = sender.write(&data).unwrap();
                sender.takes_all();
                // In parts, the first four may be reported before the cut comes.
                let from = first.done().unwrap_or(0);
                assert!(
                    from == 0 || (from == 80 && modes == PARTIAL),
                    "cut at {cut}"
                );
                let mut written = from;
                while written < len {
                    written += sender.write(&data[written..]).unwrap().done().unwrap();
                }
                assert_eq!(sender.peer_reads(), data, "cut at {cut}");
            }
        }
    }
}

#[test]
fn w25_a_transport_failure_leaves_all_of_them_pending() {
    let mut sender = ahead(NONE, &[Take(R1 + 5), Fail(ErrorKind::BrokenPipe)]);
    let data = data(LONG);
    let failed = sender.write(&data);
    assert!(matches!(failed, Err(CallError::Transport(_))));
    assert_eq!(sender.write(&data).unwrap(), wrote(LONG));
    assert_eq!(sender.peer_reads(), data);
}

#[test]
fn m21_turned_off_amid_four_records_it_counts_from_the_next_on() {
    let (mut sender, data) = stopped_in_second(NONE);
    sender.connection.set_seal_ahead(false);
    assert_eq!(sender.write(&data).unwrap(), wrote(LONG));
    let rest = [R1, R1, R1, R1, R1, 122];
    let expected: Vec<_> = [3 * R1 - 5]
        .into_iter()
        .chain(rest)
        .map(|len| Call::wrote(len, len))
        .collect();
    assert_eq!(sender.transport.calls(), expected);
    assert_eq!(sender.peer_reads(), data);
}

#[test]
fn w12_the_contents_check_knows_all_that_was_sealed() {
    for (changed, is_found) in [(3 * FRAGMENT, true), (FOUR - 1, true), (FOUR, false)] {
        let mut sender = ahead(NONE, &[Take(9), Block]);
        sender.connection.set_contents_check(true).unwrap();
        let mut buffer = data(LONG);
        assert_eq!(sender.write(&buffer).unwrap(), WANT_WRITE);
        buffer[changed] ^= 1;
        match is_found {
            true => assert_eq!(tls_error(sender.write(&buffer)), Error::ContentsChanged),
            false => assert_eq!(sender.write(&buffer).unwrap(), wrote(LONG)),
        }
    }
}

#[test]
fn w21_close_notify_leaves_behind_all_of_them() {
    let (mut sender, data) = stopped_in_second(NONE);
    let sent = Outcome::Done(Shutdown::Sent);
    assert_eq!(sender.shutdown().unwrap(), sent);
    let types = types(&sender.transport.written());
    assert_eq!(types[..4], [wire::APPLICATION_DATA; 4]);
    assert_eq!(types.len(), 5);
    assert_eq!(sender.peer_reads(), data[..FOUR]);
    let closed = ShutdownState {
        sent: false,
        received: true,
    };
    assert_eq!(sender.peer.connection.shutdown_state(), closed);
    let refused = Error::Misuse(Misuse::ProtocolIsShutdown);
    assert_eq!(tls_error(sender.write(&data)), refused);
}

#[test]
fn w19_w31_w32_key_updates_wait_for_all_of_them() {
    let (mut sender, data) = stopped_in_second(NONE);
    let refused = sender
        .connection
        .key_update(KeyUpdateRequest::NotRequested)
        .unwrap_err();
    assert_eq!(refused, Error::Misuse(Misuse::KeyUpdateDuringWrite));
    sender.peer_updates_keys(KeyUpdateRequest::Requested);
    assert_eq!(sender.read(&mut [0; 9]).unwrap(), Outcome::Want(Want::Read));
    sender.transport.take_calls();
    assert_eq!(sender.write(&data).unwrap(), wrote(LONG));
    assert_eq!(sender.write(b"new keys").unwrap(), wrote(8));
    let writes: Vec<_> = sender
        .transport
        .take_calls()
        .into_iter()
        .filter(|call| *call != Call::flushed())
        .collect();
    let expected = [3 * R1 - 5, 4 * R1, R1 + 122, KEY_UPDATE, 30];
    assert_eq!(writes, expected.map(|len| Call::wrote(len, len)));
    assert_eq!(sender.peer_reads(), [&data[..], b"new keys"].concat());
}

#[test]
fn w20_after_a_fatal_error_nothing_more_of_them_leaves() {
    let (mut sender, data) = stopped_in_second(RELEASE);
    sender
        .transport
        .push_inbound(&[wire::APPLICATION_DATA, 3, 3, 0, 17]);
    sender.transport.push_inbound(&[0; 17]);
    sender.takes_all();
    assert!(matches!(
        tls_error(sender.read(&mut [0; 9])),
        Error::Peer(_)
    ));
    assert_eq!(tls_error(sender.write(&data)), Error::AlreadyFailed);
    assert_eq!(sender.transport.written().len(), R1 + 5);
}

/// The context's pool tells: what it does not have is held.
#[test]
fn b2_b5_the_memory_of_a_long_write_goes_with_it() {
    for modes in [NONE, RELEASE] {
        let (context, server) = contexts(Tls13);
        let mut sender = Sender::of(Pair::connected(&context, &server), modes);
        sender.connection.set_seal_ahead(true);
        assert!(sender.connection.alloc_buffers());
        assert!(sender.connection.free_buffers());
        assert_eq!(context.idle_buffers(), 2);
        let data = data(LONG);
        // The first long write makes the context's long buffer.
        assert_eq!(sender.write(&data).unwrap(), wrote(LONG));
        assert_eq!(context.idle_buffers(), 3, "{modes}");
        sender.plays(&[Take(R1 + 5)]);
        assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
        assert_eq!(context.idle_buffers(), 2);
        assert!(!sender.connection.free_buffers());
        sender.takes_all();
        assert_eq!(sender.write(&data).unwrap(), wrote(LONG));
        assert_eq!(context.idle_buffers(), 3);
        // A short write needs a short buffer, which stays without the bit.
        assert_eq!(sender.write(b"x").unwrap(), wrote(1));
        let held = if modes == RELEASE { 0 } else { 1 };
        assert_eq!(context.idle_buffers(), 3 - held);
        assert_eq!(sender.write(&data).unwrap(), wrote(LONG));
        assert_eq!(context.idle_buffers(), 3);
        sender.connection.clear().unwrap();
        assert_eq!(context.idle_buffers(), 3);
        assert!(sender.connection.seal_ahead());
    }
}

#[test]
fn a_connection_dropped_amid_them_gives_the_memory_back() {
    let (context, server) = contexts(Tls13);
    let mut sender = Sender::of(Pair::connected(&context, &server), RELEASE);
    sender.connection.set_seal_ahead(true);
    sender.plays(&[Take(9)]);
    assert_eq!(sender.write(&data(LONG)).unwrap(), WANT_WRITE);
    let before = context.idle_buffers();
    drop(sender);
    assert_eq!(context.idle_buffers(), before + 1);
}

/// A warning that waits and the long records behind it share no transport call: it is flushed first.
#[test]
fn w58_an_alert_leaves_between_four_and_four() {
    let mut sender = Sender::established(Tls12, NONE);
    sender.connection.set_seal_ahead(true);
    let data = data(LONG);
    sender.takes(100);
    assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
    assert_eq!(sender.shutdown().unwrap(), Outcome::Want(Want::Write));
    let open = ShutdownState::default();
    sender.connection.set_shutdown_state(open);
    sender.takes_all();
    let retried = drive::write(&mut sender.connection, &mut sender.transport, &data);
    assert_eq!(retried.unwrap(), wrote(LONG));
    let mut expected = vec![wire::APPLICATION_DATA; 11];
    expected[4] = wire::ALERT;
    assert_eq!(types(&sender.transport.written()), expected);
}

/// Own and owed key updates stand in one buffer, each as long as a full record.
#[test]
fn w29_w31_w34_padded_control_records_fit_behind_each_other() {
    let mut sender = Sender::scripted(NONE, &[]);
    assert!(sender.connection.set_block_padding(FRAGMENT));
    sender.peer_updates_keys(KeyUpdateRequest::Requested);
    assert_eq!(sender.read(&mut [0; 9]).unwrap(), Outcome::Want(Want::Read));
    sender
        .connection
        .key_update(KeyUpdateRequest::NotRequested)
        .unwrap();
    assert_eq!(sender.write(b"hello").unwrap(), wrote(5));
    assert_eq!(sender.peer_reads(), b"hello");
}
