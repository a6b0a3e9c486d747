//! Record buffers shared by the connections of one context.
//!
//! Owns idle buffers and their bound. Does not know what was in them: whoever gives a buffer back has
//! wiped it ([`crate::buffer`]).

use crate::record::HEADER_LEN;
use crate::record::limits::{MAX_EXPANSION_TLS12, MAX_FRAGMENT, MAX_OVERHEAD};
use crate::sync::Mutex;

/// Bytes in one pooled buffer: the longest record either version allows, and room to begin it where
/// its ciphertext falls on a cache line.
pub(crate) const RECORD_CAPACITY: usize =
    HEADER_LEN + MAX_FRAGMENT + MAX_EXPANSION_TLS12 + CACHE_LINE;

/// Sealed records for which a long buffer has room.
pub(crate) const LONG_RECORDS: usize = 4;

/// Bytes in one long buffer: as many of the longest records we send, and the room to place the first.
pub(crate) const LONG_CAPACITY: usize =
    LONG_RECORDS * (HEADER_LEN + MAX_FRAGMENT + MAX_OVERHEAD) + CACHE_LINE;

/// Bytes in a cache line of the processors we care about.
pub(crate) const CACHE_LINE: usize = 64;

/// A bounded stock of record buffers.
///
/// `RELEASE_BUFFERS` in OpenSSL trades memory for one allocation per record; here released buffers
/// come to rest in this stock and are handed out again, so that steady traffic allocates nothing while
/// idle connections hold nothing (decision 2). Long buffers have a stock of their own, whose bound is
/// about as much memory.
pub(crate) struct BufferPool {
    idle: Mutex<Stock>,
    bound: usize,
}

/// Idle buffers by length.
#[derive(Default)]
struct Stock {
    short: Vec<Vec<u8>>,
    long: Vec<Vec<u8>>,
}

impl BufferPool {
    /// A pool that keeps at most `bound` idle buffers, and long ones in proportion; more are freed when
    /// given back.
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            idle: Mutex::new(Stock::default()),
            bound,
        }
    }

    /// A buffer with room for [`RECORD_CAPACITY`] bytes, from the stock if there is one. As far as it was used before,
    /// it has that length.
    pub(crate) fn take(&self) -> Vec<u8> {
        let pooled = self.idle.lock().short.pop();
        pooled.unwrap_or_else(|| Vec::with_capacity(RECORD_CAPACITY))
    }

    /// The same with room for [`LONG_CAPACITY`] bytes.
    pub(crate) fn take_long(&self) -> Vec<u8> {
        let pooled = self.idle.lock().long.pop();
        pooled.unwrap_or_else(|| Vec::with_capacity(LONG_CAPACITY))
    }

    /// Gives a wiped buffer back. Buffers of another size (read-ahead) are freed.
    pub(crate) fn give(&self, buffer: Vec<u8>) {
        let mut idle = self.idle.lock();
        let (stock, bound) = match buffer.capacity() {
            RECORD_CAPACITY => (&mut idle.short, self.bound),
            LONG_CAPACITY => (&mut idle.long, self.bound.div_ceil(LONG_RECORDS)),
            _ => return,
        };
        if stock.len() < bound {
            stock.push(buffer);
        }
    }

    /// How many buffers of either length rest in the stock.
    pub(crate) fn idle(&self) -> usize {
        let idle = self.idle.lock();
        idle.short.len() + idle.long.len()
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    #[test]
    fn the_stock_is_bounded_and_reused() {
        let pool = BufferPool::new(1);
        let (first, second) = (pool.take(), pool.take());
        let address = first.as_ptr();
        pool.give(first);
        pool.give(second);
        assert_eq!(pool.idle(), 1);
        let again = pool.take();
        assert_eq!(again.as_ptr(), address);
    }

    #[test]
    fn long_buffers_have_a_stock_of_their_own() {
        let pool = BufferPool::new(LONG_RECORDS + 1);
        for _ in 0..3 {
            pool.give(vec![0; LONG_CAPACITY]);
        }
        assert_eq!(pool.idle(), 2);
        assert_eq!(pool.take().capacity(), RECORD_CAPACITY);
        assert_eq!(pool.take_long().capacity(), LONG_CAPACITY);
        assert_eq!(pool.idle(), 1);
        let nothing = BufferPool::new(0);
        nothing.give(vec![0; LONG_CAPACITY]);
        assert_eq!(nothing.idle(), 0);
    }

    #[test]
    fn a_buffer_of_another_size_is_not_kept() {
        let pool = BufferPool::new(1);
        pool.give(vec![0; 3]);
        assert_eq!(pool.idle(), 0);
    }
}

#[cfg(test)]
#[cfg(loom)]
mod loom_tests {
    use super::*;
    use loom::sync::Arc;

    #[test]
    fn loom_no_two_threads_hold_one_buffer() {
        loom::model(|| {
            let pool = Arc::new(BufferPool::new(2));
            let threads: Vec<_> = (1..3u8)
                .map(|mark| {
                    let pool = Arc::clone(&pool);
                    loom::thread::spawn(move || {
                        let mut buffer = pool.take();
                        buffer.resize(1, 0);
                        assert_eq!(buffer[0], 0, "another thread's mark");
                        buffer[0] = mark;
                        loom::thread::yield_now();
                        assert_eq!(buffer[0], mark);
                        buffer[0] = 0;
                        pool.give(buffer);
                    })
                })
                .collect();
            for thread in threads {
                thread.join().unwrap();
            }
            assert!((1..=2).contains(&pool.idle()));
        });
    }
}
