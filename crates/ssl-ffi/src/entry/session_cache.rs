//! The sessions of a context: SSL_CTX_add_session(3), SSL_CTX_flush_sessions(3), SSL_CTX_sessions(3),
//! SSL_CTX_set_timeout(3), SSL_CTX_sess_set_get_cb(3), SSL_CTX_set_generate_session_id(3),
//! SSL_CTX_set_session_id_context(3), SSL_CTX_set_session_ticket_cb(3),
//! SSL_CTX_set_tlsext_ticket_key_evp_cb(3).

use libc::{c_int, c_long, c_uchar, c_uint, c_void};

use super::{slice, with};
use crate::crypto::{queue::raise, reason};
use crate::ctx::sessions::{
    DecryptTicketCallback, FindSessionCallback, GenerateTicketCallback, NewSessionCallback,
    RemoveSessionCallback,
};
use crate::handle::{Counted, SSL_CTX, SSL_SESSION};
use crate::session::tickets::MacCallback;
use crate::settings::SessionIdContext;
use crate::settings::callbacks::{Arg, GenerateIdCallback, NotResumableCallback};

/// # Safety
/// Both are NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_add_session(
    ctx: *mut SSL_CTX,
    session: *mut SSL_SESSION,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, 0, |ctx| {
            let session = SSL_SESSION::share(session);
            session
                .is_some_and(|session| ctx.add_session(&session))
                .into()
        })
    }
}

/// # Safety
/// Both are NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_remove_session(
    ctx: *mut SSL_CTX,
    session: *mut SSL_SESSION,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, 0, |ctx| {
            // A count of our own: the cache's may be the last one.
            let session = SSL_SESSION::share(session);
            session
                .is_some_and(|session| ctx.remove_session(&session))
                .into()
        })
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_flush_sessions(ctx: *mut SSL_CTX, time: c_long) {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, (), |ctx| ctx.flush_sessions(time)) }
}

/// A copy: what is done to the table does nothing to the cache.
///
/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_sessions(ctx: *mut SSL_CTX) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, std::ptr::null_mut(), |ctx| ctx.sessions.table()) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_timeout(ctx: *mut SSL_CTX, seconds: c_long) -> c_long {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, |ctx| ctx.sessions.set_timeout(seconds)) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_timeout(ctx: *const SSL_CTX) -> c_long {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, |ctx| ctx.sessions.timeout()) }
}

/// # Safety
/// `ctx` is NULL or live; the callback is one for this place.
pub(crate) unsafe extern "C" fn SSL_CTX_sess_set_new_cb(
    ctx: *mut SSL_CTX,
    callback: Option<NewSessionCallback>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.sessions.change_hooks(|to| to.new = callback);
        });
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_sess_get_new_cb(
    ctx: *mut SSL_CTX,
) -> Option<NewSessionCallback> {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, None, |ctx| ctx.sessions.hooks().new) }
}

/// # Safety
/// As for [`SSL_CTX_sess_set_new_cb`].
pub(crate) unsafe extern "C" fn SSL_CTX_sess_set_remove_cb(
    ctx: *mut SSL_CTX,
    callback: Option<RemoveSessionCallback>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.sessions.change_hooks(|to| to.remove = callback);
        });
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_sess_get_remove_cb(
    ctx: *mut SSL_CTX,
) -> Option<RemoveSessionCallback> {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, None, |ctx| ctx.sessions.hooks().remove) }
}

/// # Safety
/// As for [`SSL_CTX_sess_set_new_cb`].
pub(crate) unsafe extern "C" fn SSL_CTX_sess_set_get_cb(
    ctx: *mut SSL_CTX,
    callback: Option<FindSessionCallback>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.sessions.change_hooks(|to| to.find = callback);
        });
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_sess_get_get_cb(
    ctx: *mut SSL_CTX,
) -> Option<FindSessionCallback> {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, None, |ctx| ctx.sessions.hooks().find) }
}

/// # Safety
/// `ctx` is NULL or live; `context` leads to `length` bytes.
pub(crate) unsafe extern "C" fn SSL_CTX_set_session_id_context(
    ctx: *mut SSL_CTX,
    context: *const c_uchar,
    length: c_uint,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, 0, |ctx| {
            let Some(context) = id_context(context, length) else {
                return 0;
            };
            ctx.change(|to| to.session_id_context = context);
            1
        })
    }
}

/// # Safety
/// `ctx` is NULL or live; the callback is one for this place.
pub(crate) unsafe extern "C" fn SSL_CTX_set_generate_session_id(
    ctx: *mut SSL_CTX,
    callback: Option<GenerateIdCallback>,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, 0, |ctx| {
            ctx.change(|to| to.hooks.generate_id = callback);
            1
        })
    }
}

/// # Safety
/// `ctx` is NULL or live; the callback is one for this place.
pub(crate) unsafe extern "C" fn SSL_CTX_set_not_resumable_session_callback(
    ctx: *mut SSL_CTX,
    callback: Option<NotResumableCallback>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.change(|to| to.hooks.not_resumable = callback);
        });
    }
}

/// # Safety
/// `ctx` is NULL or live; the callbacks are for their places.
pub(crate) unsafe extern "C" fn SSL_CTX_set_session_ticket_cb(
    ctx: *mut SSL_CTX,
    generate: Option<GenerateTicketCallback>,
    decrypt: Option<DecryptTicketCallback>,
    arg: *mut c_void,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, 0, |ctx| {
            ctx.sessions.change_hooks(|to| {
                to.generate_ticket = generate;
                to.decrypt_ticket = decrypt;
                to.ticket_arg = Arg(arg);
            });
            1
        })
    }
}

/// # Safety
/// `ctx` is NULL or live; the callback is one for this place.
pub(crate) unsafe extern "C" fn SSL_CTX_set_tlsext_ticket_key_evp_cb(
    ctx: *mut SSL_CTX,
    callback: Option<MacCallback>,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, 0, |ctx| {
            ctx.sessions.change_hooks(|to| to.mac = callback);
            1
        })
    }
}

/// A name for what sessions may be resumed for; `None`, with an entry queued, if it is too long.
///
/// # Safety
/// `context` leads to `length` bytes.
pub(super) unsafe fn id_context(
    context: *const c_uchar,
    length: c_uint,
) -> Option<SessionIdContext> {
    if length > ID_CONTEXT_MAX {
        raise(reason::SSL_SESSION_ID_CONTEXT_TOO_LONG);
        return None;
    }
    // SAFETY: the caller's promise.
    SessionIdContext::new(unsafe { slice::bytes(context, length as usize) })
}

/// `SSL_MAX_SID_CTX_LENGTH`.
const ID_CONTEXT_MAX: c_uint = 32;
