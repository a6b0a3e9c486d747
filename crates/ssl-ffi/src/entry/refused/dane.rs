//! DANE (RFC 6698): certificates vouched for by DNS. Not built in, so a program that insists on it
//! learns so from `SSL_CTX_dane_enable`.

use std::ffi::{c_char, c_int, c_uchar};

use openssl_sys::EVP_MD;

use super::super::opaque::{SSL, SSL_CTX};
use super::{disabled, refuse};
use crate::crypto::reason;

pub(crate) extern "C" fn SSL_CTX_dane_enable(_: *mut SSL_CTX) -> c_int {
    disabled(0)
}

pub(crate) extern "C" fn SSL_CTX_dane_mtype_set(
    _: *mut SSL_CTX,
    _: *const EVP_MD,
    _: u8,
    _: u8,
) -> c_int {
    refuse(reason::CONTEXT_NOT_DANE_ENABLED, 0)
}

pub(crate) extern "C" fn SSL_dane_enable(_: *mut SSL, _: *const c_char) -> c_int {
    refuse(reason::CONTEXT_NOT_DANE_ENABLED, 0)
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
