//! SSL_get_error(3), SSL_want(3).

use libc::c_int;

use super::with;
use crate::handle::SSL;
use crate::ssl::error::{Verdict, Want};

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_error(ssl: *const SSL, ret: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, Verdict::Ssl as c_int, |ssl| ssl.verdict(ret) as c_int) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_want(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, Want::Nothing as c_int, |ssl| ssl.want() as c_int) }
}
