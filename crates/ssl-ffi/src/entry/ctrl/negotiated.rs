//! Commands that ask what a handshake came to, or what the peer offered.
//!
//! Owns their C forms. What is given out points into the connection's facts, which stay until the next
//! handshake.

use libc::{c_int, c_long, c_uchar, c_void};

use crate::method::TLS1_2;
use crate::negotiate::sigalgs;
use crate::ssl::{Offered, Ssl};

/// # Safety
/// `parg` is what the command demands.
pub(super) unsafe fn on_ssl(
    ssl: &Ssl,
    cmd: c_int,
    larg: c_long,
    parg: *mut c_void,
) -> Option<c_long> {
    Some(match cmd {
        // Renegotiation is refused, so that there was none, and no flag of the old protocols is set.
        GET_CLIENT_CERT_REQUEST
        | GET_NUM_RENEGOTIATIONS
        | CLEAR_NUM_RENEGOTIATIONS
        | GET_TOTAL_RENEGOTIATIONS
        | GET_FLAGS => 0,
        GET_RI_SUPPORT => ssl.facts().secure_renegotiation.into(),
        // SAFETY: the caller's promise.
        GET_SIGNATURE_NID => unsafe { hash(ssl.facts().own_scheme, parg) },
        // SAFETY: the caller's promise.
        GET_PEER_SIGNATURE_NID => unsafe { hash(ssl.facts().peer_scheme, parg) },
        GET_RAW_CIPHERLIST if parg.is_null() => 2,
        // SAFETY: the caller's promise.
        GET_RAW_CIPHERLIST => unsafe { of_offered(ssl, parg, |offered| Some(&offered.suites)) },
        // SAFETY: the caller's promise.
        GET_EC_POINT_FORMATS => unsafe {
            of_offered(ssl, parg, |offered| match ssl.version() {
                TLS1_2 => offered.point_formats.as_deref(),
                _ => None,
            })
        },
        GET_EXTMS_SUPPORT if ssl.in_init() => -1,
        // What TLS 1.3 does by itself is not called so.
        GET_EXTMS_SUPPORT => {
            let facts = ssl.facts();
            (facts.version == Some(TLS1_2) && facts.extended_master_secret).into()
        }
        // The types of certificates that a TLS 1.2 server asks for follow from the schemes.
        SET_CLIENT_CERT_TYPES => (ssl.is_server() && (0..=255).contains(&larg)).into(),
        _ => return None,
    })
}

/// # Safety
/// `parg` is NULL or a place for an int.
unsafe fn hash(scheme: Option<u16>, parg: *mut c_void) -> c_long {
    match scheme.and_then(sigalgs::from_wire) {
        Some(scheme) if !parg.is_null() => {
            // SAFETY: the caller's promise.
            unsafe { parg.cast::<c_int>().write(scheme.hash) };
            1
        }
        _ => 0,
    }
}

/// A part of the ClientHello that this server received.
///
/// # Safety
/// `parg` is NULL or a place for a pointer.
unsafe fn of_offered(
    ssl: &Ssl,
    parg: *mut c_void,
    part: impl FnOnce(&Offered) -> Option<&[u8]>,
) -> c_long {
    let facts = ssl.facts();
    let offered = facts.offered.as_deref();
    let Some(part) = offered.and_then(part).filter(|_| !parg.is_null()) else {
        return 0;
    };
    // SAFETY: the caller's promise. The bytes stay where they are until the next handshake.
    unsafe { parg.cast::<*const c_uchar>().write(part.as_ptr()) };
    c_long::try_from(part.len()).unwrap_or(0)
}

const GET_CLIENT_CERT_REQUEST: c_int = 9;
const GET_NUM_RENEGOTIATIONS: c_int = 10;
const CLEAR_NUM_RENEGOTIATIONS: c_int = 11;
const GET_TOTAL_RENEGOTIATIONS: c_int = 12;
const GET_FLAGS: c_int = 13;
const GET_RI_SUPPORT: c_int = 76;
const SET_CLIENT_CERT_TYPES: c_int = 104;
const GET_PEER_SIGNATURE_NID: c_int = 108;
const GET_RAW_CIPHERLIST: c_int = 110;
const GET_EC_POINT_FORMATS: c_int = 111;
const GET_EXTMS_SUPPORT: c_int = 122;
const GET_SIGNATURE_NID: c_int = 132;
