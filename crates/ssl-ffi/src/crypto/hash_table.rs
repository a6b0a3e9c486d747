//! libcrypto's hash tables (`OPENSSL_LHASH`), which programs walk through.
//!
//! Owns the table. What is in it belongs to somebody else.

use std::ffi::c_void;
use std::ptr::NonNull;

use super::sys;

/// A table of pointers.
#[derive(Debug)]
pub(crate) struct HashTable(NonNull<sys::HashTable>);

// SAFETY: the table is memory that any thread may use and free; what is in it is the owner's business.
unsafe impl Send for HashTable {}

impl HashTable {
    /// An empty table; `None` without memory.
    ///
    /// # Safety
    /// Both functions take whatever is put in, as long as it is in there.
    pub(crate) unsafe fn new(hash: sys::HashElement, compare: sys::CompareHashed) -> Option<Self> {
        // SAFETY: functions of the types that the table wants.
        NonNull::new(unsafe { sys::OPENSSL_LH_new(Some(hash), Some(compare)) }).map(Self)
    }

    /// Takes everything out.
    pub(crate) fn clear(&mut self) {
        // SAFETY: the table is ours; it does not follow what is in it.
        unsafe { sys::OPENSSL_LH_flush(self.0.as_ptr()) }
    }

    /// Puts an element in, in the place of one that is equal.
    ///
    /// # Safety
    /// The table's functions take the element, now and as long as it is in there; and so all that are.
    pub(crate) unsafe fn insert(&mut self, element: *mut c_void) {
        // SAFETY: the table is ours, the rest is the caller's promise.
        unsafe { sys::OPENSSL_LH_insert(self.0.as_ptr(), element) };
    }

    /// The table, for C to walk through.
    pub(crate) fn as_ptr(&self) -> *mut c_void {
        self.0.as_ptr().cast()
    }
}

impl Drop for HashTable {
    fn drop(&mut self) {
        // SAFETY: the table is ours, and this is its end; it frees nothing of what is in it.
        unsafe { sys::OPENSSL_LH_free(self.0.as_ptr()) }
    }
}
