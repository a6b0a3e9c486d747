//! A transport that answers each call from a script and remembers the calls.
//!
//! Owns the scripts, the inbound bytes, the bytes written and the call log. It must not know what
//! the bytes mean: see [`wire`](crate::wire) for that.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the transport answers to one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteStep {
    /// Takes at most this many bytes.
    Take(usize),
    /// Takes everything offered.
    TakeAll,
    /// Takes nothing: [`ErrorKind::WouldBlock`].
    Block,
    /// Takes nothing and says so with `Ok(0)` (statement W26).
    Zero,
    /// Fails with this kind (statement W25).
    Fail(ErrorKind),
}

/// What the transport answers to one read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadStep {
    /// Gives at most this many of the inbound bytes.
    Give(usize),
    /// Gives as many of the inbound bytes as are asked for.
    GiveAll,
    /// Gives nothing: [`ErrorKind::WouldBlock`], even if there are inbound bytes.
    Block,
    /// The end of the stream, `Ok(0)`, this once (statement R20).
    Eof,
    /// [`ErrorKind::ConnectionReset`].
    Reset,
    /// Fails with this kind (statement R24).
    Fail(ErrorKind),
}

/// What the transport answers to one flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushStep {
    /// Succeeds.
    Done,
    /// [`ErrorKind::WouldBlock`].
    Block,
    /// Fails with this kind.
    Fail(ErrorKind),
}

/// One call that was made to a [`ScriptedTransport`], with its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A write of `offered` bytes.
    Write {
        /// Length of the slice passed in.
        offered: usize,
        /// How many bytes were taken, or why none.
        taken: Result<usize, ErrorKind>,
    },
    /// A read into a space of `asked` bytes.
    Read {
        /// Length of the slice passed in.
        asked: usize,
        /// How many bytes were given, 0 for the end, or why none.
        got: Result<usize, ErrorKind>,
    },
    /// A flush.
    Flush {
        /// Its result.
        done: Result<(), ErrorKind>,
    },
}

impl Call {
    /// A write of which `taken` bytes were accepted.
    pub fn wrote(offered: usize, taken: usize) -> Self {
        Self::Write {
            offered,
            taken: Ok(taken),
        }
    }

    /// A write that was answered with `WouldBlock`.
    pub fn write_blocked(offered: usize) -> Self {
        Self::Write {
            offered,
            taken: Err(ErrorKind::WouldBlock),
        }
    }

    /// A read that returned `got` bytes.
    pub fn read(asked: usize, got: usize) -> Self {
        Self::Read {
            asked,
            got: Ok(got),
        }
    }

    /// A read that was answered with `WouldBlock`.
    pub fn read_blocked(asked: usize) -> Self {
        Self::Read {
            asked,
            got: Err(ErrorKind::WouldBlock),
        }
    }

    /// A flush that succeeded.
    pub fn flushed() -> Self {
        Self::Flush { done: Ok(()) }
    }
}

/// The same steps `times` times: `[repeat(3, &[Take(1), Block]), vec![TakeAll]].concat()`.
///
/// ```
/// use ssl_testkit::script::{WriteStep::*, repeat};
/// assert_eq!(repeat(2, &[Take(1), Block]), [Take(1), Block, Take(1), Block]);
/// ```
pub fn repeat<S: Copy>(times: usize, steps: &[S]) -> Vec<S> {
    steps.repeat(times)
}

/// A transport that plays scripts: one step per call.
///
/// Clones share one state, so a test keeps a clone and looks on while a connection owns the other.
/// When a script has run out, its end step answers for ever: [`WriteStep::TakeAll`],
/// [`ReadStep::GiveAll`] and [`FlushStep::Done`] unless set otherwise.
///
/// Calls with an empty slice return `Ok(0)`, are logged and use no step. A `Give` step with no
/// inbound bytes answers `WouldBlock` (or the end, after [`close_inbound`](Self::close_inbound))
/// and stays.
///
/// ```
/// use ssl_testkit::script::{Call, ScriptedTransport, WriteStep::*};
/// use std::io::{ErrorKind, Write};
///
/// let transport = ScriptedTransport::new().writes([Take(5), Block, TakeAll]);
/// let mut owned = transport.clone();
/// assert_eq!(owned.write(b"one record").unwrap(), 5);
/// assert_eq!(owned.write(b"ecord").unwrap_err().kind(), ErrorKind::WouldBlock);
/// assert_eq!(owned.write(b"ecord").unwrap(), 5);
/// assert_eq!(transport.written(), b"one record");
/// assert_eq!(transport.calls(), [Call::wrote(10, 5), Call::write_blocked(5), Call::wrote(5, 5)]);
/// ```
#[derive(Clone, Debug)]
pub struct ScriptedTransport(Arc<Mutex<State>>);

impl Default for ScriptedTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl ScriptedTransport {
    /// A transport without scripts: takes everything, has nothing to read, flushes at once.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            writes: Script::ending_with(WriteStep::TakeAll),
            reads: Script::ending_with(ReadStep::GiveAll),
            flushes: Script::ending_with(FlushStep::Done),
            inbound: VecDeque::new(),
            inbound_closed: false,
            written: Vec::new(),
            calls: Vec::new(),
        })))
    }

    /// Builder form of [`set_writes`](Self::set_writes).
    #[must_use]
    pub fn writes(self, steps: impl IntoIterator<Item = WriteStep>) -> Self {
        self.set_writes(steps);
        self
    }

    /// Builder form of [`set_writes_end`](Self::set_writes_end).
    #[must_use]
    pub fn writes_end(self, step: WriteStep) -> Self {
        self.set_writes_end(step);
        self
    }

    /// Builder form of [`set_reads`](Self::set_reads).
    #[must_use]
    pub fn reads(self, steps: impl IntoIterator<Item = ReadStep>) -> Self {
        self.set_reads(steps);
        self
    }

    /// Builder form of [`set_reads_end`](Self::set_reads_end).
    #[must_use]
    pub fn reads_end(self, step: ReadStep) -> Self {
        self.set_reads_end(step);
        self
    }

    /// Builder form of [`set_flushes`](Self::set_flushes).
    #[must_use]
    pub fn flushes(self, steps: impl IntoIterator<Item = FlushStep>) -> Self {
        self.set_flushes(steps);
        self
    }

    /// Builder form of [`push_inbound`](Self::push_inbound).
    #[must_use]
    pub fn inbound(self, bytes: &[u8]) -> Self {
        self.push_inbound(bytes);
        self
    }

    /// Replaces what is left of the write script.
    pub fn set_writes(&self, steps: impl IntoIterator<Item = WriteStep>) {
        self.state().writes.steps = steps.into_iter().collect();
    }

    /// What every write is answered with after the script.
    pub fn set_writes_end(&self, step: WriteStep) {
        self.state().writes.end = step;
    }

    /// Replaces what is left of the read script.
    pub fn set_reads(&self, steps: impl IntoIterator<Item = ReadStep>) {
        self.state().reads.steps = steps.into_iter().collect();
    }

    /// What every read is answered with after the script.
    pub fn set_reads_end(&self, step: ReadStep) {
        self.state().reads.end = step;
    }

    /// Replaces what is left of the flush script.
    pub fn set_flushes(&self, steps: impl IntoIterator<Item = FlushStep>) {
        self.state().flushes.steps = steps.into_iter().collect();
    }

    /// What every flush is answered with after the script.
    pub fn set_flushes_end(&self, step: FlushStep) {
        self.state().flushes.end = step;
    }

    /// Appends bytes for the reader; possible at any time.
    pub fn push_inbound(&self, bytes: &[u8]) {
        self.state().inbound.extend(bytes);
    }

    /// From now on, reads that find no inbound bytes report the end instead of `WouldBlock`.
    pub fn close_inbound(&self) {
        self.state().inbound_closed = true;
    }

    /// How many inbound bytes were not read yet.
    pub fn inbound_left(&self) -> usize {
        self.state().inbound.len()
    }

    /// All bytes taken so far, in order.
    pub fn written(&self) -> Vec<u8> {
        self.state().written.clone()
    }

    /// Like [`written`](Self::written), and starts anew.
    pub fn take_written(&self) -> Vec<u8> {
        std::mem::take(&mut self.state().written)
    }

    /// All calls so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// Like [`calls`](Self::calls), and starts anew.
    pub fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.state().calls)
    }

    /// Scripted steps not used yet: of writes, reads and flushes. All 0 when a script was played
    /// out.
    pub fn steps_left(&self) -> (usize, usize, usize) {
        let state = self.state();
        (
            state.writes.steps.len(),
            state.reads.steps.len(),
            state.flushes.steps.len(),
        )
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for ScriptedTransport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        let taken = state.answer_write(bytes);
        state.calls.push(Call::Write {
            offered: bytes.len(),
            taken,
        });
        taken.map_err(io::Error::from)
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut state = self.state();
        let done = match state.flushes.next() {
            FlushStep::Done => Ok(()),
            FlushStep::Block => Err(ErrorKind::WouldBlock),
            FlushStep::Fail(kind) => Err(kind),
        };
        state.calls.push(Call::Flush { done });
        done.map_err(io::Error::from)
    }
}

impl Read for ScriptedTransport {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let mut state = self.state();
        let got = state.answer_read(space);
        state.calls.push(Call::Read {
            asked: space.len(),
            got,
        });
        got.map_err(io::Error::from)
    }
}

#[derive(Debug)]
struct State {
    writes: Script<WriteStep>,
    reads: Script<ReadStep>,
    flushes: Script<FlushStep>,
    inbound: VecDeque<u8>,
    inbound_closed: bool,
    written: Vec<u8>,
    calls: Vec<Call>,
}

impl State {
    fn answer_write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let taken = match self.writes.next() {
            WriteStep::Take(limit) => limit.min(bytes.len()),
            WriteStep::TakeAll => bytes.len(),
            WriteStep::Block => return Err(ErrorKind::WouldBlock),
            WriteStep::Zero => 0,
            WriteStep::Fail(kind) => return Err(kind),
        };
        self.written.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn answer_read(&mut self, space: &mut [u8]) -> Result<usize, ErrorKind> {
        if space.is_empty() {
            return Ok(0);
        }
        let gives = matches!(self.reads.peek(), ReadStep::Give(_) | ReadStep::GiveAll);
        if gives && self.inbound.is_empty() {
            return if self.inbound_closed {
                Ok(0)
            } else {
                Err(ErrorKind::WouldBlock)
            };
        }
        let limit = match self.reads.next() {
            ReadStep::Give(limit) => limit,
            ReadStep::GiveAll => usize::MAX,
            ReadStep::Block => return Err(ErrorKind::WouldBlock),
            ReadStep::Eof => return Ok(0),
            ReadStep::Reset => return Err(ErrorKind::ConnectionReset),
            ReadStep::Fail(kind) => return Err(kind),
        };
        let given = limit.min(space.len()).min(self.inbound.len());
        for (slot, byte) in space.iter_mut().zip(self.inbound.drain(..given)) {
            *slot = byte;
        }
        Ok(given)
    }
}

#[derive(Debug)]
struct Script<S> {
    steps: VecDeque<S>,
    end: S,
}

impl<S: Copy> Script<S> {
    fn ending_with(end: S) -> Self {
        Self {
            steps: VecDeque::new(),
            end,
        }
    }

    fn peek(&self) -> S {
        self.steps.front().copied().unwrap_or(self.end)
    }

    fn next(&mut self) -> S {
        self.steps.pop_front().unwrap_or(self.end)
    }
}

#[cfg(test)]
mod tests;
