//! SSL_CTX_load_verify_locations(3), SSL_CTX_set_cert_store(3): the certificates that are trusted.

use std::ffi::{c_char, c_int};
use std::ptr::null_mut;

use openssl_sys::X509_STORE;

use super::{slice, with};
use crate::crypto::X509Store;
use crate::crypto::store::Source;
use crate::handle::SSL_CTX;

/// The context keeps its reference.
///
/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_cert_store(ctx: *const SSL_CTX) -> *mut X509_STORE {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, null_mut(), |ctx| ctx.store().as_ptr()) }
}

/// # Safety
/// `ctx` is NULL or live; the caller's reference to `store` passes to it.
pub(crate) unsafe extern "C" fn SSL_CTX_set_cert_store(ctx: *mut SSL_CTX, store: *mut X509_STORE) {
    // SAFETY: the caller's promise. Without a store nothing is trusted, as with an empty one.
    unsafe {
        with(ctx, (), |ctx| {
            if let Some(store) = X509Store::from_owned(store).or_else(X509Store::new) {
                ctx.set_store(store);
            }
        });
    }
}

/// # Safety
/// `ctx` is NULL or live; `store` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set1_cert_store(ctx: *mut SSL_CTX, store: *mut X509_STORE) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            if let Some(store) = X509Store::from_borrowed(store).or_else(X509Store::new) {
                ctx.set_store(store);
            }
        });
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_default_verify_paths(ctx: *mut SSL_CTX) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, |ctx| ctx.store().add_defaults().into()) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_default_verify_dir(ctx: *mut SSL_CTX) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, |ctx| ctx.store().add_default(Source::Folder).into()) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_default_verify_file(ctx: *mut SSL_CTX) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, |ctx| ctx.store().add_default(Source::File).into()) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_set_default_verify_store(ctx: *mut SSL_CTX) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, |ctx| ctx.store().add_default(Source::Store).into()) }
}

/// # Safety
/// `ctx` is NULL or live; `file` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_CTX_load_verify_file(
    ctx: *mut SSL_CTX,
    file: *const c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { load(ctx, Source::File, file) }
}

/// # Safety
/// `ctx` is NULL or live; `folder` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_CTX_load_verify_dir(
    ctx: *mut SSL_CTX,
    folder: *const c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { load(ctx, Source::Folder, folder) }
}

/// # Safety
/// `ctx` is NULL or live; `uri` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_CTX_load_verify_store(
    ctx: *mut SSL_CTX,
    uri: *const c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { load(ctx, Source::Store, uri) }
}

/// A file, a folder, or both.
///
/// # Safety
/// `ctx` is NULL or live; the others are NULL or strings.
pub(crate) unsafe extern "C" fn SSL_CTX_load_verify_locations(
    ctx: *mut SSL_CTX,
    file: *const c_char,
    folder: *const c_char,
) -> c_int {
    if file.is_null() && folder.is_null() {
        return 0;
    }
    // SAFETY: the caller's promise.
    unsafe {
        if !file.is_null() && load(ctx, Source::File, file) == 0 {
            return 0;
        }
        if !folder.is_null() && load(ctx, Source::Folder, folder) == 0 {
            return 0;
        }
    }
    1
}

/// # Safety
/// `ctx` is NULL or live; `name` is NULL or a string.
unsafe fn load(ctx: *mut SSL_CTX, source: Source, name: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, 0, |ctx| {
            ctx.store().load(source, slice::string(name)).into()
        })
    }
}
