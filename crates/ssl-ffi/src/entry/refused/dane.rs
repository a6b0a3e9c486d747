//! DANE (RFC 6698): certificates vouched for by DNS. Not built in.
//!
//! Programs prepare every context for it, Postfix's client among them, and do without TLS if that fails. A context
//! that is prepared verifies as before, so that much succeeds. It is refused where a connection would come to
//! rely on it: in `SSL_dane_enable`, before there can be a record to be trusted.

use std::ffi::{c_char, c_int, c_uchar};

use openssl_sys::EVP_MD;

use super::{disabled, refuse};
use crate::crypto::reason;
use crate::handle::{SSL, SSL_CTX};

pub(crate) extern "C" fn SSL_CTX_dane_enable(_: *mut SSL_CTX) -> c_int {
    1
}

pub(crate) extern "C" fn SSL_CTX_dane_mtype_set(
    _: *mut SSL_CTX,
    digest: *const EVP_MD,
    matching: u8,
    _: u8,
) -> c_int {
    if matching == FULL && !digest.is_null() {
        return refuse(reason::DANE_CANNOT_OVERRIDE_MTYPE_FULL, 0);
    }
    1
}

pub(crate) extern "C" fn SSL_dane_enable(_: *mut SSL, _: *const c_char) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_dane_tlsa_add(
    _: *mut SSL,
    _: u8,
    _: u8,
    _: u8,
    _: *const c_uchar,
    _: usize,
) -> c_int {
    refuse(reason::DANE_NOT_ENABLED, -1)
}

/// The matching type that compares all of a certificate or key, and so has no digest.
const FULL: u8 = 0;
