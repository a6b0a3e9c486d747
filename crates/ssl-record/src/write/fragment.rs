//! How application data is cut into fragments.
//!
//! Owns the two size settings and their odd relation; does not see the data.

use crate::record::limits::{MAX_FRAGMENT, MIN_SEND_FRAGMENT};

/// The sizes of outgoing fragments.
///
/// Invariant: `MIN_SEND_FRAGMENT <= max <= MAX_FRAGMENT` and `1 <= split <= max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fragmenter {
    max: u16,
    split: u16,
}

impl Default for Fragmenter {
    fn default() -> Self {
        Self {
            max: MAX_FRAGMENT as u16,
            split: MAX_FRAGMENT as u16,
        }
    }
}

impl Fragmenter {
    /// Sets the largest fragment; lowers the split size with it, but never raises it back (statement
    /// W4). False, and no change, outside 512 to 16384.
    pub(crate) fn set_max(&mut self, n: usize) -> bool {
        if !(MIN_SEND_FRAGMENT..=MAX_FRAGMENT).contains(&n) {
            return false;
        }
        self.max = n as u16;
        self.split = self.split.min(self.max);
        true
    }

    /// Sets the size that records really get (statement W5). False, and no change, for 0 or more than
    /// the largest fragment.
    pub(crate) fn set_split(&mut self, n: usize) -> bool {
        if n == 0 || n > self.max() {
            return false;
        }
        self.split = n as u16;
        true
    }

    pub(crate) const fn max(&self) -> usize {
        self.max as usize
    }

    /// Length of the next fragment of `remaining` bytes.
    pub(crate) fn next(&self, remaining: usize) -> usize {
        remaining.min(self.split.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w4_lowering_the_maximum_lowers_the_split_for_good() {
        let mut fragmenter = Fragmenter::default();
        assert!(!fragmenter.set_max(511));
        assert!(!fragmenter.set_max(16385));
        assert!(fragmenter.set_max(512));
        assert_eq!(fragmenter.next(40_000), 512);
        assert!(fragmenter.set_max(16384));
        assert_eq!(fragmenter.next(40_000), 512);
        assert_eq!(fragmenter.next(100), 100);
    }

    #[test]
    fn w5_the_split_size_governs() {
        let mut fragmenter = Fragmenter::default();
        assert!(!fragmenter.set_split(0));
        assert!(!fragmenter.set_split(16385));
        assert!(fragmenter.set_split(1000));
        assert_eq!(fragmenter.next(40_000), 1000);
    }
}
