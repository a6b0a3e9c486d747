//! Secure remote passwords (RFC 5054), deprecated by OpenSSL 3.0 and not built in.

use std::ffi::{c_char, c_int, c_void};

use openssl_sys::BIGNUM;

use super::{NeverCalled, disabled};
use crate::boundary::guard;
use crate::handle::{SSL, SSL_CTX};

pub(crate) extern "C" fn SRP_Calc_A_param(_: *mut SSL) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_CTX_SRP_CTX_init(_: *mut SSL_CTX) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_SRP_CTX_init(_: *mut SSL) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_CTX_set_srp_cb_arg(_: *mut SSL_CTX, _: *mut c_void) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_CTX_set_srp_client_pwd_callback(
    _: *mut SSL_CTX,
    _: NeverCalled,
) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_CTX_set_srp_password(_: *mut SSL_CTX, _: *mut c_char) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_CTX_set_srp_strength(_: *mut SSL_CTX, _: c_int) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_CTX_set_srp_username(_: *mut SSL_CTX, _: *mut c_char) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_CTX_set_srp_username_callback(
    _: *mut SSL_CTX,
    _: NeverCalled,
) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_CTX_set_srp_verify_param_callback(
    _: *mut SSL_CTX,
    _: NeverCalled,
) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_set_srp_server_param(
    _: *mut SSL,
    _: *const BIGNUM,
    _: *const BIGNUM,
    _: *mut BIGNUM,
    _: *mut BIGNUM,
    _: *mut c_char,
) -> c_int {
    disabled(-1)
}

pub(crate) extern "C" fn SSL_set_srp_server_param_pw(
    _: *mut SSL,
    _: *const c_char,
    _: *const c_char,
    _: *const c_char,
) -> c_int {
    disabled(-1)
}

/// # Safety
/// `alert` is NULL or can be written to.
pub(crate) unsafe extern "C" fn SSL_srp_server_param_with_username(
    _: *mut SSL,
    alert: *mut c_int,
) -> c_int {
    guard((), || {
        // SAFETY: the caller's promise.
        if let Some(alert) = unsafe { alert.as_mut() } {
            *alert = SSL_AD_UNKNOWN_PSK_IDENTITY;
        }
    });
    disabled(SSL3_AL_FATAL)
}

const SSL3_AL_FATAL: c_int = 2;
const SSL_AD_UNKNOWN_PSK_IDENTITY: c_int = 115;
