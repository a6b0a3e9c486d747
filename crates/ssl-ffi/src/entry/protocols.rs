//! SSL_CTX_set_alpn_protos(3), SSL_get_servername(3): the names that a client asks for.

use std::ffi::CStr;
use std::ptr;
use std::sync::Arc;

use libc::{c_char, c_int, c_uchar, c_uint};
use ssl_record::Side;

use super::{slice, with};
use crate::handle::{SSL, SSL_CTX};
use crate::method::TLS1_3;
use crate::ssl::Stage;

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

/// On servers, the name that the client asked for; on clients, the one to ask for. A session of TLS 1.2
/// that is resumed has its own.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_servername(ssl: *const SSL, kind: c_int) -> *const c_char {
    // SAFETY: the caller's promise. The name stays where it is until it is set anew, or the session ends.
    unsafe {
        with(ssl, ptr::null(), |ssl| {
            if kind != HOST_NAME {
                return ptr::null();
            }
            let own = ssl.host_name.borrow().as_deref().map(CStr::as_ptr);
            let of_session = session_name(ssl);
            let is_resumed = ssl.facts().resumed && !ssl.is_tls13();
            let name = match (ssl.side(), ssl.stage()) {
                (Some(Side::Server), _) if is_resumed => of_session,
                (Some(Side::Server), _) => own,
                (_, Stage::Before) => own.or(of_session),
                _ if is_resumed => of_session.or(own),
                _ => own,
            };
            name.unwrap_or(ptr::null())
        })
    }
}

/// The name in a session of TLS 1.2.
fn session_name(ssl: &SSL) -> Option<*const c_char> {
    ssl.session()?.read(|fields| {
        let name = fields.host_name.as_deref().map(CStr::as_ptr);
        name.filter(|_| fields.protocol_version != i32::from(TLS1_3))
    })
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
