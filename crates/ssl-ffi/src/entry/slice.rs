//! Pointer and length from C to a slice.
//!
//! Owns the one rule: NULL, or no length, is an empty slice. Knows nothing else.

use std::ffi::{CStr, c_char};

/// Bytes to read.
///
/// # Safety
/// `ptr` is NULL or has `len` readable bytes that stay unchanged for `'a`.
pub(crate) unsafe fn bytes<'a>(ptr: *const u8, len: usize) -> &'a [u8] {
    // Not even a length of more than half of memory may become a slice.
    if ptr.is_null() || len == 0 || isize::try_from(len).is_err() {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(ptr, len) }
}

/// A string; `None` for NULL.
///
/// # Safety
/// `text` is NULL or a string that stays unchanged for `'a`.
pub(crate) unsafe fn string<'a>(text: *const c_char) -> Option<&'a CStr> {
    // SAFETY: the caller's promise.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) })
}

/// Bytes to fill.
///
/// # Safety
/// `ptr` is NULL or has `len` writable bytes that nobody else uses for `'a`.
pub(crate) unsafe fn bytes_mut<'a>(ptr: *mut u8, len: usize) -> &'a mut [u8] {
    if ptr.is_null() || len == 0 || isize::try_from(len).is_err() {
        return &mut [];
    }
    // SAFETY: the caller's promise. The bytes may be uninitialised: they are only written to, by
    // copying into them.
    unsafe { std::slice::from_raw_parts_mut(ptr, len) }
}
