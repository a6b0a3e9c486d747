//! SSL_do_handshake(3), SSL_connect(3), SSL_accept(3), SSL_set_connect_state(3), SSL_in_init(3).

use libc::c_int;
use ssl_record::Side;

use super::with;
use crate::handle::SSL;
use crate::ssl::Stage;

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_do_handshake(ssl: *mut SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, -1, SSL::do_handshake) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_connect(ssl: *mut SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, -1, |ssl| {
            if ssl.side().is_none() {
                ssl.set_side(Side::Client);
            }
            ssl.do_handshake()
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_accept(ssl: *mut SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, -1, |ssl| {
            if ssl.side().is_none() {
                ssl.set_side(Side::Server);
            }
            ssl.do_handshake()
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_connect_state(ssl: *mut SSL) {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, (), |ssl| ssl.begin_as(Side::Client)) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_accept_state(ssl: *mut SSL) {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, (), |ssl| ssl.begin_as(Side::Server)) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_is_server(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.is_server().into()) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_in_init(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| (ssl.in_init() && !ssl.rests_early()).into()) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_is_init_finished(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.is_init_finished().into()) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_in_before(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| (ssl.stage() == Stage::Before).into()) }
}
