//! Who reads and who writes: two lanes, each with room for one call at a time.
//!
//! Owns the rule. A handshake and a shutdown take both lanes; a read and a write take their own, so that
//! two threads may be in one each. A call from a callback of the call in its lane is refused; another
//! thread waits. Looked at and changed with the baton in hand.

use std::cell::Cell;

use super::Ssl;
use super::baton::this_thread;
use super::drive::Stop;
use crate::crypto::queue;

/// Which lanes a call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    Read,
    Write,
    Both,
}

/// The thread in each lane, 0 if it is free.
#[derive(Default)]
pub(super) struct Lanes {
    read: Cell<usize>,
    write: Cell<usize>,
}

/// Lanes that are taken until this is dropped.
pub(super) struct Taken<'ssl> {
    lanes: &'ssl Lanes,
    needs: Needs,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        for lane in self.lanes.of(self.needs) {
            lane.set(0);
        }
    }
}

impl Lanes {
    fn of(&self, needs: Needs) -> impl Iterator<Item = &Cell<usize>> {
        let (read, write) = match needs {
            Needs::Read => (true, false),
            Needs::Write => (false, true),
            Needs::Both => (true, true),
        };
        let read = read.then_some(&self.read);
        read.into_iter().chain(write.then_some(&self.write))
    }

    /// Whether any call is under way.
    pub(super) fn are_used(&self) -> bool {
        self.read.get() != 0 || self.write.get() != 0
    }
}

impl Ssl {
    /// Takes the lanes for a call.
    pub(super) fn take_lanes(&self, needs: Needs) -> Result<Taken<'_>, Stop> {
        loop {
            let me = this_thread();
            if self.lanes.of(needs).any(|lane| lane.get() == me) {
                queue::raise(queue::common::SHOULD_NOT_HAVE_BEEN_CALLED);
                return Err(Stop::FAILED);
            }
            if self.lanes.of(needs).all(|lane| lane.get() == 0) {
                for lane in self.lanes.of(needs) {
                    lane.set(me);
                }
                return Ok(Taken {
                    lanes: &self.lanes,
                    needs,
                });
            }
            self.baton.wait();
        }
    }
}
