//! SSL_CTX_set_record_padding_callback(3), SSL_CTX_set_tlsext_max_fragment_length(3),
//! SSL_CTX_set_post_handshake_auth(3): how records are made, and what is asked after the handshake.

use libc::{c_int, c_void};

use super::with;
use crate::crypto::{queue, reason};
use crate::handle::{SSL, SSL_CTX};
use crate::settings::callbacks::{Arg, PaddingCallback};

/// The largest plaintext of a record: what padding may grow to.
const MAX_FRAGMENT: usize = 16384;

/// # Safety
/// `ctx` is NULL or live; the callback is one for this place.
pub(crate) unsafe extern "C" fn SSL_CTX_set_record_padding_callback(
    ctx: *mut SSL_CTX,
    callback: Option<PaddingCallback>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.change(|to| to.records.padding = callback)
        })
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_record_padding_callback_arg(
    ctx: *mut SSL_CTX,
    arg: *mut c_void,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.change(|to| to.records.padding_arg = Arg(arg))
        })
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_record_padding_callback_arg(
    ctx: *const SSL_CTX,
) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, std::ptr::null_mut(), |ctx| {
            ctx.with(|is| is.records.padding_arg.0)
        })
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_block_padding(
    ctx: *mut SSL_CTX,
    block: usize,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, 0, |ctx| {
            if block > MAX_FRAGMENT {
                return 0;
            }
            // A block of one is no padding.
            ctx.change(|to| to.records.block_padding = if block == 1 { 0 } else { block });
            1
        })
    }
}

/// The extension is not sent: only its absence and the codes are checked, as records of the full size are
/// always legal without it.
///
/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_tlsext_max_fragment_length(
    ctx: *mut SSL_CTX,
    mode: u8,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, 0, |ctx| {
            if mode > 4 {
                queue::raise(reason::SSL3_EXT_INVALID_MAX_FRAGMENT_LENGTH);
                return 0;
            }
            ctx.change(|to| to.max_fragment_code = mode);
            1
        })
    }
}

/// Stored; a server that asks after the handshake finds that this client did not offer it.
///
/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_post_handshake_auth(ctx: *mut SSL_CTX, val: c_int) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.change(|to| to.post_handshake_auth = val != 0)
        })
    }
}

/// # Safety
/// `ssl` is NULL or live; the callback is one for this place.
pub(crate) unsafe extern "C" fn SSL_set_record_padding_callback(
    ssl: *mut SSL,
    callback: Option<PaddingCallback>,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            ssl.change(|to| to.records.padding = callback);
            1
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_record_padding_callback_arg(
    ssl: *mut SSL,
    arg: *mut c_void,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, (), |ssl| {
            ssl.change(|to| to.records.padding_arg = Arg(arg))
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_record_padding_callback_arg(
    ssl: *const SSL,
) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, std::ptr::null_mut(), |ssl| {
            ssl.settings().records.padding_arg.0
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_block_padding(ssl: *mut SSL, block: usize) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            if block > MAX_FRAGMENT {
                return 0;
            }
            // A block of one is no padding.
            ssl.change(|to| to.records.block_padding = if block == 1 { 0 } else { block });
            ssl.reconfigure();
            1
        })
    }
}

/// The extension is not sent: only its absence and the codes are checked, as records of the full size are
/// always legal without it.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_tlsext_max_fragment_length(
    ssl: *mut SSL,
    mode: u8,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            if mode > 4 {
                queue::raise(reason::SSL3_EXT_INVALID_MAX_FRAGMENT_LENGTH);
                return 0;
            }
            ssl.change(|to| to.max_fragment_code = mode);
            1
        })
    }
}

/// Stored; a server that asks after the handshake finds that this client did not offer it.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_post_handshake_auth(ssl: *mut SSL, val: c_int) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, (), |ssl| {
            ssl.change(|to| to.post_handshake_auth = val != 0)
        })
    }
}

/// No client offers it to us, as ours offers it to nobody.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_verify_client_post_handshake(ssl: *mut SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            queue::raise(if !ssl.is_tls13() {
                reason::WRONG_SSL_VERSION
            } else if !ssl.is_server() {
                reason::NOT_SERVER
            } else if ssl.in_init() {
                reason::STILL_IN_INIT
            } else {
                reason::EXTENSION_NOT_RECEIVED
            });
            0
        })
    }
}
