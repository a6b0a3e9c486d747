//! `SSL_SESSION_get_protocol_version(3)`, `SSL_SESSION_get0_cipher(3)`, `SSL_SESSION_get0_hostname(3)`,
//! `SSL_SESSION_has_ticket(3)`, `SSL_SESSION_get0_peer(3)`, `SSL_get_client_random(3)` for the master key,
//! `SSL_SESSION_set1_ticket_appdata(3)`, `SSL_get_max_early_data(3)`.
//!
//! Owns the pointers of C. A NULL session gets the function's failure value.

use std::ffi::{CStr, c_char, c_int, c_uchar, c_ulong, c_void};

use openssl_sys::X509;
use zeroize::Zeroizing;

use super::slice;
use crate::boundary::guard;
use crate::handle::{Counted, SSL_SESSION};
use crate::negotiate::suites::Suite;
use crate::session::{Fields, Session};

/// `SSL_SESSION_get_protocol_version(3)`
///
/// # Safety
/// `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_get_protocol_version(
    session: *const SSL_SESSION,
) -> c_int {
    // SAFETY: the caller's promise.
    guard(0, || unsafe {
        look(session, 0, |fields| fields.protocol_version)
    })
}

/// `SSL_SESSION_set_protocol_version(3)`
///
/// # Safety
/// `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_set_protocol_version(
    session: *mut SSL_SESSION,
    version: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    guard(0, || unsafe {
        change(session, |fields| fields.protocol_version = version)
    })
}

/// `SSL_SESSION_get0_cipher(3)`
///
/// # Safety
/// `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_get0_cipher(
    session: *const SSL_SESSION,
) -> *const Suite {
    guard(std::ptr::null(), || {
        // SAFETY: the caller's promise.
        let number = unsafe { look(session, None, |fields| fields.suite) };
        number
            .and_then(Suite::from_wire)
            .map_or(std::ptr::null(), std::ptr::from_ref)
    })
}

/// `SSL_SESSION_set_cipher(3)`
///
/// # Safety
/// `session` is NULL or live; `cipher` is NULL or one of ours.
pub(crate) unsafe extern "C" fn SSL_SESSION_set_cipher(
    session: *mut SSL_SESSION,
    cipher: *const Suite,
) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise.
        let suite = unsafe { cipher.as_ref() }.map(Suite::wire);
        // SAFETY: the caller's promise.
        unsafe { change(session, |fields| fields.suite = suite) }
    })
}

/// `SSL_SESSION_get0_hostname(3)`
///
/// # Safety
/// `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_get0_hostname(
    session: *const SSL_SESSION,
) -> *const c_char {
    let none = std::ptr::null();
    let name = |fields: &Fields| fields.host_name.as_ref().map_or(none, |name| name.as_ptr());
    // SAFETY: the caller's promise.
    guard(none, || unsafe { look(session, none, name) })
}

/// `SSL_SESSION_set1_hostname(3)`
///
/// # Safety
/// `session` is NULL or live; `name` is NULL or a C string.
pub(crate) unsafe extern "C" fn SSL_SESSION_set1_hostname(
    session: *mut SSL_SESSION,
    name: *const c_char,
) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise.
        let name = unsafe { slice::string(name) }.map(CStr::to_owned);
        // SAFETY: the caller's promise.
        unsafe { change(session, |fields| fields.host_name = name) }
    })
}

/// `SSL_SESSION_get0_alpn_selected(3)`
///
/// # Safety
/// `session` is NULL or live; `alpn` and `length` are NULL or can be written.
pub(crate) unsafe extern "C" fn SSL_SESSION_get0_alpn_selected(
    session: *const SSL_SESSION,
    alpn: *mut *const c_uchar,
    length: *mut usize,
) {
    // SAFETY: the caller's promise.
    guard((), || unsafe {
        lend(session, alpn, length, |fields| fields.alpn.as_deref());
    });
}

/// `SSL_SESSION_set1_alpn_selected(3)`
///
/// # Safety
/// `session` is NULL or live; `alpn` leads to `length` bytes.
pub(crate) unsafe extern "C" fn SSL_SESSION_set1_alpn_selected(
    session: *mut SSL_SESSION,
    alpn: *const c_uchar,
    length: usize,
) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise.
        let bytes = unsafe { some_bytes(alpn, length) };
        // SAFETY: the caller's promise.
        unsafe { change(session, |fields| fields.alpn = bytes) }
    })
}

/// `SSL_SESSION_has_ticket(3)`
///
/// # Safety
/// `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_has_ticket(session: *const SSL_SESSION) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise.
        let has = unsafe { look(session, false, Fields::has_ticket) };
        has.into()
    })
}

/// `SSL_SESSION_get_ticket_lifetime_hint(3)`
///
/// # Safety
/// `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_get_ticket_lifetime_hint(
    session: *const SSL_SESSION,
) -> c_ulong {
    // SAFETY: the caller's promise.
    guard(0, || unsafe {
        look(session, 0, |fields| fields.lifetime_hint)
    })
}

/// `SSL_SESSION_get0_ticket(3)`
///
/// # Safety
/// `session` is NULL or live; `ticket` and `length` are NULL or can be written.
pub(crate) unsafe extern "C" fn SSL_SESSION_get0_ticket(
    session: *const SSL_SESSION,
    ticket: *mut *const c_uchar,
    length: *mut usize,
) {
    // SAFETY: the caller's promise.
    guard((), || unsafe {
        lend(session, ticket, length, |fields| fields.ticket.as_deref());
    });
}

/// `SSL_SESSION_get_max_early_data(3)`
///
/// # Safety
/// `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_get_max_early_data(session: *const SSL_SESSION) -> u32 {
    // SAFETY: the caller's promise.
    guard(0, || unsafe {
        look(session, 0, |fields| fields.max_early_data)
    })
}

/// `SSL_SESSION_set_max_early_data(3)`
///
/// # Safety
/// `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_set_max_early_data(
    session: *mut SSL_SESSION,
    most: u32,
) -> c_int {
    // SAFETY: the caller's promise.
    guard(0, || unsafe {
        change(session, |fields| fields.max_early_data = most)
    })
}

/// `SSL_SESSION_get_max_fragment_length(3)`: RFC 6066's code; 0 if none was agreed on.
///
/// # Safety
/// `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_get_max_fragment_length(
    session: *const SSL_SESSION,
) -> u8 {
    let code = |fields: &Fields| match fields.fragment_mode {
        FRAGMENT_MODE_UNSPECIFIED => 0,
        code => code,
    };
    // SAFETY: the caller's promise.
    guard(0, || unsafe { look(session, 0, code) })
}

/// `SSL_SESSION_get0_peer(3)`
///
/// # Safety
/// `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_get0_peer(session: *mut SSL_SESSION) -> *mut X509 {
    let none = std::ptr::null_mut();
    let peer = |fields: &Fields| fields.peer.as_ref().map_or(none, |peer| peer.as_ptr());
    // SAFETY: the caller's promise.
    guard(none, || unsafe { look(session, none, peer) })
}

/// `SSL_SESSION_get_master_key(3)`
///
/// # Safety
/// `session` is NULL or live; `out` has room for `room` bytes.
pub(crate) unsafe extern "C" fn SSL_SESSION_get_master_key(
    session: *const SSL_SESSION,
    out: *mut c_uchar,
    room: usize,
) -> usize {
    guard(0, || {
        let none = Zeroizing::default();
        // SAFETY: the caller's promise.
        let secret = unsafe { look(session, none, |fields| fields.secret.clone()) };
        if room == 0 || out.is_null() {
            return secret.len();
        }
        let length = secret.len().min(room);
        // SAFETY: `out` has room for `length` bytes, and the secret is a copy of ours.
        unsafe { std::ptr::copy_nonoverlapping(secret.as_ptr(), out, length) };
        length
    })
}

/// `SSL_SESSION_set1_master_key(3)`
///
/// # Safety
/// `session` is NULL or live; `secret` leads to `length` bytes.
pub(crate) unsafe extern "C" fn SSL_SESSION_set1_master_key(
    session: *mut SSL_SESSION,
    secret: *const c_uchar,
    length: usize,
) -> c_int {
    guard(0, || {
        if length > Session::SECRET_MAX {
            return 0;
        }
        // SAFETY: the caller's promise.
        let bytes = unsafe { slice::bytes(secret, length) };
        let secret = Zeroizing::new(bytes.to_vec());
        // SAFETY: the caller's promise.
        unsafe { change(session, |fields| fields.secret = secret) }
    })
}

/// `SSL_SESSION_get0_ticket_appdata(3)`
///
/// # Safety
/// `session` is NULL or live; `data` and `length` are NULL or can be written.
pub(crate) unsafe extern "C" fn SSL_SESSION_get0_ticket_appdata(
    session: *mut SSL_SESSION,
    data: *mut *mut c_void,
    length: *mut usize,
) -> c_int {
    guard(0, || {
        let data = data.cast();
        // SAFETY: the caller's promise.
        unsafe {
            lend(session, data, length, |fields| {
                fields.ticket_appdata.as_deref()
            });
        };
        (!session.is_null()).into()
    })
}

/// `SSL_SESSION_set1_ticket_appdata(3)`
///
/// # Safety
/// `session` is NULL or live; `data` leads to `length` bytes.
pub(crate) unsafe extern "C" fn SSL_SESSION_set1_ticket_appdata(
    session: *mut SSL_SESSION,
    data: *const c_void,
    length: usize,
) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise.
        let bytes = unsafe { some_bytes(data.cast(), length) };
        // SAFETY: the caller's promise.
        unsafe { change(session, |fields| fields.ticket_appdata = bytes) }
    })
}

/// Looks at a session; `fallback` for NULL.
///
/// # Safety
/// `session` is NULL or live.
unsafe fn look<T>(session: *const SSL_SESSION, fallback: T, look: impl FnOnce(&Fields) -> T) -> T {
    // SAFETY: the caller's promise.
    match unsafe { Session::peek(session) } {
        Some(session) => session.read(look),
        None => fallback,
    }
}

/// Changes a session: 1, or 0 for NULL.
///
/// # Safety
/// `session` is NULL or live.
unsafe fn change(session: *mut SSL_SESSION, change: impl FnOnce(&mut Fields)) -> c_int {
    // SAFETY: the caller's promise.
    let session = unsafe { Session::peek(session) };
    session
        .map(|session| session.change(change))
        .is_some()
        .into()
}

/// Bytes that stay the session's; NULL and 0 if there are none.
///
/// # Safety
/// `session` is NULL or live; `at` and `length` are NULL or can be written.
unsafe fn lend(
    session: *const SSL_SESSION,
    at: *mut *const c_uchar,
    length: *mut usize,
    field: impl FnOnce(&Fields) -> Option<&[u8]>,
) {
    let none = (std::ptr::null(), 0);
    let place = |fields: &Fields| field(fields).map_or(none, |bytes| (bytes.as_ptr(), bytes.len()));
    // SAFETY: the caller's promise.
    let (start, count) = unsafe { look(session, none, place) };
    // SAFETY: the caller's promise.
    unsafe {
        slice::put(at, start);
        slice::put(length, count);
    }
}

/// Bytes from C; `None` for NULL or no bytes.
///
/// # Safety
/// `at` is NULL or leads to `length` bytes.
unsafe fn some_bytes(at: *const c_uchar, length: usize) -> Option<Box<[u8]>> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { slice::bytes(at, length) };
    (!bytes.is_empty()).then(|| bytes.into())
}

/// `TLSEXT_max_fragment_length_UNSPECIFIED`.
const FRAGMENT_MODE_UNSPECIFIED: u8 = 255;
