//! BIO_f_ssl(3): connections as BIOs, and chains that are ready to use.

use libc::c_int;
use openssl_sys::{self as ffi, BIO, BIO_METHOD};

use super::{SSL_copy_session_id, SSL_free, SSL_new, SSL_set_accept_state, SSL_set_connect_state};
use crate::boundary::guard;
use crate::crypto::{Bio, sys};
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
            let Some(bio) = Bio::from_owned(ffi::BIO_new(filter::method())) else {
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
            let Some(connect) = Bio::from_owned(ffi::BIO_new(sys::BIO_s_connect())) else {
                return std::ptr::null_mut();
            };
            let filter = BIO_new_ssl(ctx, 1);
            if filter.is_null() {
                return std::ptr::null_mut();
            }
            sys::BIO_push(filter, connect.into_raw())
        }
    })
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn BIO_new_buffer_ssl_connect(ctx: *mut SSL_CTX) -> *mut BIO {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the caller's promise; each BIO passes to the chain.
        unsafe {
            let Some(buffer) = Bio::from_owned(ffi::BIO_new(sys::BIO_f_buffer())) else {
                return std::ptr::null_mut();
            };
            let connect = BIO_new_ssl_connect(ctx);
            if connect.is_null() {
                return std::ptr::null_mut();
            }
            sys::BIO_push(buffer.into_raw(), connect)
        }
    })
}

/// # Safety
/// Both are live chains.
pub(crate) unsafe extern "C" fn BIO_ssl_copy_session_id(to: *mut BIO, from: *mut BIO) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise.
        unsafe {
            let (to, from) = (connection_in(to), connection_in(from));
            if to.is_null() || from.is_null() {
                return 0;
            }
            SSL_copy_session_id(to, from)
        }
    })
}

/// # Safety
/// `bio` is NULL or a live chain.
pub(crate) unsafe extern "C" fn BIO_ssl_shutdown(bio: *mut BIO) {
    guard((), || {
        let mut bio = bio;
        while !bio.is_null() {
            // SAFETY: part of a live chain.
            unsafe {
                let ssl = connection_of(bio);
                if let Some(ssl) = SSL::peek(ssl) {
                    let _held = ssl.hold();
                    let _ = ssl.close();
                }
                bio = sys::BIO_next(bio);
            }
        }
    });
}

/// The connection of the first filter in a chain; NULL if there is none.
///
/// # Safety
/// `bio` is NULL or a live chain.
unsafe fn connection_in(bio: *mut BIO) -> *mut SSL {
    // SAFETY: the caller's promise.
    unsafe {
        let found = sys::BIO_find_type(bio, filter::TYPE);
        if found.is_null() {
            return std::ptr::null_mut();
        }
        connection_of(found)
    }
}

/// # Safety
/// `bio` is live.
unsafe fn connection_of(bio: *mut BIO) -> *mut SSL {
    let mut ssl: *mut SSL = std::ptr::null_mut();
    // SAFETY: a live BIO; the command writes a pointer, and only a filter of ours knows it.
    unsafe {
        if sys::BIO_method_type(bio) == filter::TYPE {
            ffi::BIO_ctrl(bio, GET_SSL, 0, (&raw mut ssl).cast());
        }
    }
    ssl
}

const CLOSE: libc::c_long = 1;
const SET_SSL: c_int = 109;
const GET_SSL: c_int = 110;
