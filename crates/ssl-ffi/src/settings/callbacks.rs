//! The application's functions: their C types, and the arguments that go with them.
//!
//! Owns types only. Who calls them, and when, is the business of `ssl` and `ctx`; whoever does has
//! copied the pair out first, so that no borrow is held while C runs.

use std::ffi::c_void;

use libc::{c_char, c_int, c_long, c_uchar, c_uint};
use openssl_sys as ffi;

use crate::handle::{SSL, SSL_CTX};

/// An opaque argument that the application gets back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arg(pub(crate) *mut c_void);

// SAFETY: the value is never dereferenced here; it goes back to the application, whose own rules say
// what it may do with it on which thread.
unsafe impl Send for Arg {}
// SAFETY: as above.
unsafe impl Sync for Arg {}

impl Default for Arg {
    fn default() -> Self {
        Self(std::ptr::null_mut())
    }
}

/// A function and the argument it is called with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct With<F> {
    pub(crate) function: F,
    pub(crate) arg: Arg,
}

pub(crate) type InfoCallback = unsafe extern "C" fn(*const SSL, c_int, c_int);
pub(crate) type MessageCallback =
    unsafe extern "C" fn(c_int, c_int, c_int, *const c_void, usize, *mut SSL, *mut c_void);
pub(crate) type ExtensionCallback =
    unsafe extern "C" fn(*mut SSL, c_int, c_int, *const c_uchar, c_int, *mut c_void);
pub(crate) type VerifyCallback = unsafe extern "C" fn(c_int, *mut ffi::X509_STORE_CTX) -> c_int;
pub(crate) type CertVerifyCallback =
    unsafe extern "C" fn(*mut ffi::X509_STORE_CTX, *mut c_void) -> c_int;
pub(crate) type CertCallback = unsafe extern "C" fn(*mut SSL, *mut c_void) -> c_int;
pub(crate) type ClientCertCallback =
    unsafe extern "C" fn(*mut SSL, *mut *mut ffi::X509, *mut *mut ffi::EVP_PKEY) -> c_int;
pub(crate) type PasswordCallback =
    unsafe extern "C" fn(*mut c_char, c_int, c_int, *mut c_void) -> c_int;
pub(crate) type ServerNameCallback =
    unsafe extern "C" fn(*mut SSL, *mut c_int, *mut c_void) -> c_int;
pub(crate) type AlpnSelectCallback = unsafe extern "C" fn(
    *mut SSL,
    *mut *const c_uchar,
    *mut c_uchar,
    *const c_uchar,
    c_uint,
    *mut c_void,
) -> c_int;
pub(crate) type ClientHelloCallback =
    unsafe extern "C" fn(*mut SSL, *mut c_int, *mut c_void) -> c_int;
pub(crate) type StatusCallback = unsafe extern "C" fn(*mut SSL, *mut c_void) -> c_int;
pub(crate) type KeyLogCallback = unsafe extern "C" fn(*const SSL, *const c_char);
pub(crate) type AsyncCallback = unsafe extern "C" fn(*mut SSL, *mut c_void) -> c_int;
pub(crate) type NotResumableCallback = unsafe extern "C" fn(*mut SSL, c_int) -> c_int;
pub(crate) type GenerateIdCallback =
    unsafe extern "C" fn(*mut SSL, *mut c_uchar, *mut c_uint) -> c_int;
pub(crate) type PaddingCallback =
    unsafe extern "C" fn(*mut SSL, c_int, usize, *mut c_void) -> usize;
pub(crate) type SecurityCallback = unsafe extern "C" fn(
    *const SSL,
    *const SSL_CTX,
    c_int,
    c_int,
    c_int,
    *mut c_void,
    *mut c_void,
) -> c_int;
pub(crate) type AllowEarlyDataCallback = unsafe extern "C" fn(*mut SSL, *mut c_void) -> c_int;
/// What `SSL_CTX_callback_ctrl` and `SSL_callback_ctrl` are given before the command says what it is.
pub(crate) type AnyCallback = unsafe extern "C" fn();
#[allow(
    dead_code,
    reason = "documents the return type of the control functions"
)]
pub(crate) type Control = c_long;
