//! What this library refuses by configuration: it is an OpenSSL built without these features.
//!
//! Owns the failures, each with the reason that symbols.txt names. Looks into no object.

mod dane;
mod other;
mod psk;
mod srp;
mod transparency;
mod versions;

use std::ffi::c_int;

pub(super) use {dane::*, other::*, psk::*, srp::*, transparency::*, versions::*};

use crate::boundary::guard;

/// Fails because the feature is not built in.
#[track_caller]
pub(super) fn disabled<T>(failure: T) -> T {
    refuse(ERR_R_DISABLED, failure)
}

/// Fails because there is no Diffie-Hellman key in no key.
#[track_caller]
pub(super) fn no_key() -> c_int {
    refuse(SSL_R_DH_KEY_TOO_SMALL, 0)
}

/// Fails with `failure`, leaving `reason` in the error queue.
#[track_caller]
fn refuse<T>(reason: c_int, failure: T) -> T {
    guard((), || {
        // SAFETY: no preconditions; a NULL format takes no arguments.
        unsafe {
            openssl_sys::ERR_new();
            openssl_sys::ERR_set_error(ERR_LIB_SSL, reason, std::ptr::null());
        }
    });
    failure
}

const ERR_LIB_SSL: c_int = 20;
const ERR_R_DISABLED: c_int = 260 | 3 << 18;
const SSL_R_CONTEXT_NOT_DANE_ENABLED: c_int = 167;
const SSL_R_DANE_NOT_ENABLED: c_int = 175;
const SSL_R_DH_KEY_TOO_SMALL: c_int = 394;
const SSL_R_UNINITIALIZED: c_int = 276;
const SSL_R_UNSUPPORTED_PROTOCOL: c_int = 258;
