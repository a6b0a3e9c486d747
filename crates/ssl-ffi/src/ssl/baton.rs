//! The baton of a connection: whoever holds it may look at the connection and change it.
//!
//! OpenSSL asks that one thread at a time uses a connection, and yet lets one thread read while another
//! writes; programs rely on it, among them everything in Python that reads and sends in two threads.
//! Every entry point holds the baton while it runs, again if a callback calls back, and puts it aside
//! while a BIO works, which may block for ever. Owns nothing of the connection and knows nothing of it.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// A lock that its holder may take again, and put aside.
#[derive(Default)]
pub(super) struct Baton {
    /// The thread that holds it, 0 if none does.
    holder: AtomicUsize,
    /// How often the holder took it; its own business.
    depth: Cell<u32>,
    /// Threads that wait: for the baton, or for something that changes while others hold it.
    waiting: AtomicUsize,
    queue: Mutex<()>,
    passed_on: Condvar,
}

// SAFETY: `depth` is touched by the thread that holds the baton only, and passes from one to the next
// with the release and acquire of `holder`.
unsafe impl Sync for Baton {}

/// Held until dropped.
pub(crate) struct Held<'baton>(&'baton Baton);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let depth = self.0.depth.get() - 1;
        self.0.depth.set(depth);
        if depth == 0 {
            self.0.pass_on();
        }
    }
}

impl Baton {
    /// Takes the baton, waiting for it if another thread has it.
    #[inline]
    pub(super) fn take(&self) -> Held<'_> {
        if !self.is_mine() {
            self.acquire();
        }
        self.depth.set(self.depth.get() + 1);
        Held(self)
    }

    /// Runs `work` without the baton, however often this thread has taken it.
    #[inline]
    pub(super) fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        if !self.is_mine() {
            return work();
        }
        let depth = self.depth.replace(0);
        self.pass_on();
        let back = Back { baton: self, depth };
        let result = work();
        drop(back);
        result
    }

    /// Waits, without the baton, until another thread has had it.
    pub(super) fn wait(&self) {
        if !self.is_mine() {
            return;
        }
        let depth = self.depth.replace(0);
        let guard = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.holder.store(0, Ordering::SeqCst);
        self.passed_on.notify_all();
        drop(
            self.passed_on
                .wait(guard)
                .unwrap_or_else(PoisonError::into_inner),
        );
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        self.acquire();
        self.depth.set(depth);
    }

    fn is_mine(&self) -> bool {
        self.holder.load(Ordering::Relaxed) == this_thread()
    }

    #[inline]
    fn acquire(&self) {
        if self.try_acquire() {
            return;
        }
        // What the failed call of a BIO left in errno has to survive the wait (statement W25).
        let errno = errno();
        let mut guard = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_add(1, Ordering::SeqCst);
        while !self.try_acquire() {
            guard = self
                .passed_on
                .wait(guard)
                .unwrap_or_else(PoisonError::into_inner);
        }
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        drop(guard);
        set_errno(errno);
    }

    fn try_acquire(&self) -> bool {
        self.holder
            .compare_exchange(0, this_thread(), Ordering::SeqCst, Ordering::Relaxed)
            .is_ok()
    }

    #[inline]
    fn pass_on(&self) {
        self.holder.store(0, Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst) > 0 {
            let errno = errno();
            let guard = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            self.passed_on.notify_all();
            drop(guard);
            set_errno(errno);
        }
    }
}

/// Takes the baton back as often as it was held, also on the way of a panic.
struct Back<'baton> {
    baton: &'baton Baton,
    depth: u32,
}

impl Drop for Back<'_> {
    fn drop(&mut self) {
        self.baton.acquire();
        self.baton.depth.set(self.depth);
    }
}

/// A number that no other living thread has, and that is not 0.
pub(super) fn this_thread() -> usize {
    thread_local! {
        static MARK: u8 = const { 0 };
    }
    MARK.with(|mark| std::ptr::from_ref(mark).addr())
}

fn errno() -> i32 {
    // SAFETY: the address is the calling thread's own.
    unsafe { *libc::__errno_location() }
}

fn set_errno(value: i32) {
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn one_thread_takes_it_again() {
        let baton = Baton::default();
        let first = baton.take();
        let second = baton.take();
        drop(first);
        assert!(baton.is_mine());
        drop(second);
        assert!(!baton.is_mine());
    }

    #[test]
    fn aside_lets_another_have_it_and_takes_it_back() {
        let baton = Arc::new(Baton::default());
        let _outer = baton.take();
        let _inner = baton.take();
        baton.aside(|| {
            let other = Arc::clone(&baton);
            std::thread::spawn(move || drop(other.take()))
                .join()
                .unwrap();
        });
        assert!(baton.is_mine());
        assert_eq!(baton.depth.get(), 2);
    }

    #[test]
    fn threads_exclude_each_other() {
        struct Shared {
            baton: Baton,
            count: Cell<usize>,
        }
        // SAFETY: the baton guards the count.
        unsafe impl Sync for Shared {}
        let shared = Arc::new(Shared {
            baton: Baton::default(),
            count: Cell::new(0),
        });
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || {
                    for _ in 0..10_000 {
                        let _held = shared.baton.take();
                        shared.count.set(shared.count.get() + 1);
                        shared.baton.aside(|| {});
                        shared.count.set(shared.count.get() + 1);
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(shared.count.get(), 80_000);
    }

    #[test]
    fn a_waiting_thread_sees_what_another_changed() {
        struct Shared {
            baton: Baton,
            done: Cell<bool>,
        }
        // SAFETY: the baton guards the flag.
        unsafe impl Sync for Shared {}
        let shared = Arc::new(Shared {
            baton: Baton::default(),
            done: Cell::new(false),
        });
        let held = shared.baton.take();
        let other = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let _held = other.baton.take();
            other.done.set(true);
        });
        while !shared.done.get() {
            shared.baton.wait();
        }
        drop(held);
        thread.join().unwrap();
    }
}
