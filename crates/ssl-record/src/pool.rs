//! Record buffers shared by the connections of one context.
//!
//! Owns idle buffers and their bound. Does not know what was in them: whoever gives a buffer back has
//! wiped it ([`crate::buffer`]).

use crate::record::HEADER_LEN;
use crate::record::limits::{MAX_EXPANSION_TLS12, MAX_FRAGMENT};
use crate::sync::Mutex;

/// Bytes in one pooled buffer: the longest record either version allows, and room to begin it where
/// its ciphertext falls on a cache line.
pub(crate) const RECORD_CAPACITY: usize =
    HEADER_LEN + MAX_FRAGMENT + MAX_EXPANSION_TLS12 + CACHE_LINE;

/// Bytes in a cache line of the processors we care about.
pub(crate) const CACHE_LINE: usize = 64;

/// A bounded stock of record buffers.
///
/// `RELEASE_BUFFERS` in OpenSSL trades memory for one allocation per record; here released buffers
/// come to rest in this stock and are handed out again, so that steady traffic allocates nothing while
/// idle connections hold nothing (decision 2).
pub(crate) struct BufferPool {
    idle: Mutex<Vec<Vec<u8>>>,
    bound: usize,
}

impl BufferPool {
    /// A pool that keeps at most `bound` idle buffers; more are freed when given back.
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            idle: Mutex::new(Vec::new()),
            bound,
        }
    }

    /// A buffer of [`RECORD_CAPACITY`] bytes, from the stock if there is one.
    pub(crate) fn take(&self) -> Vec<u8> {
        let pooled = self.idle.lock().pop();
        pooled.unwrap_or_else(|| vec![0; RECORD_CAPACITY])
    }

    /// Gives a wiped buffer back. Buffers of another size (read-ahead) are freed.
    pub(crate) fn give(&self, buffer: Vec<u8>) {
        if buffer.len() != RECORD_CAPACITY {
            return;
        }
        let mut idle = self.idle.lock();
        if idle.len() < self.bound {
            idle.push(buffer);
        }
    }

    /// How many buffers rest in the stock.
    pub(crate) fn idle(&self) -> usize {
        self.idle.lock().len()
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
