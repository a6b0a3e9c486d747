//! `RELEASE_BUFFERS`: who holds record buffers when. The context's pool tells: what it does not have
//! is held.

use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{Context, KeyUpdateRequest, Outcome, Received, Shutdown, SslMode};
use ssl_testkit::script::Call;
use ssl_testkit::script::WriteStep::{Take, TakeAll};
use ssl_testkit::wire::APPLICATION_DATA;

use crate::pair::{Half, Pair, contexts};
use crate::sending::{FRAGMENT, N, PARTIAL, R1, RELEASE, Sender, WANT_WRITE, data, wrote};

const NONE: SslMode = SslMode::empty();

/// A client whose context owns exactly two buffers.
struct Client {
    sender: Sender,
    context: Context,
}

impl Client {
    fn established(modes: SslMode) -> Self {
        let (context, server) = contexts(Tls13);
        let mut sender = Sender::of(Pair::connected(&context, &server), modes);
        assert!(sender.connection.alloc_buffers());
        assert!(sender.connection.free_buffers());
        assert_eq!(context.idle_buffers(), 2);
        Self { sender, context }
    }

    /// How many buffers the connection holds.
    fn held(&self) -> usize {
        2 - self.context.idle_buffers()
    }

    fn peer_writes(&mut self, data: &[u8]) {
        let written = self.sender.peer(|peer| peer.write(data).unwrap());
        assert_eq!(written, wrote(data.len()));
    }

    /// Reads into `max` bytes; how many came, if any.
    fn read(&mut self, max: usize) -> Option<usize> {
        match self.sender.read(&mut vec![0; max]).unwrap() {
            Outcome::Done(Received::Data(n)) => Some(n),
            Outcome::Want(_) => None,
            Outcome::Done(Received::Closed) => panic!("closed"),
        }
    }
}

/// The mode as its user meets it: one connection over time, and the buffers it holds after each call.
#[test]
fn b2_b4_b5_b9_buffers_come_and_go_with_what_is_in_them() {
    let mut client = Client::established(RELEASE);
    let a = data(N);

    // Idle: the last read found nothing, nothing is being written.
    assert_eq!(client.read(10), None);
    assert_eq!(client.held(), 0);

    // A blocked write keeps its record. Nothing else can be done about it, and it goes with the write.
    client.sender.plays(&[Take(100)]);
    assert_eq!(client.sender.write(&a).unwrap(), WANT_WRITE);
    assert_eq!(client.held(), 1);
    assert!(!client.sender.connection.free_buffers());
    client.sender.takes_all();
    assert_eq!(client.sender.write(&a).unwrap(), wrote(40_000));
    assert_eq!(client.held(), 0);

    // Unread plaintext keeps the read buffer, and a peek does not use it up.
    client.peer_writes(&a[..100]);
    assert_eq!(client.read(10), Some(10));
    assert_eq!(client.held(), 1);
    let mut out = [0; 1000];
    let mut transport = client.sender.transport.clone();
    let connection = &mut client.sender.connection;
    let peeked = ssl_record::io::drive::peek(connection, &mut transport, &mut out).unwrap();
    assert_eq!(peeked, Outcome::Done(Received::Data(90)));
    assert!(!connection.free_buffers());
    assert_eq!(client.held(), 1);
    assert_eq!(client.read(1000), Some(90));
    assert_eq!(client.held(), 0);

    // Part of a header is kept in the connection itself; part of a body needs the buffer.
    client
        .sender
        .transport
        .push_inbound(&[APPLICATION_DATA, 3, 3]);
    assert_eq!(client.read(10), None);
    assert_eq!(client.held(), 0);
    assert!(!client.sender.connection.free_buffers());
    client.sender.transport.push_inbound(&[0, 122, 1, 2, 3]);
    assert_eq!(client.read(10), None);
    assert_eq!(client.held(), 1);
    assert!(!client.sender.connection.free_buffers());
}

#[test]
fn b2_without_the_mode_buffers_stay() {
    let mut client = Client::established(NONE);
    client.peer_writes(b"hello");
    assert_eq!(client.read(10), Some(5));
    assert_eq!(client.sender.write(b"hello").unwrap(), wrote(5));
    assert_eq!(client.read(10), None);
    assert_eq!(client.held(), 2);
}

#[test]
fn b2_an_idle_connection_holds_none_after_anything() {
    let after: [fn(&mut Client); 6] = [
        |client| assert_eq!(client.sender.write(&[]).unwrap(), wrote(0)),
        |client| assert_eq!(client.sender.handshake().unwrap(), Outcome::Done(())),
        |client| {
            client
                .sender
                .connection
                .key_update(KeyUpdateRequest::Requested)
                .unwrap();
            assert_eq!(client.sender.handshake().unwrap(), Outcome::Done(()));
        },
        |client| {
            client.peer_writes(&data(N));
            while client.read(9999).is_some() {}
        },
        |client| assert_eq!(client.sender.write(&data(N)).unwrap(), wrote(N)),
        |client| {
            assert_eq!(
                client.sender.shutdown().unwrap(),
                Outcome::Done(Shutdown::Sent)
            );
        },
    ];
    let mut client = Client::established(RELEASE);
    for (index, act) in after.into_iter().enumerate() {
        act(&mut client);
        assert_eq!(client.read(10), None);
        assert_eq!(client.held(), 0, "after act {index}");
    }
}

#[test]
fn b2_after_the_handshake_nothing_is_held() {
    for version in [Tls12, Tls13] {
        let (client, server) = contexts(version);
        client.set_mode(RELEASE);
        server.set_mode(RELEASE);
        let mut pair = Pair::fresh(&client, &server);
        pair.handshake();
        pair.client.expect_no_data();
        // A handshake reads into one buffer at a time: whatever was ever made is back.
        assert!(pair.client.connection.alloc_buffers());
        assert!(pair.client.connection.free_buffers());
        assert_eq!(client.idle_buffers(), 2);
        assert!(server.idle_buffers() <= 1);
        let idle = server.idle_buffers();
        assert!(pair.server.connection.alloc_buffers());
        assert!(pair.server.connection.free_buffers());
        assert_eq!((idle, server.idle_buffers()), (1, 2), "{version}");
    }
}

#[test]
fn b4_a_drained_record_frees_the_buffer_at_once() {
    let mut client = Client::established(RELEASE);
    client.peer_writes(b"hello");
    client.peer_writes(b"world");
    for _ in 0..2 {
        assert_eq!(client.read(2), Some(2));
        assert_eq!(client.held(), 1);
        assert_eq!(client.read(10), Some(3));
        assert_eq!(client.held(), 0);
    }
}

#[test]
fn b5_a_partial_return_with_nothing_left_to_send_frees_the_buffer() {
    let mut client = Client::established(RELEASE | PARTIAL);
    assert_eq!(client.sender.write(&data(N)).unwrap(), wrote(FRAGMENT));
    assert_eq!(client.held(), 0);
    client.sender.plays(&[TakeAll, Take(R1 - 1)]);
    assert_eq!(client.sender.write(&data(N)).unwrap(), wrote(FRAGMENT));
    assert_eq!(client.sender.write(&data(N)).unwrap(), WANT_WRITE);
    assert_eq!(client.held(), 1);
}

/// OpenSSL 3.2 and later leave the write side out; here the mode acts on both.
#[test]
fn b6_set_on_a_live_connection_it_acts_at_the_next_read_and_write() {
    let mut client = Client::established(NONE);
    assert!(client.sender.connection.alloc_buffers());
    client.sender.connection.set_mode(RELEASE);
    assert_eq!(client.held(), 2);
    assert_eq!(client.read(10), None);
    assert_eq!(client.held(), 1);
    assert_eq!(client.sender.write(b"x").unwrap(), wrote(1));
    assert_eq!(client.held(), 0);

    client.sender.connection.clear_mode(RELEASE);
    assert_eq!(client.sender.write(b"x").unwrap(), wrote(1));
    assert_eq!(client.held(), 1);
}

#[test]
fn b6_bytes_read_ahead_keep_the_buffer() {
    let mut client = Client::established(RELEASE);
    client.sender.connection.set_read_ahead(true);
    client.peer_writes(b"hello");
    client.peer_writes(b"world");
    assert_eq!(client.read(10), Some(5));
    assert_eq!(client.held(), 1);
    assert!(client.sender.connection.has_pending());
    assert_eq!(client.read(10), Some(5));
    assert_eq!(client.held(), 0);
}

#[test]
fn b7_freeing_and_allocating_succeed_and_repeat() {
    for modes in [NONE, RELEASE] {
        let mut client = Client::established(modes);
        for _ in 0..2 {
            assert!(client.sender.connection.alloc_buffers());
            assert_eq!(client.held(), 2);
        }
        for _ in 0..2 {
            assert!(client.sender.connection.free_buffers());
            assert_eq!(client.held(), 0);
        }
        assert_eq!(client.sender.write(b"abc").unwrap(), wrote(3));
        assert_eq!(client.sender.peer_reads(), b"abc");
        client.sender.connection.free_buffers();
        client.peer_writes(b"abc");
        assert_eq!(client.read(10), Some(3));
    }
}

#[test]
fn b8_freeing_is_refused_while_input_is_pending_and_allocating_keeps_it() {
    for modes in [NONE, RELEASE] {
        let mut client = Client::established(modes);
        client.peer_writes(b"hello");
        assert_eq!(client.read(1), Some(1));
        assert!(!client.sender.connection.free_buffers());
        assert!(client.sender.connection.alloc_buffers());
        assert_eq!(client.read(10), Some(4));
        assert!(client.sender.connection.free_buffers());
        for part in [&[APPLICATION_DATA][..], &[3, 3, 0], &[30], &[1]] {
            client.sender.transport.push_inbound(part);
            assert_eq!(client.read(1), None);
            assert!(!client.sender.connection.free_buffers());
        }
    }
}

#[test]
fn b9_freeing_is_refused_while_anything_is_on_its_way_out() {
    for modes in [NONE, RELEASE] {
        let mut client = Client::established(modes);
        client.sender.plays(&[Take(10)]);
        assert_eq!(client.sender.write(b"hello").unwrap(), WANT_WRITE);
        assert!(!client.sender.connection.free_buffers());
        client.sender.takes_all();
        assert_eq!(client.sender.write(b"hello").unwrap(), wrote(5));
        assert!(client.sender.connection.free_buffers());
        client.sender.plays(&[Take(10)]);
        assert!(client.sender.shutdown().unwrap().want().is_some());
        assert!(!client.sender.connection.free_buffers());
    }
}

/// Everything a caller can see of one scenario.
fn transcript(version: ProtocolVersion, modes: SslMode) -> Vec<String> {
    let (client, server) = contexts(version);
    client.set_mode(modes);
    server.set_mode(modes);
    let mut pair = Pair::fresh(&client, &server);
    let mut seen = Vec::new();
    let data = data(50_000);
    pair.handshake();
    let Pair { client, server } = &mut pair;
    let mut note = |what: &str, half: &Half, result: String| {
        let connection = &half.connection;
        let state = connection.shutdown_state();
        let (pending, more) = (connection.pending(), connection.has_pending());
        seen.push(format!(
            "{what}: {result}; {pending} {more} {state:?} {}",
            connection.in_init()
        ));
    };
    let mut out = vec![0; 20_000];
    client.end.outgoing().set_wmax(Some(1000));
    client.end.incoming().set_rmax(Some(77));
    for budget in [100, 20_000, 777, 60_000] {
        client.end.outgoing().set_budget(Some(budget));
        let result = client.write(&data);
        note("write", client, format!("{result:?}"));
        for _ in 0..5 {
            let result = server.read(&mut out);
            note(
                "peer reads",
                server,
                format!("{result:?} {}", ssl_testkit::digest::sha256(&out)),
            );
        }
    }
    let result = server.write(&data[..300]);
    note("peer writes", server, format!("{result:?}"));
    for (peek, max) in [
        (false, 0),
        (false, 100),
        (true, 1000),
        (false, 50),
        (false, 1000),
        (true, 1),
    ] {
        let out = &mut out[..max];
        let result = if peek {
            client.peek(out)
        } else {
            client.read(out)
        };
        note(
            "read",
            client,
            format!("{result:?} {}", ssl_testkit::digest::sha256(out)),
        );
        note("free", client, client.connection.is_failed().to_string());
    }
    let _ = client.connection.key_update(KeyUpdateRequest::Requested);
    client.end.outgoing().set_budget(Some(100));
    for _ in 0..2 {
        let result = client.write(&data);
        note("write", client, format!("{result:?}"));
        client.end.outgoing().set_budget(None);
    }
    for _ in 0..6 {
        let result = server.read(&mut out);
        note(
            "peer reads",
            server,
            format!("{result:?} {}", ssl_testkit::digest::sha256(&out)),
        );
    }
    for _ in 0..2 {
        let result = client.shutdown();
        note("shutdown", client, format!("{result:?}"));
        let result = server.read(&mut out);
        note("peer reads", server, format!("{result:?}"));
        let result = server.shutdown();
        note("peer shuts down", server, format!("{result:?}"));
    }
    seen
}

#[test]
fn b10_the_mode_changes_no_result() {
    for version in [Tls12, Tls13] {
        for others in [NONE, PARTIAL] {
            let without = transcript(version, others);
            let with = transcript(version, others | RELEASE);
            assert_eq!(without, with);
            assert!(
                without.last().unwrap().contains("Complete"),
                "{:?}",
                without.last()
            );
        }
    }
}

#[test]
fn b11_a_larger_read_buffer_takes_several_records_in_one_read() {
    for modes in [NONE, RELEASE] {
        let mut client = Client::established(modes);
        client.sender.connection.set_read_ahead(true);
        client.sender.connection.set_read_buffer_len(60_000);
        for _ in 0..3 {
            client.peer_writes(&data(FRAGMENT));
        }
        client.sender.transport.take_calls();
        assert_eq!(client.read(10), Some(10));
        assert_eq!(
            client.sender.transport.calls(),
            [Call::read(60_000, 3 * R1)]
        );
        let rest: usize = std::iter::from_fn(|| client.read(20_000)).sum();
        assert_eq!(rest, 3 * FRAGMENT - 10);
    }
}

#[test]
fn b11_a_smaller_one_is_ignored() {
    let mut client = Client::established(NONE);
    client.sender.connection.set_read_ahead(true);
    client.sender.connection.set_read_buffer_len(10);
    client.peer_writes(&data(FRAGMENT));
    client.sender.transport.take_calls();
    assert_eq!(client.read(20_000), Some(FRAGMENT));
    assert_eq!(client.sender.transport.calls().len(), 1);
}

/// The next record is received into the memory that held the last one's plaintext: it was wiped.
#[test]
fn b12_what_comes_back_from_the_pool_is_zero() {
    let mut client = Client::established(RELEASE);
    client.peer_writes(&[0xaa; 1000]);
    assert_eq!(client.read(2000), Some(1000));
    assert_eq!(client.held(), 0);
    client
        .sender
        .transport
        .push_inbound(&[APPLICATION_DATA, 3, 3, 4, 0]);
    assert_eq!(client.read(10), None);
    let space = client.sender.connection.incoming();
    assert_eq!(space.len(), 1024);
    assert!(space.iter().all(|&byte| byte == 0));
}
