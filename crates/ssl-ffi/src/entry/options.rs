//! SSL_CTX_set_options(3), SSL_CTX_set_read_ahead(3)'s relatives that are functions: the options and
//! the record settings.

use libc::c_int;

use super::with;
use crate::handle::{SSL, SSL_CTX};

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_options(ctx: *mut SSL_CTX, options: u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, 0, |ctx| {
            ctx.change(|to| {
                to.options |= options;
                to.options
            })
        })
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_clear_options(ctx: *mut SSL_CTX, options: u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, 0, |ctx| {
            ctx.change(|to| {
                to.options &= !options;
                to.options
            })
        })
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_options(ctx: *const SSL_CTX) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, |ctx| ctx.with(|is| is.options)) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_options(ssl: *mut SSL, options: u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            let now = ssl.settings().options;
            replace(ssl, now, now | options)
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_clear_options(ssl: *mut SSL, options: u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            let now = ssl.settings().options;
            replace(ssl, now, now & !options)
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_options(ssl: *const SSL) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.settings().options) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_read_ahead(ssl: *mut SSL, yes: c_int) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, (), |ssl| {
            ssl.change(|to| to.records.read_ahead = yes != 0);
            ssl.reconfigure();
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_read_ahead(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.settings().records.read_ahead.into()) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_default_read_buffer_len(ssl: *mut SSL, len: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, (), |ssl| {
            ssl.change(|to| to.records.read_buffer_len = len);
            ssl.reconfigure();
        })
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_default_read_buffer_len(ctx: *mut SSL_CTX, len: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.change(|to| to.records.read_buffer_len = len)
        })
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_num_tickets(ctx: *mut SSL_CTX, n: usize) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, 0, |ctx| {
            ctx.change(|to| to.tickets = n);
            1
        })
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_num_tickets(ctx: *const SSL_CTX) -> usize {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, |ctx| ctx.with(|is| is.tickets)) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_num_tickets(ssl: *mut SSL, n: usize) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            ssl.change(|to| to.tickets = n);
            1
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_num_tickets(ssl: *const SSL) -> usize {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.settings().tickets) }
}

/// Puts options in the place of those before; where they are the same, the context's are still shared.
fn replace(ssl: &SSL, before: u64, after: u64) -> u64 {
    if before != after {
        ssl.change(|to| to.options = after);
        ssl.reconfigure();
    }
    after
}
