//! The lock this crate uses, replaced by loom's under `--cfg loom`.
//!
//! A poisoned lock is taken anyway: the data behind it (idle buffers) has no invariant that a panic
//! elsewhere could break.

#[cfg(loom)]
use loom::sync as imp;
#[cfg(not(loom))]
use std::sync as imp;
// loom has none of its own and returns this one.
use std::sync::PoisonError;

/// A mutex without poisoning.
pub(crate) struct Mutex<T>(imp::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(imp::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> imp::MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
