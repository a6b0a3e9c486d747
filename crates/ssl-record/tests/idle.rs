//! What an idle connection owns on the heap, counted at the allocator.
//!
//! Owns the bound on a server's idle connection. A test binary of its own, because counting replaces
//! the allocator. Run with `--nocapture` to see the numbers.

// Clippy does not count helpers of integration tests as tests.
#![allow(clippy::unwrap_used)]

mod wire;

use ssl_record::io::drive;
use ssl_record::record::ProtocolVersion;
use ssl_record::{Connection, Context, Outcome, SslMode};
use ssl_testkit::alloc::{measure, uncounted};

use wire::{Wires, contexts, read_all};

const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::Tls12, ProtocolVersion::Tls13];
/// Bytes of heap an idle server connection with RELEASE_BUFFERS may own, itself included.
const BOUND: i64 = 3072;

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

/// Heap bytes of one idle server connection, measured when the context's pool is warm.
fn heap_of_idle(version: ProtocolVersion, modes: SslMode) -> i64 {
    let contexts = contexts(version);
    contexts.1.set_mode(modes);
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
        "{version}, {modes}: {} bytes in {} blocks, and {taken} record buffers of the pool",
        counts.bytes_current, counts.count_current
    );
    drop(held.wires);
    counts.bytes_current
}

#[test]
fn an_idle_server_connection_owns_at_most_three_kib() {
    for version in VERSIONS {
        let bytes = heap_of_idle(version, SslMode::RELEASE_BUFFERS);
        assert!((1..=BOUND).contains(&bytes), "{version}: {bytes}");
        // Without the mode the buffers are the pool's, taken by the connection, and so not counted here.
        heap_of_idle(version, SslMode::empty());
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
