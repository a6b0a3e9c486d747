//! SSL_CTX_set_alpn_protos(3), SSL_get_servername(3): the names that a client asks for.

use std::ptr;
use std::sync::Arc;

use libc::{c_char, c_int, c_uchar, c_uint};

use super::{slice, with};
use crate::handle::{SSL, SSL_CTX};

/// Says 0 if the list was taken, 1 if it is none.
///
/// # Safety
/// `ctx` is NULL or live; `list` is NULL or has `len` bytes.
pub(crate) unsafe extern "C" fn SSL_CTX_set_alpn_protos(
    ctx: *mut SSL_CTX,
    list: *const c_uchar,
    len: c_uint,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, 1, |ctx| match protocols(list, len) {
            Some(list) => {
                ctx.change(|to| to.alpn = list);
                0
            }
            None => 1,
        })
    }
}

/// As [`SSL_CTX_set_alpn_protos`].
///
/// # Safety
/// `ssl` is NULL or live; `list` is NULL or has `len` bytes.
pub(crate) unsafe extern "C" fn SSL_set_alpn_protos(
    ssl: *mut SSL,
    list: *const c_uchar,
    len: c_uint,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 1, |ssl| match protocols(list, len) {
            Some(list) => {
                ssl.change(|to| to.alpn = list);
                0
            }
            None => 1,
        })
    }
}

/// # Safety
/// `ssl` is NULL or live; `out` and `len` can be written to.
pub(crate) unsafe extern "C" fn SSL_get0_alpn_selected(
    ssl: *const SSL,
    out: *mut *const c_uchar,
    len: *mut c_uint,
) {
    // SAFETY: the caller's promise. The name stays where it is until the next handshake.
    unsafe {
        *out = ptr::null();
        *len = 0;
        with(ssl, (), |ssl| {
            let facts = ssl.facts();
            if !facts.alpn.is_empty() {
                *out = facts.alpn.as_ptr();
                *len = c_uint::try_from(facts.alpn.len()).unwrap_or(0);
            }
        });
    }
}

/// On servers, the name that the client asked for; on clients, the one to ask for.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_servername(ssl: *const SSL, kind: c_int) -> *const c_char {
    // SAFETY: the caller's promise. The name stays where it is until it is set anew.
    unsafe {
        with(ssl, ptr::null(), |ssl| {
            if kind != HOST_NAME {
                return ptr::null();
            }
            let name = ssl.host_name.borrow();
            name.as_deref().map_or(ptr::null(), std::ffi::CStr::as_ptr)
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_servername_type(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise, passed on.
    match unsafe { SSL_get_servername(ssl, HOST_NAME) }.is_null() {
        true => -1,
        false => HOST_NAME,
    }
}

/// A list of names in wire form; `None` if it is not one. An empty one takes back what was set.
///
/// # Safety
/// `list` is NULL or has `len` bytes.
unsafe fn protocols(list: *const c_uchar, len: c_uint) -> Option<Arc<[u8]>> {
    // SAFETY: the caller's promise.
    let list = unsafe { slice::bytes(list, usize::try_from(len).unwrap_or(0)) };
    let mut rest = list;
    while let Some((&len, names)) = rest.split_first() {
        rest = names.get(usize::from(len)..).filter(|_| len > 0)?;
    }
    Some(list.into())
}

/// `TLSEXT_NAMETYPE_host_name`.
const HOST_NAME: c_int = 0;
