//! SSL_CTX_use_certificate(3), SSL_CTX_use_cert_and_key(3): our own certificates, and which is current.

use std::ffi::{c_int, c_uchar};
use std::ptr::null_mut;

use openssl_sys::{EVP_PKEY, X509 as RawX509, stack_st_X509};

use super::with;
use crate::crypto::{EvpPkey, X509, X509Stack, pem};
use crate::handle::{Counted, SSL, SSL_CTX};
use crate::settings::holder::Holder;
use crate::settings::install::{self, given};
use crate::ssl::suitability::Shown;

/// # Safety
/// `ctx` is NULL or live; `certificate` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_use_certificate(
    ctx: *mut SSL_CTX,
    certificate: *mut RawX509,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { use_certificate(ctx, certificate) }
}

/// # Safety
/// `ssl` is NULL or live; `certificate` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_use_certificate(
    ssl: *mut SSL,
    certificate: *mut RawX509,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { use_certificate(ssl, certificate) }
}

/// # Safety
/// `ctx` is NULL or live; `der` is NULL or has `len` bytes.
pub(crate) unsafe extern "C" fn SSL_CTX_use_certificate_ASN1(
    ctx: *mut SSL_CTX,
    len: c_int,
    der: *const c_uchar,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { use_certificate_der(ctx, der, len) }
}

/// # Safety
/// `ssl` is NULL or live; `der` is NULL or has `len` bytes.
pub(crate) unsafe extern "C" fn SSL_use_certificate_ASN1(
    ssl: *mut SSL,
    der: *const c_uchar,
    len: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { use_certificate_der(ssl, der, len) }
}

/// # Safety
/// `ctx` is NULL or live; the rest is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_use_cert_and_key(
    ctx: *mut SSL_CTX,
    certificate: *mut RawX509,
    key: *mut EVP_PKEY,
    chain: *mut stack_st_X509,
    replace: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { use_pair(ctx, certificate, key, chain, replace) }
}

/// # Safety
/// `ssl` is NULL or live; the rest is NULL or live.
pub(crate) unsafe extern "C" fn SSL_use_cert_and_key(
    ssl: *mut SSL,
    certificate: *mut RawX509,
    key: *mut EVP_PKEY,
    chain: *mut stack_st_X509,
    replace: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { use_pair(ssl, certificate, key, chain, replace) }
}

/// The very certificate that was set; the context keeps its reference.
///
/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get0_certificate(ctx: *const SSL_CTX) -> *mut RawX509 {
    // SAFETY: the caller's promise.
    unsafe { certificate(ctx) }
}

/// As [`SSL_CTX_get0_certificate`]; after the handshake, the one that was shown.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_certificate(ssl: *const SSL) -> *mut RawX509 {
    // SAFETY: the caller's promise.
    unsafe { certificate(ssl) }
}

/// Whether a certificate with its chain suits the peer, as flags `CERT_PKEY_*`.
///
/// # Safety
/// `ssl` is NULL or live; the rest is NULL or live.
pub(crate) unsafe extern "C" fn SSL_check_chain(
    ssl: *mut SSL,
    certificate: *mut RawX509,
    key: *mut EVP_PKEY,
    chain: *mut stack_st_X509,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            let certificate = X509::from_borrowed(certificate);
            let Some((certificate, key)) = certificate.zip(EvpPkey::from_borrowed(key)) else {
                return 0;
            };
            let chain = X509Stack::from_borrowed(chain);
            ssl.suitability(Shown {
                certificate: &certificate,
                key: &key,
                chain: chain.as_ref(),
            })
        })
    }
}

/// Forgets certificates, keys and chains.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_certs_clear(ssl: *mut SSL) {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, (), install::forget) }
}

/// # Safety
/// `holder` and `raw` are NULL or live.
unsafe fn use_certificate<O: Counted + Holder>(holder: *const O, raw: *mut RawX509) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(holder, 0, |holder| {
            let certificate = given(X509::from_borrowed(raw));
            let used = certificate.and_then(|it| install::certificate(holder, it));
            used.is_some().into()
        })
    }
}

/// # Safety
/// `holder` is NULL or live; `der` is NULL or has `len` bytes.
unsafe fn use_certificate_der<O: Counted + Holder>(
    holder: *const O,
    der: *const c_uchar,
    len: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(holder, 0, |holder| {
            let der = super::slice::bytes(der, usize::try_from(len).unwrap_or(0));
            let certificate = pem::certificate_der(der);
            let used = certificate.and_then(|it| install::certificate(holder, it));
            used.is_some().into()
        })
    }
}

/// # Safety
/// All pointers are NULL or live.
unsafe fn use_pair<O: Counted + Holder>(
    holder: *const O,
    certificate: *mut RawX509,
    key: *mut EVP_PKEY,
    chain: *mut stack_st_X509,
    replace: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(holder, 0, |holder| {
            let Some(certificate) = given(X509::from_borrowed(certificate)) else {
                return 0;
            };
            let key = EvpPkey::from_borrowed(key);
            let list = X509Stack::from_borrowed(chain);
            let used = install::pair(holder, certificate, key, list, replace != 0);
            used.is_some().into()
        })
    }
}

/// # Safety
/// `holder` is NULL or live.
unsafe fn certificate<O: Counted + Holder>(holder: *const O) -> *mut RawX509 {
    // SAFETY: the caller's promise.
    unsafe {
        with(holder, null_mut(), |holder| {
            let certificates = holder.certificates();
            let certificate = certificates.current().certificate();
            certificate.map_or(null_mut(), X509::as_ptr)
        })
    }
}
