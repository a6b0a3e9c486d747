//! `d2i_SSL_SESSION(3)`, `PEM_read_bio_SSL_SESSION(3)`, `SSL_SESSION_print(3)`.
//!
//! Owns the pointers of C and the error entries. The encodings themselves are `session`'s.

use std::ffi::{CStr, c_int, c_long, c_uchar, c_void};

use openssl_sys::{BIO, pem_password_cb};

use super::slice;
use crate::boundary::guard;
use crate::crypto::{Bio, queue, reason, strings, sys};
use crate::handle::{Counted, SSL_SESSION};
use crate::negotiate::suites::Suite;
use crate::session::encoding::BadEncoding;
use crate::session::{Session, decode, text};

/// `i2d_SSL_SESSION(3)`: the length, or 0 if the session has no suite.
///
/// # Safety
/// `session` is NULL or live; `out` is NULL, leads to NULL, or leads to room for the encoding.
pub(crate) unsafe extern "C" fn i2d_SSL_SESSION(
    session: *const SSL_SESSION,
    out: *mut *mut c_uchar,
) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise.
        let session = unsafe { Session::peek(session) };
        let Some(bytes) = session.and_then(Session::to_bytes) else {
            return 0;
        };
        let Ok(length) = c_int::try_from(bytes.len()) else {
            return 0;
        };
        // SAFETY: the caller's promise.
        let Some(out) = (unsafe { out.as_mut() }) else {
            return length;
        };
        let allocate = out.is_null();
        if allocate {
            // SAFETY: any size may be asked for; the name is a constant.
            *out = unsafe { openssl_sys::CRYPTO_malloc(bytes.len(), FILE.as_ptr(), 0) }.cast();
            if out.is_null() {
                return 0;
            }
        }
        // SAFETY: `*out` has room, by the caller's promise or because it was just made.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), *out, bytes.len());
            if !allocate {
                *out = out.add(bytes.len());
            }
        }
        length
    })
}

/// `d2i_SSL_SESSION(3)`. A session that is to be filled and cannot stays as it was.
///
/// # Safety
/// `into` is NULL, leads to NULL, or leads to a live session; `*bytes` leads to `length` bytes.
pub(crate) unsafe extern "C" fn d2i_SSL_SESSION(
    into: *mut *mut SSL_SESSION,
    bytes: *mut *const c_uchar,
    length: c_long,
) -> *mut SSL_SESSION {
    guard(std::ptr::null_mut(), || {
        strings::load();
        // SAFETY: the caller's promise.
        let session = unsafe { read(into, bytes, length) };
        session.unwrap_or(std::ptr::null_mut())
    })
}

/// The body of [`d2i_SSL_SESSION`].
///
/// # Safety
/// As there.
unsafe fn read(
    into: *mut *mut SSL_SESSION,
    bytes: *mut *const c_uchar,
    length: c_long,
) -> Option<*mut SSL_SESSION> {
    // SAFETY: the caller's promise.
    let at = unsafe { bytes.as_mut() }.filter(|at| !at.is_null())?;
    // SAFETY: the caller's promise.
    let input = unsafe { slice::bytes(*at, usize::try_from(length).ok()?) };
    let (fields, used) = decode(input).map_err(raise).ok()?;
    // As in OpenSSL, without an entry: a suite that this library has not.
    fields.suite.and_then(Suite::from_wire)?;
    // SAFETY: the caller's promise.
    let into = unsafe { into.as_mut() };
    let existing = into.as_deref().copied().unwrap_or(std::ptr::null_mut());
    // SAFETY: the caller's promise.
    let session = match unsafe { Session::peek(existing) } {
        Some(session) => {
            // Dropped here, when the session is no longer locked.
            let _old = session.change(|old| std::mem::replace(old, fields));
            existing
        }
        None => {
            let made = Session::into_c(Session::with(fields)?);
            if let Some(into) = into {
                *into = made;
            }
            made
        }
    };
    *at = input[used..].as_ptr();
    Some(session)
}

fn raise(bad: BadEncoding) {
    match bad {
        BadEncoding::Malformed => queue::raise_lib(LIB_ASN1, ASN1_NESTED_ERROR),
        BadEncoding::LayoutVersion => queue::raise(reason::UNKNOWN_SSL_VERSION),
        BadEncoding::ProtocolVersion => queue::raise(reason::UNSUPPORTED_SSL_VERSION),
        BadEncoding::SuiteLength => queue::raise(reason::CIPHER_CODE_WRONG_LENGTH),
        // OpenSSL leaves no entry.
        BadEncoding::TooLong => {}
    }
}

/// `PEM_read_bio_SSL_SESSION(3)`
///
/// # Safety
/// `bio` is live; `into` as for [`d2i_SSL_SESSION`]; the callback takes `arg`.
pub(crate) unsafe extern "C" fn PEM_read_bio_SSL_SESSION(
    bio: *mut BIO,
    into: *mut *mut SSL_SESSION,
    password: pem_password_cb,
    arg: *mut c_void,
) -> *mut SSL_SESSION {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the caller's promise; the decoder has the type that is expected, but for names.
        unsafe { sys::PEM_ASN1_read_bio(DECODE, NAME.as_ptr(), bio, into.cast(), password, arg) }
            .cast()
    })
}

/// `PEM_read_SSL_SESSION(3)`
///
/// # Safety
/// `file` is open; `into` as for [`d2i_SSL_SESSION`]; the callback takes `arg`.
pub(crate) unsafe extern "C" fn PEM_read_SSL_SESSION(
    file: *mut libc::FILE,
    into: *mut *mut SSL_SESSION,
    password: pem_password_cb,
    arg: *mut c_void,
) -> *mut SSL_SESSION {
    guard(std::ptr::null_mut(), || {
        // SAFETY: as above.
        unsafe { sys::PEM_ASN1_read(DECODE, NAME.as_ptr(), file, into.cast(), password, arg) }
            .cast()
    })
}

/// `PEM_write_bio_SSL_SESSION(3)`
///
/// # Safety
/// `bio` is live; `session` is NULL or live.
pub(crate) unsafe extern "C" fn PEM_write_bio_SSL_SESSION(
    bio: *mut BIO,
    session: *const SSL_SESSION,
) -> c_int {
    let (object, none) = (session.cast(), std::ptr::null_mut());
    guard(0, || {
        // SAFETY: the caller's promise; without a cipher no password is asked for.
        unsafe {
            let (cipher, key) = (std::ptr::null(), std::ptr::null());
            sys::PEM_ASN1_write_bio(
                ENCODE,
                NAME.as_ptr(),
                bio,
                object,
                cipher,
                key,
                0,
                None,
                none,
            )
        }
    })
}

/// `PEM_write_SSL_SESSION(3)`
///
/// # Safety
/// `file` is open; `session` is NULL or live.
pub(crate) unsafe extern "C" fn PEM_write_SSL_SESSION(
    file: *mut libc::FILE,
    session: *const SSL_SESSION,
) -> c_int {
    let (object, none) = (session.cast(), std::ptr::null_mut());
    guard(0, || {
        // SAFETY: as above.
        unsafe {
            let (cipher, key) = (std::ptr::null(), std::ptr::null());
            sys::PEM_ASN1_write(
                ENCODE,
                NAME.as_ptr(),
                file,
                object,
                cipher,
                key,
                0,
                None,
                none,
            )
        }
    })
}

/// `SSL_SESSION_print(3)`
///
/// # Safety
/// `bio` is live; `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_print(
    bio: *mut BIO,
    session: *const SSL_SESSION,
) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise.
        let Some(session) = (unsafe { Session::peek(session) }) else {
            return 0;
        };
        let result = session.read(|fields| fields.verify_result);
        // SAFETY: any number may be asked for; the sentences are constants of libcrypto.
        let verified =
            unsafe { CStr::from_ptr(openssl_sys::X509_verify_cert_error_string(result)) };
        let description =
            session.read(|fields| text::describe(fields, &verified.to_string_lossy()));
        // SAFETY: the BIO is live, and no lock is held while it is written to.
        unsafe { print(bio, &description) }.into()
    })
}

/// `SSL_SESSION_print_fp(3)`
///
/// # Safety
/// `file` is open; `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_print_fp(
    file: *mut libc::FILE,
    session: *const SSL_SESSION,
) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise; the file stays the caller's.
        let bio = unsafe { Bio::from_owned(openssl_sys::BIO_new_fp(file.cast(), BIO_NOCLOSE)) };
        let Some(bio) = bio else {
            queue::raise(queue::common::BUF_LIB);
            return 0;
        };
        // SAFETY: the BIO is live; the rest is the caller's promise.
        unsafe { SSL_SESSION_print(bio.as_ptr(), session) }
    })
}

/// `SSL_SESSION_print_keylog(3)`
///
/// # Safety
/// `bio` is live; `session` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_SESSION_print_keylog(
    bio: *mut BIO,
    session: *const SSL_SESSION,
) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise.
        let session = unsafe { Session::peek(session) };
        let line = session.and_then(|session| session.read(text::key_log));
        // SAFETY: the BIO is live, and no lock is held while it is written to.
        line.is_some_and(|line| unsafe { write(bio, line.as_bytes()) })
            .into()
    })
}

/// # Safety
/// `bio` is live.
unsafe fn print(bio: *mut BIO, description: &text::Description) -> bool {
    // SAFETY: the caller's promise; the ticket has the length that is told.
    unsafe {
        let dumped = |ticket: &[u8]| {
            let length = c_int::try_from(ticket.len()).unwrap_or(c_int::MAX);
            sys::BIO_dump_indent(bio, ticket.as_ptr().cast(), length, INDENT) > 0
        };
        write(bio, description.before.as_bytes())
            && description.ticket.as_deref().is_none_or(dumped)
            && write(bio, description.after.as_bytes())
    }
}

/// # Safety
/// `bio` is live.
unsafe fn write(bio: *mut BIO, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        let length = c_int::try_from(bytes.len()).unwrap_or(c_int::MAX);
        // SAFETY: the caller's promise; the bytes have the length that is told.
        let written = unsafe { openssl_sys::BIO_write(bio, bytes.as_ptr().cast(), length) };
        match usize::try_from(written) {
            Ok(count) if count > 0 => bytes = bytes.get(count..).unwrap_or_default(),
            _ => return false,
        }
    }
    true
}

/// Between the dashes of PEM.
const NAME: &CStr = c"SSL SESSION PARAMETERS";
const FILE: &CStr = c"ssl/entry/session_encoding.rs";
const INDENT: c_int = 4;
const BIO_NOCLOSE: c_int = 0;
/// `ERR_LIB_ASN1`.
const LIB_ASN1: c_int = 13;
/// `ERR_R_NESTED_ASN1_ERROR`.
const ASN1_NESTED_ERROR: c_int = 0x8_010a;

/// [`d2i_SSL_SESSION`] as PEM wants it.
const DECODE: Option<sys::Decode> = Some(decode_untyped);
const ENCODE: Option<sys::Encode> = Some(encode_untyped);

unsafe extern "C" fn decode_untyped(
    into: *mut *mut c_void,
    bytes: *mut *const c_uchar,
    length: c_long,
) -> *mut c_void {
    // SAFETY: PEM passes on what our caller gave for a session.
    unsafe { d2i_SSL_SESSION(into.cast(), bytes, length).cast() }
}

unsafe extern "C" fn encode_untyped(session: *const c_void, out: *mut *mut c_uchar) -> c_int {
    // SAFETY: as above.
    unsafe { i2d_SSL_SESSION(session.cast(), out) }
}
