//! `SSL_SESSION_new(3)`, `SSL_SESSION_free(3)`, `SSL_SESSION_get_time(3)`, `SSL_SESSION_get0_id_context(3)`,
//! `SSL_SESSION_set1_id(3)`, `SSL_SESSION_is_resumable(3)`, `SSL_SESSION_set_ex_data(3)`.
//!
//! Owns the pointers of C. A NULL session gets the function's failure value.

use std::ffi::{c_int, c_long, c_uchar, c_uint, c_void};
use std::sync::Arc;

use super::slice;
use crate::boundary::guard;
use crate::crypto::{queue, reason, strings};
use crate::handle::{Counted, SSL_SESSION};
use crate::session::{Id, Session};

/// `SSL_SESSION_new(3)`
pub(crate) extern "C" fn SSL_SESSION_new() -> *mut SSL_SESSION {
    guard(std::ptr::null_mut(), || {
        // The first object that a program makes may be this one.
        strings::load();
        given(Session::new())
    })
}

/// `SSL_SESSION_dup(3)`
///
/// # Safety
/// `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_dup(session: *const SSL_SESSION) -> *mut SSL_SESSION {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let session = unsafe { Session::peek(session) };
        given(session.and_then(Session::duplicate))
    })
}

/// `SSL_SESSION_up_ref(3)`
///
/// # Safety
/// `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_up_ref(session: *mut SSL_SESSION) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise.
        let shared = unsafe { Session::share(session) };
        // The new count is the caller's.
        shared.map(Session::into_c).is_some().into()
    })
}

/// `SSL_SESSION_free(3)`
///
/// # Safety
/// `session` is NULL or live, and the caller's count is not used again.
pub(crate) unsafe extern "C" fn SSL_SESSION_free(session: *mut SSL_SESSION) {
    guard((), || {
        // SAFETY: the caller's promise.
        drop(unsafe { Session::from_c(session) });
    });
}

/// `SSL_SESSION_get_time(3)`
///
/// # Safety
/// `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_get_time(session: *const SSL_SESSION) -> c_long {
    guard(0, || {
        // SAFETY: the caller's promise.
        let session = unsafe { Session::peek(session) };
        session.map_or(0, |session| session.read(|fields| fields.time))
    })
}

/// `SSL_SESSION_set_time(3)`
///
/// # Safety
/// `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_set_time(
    session: *mut SSL_SESSION,
    time: c_long,
) -> c_long {
    guard(0, || {
        // SAFETY: the caller's promise.
        let Some(session) = (unsafe { Session::peek(session) }) else {
            return 0;
        };
        session.set_time(time);
        time
    })
}

/// `SSL_SESSION_get_timeout(3)`
///
/// # Safety
/// `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_get_timeout(session: *const SSL_SESSION) -> c_long {
    guard(0, || {
        // SAFETY: the caller's promise.
        let session = unsafe { Session::peek(session) };
        session.map_or(0, |session| session.read(|fields| fields.timeout))
    })
}

/// `SSL_SESSION_set_timeout(3)`
///
/// # Safety
/// `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_set_timeout(
    session: *mut SSL_SESSION,
    timeout: c_long,
) -> c_long {
    guard(0, || {
        // SAFETY: the caller's promise.
        let session = unsafe { Session::peek(session) };
        let Some(session) = session.filter(|_| timeout >= 0) else {
            return 0;
        };
        session.set_timeout(timeout);
        1
    })
}

/// `SSL_SESSION_is_resumable(3)`
///
/// # Safety
/// `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_is_resumable(session: *const SSL_SESSION) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise.
        let session = unsafe { Session::peek(session) };
        session.is_some_and(Session::is_resumable).into()
    })
}

/// `SSL_SESSION_get_id(3)`. The bytes are the session's; never NULL for a live session.
///
/// # Safety
/// `session` is NULL or live; `length` is NULL or can be written.
pub(crate) unsafe extern "C" fn SSL_SESSION_get_id(
    session: *const SSL_SESSION,
    length: *mut c_uint,
) -> *const c_uchar {
    // SAFETY: the caller's promise.
    guard(std::ptr::null(), || unsafe {
        lend(session, length, |session| session.id_bytes())
    })
}

/// `SSL_SESSION_get0_id_context(3)`. As [`SSL_SESSION_get_id`].
///
/// # Safety
/// `session` is NULL or live; `length` is NULL or can be written.
pub(crate) unsafe extern "C" fn SSL_SESSION_get0_id_context(
    session: *const SSL_SESSION,
    length: *mut c_uint,
) -> *const c_uchar {
    // SAFETY: the caller's promise.
    guard(std::ptr::null(), || unsafe {
        lend(session, length, |session| session.context_bytes())
    })
}

/// `SSL_SESSION_set1_id(3)`
///
/// # Safety
/// `session` is NULL or live; `id` leads to `length` bytes.
pub(crate) unsafe extern "C" fn SSL_SESSION_set1_id(
    session: *mut SSL_SESSION,
    id: *const c_uchar,
    length: c_uint,
) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise.
        let (session, id) = unsafe { (Session::peek(session), short(id, length)) };
        let Some(id) = id else {
            queue::raise(reason::SSL_SESSION_ID_TOO_LONG);
            return 0;
        };
        session
            .map(|session| session.change(|fields| fields.id = id))
            .is_some()
            .into()
    })
}

/// `SSL_SESSION_set1_id_context(3)`
///
/// # Safety
/// `session` is NULL or live; `context` leads to `length` bytes.
pub(crate) unsafe extern "C" fn SSL_SESSION_set1_id_context(
    session: *mut SSL_SESSION,
    context: *const c_uchar,
    length: c_uint,
) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise.
        let (session, context) = unsafe { (Session::peek(session), short(context, length)) };
        let Some(context) = context else {
            queue::raise(reason::SSL_SESSION_ID_CONTEXT_TOO_LONG);
            return 0;
        };
        session
            .map(|session| session.change(|fields| fields.context = context))
            .is_some()
            .into()
    })
}

/// `SSL_SESSION_set_ex_data(3)`
///
/// # Safety
/// `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_set_ex_data(
    session: *mut SSL_SESSION,
    index: c_int,
    value: *mut c_void,
) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise.
        let session = unsafe { Session::peek(session) };
        session.map_or(0, |session| session.ex_data().set(index, value))
    })
}

/// `SSL_SESSION_get_ex_data(3)`
///
/// # Safety
/// `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_get_ex_data(
    session: *const SSL_SESSION,
    index: c_int,
) -> *mut c_void {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let session = unsafe { Session::peek(session) };
        session.map_or(std::ptr::null_mut(), |session| {
            session.ex_data().value(index)
        })
    })
}

/// A session that C gets a count of; NULL if there is none.
fn given(session: Option<Arc<Session>>) -> *mut SSL_SESSION {
    session.map_or(std::ptr::null_mut(), Session::into_c)
}

/// Bytes that stay the session's.
///
/// # Safety
/// `session` is NULL or live; `length` is NULL or can be written.
unsafe fn lend(
    session: *const SSL_SESSION,
    length: *mut c_uint,
    bytes: impl FnOnce(&Session) -> (*const c_uchar, usize),
) -> *const c_uchar {
    // SAFETY: the caller's promise.
    let session = unsafe { Session::peek(session) };
    let (at, count) = session.map_or((std::ptr::null(), 0), bytes);
    // SAFETY: the caller's promise.
    unsafe { slice::put(length, count as c_uint) };
    at
}

/// Up to 32 bytes from C; `None` if there are more.
///
/// # Safety
/// `at` leads to `length` bytes.
unsafe fn short(at: *const c_uchar, length: c_uint) -> Option<Id> {
    if length == 0 {
        return Some(Id::default());
    }
    let length = usize::try_from(length)
        .ok()
        .filter(|&length| length <= Id::MAX)?;
    if at.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    Id::new(unsafe { std::slice::from_raw_parts(at, length) })
}
