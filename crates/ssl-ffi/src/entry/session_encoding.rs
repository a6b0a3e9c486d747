//! `d2i_SSL_SESSION(3)`, `PEM_read_bio_SSL_SESSION(3)`, `SSL_SESSION_print(3)`.
//!
//! Owns the pointers of C and the error entries. The encodings themselves are `session`'s.

use std::ffi::{c_int, c_long, c_uchar, c_void};

use openssl_sys::{BIO, pem_password_cb};

use super::slice;
use crate::alloc;
use crate::boundary::guard;
use crate::crypto::pem_form::Form;
use crate::crypto::verify::text_of;
use crate::crypto::{Bio, queue, reason, strings};
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
        if out.is_null() {
            *out = alloc::copy(&bytes);
            return if out.is_null() { 0 } else { length };
        }
        // SAFETY: there is room, by the caller's promise.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), *out, bytes.len());
            *out = out.add(bytes.len());
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
        unsafe { PEM.read_bio(bio, into.cast(), password, arg) }.cast()
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
        unsafe { PEM.read_file(file, into.cast(), password, arg) }.cast()
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
    // SAFETY: the caller's promise.
    guard(0, || unsafe { PEM.write_bio(bio, session.cast()) })
}

/// `PEM_write_SSL_SESSION(3)`
///
/// # Safety
/// `file` is open; `session` is NULL or live.
pub(crate) unsafe extern "C" fn PEM_write_SSL_SESSION(
    file: *mut libc::FILE,
    session: *const SSL_SESSION,
) -> c_int {
    // SAFETY: the caller's promise.
    guard(0, || unsafe { PEM.write_file(file, session.cast()) })
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
        let (bio, session) = unsafe { (Bio::from_borrowed(bio), Session::peek(session)) };
        let printed = bio
            .zip(session)
            .is_some_and(|(bio, session)| print(&bio, session));
        printed.into()
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
        let (bio, session) = unsafe { (Bio::of_file(file), Session::peek(session)) };
        let Some(bio) = bio else {
            queue::raise(queue::common::BUF_LIB);
            return 0;
        };
        session.is_some_and(|session| print(&bio, session)).into()
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
        let (bio, session) = unsafe { (Bio::from_borrowed(bio), Session::peek(session)) };
        let line = session.and_then(|session| session.read(text::key_log));
        // No lock is held while the BIO works.
        let printed = bio
            .zip(line)
            .is_some_and(|(bio, line)| bio.write_all(line.as_bytes()));
        printed.into()
    })
}

/// Whether all of it was written. No lock is held while the BIO works.
fn print(bio: &Bio, session: &Session) -> bool {
    let verified = text_of(session.read(|fields| fields.verify_result));
    let description = session.read(|fields| text::describe(fields, &verified.to_string_lossy()));
    let dumped = |ticket: &[u8]| bio.dump(ticket, INDENT);
    bio.write_all(description.before.as_bytes())
        && description.ticket.as_deref().is_none_or(dumped)
        && bio.write_all(description.after.as_bytes())
}

/// Sessions in PEM.
const PEM: Form = Form {
    name: c"SSL SESSION PARAMETERS",
    decode: decode_untyped,
    encode: encode_untyped,
};
const INDENT: c_int = 4;
/// `ERR_LIB_ASN1`.
const LIB_ASN1: c_int = 13;
/// `ERR_R_NESTED_ASN1_ERROR`.
const ASN1_NESTED_ERROR: c_int = 0x8_010a;

/// [`d2i_SSL_SESSION`] as PEM wants it.
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
