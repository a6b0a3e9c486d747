//! `Signal`: lets a thread sleep until somebody's work is done.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Wake, Waker};
use std::time::Duration;

/// A waker for threads: what [`Connection::set_waker`](crate::Connection::set_waker) needs where there
/// is no executor.
///
/// A wake-up that comes before the wait is kept, so none is lost. One signal may serve many
/// connections.
///
/// ```
/// use ssl_record::io::Signal;
///
/// let signal = Signal::new();
/// let waker = signal.waker();
/// let worker = std::thread::spawn(move || waker.wake());
/// signal.wait();
/// # worker.join().unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct Signal(Arc<State>);

#[derive(Debug, Default)]
struct State {
    is_set: Mutex<bool>,
    changed: Condvar,
}

impl Signal {
    /// One that nobody has woken.
    pub fn new() -> Self {
        Self::default()
    }

    /// What wakes it.
    pub fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.0))
    }

    /// Blocks the thread until it is woken, or at once if it was since the last wait.
    pub fn wait(&self) {
        let is_set = self.0.is_set.lock().unwrap_or_else(PoisonError::into_inner);
        let woken = self.0.changed.wait_while(is_set, |is_set| !*is_set);
        *woken.unwrap_or_else(PoisonError::into_inner) = false;
    }

    /// As [`Signal::wait`], for no longer than this; whether it was woken.
    pub fn wait_timeout(&self, longest: Duration) -> bool {
        let is_set = self.0.is_set.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .0
            .changed
            .wait_timeout_while(is_set, longest, |is_set| !*is_set);
        let (mut is_set, _) = waited.unwrap_or_else(PoisonError::into_inner);
        core::mem::take(&mut *is_set)
    }
}

impl Wake for State {
    fn wake(self: Arc<Self>) {
        *self.is_set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_up_is_kept_and_used_up_by_one_wait() {
        let signal = Signal::new();
        assert!(!signal.wait_timeout(Duration::ZERO));
        signal.waker().wake_by_ref();
        signal.waker().wake();
        signal.wait();
        assert!(!signal.wait_timeout(Duration::ZERO));
    }
}
