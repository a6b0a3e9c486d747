//! SSL_read_early_data(3), SSL_write_early_data(3) and how much of it there may be.

use libc::{c_int, c_void};
use ssl_record::delegate::EarlyData;

use super::hooks::pair;
use super::slice::{bytes, bytes_mut, put};
use super::with;
use crate::handle::{SSL, SSL_CTX};
use crate::settings::callbacks::AllowEarlyDataCallback;
use crate::ssl::early::Reading;

/// `SSL_READ_EARLY_DATA_ERROR`.
const READ_ERROR: c_int = 0;
/// `SSL_READ_EARLY_DATA_SUCCESS`.
const READ_SUCCESS: c_int = 1;
/// `SSL_READ_EARLY_DATA_FINISH`.
const READ_FINISH: c_int = 2;

/// # Safety
/// `ssl` is NULL or live; `buf` has `num` writable bytes; `read` is writable.
pub(crate) unsafe extern "C" fn SSL_read_early_data(
    ssl: *mut SSL,
    buf: *mut c_void,
    num: usize,
    read: *mut usize,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, READ_ERROR, |ssl| {
            let (result, count) = match ssl.read_early(bytes_mut(buf.cast(), num)) {
                Ok(Reading::Data(n)) => (READ_SUCCESS, n),
                Ok(Reading::Finished) => (READ_FINISH, 0),
                Err(_) => return READ_ERROR,
            };
            put(read, count);
            result
        })
    }
}

/// # Safety
/// `ssl` is NULL or live; `buf` has `num` readable bytes; `written` is writable.
pub(crate) unsafe extern "C" fn SSL_write_early_data(
    ssl: *mut SSL,
    buf: *const c_void,
    num: usize,
    written: *mut usize,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            match ssl.write_early(bytes(buf.cast(), num)) {
                Ok(n) => {
                    put(written, n);
                    1
                }
                Err(_) => 0,
            }
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_early_data_status(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| match ssl.facts().early_data {
            EarlyData::NotSent => 0,
            EarlyData::Rejected => 1,
            EarlyData::Accepted => 2,
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
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.change(|to| to.hooks.allow_early_data = pair(callback, arg))
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
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, (), |ssl| {
            ssl.change(|to| to.hooks.allow_early_data = pair(callback, arg))
        })
    }
}
