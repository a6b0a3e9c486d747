//! SSL_shutdown(3), SSL_set_shutdown(3), SSL_set_quiet_shutdown(3).

use libc::c_int;

use super::with;
use crate::handle::{SSL, SSL_CTX};

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_shutdown(ssl: *mut SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, -1, |ssl| ssl.close()) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_shutdown(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, SSL::shutdown) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_shutdown(ssl: *mut SSL, mode: c_int) {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, (), |ssl| ssl.set_shutdown(mode)) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_quiet_shutdown(ssl: *mut SSL, mode: c_int) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, (), |ssl| {
            ssl.change(|to| to.quiet_shutdown = mode != 0)
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_quiet_shutdown(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.settings().quiet_shutdown.into()) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_quiet_shutdown(ctx: *mut SSL_CTX, mode: c_int) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.change(|to| to.quiet_shutdown = mode != 0)
        })
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_quiet_shutdown(ctx: *const SSL_CTX) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, |ctx| ctx.with(|is| is.quiet_shutdown.into())) }
}
