//! Expanded keys of connections that have nothing to do.
//!
//! Owns how many are kept, and forgets the oldest first. Does not know whose they are: who left one has a
//! ticket for it.

use core::num::NonZeroU64;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::RecordKey;
use crate::sync::Mutex;

/// Nobody leaves keys here.
const OFF: usize = usize::MAX;

/// A bounded stock of expanded keys, shared by the connections of one context.
///
/// Each key in it can be made again of its root, which its connection keeps: that costs about a
/// microsecond, and keeping it half a KiB. So connections that come and go between records all the time
/// find their keys here, and only those that stay idle cost nothing.
pub(crate) struct KeyStock {
    /// How many connections' keys are kept; [`OFF`] if none are to be folded at all.
    recent: AtomicUsize,
    slots: Mutex<Slots>,
}

/// Who leaves a key gets one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ticket(NonZeroU64);

struct Slots {
    /// A ring: ticket `n` is at `n` modulo its length, until a later one is.
    keys: Vec<Option<(NonZeroU64, Box<RecordKey>)>>,
    /// The last ticket handed out.
    last: u64,
}

impl Default for KeyStock {
    fn default() -> Self {
        Self {
            recent: AtomicUsize::new(OFF),
            slots: Mutex::new(Slots {
                keys: Vec::new(),
                last: 0,
            }),
        }
    }
}

impl KeyStock {
    /// Keeps the keys of so many connections, two each, and drops what it has.
    pub(crate) fn set_recent(&self, recent: Option<usize>) {
        let recent = recent.map_or(OFF, |recent| recent.min(MAX_RECENT));
        self.recent.store(recent, Ordering::Relaxed);
        let ring = match recent {
            OFF => Vec::new(),
            recent => (0..2 * recent).map(|_| None).collect(),
        };
        let dropped = core::mem::replace(&mut self.slots.lock().keys, ring);
        drop(dropped);
    }

    /// How many connections' keys are kept; `None` if keys stay with their connections.
    #[inline]
    pub(crate) fn recent(&self) -> Option<usize> {
        let recent = self.recent.load(Ordering::Relaxed);
        (recent != OFF).then_some(recent)
    }

    /// Leaves a key, for which the oldest may have to go. `None`, and it is dropped, if none are kept.
    pub(crate) fn put(&self, key: Box<RecordKey>) -> Option<Ticket> {
        let mut slots = self.slots.lock();
        let len = u64::try_from(slots.keys.len()).ok()?;
        let ticket = slots.last.checked_add(1).and_then(NonZeroU64::new)?;
        let at = ticket.get().checked_rem(len)?;
        slots.last = ticket.get();
        let slot = slots.keys.get_mut(at as usize)?;
        let oldest = slot.replace((ticket, key));
        // Freed when nobody waits for it.
        drop(slots);
        drop(oldest);
        Some(Ticket(ticket))
    }

    /// Takes the key of this ticket, if it is still here.
    pub(crate) fn take(&self, ticket: &Ticket) -> Option<Box<RecordKey>> {
        let mut slots = self.slots.lock();
        let len = u64::try_from(slots.keys.len()).ok()?;
        let at = ticket.0.get().checked_rem(len)?;
        let slot = slots.keys.get_mut(at as usize)?;
        let (_, key) = slot.take_if(|(of, _)| *of == ticket.0)?;
        Some(key)
    }
}

/// More than fits into any memory.
const MAX_RECENT: usize = 1 << 24;

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;
    use crate::protect::{Algorithm, KeyMaterial};
    use crate::record::ProtocolVersion;

    fn key() -> Box<RecordKey> {
        let material = KeyMaterial::new(&[1; 16], &[2; 12]).unwrap();
        let key = RecordKey::new(ProtocolVersion::Tls13, Algorithm::Aes128Gcm, &material);
        Box::new(key.unwrap())
    }

    #[test]
    fn the_oldest_goes_first() {
        let stock = KeyStock::default();
        assert_eq!(stock.recent(), None);
        stock.set_recent(Some(1));
        let tickets: Vec<_> = (0..3).map(|_| stock.put(key()).unwrap()).collect();
        let there: Vec<_> = tickets
            .iter()
            .map(|one| stock.take(one).is_some())
            .collect();
        assert_eq!(there, [false, true, true]);
        assert!(stock.take(&tickets[2]).is_none(), "taken twice");
    }

    #[test]
    fn a_stock_of_none_keeps_none() {
        let stock = KeyStock::default();
        assert!(stock.put(key()).is_none());
        stock.set_recent(Some(0));
        assert!(stock.put(key()).is_none());
        stock.set_recent(Some(2));
        let ticket = stock.put(key()).unwrap();
        stock.set_recent(Some(3));
        assert!(stock.take(&ticket).is_none());
    }
}
