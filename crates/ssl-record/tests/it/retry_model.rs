//! Random scripts of calls, played on a connection and on a reference model of the contract: every
//! result and every byte the peer reads must be the model's.
//!
//! Owns the scripts and how they are played. A failure prints the shortest script found.

mod reference;

use std::io::ErrorKind;
use std::sync::OnceLock;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use ssl_record::config::{ClientConfig, Roots, ServerConfig, ServerTrust};
use ssl_record::io::CallError;
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{Context, KeyUpdateRequest, Outcome, Received, SslMode};
use ssl_testkit::certs::KeyKind;
use ssl_testkit::pattern::Pattern;

use self::reference::{Answer, Content, Model};
use crate::pair::{Pair, identity};
use crate::scripts::play_all;
use crate::sending::suite;

/// The caller's two buffers; the same offset holds different bytes in each.
const BUFFER: usize = 160_000;

/// What to write: where from, and how much.
#[derive(Clone, Copy, Debug)]
struct Slice {
    second: bool,
    from: usize,
    len: usize,
}

/// How the arguments of a write follow from those of the last one.
#[derive(Clone, Copy, Debug)]
enum Args {
    /// The same if it was stopped, else what it left over.
    Again,
    /// As `Again`, but from another place.
    Moved { second: bool, from: usize },
    /// As `Again`, but longer or shorter.
    Resized(isize),
    /// As `Again`, but as long as what is committed, or a little off.
    Committed(isize),
    /// Whatever, even if the last write was stopped.
    Fresh(Slice),
    /// Like `Fresh`, but only if the last write was not stopped; else `Again`.
    New(Slice),
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Write(Args),
    /// The transport takes so many more bytes.
    Room(Option<usize>),
    /// The next write to the transport fails.
    Fail,
    Set(SslMode),
    Clear(SslMode),
    Max(usize),
    Split(usize),
    SealAhead(bool),
    KeyUpdate(bool),
    Handshake,
    Read {
        max: usize,
        peek: bool,
    },
    Shutdown,
    FreeBuffers,
    AllocBuffers,
    /// So many of the bytes that the peer has sent arrive.
    Arrive(usize),
    PeerWrites(usize),
    PeerUpdates(bool),
    PeerCloses,
    PeerReads,
}

fn modes() -> impl Strategy<Value = SslMode> {
    (0..16_u32).prop_map(|choice| {
        let bits = [
            SslMode::ENABLE_PARTIAL_WRITE,
            SslMode::ACCEPT_MOVING_WRITE_BUFFER,
            SslMode::AUTO_RETRY,
            SslMode::RELEASE_BUFFERS,
        ];
        let chosen = (0..4).filter(|bit| choice & (1 << bit) != 0);
        chosen.fold(SslMode::empty(), |mask, bit| mask | bits[bit])
    })
}

fn slice() -> impl Strategy<Value = Slice> {
    let len = prop_oneof![4 => 0..2_000_usize, 3 => 2_000..40_000_usize, 1 => 0..100_000_usize];
    (any::<bool>(), 0..50_usize, len).prop_map(|(second, from, len)| Slice { second, from, len })
}

fn args() -> impl Strategy<Value = Args> {
    prop_oneof![
        10 => slice().prop_map(Args::New),
        8 => Just(Args::Again),
        2 => (any::<bool>(), 0..50_usize).prop_map(|(second, from)| Args::Moved { second, from }),
        2 => (-20_000..20_000_isize).prop_map(Args::Resized),
        2 => prop_oneof![Just(0), -1..=1_isize].prop_map(Args::Committed),
        1 => slice().prop_map(Args::Fresh),
    ]
}

/// Around the ends of records, and anywhere.
fn room() -> impl Strategy<Value = Option<usize>> {
    prop_oneof![
        2 => Just(None),
        2 => (0..60_usize).prop_map(Some),
        2 => (0..6_usize, 0..60_usize).prop_map(|(records, more)| Some(records * 16_406 + more)),
        2 => (0..40_000_usize).prop_map(Some),
    ]
}

/// What concerns writes alone.
fn write_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        10 => args().prop_map(Op::Write),
        6 => room().prop_map(Op::Room),
        1 => Just(Op::Fail),
        2 => modes().prop_map(Op::Set),
        1 => modes().prop_map(Op::Clear),
        1 => (300..20_000_usize).prop_map(Op::Max),
        1 => prop_oneof![100..3_000_usize, 0..20_000_usize].prop_map(Op::Split),
        1 => prop_oneof![3 => Just(true), 1 => Just(false)].prop_map(Op::SealAhead),
        1 => Just(Op::PeerReads),
    ]
}

/// Everything.
fn any_op() -> impl Strategy<Value = Op> {
    let read = (prop_oneof![0..20_usize, 0..20_000_usize], any::<bool>());
    prop_oneof![
        12 => write_op(),
        3 => any::<bool>().prop_map(Op::KeyUpdate),
        1 => Just(Op::Handshake),
        4 => read.prop_map(|(max, peek)| Op::Read { max, peek }),
        1 => Just(Op::Shutdown),
        1 => prop_oneof![Just(Op::FreeBuffers), Just(Op::AllocBuffers)],
        3 => prop_oneof![0..60_usize, Just(100_000)].prop_map(Op::Arrive),
        2 => (0..20_000_usize).prop_map(Op::PeerWrites),
        2 => any::<bool>().prop_map(Op::PeerUpdates),
        1 => Just(Op::PeerReads),
        1 => prop_oneof![9 => Just(Op::PeerReads), 1 => Just(Op::PeerCloses)],
    ]
}

/// A connection and its model, driven alike.
struct Play {
    pair: Pair,
    model: Model,
    /// The last write's arguments, moved on by what it reported.
    last: Slice,
    stopped: bool,
    reported: usize,
    peer_has: usize,
    peer_owes_update: bool,
    peer_closed: bool,
    /// Sent by the peer and not yet arrived.
    withheld: Vec<u8>,
}

impl Play {
    fn new(version: ProtocolVersion) -> Self {
        let (client, server) = contexts(version);
        let pair = Pair::connected(client, server);
        pair.client.end.outgoing().set_capture(false);
        pair.client.end.incoming().set_capture(false);
        Self {
            pair,
            model: Model::new(version == Tls13),
            last: Slice {
                second: false,
                from: 0,
                len: 0,
            },
            stopped: false,
            reported: 0,
            peer_has: 0,
            peer_owes_update: false,
            peer_closed: false,
            withheld: Vec::new(),
        }
    }

    /// One operation on both; the two answers.
    fn step(&mut self, op: Op) -> (Answer, Answer) {
        let client = &mut self.pair.client;
        let model = &mut self.model;
        let nothing = (Answer::Nothing, Answer::Nothing);
        match op {
            Op::Write(args) => return self.write(args),
            Op::Room(room) => {
                client.end.outgoing().set_budget(room);
                model.room = room;
            }
            Op::Fail => {
                client.end.outgoing().fail_next_write(ErrorKind::BrokenPipe);
                model.fails = true;
            }
            Op::Set(modes) => {
                model.modes |= modes;
                assert_eq!(client.connection.set_mode(modes), model.modes);
            }
            Op::Clear(modes) => {
                model.modes -= modes;
                assert_eq!(client.connection.clear_mode(modes), model.modes);
            }
            Op::Max(n) => {
                assert_eq!(client.connection.set_max_send_fragment(n), model.set_max(n));
            }
            Op::Split(n) => {
                assert_eq!(
                    client.connection.set_split_send_fragment(n),
                    model.set_split(n)
                );
            }
            Op::SealAhead(on) => {
                client.connection.set_seal_ahead(on);
                model.set_seal_ahead(on);
            }
            Op::KeyUpdate(requested) => {
                let done = client.connection.key_update(request(requested));
                let answer = done.map_or_else(Answer::Failed, |()| Answer::Nothing);
                return (answer, model.key_update(requested));
            }
            Op::Handshake => {
                let answer = answer(client.handshake(), |()| Answer::Nothing);
                return (answer, model.handshake());
            }
            Op::Read { max, peek } => {
                let mut out = vec![0; max];
                let done = if peek {
                    client.peek(&mut out)
                } else {
                    client.read(&mut out)
                };
                let answer = answer(done, |received| match received {
                    Received::Data(n) => Answer::Read(out[..n].to_vec()),
                    Received::Closed => Answer::Closed,
                });
                return (answer, model.read(max, peek));
            }
            Op::Shutdown => {
                return (
                    answer(client.shutdown(), Answer::Shutdown),
                    model.shutdown(),
                );
            }
            Op::FreeBuffers => {
                if let Some(expected) = model.can_free_buffers() {
                    assert_eq!(client.connection.free_buffers(), expected);
                }
            }
            Op::AllocBuffers => assert!(client.connection.alloc_buffers()),
            Op::Arrive(n) => {
                let arriving: Vec<_> = self.withheld.drain(..n.min(self.withheld.len())).collect();
                client.end.incoming().push_raw(&arriving);
                model.arrived += arriving.len();
            }
            Op::PeerWrites(_) | Op::PeerUpdates(_) | Op::PeerCloses => self.peer_sends(op),
            Op::PeerReads => return self.peer_reads(),
        }
        nothing
    }

    fn write(&mut self, args: Args) -> (Answer, Answer) {
        let again = self.last;
        let mut slice = match args {
            Args::Fresh(slice) => slice,
            Args::New(slice) if !self.stopped => slice,
            Args::New(_) | Args::Again => again,
            Args::Moved { second, from } => Slice {
                second,
                from,
                ..again
            },
            Args::Resized(by) => Slice {
                len: again.len.saturating_add_signed(by),
                ..again
            },
            Args::Committed(by) => {
                let len = self.model.committed().saturating_add_signed(by);
                Slice { len, ..again }
            }
        };
        slice.len = slice.len.min(BUFFER - slice.from);
        let data = &buffers()[usize::from(slice.second)][slice.from..][..slice.len];
        let expected = self.model.write(data);
        let answer = answer(self.pair.client.write(data), Answer::Wrote);
        self.stopped = matches!(answer, Answer::Want(_) | Answer::TransportFailed);
        if let Answer::Wrote(n) = answer {
            self.reported += n;
            (slice.from, slice.len) = (slice.from + n, slice.len.saturating_sub(n));
        }
        self.last = slice;
        (answer, expected)
    }

    fn peer_sends(&mut self, op: Op) {
        let peer = &mut self.pair.server;
        if self.peer_closed {
            return;
        }
        let link = self.pair.client.end.incoming();
        let arrived = link.take_raw();
        match op {
            Op::PeerWrites(len) => {
                if std::mem::take(&mut self.peer_owes_update) {
                    self.model
                        .peer_sent(Content::KeyUpdate { requested: false });
                }
                let data = &buffers()[0][..len];
                for fragment in data.chunks(16_384) {
                    self.model.peer_sent(Content::Data(fragment.to_vec()));
                }
                assert_eq!(peer.write(data).unwrap(), Outcome::Done(len));
            }
            Op::PeerUpdates(requested) => {
                if peer.connection.key_update(request(requested)).is_ok() {
                    self.model.peer_sent(Content::KeyUpdate { requested });
                    assert_eq!(peer.handshake().unwrap(), Outcome::Done(()));
                }
            }
            _ => {
                self.peer_closed = true;
                self.model.peer_sent(Content::CloseNotify);
                assert!(matches!(peer.shutdown().unwrap(), Outcome::Done(_)));
            }
        }
        self.withheld.extend(link.take_raw());
        link.push_raw(&arrived);
    }

    /// What the peer can read, and what it should.
    fn peer_reads(&mut self) -> (Answer, Answer) {
        let mut expected = Vec::new();
        let mut closed = false;
        for content in self.model.delivered.drain(..) {
            match content {
                Content::Data(data) => expected.extend(data),
                Content::KeyUpdate { requested } => self.peer_owes_update |= requested,
                Content::CloseNotify => closed = true,
            }
        }
        let read = self.pair.server.read_all().unwrap();
        if closed {
            assert!(self.pair.server.connection.shutdown_state().received);
        }
        self.peer_has += read.len();
        assert_eq!(self.peer_has, self.reported + self.model.done);
        (Answer::Read(read), Answer::Read(expected))
    }

    /// The transport is freed, a stopped write repeated, the connection closed.
    fn ending(&mut self) -> Vec<Op> {
        let repeated = self.model.is_pending().then_some(Op::Write(Args::Again));
        let close = [
            Op::Shutdown,
            Op::PeerReads,
            Op::PeerCloses,
            Op::Arrive(usize::MAX),
        ];
        [Op::Room(None)]
            .into_iter()
            .chain(repeated)
            .chain(close)
            .chain([Op::Shutdown])
            .collect()
    }
}

fn answer<T>(result: Result<Outcome<T>, CallError>, done: impl FnOnce(T) -> Answer) -> Answer {
    match result {
        Ok(Outcome::Done(value)) => done(value),
        Ok(Outcome::Want(want)) => Answer::Want(want),
        Err(CallError::Tls(error)) => Answer::Failed(error),
        Err(CallError::Transport(_)) => Answer::TransportFailed,
    }
}

fn request(requested: bool) -> KeyUpdateRequest {
    if requested {
        KeyUpdateRequest::Requested
    } else {
        KeyUpdateRequest::NotRequested
    }
}

fn buffers() -> &'static [Vec<u8>; 2] {
    static BUFFERS: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    BUFFERS.get_or_init(|| [1, 2].map(|seed| Pattern::bytes(seed, BUFFER)))
}

/// Contexts with the cheapest handshake there is, made once per version.
fn contexts(version: ProtocolVersion) -> &'static (Context, Context) {
    static MADE: [OnceLock<(Context, Context)>; 2] = [OnceLock::new(), OnceLock::new()];
    MADE[usize::from(version == Tls13)].get_or_init(|| {
        let suites = [suite(version)];
        let client = ClientConfig::with_trust(ServerTrust::Anyone).sessions(0);
        let (identity, _): (_, Roots) = identity(KeyKind::EcP256);
        let server = ServerConfig::new(identity).tls13_tickets(0);
        (
            Context::client(client.cipher_suites(&suites)).unwrap(),
            Context::server(server.cipher_suites(&suites)).unwrap(),
        )
    })
}

/// Plays scripts of these operations until one differs or all are done.
fn compare(version: ProtocolVersion, op: impl Strategy<Value = Op>) {
    let scripts = prop::collection::vec(op, 1..30);
    play_all(&scripts, |script| play(version, &script));
}

fn play(version: ProtocolVersion, script: &[Op]) -> Result<(), TestCaseError> {
    let mut play = Play::new(version);
    let one = |play: &mut Play, op: Op| {
        let (answer, expected) = play.step(op);
        prop_assert!(
            answer == expected,
            "{op:?}: {} instead of {}",
            brief(&answer),
            brief(&expected)
        );
        let connection = &play.pair.client.connection;
        let state = (
            connection.pending(),
            connection.has_pending(),
            connection.in_init(),
        );
        if !connection.is_failed() {
            prop_assert_eq!(state, play.model.state(), "after {:?}", op);
        }
        Ok(())
    };
    for &op in script {
        one(&mut play, op)?;
    }
    for op in play.ending() {
        one(&mut play, op)?;
    }
    Ok(())
}

/// An answer without its bytes.
fn brief(answer: &Answer) -> String {
    match answer {
        Answer::Read(bytes) => format!("read {} bytes", bytes.len()),
        other => format!("{other:?}"),
    }
}

#[test]
fn w7_w8_w9_w11_w13_w14_w15_w16_w17_w25_m21_writes_and_retries_in_tls13() {
    compare(Tls13, write_op());
}

#[test]
fn w7_w8_w9_w11_w13_w14_w15_w16_w17_w25_m21_writes_and_retries_in_tls12() {
    compare(Tls12, write_op());
}

#[test]
fn w18_w19_w21_w22_w29_w30_w31_w32_b10_everything_in_tls13() {
    compare(Tls13, any_op());
}

#[test]
fn w18_w21_w22_b10_everything_in_tls12() {
    compare(Tls12, any_op());
}
