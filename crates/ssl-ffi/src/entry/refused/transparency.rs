//! Certificate transparency (RFC 6962). Not built in; to switch it off is fine.

use std::ffi::{c_char, c_int, c_void};

use super::{NeverCalled, disabled};
use crate::handle::{SSL, SSL_CTX};

pub(crate) extern "C" fn SSL_CTX_enable_ct(_: *mut SSL_CTX, _: c_int) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_enable_ct(_: *mut SSL, _: c_int) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_CTX_set_ct_validation_callback(
    _: *mut SSL_CTX,
    callback: NeverCalled,
    _: *mut c_void,
) -> c_int {
    validate_with(callback)
}

pub(crate) extern "C" fn SSL_set_ct_validation_callback(
    _: *mut SSL,
    callback: NeverCalled,
    _: *mut c_void,
) -> c_int {
    validate_with(callback)
}

pub(crate) extern "C" fn SSL_CTX_set_ctlog_list_file(_: *mut SSL_CTX, _: *const c_char) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_CTX_set_default_ctlog_list_file(_: *mut SSL_CTX) -> c_int {
    disabled(0)
}

/// No callback means no validation, which is what there is anyway.
#[track_caller]
fn validate_with(callback: NeverCalled) -> c_int {
    if callback.is_none() { 1 } else { disabled(0) }
}
