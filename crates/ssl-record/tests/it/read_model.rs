//! Random reads from a stream that arrives in pieces, against a model: a position in the stream, and the ends of its
//! records.
//!
//! Owns what a reader finds in its memory beside what it was told of: what it had there.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use ssl_record::io::{CallError, drive};
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{KeyUpdateRequest, Outcome, Received, SslMode, Want};
use ssl_testkit::pattern::Pattern;
use ssl_testkit::pipe::End;
use ssl_testkit::wire;

use crate::pair::Pair;
use crate::scripts::play_all;

/// What the reader's memory is full of.
const MARK: u8 = 0xa5;

#[derive(Clone, Copy, Debug)]
enum Op {
    /// The peer writes so much; the bytes are held back.
    Write(usize),
    KeyUpdate,
    /// So many of the bytes held back arrive.
    Arrive(usize),
    /// All but so many arrive.
    ArriveAllBut(usize),
    Read(usize),
    Peek(usize),
    /// The most that one read of the transport returns.
    Most(Option<usize>),
    /// The next read of the transport fails.
    Fail,
    ReadAhead(bool),
    Mode(SslMode, bool),
    FreeBuffers,
}

fn ops(read_ahead: bool) -> impl Strategy<Value = Op> {
    let len = || {
        prop_oneof![
            0..80_usize,
            0..2_000_usize,
            14_000..16_500_usize,
            0..60_000_usize
        ]
    };
    let modes = prop_oneof![Just(SslMode::RELEASE_BUFFERS), Just(SslMode::AUTO_RETRY)];
    prop_oneof![
        4 => len().prop_map(Op::Write),
        1 => Just(Op::KeyUpdate),
        2 => prop_oneof![0..8_usize, 0..40_000_usize].prop_map(Op::Arrive),
        3 => prop_oneof![Just(0), 1..40_usize, 1..20_000_usize].prop_map(Op::ArriveAllBut),
        8 => len().prop_map(Op::Read),
        1 => len().prop_map(Op::Peek),
        1 => prop::option::of(prop_oneof![1..50_usize, 3_000..17_000_usize]).prop_map(Op::Most),
        1 => Just(Op::Fail),
        1 => any::<bool>().prop_map(move |on| Op::ReadAhead(on && read_ahead)),
        1 => (modes, any::<bool>()).prop_map(|(modes, on)| Op::Mode(modes, on)),
        1 => Just(Op::FreeBuffers),
    ]
}

/// A transport that notes what it was asked for, and what it gave.
struct Noting<'a> {
    end: &'a mut End,
    reads: Vec<(usize, usize)>,
}

impl Read for Noting<'_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let result = self.end.read(space);
        let n = result.as_ref().copied().unwrap_or_default();
        self.reads.push((space.len(), n));
        result
    }
}

impl Write for Noting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.end.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.end.flush()
    }
}

struct Play {
    pair: Pair,
    /// Bytes of data written, and read.
    written: u64,
    position: u64,
    held: VecDeque<u8>,
    /// Where headers and bodies end on the wire, as distances from one to the next; of those not yet reached.
    ends: VecDeque<usize>,
    /// Read-ahead was never on.
    is_exact: bool,
}

impl Play {
    fn new(version: ProtocolVersion) -> Self {
        Self {
            pair: Pair::established(version),
            written: 0,
            position: 0,
            held: VecDeque::new(),
            ends: VecDeque::new(),
            is_exact: true,
        }
    }

    fn step(&mut self, op: Op) -> Result<(), TestCaseError> {
        let client = &mut self.pair.client;
        match op {
            Op::Write(len) => {
                let data = stream(self.written, len);
                self.written += len as u64;
                self.peer(|pair| assert_eq!(pair.server.write(&data).unwrap(), Outcome::Done(len)));
            }
            Op::KeyUpdate => self.peer(|pair| {
                if pair
                    .server
                    .connection
                    .key_update(KeyUpdateRequest::NotRequested)
                    .is_ok()
                {
                    assert_eq!(pair.server.handshake().unwrap(), Outcome::Done(()));
                }
            }),
            Op::Arrive(n) => self.arrive(n),
            Op::ArriveAllBut(n) => self.arrive(self.held.len().saturating_sub(n)),
            Op::Read(len) => return self.read(len, false).map(drop),
            Op::Peek(len) => return self.read(len, true).map(drop),
            Op::Most(n) => client.end.incoming().set_rmax(n),
            Op::Fail => client
                .end
                .incoming()
                .fail_next_read(ErrorKind::ConnectionReset),
            Op::ReadAhead(on) => {
                client.connection.set_read_ahead(on);
                self.is_exact &= !on;
            }
            Op::Mode(modes, true) => _ = client.connection.set_mode(modes),
            Op::Mode(modes, false) => _ = client.connection.clear_mode(modes),
            Op::FreeBuffers => _ = client.connection.free_buffers(),
        }
        Ok(())
    }

    /// Something the peer does; what it sends is held back.
    fn peer(&mut self, act: impl FnOnce(&mut Pair)) {
        let link = self.pair.client.end.incoming();
        let arrived = link.take_raw();
        act(&mut self.pair);
        let sent = link.take_raw();
        for record in wire::records(&sent) {
            self.ends.extend([wire::HEADER_LEN, record.len()]);
        }
        self.held.extend(sent);
        link.push_raw(&arrived);
    }

    fn arrive(&mut self, n: usize) {
        let arriving: Vec<u8> = self.held.drain(..n.min(self.held.len())).collect();
        self.pair.client.end.incoming().push_raw(&arriving);
    }

    /// Whether there was anything.
    fn read(&mut self, len: usize, peek: bool) -> Result<bool, TestCaseError> {
        let connection = &mut self.pair.client.connection;
        let pending = connection.pending();
        let mut out = vec![MARK; len];
        let mut transport = Noting {
            end: &mut self.pair.client.end,
            reads: Vec::new(),
        };
        let result = if peek {
            drive::peek(connection, &mut transport, &mut out)
        } else {
            drive::read(connection, &mut transport, &mut out)
        };
        let reads = transport.reads;
        let n = match result {
            Ok(Outcome::Done(Received::Data(n))) => {
                prop_assert!(n > 0 || len == 0);
                prop_assert!(
                    pending == 0 || n == len.min(pending),
                    "less than was pending"
                );
                n
            }
            Ok(Outcome::Want(Want::Read)) | Err(CallError::Transport(_)) => {
                prop_assert_eq!(pending, 0);
                0
            }
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        let is_data = matches!(result, Ok(Outcome::Done(_)));
        prop_assert_eq!(&out[..n], &stream(self.position, n)[..]);
        let is_untouched = out[n..].iter().all(|&byte| byte == MARK);
        prop_assert!(is_untouched, "bytes behind what was read");
        if !peek {
            self.position += n as u64;
        }
        if pending > 0 {
            prop_assert!(
                reads.is_empty(),
                "the transport was asked for more than the record"
            );
        }
        if self.is_exact {
            self.check_reads(&reads, is_data)?;
        }
        Ok(is_data)
    }

    /// Without read-ahead each read of the transport asks for the rest of a header or a body, and a call that
    /// brought data ended where a record does (statement R3).
    fn check_reads(
        &mut self,
        reads: &[(usize, usize)],
        is_data: bool,
    ) -> Result<(), TestCaseError> {
        for &(asked, got) in reads {
            let Some(left) = self.ends.front_mut() else {
                prop_assert_eq!((asked, got), (wire::HEADER_LEN, 0));
                continue;
            };
            prop_assert_eq!(asked, *left);
            *left -= got;
            if *left == 0 {
                self.ends.pop_front();
            }
        }
        if is_data && !reads.is_empty() {
            let next = self.ends.front();
            prop_assert!(
                next.is_none_or(|&left| left == wire::HEADER_LEN),
                "ended inside of a record"
            );
        }
        Ok(())
    }

    fn finish(mut self, last: usize) -> Result<(), TestCaseError> {
        self.pair.client.connection.set_mode(SslMode::AUTO_RETRY);
        self.arrive(usize::MAX);
        // A failure of the transport that is still due, then all the rest.
        let mut idle = 0;
        while idle < 2 {
            idle += usize::from(!self.read(last, false)?);
        }
        prop_assert_eq!(self.position, self.written, "written and never read");
        Ok(())
    }
}

/// The bytes of the stream from an offset on.
fn stream(offset: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    Pattern::at(3, offset).fill(&mut bytes);
    bytes
}

fn compare(version: ProtocolVersion, read_ahead: bool) {
    let scripts = (
        prop::collection::vec(ops(read_ahead), 1..40),
        prop_oneof![1..3_000_usize, 15_000..40_000_usize],
    );
    play_all(&scripts, |(script, last)| {
        let mut play = Play::new(version);
        for op in script {
            play.step(op)?;
        }
        play.finish(last)
    });
}

#[test]
fn r3_r4_r5_r6_r9_r24_reads_of_any_length_in_tls13() {
    compare(Tls13, false);
}

#[test]
fn r3_r4_r5_r6_r9_r24_reads_of_any_length_in_tls12() {
    compare(Tls12, false);
}

#[test]
fn r4_r5_r6_r7_r24_reads_of_any_length_with_read_ahead_in_tls13() {
    compare(Tls13, true);
}

#[test]
fn r4_r5_r6_r7_r24_reads_of_any_length_with_read_ahead_in_tls12() {
    compare(Tls12, true);
}
