//! SSL_CTX_set_client_CA_list(3), SSL_CTX_set0_CA_list(3), SSL_load_client_CA_file(3): names of
//! authorities.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;
use std::sync::Arc;

use openssl_sys::{X509 as RawX509, stack_st_X509_NAME};

use super::slice::path;
use super::with;
use crate::boundary::guard;
use crate::crypto::queue::{self, common};
use crate::crypto::{NameStack, X509, subjects};
use crate::handle::{Counted, SSL, SSL_CTX};
use crate::settings::authorities::List;
use crate::settings::holder::Holder;
use crate::ssl::Ssl;

/// # Safety
/// `ctx` is NULL or live; `names` is NULL or a list of names that passes to it.
pub(crate) unsafe extern "C" fn SSL_CTX_set_client_CA_list(
    ctx: *mut SSL_CTX,
    names: *mut stack_st_X509_NAME,
) {
    // SAFETY: the caller's promise.
    unsafe { set(ctx, List::Client, names) }
}

/// # Safety
/// `ssl` is NULL or live; `names` is NULL or a list of names that passes to it.
pub(crate) unsafe extern "C" fn SSL_set_client_CA_list(
    ssl: *mut SSL,
    names: *mut stack_st_X509_NAME,
) {
    // SAFETY: the caller's promise.
    unsafe { set(ssl, List::Client, names) }
}

/// # Safety
/// `ctx` is NULL or live; `names` is NULL or a list of names that passes to it.
pub(crate) unsafe extern "C" fn SSL_CTX_set0_CA_list(
    ctx: *mut SSL_CTX,
    names: *mut stack_st_X509_NAME,
) {
    // SAFETY: the caller's promise.
    unsafe { set(ctx, List::Common, names) }
}

/// # Safety
/// `ssl` is NULL or live; `names` is NULL or a list of names that passes to it.
pub(crate) unsafe extern "C" fn SSL_set0_CA_list(ssl: *mut SSL, names: *mut stack_st_X509_NAME) {
    // SAFETY: the caller's promise.
    unsafe { set(ssl, List::Common, names) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_client_CA_list(
    ctx: *const SSL_CTX,
) -> *mut stack_st_X509_NAME {
    // SAFETY: the caller's promise. The context keeps the list.
    unsafe { with(ctx, null_mut(), |ctx| own(ctx, List::Client)) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get0_CA_list(
    ctx: *const SSL_CTX,
) -> *mut stack_st_X509_NAME {
    // SAFETY: the caller's promise. The context keeps the list.
    unsafe { with(ctx, null_mut(), |ctx| own(ctx, List::Common)) }
}

/// On a client, the names that the server showed.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_client_CA_list(ssl: *const SSL) -> *mut stack_st_X509_NAME {
    // SAFETY: the caller's promise. The connection, or its context, keeps the list.
    unsafe {
        with(ssl, null_mut(), |ssl| {
            if ssl.is_server() {
                own_or_inherited(ssl, List::Client)
            } else {
                peers(ssl)
            }
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get0_CA_list(ssl: *const SSL) -> *mut stack_st_X509_NAME {
    // SAFETY: the caller's promise. The connection, or its context, keeps the list.
    unsafe { with(ssl, null_mut(), |ssl| own_or_inherited(ssl, List::Common)) }
}

/// The names that the peer showed.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get0_peer_CA_list(ssl: *const SSL) -> *mut stack_st_X509_NAME {
    // SAFETY: the caller's promise. The connection keeps the list.
    unsafe { with(ssl, null_mut(), peers) }
}

/// # Safety
/// `ctx` is NULL or live, and so is the certificate.
pub(crate) unsafe extern "C" fn SSL_CTX_add_client_CA(
    ctx: *mut SSL_CTX,
    certificate: *mut RawX509,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { add(ctx, List::Client, certificate) }
}

/// # Safety
/// `ssl` is NULL or live, and so is the certificate.
pub(crate) unsafe extern "C" fn SSL_add_client_CA(
    ssl: *mut SSL,
    certificate: *mut RawX509,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { add(ssl, List::Client, certificate) }
}

/// # Safety
/// `ctx` is NULL or live, and so is the certificate.
pub(crate) unsafe extern "C" fn SSL_CTX_add1_to_CA_list(
    ctx: *mut SSL_CTX,
    certificate: *const RawX509,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { add(ctx, List::Common, certificate.cast_mut()) }
}

/// # Safety
/// `ssl` is NULL or live, and so is the certificate.
pub(crate) unsafe extern "C" fn SSL_add1_to_CA_list(
    ssl: *mut SSL,
    certificate: *const RawX509,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { add(ssl, List::Common, certificate.cast_mut()) }
}

/// A copy; of NULL, an empty list.
///
/// # Safety
/// `names` is NULL or a list of names.
pub(crate) unsafe extern "C" fn SSL_dup_CA_list(
    names: *const stack_st_X509_NAME,
) -> *mut stack_st_X509_NAME {
    guard(null_mut(), || {
        let copy = if names.is_null() {
            NameStack::new()
        } else {
            // SAFETY: the caller's promise.
            unsafe { NameStack::from_borrowed(names) }
        };
        if copy.is_none() {
            queue::raise(common::MALLOC_FAILURE);
        }
        copy.map_or(null_mut(), NameStack::into_raw)
    })
}

/// # Safety
/// `file` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_load_client_CA_file(
    file: *const c_char,
) -> *mut stack_st_X509_NAME {
    guard(null_mut(), || {
        // SAFETY: the caller's promise.
        let names = subjects::of_file(unsafe { path(file) });
        names.map_or(null_mut(), NameStack::into_raw)
    })
}

/// The library context and the query say where SHA-1 comes from; there is no need of it here.
///
/// # Safety
/// `file` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_load_client_CA_file_ex(
    file: *const c_char,
    _library: *mut c_void,
    _query: *const c_char,
) -> *mut stack_st_X509_NAME {
    // SAFETY: the caller's promise.
    unsafe { SSL_load_client_CA_file(file) }
}

/// # Safety
/// `names` is a list of names; `file` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_add_file_cert_subjects_to_stack(
    names: *mut stack_st_X509_NAME,
    file: *const c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    guard(0, || unsafe {
        (!names.is_null() && subjects::add_file(names, path(file))).into()
    })
}

/// # Safety
/// `names` is a list of names; `folder` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_add_dir_cert_subjects_to_stack(
    names: *mut stack_st_X509_NAME,
    folder: *const c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    guard(0, || unsafe {
        (!names.is_null() && subjects::add_folder(names, path(folder))).into()
    })
}

/// # Safety
/// `names` is a list of names; `uri` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_add_store_cert_subjects_to_stack(
    names: *mut stack_st_X509_NAME,
    uri: *const c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    guard(0, || unsafe {
        (!names.is_null() && subjects::add_store(names, path(uri))).into()
    })
}

/// # Safety
/// `holder` is NULL or live; `names` is NULL or a list of names that passes to it.
unsafe fn set<O: Counted + Holder>(holder: *const O, list: List, names: *mut stack_st_X509_NAME) {
    // SAFETY: the caller's promise.
    unsafe {
        with(holder, (), |holder| {
            list.set(holder, NameStack::from_owned(names));
        });
    }
}

/// # Safety
/// `holder` is NULL or live, and so is the certificate.
unsafe fn add<O: Counted + Holder>(
    holder: *const O,
    list: List,
    certificate: *mut RawX509,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(holder, 0, |holder| {
            let certificate = X509::from_borrowed(certificate);
            certificate
                .is_some_and(|certificate| list.add(holder, &certificate))
                .into()
        })
    }
}

/// The holder's own list; NULL if there is none.
fn own(holder: &impl Holder, list: List) -> *mut stack_st_X509_NAME {
    holder.with_names(|names| pointer(list.of(names)))
}

fn own_or_inherited(ssl: &Ssl, list: List) -> *mut stack_st_X509_NAME {
    let own = own(ssl, list);
    if own.is_null() {
        return self::own(&*ssl.ctx(), list);
    }
    own
}

fn peers(ssl: &Ssl) -> *mut stack_st_X509_NAME {
    pointer(ssl.facts().peer_authorities.as_ref())
}

fn pointer(names: Option<&Arc<NameStack>>) -> *mut stack_st_X509_NAME {
    names.map_or(null_mut(), |names| names.as_ptr())
}
