//! SSL_get_peer_certificate(3), SSL_get_peer_cert_chain(3): what the peer showed.

use openssl_sys::{X509 as RawX509, stack_st_X509};

use super::with;
use crate::handle::SSL;

/// The caller gets a reference of its own.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get1_peer_certificate(ssl: *const SSL) -> *mut RawX509 {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, std::ptr::null_mut(), |ssl| {
            let peer = ssl.facts().peer.clone();
            peer.map_or(std::ptr::null_mut(), crate::crypto::X509::into_raw)
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get0_peer_certificate(ssl: *const SSL) -> *mut RawX509 {
    // SAFETY: the caller's promise. The connection keeps its reference.
    unsafe {
        with(ssl, std::ptr::null_mut(), |ssl| {
            let facts = ssl.facts();
            let peer = facts.peer.as_ref();
            peer.map_or(std::ptr::null_mut(), crate::crypto::X509::as_ptr)
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
        with(ssl, std::ptr::null_mut(), |ssl| {
            let facts = ssl.facts();
            let chain = facts.peer_chain.as_ref();
            chain.map_or(std::ptr::null_mut(), |chain| chain.as_ptr())
        })
    }
}
