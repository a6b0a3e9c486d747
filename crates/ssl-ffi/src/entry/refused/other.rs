//! Single functions of features that are not built in: engines, SRTP, stateless cookies, `sendfile`
//! through the kernel's TLS, session secrets from EAP-FAST, extensions of the application's own, and the
//! protocol trace.

use std::ffi::{c_char, c_int, c_uint, c_void};

use openssl_sys::ENGINE;

use super::{NeverCalled, disabled};
use crate::handle::{SSL, SSL_CTX};

pub(crate) extern "C" fn SSL_CTX_set_client_cert_engine(_: *mut SSL_CTX, _: *mut ENGINE) -> c_int {
    disabled(0)
}

// rustls sends the extensions that it knows.

pub(crate) extern "C" fn SSL_CTX_add_client_custom_ext(
    _: *mut SSL_CTX,
    _: c_uint,
    _: NeverCalled,
    _: NeverCalled,
    _: *mut c_void,
    _: NeverCalled,
    _: *mut c_void,
) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_CTX_add_server_custom_ext(
    _: *mut SSL_CTX,
    _: c_uint,
    _: NeverCalled,
    _: NeverCalled,
    _: *mut c_void,
    _: NeverCalled,
    _: *mut c_void,
) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_CTX_add_custom_ext(
    _: *mut SSL_CTX,
    _: c_uint,
    _: c_uint,
    _: NeverCalled,
    _: NeverCalled,
    _: *mut c_void,
    _: NeverCalled,
    _: *mut c_void,
) -> c_int {
    disabled(0)
}

/// None was added.
pub(crate) extern "C" fn SSL_CTX_has_client_custom_ext(_: *const SSL_CTX, _: c_uint) -> c_int {
    0
}

/// Like all of SRTP's functions, says 1 when it fails.
pub(crate) extern "C" fn SSL_CTX_set_tlsext_use_srtp(_: *mut SSL_CTX, _: *const c_char) -> c_int {
    disabled(1)
}

/// Like all of SRTP's functions, says 1 when it fails.
pub(crate) extern "C" fn SSL_set_tlsext_use_srtp(_: *mut SSL, _: *const c_char) -> c_int {
    disabled(1)
}

pub(crate) extern "C" fn SSL_stateless(_: *mut SSL) -> c_int {
    disabled(-1)
}

pub(crate) extern "C" fn SSL_set_session_secret_cb(
    _: *mut SSL,
    _: NeverCalled,
    _: *mut c_void,
) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_set_session_ticket_ext(
    _: *mut SSL,
    _: *mut c_void,
    _: c_int,
) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_set_session_ticket_ext_cb(
    _: *mut SSL,
    _: NeverCalled,
    _: *mut c_void,
) -> c_int {
    disabled(0)
}

/// Prints nothing: a message callback that takes notes.
pub(crate) extern "C" fn SSL_trace(
    _: c_int,
    _: c_int,
    _: c_int,
    _: *const c_void,
    _: usize,
    _: *mut SSL,
    _: *mut c_void,
) {
}
