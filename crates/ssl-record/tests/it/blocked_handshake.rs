//! The handshake blocks at every byte, and still ends the same.

use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{Outcome, Received, Want};

use crate::pair::{Pair, contexts};

const VERSIONS: [ProtocolVersion; 2] = [Tls12, Tls13];

/// Runs the handshake; a side that wants to write is granted `more` bytes, and no side may want what
/// it can have.
fn drip(pair: &mut Pair, more: usize) {
    for _ in 0..20_000 {
        let mut done = 0;
        for half in [&mut pair.client, &mut pair.server] {
            let (outgoing, incoming) = (half.end.outgoing(), half.end.incoming());
            match half.handshake().unwrap() {
                Outcome::Done(()) => done += 1,
                Outcome::Want(Want::Write) => {
                    assert_eq!(outgoing.budget(), Some(0));
                    outgoing.set_budget(Some(more));
                }
                Outcome::Want(Want::Read) => assert_eq!(incoming.unread(), 0),
                Outcome::Want(Want::Async) => panic!("nothing is asynchronous here"),
            }
        }
        if done == 2 {
            return;
        }
    }
    panic!("handshake does not end");
}

fn round_trip(pair: &mut Pair) {
    for link in [pair.client.end.outgoing(), pair.server.end.outgoing()] {
        link.set_budget(None);
        link.set_rmax(None);
    }
    assert_eq!(pair.client.write(b"ping").unwrap(), Outcome::Done(4));
    assert_eq!(pair.server.read_all().unwrap(), b"ping");
    assert_eq!(pair.server.write(b"pong").unwrap(), Outcome::Done(4));
    assert_eq!(pair.client.read_all().unwrap(), b"pong");
}

#[test]
fn w28_w60_a_handshake_in_pieces_of_any_size_completes() {
    for version in VERSIONS {
        let (client, server) = contexts(version);
        for piece in [1, 2, 3, 5, 7, 64, 500] {
            let mut pair = Pair::fresh(&client, &server);
            for link in [pair.client.end.outgoing(), pair.server.end.outgoing()] {
                link.set_budget(Some(0));
                link.set_rmax(Some(piece));
            }
            drip(&mut pair, piece);
            round_trip(&mut pair);
        }
    }
}

#[test]
fn w28_a_handshake_blocked_after_any_byte_resumes() {
    for version in VERSIONS {
        let (client, server) = contexts(version);
        for client_blocks in [true, false] {
            for budget in 0.. {
                let mut pair = Pair::fresh(&client, &server);
                let blocking = if client_blocks {
                    pair.client.end.outgoing()
                } else {
                    pair.server.end.outgoing()
                };
                blocking.set_budget(Some(budget));
                drip(&mut pair, usize::MAX);
                if budget % 16 == 0 {
                    round_trip(&mut pair);
                }
                if blocking.counts().blocked_writes == 0 {
                    assert!(budget > 100);
                    break;
                }
            }
        }
    }
}

#[test]
fn w28_a_write_blocked_in_the_handshake_commits_nothing() {
    for version in VERSIONS {
        let (client, server) = contexts(version);
        let mut pair = Pair::fresh(&client, &server);
        let link = pair.client.end.outgoing();
        link.set_budget(Some(10));
        let want = |want| Outcome::Want(want);
        let first = pair.client.write(b"first").unwrap();
        assert_eq!(first, want(Want::Write));
        link.set_budget(None);
        assert_eq!(pair.client.write(b"sec").unwrap(), want(Want::Read));
        pair.handshake();
        // Shorter, elsewhere, other bytes: nothing of the earlier attempts counts.
        let last = b"third".to_vec();
        assert_eq!(pair.client.write(&last).unwrap(), Outcome::Done(5));
        assert_eq!(pair.server.read_all().unwrap(), b"third");
    }
}

#[test]
fn w60_each_flight_is_one_write_and_one_flush() {
    for version in VERSIONS {
        let (client, server) = contexts(version);
        let mut pair = Pair::fresh(&client, &server);
        pair.handshake();
        for half in [&pair.client, &pair.server] {
            let counts = half.end.outgoing().counts();
            let flights = if version == Tls12 { 2 } else { counts.flushes };
            assert_eq!((counts.writes, counts.flushes), (flights, flights));
            assert!(flights <= 3);
        }
        let flushes = pair.client.end.outgoing().counts().flushes;
        let _ = pair.client.write(b"data is not flushed").unwrap();
        assert_eq!(pair.client.end.outgoing().counts().flushes, flushes);
    }
}

#[test]
fn w60_a_flush_that_blocks_is_a_want_to_write_and_is_repeated() {
    use ssl_record::Connection;
    use ssl_record::io::drive;
    use ssl_testkit::script::{Call, FlushStep, ScriptedTransport};
    for version in VERSIONS {
        let (client, _) = contexts(version);
        let mut connection = Connection::client(&client, crate::pair::HOST).unwrap();
        let transport = ScriptedTransport::new().flushes([FlushStep::Block, FlushStep::Block]);
        let mut step = || drive::handshake(&mut connection, &mut transport.clone()).unwrap();
        assert_eq!(step(), Outcome::Want(Want::Write));
        let hello = transport.written();
        assert_eq!(step(), Outcome::Want(Want::Write));
        assert_eq!(step(), Outcome::Want(Want::Read));
        assert_eq!(transport.written(), hello);
        let calls = transport.calls();
        assert_eq!(
            calls
                .iter()
                .filter(|&&call| call == Call::flushed())
                .count(),
            1
        );
    }
}

#[test]
fn r14_reads_alone_complete_the_handshake_in_one_byte_pieces() {
    for version in VERSIONS {
        let (client, server) = contexts(version);
        let mut pair = Pair::fresh(&client, &server);
        for link in [pair.client.end.outgoing(), pair.server.end.outgoing()] {
            link.set_wmax(Some(1));
            link.set_rmax(Some(1));
        }
        for _ in 0..4 {
            for half in [&mut pair.client, &mut pair.server] {
                let read = half.read(&mut [0; 10]).unwrap();
                assert_eq!(read, Outcome::<Received>::Want(Want::Read));
            }
        }
        assert!(!pair.client.connection.in_init() && !pair.server.connection.in_init());
    }
}

#[test]
fn a_connection_dropped_amid_the_handshake_gives_its_buffers_back() {
    for version in VERSIONS {
        let (client, server) = contexts(version);
        for rounds in 0..3 {
            let mut pair = Pair::fresh(&client, &server);
            for _ in 0..rounds {
                let _ = pair.client.handshake().unwrap();
                let _ = pair.server.handshake().unwrap();
            }
            drop(pair);
        }
        let idle = (client.idle_buffers(), server.idle_buffers());
        let mut pair = Pair::fresh(&client, &server);
        pair.handshake();
        drop(pair);
        assert_eq!((client.idle_buffers(), server.idle_buffers()), idle);
    }
}
