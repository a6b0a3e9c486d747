//! `RecordBuffer`: the only place that holds record-sized memory.
//!
//! Owns filling, consuming, releasing and wiping. Does not know which direction it serves.

use core::ops::Range;

use zeroize::Zeroize;

use crate::pool::{BufferPool, CACHE_LINE, LONG_CAPACITY, RECORD_CAPACITY};

/// Bytes `start..end` of a buffer that may not be there.
///
/// Invariant: `start <= end <= bytes.len()`, and `bytes` has no capacity exactly while nothing is held. Its length is
/// how far the memory was needed yet: to set to zero what a short record leaves untouched would cost more than the record.
/// `used` is the high-water mark since the buffer was taken of what may be secret: what has to be wiped.
#[derive(Default)]
pub(crate) struct RecordBuffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    used: usize,
    /// Times the memory was given back, since the buffer was made.
    released: u64,
}

impl RecordBuffer {
    /// Makes sure at least `capacity` bytes of memory are held, from the pool if they fit there.
    #[inline]
    pub(crate) fn hold(&mut self, pool: &BufferPool, capacity: usize) {
        if self.bytes.capacity() < capacity.max(1) {
            self.grow(pool, capacity);
        }
    }

    fn grow(&mut self, pool: &BufferPool, capacity: usize) {
        let mut grown = match capacity {
            ..=RECORD_CAPACITY => pool.take(),
            LONG_CAPACITY => pool.take_long(),
            _ => Vec::with_capacity(capacity),
        };
        if !self.is_held() {
            self.bytes = grown;
            return;
        }
        let filled = self.len();
        grown.clear();
        grown.extend_from_slice(self.filled());
        self.wipe();
        pool.give(core::mem::replace(&mut self.bytes, grown));
        (self.start, self.end, self.used) = (0, filled, filled.min(self.used));
    }

    /// Begins an empty buffer where the byte after `lead` bytes falls on a cache line.
    ///
    /// The AEADs and the copies around them are some percent faster on aligned ciphertext.
    pub(crate) fn place(&mut self, lead: usize) {
        if self.is_empty() {
            let offset = (self.bytes.as_ptr().addr() + lead).wrapping_neg() % CACHE_LINE;
            self.reach(offset);
            (self.start, self.end) = (offset, offset);
        }
    }

    /// Gives the memory back, wiped. Whatever was still in it is lost.
    pub(crate) fn release(&mut self, pool: &BufferPool) {
        if self.is_held() {
            self.wipe();
            pool.give(core::mem::take(&mut self.bytes));
            (self.start, self.end, self.used) = (0, 0, 0);
            self.released += 1;
        }
    }

    /// Gives more memory than one record needs back, unless something is in it.
    #[inline]
    pub(crate) fn give_back_long(&mut self, pool: &BufferPool) {
        if self.bytes.capacity() > RECORD_CAPACITY && self.is_empty() {
            self.wipe();
            pool.give(core::mem::take(&mut self.bytes));
            (self.start, self.end, self.used) = (0, 0, 0);
        }
    }

    /// How often the memory was given back.
    pub(crate) fn released(&self) -> u64 {
        self.released
    }

    pub(crate) fn is_held(&self) -> bool {
        self.bytes.capacity() > 0
    }

    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(crate) fn filled(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(crate) fn filled_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.end]
    }

    /// Bytes of memory behind the filled part.
    pub(crate) fn spare(&self) -> usize {
        self.bytes.capacity() - self.end
    }

    /// The first `n` bytes of memory behind the filled part, or all if there are less.
    #[inline]
    pub(crate) fn room(&mut self, n: usize) -> &mut [u8] {
        let end = self.end + n.min(self.spare());
        self.reach(end);
        &mut self.bytes[self.end..end]
    }

    /// The next `n` bytes of memory were filled. More than there was room for count as all of them.
    pub(crate) fn commit(&mut self, n: usize) {
        self.end += n.min(self.bytes.len() - self.end);
        self.used = self.used.max(self.end);
    }

    /// As [`RecordBuffer::commit`], of bytes that anybody may see: sealed records.
    pub(crate) fn commit_sealed(&mut self, n: usize) {
        self.end += n.min(self.bytes.len() - self.end);
    }

    /// The first `n` filled bytes are done with. More than there are count as all of them.
    pub(crate) fn consume(&mut self, n: usize) {
        self.start += n.min(self.len());
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Moves the filled part to the front, so that all spare memory is behind it.
    pub(crate) fn compact(&mut self) {
        self.bytes.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.len());
    }

    /// A part of the filled bytes, by offset from their start.
    pub(crate) fn part(&self, part: Range<usize>) -> &[u8] {
        &self.filled()[part]
    }

    /// Makes sure that the memory up to `end`, which is within the capacity, may be looked at.
    #[inline]
    fn reach(&mut self, end: usize) {
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
    }

    fn wipe(&mut self) {
        // Where nothing is held, to set no byte is not free: a masked store of AVX-512 to no address
        // takes a hundred cycles.
        if self.used > 0 {
            self.bytes[..self.used].zeroize();
        }
    }
}

impl Drop for RecordBuffer {
    fn drop(&mut self) {
        self.wipe();
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    #[test]
    fn b12_a_released_buffer_is_wiped() {
        let pool = BufferPool::new(1);
        let mut buffer = RecordBuffer::default();
        buffer.hold(&pool, 100);
        buffer.room(6).copy_from_slice(b"secret");
        buffer.commit(6);
        buffer.consume(6);
        buffer.release(&pool);
        assert!(!buffer.is_held());
        assert!(pool.take().iter().all(|&byte| byte == 0));
    }

    #[test]
    fn what_was_sealed_need_not_be_wiped() {
        let pool = BufferPool::new(1);
        let mut buffer = RecordBuffer::default();
        buffer.hold(&pool, 100);
        buffer.room(6).copy_from_slice(b"sealed");
        buffer.commit_sealed(6);
        buffer.release(&pool);
        assert_eq!(&pool.take()[..6], b"sealed");
    }

    #[test]
    fn a_long_buffer_goes_back_once_it_is_empty() {
        let pool = BufferPool::new(1);
        let mut buffer = RecordBuffer::default();
        buffer.hold(&pool, LONG_CAPACITY);
        buffer.room(9);
        buffer.commit(9);
        buffer.give_back_long(&pool);
        assert_eq!((buffer.len(), pool.idle()), (9, 0));
        buffer.consume(9);
        buffer.give_back_long(&pool);
        assert!(!buffer.is_held());
        assert_eq!((buffer.released(), pool.idle()), (0, 1));
        buffer.hold(&pool, 10);
        buffer.give_back_long(&pool);
        assert!(buffer.is_held());
    }

    #[test]
    fn memory_is_set_to_zero_as_far_as_it_is_needed() {
        let pool = BufferPool::new(1);
        let mut buffer = RecordBuffer::default();
        buffer.hold(&pool, 10);
        buffer.place(5);
        assert_eq!(buffer.room(100), [0; 100]);
        assert!((100..100 + CACHE_LINE).contains(&buffer.bytes.len()));
        assert_eq!(buffer.bytes.capacity(), RECORD_CAPACITY);
    }

    #[test]
    fn growing_keeps_what_is_filled() {
        let pool = BufferPool::new(1);
        let mut buffer = RecordBuffer::default();
        buffer.hold(&pool, 10);
        buffer.room(4).copy_from_slice(b"abcd");
        buffer.commit(4);
        buffer.consume(1);
        buffer.hold(&pool, RECORD_CAPACITY + 1);
        assert_eq!(buffer.filled(), b"bcd");
        assert!(pool.take().iter().all(|&byte| byte == 0));
    }

    #[test]
    fn counts_beyond_the_buffer_are_clamped() {
        let pool = BufferPool::new(1);
        let mut buffer = RecordBuffer::default();
        buffer.hold(&pool, 10);
        assert_eq!(buffer.room(10).len(), 10);
        buffer.commit(usize::MAX - 5);
        assert_eq!(buffer.len(), 10);
        assert_eq!(buffer.room(usize::MAX).len(), RECORD_CAPACITY - 10);
        buffer.commit(usize::MAX - 5);
        assert_eq!(buffer.len(), RECORD_CAPACITY);
        buffer.consume(usize::MAX);
        assert!(buffer.is_empty());
    }
}
