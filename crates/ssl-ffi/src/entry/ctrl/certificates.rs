//! Commands on certificates: chains, which one is current, stores, what was signed with.
//!
//! Owns their C forms: who keeps a reference, and where a result is written to.

use std::ptr::null_mut;
use std::sync::Arc;

use libc::{c_int, c_long, c_void};
use openssl_sys::{EVP_PKEY, X509 as RawX509, X509_STORE, stack_st_X509};

use crate::crypto::queue::{self, common};
use crate::crypto::{X509, X509Stack, X509Store, share};
use crate::ctx::Ctx;
use crate::negotiate::groups;
use crate::settings::certificates::Certificates;
use crate::settings::chain;
use crate::settings::holder::Holder;
use crate::ssl::Ssl;
use ssl_record::delegate::KeyShare;

/// # Safety
/// `parg` is what the command demands.
pub(super) unsafe fn on_ctx(
    ctx: &Ctx,
    cmd: c_int,
    larg: c_long,
    parg: *mut c_void,
) -> Option<c_long> {
    // SAFETY: the caller's promise, passed on with each command.
    unsafe {
        Some(match cmd {
            EXTRA_CHAIN_CERT => add_extra(ctx, parg.cast()),
            GET_EXTRA_CHAIN_CERTS => {
                let extra = ctx.extra_chain().as_ptr();
                let list = match (extra.is_null(), larg) {
                    // Unless told otherwise, the chain of the certificate stands in.
                    (true, 0) => ctx.certificates().current().chain.as_ptr(),
                    _ => extra,
                };
                written(parg, list)
            }
            CLEAR_EXTRA_CHAIN_CERTS => {
                drop(ctx.change_extra_chain(|chain| chain.set(None)));
                1
            }
            SET_CLIENT_CERT_TYPES => set_types(larg, parg),
            SELECT_CURRENT_CERT => select(ctx, parg.cast()),
            SET_CURRENT_CERT => chain::select_next(ctx, larg).into(),
            _ => return on_holder(ctx, cmd, larg, parg),
        })
    }
}

/// # Safety
/// `parg` is what the command demands.
pub(super) unsafe fn on_ssl(
    ssl: &Ssl,
    cmd: c_int,
    larg: c_long,
    parg: *mut c_void,
) -> Option<c_long> {
    // SAFETY: the caller's promise, passed on with each command.
    unsafe {
        Some(match cmd {
            GET_CLIENT_CERT_TYPES => requested_types(ssl, parg),
            SELECT_CURRENT_CERT => select(ssl, parg.cast()),
            SET_CURRENT_CERT if larg == SET_SERVER => ssl.select_shown().into(),
            SET_CURRENT_CERT => chain::select_next(ssl, larg).into(),
            GET_PEER_TMP_KEY => {
                let agreed = ssl.facts().peer_key_share.clone();
                give_key(agreed, parg.cast())
            }
            GET_TMP_KEY => {
                let agreed = ssl.facts().key_share.clone();
                give_key(agreed, parg.cast())
            }
            SET_RETRY_VERIFY => {
                ssl.retry_verification();
                1
            }
            _ => return on_holder(ssl, cmd, larg, parg),
        })
    }
}

/// # Safety
/// `parg` is what the command demands.
unsafe fn on_holder(
    holder: &impl Holder,
    cmd: c_int,
    larg: c_long,
    parg: *mut c_void,
) -> Option<c_long> {
    let now = || holder.certificates();
    // SAFETY: the caller's promise, passed on with each command.
    unsafe {
        Some(match cmd {
            CHAIN => set_chain(holder, larg, parg.cast()),
            CHAIN_CERT => add_chain(holder, larg, parg.cast()),
            GET_CHAIN_CERTS => written(parg, now().current().chain.as_ptr()),
            BUILD_CERT_CHAIN => chain::build(holder, larg as c_int).into(),
            SET_VERIFY_CERT_STORE => {
                set_store(holder, larg, parg.cast(), |to| &mut to.verify_store)
            }
            SET_CHAIN_CERT_STORE => set_store(holder, larg, parg.cast(), |to| &mut to.chain_store),
            GET_VERIFY_CERT_STORE => written(parg, pointer(now().verify_store.as_ref())),
            GET_CHAIN_CERT_STORE => written(parg, pointer(now().chain_store.as_ref())),
            _ => return None,
        })
    }
}

/// The reference to the certificate passes to the context.
///
/// # Safety
/// `raw` is NULL or live.
unsafe fn add_extra(ctx: &Ctx, raw: *mut RawX509) -> c_long {
    // SAFETY: the caller's promise.
    let Some(certificate) = (unsafe { X509::from_owned(raw) }) else {
        queue::raise(common::PASSED_NULL_PARAMETER);
        return 0;
    };
    ctx.change_extra_chain(|chain| chain.add(certificate))
        .into()
}

/// With `counted` the list is copied, otherwise it passes to the holder, unless it is refused.
///
/// # Safety
/// `raw` is NULL or a list of certificates.
unsafe fn set_chain(holder: &impl Holder, counted: c_long, raw: *mut stack_st_X509) -> c_long {
    // SAFETY: the caller's promise.
    let list = unsafe {
        if counted == 0 {
            X509Stack::from_owned(raw)
        } else {
            X509Stack::from_borrowed(raw)
        }
    };
    match chain::set(holder, list) {
        Ok(()) => 1,
        Err(list) => {
            if counted == 0 {
                // It stays the caller's.
                let _ = list.map(X509Stack::into_raw);
            }
            0
        }
    }
}

/// With `counted` the holder gets a reference of its own, otherwise the caller's, unless it is refused.
///
/// # Safety
/// `raw` is NULL or live.
unsafe fn add_chain(holder: &impl Holder, counted: c_long, raw: *mut RawX509) -> c_long {
    // SAFETY: the caller's promise.
    let Some(certificate) = (unsafe { X509::from_borrowed(raw) }) else {
        queue::raise(common::PASSED_NULL_PARAMETER);
        return 0;
    };
    if chain::add(holder, &certificate).is_none() {
        return 0;
    }
    if counted == 0 {
        // SAFETY: the caller gave its reference away.
        drop(unsafe { X509::from_owned(raw) });
    }
    1
}

/// # Safety
/// `raw` is NULL or live.
unsafe fn select(holder: &impl Holder, raw: *mut RawX509) -> c_long {
    // SAFETY: the caller's promise.
    let certificate = unsafe { X509::from_borrowed(raw) };
    certificate
        .is_some_and(|certificate| chain::select(holder, &certificate))
        .into()
}

/// With `counted` the holder gets a reference of its own, otherwise the caller's.
///
/// # Safety
/// `raw` is NULL or live.
unsafe fn set_store(
    holder: &impl Holder,
    counted: c_long,
    raw: *mut X509_STORE,
    which: impl FnOnce(&mut Certificates) -> &mut Option<X509Store>,
) -> c_long {
    // SAFETY: the caller's promise.
    let store = unsafe {
        if counted == 0 {
            X509Store::from_owned(raw)
        } else {
            X509Store::from_borrowed(raw)
        }
    };
    let mut certificates = holder.certificates();
    *which(Arc::make_mut(&mut certificates)) = store;
    holder.set_certificates(certificates);
    1
}

fn pointer(store: Option<&X509Store>) -> *mut X509_STORE {
    store.map_or(null_mut(), X509Store::as_ptr)
}

/// # Safety
/// `place` is NULL or a place for the pointer.
unsafe fn written<T>(place: *mut c_void, pointer: *mut T) -> c_long {
    if place.is_null() {
        return 0;
    }
    // SAFETY: the caller's promise.
    unsafe { place.cast::<*mut T>().write(pointer) };
    1
}

/// Which types of certificates a TLS 1.2 server asks for: a hint that changes nothing, as ours asks for
/// those that its signature schemes are made with.
fn set_types(larg: c_long, parg: *mut c_void) -> c_long {
    (parg.is_null() || (0..=MAX_TYPES).contains(&larg)).into()
}

/// On clients, the types that a TLS 1.2 server asked for.
///
/// # Safety
/// `parg` is NULL or a place for a pointer.
unsafe fn requested_types(ssl: &Ssl, parg: *mut c_void) -> c_long {
    let facts = ssl.facts();
    if ssl.is_server() || !facts.certificate_requested {
        return 0;
    }
    let types = &facts.peer_certificate_types;
    if !parg.is_null() {
        // SAFETY: the caller's promise. The connection keeps the bytes.
        unsafe { parg.cast::<*const u8>().write(types.as_ptr()) };
    }
    c_long::try_from(types.len()).unwrap_or(0)
}

/// Gives a key to the caller; 0 if none was agreed by, or none that libcrypto has.
///
/// # Safety
/// `place` is NULL or a place for a pointer.
unsafe fn give_key(agreed: Option<KeyShare>, place: *mut *mut EVP_PKEY) -> c_long {
    let key = agreed.and_then(|agreed| {
        let group = groups::from_wire(agreed.group)?;
        share::public_key(group.nid, &agreed.public)
    });
    match key {
        Some(key) if !place.is_null() => {
            // SAFETY: the caller's promise. The reference passes to the caller.
            unsafe { place.write(key.into_raw()) };
            1
        }
        _ => 0,
    }
}

const MAX_TYPES: c_long = 0xff;

/// `SSL_CERT_SET_SERVER`.
const SET_SERVER: c_long = 3;

const EXTRA_CHAIN_CERT: c_int = 14;
const GET_EXTRA_CHAIN_CERTS: c_int = 82;
const CLEAR_EXTRA_CHAIN_CERTS: c_int = 83;
const CHAIN: c_int = 88;
const CHAIN_CERT: c_int = 89;
const GET_CLIENT_CERT_TYPES: c_int = 103;
const SET_CLIENT_CERT_TYPES: c_int = 104;
const BUILD_CERT_CHAIN: c_int = 105;
const SET_VERIFY_CERT_STORE: c_int = 106;
const SET_CHAIN_CERT_STORE: c_int = 107;
const GET_PEER_TMP_KEY: c_int = 109;
const GET_CHAIN_CERTS: c_int = 115;
const SELECT_CURRENT_CERT: c_int = 116;
const SET_CURRENT_CERT: c_int = 117;
const GET_TMP_KEY: c_int = 133;
const SET_RETRY_VERIFY: c_int = 136;
const GET_VERIFY_CERT_STORE: c_int = 137;
const GET_CHAIN_CERT_STORE: c_int = 138;
