//! Extensions of the application's that go with a certificate. Not built in: the handshake sends those it
//! knows.

use std::ffi::{c_char, c_int, c_uchar, c_uint};

use super::disabled;
use crate::handle::SSL_CTX;

pub(crate) extern "C" fn SSL_CTX_use_serverinfo(
    _: *mut SSL_CTX,
    _: *const c_uchar,
    _: usize,
) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_CTX_use_serverinfo_ex(
    _: *mut SSL_CTX,
    _: c_uint,
    _: *const c_uchar,
    _: usize,
) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_CTX_use_serverinfo_file(_: *mut SSL_CTX, _: *const c_char) -> c_int {
    disabled(0)
}
