//! SSL_CTX_set_verify(3), SSL_get_verify_result(3), SSL_CTX_set1_param(3), SSL_set1_host(3): how the
//! peer's certificate is judged.

use std::ffi::{c_char, c_int, c_long, c_uint};
use std::ptr::{null, null_mut};

use openssl_sys::X509_VERIFY_PARAM;

use super::slice::string;
use super::with;
use crate::boundary::guard;
use crate::crypto::verify::ssl_ex_index;
use crate::handle::{SSL, SSL_CTX};
use crate::settings::callbacks::VerifyCallback;

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_verify(
    ctx: *mut SSL_CTX,
    mode: c_int,
    callback: Option<VerifyCallback>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.change(|to| {
                to.verify.mode = mode;
                to.verify.callback = callback;
            });
        });
    }
}

/// Without a callback the one that there is stays.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_verify(
    ssl: *mut SSL,
    mode: c_int,
    callback: Option<VerifyCallback>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, (), |ssl| {
            ssl.change(|to| {
                to.verify.mode = mode;
                to.verify.callback = callback.or(to.verify.callback);
            });
        });
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_verify_mode(ctx: *const SSL_CTX) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, |ctx| ctx.with(|is| is.verify.mode)) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_verify_mode(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.settings().verify.mode) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_verify_callback(
    ctx: *const SSL_CTX,
) -> Option<VerifyCallback> {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, None, |ctx| ctx.with(|is| is.verify.callback)) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_verify_callback(ssl: *const SSL) -> Option<VerifyCallback> {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, None, |ssl| ssl.settings().verify.callback) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_verify_depth(ctx: *mut SSL_CTX, depth: c_int) {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, (), |ctx| ctx.param.set_depth(depth)) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_verify_depth(ssl: *mut SSL, depth: c_int) {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, (), |ssl| ssl.param.set_depth(depth)) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_verify_depth(ctx: *const SSL_CTX) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, -1, |ctx| ctx.param.depth()) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_verify_depth(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, -1, |ssl| ssl.param.depth()) }
}

/// The parameters themselves: what is changed through the pointer counts.
///
/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get0_param(ctx: *mut SSL_CTX) -> *mut X509_VERIFY_PARAM {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, null_mut(), |ctx| ctx.param.as_ptr()) }
}

/// As [`SSL_CTX_get0_param`].
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get0_param(ssl: *mut SSL) -> *mut X509_VERIFY_PARAM {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, null_mut(), |ssl| ssl.param.as_ptr()) }
}

/// # Safety
/// `ctx` is NULL or live, and so is `param`.
pub(crate) unsafe extern "C" fn SSL_CTX_set1_param(
    ctx: *mut SSL_CTX,
    param: *mut X509_VERIFY_PARAM,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, |ctx| ctx.param.set(param).into()) }
}

/// # Safety
/// `ssl` is NULL or live, and so is `param`.
pub(crate) unsafe extern "C" fn SSL_set1_param(
    ssl: *mut SSL,
    param: *mut X509_VERIFY_PARAM,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.param.set(param).into()) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_purpose(ctx: *mut SSL_CTX, purpose: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, |ctx| ctx.param.set_purpose(purpose).into()) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_purpose(ssl: *mut SSL, purpose: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.param.set_purpose(purpose).into()) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_trust(ctx: *mut SSL_CTX, trust: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, |ctx| ctx.param.set_trust(trust).into()) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_trust(ssl: *mut SSL, trust: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.param.set_trust(trust).into()) }
}

/// A name that the peer's certificate has to be for, or an address. NULL: any.
///
/// # Safety
/// `ssl` is NULL or live; `name` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_set1_host(ssl: *mut SSL, name: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.param.set_host(string(name)).into()) }
}

/// One more name; there can be one address.
///
/// # Safety
/// `ssl` is NULL or live; `name` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_add1_host(ssl: *mut SSL, name: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.param.add_host(string(name)).into()) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_hostflags(ssl: *mut SSL, flags: c_uint) {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, (), |ssl| ssl.param.set_host_flags(flags)) }
}

/// The name that matched. The connection keeps the string.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get0_peername(ssl: *mut SSL) -> *const c_char {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, null(), |ssl| ssl.param.peer_name()) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_verify_result(ssl: *const SSL) -> c_long {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.verify_result.get()) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_verify_result(ssl: *mut SSL, result: c_long) {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, (), |ssl| ssl.verify_result.set(result)) }
}

/// The slot of an `X509_STORE_CTX` in which verification callbacks find the connection.
pub(crate) extern "C" fn SSL_get_ex_data_X509_STORE_CTX_idx() -> c_int {
    guard(-1, ssl_ex_index)
}
