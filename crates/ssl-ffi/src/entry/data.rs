//! SSL_get_ex_data(3), SSL_CTX_get_ex_data(3): the application's own data.
//!
//! Slots for a class are made by libcrypto's CRYPTO_get_ex_new_index, behind macros.

use libc::{c_int, c_void};

use super::with;
use crate::handle::{SSL, SSL_CTX};

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_ex_data(
    ssl: *mut SSL,
    index: c_int,
    data: *mut c_void,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.ex_data.set(index, data)) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_ex_data(ssl: *const SSL, index: c_int) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, std::ptr::null_mut(), |ssl| ssl.ex_data.value(index)) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_ex_data(
    ctx: *mut SSL_CTX,
    index: c_int,
    data: *mut c_void,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, |ctx| ctx.ex_data.set(index, data)) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_ex_data(
    ctx: *const SSL_CTX,
    index: c_int,
) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, std::ptr::null_mut(), |ctx| ctx.ex_data.value(index)) }
}
