//! Reading and writing through the filter.
//!
//! Owns the translation of `SSL_get_error` into retry flags (statements X2, X3, X5).

use libc::{c_int, c_void};
use openssl_sys::{self as ffi, BIO};

use super::connection;
use crate::crypto::sys;
use crate::entry::slice::{bytes, bytes_mut};
use crate::handle::{Counted, SSL};
use crate::ssl::drive::Stop;
use crate::ssl::error::Verdict;
use crate::ssl::io::Reading;

/// # Safety
/// `bio` is a live BIO of this method; `data` has `len` readable bytes.
pub(super) unsafe fn write(bio: *mut BIO, data: *const c_void, len: c_int) -> c_int {
    let (Ok(len), false) = (usize::try_from(len), data.is_null()) else {
        return 0;
    };
    // SAFETY: the caller's promise.
    unsafe { transfer(bio, |ssl| ssl.write(bytes(data.cast(), len))) }
}

/// # Safety
/// `bio` is a live BIO of this method; `out` has `len` writable bytes.
pub(super) unsafe fn read(bio: *mut BIO, out: *mut c_void, len: c_int) -> c_int {
    let (Ok(len), false) = (usize::try_from(len), out.is_null()) else {
        return 0;
    };
    // SAFETY: the caller's promise.
    unsafe {
        let out = bytes_mut(out.cast(), len);
        transfer(bio, |ssl| ssl.read(out, Reading::Consume))
    }
}

/// What moving bytes comes to, as the result and in the filter's flags; 0 without a connection.
///
/// # Safety
/// `bio` is a live BIO of this method.
unsafe fn transfer(bio: *mut BIO, work: impl FnOnce(&SSL) -> Result<usize, Stop>) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(ssl) = connection(bio) else {
            return 0;
        };
        let _held = ssl.hold();
        ffi::BIO_clear_retry_flags(bio);
        let ret = match work(ssl) {
            Ok(n) => c_int::try_from(n).unwrap_or(c_int::MAX),
            Err(Stop(ret)) => ret,
        };
        note(bio, ssl, ret);
        ret
    }
}

/// Makes the filter's own flags say what stood in the way.
///
/// # Safety
/// `bio` is a live BIO of this method.
pub(super) unsafe fn note(bio: *mut BIO, ssl: &SSL, ret: c_int) {
    let (flags, why) = match ssl.verdict(ret) {
        Verdict::WantRead => (ffi::BIO_FLAGS_READ, 0),
        Verdict::WantWrite => (ffi::BIO_FLAGS_WRITE, 0),
        Verdict::WantX509Lookup => (ffi::BIO_FLAGS_IO_SPECIAL, sys::BIO_RR_SSL_X509_LOOKUP),
        Verdict::WantConnect => (ffi::BIO_FLAGS_IO_SPECIAL, sys::BIO_RR_CONNECT),
        Verdict::WantAccept => (ffi::BIO_FLAGS_IO_SPECIAL, sys::BIO_RR_ACCEPT),
        _ => (0, 0),
    };
    // SAFETY: the caller's promise.
    unsafe {
        if flags != 0 {
            ffi::BIO_set_flags(bio, flags | ffi::BIO_FLAGS_SHOULD_RETRY);
        }
        sys::BIO_set_retry_reason(bio, why);
    }
}
