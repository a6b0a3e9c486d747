//! SSL_CTX_new(3), SSL_new(3), SSL_free(3), SSL_dup(3), SSL_clear(3), SSL_set_bio(3), SSL_set_fd(3):
//! objects, their counts, and what carries their bytes.

use std::sync::Arc;

use libc::{c_char, c_int, c_void};
use openssl_sys::BIO;

use super::with;
use crate::boundary::guard;
use crate::crypto::{Bio, queue};
use crate::ctx::Ctx;
use crate::handle::{Counted, SSL, SSL_CTX, SSL_METHOD};
use crate::ssl::Ssl;
use crate::ssl::bios::descriptor;

/// # Safety
/// `method` is NULL or from one of the `*_method` functions.
pub(crate) unsafe extern "C" fn SSL_CTX_new(method: *const SSL_METHOD) -> *mut SSL_CTX {
    // SAFETY: the caller's promise, passed on.
    unsafe { SSL_CTX_new_ex(std::ptr::null_mut(), std::ptr::null(), method) }
}

/// # Safety
/// `method` is NULL or from one of the `*_method` functions; the library context and the property query
/// are NULL or valid.
pub(crate) unsafe extern "C" fn SSL_CTX_new_ex(
    _libctx: *mut c_void,
    _propq: *const c_char,
    method: *const SSL_METHOD,
) -> *mut SSL_CTX {
    guard(std::ptr::null_mut(), || {
        // SAFETY: no settings.
        if unsafe { super::OPENSSL_init_ssl(0, std::ptr::null()) } != 1 {
            return std::ptr::null_mut();
        }
        // SAFETY: methods are statics of this library, which live for ever.
        let Some(method) = (unsafe { method.as_ref::<'static>() }) else {
            queue::raise(crate::crypto::reason::NULL_SSL_METHOD_PASSED);
            return std::ptr::null_mut();
        };
        if !method.is_built_in() {
            queue::raise(crate::crypto::reason::UNSUPPORTED_PROTOCOL);
            return std::ptr::null_mut();
        }
        let ctx = Ctx::new(method).map_or(std::ptr::null_mut(), SSL_CTX::into_c);
        if !ctx.is_null() {
            // SAFETY: it was made just now.
            unsafe { super::apply_system_default(ctx) };
        }
        ctx
    })
}

/// # Safety
/// `ctx` is NULL or live, and this count of it is not used again.
pub(crate) unsafe extern "C" fn SSL_CTX_free(ctx: *mut SSL_CTX) {
    // SAFETY: the caller's promise.
    guard((), || drop(unsafe { SSL_CTX::from_c(ctx) }));
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_up_ref(ctx: *mut SSL_CTX) -> c_int {
    // SAFETY: the caller's promise. The new count goes to the caller.
    guard(0, || match unsafe { SSL_CTX::share(ctx) } {
        Some(ctx) => {
            SSL_CTX::into_c(ctx);
            1
        }
        None => 0,
    })
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_new(ctx: *mut SSL_CTX) -> *mut SSL {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let Some(ctx) = (unsafe { SSL_CTX::share(ctx) }) else {
            queue::raise(crate::crypto::reason::NULL_SSL_CTX);
            return std::ptr::null_mut();
        };
        if ctx.method().datagram {
            queue::raise(crate::crypto::reason::UNSUPPORTED_PROTOCOL);
            return std::ptr::null_mut();
        }
        Ssl::new(&ctx).map_or(std::ptr::null_mut(), SSL::into_c)
    })
}

/// # Safety
/// `ssl` is NULL or live, and this count of it is not used again.
pub(crate) unsafe extern "C" fn SSL_free(ssl: *mut SSL) {
    // SAFETY: the caller's promise.
    guard((), || unsafe { SSL::from_c(ssl) }.map_or((), SSL::release));
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_up_ref(ssl: *mut SSL) -> c_int {
    // SAFETY: the caller's promise. The new count goes to the caller.
    guard(0, || match unsafe { SSL::share(ssl) } {
        Some(ssl) => {
            SSL::into_c(ssl);
            1
        }
        None => 0,
    })
}

/// A copy of a connection that has not begun; another count of one that has (statements M15, M20).
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_dup(ssl: *mut SSL) -> *mut SSL {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let Some(ssl) = (unsafe { SSL::share(ssl) }) else {
            return std::ptr::null_mut();
        };
        let held = ssl.hold();
        let copy = ssl.is_fresh().then(|| ssl.duplicate());
        drop(held);
        // A failure to copy is not mended by another count.
        let copy = copy.unwrap_or(Some(ssl));
        copy.map_or(std::ptr::null_mut(), SSL::into_c)
    })
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_clear(ssl: *mut SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.clear().into()) }
}

/// # Safety
/// `ssl` is live; each BIO is NULL or live, and its reference passes to the connection.
pub(crate) unsafe extern "C" fn SSL_set_bio(ssl: *mut SSL, rbio: *mut BIO, wbio: *mut BIO) {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, (), |ssl| ssl.bios.set(rbio, wbio)) }
}

/// # Safety
/// As for [`SSL_set_bio`].
pub(crate) unsafe extern "C" fn SSL_set0_rbio(ssl: *mut SSL, rbio: *mut BIO) {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, (), |ssl| ssl.bios.set_read(Bio::from_owned(rbio))) }
}

/// # Safety
/// As for [`SSL_set_bio`].
pub(crate) unsafe extern "C" fn SSL_set0_wbio(ssl: *mut SSL, wbio: *mut BIO) {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, (), |ssl| ssl.bios.set_write(Bio::from_owned(wbio))) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_rbio(ssl: *const SSL) -> *mut BIO {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, std::ptr::null_mut(), |ssl| ssl.bios.read_ptr()) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_wbio(ssl: *const SSL) -> *mut BIO {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, std::ptr::null_mut(), |ssl| ssl.bios.write_ptr()) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_fd(ssl: *mut SSL, fd: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.bios.set_descriptor(fd).into()) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_rfd(ssl: *mut SSL, fd: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.bios.set_read_descriptor(fd).into()) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_set_wfd(ssl: *mut SSL, fd: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.bios.set_write_descriptor(fd).into()) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_fd(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { SSL_get_rfd(ssl) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_rfd(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, -1, |ssl| descriptor(ssl.bios.read().as_ref())) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_wfd(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, -1, |ssl| descriptor(ssl.bios.write().as_ref())) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_SSL_CTX(ssl: *const SSL) -> *mut SSL_CTX {
    // SAFETY: the caller's promise. The pointer is not counted, as in OpenSSL.
    unsafe {
        with(ssl, std::ptr::null_mut(), |ssl| {
            Arc::as_ptr(&ssl.ctx()).cast_mut()
        })
    }
}

/// # Safety
/// `ssl` is NULL or live; `ctx` is NULL, for the context it was made from, or live.
pub(crate) unsafe extern "C" fn SSL_set_SSL_CTX(ssl: *mut SSL, ctx: *mut SSL_CTX) -> *mut SSL_CTX {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, std::ptr::null_mut(), |ssl| {
            let ctx = SSL_CTX::share(ctx).unwrap_or_else(|| ssl.session_ctx());
            let ptr = Arc::as_ptr(&ctx).cast_mut();
            ssl.switch_ctx(ctx);
            ptr
        })
    }
}
