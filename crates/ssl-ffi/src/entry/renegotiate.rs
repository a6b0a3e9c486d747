//! SSL_renegotiate(3): refused, as in a library that was configured without it.

use libc::c_int;

use super::with;
use crate::crypto::{queue, reason};
use crate::handle::SSL;

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_renegotiate(ssl: *mut SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            queue::raise(if ssl.is_tls13() {
                reason::WRONG_SSL_VERSION
            } else {
                reason::NO_RENEGOTIATION
            });
            0
        })
    }
}

/// # Safety
/// As for [`SSL_renegotiate`].
pub(crate) unsafe extern "C" fn SSL_renegotiate_abbreviated(ssl: *mut SSL) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { SSL_renegotiate(ssl) }
}
