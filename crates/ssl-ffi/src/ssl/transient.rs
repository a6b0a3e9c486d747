//! State that a connection has during a handshake only.
//!
//! Owns when there is memory for it: from the first change until it is over.

use std::ops::{Deref, DerefMut};

/// A value that is blank most of the time.
pub(super) struct Transient<T: Blank>(Option<Box<T>>);

/// What can be blank.
pub(super) trait Blank: Default + 'static {
    /// As [`Default`] makes it.
    const BLANK: &'static Self;
}

impl<T: Blank> Default for Transient<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Blank> Deref for Transient<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or(T::BLANK)
    }
}

impl<T: Blank> DerefMut for Transient<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}
