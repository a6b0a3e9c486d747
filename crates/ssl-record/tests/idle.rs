//! What an idle connection owns on the heap, counted at the allocator.
//!
//! Owns the bound on a server's idle connection. A test binary of its own, because counting replaces
//! the allocator. Run with `--nocapture` to see the numbers.

// Clippy does not count helpers of integration tests as tests.
#![allow(clippy::unwrap_used)]

mod wire;

use std::io::Write as _;

use ssl_record::io::drive;
use ssl_record::record::ProtocolVersion;
use ssl_record::{Connection, Context, KeyUpdateRequest, Outcome, SslMode};
use ssl_testkit::alloc::{measure, uncounted};

use wire::{Wires, contexts, read_all};

const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::Tls12, ProtocolVersion::Tls13];
/// Bytes of heap an idle server connection with RELEASE_BUFFERS may own, itself included.
const BOUND: i64 = 2048;
/// The same with its keys folded.
const FOLDED_BOUND: i64 = 1024;

/// Bytes of heap that two expanded AES-128-GCM keys take at least, as far as it is counted: aws-lc-rs has the
/// most of a key on the heap of C.
const EXPANDED: i64 = if cfg!(feature = "aws-lc-rs") {
    64
} else {
    1000
};

/// A server's connection and its client's, after handshake and one exchange.
struct Idle {
    server: Box<Connection>,
    client: Connection,
    wires: Wires,
}

/// Makes a connection; what stands for the outside is not counted by a `measure` around it.
fn idle((client, server): &(Context, Context), out: &mut [u8]) -> Idle {
    let (mut made, mut wires) = (None, None);
    uncounted(|| {
        made = Some(Connection::client(client, "localhost").unwrap());
        wires = Some(Wires::new(20_000));
    });
    let (mut client, mut wires) = (made.unwrap(), wires.unwrap());
    let mut server = Box::new(Connection::server(server).unwrap());
    for _ in 0..20 {
        uncounted(|| {
            let _ = drive::handshake(&mut client, &mut wires.client()).unwrap();
        });
        let _ = drive::handshake(&mut server, &mut wires.server()).unwrap();
    }
    uncounted(|| {
        let written = drive::write(&mut client, &mut wires.client(), b"request").unwrap();
        assert_eq!(written, Outcome::Done(7));
    });
    assert_eq!(read_all(&mut server, &mut wires.server(), out), 7);
    let written = drive::write(&mut server, &mut wires.server(), b"response").unwrap();
    assert_eq!(written, Outcome::Done(8));
    uncounted(|| assert_eq!(read_all(&mut client, &mut wires.client(), out), 8));
    // The server looks for the next request and finds none.
    assert_eq!(read_all(&mut server, &mut wires.server(), out), 0);
    Idle {
        server,
        client,
        wires,
    }
}

/// Heap bytes of one idle server connection, measured when the context's pool is warm. Keys are folded if
/// `folded` says so.
fn heap_of_idle(version: ProtocolVersion, modes: SslMode, folded: bool) -> i64 {
    let contexts = contexts(version);
    contexts.1.set_mode(modes);
    contexts.1.fold_idle_keys(folded.then_some(0));
    let mut out = vec![0; 1000];
    drop(idle(&contexts, &mut out));
    let pooled = contexts.1.idle_buffers();
    let mut held = None;
    let counts = measure(|| held = Some(idle(&contexts, &mut out)));
    let held = held.unwrap();
    assert!(held.server.negotiated().is_some() && !held.client.in_init());
    if modes.contains(SslMode::RELEASE_BUFFERS) {
        assert_eq!(contexts.1.idle_buffers(), pooled, "{version}");
    }
    let taken = (pooled - contexts.1.idle_buffers()) as i64;
    println!(
        "{version}, {modes}, folded {folded}: {} bytes in {} blocks, and {taken} record buffers of the pool",
        counts.bytes_current, counts.count_current
    );
    assert_answers(held);
    counts.bytes_current
}

/// Carries another request and response.
fn assert_answers(mut idle: Idle) {
    let (client, server, wires) = (&mut idle.client, &mut idle.server, &mut idle.wires);
    let mut out = [0; 100];
    let written = drive::write(client, &mut wires.client(), b"another").unwrap();
    assert_eq!(written, Outcome::Done(7));
    assert_eq!(read_all(server, &mut wires.server(), &mut out), 7);
    let written = drive::write(server, &mut wires.server(), b"answer").unwrap();
    assert_eq!(written, Outcome::Done(6));
    assert_eq!(read_all(client, &mut wires.client(), &mut out), 6);
}

#[test]
fn an_idle_server_connection_owns_at_most_two_kib() {
    for version in VERSIONS {
        let bytes = heap_of_idle(version, SslMode::RELEASE_BUFFERS, false);
        assert!((1..=BOUND).contains(&bytes), "{version}: {bytes}");
        // Without the mode the buffers are the pool's, taken by the connection, and so not counted here.
        heap_of_idle(version, SslMode::empty(), false);
    }
}

#[test]
fn with_its_keys_folded_it_owns_at_most_one_kib() {
    for version in VERSIONS {
        let bytes = heap_of_idle(version, SslMode::RELEASE_BUFFERS, true);
        assert!((1..=FOLDED_BOUND).contains(&bytes), "{version}: {bytes}");
    }
}

#[test]
fn keys_can_be_folded_by_hand() {
    for version in VERSIONS {
        let contexts = contexts(version);
        let mut idle = idle(&contexts, &mut [0; 1000]);
        let mut folded = false;
        let counts = measure(|| folded = idle.server.fold_keys());
        assert!(
            folded && counts.bytes_current < -EXPANDED,
            "{version}: {counts:?}"
        );
        let again = measure(|| folded = idle.server.fold_keys());
        assert!(folded && again.bytes_current == 0, "{version}: {again:?}");
        assert_answers(idle);
    }
}

#[test]
fn keys_are_not_folded_under_way() {
    for version in VERSIONS {
        let contexts = contexts(version);
        let Idle {
            mut server,
            mut client,
            mut wires,
        } = idle(&contexts, &mut [0; 1000]);
        let _ = drive::write(&mut client, &mut wires.client(), b"unread").unwrap();
        let read = drive::read(&mut server, &mut wires.server(), &mut [0; 2]).unwrap();
        assert!(read.want().is_none() && !server.fold_keys(), "{version}");
        assert_eq!(read_all(&mut server, &mut wires.server(), &mut [0; 9]), 4);
        assert!(server.fold_keys(), "{version}");
        let mut narrow = Wires::new(10);
        let _ = drive::write(&mut server, &mut narrow.server(), b"blocked").unwrap();
        assert!(
            server.has_pending_write() && !server.fold_keys(),
            "{version}"
        );
    }
}

/// Reads that find nothing between any two records: what comes and goes does not expand its keys each time.
#[test]
fn busy_connections_keep_their_keys() {
    for (recent, is_busy) in [(0, false), (1, false), (2, true)] {
        let contexts = contexts(ProtocolVersion::Tls13);
        contexts.1.set_mode(SslMode::RELEASE_BUFFERS);
        contexts.1.fold_idle_keys(Some(recent));
        let mut out = [0; 1000];
        let mut both = [idle(&contexts, &mut out), idle(&contexts, &mut out)];
        let mut expanded = 0;
        for _ in 0..3 {
            for Idle {
                server,
                client,
                wires,
            } in &mut both
            {
                let _ = drive::write(client, &mut wires.client(), b"ping").unwrap();
                let counts = measure(|| {
                    assert_eq!(read_all(server, &mut wires.server(), &mut out), 4);
                    let _ = drive::write(server, &mut wires.server(), b"pong").unwrap();
                    assert_eq!(read_all(server, &mut wires.server(), &mut out), 0);
                });
                assert_eq!(read_all(client, &mut wires.client(), &mut out), 4);
                expanded += counts.count_total;
            }
        }
        assert_eq!(expanded == 0, is_busy, "{recent}: {expanded}");
    }
}

/// What a connection seals on its own while its keys rest uses those, and no others beside them.
#[test]
fn nothing_of_a_connection_stays_in_the_stock() {
    let own_update: fn(&mut Idle) = |idle| {
        let request = KeyUpdateRequest::NotRequested;
        idle.server.key_update(request).unwrap();
        let _ = drive::handshake(&mut idle.server, &mut idle.wires.server()).unwrap();
    };
    let failure: fn(&mut Idle) = |idle| {
        idle.wires.client().write_all(&[23, 3, 3, 0, 20]).unwrap();
        idle.wires.client().write_all(&[0; 20]).unwrap();
        let read = drive::read(&mut idle.server, &mut idle.wires.server(), &mut [0; 9]);
        assert!(read.is_err());
    };
    for end in [own_update, failure] {
        let contexts = contexts(ProtocolVersion::Tls13);
        contexts.1.set_mode(SslMode::RELEASE_BUFFERS);
        contexts.1.fold_idle_keys(Some(4));
        let mut out = [0; 1000];
        end(&mut idle(&contexts, &mut out));
        let mut held = None;
        let made = measure(|| held = Some(idle(&contexts, &mut out)));
        let mut held = held.unwrap();
        let ended = measure(|| end(&mut held));
        let dropped = measure(|| drop(held.server));
        let left = made.bytes_current + ended.bytes_current + dropped.bytes_current;
        assert_eq!(left, 0);
    }
}

#[test]
fn b2_an_idle_connection_holds_no_record_buffer() {
    for version in VERSIONS {
        let contexts = contexts(version);
        contexts.0.set_mode(SslMode::RELEASE_BUFFERS);
        contexts.1.set_mode(SslMode::RELEASE_BUFFERS);
        let mut out = vec![0; 1000];
        drop(idle(&contexts, &mut out));
        let (clients, servers) = (contexts.0.idle_buffers(), contexts.1.idle_buffers());
        assert!(clients >= 1 && servers >= 1, "{version}");
        let many: Vec<Idle> = (0..5).map(|_| idle(&contexts, &mut out)).collect();
        // Five connections at rest, and not a buffer more was made than one connection needs at work.
        assert_eq!(contexts.0.idle_buffers(), clients, "{version}");
        assert_eq!(contexts.1.idle_buffers(), servers, "{version}");
        drop(many);
        assert_eq!(contexts.1.idle_buffers(), servers, "{version}");
    }
}

#[test]
fn without_the_mode_an_idle_connection_keeps_its_buffers() {
    for version in VERSIONS {
        let contexts = contexts(version);
        let idle = idle(&contexts, &mut [0; 1000]);
        assert_eq!(contexts.1.idle_buffers(), 0, "{version}");
        drop(idle);
        assert_eq!(contexts.1.idle_buffers(), 2, "{version}");
    }
}
