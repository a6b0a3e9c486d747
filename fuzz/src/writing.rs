//! Writes over a transport that takes what it likes, retried in every way, against a model.
//!
//! The model: what was reported is the beginning of one stream; what arrives is that beginning and at
//! most the write under way; in the end both are equal. A refusal has to be one the caller earned.

use std::io::{ErrorKind, Write};

use arbitrary::Arbitrary;
use ssl_record::io::{CallError, drive};
use ssl_record::{Error, Outcome, Received, SslMode, Want};

use crate::pair::{Half, Pair, key_update, mode, stream};

/// Longest write, bytes: four full records, which may leave together, and a bit.
const LONGEST: usize = 70_000;

/// Calls at the client, and what happens around them.
#[derive(Arbitrary, Debug)]
pub struct Script {
    tls12: bool,
    calls: Vec<Call>,
    /// The client shuts down in the end, even amid a write.
    closes: bool,
}

#[derive(Arbitrary, Debug)]
enum Call {
    /// Starts a write or, amid one, repeats it.
    Write(u16),
    /// Repeats with so many bytes more.
    Longer(u16),
    /// Repeats with so many bytes fewer.
    Shorter(u16),
    /// The next calls are made from the other of two buffers with the same contents.
    Move,
    Partial(bool),
    Moving(bool),
    Release(bool),
    SealAhead(bool),
    Budget(Option<u16>),
    Wmax(Option<u8>),
    /// The next write of the transport fails.
    Fail,
    /// The server reads what has arrived.
    Arrive,
    /// The server writes, and the client reads it, even amid a write.
    Answer(u8),
    KeyUpdate(bool),
    PeerKeyUpdate(bool),
    MaxFragment(u16),
    Split(u16),
    FreeBuffers,
}

struct Model {
    pair: Pair,
    /// Bytes reported as written.
    reported: u64,
    /// Bytes that arrived.
    arrived: u64,
    /// Bytes the server wrote, and those of them that the client read.
    answered: u64,
    answers_read: u64,
    /// Two copies of the stream from `reported` on: the buffers that writes are made from.
    buffers: [Vec<u8>; 2],
    /// Which of them is used.
    buffer: usize,
    /// The write under way: its length, and the longest it ever was.
    under_way: Option<(usize, usize)>,
    /// The write under way was made from both buffers.
    moved: bool,
    /// The transport's next write is to fail.
    failing: bool,
}

/// The connection refused a retry, with reason, and is dead.
struct Dead;

/// Runs a script; panics if anything is lost, doubled, reordered or refused without reason.
pub fn run(script: &Script) {
    let mut model = Model::new(Pair::take(script.tls12, false));
    let outcome = script.calls.iter().try_for_each(|call| model.call(call));
    model.lift_obstacles();
    match outcome {
        Err(Dead) => model.expect_dead(),
        Ok(()) if script.closes => model.close(),
        Ok(()) => model.finish(),
    }
}

impl Model {
    fn new(pair: Pair) -> Self {
        let buffer = stream(0, LONGEST);
        Self {
            pair,
            reported: 0,
            arrived: 0,
            answered: 0,
            answers_read: 0,
            buffers: [buffer.clone(), buffer],
            buffer: 0,
            under_way: None,
            moved: false,
            failing: false,
        }
    }

    fn call(&mut self, call: &Call) -> Result<(), Dead> {
        let len = self.under_way.map(|(len, _)| len);
        let client = &mut self.pair.client.connection;
        let link = self.pair.client.end.outgoing();
        match (call, len) {
            (&Call::Write(new), _) => {
                return self.write(len.unwrap_or(usize::from(new) % LONGEST));
            }
            (&Call::Longer(more), Some(len)) => {
                return self.write((len + usize::from(more)).min(LONGEST));
            }
            (&Call::Shorter(fewer), Some(len)) => {
                return self.write(len.saturating_sub(fewer.into()));
            }
            (Call::Longer(_) | Call::Shorter(_), None) => {}
            (Call::Move, _) => {
                self.buffer ^= 1;
                self.moved = self.under_way.is_some();
            }
            (&Call::Partial(on), _) => mode(client, SslMode::ENABLE_PARTIAL_WRITE, on),
            (&Call::Moving(on), _) => mode(client, SslMode::ACCEPT_MOVING_WRITE_BUFFER, on),
            (&Call::Release(on), _) => mode(client, SslMode::RELEASE_BUFFERS, on),
            (&Call::SealAhead(on), _) => client.set_seal_ahead(on),
            (&Call::Budget(bytes), _) => link.set_budget(bytes.map(usize::from)),
            (&Call::Wmax(bytes), _) => {
                link.set_wmax(bytes.map(|bytes| usize::from(bytes) * 16 + 1));
            }
            (Call::Fail, _) => {
                link.fail_next_write(ErrorKind::ConnectionReset);
                self.failing = true;
            }
            (Call::Arrive, _) => self.arrive(),
            (&Call::Answer(len), _) => self.answer(len),
            (&Call::KeyUpdate(request), _) => key_update(client, request),
            (&Call::PeerKeyUpdate(request), _) => {
                key_update(&mut self.pair.server.connection, request);
            }
            (&Call::MaxFragment(n), _) => _ = client.set_max_send_fragment(n.into()),
            (&Call::Split(n), _) => _ = client.set_split_send_fragment(usize::from(n).max(100)),
            (Call::FreeBuffers, _) => _ = client.free_buffers(),
        }
        Ok(())
    }

    /// Begins a write of `len` bytes or repeats the one under way with that length.
    fn write(&mut self, len: usize) -> Result<(), Dead> {
        let longest = self.under_way.map_or(len, |(_, longest)| longest.max(len));
        let modes = self.pair.client.connection.mode();
        match self.pair.client.write(&self.buffers[self.buffer][..len]) {
            Ok(Outcome::Done(n)) => {
                let partial = modes.contains(SslMode::ENABLE_PARTIAL_WRITE) && n > 0;
                assert!(n == len || (n < len && partial), "reported {n} of {len}");
                self.report(n);
                return Ok(());
            }
            Ok(Outcome::Want(want)) => assert_eq!(want, Want::Write),
            Err(CallError::Transport(error)) => self.expect_failure(&error),
            Err(CallError::Tls(Error::BadLength { retried, committed })) => {
                assert!(retried == len && len < committed && committed <= longest);
                return Err(Dead);
            }
            Err(CallError::Tls(Error::BufferMoved)) => {
                assert!(!modes.contains(SslMode::ACCEPT_MOVING_WRITE_BUFFER) && self.moved);
                return Err(Dead);
            }
            Err(CallError::Tls(error)) => panic!("{error}"),
        }
        self.under_way = Some((len, longest));
        Ok(())
    }

    fn report(&mut self, n: usize) {
        (self.under_way, self.moved) = (None, false);
        self.reported += n as u64;
        if n > 0 {
            let buffer = stream(self.reported, LONGEST);
            self.buffers[0].copy_from_slice(&buffer);
            self.buffers[1].copy_from_slice(&buffer);
        }
    }

    fn expect_failure(&mut self, error: &std::io::Error) {
        assert!(
            self.failing && error.kind() == ErrorKind::ConnectionReset,
            "{error}"
        );
        self.failing = false;
    }

    /// The most that may have arrived.
    fn bound(&self) -> u64 {
        let under_way = self.under_way.map_or(0, |(_, longest)| longest);
        self.reported + under_way as u64
    }

    fn arrive(&mut self) {
        let end = self.pair.server.read_stream(&mut self.arrived);
        assert!(matches!(end, Ok(Outcome::Want(Want::Read))), "{end:?}");
        assert!(self.arrived <= self.bound());
    }

    /// The client may be kept from reading by a key update of its own that has to leave first.
    fn answer(&mut self, len: u8) {
        let data = stream(self.answered, len.into());
        assert_eq!(
            self.pair.server.write(&data).unwrap(),
            Outcome::Done(data.len())
        );
        self.answered += data.len() as u64;
        match self.pair.client.read_stream(&mut self.answers_read) {
            Ok(Outcome::Want(Want::Read)) => assert_eq!(self.answers_read, self.answered),
            Ok(Outcome::Want(Want::Write)) => {}
            Err(CallError::Transport(error)) => self.expect_failure(&error),
            other => panic!("{other:?}"),
        }
    }

    fn lift_obstacles(&mut self) {
        let link = self.pair.client.outgoing();
        link.set_budget(None);
        link.set_wmax(None);
        if self.failing {
            assert!(self.pair.client.end.write(b"never arrives").is_err());
            self.failing = false;
        }
    }

    fn finish(mut self) {
        while let Some((len, _)) = self.under_way {
            if self.write(len).is_err() {
                return self.expect_dead();
            }
        }
        self.arrive();
        assert_eq!(self.arrived, self.reported, "reported and not arrived");
        self.answer(1);
        assert_eq!(self.answers_read, self.answered);
        // A key update that is still owed leaves with an empty write.
        assert_eq!(self.pair.client.write(&[]).unwrap(), Outcome::Done(0));
        self.arrive();
        self.answer(1);
        self.pair.give_back();
    }

    /// Shuts down, also amid a write: what was sealed of it arrives in front of the close_notify.
    fn close(mut self) {
        let Half { connection, end } = &mut self.pair.client;
        let in_init = connection.in_init();
        match drive::shutdown(connection, end) {
            Ok(Outcome::Done(_)) => {}
            Err(CallError::Tls(Error::Misuse(_))) => return assert!(in_init),
            other => panic!("{other:?}"),
        }
        let end = self.pair.server.read_stream(&mut self.arrived);
        assert!(
            matches!(end, Ok(Outcome::Done(Received::Closed))),
            "{end:?}"
        );
        assert!((self.reported..=self.bound()).contains(&self.arrived));
    }

    fn expect_dead(mut self) {
        assert!(self.pair.client.connection.is_failed());
        let again = self.pair.client.write(&self.buffers[0]);
        assert!(matches!(again, Err(CallError::Tls(Error::AlreadyFailed))));
        let end = self.pair.server.read_stream(&mut self.arrived);
        let told = matches!(end, Err(CallError::Tls(Error::AlertReceived(_))));
        assert!(
            told || matches!(end, Ok(Outcome::Want(Want::Read))),
            "{end:?}"
        );
        assert!(self.arrived <= self.bound());
    }
}
