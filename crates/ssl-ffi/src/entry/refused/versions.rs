//! Versions of DTLS, which are not built in. A program that asks for one gets no method, so
//! `SSL_CTX_new` has nothing to make a context from.

use std::ffi::{c_int, c_void};
use std::ptr;

use super::refuse;
use crate::crypto::reason;
use crate::handle::{SSL, SSL_METHOD};

pub(crate) extern "C" fn DTLSv1_2_client_method() -> *const SSL_METHOD {
    no_method()
}

pub(crate) extern "C" fn DTLSv1_2_method() -> *const SSL_METHOD {
    no_method()
}

pub(crate) extern "C" fn DTLSv1_2_server_method() -> *const SSL_METHOD {
    no_method()
}

pub(crate) extern "C" fn DTLSv1_client_method() -> *const SSL_METHOD {
    no_method()
}

pub(crate) extern "C" fn DTLSv1_method() -> *const SSL_METHOD {
    no_method()
}

pub(crate) extern "C" fn DTLSv1_server_method() -> *const SSL_METHOD {
    no_method()
}

pub(crate) extern "C" fn DTLSv1_listen(_: *mut SSL, _: *mut c_void) -> c_int {
    refuse(reason::UNSUPPORTED_PROTOCOL, -1)
}

#[track_caller]
fn no_method() -> *const SSL_METHOD {
    refuse(reason::UNSUPPORTED_PROTOCOL, ptr::null())
}
