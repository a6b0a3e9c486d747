//! What a write reports, what it puts on the wire, and what its retry may be.

use std::io::ErrorKind;

use ssl_record::io::{CallError, drive};
use ssl_record::record::ProtocolVersion::{Tls12, Tls13};
use ssl_record::{Error, Misuse, Outcome, ShutdownState, SslMode, Want};
use ssl_testkit::pattern::Pattern;
use ssl_testkit::script::WriteStep::{self, Block, Fail, Take, TakeAll, Zero};
use ssl_testkit::script::{Call, ScriptedTransport, repeat};

use crate::forge::{HANDSHAKE, ticket};
use crate::pair::{Pair, contexts, tls_error};
use crate::sending::{FRAGMENT, MOVING, N, PARTIAL, R1, R3, Sender, WANT_WRITE, data, wrote};

const NONE: SslMode = SslMode::empty();

/// Record 1 taken whole, 100 bytes of record 2, then nothing once, then everything.
const BLOCKED: [WriteStep; 3] = [TakeAll, Take(100), Block];

#[test]
fn w2_a_zero_length_write_does_nothing() {
    for version in [Tls12, Tls13] {
        for modes in [NONE, PARTIAL | MOVING] {
            let mut sender = Sender::established(version, modes);
            assert_eq!(sender.write(&[]).unwrap(), wrote(0));
            assert_eq!(sender.transport.calls(), []);
        }
    }
}

#[test]
fn w3_a_write_is_one_transport_call_per_record_and_no_flush() {
    let mut sender = Sender::scripted(NONE, &[]);
    let data = data(N);
    assert_eq!(sender.write(&data).unwrap(), wrote(N));
    let expected = [R1, R1, R3].map(|len| Call::wrote(len, len));
    assert_eq!(sender.transport.calls(), expected);
    assert_eq!(sender.peer_reads(), data);
}

/// Lengths of the records that a write of `len` bytes makes.
fn record_lengths(sender: &mut Sender, len: usize) -> Vec<usize> {
    assert_eq!(sender.write(&data(len)).unwrap(), wrote(len));
    let lengths = sender
        .transport
        .take_calls()
        .into_iter()
        .map(|call| match call {
            Call::Write { offered, .. } => offered,
            other => panic!("not a write: {other:?}"),
        });
    lengths.collect()
}

#[test]
fn w4_the_maximum_fragment_cuts_records_and_drags_the_split_size_down() {
    let mut sender = Sender::scripted(NONE, &[]);
    for refused in [0, 511, 16_385, usize::MAX] {
        assert!(!sender.connection.set_max_send_fragment(refused));
    }
    assert!(sender.connection.set_max_send_fragment(512));
    assert_eq!(record_lengths(&mut sender, 1300), [534, 534, 276 + 22]);
    assert!(sender.connection.set_max_send_fragment(16_384));
    assert_eq!(sender.connection.max_send_fragment(), 16_384);
    assert_eq!(record_lengths(&mut sender, 1300), [534, 534, 276 + 22]);
    assert_eq!(sender.peer_reads(), [data(1300), data(1300)].concat());
}

#[test]
fn w5_the_split_size_is_what_records_really_get() {
    let mut sender = Sender::scripted(NONE, &[]);
    for refused in [0, 16_385] {
        assert!(!sender.connection.set_split_send_fragment(refused));
    }
    assert!(sender.connection.set_split_send_fragment(1000));
    assert_eq!(record_lengths(&mut sender, 2500), [1022, 1022, 522]);
    assert!(sender.connection.set_split_send_fragment(1));
    assert_eq!(record_lengths(&mut sender, 3), [23, 23, 23]);
    assert!(sender.connection.set_max_send_fragment(512));
    assert!(!sender.connection.set_split_send_fragment(513));
}

#[test]
fn w34_a_record_adds_22_bytes_in_tls13_and_29_in_tls12() {
    for (version, overhead) in [(Tls13, 5 + 1 + 16), (Tls12, 5 + 8 + 16)] {
        for len in [1, 100, FRAGMENT] {
            let mut sender = Sender::established(version, NONE);
            assert_eq!(record_lengths(&mut sender, len), [len + overhead]);
        }
    }
}

#[test]
fn w34_padding_fills_blocks_up_to_a_full_fragment() {
    let mut sender = Sender::scripted(NONE, &[]);
    assert!(!sender.connection.set_block_padding(16_385));
    assert!(sender.connection.set_block_padding(1000));
    assert_eq!(record_lengths(&mut sender, 100), [1022]);
    assert_eq!(record_lengths(&mut sender, 16_383), [R1]);
    assert_eq!(sender.peer_reads(), [data(100), data(16_383)].concat());
}

/// The same write, repeated until it is done, on a transport that plays a script.
struct Repeated {
    name: &'static str,
    script: Vec<WriteStep>,
    /// What the calls return, in order.
    calls: Vec<Outcome<usize>>,
    /// What the transport saw, if the case is about that.
    transport: Option<Vec<Call>>,
}

fn repeated() -> Vec<Repeated> {
    vec![
        Repeated {
            name: "blocked in the second record",
            script: BLOCKED.to_vec(),
            calls: vec![WANT_WRITE, wrote(N)],
            transport: Some(vec![
                Call::wrote(R1, R1),
                Call::wrote(R1, 100),
                Call::write_blocked(R1 - 100),
                Call::wrote(R1 - 100, R1 - 100),
                Call::wrote(R3, R3),
            ]),
        },
        Repeated {
            name: "blocked at once, twice",
            script: vec![Block, Block, TakeAll],
            calls: vec![WANT_WRITE, WANT_WRITE, wrote(N)],
            transport: None,
        },
        Repeated {
            name: "blocked at both record boundaries",
            script: vec![TakeAll, Block, TakeAll, Block, TakeAll],
            calls: vec![WANT_WRITE, WANT_WRITE, wrote(N)],
            transport: None,
        },
        Repeated {
            name: "blocked before the last byte",
            script: vec![TakeAll, TakeAll, Take(R3 - 1), Block, Block],
            calls: vec![WANT_WRITE, WANT_WRITE, wrote(N)],
            transport: None,
        },
        Repeated {
            name: "one byte per call",
            script: repeat(30, &[Take(1), Block]),
            calls: [vec![WANT_WRITE; 30], vec![wrote(N)]].concat(),
            transport: None,
        },
    ]
}

#[test]
fn w7_w8_a_blocked_write_reports_nothing_and_its_repetition_the_whole() {
    for case in repeated() {
        let name = case.name;
        let mut sender = Sender::scripted(NONE, &case.script);
        let data = data(N);
        for expected in case.calls {
            assert_eq!(sender.write(&data).unwrap(), expected, "{name}");
        }
        assert_eq!(sender.transport.steps_left().0, 0, "{name}");
        if let Some(calls) = case.transport {
            assert_eq!(sender.transport.calls(), calls, "{name}");
        }
        assert_eq!(sender.peer_reads(), data, "{name}");
    }
}

#[test]
fn w7_bytes_taken_of_a_blocked_record_stay_taken() {
    let mut sender = Sender::scripted(NONE, &BLOCKED);
    let data = data(N);
    assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
    let before = sender.transport.written();
    assert_eq!(before.len(), R1 + 100);
    assert_eq!(sender.write(&data).unwrap(), wrote(N));
    assert_eq!(sender.transport.written()[..before.len()], before);
}

/// A retry after record 1 left and record 2 half: 32768 of 40000 bytes are committed.
#[test]
fn w13_w14_w15_a_retry_covers_what_is_sealed_and_may_be_any_longer() {
    let too_short = |retried| {
        Err(Error::BadLength {
            retried,
            committed: 2 * FRAGMENT,
        })
    };
    let cases = [
        (2 * FRAGMENT, Ok(2 * FRAGMENT)),
        (2 * FRAGMENT + 1, Ok(2 * FRAGMENT + 1)),
        (N, Ok(N)),
        (60_000, Ok(60_000)),
        (2 * FRAGMENT - 1, too_short(2 * FRAGMENT - 1)),
        (100, too_short(100)),
        (0, too_short(0)),
    ];
    for modes in [NONE, MOVING] {
        for (len, expected) in &cases {
            let mut sender = Sender::scripted(modes, &BLOCKED);
            let data = data(60_000);
            assert_eq!(sender.write(&data[..N]).unwrap(), WANT_WRITE);
            let retried = sender.write(&data[..*len]);
            match expected {
                Ok(n) => {
                    assert_eq!(retried.unwrap(), wrote(*n));
                    assert_eq!(sender.write(b"next").unwrap(), wrote(4));
                    assert_eq!(sender.peer_reads(), [&data[..*n], b"next"].concat());
                }
                Err(error) => {
                    assert_eq!(tls_error(retried), *error);
                    assert_eq!(tls_error(sender.write(&data[..N])), Error::AlreadyFailed);
                    assert_eq!(sender.transport.written().len(), R1 + 100);
                }
            }
        }
    }
}

#[test]
fn w14_the_length_is_looked_at_before_the_address() {
    let mut sender = Sender::scripted(NONE, &BLOCKED);
    assert_eq!(sender.write(&data(N)).unwrap(), WANT_WRITE);
    let error = tls_error(sender.write(&data(100)));
    assert!(matches!(error, Error::BadLength { retried: 100, .. }));
}

#[test]
fn w12_changed_contents_at_the_same_address_go_out_from_where_nothing_is_sealed() {
    let mut sender = Sender::scripted(NONE, &BLOCKED);
    let old = data(N);
    let mut buffer = old.clone();
    assert_eq!(sender.write(&buffer).unwrap(), WANT_WRITE);
    buffer.fill(0xee);
    assert_eq!(sender.write(&buffer).unwrap(), wrote(N));
    let spliced = [&old[..2 * FRAGMENT], &buffer[2 * FRAGMENT..]].concat();
    assert_eq!(sender.peer_reads(), spliced);
}

#[test]
fn w12_the_contents_check_refuses_what_openssl_lets_pass() {
    let mut sender = Sender::scripted(MOVING, &BLOCKED);
    sender.connection.set_contents_check(true).unwrap();
    let mut buffer = data(N);
    assert_eq!(sender.write(&buffer).unwrap(), WANT_WRITE);
    buffer[FRAGMENT] ^= 1;
    assert_eq!(tls_error(sender.write(&buffer)), Error::ContentsChanged);
}

#[test]
fn w27_what_the_transport_takes_in_part_is_continued_in_the_same_call() {
    let mut sender = Sender::scripted(NONE, &repeat(13, &[Take(10)]));
    assert_eq!(sender.write(&data(100)).unwrap(), wrote(100));
    let offered = (0..13).map(|call| 122 - 10 * call);
    let expected: Vec<_> = offered
        .map(|left| Call::wrote(left, left.min(10)))
        .collect();
    assert_eq!(sender.transport.calls(), expected);
    assert_eq!(sender.peer_reads(), data(100));
}

#[test]
fn w25_a_transport_failure_leaves_the_record_pending_and_the_connection_alive() {
    let cases: [(&[WriteStep], ErrorKind); 4] = [
        (&[Fail(ErrorKind::BrokenPipe)], ErrorKind::BrokenPipe),
        (
            &[TakeAll, Take(5), Fail(ErrorKind::TimedOut)],
            ErrorKind::TimedOut,
        ),
        (&[TakeAll, Zero], ErrorKind::WriteZero),
        (&[Block, Fail(ErrorKind::Other)], ErrorKind::Other),
    ];
    for (script, kind) in cases {
        let mut sender = Sender::scripted(NONE, script);
        let data = data(N);
        let mut result = sender.write(&data);
        if matches!(result, Ok(WANT_WRITE)) {
            result = sender.write(&data);
        }
        match result {
            Err(CallError::Transport(error)) => assert_eq!(error.kind(), kind),
            other => panic!("expected a transport failure, got {other:?}"),
        }
        assert!(!sender.connection.is_failed());
        assert_eq!(sender.write(&data).unwrap(), wrote(N));
        assert_eq!(sender.peer_reads(), data);
    }
}

#[test]
fn w25_the_retry_contract_holds_after_a_transport_failure() {
    let mut sender = Sender::scripted(NONE, &[TakeAll, Fail(ErrorKind::BrokenPipe)]);
    let data = data(N);
    assert!(sender.write(&data).is_err());
    let error = tls_error(sender.write(&data[..2 * FRAGMENT - 1]));
    assert!(matches!(
        error,
        Error::BadLength {
            committed: 32_768,
            ..
        }
    ));
}

#[test]
fn w27_an_interrupted_transport_call_is_repeated_at_once() {
    let mut sender = Sender::scripted(NONE, &[Take(9), Fail(ErrorKind::Interrupted), TakeAll]);
    assert_eq!(sender.write(&data(100)).unwrap(), wrote(100));
    assert_eq!(sender.peer_reads(), data(100));
}

#[test]
fn w39_the_pending_record_goes_to_the_transport_of_the_retry() {
    let mut sender = Sender::scripted(NONE, &BLOCKED);
    let data = data(N);
    assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
    let mut other = ScriptedTransport::new();
    let retried = drive::write(&mut sender.connection, &mut other, &data);
    assert_eq!(retried.unwrap(), wrote(N));
    let expected = [R1 - 100, R3].map(|len| Call::wrote(len, len));
    assert_eq!(other.calls(), expected);
    let both = [sender.transport.written(), other.written()].concat();
    sender.transport.take_written();
    let mut joined = ScriptedTransport::new();
    std::io::Write::write_all(&mut joined, &both).unwrap();
    sender.transport = joined;
    assert_eq!(sender.peer_reads(), data);
}

#[test]
fn w40_70000_bytes_arrive_through_777_bytes_a_call() {
    for version in [Tls12, Tls13] {
        for modes in [NONE, PARTIAL | MOVING] {
            let mut sender = Sender::established(version, modes);
            let data = data(70_000);
            let (mut written, mut calls) = (0, 0);
            while written < data.len() {
                sender.takes(777);
                if let Outcome::Done(n) = sender.write(&data[written..]).unwrap() {
                    written += n;
                }
                calls += 1;
                assert!(calls < 200, "no progress at {written}");
            }
            assert_eq!(sender.peer_reads(), data);
        }
    }
}

/// Statement by statement, what comes first when several things are wrong or due at once.
#[test]
fn w50_shutdown_comes_before_death_length_and_handshake() {
    let mut sender = Sender::scripted(NONE, &BLOCKED);
    let data = data(N);
    let refused = Error::Misuse(Misuse::ProtocolIsShutdown);
    assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
    let closed = ShutdownState {
        sent: true,
        received: false,
    };
    sender.connection.set_shutdown_state(closed);
    assert_eq!(tls_error(sender.write(&[])), refused);
    sender
        .connection
        .set_shutdown_state(ShutdownState::default());
    assert!(matches!(
        tls_error(sender.write(&[])),
        Error::BadLength { .. }
    ));
    sender.connection.set_shutdown_state(closed);
    assert_eq!(tls_error(sender.write(&[])), refused);

    let (client, server) = contexts(Tls13);
    let mut fresh = Pair::fresh(&client, &server).client;
    fresh.connection.set_shutdown_state(closed);
    assert_eq!(tls_error(fresh.write(b"x")), refused);
    assert_eq!(fresh.end.outgoing().counts().writes, 0);
}

#[test]
fn w50_the_length_comes_before_an_owed_key_update() {
    let mut sender = Sender::scripted(NONE, &BLOCKED);
    let data = data(N);
    assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
    sender.peer(|peer| {
        peer.connection
            .key_update(ssl_record::KeyUpdateRequest::Requested)
            .unwrap();
        assert_eq!(peer.handshake().unwrap(), Outcome::Done(()));
    });
    assert_eq!(sender.read(&mut [0; 9]).unwrap(), Outcome::Want(Want::Read));
    assert!(matches!(
        tls_error(sender.write(&data[..9])),
        Error::BadLength { .. }
    ));
    assert_eq!(sender.transport.written().len(), R1 + 100);
}

#[test]
fn w62_a_half_received_message_does_not_make_a_retry_forget() {
    for modes in [NONE, MOVING, PARTIAL] {
        let (mut sender, mut forge) = Sender::forged(Tls13);
        sender.connection.set_mode(modes);
        sender.plays(&BLOCKED[..2]);
        let data = data(N);
        assert_eq!(sender.write(&data[..]).unwrap(), first_call(modes));
        let ticket = ticket(0);
        let push = |sender: &Sender, record: Vec<u8>| sender.transport.push_inbound(&record);
        push(&sender, forge.seal(HANDSHAKE, &ticket[..10]));
        assert_eq!(sender.read(&mut [0; 9]).unwrap(), Outcome::Want(Want::Read));
        // OpenSSL waits here for the rest of the message and forgets its count.
        let before = if modes == PARTIAL { FRAGMENT } else { 0 };
        assert_eq!(sender.write(&data[before..]).unwrap(), WANT_WRITE);
        push(&sender, forge.seal(HANDSHAKE, &ticket[10..]));
        assert_eq!(sender.read(&mut [0; 9]).unwrap(), Outcome::Want(Want::Read));
        sender.takes_all();
        assert_eq!(sender.write(&data[before..]).unwrap(), wrote(N - before));
        assert_eq!(sender.peer_reads(), data);
    }
}

/// The first call's result when the transport takes one record and a half.
fn first_call(modes: SslMode) -> Outcome<usize> {
    if modes == PARTIAL {
        wrote(FRAGMENT)
    } else {
        WANT_WRITE
    }
}

#[test]
fn w62_progress_survives_every_obstacle_between_two_retries() {
    for version in [Tls12, Tls13] {
        let mut sender = Sender::established(version, NONE);
        let data = data(N);
        let obstacles: [fn(&mut Sender, &[u8]); 5] = [
            |sender, data| assert_eq!(sender.write(data).unwrap(), WANT_WRITE),
            |sender, _| assert!(sender.read(&mut [0; 9]).unwrap().want().is_some()),
            |sender, _| {
                let _ = sender
                    .connection
                    .key_update(ssl_record::KeyUpdateRequest::Requested);
            },
            |sender, data| {
                sender.transport.set_writes([Fail(ErrorKind::BrokenPipe)]);
                assert!(sender.write(data).is_err());
            },
            |sender, _| assert_eq!(sender.handshake().unwrap(), Outcome::Done(())),
        ];
        sender.takes(FRAGMENT + 40);
        for obstacle in obstacles {
            assert_eq!(sender.write(&data).unwrap(), WANT_WRITE);
            obstacle(&mut sender, &data);
        }
        sender.takes_all();
        assert_eq!(sender.write(&data).unwrap(), wrote(N));
        assert_eq!(sender.peer_reads(), data);
    }
}

#[test]
fn w7_w8_any_record_can_block_at_any_byte() {
    let len = 60;
    for version in [Tls12, Tls13] {
        let mut sender = Sender::established(version, NONE);
        assert!(sender.connection.set_split_send_fragment(20));
        let wire = 3 * (20 + if version == Tls13 { 22 } else { 29 });
        for cut in 0..wire {
            let data = Pattern::bytes(cut as u64, len);
            sender.plays(&repeat(cut, &[Take(1)]));
            assert_eq!(sender.write(&data).unwrap(), WANT_WRITE, "cut at {cut}");
            sender.takes_all();
            assert_eq!(sender.write(&data).unwrap(), wrote(len), "cut at {cut}");
            assert_eq!(sender.peer_reads(), data, "cut at {cut}");
        }
    }
}
