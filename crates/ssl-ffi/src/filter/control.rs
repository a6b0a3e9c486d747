//! The filter's commands.
//!
//! Owns who holds which reference: the filter one count of the connection, the connection its transport,
//! and a chain `filter -> transport` the transport once more.

use libc::{c_int, c_long, c_void};
use openssl_sys::{self as ffi, BIO};
use ssl_record::Side;

use super::transfer::note;
use super::{connection, held};
use crate::crypto::sys;
use crate::handle::{Counted, SSL};

/// # Safety
/// `bio` is a live BIO of this method; `parg` is what the command demands.
pub(super) unsafe fn ctrl(bio: *mut BIO, cmd: c_int, larg: c_long, parg: *mut c_void) -> c_long {
    // SAFETY: the caller's promise, for every block of this function.
    unsafe {
        if cmd == SET_SSL {
            return set(bio, larg, parg.cast());
        }
        let Some(ssl) = connection(bio) else {
            return 0;
        };
        let _held = ssl.hold();
        let next = sys::BIO_next(bio);
        match cmd {
            CTRL_RESET => reset(ssl, next),
            CTRL_INFO | CTRL_SET_CALLBACK => 0,
            SSL_MODE => {
                ssl.begin_as(if larg != 0 {
                    Side::Client
                } else {
                    Side::Server
                });
                1
            }
            // Renegotiation does not exist here: limits are taken and never reached.
            SET_RENEGOTIATE_TIMEOUT | SET_RENEGOTIATE_BYTES => 0,
            GET_NUM_RENEGOTIATES => held(bio).map_or(0, |held| held.renegotiations),
            GET_SSL => {
                if parg.is_null() {
                    return 0;
                }
                parg.cast::<*mut SSL>().write(ssl.as_ptr());
                1
            }
            CTRL_GET_CLOSE => sys::BIO_get_shutdown(bio).into(),
            CTRL_SET_CLOSE => {
                sys::BIO_set_shutdown(bio, larg as c_int);
                1
            }
            CTRL_WPENDING => pass(ssl.bios.write_ptr(), cmd, larg, parg),
            CTRL_PENDING => match c_long::try_from(ssl.pending()) {
                Ok(0) | Err(_) => pass(ssl.bios.read_ptr(), cmd, larg, parg),
                Ok(pending) => pending,
            },
            CTRL_FLUSH => {
                ffi::BIO_clear_retry_flags(bio);
                let flushed = pass(ssl.bios.write_ptr(), cmd, larg, parg);
                sys::BIO_copy_next_retry(bio);
                flushed
            }
            CTRL_PUSH => {
                if !next.is_null() && next != ssl.bios.read_ptr() {
                    sys::BIO_up_ref(next);
                    ssl.bios.set(next, next);
                }
                1
            }
            CTRL_POP => {
                // Only if it is the filter itself that leaves the chain.
                if bio == parg.cast() {
                    ssl.bios.set(std::ptr::null_mut(), std::ptr::null_mut());
                }
                1
            }
            DO_STATE_MACHINE => {
                ffi::BIO_clear_retry_flags(bio);
                let ret = ssl.do_handshake();
                note(bio, ssl, ret);
                ret.into()
            }
            CTRL_DUP => duplicate(ssl, parg.cast()),
            GET_FD => pass(ssl.bios.read_ptr(), cmd, larg, parg),
            _ => pass(ssl.bios.read_ptr(), cmd, larg, parg),
        }
    }
}

/// Drops the filter's connection, or leaves it to the application, as BIO_set_close said.
///
/// # Safety
/// `bio` is a live BIO of this method; `ssl` is NULL or the count it held.
pub(super) unsafe fn let_go(bio: *mut BIO, ssl: *mut SSL) {
    // SAFETY: the caller's promise.
    unsafe {
        if let Some(connection) = SSL::peek(ssl) {
            let _held = connection.hold();
            // A failed or unfinished connection refuses, which is no news to whoever frees a BIO.
            crate::crypto::queue::quiet(|| connection.close());
        }
        if sys::BIO_get_shutdown(bio) != 0
            && let Some(ssl) = SSL::from_c(ssl)
        {
            SSL::release(ssl);
        }
    }
}

/// # Safety
/// `bio` is a live BIO of this method; `ssl` is a count that passes over, or NULL.
unsafe fn set(bio: *mut BIO, close: c_long, ssl: *mut SSL) -> c_long {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(data) = held(bio) else {
            return 0;
        };
        let old = std::mem::replace(&mut data.ssl, ssl);
        let_go(bio, old);
        sys::BIO_set_shutdown(bio, close as c_int);
        let transport = SSL::peek(ssl).map_or(std::ptr::null_mut(), |ssl| ssl.bios.read_ptr());
        if !transport.is_null() {
            let next = sys::BIO_next(bio);
            if !next.is_null() {
                sys::BIO_push(transport, next);
            }
            sys::BIO_up_ref(transport);
            sys::BIO_set_next(bio, transport);
        }
        ffi::BIO_set_init(bio, 1);
        1
    }
}

/// # Safety
/// `next` is NULL or live.
unsafe fn reset(ssl: &SSL, next: *mut BIO) -> c_long {
    crate::crypto::queue::quiet(|| ssl.close());
    if !ssl.clear() {
        return 0;
    }
    let transport = if next.is_null() {
        ssl.bios.read_ptr()
    } else {
        next
    };
    if transport.is_null() {
        return 1;
    }
    // SAFETY: a live BIO; the command takes no arguments.
    unsafe { pass(transport, CTRL_RESET, 0, std::ptr::null_mut()) }
}

/// # Safety
/// `copy` is NULL or a live BIO of this method.
unsafe fn duplicate(ssl: &SSL, copy: *mut BIO) -> c_long {
    let Some(connection) = ssl.duplicate() else {
        return 0;
    };
    // Not looked at before: what copies application data and BIOs may call back.
    // SAFETY: the caller's promise.
    let Some(data) = (unsafe { held(copy) }) else {
        return 0;
    };
    let old = std::mem::replace(&mut data.ssl, SSL::into_c(connection));
    // SAFETY: the count that the copy held.
    if let Some(old) = unsafe { SSL::from_c(old) } {
        SSL::release(old);
    }
    1
}

/// Passes a command on; 0 without a BIO.
///
/// # Safety
/// `bio` is NULL or live; `parg` is what the command demands.
unsafe fn pass(bio: *mut BIO, cmd: c_int, larg: c_long, parg: *mut c_void) -> c_long {
    if bio.is_null() {
        return 0;
    }
    // SAFETY: the caller's promise.
    unsafe { ffi::BIO_ctrl(bio, cmd, larg, parg) }
}

const CTRL_RESET: c_int = 1;
const CTRL_INFO: c_int = 3;
const CTRL_PUSH: c_int = 6;
const CTRL_POP: c_int = 7;
const CTRL_GET_CLOSE: c_int = 8;
const CTRL_SET_CLOSE: c_int = 9;
const CTRL_PENDING: c_int = 10;
const CTRL_FLUSH: c_int = 11;
const CTRL_DUP: c_int = 12;
const CTRL_WPENDING: c_int = 13;
const CTRL_SET_CALLBACK: c_int = 14;
const DO_STATE_MACHINE: c_int = 101;
const GET_FD: c_int = 105;
const SET_SSL: c_int = 109;
const GET_SSL: c_int = 110;
const SSL_MODE: c_int = 119;
const SET_RENEGOTIATE_BYTES: c_int = 125;
const GET_NUM_RENEGOTIATES: c_int = 126;
const SET_RENEGOTIATE_TIMEOUT: c_int = 127;
