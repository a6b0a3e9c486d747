//! SSL_CTX_use_certificate_file(3), SSL_CTX_use_PrivateKey_file(3) and their relatives: certificates and
//! keys from files.

use std::ffi::{CStr, c_char, c_int};

use super::slice::path;
use super::with;
use crate::crypto::EvpPkey;
use crate::crypto::pem::{self, Password};
use crate::handle::{Counted, SSL, SSL_CTX};
use crate::settings::holder::Holder;
use crate::settings::{files, install};

/// # Safety
/// `ctx` is NULL or live; `file` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_CTX_use_certificate_file(
    ctx: *mut SSL_CTX,
    file: *const c_char,
    format: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { certificate_file(ctx, file, format) }
}

/// # Safety
/// `ssl` is NULL or live; `file` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_use_certificate_file(
    ssl: *mut SSL,
    file: *const c_char,
    format: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { certificate_file(ssl, file, format) }
}

/// # Safety
/// `ctx` is NULL or live; `file` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_CTX_use_certificate_chain_file(
    ctx: *mut SSL_CTX,
    file: *const c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { chain_file(ctx, file) }
}

/// # Safety
/// `ssl` is NULL or live; `file` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_use_certificate_chain_file(
    ssl: *mut SSL,
    file: *const c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { chain_file(ssl, file) }
}

/// # Safety
/// `ctx` is NULL or live; `file` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_CTX_use_PrivateKey_file(
    ctx: *mut SSL_CTX,
    file: *const c_char,
    format: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { key_file(ctx, file, format, pem::private_key) }
}

/// # Safety
/// `ssl` is NULL or live; `file` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_use_PrivateKey_file(
    ssl: *mut SSL,
    file: *const c_char,
    format: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { key_file(ssl, file, format, pem::private_key) }
}

/// # Safety
/// `ctx` is NULL or live; `file` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_CTX_use_RSAPrivateKey_file(
    ctx: *mut SSL_CTX,
    file: *const c_char,
    format: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { key_file(ctx, file, format, pem::rsa_private_key) }
}

/// # Safety
/// `ssl` is NULL or live; `file` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_use_RSAPrivateKey_file(
    ssl: *mut SSL,
    file: *const c_char,
    format: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { key_file(ssl, file, format, pem::rsa_private_key) }
}

/// # Safety
/// `holder` is NULL or live; `file` is NULL or a string.
unsafe fn certificate_file<O: Counted + Holder>(
    holder: *const O,
    file: *const c_char,
    format: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(holder, 0, |holder| {
            let certificate = pem::certificate(path(file), format, password(holder));
            let used = certificate.and_then(|it| install::certificate(holder, it));
            used.is_some().into()
        })
    }
}

/// # Safety
/// `holder` is NULL or live; `file` is NULL or a string.
unsafe fn chain_file<O: Counted + Holder>(holder: *const O, file: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(holder, 0, |holder| {
            files::chain(holder, path(file), password(holder))
                .is_some()
                .into()
        })
    }
}

/// # Safety
/// `holder` is NULL or live; `file` is NULL or a string.
unsafe fn key_file<O: Counted + Holder>(
    holder: *const O,
    file: *const c_char,
    format: c_int,
    read: fn(&CStr, c_int, Password) -> Option<EvpPkey>,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(holder, 0, |holder| {
            let key = read(path(file), format, password(holder));
            let used = key.and_then(|key| install::key(holder, key));
            used.is_some().into()
        })
    }
}

fn password(holder: &impl Holder) -> Password {
    let hooks = holder.look(|settings| settings.hooks);
    Password {
        function: hooks.password,
        arg: hooks.password_arg.0,
    }
}
