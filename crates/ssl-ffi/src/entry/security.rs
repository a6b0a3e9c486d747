//! SSL_CTX_get_security_level(3): the level, and the callback that decides in its place.

use std::ptr;

use libc::{c_int, c_void};

use super::with;
use crate::boundary::guard;
use crate::handle::{Counted, SSL, SSL_CTX};
use crate::negotiate::security;
use crate::settings::callbacks::{Arg, SecurityCallback};

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_security_level(ctx: *mut SSL_CTX, level: c_int) {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, (), |ctx| ctx.change(|to| to.security.level = level)) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_security_level(ctx: *const SSL_CTX) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, |ctx| ctx.with(|is| is.security.level)) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_security_level(ssl: *mut SSL, level: c_int) {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, (), |ssl| ssl.change(|to| to.security.level = level)) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_security_level(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.settings().security.level) }
}

/// # Safety
/// `ctx` is NULL or live; the callback is one for this place.
pub(crate) unsafe extern "C" fn SSL_CTX_set_security_callback(
    ctx: *mut SSL_CTX,
    callback: Option<SecurityCallback>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.change(|to| to.security.callback = own(callback));
        })
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_security_callback(
    ctx: *const SSL_CTX,
) -> Option<SecurityCallback> {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, None, |ctx| {
            let callback = ctx.with(|is| is.security.callback);
            Some(callback.unwrap_or(by_level))
        })
    }
}

/// # Safety
/// `ssl` is NULL or live; the callback is one for this place.
pub(crate) unsafe extern "C" fn SSL_set_security_callback(
    ssl: *mut SSL,
    callback: Option<SecurityCallback>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, (), |ssl| {
            ssl.change(|to| to.security.callback = own(callback));
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_security_callback(
    ssl: *const SSL,
) -> Option<SecurityCallback> {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, None, |ssl| {
            let callback = ssl.settings().security.callback;
            Some(callback.unwrap_or(by_level))
        })
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set0_security_ex_data(
    ctx: *mut SSL_CTX,
    data: *mut c_void,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.change(|to| to.security.ex_data = Arg(data));
        })
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get0_security_ex_data(ctx: *const SSL_CTX) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, ptr::null_mut(), |ctx| {
            ctx.with(|is| is.security.ex_data.0)
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set0_security_ex_data(ssl: *mut SSL, data: *mut c_void) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, (), |ssl| {
            ssl.change(|to| to.security.ex_data = Arg(data));
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get0_security_ex_data(ssl: *const SSL) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, ptr::null_mut(), |ssl| {
            ssl.settings().security.ex_data.0
        })
    }
}

/// What decides where no callback was set. Programs take it as the one that they put theirs in front of,
/// and call it.
///
/// # Safety
/// `ssl` is live, or `ctx` is.
unsafe extern "C" fn by_level(
    ssl: *const SSL,
    ctx: *const SSL_CTX,
    question: c_int,
    bits: c_int,
    nid: c_int,
    _other: *mut c_void,
    _data: *mut c_void,
) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise.
        let level = match unsafe { SSL::peek(ssl) } {
            Some(ssl) => {
                let _held = ssl.hold();
                ssl.settings().security.level
            }
            // SAFETY: as above.
            None => match unsafe { SSL_CTX::peek(ctx) } {
                Some(ctx) => ctx.with(|is| is.security.level),
                None => return 0,
            },
        };
        security::answer(level, question, bits, nid).into()
    })
}

/// NULL, and what was never replaced, is the level itself.
fn own(callback: Option<SecurityCallback>) -> Option<SecurityCallback> {
    callback.filter(|&callback| !ptr::fn_addr_eq(callback, by_level as SecurityCallback))
}
