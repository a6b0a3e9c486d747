//! Record sequence numbers and how far one key may count.

/// The number of the next record under one key in one direction.
///
/// Counts records since the key was installed; only a new key resets it. It cannot wrap: the limit is
/// at most 2^64 - 1, which is never handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SequenceNumber {
    next: u64,
    limit: u64,
}

impl SequenceNumber {
    /// Starts at `next`; numbers from `limit` on are not given out.
    pub(crate) const fn new(next: u64, limit: u64) -> Self {
        Self { next, limit }
    }

    /// The number for the record at hand, or `None` if the key is used up.
    #[inline]
    pub(crate) const fn take(&mut self) -> Option<u64> {
        if self.next >= self.limit {
            return None;
        }
        let number = self.next;
        self.next += 1;
        Some(number)
    }

    /// Numbers were used elsewhere.
    pub(crate) const fn skip(&mut self, numbers: u64) {
        self.next = self.next.saturating_add(numbers);
    }

    /// The number for the next record.
    pub(crate) const fn next(&self) -> u64 {
        self.next
    }

    /// A new key was installed: counts from zero again, as far as before.
    pub(crate) const fn restart(&mut self) {
        self.next = 0;
    }

    /// Numbers left under this key.
    pub(crate) const fn left(&self) -> u64 {
        self.limit.saturating_sub(self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_never_given_out() {
        let mut sequence = SequenceNumber::new(u64::MAX - 1, u64::MAX);
        assert_eq!(sequence.take(), Some(u64::MAX - 1));
        assert_eq!(sequence.take(), None);
        assert_eq!(sequence.take(), None);
        assert_eq!(sequence.left(), 0);
    }
}
