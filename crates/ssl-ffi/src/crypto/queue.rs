//! The error queue of the calling thread.
//!
//! Owns how an entry is made; which reason a failure has is the caller's business. Entries go where
//! OpenSSL's go, so `ERR_get_error` and `ERR_print_errors` see no difference.

use std::ffi::{CStr, c_char, c_int, c_ulong};
use std::panic::Location;

use super::sys;

/// `ERR_LIB_SSL`: the library that our entries belong to.
pub(crate) const LIB_SSL: c_int = 20;

/// Adds an entry with a reason of `sslerr.h` or a common one of [`common`].
#[track_caller]
pub(crate) fn raise(reason: c_int) {
    raise_lib(LIB_SSL, reason);
}

/// Adds an entry that belongs to another library, as for a system error (`ERR_LIB_SYS`, errno).
#[track_caller]
pub(crate) fn raise_lib(library: c_int, reason: c_int) {
    start(Location::caller());
    // SAFETY: a NULL format takes no arguments; it leaves the entry without data.
    unsafe { openssl_sys::ERR_set_error(library, reason, std::ptr::null()) }
}

/// Adds an entry with a text that says more.
#[track_caller]
pub(crate) fn raise_data(reason: c_int, data: &str) {
    raise_lib_data(LIB_SSL, reason, data);
}

/// [`raise_lib`] with a text that says more.
#[track_caller]
pub(crate) fn raise_lib_data(library: c_int, reason: c_int, data: &str) {
    start(Location::caller());
    let data = terminated::<TEXT_ROOM>(data);
    // SAFETY: the format takes one C string, which is live and terminated; libcrypto copies it.
    unsafe { openssl_sys::ERR_set_error(library, reason, c"%s".as_ptr(), data.as_ptr()) }
}

/// Appends a text to the latest entry.
pub(crate) fn add_data(data: &str) {
    let data = terminated::<TEXT_ROOM>(data);
    // SAFETY: one C string, as the count says, live and terminated; libcrypto copies it.
    unsafe { sys::ERR_add_error_data(1, data.as_ptr()) }
}

/// The oldest entry, which stays; 0 if there is none.
pub(crate) fn peek_first() -> c_ulong {
    // SAFETY: no preconditions.
    unsafe { sys::ERR_peek_error() }
}

/// The latest entry, which stays; 0 if there is none.
pub(crate) fn peek_last() -> c_ulong {
    // SAFETY: no preconditions.
    unsafe { openssl_sys::ERR_peek_last_error() }
}

/// Takes the oldest entry; 0 if there is none.
pub(crate) fn take_first() -> c_ulong {
    // SAFETY: no preconditions.
    unsafe { openssl_sys::ERR_get_error() }
}

pub(crate) fn is_empty() -> bool {
    peek_first() == 0
}

pub(crate) fn clear() {
    // SAFETY: no preconditions.
    unsafe { openssl_sys::ERR_clear_error() }
}

/// Marks the latest entry. False, and no mark, when the queue is empty: [`pop_to_mark`] then clears it.
pub(crate) fn set_mark() -> bool {
    // SAFETY: no preconditions.
    unsafe { sys::ERR_set_mark() == 1 }
}

/// Removes the entries after the latest mark, and the mark.
pub(crate) fn pop_to_mark() -> bool {
    // SAFETY: no preconditions.
    unsafe { sys::ERR_pop_to_mark() == 1 }
}

/// Removes the latest mark and keeps the entries.
pub(crate) fn clear_last_mark() -> bool {
    // SAFETY: no preconditions.
    unsafe { sys::ERR_clear_last_mark() == 1 }
}

/// Runs `attempt` and removes what it left in the queue, unless it failed.
pub(crate) fn quiet_success<T>(attempt: impl FnOnce() -> Option<T>) -> Option<T> {
    let marked = set_mark();
    let result = attempt();
    match (&result, marked) {
        (Some(_), _) => drop(pop_to_mark()),
        (None, true) => drop(clear_last_mark()),
        (None, false) => {}
    }
    result
}

/// Runs `attempt` and removes whatever it left in the queue.
pub(crate) fn quiet<T>(attempt: impl FnOnce() -> T) -> T {
    // Without a mark the queue was empty, and popping empties it again.
    set_mark();
    let result = attempt();
    pop_to_mark();
    result
}

/// The reason part of an entry.
pub(crate) fn reason_of(entry: c_ulong) -> c_int {
    openssl_sys::ERR_GET_REASON(entry)
}

/// The library part of an entry.
pub(crate) fn library_of(entry: c_ulong) -> c_int {
    openssl_sys::ERR_GET_LIB(entry)
}

/// Reasons that every library shares (`ERR_R_*`).
pub(crate) mod common {
    use std::ffi::c_int;

    pub(crate) const MALLOC_FAILURE: c_int = FATAL | 256;
    pub(crate) const SHOULD_NOT_HAVE_BEEN_CALLED: c_int = FATAL | 257;
    pub(crate) const PASSED_NULL_PARAMETER: c_int = FATAL | 258;
    pub(crate) const INTERNAL_ERROR: c_int = FATAL | 259;
    pub(crate) const DISABLED: c_int = FATAL | 260;
    pub(crate) const INIT_FAIL: c_int = FATAL | 261;
    pub(crate) const PASSED_INVALID_ARGUMENT: c_int = COMMON | 262;
    pub(crate) const OPERATION_FAIL: c_int = FATAL | 263;
    pub(crate) const UNSUPPORTED: c_int = COMMON | 268;
    pub(crate) const SYS_LIB: c_int = COMMON | 2;
    pub(crate) const RSA_LIB: c_int = COMMON | 4;
    pub(crate) const DH_LIB: c_int = COMMON | 5;
    pub(crate) const EVP_LIB: c_int = COMMON | 6;
    pub(crate) const BUF_LIB: c_int = COMMON | 7;
    pub(crate) const PEM_LIB: c_int = COMMON | 9;
    pub(crate) const X509_LIB: c_int = COMMON | 11;
    pub(crate) const ASN1_LIB: c_int = COMMON | 13;
    pub(crate) const CRYPTO_LIB: c_int = COMMON | 15;
    pub(crate) const EC_LIB: c_int = COMMON | 16;
    pub(crate) const BIO_LIB: c_int = COMMON | 32;

    const COMMON: c_int = 2 << 18;
    const FATAL: c_int = COMMON | 1 << 18;
}

fn start(caller: &Location<'_>) {
    let file = caller.file();
    let name = file
        .rsplit_once("ssl-ffi/src/")
        .map_or(file, |(_, name)| name);
    let mut place = [0; PLACE_ROOM];
    let prefix = b"ssl/";
    place[..prefix.len()].copy_from_slice(prefix);
    copy_terminated(name, &mut place[prefix.len()..]);
    let line = c_int::try_from(caller.line()).unwrap_or(0);
    // SAFETY: the place is terminated and libcrypto copies it; a NULL function name is allowed.
    unsafe {
        openssl_sys::ERR_new();
        openssl_sys::ERR_set_debug(place.as_ptr().cast::<c_char>(), line, std::ptr::null());
    }
}

/// A C string on the stack: raising an error must not fail for want of memory.
fn terminated<const ROOM: usize>(text: &str) -> [c_char; ROOM] {
    let mut bytes = [0; ROOM];
    copy_terminated(text, &mut bytes);
    bytes.map(|byte| byte as c_char)
}

/// Copies up to the room there is or the first NUL; `to` is all zeros before.
fn copy_terminated(text: &str, to: &mut [u8]) {
    let text = text.as_bytes();
    let end = text
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(text.len());
    let length = end.min(to.len().saturating_sub(1));
    to[..length].copy_from_slice(&text[..length]);
}

/// The text of a reason as libcrypto knows it.
pub(crate) fn reason_text(entry: c_ulong) -> Option<&'static CStr> {
    // SAFETY: no preconditions; the text is one of the loaded tables, which are never freed while code runs.
    unsafe {
        let text = openssl_sys::ERR_reason_error_string(entry);
        (!text.is_null()).then(|| CStr::from_ptr(text))
    }
}

const PLACE_ROOM: usize = 96;
const TEXT_ROOM: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::reason;

    #[test]
    fn an_entry_names_library_reason_and_place() {
        clear();
        raise(reason::BAD_LENGTH);
        let entry = peek_first();
        assert_eq!((library_of(entry), reason_of(entry)), (20, 271));
        let (mut file, mut line) = (std::ptr::null(), 0);
        // SAFETY: out pointers are live; the others may be NULL.
        let same = unsafe {
            openssl_sys::ERR_get_error_all(
                &raw mut file,
                &raw mut line,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                std::ptr::null_mut(),
            )
        };
        assert_eq!(same, entry);
        // SAFETY: libcrypto keeps the text until the slot is used again.
        assert_eq!(unsafe { CStr::from_ptr(file) }, c"ssl/crypto/queue.rs");
        assert!(line > 0);
        assert!(is_empty());
    }

    #[test]
    fn data_is_kept_and_extended() {
        clear();
        raise_data(reason::NO_PROTOCOLS_AVAILABLE, "one");
        add_data(" and two");
        let (mut data, mut flags) = (std::ptr::null(), 0);
        // SAFETY: out pointers are live; the others may be NULL.
        unsafe {
            openssl_sys::ERR_get_error_all(
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                &raw mut data,
                &raw mut flags,
            )
        };
        // SAFETY: as above.
        assert_eq!(unsafe { CStr::from_ptr(data) }, c"one and two");
        clear();
    }

    #[test]
    fn common_reasons_have_the_numbers_of_the_header() {
        assert_eq!(common::MALLOC_FAILURE, 786_688);
        assert_eq!(common::INTERNAL_ERROR, 786_691);
        assert_eq!(common::X509_LIB, 524_299);
        assert_eq!(common::BIO_LIB, 524_320);
        assert_eq!(common::PASSED_INVALID_ARGUMENT, 524_550);
        clear();
        raise(common::MALLOC_FAILURE);
        assert_eq!(reason_of(take_first()), common::MALLOC_FAILURE);
    }

    #[test]
    fn success_leaves_the_queue_as_it_was_and_failure_adds_to_it() {
        for before in [0, 1] {
            clear();
            for _ in 0..before {
                raise(reason::BAD_LENGTH);
            }
            let noisy = |result: Option<()>| {
                raise(reason::BAD_PACKET);
                result
            };
            quiet_success(|| noisy(Some(())));
            quiet(|| noisy(None));
            assert_eq!(count(), before);
            for _ in 0..before {
                raise(reason::BAD_LENGTH);
            }
            quiet_success(|| noisy(None));
            assert_eq!(count(), before + 1);
        }
    }

    fn count() -> usize {
        std::iter::from_fn(|| (take_first() != 0).then_some(())).count()
    }
}
