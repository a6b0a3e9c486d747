//! Keys shared outside of TLS. The setters return nothing, so they can only do nothing: no suite and no
//! handshake with such a key exists, and a peer that insists on one fails to agree with us.

use std::ffi::{c_char, c_int};

use super::{NeverCalled, disabled};
use crate::handle::{SSL, SSL_CTX};

pub(crate) extern "C" fn SSL_CTX_set_psk_client_callback(_: *mut SSL_CTX, _: NeverCalled) {}

pub(crate) extern "C" fn SSL_CTX_set_psk_find_session_callback(_: *mut SSL_CTX, _: NeverCalled) {}

pub(crate) extern "C" fn SSL_CTX_set_psk_server_callback(_: *mut SSL_CTX, _: NeverCalled) {}

pub(crate) extern "C" fn SSL_CTX_set_psk_use_session_callback(_: *mut SSL_CTX, _: NeverCalled) {}

pub(crate) extern "C" fn SSL_set_psk_client_callback(_: *mut SSL, _: NeverCalled) {}

pub(crate) extern "C" fn SSL_set_psk_find_session_callback(_: *mut SSL, _: NeverCalled) {}

pub(crate) extern "C" fn SSL_set_psk_server_callback(_: *mut SSL, _: NeverCalled) {}

pub(crate) extern "C" fn SSL_set_psk_use_session_callback(_: *mut SSL, _: NeverCalled) {}

pub(crate) extern "C" fn SSL_CTX_use_psk_identity_hint(
    _: *mut SSL_CTX,
    hint: *const c_char,
) -> c_int {
    use_hint(hint)
}

pub(crate) extern "C" fn SSL_use_psk_identity_hint(_: *mut SSL, hint: *const c_char) -> c_int {
    use_hint(hint)
}

/// No hint is what there is anyway.
#[track_caller]
fn use_hint(hint: *const c_char) -> c_int {
    if hint.is_null() { 1 } else { disabled(0) }
}
