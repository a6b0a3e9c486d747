//! The transport of a library that owns its transport.
//!
//! Owns the exchange: a port's wires move in for a call, and back. It must not know the library.

use std::io::{Read, Result, Write};

use crate::wire::{Port, Wire};

/// Wires that are here during calls alone; at other times there are empty ones, which block.
#[derive(Debug, Default)]
pub(crate) struct Lent {
    incoming: Wire,
    outgoing: Wire,
}

impl Lent {
    /// Takes the port's wires, or gives them back.
    pub(crate) fn exchange(&mut self, port: &mut Port<'_>) {
        std::mem::swap(&mut self.incoming, port.incoming);
        std::mem::swap(&mut self.outgoing, port.outgoing);
    }
}

impl Read for Lent {
    fn read(&mut self, space: &mut [u8]) -> Result<usize> {
        self.incoming.read(space)
    }
}

impl Write for Lent {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.outgoing.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
