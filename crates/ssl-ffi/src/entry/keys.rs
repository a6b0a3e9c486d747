//! SSL_CTX_use_PrivateKey(3), SSL_CTX_check_private_key(3), SSL_CTX_set_default_passwd_cb(3): the keys of
//! our certificates.

use std::ffi::{c_int, c_long, c_uchar, c_void};
use std::ptr::null_mut;

use openssl_sys::{EVP_PKEY, RSA};

use super::with;
use crate::crypto::queue::{self, common};
use crate::crypto::{EvpPkey, pem, reason};
use crate::handle::{Counted, SSL, SSL_CTX};
use crate::settings::callbacks::{Arg, PasswordCallback};
use crate::settings::holder::Holder;
use crate::settings::install::{self, given};

/// # Safety
/// `ctx` is NULL or live; `key` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_use_PrivateKey(
    ctx: *mut SSL_CTX,
    key: *mut EVP_PKEY,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { use_key(ctx, || given(EvpPkey::from_borrowed(key))) }
}

/// # Safety
/// `ssl` is NULL or live; `key` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_use_PrivateKey(ssl: *mut SSL, key: *mut EVP_PKEY) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { use_key(ssl, || given(EvpPkey::from_borrowed(key))) }
}

/// # Safety
/// `ctx` is NULL or live; `der` is NULL or has `len` bytes.
pub(crate) unsafe extern "C" fn SSL_CTX_use_PrivateKey_ASN1(
    kind: c_int,
    ctx: *mut SSL_CTX,
    der: *const c_uchar,
    len: c_long,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { use_key(ctx, || pem::private_key_der(kind, bytes(der, len))) }
}

/// # Safety
/// `ssl` is NULL or live; `der` is NULL or has `len` bytes.
pub(crate) unsafe extern "C" fn SSL_use_PrivateKey_ASN1(
    kind: c_int,
    ssl: *mut SSL,
    der: *const c_uchar,
    len: c_long,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { use_key(ssl, || pem::private_key_der(kind, bytes(der, len))) }
}

/// # Safety
/// `ctx` is NULL or live; `rsa` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_use_RSAPrivateKey(
    ctx: *mut SSL_CTX,
    rsa: *mut RSA,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { use_key(ctx, || pem::key_of_rsa(rsa)) }
}

/// # Safety
/// `ssl` is NULL or live; `rsa` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_use_RSAPrivateKey(ssl: *mut SSL, rsa: *mut RSA) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { use_key(ssl, || pem::key_of_rsa(rsa)) }
}

/// # Safety
/// `ctx` is NULL or live; `der` is NULL or has `len` bytes.
pub(crate) unsafe extern "C" fn SSL_CTX_use_RSAPrivateKey_ASN1(
    ctx: *mut SSL_CTX,
    der: *const c_uchar,
    len: c_long,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { use_key(ctx, || pem::rsa_private_key_der(bytes(der, len))) }
}

/// # Safety
/// `ssl` is NULL or live; `der` is NULL or has `len` bytes.
pub(crate) unsafe extern "C" fn SSL_use_RSAPrivateKey_ASN1(
    ssl: *mut SSL,
    der: *const c_uchar,
    len: c_long,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { use_key(ssl, || pem::rsa_private_key_der(bytes(der, len))) }
}

/// Whether key and certificate of the current place belong together.
///
/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_check_private_key(ctx: *const SSL_CTX) -> c_int {
    if ctx.is_null() {
        queue::raise(reason::NO_CERTIFICATE_ASSIGNED);
    }
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, check_key) }
}

/// As [`SSL_CTX_check_private_key`].
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_check_private_key(ssl: *const SSL) -> c_int {
    if ssl.is_null() {
        queue::raise(common::PASSED_NULL_PARAMETER);
    }
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, check_key) }
}

/// The context keeps its reference.
///
/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get0_privatekey(ctx: *const SSL_CTX) -> *mut EVP_PKEY {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, null_mut(), current_key) }
}

/// The connection keeps its reference.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_privatekey(ssl: *const SSL) -> *mut EVP_PKEY {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, null_mut(), current_key) }
}

/// # Safety
/// `ctx` is NULL or live; the callback is one for passwords.
pub(crate) unsafe extern "C" fn SSL_CTX_set_default_passwd_cb(
    ctx: *mut SSL_CTX,
    callback: Option<PasswordCallback>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.change(|to| to.hooks.password = callback);
        });
    }
}

/// # Safety
/// As for [`SSL_CTX_set_default_passwd_cb`].
pub(crate) unsafe extern "C" fn SSL_set_default_passwd_cb(
    ssl: *mut SSL,
    callback: Option<PasswordCallback>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, (), |ssl| {
            ssl.change(|to| to.hooks.password = callback);
        });
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_default_passwd_cb_userdata(
    ctx: *mut SSL_CTX,
    data: *mut c_void,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.change(|to| to.hooks.password_arg = Arg(data));
        });
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_default_passwd_cb_userdata(
    ssl: *mut SSL,
    data: *mut c_void,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, (), |ssl| {
            ssl.change(|to| to.hooks.password_arg = Arg(data));
        });
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_default_passwd_cb(
    ctx: *mut SSL_CTX,
) -> Option<PasswordCallback> {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, None, |ctx| ctx.with(|is| is.hooks.password)) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_default_passwd_cb(
    ssl: *mut SSL,
) -> Option<PasswordCallback> {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, None, |ssl| ssl.settings().hooks.password) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_default_passwd_cb_userdata(
    ctx: *mut SSL_CTX,
) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, null_mut(), |ctx| {
            ctx.with(|is| is.hooks.password_arg.0)
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_default_passwd_cb_userdata(ssl: *mut SSL) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, null_mut(), |ssl| ssl.settings().hooks.password_arg.0) }
}

/// # Safety
/// `holder` is NULL or live.
unsafe fn use_key<O: Counted + Holder>(
    holder: *const O,
    read: impl FnOnce() -> Option<EvpPkey>,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(holder, 0, |holder| {
            read()
                .and_then(|key| install::key(holder, key))
                .is_some()
                .into()
        })
    }
}

fn check_key(holder: &impl Holder) -> c_int {
    let certificates = holder.certificates();
    let place = certificates.current();
    let Some(certificate) = place.certificate() else {
        queue::raise(reason::NO_CERTIFICATE_ASSIGNED);
        return 0;
    };
    let Some(key) = place.key() else {
        queue::raise(reason::NO_PRIVATE_KEY_ASSIGNED);
        return 0;
    };
    key.is_same_public(certificate).into()
}

fn current_key(holder: &impl Holder) -> *mut EVP_PKEY {
    let certificates = holder.certificates();
    let key = certificates.current().key();
    key.map_or(null_mut(), EvpPkey::as_ptr)
}

/// # Safety
/// `der` is NULL or has `len` bytes.
unsafe fn bytes<'a>(der: *const c_uchar, len: c_long) -> &'a [u8] {
    // SAFETY: the caller's promise.
    unsafe { super::slice::bytes(der, usize::try_from(len).unwrap_or(0)) }
}
