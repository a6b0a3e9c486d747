//! A transport in memory: two ends, each of which can be told how much it still takes.
//!
//! Owns the bytes on their way. Must not know what they mean.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::rc::Rc;

/// Two ends: what is written to one is read from the other. Neither ever waits.
pub(crate) fn pipe() -> (End, End) {
    let (there, back) = (Rc::new(Lane::default()), Rc::new(Lane::default()));
    let one = End {
        outgoing: Rc::clone(&there),
        incoming: Rc::clone(&back),
    };
    let other = End {
        outgoing: back,
        incoming: there,
    };
    (one, other)
}

/// One end of a [`pipe`].
pub(crate) struct End {
    outgoing: Rc<Lane>,
    incoming: Rc<Lane>,
}

/// One direction.
#[derive(Default)]
struct Lane {
    bytes: RefCell<VecDeque<u8>>,
    /// Bytes it takes before it blocks; `None` for any number.
    budget: Cell<Option<usize>>,
    /// Bytes it took since it was made.
    taken: Cell<usize>,
}

impl End {
    /// Lets this end take so many more bytes, then block; `None` lets it take everything.
    pub(crate) fn set_budget(&self, budget: Option<usize>) {
        self.outgoing.budget.set(budget);
    }

    /// Bytes this end took since it was made.
    pub(crate) fn transmitted(&self) -> usize {
        self.outgoing.taken.get()
    }
}

impl Write for End {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let lane = &self.outgoing;
        let len = lane.budget.get().unwrap_or(usize::MAX).min(bytes.len());
        if len == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        lane.bytes.borrow_mut().extend(&bytes[..len]);
        lane.budget
            .set(lane.budget.get().map(|budget| budget - len));
        lane.taken.set(lane.taken.get() + len);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for End {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let mut bytes = self.incoming.bytes.borrow_mut();
        if bytes.is_empty() && !space.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        bytes.read(space)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_used_up_and_then_blocks() {
        let (mut one, mut other) = pipe();
        one.set_budget(Some(3));
        assert_eq!(one.write(b"abcd").unwrap(), 3);
        assert_eq!(
            one.write(b"d").unwrap_err().kind(),
            io::ErrorKind::WouldBlock
        );
        one.set_budget(None);
        assert_eq!(one.write(b"d").unwrap(), 1);
        assert_eq!(one.transmitted(), 4);
        let mut read = [0; 8];
        assert_eq!(other.read(&mut read).unwrap(), 4);
        assert_eq!(&read[..4], b"abcd");
        assert_eq!(
            other.read(&mut read).unwrap_err().kind(),
            io::ErrorKind::WouldBlock
        );
    }
}
