//! SSL_CTX_ctrl(3): the four functions behind some hundred macros, the six mode macros among them
//! (statement M2).
//!
//! Owns the order in which the families are asked for a command. Each family says `None` to what is
//! not its own; what nobody owns is 0, as in OpenSSL.

mod certificates;
mod common;
mod extensions;
pub(super) mod lists;
mod negotiated;
mod sessions;

use libc::{c_int, c_long, c_void};

use super::with;
use crate::boundary::guard;
use crate::handle::{SSL, SSL_CTX};
use crate::settings::callbacks::AnyCallback;

/// # Safety
/// `ctx` is NULL or live; `parg` is what the command demands.
pub(crate) unsafe extern "C" fn SSL_CTX_ctrl(
    ctx: *mut SSL_CTX,
    cmd: c_int,
    larg: c_long,
    parg: *mut c_void,
) -> c_long {
    if ctx.is_null() {
        // SAFETY: the caller's promise about `parg`.
        return guard(0, || unsafe { common::without_context(cmd, parg) });
    }
    // SAFETY: the caller's promise, passed on.
    unsafe {
        with(ctx, 0, |ctx| {
            common::on_ctx(ctx, cmd, larg)
                .or_else(|| extensions::on_ctx(ctx, cmd, larg, parg))
                .or_else(|| lists::on_ctx(ctx, cmd, larg, parg))
                .or_else(|| certificates::on_ctx(ctx, cmd, larg, parg))
                .or_else(|| sessions::on_ctx(ctx, cmd, larg, parg))
                .unwrap_or(0)
        })
    }
}

/// # Safety
/// `ssl` is NULL or live; `parg` is what the command demands.
pub(crate) unsafe extern "C" fn SSL_ctrl(
    ssl: *mut SSL,
    cmd: c_int,
    larg: c_long,
    parg: *mut c_void,
) -> c_long {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        with(ssl, 0, |ssl| {
            common::on_ssl(ssl, cmd, larg)
                .or_else(|| extensions::on_ssl(ssl, cmd, larg, parg))
                .or_else(|| lists::on_ssl(ssl, cmd, larg, parg))
                .or_else(|| negotiated::on_ssl(ssl, cmd, larg, parg))
                .or_else(|| certificates::on_ssl(ssl, cmd, larg, parg))
                .unwrap_or(0)
        })
    }
}

/// # Safety
/// `ctx` is NULL or live; `callback` is NULL or of the type that the command demands.
pub(crate) unsafe extern "C" fn SSL_CTX_callback_ctrl(
    ctx: *mut SSL_CTX,
    cmd: c_int,
    callback: Option<AnyCallback>,
) -> c_long {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        with(ctx, 0, |ctx| {
            extensions::callback_on_ctx(ctx, cmd, callback)
                .or_else(|| sessions::callback_on_ctx(ctx, cmd, callback))
                .unwrap_or(0)
        })
    }
}

/// # Safety
/// `ssl` is NULL or live; `callback` is NULL or of the type that the command demands.
pub(crate) unsafe extern "C" fn SSL_callback_ctrl(
    ssl: *mut SSL,
    cmd: c_int,
    callback: Option<AnyCallback>,
) -> c_long {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        with(ssl, 0, |ssl| {
            extensions::callback_on_ssl(ssl, cmd, callback)
                .or_else(|| sessions::callback_on_ssl(ssl, cmd, callback))
                .unwrap_or(0)
        })
    }
}
