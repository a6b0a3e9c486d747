//! Bytes and strings from C, and places that C wants filled.
//!
//! Owns the one rule: NULL, or no length, is an empty slice, and nothing is written to NULL. Knows nothing
//! else.

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

/// The path of a file, or a URI; for NULL one that cannot be opened.
///
/// # Safety
/// As for [`string`].
pub(crate) unsafe fn path<'a>(text: *const c_char) -> &'a CStr {
    // SAFETY: the caller's promise.
    unsafe { string(text) }.unwrap_or_default()
}

/// Fills a place; NULL is none.
///
/// # Safety
/// `place` is NULL or can be written to.
pub(crate) unsafe fn put<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: the caller's promise.
        unsafe { place.write(value) };
    }
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
