//! Reads of all kinds from a stream that arrives in pieces, against a model.
//!
//! The model: a position in one stream. A read moves it, a peek does not, and nothing is skipped; in
//! the end everything written was read.

use std::collections::VecDeque;

use arbitrary::Arbitrary;
use ssl_record::io::{CallError, drive};
use ssl_record::{Error, Outcome, Received, SslMode, Want};

use crate::pair::{Half, Pair, expect_stream, key_update, mode, stream};

/// Longest read, bytes: more than a record.
const LONGEST: usize = 20_000;

/// What a reader's memory is full of.
const MARK: u8 = 0xa5;

/// What the server writes and the client reads.
#[derive(Arbitrary, Debug)]
pub struct Script {
    tls12: bool,
    /// A new pair, with its tickets unread, if this is below 16.
    fresh: u8,
    calls: Vec<Call>,
    end: End,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Call {
    /// The server writes; the bytes are held back.
    Write(u16),
    /// So many of the bytes held back reach the transport.
    Deliver(u8),
    DeliverMany(u16),
    Read(u16),
    Peek(u16),
    /// Reads zero bytes: opens a record.
    Open,
    AutoRetry(bool),
    Release(bool),
    ReadAhead(bool),
    ReadBufferLen(u16),
    /// The most a read of the transport returns.
    Rmax(Option<u8>),
    KeyUpdate(bool),
    OwnKeyUpdate(bool),
    /// The client writes, and the server reads it.
    Reply(u8),
    FreeBuffers,
    /// Fragments of the server's writes; padding of its records.
    Split(u16),
    Padding(u8),
}

/// How it ends.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum End {
    Open,
    CloseNotify,
    Transport,
    Ignored,
}

struct Model {
    pair: Pair,
    /// Bytes written by the server, and those of them that were read.
    written: u64,
    position: u64,
    /// Bytes written by the client, and those of them that arrived.
    replied: u64,
    replies_read: u64,
    held: VecDeque<u8>,
}

/// Runs a script; panics if a byte read is not the next one written, or the last one never comes.
pub fn run(script: &Script) {
    let pair = Pair::take(script.tls12, script.fresh < 16);
    let mut model = Model {
        pair,
        written: 0,
        position: 0,
        replied: 0,
        replies_read: 0,
        held: VecDeque::new(),
    };
    for &call in &script.calls {
        model.call(call);
    }
    model.finish(script.end);
}

impl Model {
    fn call(&mut self, call: Call) {
        let (client, server) = (&mut self.pair.client, &mut self.pair.server);
        let connection = &mut client.connection;
        match call {
            Call::Write(len) => self.write(len.into()),
            Call::Deliver(n) => self.deliver(n.into()),
            Call::DeliverMany(n) => self.deliver(n.into()),
            Call::Read(len) => self.read(usize::from(len) % LONGEST),
            Call::Peek(len) => self.peek(usize::from(len) % LONGEST),
            Call::Open => self.read(0),
            Call::AutoRetry(on) => mode(connection, SslMode::AUTO_RETRY, on),
            Call::Release(on) => mode(connection, SslMode::RELEASE_BUFFERS, on),
            Call::ReadAhead(on) => connection.set_read_ahead(on),
            Call::ReadBufferLen(n) => connection.set_read_buffer_len(n.into()),
            Call::Rmax(n) => {
                let most = n.map(|n| usize::from(n) + 1);
                server.outgoing().set_rmax(most);
            }
            Call::KeyUpdate(request) => key_update(&mut server.connection, request),
            Call::OwnKeyUpdate(request) => key_update(connection, request),
            Call::Reply(len) => self.reply(len.into()),
            Call::FreeBuffers => _ = connection.free_buffers(),
            Call::Split(n) => {
                _ = server
                    .connection
                    .set_split_send_fragment(usize::from(n).max(50));
            }
            Call::Padding(n) => _ = server.connection.set_block_padding(n.into()),
        }
    }

    fn write(&mut self, len: usize) {
        let data = stream(self.written, len);
        let link = self.pair.server.outgoing();
        let under_way = link.take_raw();
        let written = self.pair.server.write(&data).unwrap();
        assert_eq!(written, Outcome::Done(len));
        self.written += len as u64;
        self.held.extend(link.take_raw());
        link.push_raw(&under_way);
    }

    fn deliver(&mut self, n: usize) {
        let n = n.min(self.held.len());
        let bytes: Vec<u8> = self.held.drain(..n).collect();
        self.pair.server.outgoing().push_raw(&bytes);
    }

    fn read(&mut self, len: usize) {
        let mut out = vec![MARK; len];
        let pending = self.pair.client.connection.pending();
        match self.pair.client.read(&mut out) {
            Ok(Outcome::Done(Received::Data(n))) => {
                assert!(n > 0 || len == 0);
                assert!(
                    pending == 0 || n == len.min(pending),
                    "less than was pending"
                );
                expect_stream(self.position, &out[..n]);
                self.position += n as u64;
                out.drain(..n);
            }
            Ok(Outcome::Want(Want::Read)) => assert_eq!(pending, 0, "bytes were pending"),
            other => panic!("{other:?}"),
        }
        let is_untouched = out.iter().all(|&byte| byte == MARK);
        assert!(is_untouched, "bytes behind what was read");
        self.check_pending();
    }

    fn peek(&mut self, len: usize) {
        let mut out = vec![0; len];
        let Half { connection, end } = &mut self.pair.client;
        match drive::peek(connection, end, &mut out) {
            Ok(Outcome::Done(Received::Data(n))) => {
                assert_eq!(n, len.min(connection.pending()));
                expect_stream(self.position, &out[..n]);
            }
            Ok(Outcome::Want(Want::Read)) => assert_eq!(connection.pending(), 0),
            other => panic!("{other:?}"),
        }
        self.check_pending();
    }

    fn check_pending(&self) {
        let connection = &self.pair.client.connection;
        let pending = connection.pending();
        assert!(self.position + pending as u64 <= self.written);
        assert!(pending == 0 || connection.has_pending());
    }

    fn reply(&mut self, len: usize) {
        let data = stream(self.replied, len);
        let written = self.pair.client.write(&data).unwrap();
        assert_eq!(written, Outcome::Done(len));
        self.replied += len as u64;
        // A key update of the server's own leaves with its read; it must not overtake what is held.
        let link = self.pair.server.outgoing();
        let under_way = link.take_raw();
        let end = self.pair.server.read_stream(&mut self.replies_read);
        assert!(matches!(end, Ok(Outcome::Want(Want::Read))), "{end:?}");
        assert_eq!(self.replies_read, self.replied);
        self.held.extend(link.take_raw());
        link.push_raw(&under_way);
    }

    /// Reads all that is left, and what stands behind it.
    fn finish(mut self, end: End) {
        mode(&mut self.pair.client.connection, SslMode::AUTO_RETRY, true);
        let (client, server) = (&mut self.pair.client, &mut self.pair.server);
        match end {
            End::Open => {}
            End::CloseNotify => {
                let Half { connection, end } = server;
                let under_way = end.outgoing().take_raw();
                let in_init = connection.in_init();
                let sent = drive::shutdown(connection, end);
                if in_init {
                    return assert!(matches!(sent, Err(CallError::Tls(Error::Misuse(_)))));
                }
                assert!(matches!(sent, Ok(Outcome::Done(_))), "{sent:?}");
                self.held.extend(end.outgoing().take_raw());
                end.outgoing().push_raw(&under_way);
            }
            End::Transport => server.outgoing().close(),
            End::Ignored => {
                client.connection.set_ignore_unexpected_eof(true);
                server.outgoing().close();
            }
        }
        self.deliver(usize::MAX);
        let outcome = self.pair.client.read_stream(&mut self.position);
        assert_eq!(self.position, self.written, "written and never read");
        match (end, outcome) {
            (End::Open, Ok(Outcome::Want(Want::Read))) => self.give_back(),
            (End::CloseNotify | End::Ignored, Ok(Outcome::Done(Received::Closed))) => {}
            (End::Transport, Err(CallError::Tls(Error::UnexpectedEof))) => {}
            (_, other) => panic!("{other:?}"),
        }
    }

    /// Lets owed key updates leave, so that nothing is under way.
    fn give_back(mut self) {
        for _ in 0..3 {
            self.reply(1);
            self.write(1);
            self.deliver(usize::MAX);
            let end = self.pair.client.read_stream(&mut self.position);
            assert!(matches!(end, Ok(Outcome::Want(Want::Read))), "{end:?}");
        }
        self.reply(1);
        self.deliver(usize::MAX);
        let end = self.pair.client.read_stream(&mut self.position);
        assert!(matches!(end, Ok(Outcome::Want(Want::Read))), "{end:?}");
        assert!(self.pair.server.connection.set_block_padding(0));
        self.pair.client.connection.set_read_buffer_len(0);
        self.pair.give_back();
    }
}
