//! SSL_get_peer_certificate(3), SSL_get_peer_cert_chain(3): what the peer showed.

use std::ptr::null_mut;
use std::sync::Arc;

use openssl_sys::{X509 as RawX509, stack_st_X509};

use super::with;
use crate::crypto::{X509, X509Stack};
use crate::handle::SSL;
use crate::session::Fields;
use crate::ssl::{Ssl, Stage};

/// The caller gets a reference of its own.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get1_peer_certificate(ssl: *const SSL) -> *mut RawX509 {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, null_mut(), |ssl| {
            peer(ssl).map_or(null_mut(), X509::into_raw)
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get0_peer_certificate(ssl: *const SSL) -> *mut RawX509 {
    // SAFETY: the caller's promise. The connection or its session keeps its reference.
    unsafe {
        with(ssl, null_mut(), |ssl| {
            peer(ssl).map_or(null_mut(), |peer| peer.as_ptr())
        })
    }
}

/// On a client with the server's own certificate, on a server without the client's.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_peer_cert_chain(ssl: *const SSL) -> *mut stack_st_X509 {
    // SAFETY: the caller's promise. The connection keeps the list.
    unsafe {
        with(ssl, null_mut(), |ssl| {
            let offered = offered(ssl, |fields| fields.chain.clone());
            pointer(ssl.facts().peer_chain.as_ref().or(offered.as_ref()))
        })
    }
}

/// The chain that verification built, up to what it trusted.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get0_verified_chain(ssl: *const SSL) -> *mut stack_st_X509 {
    // SAFETY: the caller's promise. The connection keeps the list.
    unsafe {
        with(ssl, null_mut(), |ssl| {
            pointer(ssl.facts().verified_chain.as_ref())
        })
    }
}

fn peer(ssl: &Ssl) -> Option<X509> {
    let known = ssl.facts().peer.clone();
    known.or_else(|| offered(ssl, |fields| fields.peer.clone()))
}

/// What is known of the peer before the handshake: from the session that is to be resumed.
fn offered<T>(ssl: &Ssl, part: impl FnOnce(&Fields) -> Option<T>) -> Option<T> {
    let session = ssl.session().filter(|_| ssl.stage() == Stage::Before)?;
    session.read(part)
}

fn pointer(chain: Option<&Arc<X509Stack>>) -> *mut stack_st_X509 {
    chain.map_or(null_mut(), |chain| chain.as_ptr())
}
