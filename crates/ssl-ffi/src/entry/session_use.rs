//! The session of a connection: SSL_get_session(3), SSL_set_session(3), SSL_session_reused(3),
//! SSL_copy_session_id(3), SSL_new_session_ticket(3), SSL_get_default_timeout(3), and the per-connection
//! forms of SSL_CTX_set_generate_session_id(3) and SSL_CTX_set_session_id_context(3).

use std::sync::Arc;

use libc::{c_int, c_long, c_uchar, c_uint};

use super::session_cache::id_context;
use super::{slice, with};
use crate::ctx::sessions::DEFAULT_TIMEOUT;
use crate::handle::{Counted, SSL, SSL_SESSION};
use crate::session::Id;
use crate::settings::callbacks::{GenerateIdCallback, NotResumableCallback};

/// Not counted: it stays the connection's.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_session(ssl: *const SSL) -> *mut SSL_SESSION {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, std::ptr::null_mut(), |ssl| {
            let session = ssl.session();
            session.map_or(std::ptr::null_mut(), |session| {
                Arc::as_ptr(&session).cast_mut()
            })
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get1_session(ssl: *mut SSL) -> *mut SSL_SESSION {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, std::ptr::null_mut(), |ssl| {
            ssl.session()
                .map_or(std::ptr::null_mut(), SSL_SESSION::into_c)
        })
    }
}

/// # Safety
/// `ssl` is NULL or live; `session` is NULL, for none, or live.
pub(crate) unsafe extern "C" fn SSL_set_session(ssl: *mut SSL, session: *mut SSL_SESSION) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            ssl.set_session(SSL_SESSION::share(session));
            1
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_session_reused(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.facts().resumed.into()) }
}

/// Session, certificates and id context of another connection.
///
/// # Safety
/// Both are NULL or live.
pub(crate) unsafe extern "C" fn SSL_copy_session_id(to: *mut SSL, from: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(to, 0, |to| {
            with(from, 0, |from| {
                to.copy_session(from);
                1
            })
        })
    }
}

/// Tickets are sent with the handshake only: a later one is refused.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_new_session_ticket(_ssl: *mut SSL) -> c_int {
    0
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_default_timeout(ssl: *const SSL) -> c_long {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |_| DEFAULT_TIMEOUT) }
}

/// # Safety
/// `ssl` is NULL or live; `id` leads to `length` bytes.
pub(crate) unsafe extern "C" fn SSL_has_matching_session_id(
    ssl: *const SSL,
    id: *const c_uchar,
    length: c_uint,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            let is_short = length as usize <= Id::MAX;
            (is_short && ssl.has_session_id(slice::bytes(id, length as usize))).into()
        })
    }
}

/// # Safety
/// `ssl` is NULL or live; the callback is one for this place.
pub(crate) unsafe extern "C" fn SSL_set_generate_session_id(
    ssl: *mut SSL,
    callback: Option<GenerateIdCallback>,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            ssl.change(|to| to.hooks.generate_id = callback);
            1
        })
    }
}

/// # Safety
/// `ssl` is NULL or live; the callback is one for this place.
pub(crate) unsafe extern "C" fn SSL_set_not_resumable_session_callback(
    ssl: *mut SSL,
    callback: Option<NotResumableCallback>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, (), |ssl| {
            ssl.change(|to| to.hooks.not_resumable = callback);
        });
    }
}

/// # Safety
/// `ssl` is NULL or live; `context` leads to `length` bytes.
pub(crate) unsafe extern "C" fn SSL_set_session_id_context(
    ssl: *mut SSL,
    context: *const c_uchar,
    length: c_uint,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            let Some(context) = id_context(context, length) else {
                return 0;
            };
            ssl.change(|to| to.session_id_context = context);
            1
        })
    }
}
