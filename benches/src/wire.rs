//! The transport all candidates share: memory made once, one copy in, one copy out.
//!
//! Owns the bytes under way. It must not know what they mean.

use std::io::{ErrorKind, Read, Result, Write};

/// Room for the longest write of the workload with all its records' overhead.
const CAPACITY: usize = 256 * 1024;

/// Bytes under way in one direction.
///
/// Starts over at the front of its memory whenever it is empty, so that small traffic stays in cache.
/// Blocks when full or empty.
#[derive(Debug)]
pub struct Wire {
    bytes: Vec<u8>,
    read: usize,
}

impl Wire {
    fn new() -> Self {
        Self {
            bytes: Vec::with_capacity(CAPACITY),
            read: 0,
        }
    }
}

impl Write for Wire {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        if self.read == self.bytes.len() {
            self.bytes.clear();
            self.read = 0;
        }
        let n = bytes.len().min(self.bytes.capacity() - self.bytes.len());
        if n == 0 && !bytes.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.bytes.extend_from_slice(&bytes[..n]);
        Ok(n)
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
            return Err(ErrorKind::WouldBlock.into());
        }
        space[..n].copy_from_slice(&waiting[..n]);
        self.read += n;
        Ok(n)
    }
}

/// The wires of both directions; the way down matters during handshakes only.
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
}

impl Default for Wires {
    fn default() -> Self {
        Self::new()
    }
}

/// One end of both wires.
#[derive(Debug)]
pub struct Port<'a> {
    incoming: &'a mut Wire,
    outgoing: &'a mut Wire,
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

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
