//! The transport all candidates share: memory made once, one copy in, one copy out, calls counted.
//!
//! Owns the bytes under way. It must not know what they mean.

use std::io::{ErrorKind, IoSlice, Read, Result, Write};

/// Room for the longest write of the workloads, 1 MiB, with all its records' overhead. Memory that is
/// never reached costs nothing.
const CAPACITY: usize = 1100 * 1024;

/// How often a wire was called, since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Writes that took bytes.
    pub writes: u64,
    /// Reads that gave bytes.
    pub reads: u64,
    /// Reads that found none.
    pub blocked_reads: u64,
}

/// Bytes under way in one direction.
///
/// Starts over at the front of its memory whenever it is empty, so that small traffic stays in cache.
/// Blocks when full or empty.
#[derive(Debug, Default)]
pub struct Wire {
    bytes: Vec<u8>,
    read: usize,
    calls: Calls,
}

impl Wire {
    fn new() -> Self {
        Self {
            bytes: Vec::with_capacity(CAPACITY),
            read: 0,
            calls: Calls::default(),
        }
    }

    /// The calls so far.
    pub fn calls(&self) -> Calls {
        self.calls
    }

    #[inline]
    fn take(&mut self, bytes: &[u8]) -> usize {
        if self.read == self.bytes.len() {
            self.bytes.clear();
            self.read = 0;
        }
        let n = bytes.len().min(self.bytes.capacity() - self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..n]);
        n
    }

    fn taken(&mut self, n: usize, offered: usize) -> Result<usize> {
        if n == 0 && offered > 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.calls.writes += 1;
        Ok(n)
    }
}

impl Write for Wire {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let n = self.take(bytes);
        self.taken(n, bytes.len())
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> Result<usize> {
        let (mut n, mut offered) = (0, 0);
        for slice in slices {
            offered += slice.len();
            n += self.take(slice);
            if n < offered {
                break;
            }
        }
        self.taken(n, offered)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Read for Wire {
    #[inline]
    fn read(&mut self, space: &mut [u8]) -> Result<usize> {
        let waiting = &self.bytes[self.read..];
        let n = waiting.len().min(space.len());
        if n == 0 && !space.is_empty() {
            self.calls.blocked_reads += 1;
            return Err(ErrorKind::WouldBlock.into());
        }
        space[..n].copy_from_slice(&waiting[..n]);
        self.read += n;
        self.calls.reads += 1;
        Ok(n)
    }
}

/// The wires of both directions.
#[derive(Debug)]
pub struct Wires {
    /// From client to server.
    pub up: Wire,
    /// From server to client.
    pub down: Wire,
}

impl Wires {
    /// Two empty wires.
    pub fn new() -> Self {
        Self {
            up: Wire::new(),
            down: Wire::new(),
        }
    }

    /// The client's transport.
    pub fn client(&mut self) -> Port<'_> {
        Port {
            incoming: &mut self.down,
            outgoing: &mut self.up,
        }
    }

    /// The server's transport.
    pub fn server(&mut self) -> Port<'_> {
        Port {
            incoming: &mut self.up,
            outgoing: &mut self.down,
        }
    }

    /// The calls of both directions.
    pub fn calls(&self) -> Calls {
        let (up, down) = (self.up.calls, self.down.calls);
        Calls {
            writes: up.writes + down.writes,
            reads: up.reads + down.reads,
            blocked_reads: up.blocked_reads + down.blocked_reads,
        }
    }
}

impl Default for Wires {
    fn default() -> Self {
        Self::new()
    }
}

/// One end of both wires.
#[derive(Debug)]
pub struct Port<'a> {
    pub(crate) incoming: &'a mut Wire,
    pub(crate) outgoing: &'a mut Wire,
}

impl Read for Port<'_> {
    #[inline]
    fn read(&mut self, space: &mut [u8]) -> Result<usize> {
        self.incoming.read(space)
    }
}

impl Write for Port<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.outgoing.write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> Result<usize> {
        self.outgoing.write_vectored(slices)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
