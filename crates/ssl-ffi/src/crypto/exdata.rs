//! Application data on our objects (`CRYPTO_EX_DATA`).
//!
//! Owns the embedded structure and its life; the slots, their callbacks and the values are libcrypto's and
//! the application's.

use std::cell::UnsafeCell;
use std::ffi::{c_int, c_long, c_void};

use openssl_sys::{CRYPTO_EX_dup, CRYPTO_EX_free, CRYPTO_EX_new};

use super::sys;

/// Which kind of object has the data (`CRYPTO_EX_INDEX_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Ssl = 0,
    SslCtx = 1,
    SslSession = 2,
}

/// The data of one object. Embed it, [`fill`](Self::fill) it once the object has its address, and
/// [`release`](Self::release) it before the object ends; dropping it does neither, as both run callbacks
/// that get the object's pointer.
#[derive(Debug)]
pub(crate) struct ExData(UnsafeCell<sys::ExDataFields>);

// SAFETY: two pointers to memory that any thread may use and free.
unsafe impl Send for ExData {}
// SAFETY: libcrypto locks the slots' callbacks, not the values: two threads that set and read one
// object's values at a time race, here as with OpenSSL, which leaves that to the application.
unsafe impl Sync for ExData {}

impl ExData {
    pub(crate) const fn empty() -> Self {
        let null = std::ptr::null_mut();
        Self(UnsafeCell::new(sys::ExDataFields {
            ctx: null,
            stack: null.cast(),
        }))
    }

    /// Runs the new-callbacks of the class; false without memory. Hold no borrow: they may use the object.
    ///
    /// # Safety
    /// `parent` is what the callbacks of the class expect: our object that this is part of.
    pub(crate) unsafe fn fill(&self, class: Class, parent: *mut c_void) -> bool {
        // SAFETY: the fields are live; `parent` is the caller's promise.
        unsafe { sys::CRYPTO_new_ex_data(class as c_int, parent, self.0.get()) == 1 }
    }

    /// Runs the free-callbacks and empties the data. Hold no borrow: they may use the object.
    ///
    /// # Safety
    /// As for [`fill`](Self::fill).
    pub(crate) unsafe fn release(&self, class: Class, parent: *mut c_void) {
        // SAFETY: the fields are live; `parent` is the caller's promise.
        unsafe { sys::CRYPTO_free_ex_data(class as c_int, parent, self.0.get()) }
    }

    /// Copies the values to `to` and runs the dup-callbacks; false if one refuses.
    pub(crate) fn copy_to(&self, class: Class, to: &Self) -> bool {
        // SAFETY: both are live.
        unsafe { sys::CRYPTO_dup_ex_data(class as c_int, to.0.get(), self.0.get()) == 1 }
    }

    /// 1, or 0 with an entry in the queue.
    pub(crate) fn set(&self, index: c_int, value: *mut c_void) -> c_int {
        // SAFETY: the fields are live; the value is not followed; libcrypto refuses a negative index.
        unsafe { sys::CRYPTO_set_ex_data(self.0.get(), index, value) }
    }

    /// NULL for what was never set.
    pub(crate) fn value(&self, index: c_int) -> *mut c_void {
        // SAFETY: the fields are live; libcrypto checks the index against the number of slots.
        unsafe { sys::CRYPTO_get_ex_data(self.0.get(), index) }
    }
}

/// A new slot for the objects of a class; -1 without memory.
///
/// # Safety
/// The callbacks take what libcrypto gives them, for as long as there are objects.
pub(crate) unsafe fn new_index(
    class: Class,
    argl: c_long,
    argp: *mut c_void,
    new: Option<CRYPTO_EX_new>,
    dup: Option<CRYPTO_EX_dup>,
    free: Option<CRYPTO_EX_free>,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { sys::CRYPTO_get_ex_new_index(class as c_int, argl, argp, new, dup, free) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static FREED: AtomicUsize = AtomicUsize::new(0);

    unsafe extern "C" fn on_free(
        parent: *mut c_void,
        value: *mut c_void,
        _: *mut openssl_sys::CRYPTO_EX_DATA,
        _: c_int,
        argl: c_long,
        _: *mut c_void,
    ) {
        if argl == 77 && !value.is_null() && !parent.is_null() {
            FREED.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn values_are_kept_copied_and_freed() {
        let null = std::ptr::null_mut();
        // SAFETY: the callback is a static function.
        let index = unsafe { new_index(Class::SslSession, 77, null, None, None, Some(on_free)) };
        assert!(index >= 0);
        let (mut object, mut value) = (1_u8, 2_u8);
        let parent = (&raw mut object).cast();
        let (one, two) = (ExData::empty(), ExData::empty());
        // SAFETY: the only callback does not follow the parent.
        unsafe {
            assert!(one.fill(Class::SslSession, parent) && two.fill(Class::SslSession, parent));
        }
        assert!(one.value(index).is_null());
        assert_eq!(one.set(index, (&raw mut value).cast()), 1);
        assert_eq!(one.set(-1, parent), 0);
        assert!(one.copy_to(Class::SslSession, &two));
        assert_eq!(two.value(index), (&raw mut value).cast());
        // SAFETY: as above.
        unsafe {
            one.release(Class::SslSession, parent);
            two.release(Class::SslSession, parent);
        }
        assert_eq!(FREED.load(Ordering::Relaxed), 2);
    }
}
