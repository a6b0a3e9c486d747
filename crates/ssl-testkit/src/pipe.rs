//! An in-memory connection: two ends, two links, each with adjustable obstacles.
//!
//! Owns the bytes under way, the obstacles and the capture of everything that was written. It must
//! not know what the bytes mean: see [`wire`](crate::wire) for that. A list of results for a single
//! side is [`script`](crate::script).

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::DEADLINE;

/// A fresh pair of connected ends, non-blocking and without obstacles.
///
/// ```
/// use ssl_testkit::pipe::pipe;
/// use std::io::{ErrorKind, Read, Write};
///
/// let (mut client, mut server) = pipe();
/// let link = client.outgoing();
/// link.set_budget(Some(4));
/// assert_eq!(client.write(b"request").unwrap(), 4);
/// assert_eq!(client.write(b"est").unwrap_err().kind(), ErrorKind::WouldBlock);
/// link.set_budget(None);
/// assert_eq!(client.write(b"est").unwrap(), 3);
///
/// let mut space = [0; 16];
/// assert_eq!(server.read(&mut space).unwrap(), 7);
/// assert_eq!(server.read(&mut space).unwrap_err().kind(), ErrorKind::WouldBlock);
/// assert_eq!(link.wire(), b"request");
/// ```
pub fn pipe() -> (End, End) {
    let (there, back) = (Link::new(), Link::new());
    let left = End {
        outgoing: there.clone(),
        incoming: back.clone(),
    };
    let right = End {
        outgoing: back,
        incoming: there,
    };
    (left, right)
}

/// Like [`pipe`], for one thread per end: a call that cannot go on waits instead of returning
/// `WouldBlock` (at most [`DEADLINE`], then [`ErrorKind::TimedOut`]).
///
/// ```
/// use std::io::{Read, Write};
/// let (mut client, mut server) = ssl_testkit::pipe::blocking_pipe();
/// let echo = std::thread::spawn(move || {
///     let mut byte = [0; 1];
///     server.read_exact(&mut byte).unwrap();
///     server.write_all(&byte).unwrap();
/// });
/// client.write_all(b"!").unwrap();
/// let mut answer = Vec::new();
/// client.read_to_end(&mut answer).unwrap(); // dropping `server` closed its link
/// assert_eq!(answer, b"!");
/// echo.join().unwrap();
/// ```
pub fn blocking_pipe() -> (End, End) {
    let (left, right) = pipe();
    left.outgoing.set_blocking(true);
    left.incoming.set_blocking(true);
    (left, right)
}

/// One end of the connection: what a TLS connection owns as its transport.
///
/// Dropping it closes its outgoing link, and lets the peer's writes fail with
/// [`ErrorKind::BrokenPipe`]. The [`Link`]s stay usable for inspection.
#[derive(Debug)]
pub struct End {
    outgoing: Link,
    incoming: Link,
}

impl End {
    /// The link this end writes to.
    pub fn outgoing(&self) -> Link {
        self.outgoing.clone()
    }

    /// The link this end reads from.
    pub fn incoming(&self) -> Link {
        self.incoming.clone()
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.outgoing.close();
        self.incoming.change(|state| state.reader_gone = true);
    }
}

impl Write for End {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.outgoing.change(|state| state.counts.flushes += 1);
        Ok(())
    }
}

impl Read for End {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        self.incoming.read(space)
    }
}

/// One direction of a pipe: its obstacles, its contents and its capture. Clones are the same link.
///
/// Of several obstacles to a write the first that applies answers: a one-time failure, a permanent
/// failure, reader gone, then the byte limits (budget, capacity, `wmax`); to a read: a one-time
/// failure, a permanent failure, then the contents (limited by `rmax`), then the end.
#[derive(Clone, Debug)]
pub struct Link(Arc<Shared>);

/// How often a [`Link`] was called, since its creation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Writes, whatever their result.
    pub writes: u64,
    /// Writes that took nothing because of a byte limit.
    pub blocked_writes: u64,
    /// Reads, whatever their result.
    pub reads: u64,
    /// Reads that found nothing.
    pub blocked_reads: u64,
    /// Flushes.
    pub flushes: u64,
    /// Bytes taken from writers.
    pub bytes_written: u64,
    /// Bytes handed to readers.
    pub bytes_read: u64,
}

impl Link {
    /// How many more bytes are accepted before writes block; `None` for no limit (the default).
    pub fn set_budget(&self, bytes: Option<usize>) {
        self.change(|state| state.budget = bytes);
    }

    /// What is left of the budget.
    pub fn budget(&self) -> Option<usize> {
        self.state().budget
    }

    /// How many unread bytes the link holds before writes block, like a socket buffer; `None` for
    /// no limit (the default).
    pub fn set_capacity(&self, bytes: Option<usize>) {
        self.change(|state| state.capacity = bytes);
    }

    /// The most bytes that a single write takes; `None` for no limit (the default).
    pub fn set_wmax(&self, bytes: Option<usize>) {
        self.change(|state| state.wmax = bytes);
    }

    /// The most bytes that a single read returns; `None` for no limit (the default).
    pub fn set_rmax(&self, bytes: Option<usize>) {
        self.change(|state| state.rmax = bytes);
    }

    /// Lets every write fail with this kind until set to `None` (statement W25).
    pub fn fail_writes(&self, kind: Option<ErrorKind>) {
        self.change(|state| state.write_failure = kind);
    }

    /// Lets the next write only fail with this kind.
    pub fn fail_next_write(&self, kind: ErrorKind) {
        self.change(|state| state.next_write_failure = Some(kind));
    }

    /// Lets every read fail with this kind until set to `None` (statement R24).
    pub fn fail_reads(&self, kind: Option<ErrorKind>) {
        self.change(|state| state.read_failure = kind);
    }

    /// Lets the next read only fail with this kind.
    pub fn fail_next_read(&self, kind: ErrorKind) {
        self.change(|state| state.next_read_failure = Some(kind));
    }

    /// Whether a blocked write returns `Ok(0)` instead of `WouldBlock` (statement W26).
    pub fn set_block_as_zero(&self, zero: bool) {
        self.change(|state| state.block_as_zero = zero);
    }

    /// Whether calls wait instead of returning `WouldBlock`. See [`blocking_pipe`].
    pub fn set_blocking(&self, blocking: bool) {
        self.change(|state| state.blocking = blocking);
    }

    /// Ends the stream: once the contents are read, reads return 0 (statement R20).
    pub fn close(&self) {
        self.change(|state| state.closed = true);
    }

    /// Takes [`close`](Self::close) back.
    pub fn reopen(&self) {
        self.change(|state| state.closed = false);
    }

    /// How many bytes are under way: written, not read.
    pub fn unread(&self) -> usize {
        self.state().contents.len()
    }

    /// A copy of the bytes under way.
    pub fn peek_raw(&self) -> Vec<u8> {
        self.state().contents.iter().copied().collect()
    }

    /// Removes all bytes under way from the link and returns them.
    pub fn take_raw(&self) -> Vec<u8> {
        self.change(|state| std::mem::take(&mut state.contents))
            .into()
    }

    /// Removes at most the first `count` bytes under way from the link and returns them.
    pub fn take_front(&self, count: usize) -> Vec<u8> {
        self.change(|state| {
            let count = count.min(state.contents.len());
            state.contents.drain(..count).collect()
        })
    }

    /// Puts bytes behind those under way, past all obstacles; they are not captured.
    pub fn push_raw(&self, bytes: &[u8]) {
        self.change(|state| state.contents.extend(bytes));
    }

    /// Puts bytes before those under way, past all obstacles; they are not captured.
    pub fn push_front(&self, bytes: &[u8]) {
        self.change(|state| {
            let behind = std::mem::take(&mut state.contents);
            state.contents.extend(bytes);
            state.contents.extend(behind);
        });
    }

    /// Everything that was ever written by the end, read or not.
    pub fn wire(&self) -> Vec<u8> {
        self.state().wire.clone()
    }

    /// Like [`wire`](Self::wire), and starts the capture anew.
    pub fn take_wire(&self) -> Vec<u8> {
        self.change(|state| std::mem::take(&mut state.wire))
    }

    /// Whether written bytes are captured (the default). Off for long transfers.
    pub fn set_capture(&self, capture: bool) {
        self.change(|state| state.capture = capture);
    }

    /// How often the link was called.
    pub fn counts(&self) -> Counts {
        self.state().counts
    }

    fn new() -> Self {
        let state = State {
            capture: true,
            ..State::default()
        };
        Self(Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state());
        self.0.changed.notify_all();
        result
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.until_possible(|state| state.write(bytes));
        match result {
            Err(error) if error.kind() == ErrorKind::WouldBlock && self.state().block_as_zero => {
                Ok(0)
            }
            other => other,
        }
    }

    fn read(&self, space: &mut [u8]) -> io::Result<usize> {
        self.until_possible(|state| state.read(space))
    }

    /// Repeats the attempt while it is blocked, if this link waits at all.
    fn until_possible(
        &self,
        mut attempt: impl FnMut(&mut State) -> Result<usize, ErrorKind>,
    ) -> io::Result<usize> {
        let deadline = Instant::now() + DEADLINE;
        let mut state = self.state();
        loop {
            let result = attempt(&mut state);
            if result != Err(ErrorKind::WouldBlock) || !state.blocking {
                self.0.changed.notify_all();
                return result.map_err(io::Error::from);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::Error::new(
                    ErrorKind::TimedOut,
                    "the other end of the pipe did nothing for too long: look for a deadlock",
                ));
            }
            let waited = self.0.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    contents: VecDeque<u8>,
    wire: Vec<u8>,
    capture: bool,
    budget: Option<usize>,
    capacity: Option<usize>,
    wmax: Option<usize>,
    rmax: Option<usize>,
    write_failure: Option<ErrorKind>,
    next_write_failure: Option<ErrorKind>,
    read_failure: Option<ErrorKind>,
    next_read_failure: Option<ErrorKind>,
    block_as_zero: bool,
    blocking: bool,
    closed: bool,
    reader_gone: bool,
    counts: Counts,
}

impl State {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.counts.writes += 1;
        if let Some(kind) = self.next_write_failure.take().or(self.write_failure) {
            return Err(kind);
        }
        if self.reader_gone {
            return Err(ErrorKind::BrokenPipe);
        }
        if bytes.is_empty() {
            return Ok(0);
        }
        let room = self
            .capacity
            .map(|capacity| capacity.saturating_sub(self.contents.len()));
        let limits = [self.budget, room, self.wmax];
        let taken = limits.into_iter().flatten().fold(bytes.len(), usize::min);
        if taken == 0 {
            self.counts.blocked_writes += 1;
            return Err(ErrorKind::WouldBlock);
        }
        self.budget = self.budget.map(|budget| budget - taken);
        self.contents.extend(&bytes[..taken]);
        if self.capture {
            self.wire.extend_from_slice(&bytes[..taken]);
        }
        self.counts.bytes_written += taken as u64;
        Ok(taken)
    }

    fn read(&mut self, space: &mut [u8]) -> Result<usize, ErrorKind> {
        self.counts.reads += 1;
        if let Some(kind) = self.next_read_failure.take().or(self.read_failure) {
            return Err(kind);
        }
        if space.is_empty() || (self.contents.is_empty() && self.closed) {
            return Ok(0);
        }
        let given = self
            .rmax
            .unwrap_or(usize::MAX)
            .min(space.len())
            .min(self.contents.len());
        if given == 0 {
            self.counts.blocked_reads += 1;
            return Err(ErrorKind::WouldBlock);
        }
        // Two slices and two copies: a byte-wise drain would dominate long transfers.
        let (front, back) = self.contents.as_slices();
        let split = given.min(front.len());
        space[..split].copy_from_slice(&front[..split]);
        space[split..given].copy_from_slice(&back[..given - split]);
        self.contents.drain(..given);
        self.counts.bytes_read += given as u64;
        Ok(given)
    }
}

#[cfg(test)]
mod tests;
