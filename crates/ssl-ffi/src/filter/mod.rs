//! `BIO_f_ssl`: a connection as a BIO (statements X1 to X6).
//!
//! Owns the method and what each of its functions does, in C's terms: libcrypto calls them with a BIO
//! whose data is ours. The connection itself does not know that it is inside one.

mod control;
mod transfer;

use std::sync::OnceLock;

use libc::{c_char, c_int, c_long, c_void};
use openssl_sys::{self as ffi, BIO, BIO_METHOD};

use crate::boundary::guard;
use crate::crypto::sys;
use crate::handle::{Counted, SSL};

/// `BIO_TYPE_SSL`.
pub(crate) const TYPE: c_int = 7 | 0x0200;

/// What the BIO keeps: one count of the connection, or NULL.
struct Held {
    ssl: *mut SSL,
    renegotiations: c_long,
}

/// The method; NULL without memory.
pub(crate) fn method() -> *const BIO_METHOD {
    static METHOD: OnceLock<usize> = OnceLock::new();
    *METHOD.get_or_init(|| make().expose_provenance()) as *const BIO_METHOD
}

fn make() -> *mut BIO_METHOD {
    // SAFETY: the name is static; each function has the type its setter demands. The method lives as
    // long as the process.
    unsafe {
        let method = ffi::BIO_meth_new(TYPE, c"ssl".as_ptr());
        if !method.is_null() {
            ffi::BIO_meth_set_write__fixed_rust(method, Some(write));
            ffi::BIO_meth_set_read__fixed_rust(method, Some(read));
            ffi::BIO_meth_set_puts__fixed_rust(method, Some(puts));
            ffi::BIO_meth_set_ctrl__fixed_rust(method, Some(ctrl));
            ffi::BIO_meth_set_create__fixed_rust(method, Some(create));
            ffi::BIO_meth_set_destroy__fixed_rust(method, Some(destroy));
            sys::BIO_meth_set_callback_ctrl(method, Some(callback_ctrl));
        }
        method
    }
}

/// The connection in a BIO of this method; `None` if none was set.
///
/// # Safety
/// `bio` is a live BIO of this method.
unsafe fn connection<'bio>(bio: *mut BIO) -> Option<&'bio SSL> {
    // SAFETY: the caller's promise; the BIO holds a count of the connection.
    unsafe { SSL::peek(held(bio)?.ssl) }
}

/// # Safety
/// `bio` is a live BIO of this method, and its data is not looked at elsewhere meanwhile.
unsafe fn held<'bio>(bio: *mut BIO) -> Option<&'bio mut Held> {
    // SAFETY: `create` put it there, `destroy` takes it away.
    unsafe { ffi::BIO_get_data(bio).cast::<Held>().as_mut() }
}

unsafe extern "C" fn create(bio: *mut BIO) -> c_int {
    guard(0, || {
        let held = Box::new(Held {
            ssl: std::ptr::null_mut(),
            renegotiations: 0,
        });
        // SAFETY: a BIO that libcrypto is making.
        unsafe { ffi::BIO_set_data(bio, Box::into_raw(held).cast()) };
        1
    })
}

unsafe extern "C" fn destroy(bio: *mut BIO) -> c_int {
    guard(0, || {
        if bio.is_null() {
            return 0;
        }
        // SAFETY: a live BIO of this method, at its end: nothing uses its data any more.
        unsafe {
            let data = ffi::BIO_get_data(bio).cast::<Held>();
            if data.is_null() {
                return 1;
            }
            ffi::BIO_set_data(bio, std::ptr::null_mut());
            let held = Box::from_raw(data);
            control::let_go(bio, held.ssl);
        }
        1
    })
}

unsafe extern "C" fn write(bio: *mut BIO, data: *const c_char, len: c_int) -> c_int {
    // SAFETY: libcrypto's promise: a live BIO of this method, `len` readable bytes.
    guard(-1, || unsafe { transfer::write(bio, data.cast(), len) })
}

unsafe extern "C" fn read(bio: *mut BIO, out: *mut c_char, len: c_int) -> c_int {
    // SAFETY: libcrypto's promise: a live BIO of this method, `len` writable bytes.
    guard(-1, || unsafe { transfer::read(bio, out.cast(), len) })
}

unsafe extern "C" fn puts(bio: *mut BIO, text: *const c_char) -> c_int {
    guard(-1, || {
        // SAFETY: libcrypto's promise: a string.
        let len = unsafe { libc::strlen(text) };
        // SAFETY: as for `write`.
        unsafe { ffi::BIO_write(bio, text.cast(), c_int::try_from(len).unwrap_or(c_int::MAX)) }
    })
}

unsafe extern "C" fn ctrl(bio: *mut BIO, cmd: c_int, larg: c_long, parg: *mut c_void) -> c_long {
    // SAFETY: libcrypto's promise: a live BIO of this method; `parg` is what the command demands.
    guard(0, || unsafe { control::ctrl(bio, cmd, larg, parg) })
}

unsafe extern "C" fn callback_ctrl(
    bio: *mut BIO,
    cmd: c_int,
    callback: Option<sys::BioInfoCallback>,
) -> c_long {
    guard(0, || {
        // SAFETY: a live BIO of this method.
        let transport = unsafe { connection(bio) }.and_then(|ssl| ssl.bios.read());
        // SAFETY: the transport is live.
        transport.map_or(0, |transport| unsafe {
            sys::BIO_callback_ctrl(transport.as_ptr(), cmd, callback)
        })
    })
}
