//! The texts of our reasons in libcrypto's tables.
//!
//! Owns the one-time loading. The name of the library itself, "SSL routines", is libcrypto's already.

use std::ffi::{c_char, c_int, c_ulong};
use std::sync::Once;

use openssl_sys::ERR_STRING_DATA;

use super::{queue, reason, sys};

/// Makes `ERR_reason_error_string` know the reasons of [`reason`], and libcrypto's own texts.
pub(crate) fn load() {
    static LOADED: Once = Once::new();
    LOADED.call_once(|| {
        // SAFETY: no settings; the table is static and ends with an entry of number 0.
        unsafe {
            sys::OPENSSL_init_crypto(LOAD_CRYPTO_STRINGS, std::ptr::null());
            sys::ERR_load_strings_const(TABLE.0.as_ptr());
        }
    });
}

struct Table([ERR_STRING_DATA; reason::TEXTS.len() + 1]);

// SAFETY: the pointers lead to static texts, which nothing writes.
unsafe impl Sync for Table {}

static TABLE: Table = Table(table());

const fn table() -> [ERR_STRING_DATA; reason::TEXTS.len() + 1] {
    let mut rows = [const { row(0, std::ptr::null()) }; reason::TEXTS.len() + 1];
    let mut at = 0;
    while at < reason::TEXTS.len() {
        let (number, text) = reason::TEXTS[at];
        rows[at] = row(
            openssl_sys::ERR_PACK(queue::LIB_SSL, 0, number),
            text.as_ptr(),
        );
        at += 1;
    }
    rows
}

const fn row(error: c_ulong, string: *const c_char) -> ERR_STRING_DATA {
    ERR_STRING_DATA { error, string }
}

/// `OPENSSL_INIT_LOAD_CRYPTO_STRINGS`.
const LOAD_CRYPTO_STRINGS: u64 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_text() {
        load();
        load();
        for &(number, text) in reason::TEXTS {
            let entry = openssl_sys::ERR_PACK(queue::LIB_SSL, 0, number);
            assert_eq!(queue::reason_text(entry), Some(text), "{number}");
        }
    }

    #[test]
    fn texts_that_do_not_follow_from_the_name() {
        load();
        let text = |number: c_int| {
            queue::reason_text(openssl_sys::ERR_PACK(queue::LIB_SSL, 0, number)).unwrap()
        };
        assert_eq!(text(reason::SRP_A_CALC), c"error with the srp params");
        assert_eq!(
            text(reason::UNEXPECTED_EOF_WHILE_READING),
            c"unexpected eof while reading"
        );
    }

    #[test]
    fn the_library_has_a_name() {
        load();
        // SAFETY: no preconditions; the text is static.
        let name = unsafe {
            std::ffi::CStr::from_ptr(openssl_sys::ERR_lib_error_string(openssl_sys::ERR_PACK(
                queue::LIB_SSL,
                0,
                0,
            )))
        };
        assert_eq!(name, c"SSL routines");
    }
}
