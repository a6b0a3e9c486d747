//! Steady traffic allocates nothing: every heap allocation of this thread is counted.
//!
//! Owns the claim for all sizes, both versions, several modes, blocked or not. A test binary of its
//! own, because counting replaces the allocator.

// Clippy does not count helpers of integration tests as tests.
#![allow(clippy::unwrap_used)]

mod wire;

use ssl_record::io::drive;
use ssl_record::record::ProtocolVersion;
use ssl_record::{Connection, Outcome, SslMode, Want};
use ssl_testkit::alloc::measure;

use wire::{Wires, contexts, read_all};

const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::Tls12, ProtocolVersion::Tls13];
const SIZES: [usize; 12] = [
    0, 1, 63, 512, 1024, 4096, 16_383, 16_384, 16_385, 32_768, 40_000, 131_072,
];
const PARTIAL: SslMode = SslMode::ENABLE_PARTIAL_WRITE;
const RELEASE: SslMode = SslMode::RELEASE_BUFFERS;

/// Counts of a piece of code that has to allocate: the measure sees what it should.
#[test]
fn the_first_record_of_a_context_allocates() {
    let (client, server) = contexts(ProtocolVersion::Tls13);
    let mut wires = Wires::new(20_000);
    let mut first = Connection::client(&client, "localhost").unwrap();
    let mut second = Connection::server(&server).unwrap();
    for _ in 0..20 {
        let _ = drive::handshake(&mut first, &mut wires.client()).unwrap();
        let _ = drive::handshake(&mut second, &mut wires.server()).unwrap();
    }
    let counts = measure(|| {
        let written = drive::write(&mut first, &mut wires.client(), b"first").unwrap();
        assert_eq!(written, Outcome::Done(5));
    });
    assert!(counts.count_total > 0 && counts.bytes_total > 16_384);
}

/// A client and a server after handshake and one exchange.
struct Joined {
    client: Connection,
    server: Connection,
    wires: Wires,
    out: Vec<u8>,
}

impl Joined {
    fn new(version: ProtocolVersion, modes: SslMode, room: usize) -> Self {
        let (client, server) = contexts(version);
        client.set_mode(modes);
        server.set_mode(modes);
        let mut joined = Self {
            client: Connection::client(&client, "localhost").unwrap(),
            server: Connection::server(&server).unwrap(),
            wires: Wires::new(room),
            out: vec![0; 20_000],
        };
        for _ in 0..20 {
            let _ = drive::handshake(&mut joined.client, &mut joined.wires.client()).unwrap();
            let _ = drive::handshake(&mut joined.server, &mut joined.wires.server()).unwrap();
        }
        // Both directions once, so that the pools hold what steady traffic needs.
        assert_eq!(joined.carry(true, b"up").arrived, 2);
        assert_eq!(joined.carry(false, b"down").arrived, 4);
        joined
    }

    /// Reads and seals ahead, or not.
    fn set_ahead(&mut self, on: bool) {
        for connection in [&mut self.client, &mut self.server] {
            connection.set_read_ahead(on);
            connection.set_seal_ahead(on);
        }
        // The first long write of a context makes its long buffer.
        for upwards in [true, false] {
            assert_eq!(self.carry(upwards, &[0; 20_000]).arrived, 20_000);
        }
    }

    /// Writes all of `data`, reading at the other side whenever the write stops.
    fn carry(&mut self, upwards: bool, data: &[u8]) -> Carried {
        let (from, to, wire) = if upwards {
            (&mut self.client, &mut self.server, &mut self.wires.up)
        } else {
            (&mut self.server, &mut self.client, &mut self.wires.down)
        };
        let mut carried = Carried::default();
        let mut rest = data;
        loop {
            let outcome = drive::write(from, wire, rest).unwrap();
            carried.arrived += read_all(to, wire, &mut self.out);
            match outcome {
                Outcome::Done(n) => rest = &rest[n..],
                Outcome::Want(want) => {
                    assert_eq!(want, Want::Write);
                    carried.blocked += 1;
                    continue;
                }
            }
            if rest.is_empty() {
                return carried;
            }
        }
    }
}

#[derive(Debug, Default, PartialEq)]
struct Carried {
    /// Bytes read at the other side.
    arrived: usize,
    /// How often the write wanted write.
    blocked: usize,
}

/// Every size in both directions, counted; `room` is what a wire holds.
fn assert_no_allocations(joined: &mut Joined, must_block: bool, case: &str) {
    let data = vec![0x5a; 131_072];
    for size in SIZES {
        for upwards in [true, false] {
            let mut carried = Carried::default();
            let counts = measure(|| carried = joined.carry(upwards, &data[..size]));
            let case = format!("{case}, {size} bytes, upwards {upwards}");
            assert_eq!(carried.arrived, size, "{case}");
            assert_eq!(carried.blocked > 0, must_block && size > 10_000, "{case}");
            assert_eq!((counts.count_total, counts.bytes_total), (0, 0), "{case}");
        }
    }
}

#[test]
fn b3_b10_steady_traffic_allocates_nothing() {
    for version in VERSIONS {
        for modes in [SslMode::default(), PARTIAL, RELEASE, PARTIAL | RELEASE] {
            let mut joined = Joined::new(version, modes, 160_000);
            for ahead in [false, true] {
                joined.set_ahead(ahead);
                let case = format!("{version}, {modes}, ahead {ahead}");
                assert_no_allocations(&mut joined, false, &case);
            }
        }
    }
}

#[test]
fn b3_w8_blocked_writes_and_their_retries_allocate_nothing() {
    for version in VERSIONS {
        for modes in [SslMode::default(), RELEASE] {
            let mut joined = Joined::new(version, modes, 10_000);
            for ahead in [false, true] {
                joined.set_ahead(ahead);
                let case = format!("{version}, {modes}, ahead {ahead}");
                assert_no_allocations(&mut joined, true, &case);
            }
        }
    }
}

#[test]
fn b3_r4_r5_reading_in_small_pieces_and_peeking_allocate_nothing() {
    for version in VERSIONS {
        let mut joined = Joined::new(version, RELEASE, 160_000);
        let data = vec![0x5a; 40_000];
        let (server, wires, out) = (&mut joined.server, &mut joined.wires, &mut joined.out);
        let mut arrived = 0;
        let counts = measure(|| {
            let written = drive::write(&mut joined.client, &mut wires.client(), &data).unwrap();
            assert_eq!(written, Outcome::Done(data.len()));
            while let Outcome::Done(_) =
                drive::peek(server, &mut wires.server(), &mut out[..50]).unwrap()
            {
                // A record at most, and only what is left of it.
                let _ = drive::read(server, &mut wires.server(), &mut out[..0]).unwrap();
                let left = server.pending();
                let read = drive::read(server, &mut wires.server(), &mut out[..77]).unwrap();
                arrived += left.min(77);
                assert!(read.want().is_none());
            }
        });
        assert_eq!(arrived, data.len());
        assert_eq!(
            (counts.count_total, counts.bytes_total),
            (0, 0),
            "{version}"
        );
    }
}

#[test]
fn w29_w31_key_updates_keep_traffic_free_of_allocations() {
    let mut joined = Joined::new(ProtocolVersion::Tls13, RELEASE, 160_000);
    joined
        .client
        .key_update(ssl_record::KeyUpdateRequest::Requested)
        .unwrap();
    // The update itself may allocate; what follows it may not.
    assert_eq!(joined.carry(true, b"new keys").arrived, 8);
    assert_eq!(joined.carry(false, b"new keys").arrived, 8);
    assert_no_allocations(&mut joined, false, "after a key update");
}
