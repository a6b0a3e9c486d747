//! Standard input to the peer, the peer to standard output, in one thread.
//!
//! Owns both buffers and the retry contract: a write that wants is repeated with the same bytes at the
//! same address. Must not know how the connection came about.
//!
//! ```text
//! stdin  -> up   (whole until written)  -> write_tls -> close_notify after the end of input
//! stdout <- down (whole until printed) <- read_tls  <- until the peer's close_notify
//! ```

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;

use ssl_record::io::{CallError, TlsStream};
use ssl_record::{Error, Outcome, Received, Want};

use super::progress::Progress;
use super::sessions::Sessions;
use super::wait::{Interest, Waiter};
use crate::failure::Failure;
use crate::target::Target;

/// Bytes read from standard input at once: four records.
const UP: usize = 64 * 1024;

/// Bytes read from the peer at once: one record.
const DOWN: usize = 16 * 1024;

/// What a pipe is sure to take without blocking once poll says it is writable: POSIX's `PIPE_BUF` is at
/// least 512, Linux has 4096.
const PRINTED_AT_ONCE: usize = if cfg!(target_os = "linux") { 4096 } else { 512 };

/// Bytes on their way: `start..end` of a buffer that stays where it is.
struct Buffer {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Buffer {
    fn new(len: usize) -> Self {
        Self {
            bytes: vec![0; len].into(),
            start: 0,
            end: 0,
        }
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    fn is_empty(&self) -> bool {
        self.start == self.end
    }

    fn filled(&mut self, len: usize) {
        (self.start, self.end) = (0, len);
    }

    fn consume(&mut self, len: usize) {
        self.start += len;
    }
}

/// From standard input to the peer.
struct Up {
    input: File,
    buffer: Buffer,
    /// What the last call stopped for; it has to be repeated.
    want: Option<Want>,
    /// Nothing more is read: end of input, or nobody to send it to.
    ended: bool,
    /// Our close_notify is transmitted.
    closed: bool,
    /// The transport refuses our bytes; the peer may have said why.
    broken: Option<Failure>,
}

/// From the peer to standard output.
struct Down {
    output: File,
    /// Writing to it never blocks for long, as it is a regular file.
    is_file: bool,
    buffer: Buffer,
    want: Option<Want>,
    /// The peer's close_notify came.
    closed: bool,
}

/// Both directions of one connection.
pub(super) struct Relay<'a, 's> {
    stream: &'a mut TlsStream<TcpStream>,
    target: &'a Target,
    sessions: &'a mut Sessions<'s>,
    progress: Progress,
    up: Up,
    down: Down,
}

impl<'a, 's> Relay<'a, 's> {
    /// Joins the connection and the standard streams.
    ///
    /// # Errors
    /// A standard stream cannot be used.
    pub(super) fn new(
        stream: &'a mut TlsStream<TcpStream>,
        target: &'a Target,
        sessions: &'a mut Sessions<'s>,
        progress: Progress,
    ) -> Result<Self, Failure> {
        // Files of their own, because std's standard streams have buffers that poll knows nothing of.
        let input = io::stdin().as_fd().try_clone_to_owned();
        let output = io::stdout().as_fd().try_clone_to_owned();
        let (input, output) = input
            .and_then(|input| output.map(|output| (File::from(input), File::from(output))))
            .map_err(|error| Failure::line(format_args!("standard streams: {error}")))?;
        let is_file = output.metadata().is_ok_and(|file| file.is_file());
        Ok(Self {
            stream,
            target,
            sessions,
            progress,
            up: Up {
                input,
                buffer: Buffer::new(UP),
                want: None,
                ended: false,
                closed: false,
                broken: None,
            },
            down: Down {
                output,
                is_file,
                buffer: Buffer::new(DOWN),
                want: None,
                closed: false,
            },
        })
    }

    /// Relays until both directions are closed.
    ///
    /// # Errors
    /// The connection or a standard stream fails.
    pub(super) fn run(mut self) -> Result<(), Failure> {
        loop {
            self.send();
            self.receive()?;
            if self.down.closed && self.down.buffer.is_empty() {
                // The peer is done: so are we, once what was read is sent.
                self.up.ended = true;
                if let Some(failure) = self.up.broken.take() {
                    return Err(failure);
                }
                self.send();
                if self.up.closed || self.up.broken.is_some() {
                    return Ok(());
                }
            }
            self.wait()?;
        }
    }

    /// Writes what there is, then close_notify, as far as the transport allows.
    fn send(&mut self) {
        while self.up.want.is_none() && self.up.broken.is_none() && !self.up.closed {
            let rest = self.up.buffer.rest();
            let result = if !rest.is_empty() {
                tracing::trace!(bytes = rest.len(), "write");
                let written = self.stream.write_tls(rest);
                written.map(|outcome| match outcome {
                    Outcome::Done(n) => {
                        self.up.buffer.consume(n);
                        self.progress.add(n);
                        None
                    }
                    Outcome::Want(want) => Some(want),
                })
            } else if self.up.ended {
                tracing::trace!("shutdown");
                self.stream.shutdown_tls().map(|outcome| {
                    self.up.closed = outcome.want().is_none();
                    outcome.want()
                })
            } else {
                return;
            };
            match result {
                Ok(None) => {}
                Ok(Some(want)) => {
                    tracing::trace!(?want, "stopped, to be retried with the same bytes");
                    self.up.want = Some(want);
                }
                // A peer that left does not miss our close_notify.
                Err(_) if self.up.buffer.is_empty() => self.up.closed = true,
                Err(error) => self.up.broken = Some(Failure::call(self.target, &error)),
            }
        }
    }

    /// Reads until there is something to print or nothing to read.
    fn receive(&mut self) -> Result<(), Failure> {
        while self.down.want.is_none() && self.down.buffer.is_empty() && !self.down.closed {
            let received = self.stream.read_tls(&mut self.down.buffer.bytes);
            match &received {
                Ok(_) => self.sessions.note_first(self.stream.connection()),
                // Cut off is not distrusted: many servers end without a goodbye.
                Err(CallError::Tls(Error::UnexpectedEof) | CallError::Transport(_)) => {}
                Err(_) => self.sessions.forget(),
            }
            match received {
                Ok(Outcome::Done(Received::Data(n))) => {
                    self.down.buffer.filled(n);
                    self.progress.add(n);
                    if self.down.is_file {
                        self.print(DOWN)?;
                    }
                }
                Ok(Outcome::Done(Received::Closed)) => self.down.closed = true,
                Ok(Outcome::Want(want)) => {
                    tracing::trace!(?want, "read stopped, to be retried");
                    self.down.want = Some(want);
                }
                // If sending broke too, an alert says more and these say nothing new.
                Err(
                    error @ (CallError::Transport(_)
                    | CallError::Tls(Error::AlreadyFailed | Error::UnexpectedEof)),
                ) => {
                    let failure = Failure::call(self.target, &error);
                    return Err(self.up.broken.take().unwrap_or(failure));
                }
                Err(error) => return Err(Failure::call(self.target, &error)),
            }
        }
        Ok(())
    }

    /// Waits for whatever can get either direction on, and does the blocking streams' part.
    fn wait(&mut self) -> Result<(), Failure> {
        let mut waiter = Waiter::default();
        let (stream, up, down) = (&*self.stream, &self.up, &self.down);
        let wants = |want| up.want == Some(want) || down.want == Some(want);
        let interest = Interest {
            read: wants(Want::Read),
            write: wants(Want::Write),
        };
        let takes_input = up.buffer.is_empty() && !up.ended && up.broken.is_none();
        let has_output = !down.buffer.is_empty();
        let socket = waiter.add(stream.transport().as_fd(), interest);
        let input = Interest {
            read: takes_input,
            ..Interest::default()
        };
        let input = waiter.add(up.input.as_fd(), input);
        let output = Interest {
            write: has_output,
            ..Interest::default()
        };
        let output = waiter.add(down.output.as_fd(), output);
        waiter.wait(None).map_err(Failure::line)?;
        let (socket, input, output) = (
            waiter.ready(socket),
            waiter.ready(input),
            waiter.ready(output),
        );
        for want in [&mut self.up.want, &mut self.down.want] {
            if (*want == Some(Want::Read) && socket.read)
                || (*want == Some(Want::Write) && socket.write)
            {
                *want = None;
            }
        }
        if input.read {
            self.take_input()?;
        }
        if output.write {
            self.print(PRINTED_AT_ONCE)?;
        }
        Ok(())
    }

    fn take_input(&mut self) -> Result<(), Failure> {
        match self.up.input.read(&mut self.up.buffer.bytes) {
            Ok(0) => self.up.ended = true,
            Ok(n) => self.up.buffer.filled(n),
            Err(error) if is_temporary(&error) => {}
            Err(error) => {
                return Err(Failure::line(format_args!(
                    "cannot read standard input: {error}"
                )));
            }
        }
        Ok(())
    }

    /// Prints at most so many bytes.
    fn print(&mut self, most: usize) -> Result<(), Failure> {
        let rest = self.down.buffer.rest();
        match self.down.output.write(&rest[..rest.len().min(most)]) {
            Ok(n) => self.down.buffer.consume(n),
            Err(error) if is_temporary(&error) => {}
            Err(error) => {
                // The peer is told that nobody listens any more, if that can be done at once.
                self.up.ended = true;
                self.up.buffer.filled(0);
                self.send();
                return Err(Failure::output(&error));
            }
        }
        Ok(())
    }
}

fn is_temporary(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
    )
}
