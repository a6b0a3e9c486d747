//! SSL_read_early_data(3): early data is not accepted and not sent here.
//!
//! A server that asks for it gets what it gets from clients that send none: the handshake, and the word
//! that early data is finished. A client cannot write any.

use libc::{c_int, c_void};

use super::with;
use crate::crypto::queue;
use crate::handle::{SSL, SSL_CTX};
use crate::settings::callbacks::{AllowEarlyDataCallback, Arg, With};

/// `SSL_READ_EARLY_DATA_ERROR`.
const READ_ERROR: c_int = 0;
/// `SSL_READ_EARLY_DATA_FINISH`.
const READ_FINISH: c_int = 2;
/// `SSL_EARLY_DATA_NOT_SENT`.
const NOT_SENT: c_int = 0;
/// `SSL_EARLY_DATA_REJECTED`.
const REJECTED: c_int = 1;

/// # Safety
/// `ssl` is NULL or live; `read` is writable.
pub(crate) unsafe extern "C" fn SSL_read_early_data(
    ssl: *mut SSL,
    _buf: *mut c_void,
    _num: usize,
    read: *mut usize,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, READ_ERROR, |ssl| {
            if ssl.side() == Some(ssl_record::Side::Client) {
                queue::raise(queue::common::SHOULD_NOT_HAVE_BEEN_CALLED);
                return READ_ERROR;
            }
            if ssl.do_handshake() <= 0 {
                return READ_ERROR;
            }
            if !read.is_null() {
                read.write(0);
            }
            READ_FINISH
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_write_early_data(
    ssl: *mut SSL,
    _buf: *const c_void,
    _num: usize,
    _written: *mut usize,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |_| {
            // No session of ours allows any, and without such a session OpenSSL says this too.
            queue::raise(queue::common::SHOULD_NOT_HAVE_BEEN_CALLED);
            0
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_early_data_status(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, NOT_SENT, |ssl| {
            if ssl.facts().early_data_offered {
                REJECTED
            } else {
                NOT_SENT
            }
        })
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_max_early_data(ctx: *mut SSL_CTX, value: u32) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, 0, |ctx| {
            ctx.change(|to| to.max_early_data = value);
            1
        })
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_max_early_data(ctx: *const SSL_CTX) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, |ctx| ctx.with(|is| is.max_early_data)) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_max_early_data(ssl: *mut SSL, value: u32) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            ssl.change(|to| to.max_early_data = value);
            1
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_max_early_data(ssl: *const SSL) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.settings().max_early_data) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_recv_max_early_data(
    ctx: *mut SSL_CTX,
    value: u32,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, 0, |ctx| {
            ctx.change(|to| to.recv_max_early_data = value);
            1
        })
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_recv_max_early_data(ctx: *const SSL_CTX) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, |ctx| ctx.with(|is| is.recv_max_early_data)) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_recv_max_early_data(ssl: *mut SSL, value: u32) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            ssl.change(|to| to.recv_max_early_data = value);
            1
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_recv_max_early_data(ssl: *const SSL) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.settings().recv_max_early_data) }
}

/// # Safety
/// `ctx` is NULL or live; the callback is one for this place.
pub(crate) unsafe extern "C" fn SSL_CTX_set_allow_early_data_cb(
    ctx: *mut SSL_CTX,
    callback: Option<AllowEarlyDataCallback>,
    arg: *mut c_void,
) {
    let pair = callback.map(|function| With {
        function,
        arg: Arg(arg),
    });
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.change(|to| to.hooks.allow_early_data = pair)
        })
    }
}

/// # Safety
/// `ssl` is NULL or live; the callback is one for this place.
pub(crate) unsafe extern "C" fn SSL_set_allow_early_data_cb(
    ssl: *mut SSL,
    callback: Option<AllowEarlyDataCallback>,
    arg: *mut c_void,
) {
    let pair = callback.map(|function| With {
        function,
        arg: Arg(arg),
    });
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, (), |ssl| {
            ssl.change(|to| to.hooks.allow_early_data = pair)
        })
    }
}
