//! SSL_get_version(3), SSL_get_current_cipher(3), SSL_get_peer_signature_nid(3),
//! SSL_get_shared_sigalgs(3): what was agreed on, and what it was chosen from.

use std::ffi::{CStr, c_char};
use std::ptr;

use libc::{c_int, c_uchar};

use super::slice::put;
use super::with;
use crate::handle::SSL;
use crate::method::{TLS1_2, TLS1_3};
use crate::negotiate::nid;
use crate::negotiate::sigalgs::{self, Scheme};
use crate::negotiate::suites::Suite;

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_version(ssl: *const SSL) -> *const c_char {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, ptr::null(), |ssl| version_name(ssl.version()).as_ptr()) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_version(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.version().into()) }
}

/// What the hello has in its old version field.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_client_version(ssl: *const SSL) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl.client_version()) }
}

/// The suite in use; until there is one, that of the session to resume.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_current_cipher(ssl: *const SSL) -> *const Suite {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, ptr::null(), |ssl| {
            let of_session = || {
                ssl.session()?
                    .read(|fields| Suite::from_wire(fields.suite?))
            };
            let known = ssl.facts().suite;
            suite(known.or_else(of_session))
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_pending_cipher(ssl: *const SSL) -> *const Suite {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, ptr::null(), |ssl| suite(ssl.facts().pending_suite)) }
}

/// # Safety
/// `ssl` is NULL or live; `nid` can be written to.
pub(crate) unsafe extern "C" fn SSL_get_peer_signature_type_nid(
    ssl: *const SSL,
    nid: *mut c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| signature(ssl.facts().peer_scheme, nid)) }
}

/// # Safety
/// `ssl` is NULL or live; `nid` can be written to.
pub(crate) unsafe extern "C" fn SSL_get_signature_type_nid(
    ssl: *const SSL,
    nid: *mut c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| signature(ssl.facts().own_scheme, nid)) }
}

/// How many schemes the peer offered, and what the one `at` this place is made of.
///
/// # Safety
/// `ssl` is NULL or live; each place is NULL or can be written to.
pub(crate) unsafe extern "C" fn SSL_get_sigalgs(
    ssl: *mut SSL,
    at: c_int,
    signature: *mut c_int,
    hash: *mut c_int,
    both: *mut c_int,
    raw_signature: *mut c_uchar,
    raw_hash: *mut c_uchar,
) -> c_int {
    let places = Places {
        signature,
        hash,
        both,
        raw_signature,
        raw_hash,
    };
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            let facts = ssl.facts();
            let offered = &facts.peer_schemes;
            // A negative place asks for the number alone.
            if let Ok(at) = usize::try_from(at) {
                match offered.get(at) {
                    Some(&id) => places.fill(id, sigalgs::from_wire(id)),
                    None => return 0,
                }
            }
            count(offered.len())
        })
    }
}

/// The same for the schemes that both sides have.
///
/// # Safety
/// As for [`SSL_get_sigalgs`].
pub(crate) unsafe extern "C" fn SSL_get_shared_sigalgs(
    ssl: *mut SSL,
    at: c_int,
    signature: *mut c_int,
    hash: *mut c_int,
    both: *mut c_int,
    raw_signature: *mut c_uchar,
    raw_hash: *mut c_uchar,
) -> c_int {
    let places = Places {
        signature,
        hash,
        both,
        raw_signature,
        raw_hash,
    };
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, 0, |ssl| {
            let shared = ssl.shared_schemes();
            let scheme = usize::try_from(at).ok().and_then(|at| shared.get(at));
            let Some(scheme) = scheme else { return 0 };
            places.fill(scheme.id, Some(scheme));
            count(shared.len())
        })
    }
}

/// Where a scheme is written to, part by part.
#[derive(Clone, Copy)]
struct Places {
    signature: *mut c_int,
    hash: *mut c_int,
    both: *mut c_int,
    raw_signature: *mut c_uchar,
    raw_hash: *mut c_uchar,
}

impl Places {
    /// # Safety
    /// Each place is NULL or can be written to.
    unsafe fn fill(self, id: u16, scheme: Option<&Scheme>) {
        let [raw_hash, raw_signature] = id.to_be_bytes();
        let (signature, hash, both) = scheme
            .map_or((nid::UNDEF, nid::UNDEF, nid::UNDEF), |scheme| {
                (scheme.signature, scheme.hash, scheme.signature_and_hash)
            });
        // SAFETY: the caller's promise.
        unsafe {
            put(self.signature, signature);
            put(self.hash, hash);
            put(self.both, both);
            put(self.raw_signature, raw_signature);
            put(self.raw_hash, raw_hash);
        }
    }
}

/// # Safety
/// `place` can be written to.
unsafe fn signature(scheme: Option<u16>, place: *mut c_int) -> c_int {
    match scheme.and_then(sigalgs::from_wire) {
        Some(scheme) => {
            // SAFETY: the caller's promise.
            unsafe { put(place, scheme.signature) };
            1
        }
        None => 0,
    }
}

fn suite(suite: Option<&'static Suite>) -> *const Suite {
    suite.map_or(ptr::null(), ptr::from_ref)
}

fn count(len: usize) -> c_int {
    c_int::try_from(len).unwrap_or(0)
}

fn version_name(version: u16) -> &'static CStr {
    match version {
        TLS1_3 => c"TLSv1.3",
        TLS1_2 => c"TLSv1.2",
        0x0302 => c"TLSv1.1",
        0x0301 => c"TLSv1",
        0x0300 => c"SSLv3",
        _ => c"unknown",
    }
}
