//! PEM of objects that are ours and not libcrypto's.
//!
//! Owns the calls: libcrypto reads and writes the text around the encoding, which the object's own functions
//! make and read. What the object is, is not known here.

use std::ffi::{CStr, c_int, c_void};
use std::ptr::{null, null_mut};

use openssl_sys as ffi;

use super::sys;

/// How a kind of object is written.
pub(crate) struct Form {
    /// Between the dashes.
    pub(crate) name: &'static CStr,
    pub(crate) decode: sys::Decode,
    pub(crate) encode: sys::Encode,
}

impl Form {
    /// Reads an object; NULL with entries if there is none.
    ///
    /// # Safety
    /// `bio` is live, `into` is what the form's decoder takes, and the callback takes `arg`.
    pub(crate) unsafe fn read_bio(
        &self,
        bio: *mut ffi::BIO,
        into: *mut *mut c_void,
        password: ffi::pem_password_cb,
        arg: *mut c_void,
    ) -> *mut c_void {
        let (decode, name) = (Some(self.decode), self.name.as_ptr());
        // SAFETY: the caller's promise.
        unsafe { sys::PEM_ASN1_read_bio(decode, name, bio, into, password, arg) }
    }

    /// As [`Form::read_bio`].
    ///
    /// # Safety
    /// `file` is open; the rest as there.
    pub(crate) unsafe fn read_file(
        &self,
        file: *mut libc::FILE,
        into: *mut *mut c_void,
        password: ffi::pem_password_cb,
        arg: *mut c_void,
    ) -> *mut c_void {
        let (decode, name) = (Some(self.decode), self.name.as_ptr());
        // SAFETY: the caller's promise.
        unsafe { sys::PEM_ASN1_read(decode, name, file, into, password, arg) }
    }

    /// Writes an object: 1, or 0 with entries.
    ///
    /// # Safety
    /// `bio` is live, and the form's encoder takes the object.
    pub(crate) unsafe fn write_bio(&self, bio: *mut ffi::BIO, object: *const c_void) -> c_int {
        let (encode, name) = (Some(self.encode), self.name.as_ptr());
        let (cipher, key) = (null(), null());
        // SAFETY: the caller's promise; without a cipher no password is asked for.
        unsafe {
            sys::PEM_ASN1_write_bio(encode, name, bio, object, cipher, key, 0, None, null_mut())
        }
    }

    /// As [`Form::write_bio`].
    ///
    /// # Safety
    /// `file` is open; the rest as there.
    pub(crate) unsafe fn write_file(&self, file: *mut libc::FILE, object: *const c_void) -> c_int {
        let (encode, name) = (Some(self.encode), self.name.as_ptr());
        let (cipher, key) = (null(), null());
        // SAFETY: the caller's promise; without a cipher no password is asked for.
        unsafe { sys::PEM_ASN1_write(encode, name, file, object, cipher, key, 0, None, null_mut()) }
    }
}
