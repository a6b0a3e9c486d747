//! SSL_CTX_set_client_hello_cb(3)'s accessors, SSL_extension_supported(3), SSL_get_client_random(3):
//! the hellos as they stand on the wire.
//!
//! What is given out points into the message, which the connection keeps; the accessors have something
//! to say only until the server has made its first choices, as in OpenSSL.

use std::ptr;

use libc::{c_int, c_uchar, c_uint};
use ssl_record::hello::{self, ClientHello};

use super::slice::{bytes_mut, put};
use super::with;
use crate::handle::SSL;

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_client_hello_get0_legacy_version(ssl: *mut SSL) -> c_uint {
    // SAFETY: the caller's promise.
    unsafe { look(ssl, 0, |hello| hello.legacy_version().into()) }
}

/// # Safety
/// `ssl` is NULL or live; `out` is NULL or can be written to.
pub(crate) unsafe extern "C" fn SSL_client_hello_get0_random(
    ssl: *mut SSL,
    out: *mut *const c_uchar,
) -> usize {
    // SAFETY: the caller's promise.
    unsafe { lend(ssl, out, |hello| hello.random()) }
}

/// # Safety
/// As for [`SSL_client_hello_get0_random`].
pub(crate) unsafe extern "C" fn SSL_client_hello_get0_session_id(
    ssl: *mut SSL,
    out: *mut *const c_uchar,
) -> usize {
    // SAFETY: the caller's promise.
    unsafe { lend(ssl, out, |hello| hello.session_id()) }
}

/// # Safety
/// As for [`SSL_client_hello_get0_random`].
pub(crate) unsafe extern "C" fn SSL_client_hello_get0_ciphers(
    ssl: *mut SSL,
    out: *mut *const c_uchar,
) -> usize {
    // SAFETY: the caller's promise.
    unsafe { lend(ssl, out, |hello| hello.cipher_suites_raw()) }
}

/// # Safety
/// As for [`SSL_client_hello_get0_random`].
pub(crate) unsafe extern "C" fn SSL_client_hello_get0_compression_methods(
    ssl: *mut SSL,
    out: *mut *const c_uchar,
) -> usize {
    // SAFETY: the caller's promise.
    unsafe { lend(ssl, out, |hello| hello.compression_methods()) }
}

/// # Safety
/// `ssl` is NULL or live; each place is NULL or can be written to.
pub(crate) unsafe extern "C" fn SSL_client_hello_get0_ext(
    ssl: *mut SSL,
    kind: c_uint,
    out: *mut *const c_uchar,
    out_len: *mut usize,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        look(ssl, 0, |hello| {
            let kind = u16::try_from(kind)
                .ok()
                .filter(|&kind| hello::is_known(kind));
            let Some(contents) = kind.and_then(|kind| hello.extension(kind)) else {
                return 0;
            };
            put(out, contents.as_ptr());
            put(out_len, contents.len());
            1
        })
    }
}

/// The types of the extensions that OpenSSL knows, in the client's order. The list is the caller's.
///
/// # Safety
/// `ssl` is NULL or live; each place is NULL or can be written to.
pub(crate) unsafe extern "C" fn SSL_client_hello_get1_extensions_present(
    ssl: *mut SSL,
    out: *mut *mut c_int,
    out_len: *mut usize,
) -> c_int {
    if out.is_null() || out_len.is_null() {
        return 0;
    }
    // SAFETY: the caller's promise.
    unsafe {
        look(ssl, 0, |hello| {
            let kinds = hello.extensions().map(|(kind, _)| kind);
            let known: Box<[c_int]> = kinds
                .filter(|&kind| hello::is_known(kind))
                .map(c_int::from)
                .collect();
            *out_len = known.len();
            // Freed with OPENSSL_free: the global allocator is libcrypto's.
            *out = match known.len() {
                0 => ptr::null_mut(),
                _ => Box::into_raw(known).cast(),
            };
            1
        })
    }
}

/// # Safety
/// None: nothing is looked at.
pub(crate) unsafe extern "C" fn SSL_extension_supported(kind: c_uint) -> c_int {
    const SIGNATURE_ALGORITHMS_CERT: u16 = 50;
    const CRYPTOPRO: u16 = 0xfde8;
    let kind = u16::try_from(kind).unwrap_or(CRYPTOPRO);
    let by_application = matches!(kind, SIGNATURE_ALGORITHMS_CERT | CRYPTOPRO);
    (hello::is_known(kind) && !by_application).into()
}

/// # Safety
/// `ssl` is NULL or live; `out` has `len` bytes.
pub(crate) unsafe extern "C" fn SSL_get_client_random(
    ssl: *const SSL,
    out: *mut c_uchar,
    len: usize,
) -> usize {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| copy(&ssl.facts().client_random, out, len)) }
}

/// # Safety
/// `ssl` is NULL or live; `out` has `len` bytes.
pub(crate) unsafe extern "C" fn SSL_get_server_random(
    ssl: *const SSL,
    out: *mut c_uchar,
    len: usize,
) -> usize {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| copy(&ssl.facts().server_random, out, len)) }
}

/// As much as there is room for; how much there is if there is no room at all.
///
/// # Safety
/// `out` has `len` bytes.
unsafe fn copy(bytes: &[u8], out: *mut c_uchar, len: usize) -> usize {
    if len == 0 {
        return bytes.len();
    }
    // SAFETY: the caller's promise.
    let room = unsafe { bytes_mut(out, len.min(bytes.len())) };
    room.copy_from_slice(&bytes[..room.len()]);
    room.len()
}

/// Looks at the hello that a server is about to answer.
///
/// # Safety
/// `ssl` is NULL or live.
unsafe fn look<R: Copy>(ssl: *const SSL, none: R, body: impl FnOnce(ClientHello<'_>) -> R) -> R {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, none, |ssl| {
            let facts = ssl.facts();
            if !facts.is_reading_hello {
                return none;
            }
            ClientHello::parse_message(&facts.hello).map_or(none, body)
        })
    }
}

/// A part of the hello, and its length.
///
/// # Safety
/// `ssl` is NULL or live; `out` is NULL or can be written to.
unsafe fn lend(
    ssl: *const SSL,
    out: *mut *const c_uchar,
    part: impl FnOnce(ClientHello<'_>) -> &[u8],
) -> usize {
    // SAFETY: the caller's promise. The message stays where it is until the next handshake.
    unsafe {
        look(ssl, 0, |hello| {
            let part = part(hello);
            put(out, part.as_ptr());
            part.len()
        })
    }
}
