//! SSL_get_all_async_fds(3), SSL_set_async_callback(3): jobs that wait, and how the application learns
//! that they need not wait any more.

use libc::{c_int, c_void};

use super::with;
use crate::handle::{SSL, SSL_CTX};
use crate::settings::callbacks::{Arg, AsyncCallback};

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_waiting_for_async(ssl: *mut SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.is_waiting_for_job().into()) }
}

/// # Safety
/// `ssl` is NULL or live; `count` is writable; `fds` is NULL or has room for as many as a call with NULL
/// told.
pub(crate) unsafe extern "C" fn SSL_get_all_async_fds(
    ssl: *mut SSL,
    fds: *mut c_int,
    count: *mut usize,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            ssl.waits()
                .is_some_and(|waits| waits.all(fds, count))
                .into()
        })
    }
}

/// # Safety
/// `ssl` is NULL or live; the counts are writable; each array is NULL or has room for as many as a call
/// with NULL told.
pub(crate) unsafe extern "C" fn SSL_get_changed_async_fds(
    ssl: *mut SSL,
    added: *mut c_int,
    added_count: *mut usize,
    deleted: *mut c_int,
    deleted_count: *mut usize,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            let waits = ssl.waits();
            waits
                .is_some_and(|waits| waits.changed(added, added_count, deleted, deleted_count))
                .into()
        })
    }
}

/// # Safety
/// `ssl` is NULL or live; `status` is writable.
pub(crate) unsafe extern "C" fn SSL_get_async_status(ssl: *mut SSL, status: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| match ssl.waits() {
            Some(waits) if !status.is_null() => {
                status.write(waits.status());
                1
            }
            _ => 0,
        })
    }
}

/// # Safety
/// `ssl` is NULL or live; the callback is one for this place.
pub(crate) unsafe extern "C" fn SSL_set_async_callback(
    ssl: *mut SSL,
    callback: Option<AsyncCallback>,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            ssl.set_async_callback(callback);
            1
        })
    }
}

/// # Safety
/// As for [`SSL_set_async_callback`].
pub(crate) unsafe extern "C" fn SSL_set_async_callback_arg(
    ssl: *mut SSL,
    arg: *mut c_void,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            ssl.set_async_callback_arg(Arg(arg));
            1
        })
    }
}

/// # Safety
/// `ctx` is NULL or live; the callback is one for this place.
pub(crate) unsafe extern "C" fn SSL_CTX_set_async_callback(
    ctx: *mut SSL_CTX,
    callback: Option<AsyncCallback>,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, 0, |ctx| {
            ctx.change(|to| to.hooks.asynchronous = callback);
            1
        })
    }
}

/// # Safety
/// As for [`SSL_CTX_set_async_callback`].
pub(crate) unsafe extern "C" fn SSL_CTX_set_async_callback_arg(
    ctx: *mut SSL_CTX,
    arg: *mut c_void,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, 0, |ctx| {
            ctx.change(|to| to.hooks.asynchronous_arg = Arg(arg));
            1
        })
    }
}
