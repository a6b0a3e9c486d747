//! SSL_CTX_set_verify(3), SSL_get_verify_result(3), SSL_CTX_get_cert_store(3): how the peer's
//! certificate is judged.

use libc::{c_int, c_long};
use openssl_sys::X509_STORE;

use super::with;
use crate::boundary::guard;
use crate::crypto::verify::ssl_ex_index;
use crate::handle::{Counted, SSL, SSL_CTX};
use crate::settings::callbacks::VerifyCallback;
use crate::settings::holder::Holder;

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
        })
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
        })
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_cert_store(ctx: *const SSL_CTX) -> *mut X509_STORE {
    // SAFETY: the caller's promise. The context keeps its reference.
    unsafe { with(ctx, std::ptr::null_mut(), |ctx| ctx.store().as_ptr()) }
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
