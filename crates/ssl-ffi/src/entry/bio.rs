//! BIO_f_ssl(3): connections as BIOs, and chains that are ready to use.

use libc::c_int;
use openssl_sys::{BIO, BIO_METHOD};

use super::{SSL_copy_session_id, SSL_free, SSL_new, SSL_set_accept_state, SSL_set_connect_state};
use crate::boundary::guard;
use crate::crypto::Bio;
use crate::filter;
use crate::handle::{Counted, SSL, SSL_CTX};

pub(crate) unsafe extern "C" fn BIO_f_ssl() -> *const BIO_METHOD {
    guard(std::ptr::null(), filter::method)
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn BIO_new_ssl(ctx: *mut SSL_CTX, client: c_int) -> *mut BIO {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the caller's promise; the connection passes to the BIO.
        unsafe {
            let Some(bio) = Bio::of_method(filter::method()) else {
                return std::ptr::null_mut();
            };
            let ssl = SSL_new(ctx);
            if ssl.is_null() {
                return std::ptr::null_mut();
            }
            if client != 0 {
                SSL_set_connect_state(ssl);
            } else {
                SSL_set_accept_state(ssl);
            }
            if bio.ctrl(SET_SSL, CLOSE, ssl.cast()) != 1 {
                SSL_free(ssl);
                return std::ptr::null_mut();
            }
            bio.into_raw()
        }
    })
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn BIO_new_ssl_connect(ctx: *mut SSL_CTX) -> *mut BIO {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the caller's promise; each BIO passes to the chain.
        unsafe {
            let Some(connect) = Bio::connecting() else {
                return std::ptr::null_mut();
            };
            let filter = Bio::from_owned(BIO_new_ssl(ctx, 1));
            filter.map_or(std::ptr::null_mut(), |it| it.before(connect).into_raw())
        }
    })
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn BIO_new_buffer_ssl_connect(ctx: *mut SSL_CTX) -> *mut BIO {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the caller's promise; each BIO passes to the chain.
        unsafe {
            let Some(buffer) = Bio::buffering() else {
                return std::ptr::null_mut();
            };
            let connect = Bio::from_owned(BIO_new_ssl_connect(ctx));
            connect.map_or(std::ptr::null_mut(), |it| buffer.before(it).into_raw())
        }
    })
}

/// # Safety
/// Both are live chains.
pub(crate) unsafe extern "C" fn BIO_ssl_copy_session_id(to: *mut BIO, from: *mut BIO) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise.
        unsafe {
            let (to, from) = (Bio::from_borrowed(to), Bio::from_borrowed(from));
            let found = to.and_then(connection_in).zip(from.and_then(connection_in));
            found.map_or(0, |(to, from)| SSL_copy_session_id(to, from))
        }
    })
}

/// # Safety
/// `bio` is NULL or a live chain.
pub(crate) unsafe extern "C" fn BIO_ssl_shutdown(bio: *mut BIO) {
    guard((), || {
        // SAFETY: the caller's promise.
        let mut next = unsafe { Bio::from_borrowed(bio) };
        while let Some(bio) = next {
            let ssl = connection_of(&bio).unwrap_or(std::ptr::null_mut());
            // SAFETY: the filter in the live chain holds the connection.
            if let Some(ssl) = unsafe { SSL::peek(ssl) } {
                let _held = ssl.hold();
                let _ = ssl.close();
            }
            // SAFETY: part of a live chain.
            next = unsafe { Bio::from_borrowed(bio.next()) };
        }
    });
}

/// The connection of the first filter in a chain.
fn connection_in(chain: Bio) -> Option<*mut SSL> {
    connection_of(&chain.find(filter::TYPE)?)
}

/// The connection of a filter of ours.
fn connection_of(bio: &Bio) -> Option<*mut SSL> {
    let mut ssl: *mut SSL = std::ptr::null_mut();
    if bio.method_type() == filter::TYPE {
        // SAFETY: the command writes a pointer, and only a filter of ours knows it.
        unsafe { bio.ctrl(GET_SSL, 0, (&raw mut ssl).cast()) };
    }
    (!ssl.is_null()).then_some(ssl)
}

const CLOSE: libc::c_long = 1;
const SET_SSL: c_int = 109;
const GET_SSL: c_int = 110;
