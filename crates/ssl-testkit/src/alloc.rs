//! Counting the heap allocations of a piece of code.
//!
//! Owns the choice of the crate that counts: `allocation-counter`, because a global allocator needs
//! unsafe code and this crate has none. It must not know what is measured.
//!
//! Enable the feature `alloc` in the dev-dependency of the crate whose tests count. Counts are per
//! thread, so such tests may run in parallel; what other threads do is never included. A
//! reallocation counts as one allocation.

/// The counts of one [`measure`]. `*_total` includes what was freed again; `*_current` is what is
/// left at the end, negative if memory from before was freed; `*_max` is the most held at any time.
pub use allocation_counter::AllocationInfo;

/// Runs a closure and counts what this thread allocates and frees meanwhile.
///
/// ```
/// use ssl_testkit::alloc::measure;
///
/// let mut buffer = None;
/// let counts = measure(|| buffer = Some(vec![0_u8; 1000]));
/// assert_eq!((counts.count_total, counts.bytes_current), (1, 1000));
/// let counts = measure(|| drop(buffer));
/// assert_eq!((counts.count_total, counts.bytes_current), (0, -1000));
/// ```
pub use allocation_counter::measure;

/// Runs a closure without counting it into a [`measure`] around it: for the parts of a test that
/// stand for the outside, such as a transport that logs its calls.
///
/// ```
/// use ssl_testkit::alloc::{measure, uncounted};
/// let counts = measure(|| uncounted(|| drop(vec![0_u8; 1000])));
/// assert_eq!(counts.count_total, 0);
/// ```
pub use allocation_counter::opt_out as uncounted;

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;
    use std::thread;

    #[test]
    fn totals_peak_and_remainder_are_told_apart() {
        let mut kept = Vec::new();
        let counts = measure(|| {
            drop(black_box(vec![0_u8; 300]));
            kept = black_box(vec![0_u8; 100]);
        });
        assert_eq!((counts.count_total, counts.bytes_total), (2, 400));
        assert_eq!((counts.count_max, counts.bytes_max), (1, 300));
        assert_eq!((counts.count_current, counts.bytes_current), (1, 100));
    }

    #[test]
    fn code_without_allocations_counts_nothing() {
        let mut buffer = Vec::with_capacity(64);
        let counts = measure(|| buffer.extend_from_slice(black_box(&[1_u8; 64])));
        assert_eq!(counts, AllocationInfo::default());
    }

    #[test]
    fn other_threads_are_not_counted() {
        let (ask, asked) = std::sync::mpsc::sync_channel::<()>(0);
        let (answer, answered) = std::sync::mpsc::sync_channel::<usize>(0);
        let other = thread::spawn(move || {
            while asked.recv().is_ok() {
                answer.send(black_box(vec![0_u8; 1 << 20]).len()).unwrap();
            }
        });
        let exchange = || {
            ask.send(()).unwrap();
            answered.recv().unwrap()
        };
        // Once before, so that what the channel allocates for its waiting is there.
        exchange();
        let counts = measure(|| assert_eq!(exchange(), 1 << 20));
        assert!(counts.bytes_total < 1 << 20, "{counts:?}");
        drop(ask);
        other.join().unwrap();
    }
}
