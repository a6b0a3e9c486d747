//! Commands on the sessions of a context: the cache's mode, size and counters, the keys of tickets.
//!
//! Owns their C forms: `SSL_CTX_sess_number(3)`, `SSL_CTX_sess_set_cache_size(3)`,
//! `SSL_CTX_set_session_cache_mode(3)`, `SSL_CTX_set_tlsext_ticket_key_cb(3)`.

use libc::{c_int, c_long, c_void};
use zeroize::Zeroizing;

use crate::crypto::{queue::raise, reason};
use crate::ctx::Ctx;
use crate::session::tickets::{HmacCallback, KEYS, TicketKeys};
use crate::session::{CacheMode, Counter};
use crate::settings::callbacks::{AnyCallback, NotResumableCallback};
use crate::ssl::Ssl;

/// # Safety
/// `parg` is what the command demands.
pub(super) unsafe fn on_ctx(
    ctx: &Ctx,
    cmd: c_int,
    larg: c_long,
    parg: *mut c_void,
) -> Option<c_long> {
    let cache = &ctx.sessions.cache;
    Some(match cmd {
        SESS_NUMBER => c_long::try_from(cache.len()).unwrap_or(c_long::MAX),
        SET_SESS_CACHE_SIZE => cache.set_limit(larg),
        GET_SESS_CACHE_SIZE => cache.limit(),
        // Bits beyond those that exist are kept, as in OpenSSL.
        SET_SESS_CACHE_MODE => cache.set_mode(CacheMode(larg as u32)).0.into(),
        GET_SESS_CACHE_MODE => cache.mode().0.into(),
        // SAFETY: the caller's promise.
        GET_TICKET_KEYS => unsafe { show_keys(ctx, larg, parg) },
        // SAFETY: the caller's promise.
        SET_TICKET_KEYS => unsafe { set_keys(ctx, larg, parg) },
        _ => cache.counted(counter(cmd)?),
    })
}

/// # Safety
/// `callback` is NULL or of the type that the command demands.
pub(super) unsafe fn callback_on_ctx(
    ctx: &Ctx,
    cmd: c_int,
    callback: Option<AnyCallback>,
) -> Option<c_long> {
    match cmd {
        SET_TICKET_KEY_CB => {
            // SAFETY: both are nullable function pointers; the command demands this type.
            let callback = unsafe {
                std::mem::transmute::<Option<AnyCallback>, Option<HmacCallback>>(callback)
            };
            ctx.sessions.change_hooks(|hooks| hooks.hmac = callback);
        }
        SET_NOT_RESUMABLE_CB => {
            // SAFETY: the caller's promise.
            let callback = unsafe { not_resumable(callback) };
            ctx.change(|to| to.hooks.not_resumable = callback);
        }
        _ => return None,
    }
    Some(1)
}

/// # Safety
/// `callback` is NULL or of the type that the command demands.
pub(super) unsafe fn callback_on_ssl(
    ssl: &Ssl,
    cmd: c_int,
    callback: Option<AnyCallback>,
) -> Option<c_long> {
    if cmd != SET_NOT_RESUMABLE_CB {
        return None;
    }
    // SAFETY: the caller's promise.
    let callback = unsafe { not_resumable(callback) };
    ssl.change(|to| to.hooks.not_resumable = callback);
    Some(1)
}

/// # Safety
/// `callback` is NULL or of the returned type.
unsafe fn not_resumable(callback: Option<AnyCallback>) -> Option<NotResumableCallback> {
    // SAFETY: both are nullable function pointers; the rest is the caller's promise.
    unsafe { std::mem::transmute::<Option<AnyCallback>, Option<NotResumableCallback>>(callback) }
}

/// # Safety
/// `to` is NULL or has room for `length` bytes.
unsafe fn show_keys(ctx: &Ctx, length: c_long, to: *mut c_void) -> c_long {
    if to.is_null() {
        return KEYS as c_long;
    }
    let keys = ctx.sessions.ticket_keys().filter(|_| is_right(length));
    let Some(keys) = keys else {
        return 0;
    };
    // SAFETY: the caller's promise.
    unsafe { to.cast::<[u8; KEYS]>().write_unaligned(*keys.to_bytes()) };
    1
}

/// # Safety
/// `from` is NULL or leads to `length` bytes.
unsafe fn set_keys(ctx: &Ctx, length: c_long, from: *mut c_void) -> c_long {
    if from.is_null() {
        return KEYS as c_long;
    }
    if !is_right(length) {
        return 0;
    }
    // SAFETY: the caller's promise.
    let bytes = Zeroizing::new(unsafe { from.cast::<[u8; KEYS]>().read_unaligned() });
    ctx.sessions.set_ticket_keys(TicketKeys::from_bytes(&bytes));
    1
}

fn is_right(length: c_long) -> bool {
    let is_right = length == KEYS as c_long;
    if !is_right {
        raise(reason::INVALID_TICKET_KEYS_LENGTH);
    }
    is_right
}

fn counter(cmd: c_int) -> Option<Counter> {
    Some(match cmd {
        21 => Counter::Connect,
        22 => Counter::ConnectGood,
        23 => Counter::ConnectRenegotiate,
        24 => Counter::Accept,
        25 => Counter::AcceptGood,
        26 => Counter::AcceptRenegotiate,
        27 => Counter::Hits,
        28 => Counter::CallbackHits,
        29 => Counter::Misses,
        30 => Counter::Timeouts,
        31 => Counter::Full,
        _ => return None,
    })
}

const SESS_NUMBER: c_int = 20;
const SET_SESS_CACHE_SIZE: c_int = 42;
const GET_SESS_CACHE_SIZE: c_int = 43;
const SET_SESS_CACHE_MODE: c_int = 44;
const GET_SESS_CACHE_MODE: c_int = 45;
const GET_TICKET_KEYS: c_int = 58;
const SET_TICKET_KEYS: c_int = 59;
const SET_TICKET_KEY_CB: c_int = 72;
const SET_NOT_RESUMABLE_CB: c_int = 79;
