//! Declarations of libcrypto's that `openssl-sys` lacks and only sessions need.
//!
//! Owns prototypes. Calls nothing.

use std::ffi::{c_char, c_int, c_long, c_uchar, c_ulong, c_void};

use openssl_sys::{BIO, EVP_CIPHER, HMAC_CTX, OSSL_PARAM, pem_password_cb};

/// `d2i_of_void`.
pub(crate) type Decode =
    unsafe extern "C" fn(*mut *mut c_void, *mut *const c_uchar, c_long) -> *mut c_void;
/// `i2d_of_void`.
pub(crate) type Encode = unsafe extern "C" fn(*const c_void, *mut *mut c_uchar) -> c_int;

/// `OPENSSL_LHASH`.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct HashTable {
    _opaque: [u8; 0],
}

/// `OPENSSL_LH_HASHFUNC`.
type Hash = unsafe extern "C" fn(*const c_void) -> c_ulong;
/// `OPENSSL_LH_COMPFUNC`.
type Compare = unsafe extern "C" fn(*const c_void, *const c_void) -> c_int;

unsafe extern "C" {
    // lhash.h
    pub(crate) fn OPENSSL_LH_new(hash: Option<Hash>, compare: Option<Compare>) -> *mut HashTable;
    pub(crate) fn OPENSSL_LH_insert(table: *mut HashTable, data: *mut c_void) -> *mut c_void;
    #[cfg(test)]
    pub(crate) fn OPENSSL_LH_retrieve(table: *mut HashTable, data: *const c_void) -> *mut c_void;
    pub(crate) fn OPENSSL_LH_flush(table: *mut HashTable);
    pub(crate) fn OPENSSL_LH_free(table: *mut HashTable);

    // bio.h
    pub(crate) fn BIO_dump_indent(
        bio: *mut BIO,
        bytes: *const c_void,
        length: c_int,
        indent: c_int,
    ) -> c_int;

    // hmac.h, params.h
    pub(crate) fn HMAC_size(ctx: *const HMAC_CTX) -> usize;
    pub(crate) fn OSSL_PARAM_construct_utf8_string(
        key: *const c_char,
        buffer: *mut c_char,
        size: usize,
    ) -> OSSL_PARAM;

    // pem.h
    pub(crate) fn PEM_ASN1_read_bio(
        decode: Option<Decode>,
        name: *const c_char,
        bio: *mut BIO,
        into: *mut *mut c_void,
        password: pem_password_cb,
        arg: *mut c_void,
    ) -> *mut c_void;
    pub(crate) fn PEM_ASN1_write_bio(
        encode: Option<Encode>,
        name: *const c_char,
        bio: *mut BIO,
        object: *const c_void,
        cipher: *const EVP_CIPHER,
        key: *const c_uchar,
        key_length: c_int,
        password: pem_password_cb,
        arg: *mut c_void,
    ) -> c_int;
    pub(crate) fn PEM_ASN1_read(
        decode: Option<Decode>,
        name: *const c_char,
        file: *mut libc::FILE,
        into: *mut *mut c_void,
        password: pem_password_cb,
        arg: *mut c_void,
    ) -> *mut c_void;
    pub(crate) fn PEM_ASN1_write(
        encode: Option<Encode>,
        name: *const c_char,
        file: *mut libc::FILE,
        object: *const c_void,
        cipher: *const EVP_CIPHER,
        key: *const c_uchar,
        key_length: c_int,
        password: pem_password_cb,
        arg: *mut c_void,
    ) -> c_int;
}
