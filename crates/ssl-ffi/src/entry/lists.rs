//! SSL_CTX_set_cipher_list(3), SSL_get_ciphers(3): lists of suites, set and shown.

use std::ffi::{CStr, c_char, c_int};
use std::ptr;

use openssl_sys::OPENSSL_STACK;

use super::{slice, with};
use crate::boundary::guard;
use crate::crypto::{PointerStack, queue, reason};
use crate::handle::{SSL, SSL_CTX, SSL_METHOD};
use crate::negotiate::cipher_string::Outcome;
use crate::negotiate::suite_b::SuiteB;
use crate::negotiate::suite_list::{NoCipherMatch, SuiteList};
use crate::negotiate::suites::Suite;
use crate::settings::Settings;

/// # Safety
/// `ctx` is NULL or live; `text` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_CTX_set_cipher_list(
    ctx: *mut SSL_CTX,
    text: *const c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, |ctx| ctx_cipher_string(ctx, slice::string(text))) }
}

/// # Safety
/// `ssl` is NULL or live; `text` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_set_cipher_list(ssl: *mut SSL, text: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl_cipher_string(ssl, slice::string(text))) }
}

/// # Safety
/// `ctx` is NULL or live; `text` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_CTX_set_ciphersuites(
    ctx: *mut SSL_CTX,
    text: *const c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, 0, |ctx| ctx_ciphersuites(ctx, slice::string(text))) }
}

/// # Safety
/// `ssl` is NULL or live; `text` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_set_ciphersuites(ssl: *mut SSL, text: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, 0, |ssl| ssl_ciphersuites(ssl, slice::string(text))) }
}

/// The suites of TLS 1.2, by a cipher string.
pub(super) fn ctx_cipher_string(ctx: &SSL_CTX, text: Option<&CStr>) -> c_int {
    match text {
        Some(text) => conclude(ctx.change(|settings| set_cipher_string(settings, text))),
        None => 0,
    }
}

/// The same for a connection, which has a list of its own from now on.
pub(super) fn ssl_cipher_string(ssl: &SSL, text: Option<&CStr>) -> c_int {
    let Some(text) = text else { return 0 };
    conclude(ssl.change(|settings| {
        let outcome = set_cipher_string(settings, text);
        settings.has_own_suites |= is_kept(&outcome);
        outcome
    }))
}

/// The suites of TLS 1.3, by name.
pub(super) fn ctx_ciphersuites(ctx: &SSL_CTX, text: Option<&CStr>) -> c_int {
    let Some(text) = text else { return 0 };
    matched(ctx.change(|settings| {
        lists(settings).change_suites(|list| list.set_ciphersuites(text.to_bytes()))
    }))
}

/// The same for a connection. What its context has of TLS 1.2 becomes its own, whatever comes of it.
pub(super) fn ssl_ciphersuites(ssl: &SSL, text: Option<&CStr>) -> c_int {
    let Some(text) = text else { return 0 };
    let effective = ssl.suites();
    matched(ssl.change(|settings| {
        settings.has_own_suites = true;
        lists(settings).change_suites(|list| {
            *list = effective.list().clone();
            list.set_ciphersuites(text.to_bytes())
        })
    }))
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_ciphers(ctx: *const SSL_CTX) -> *mut OPENSSL_STACK {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, ptr::null_mut(), |ctx| {
            ctx.with(|settings| settings.lists.suites.stack())
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_ciphers(ssl: *const SSL) -> *mut OPENSSL_STACK {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, ptr::null_mut(), |ssl| ssl.suites().stack()) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_cipher_list(ssl: *const SSL, at: c_int) -> *const c_char {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, ptr::null(), |ssl| {
            let suites = ssl.suites();
            let suite = usize::try_from(at)
                .ok()
                .and_then(|at| suites.iter().nth(at));
            suite.map_or(ptr::null(), |suite| suite.name.as_ptr())
        })
    }
}

/// # Safety
/// `ssl` is NULL or live. The stack is the caller's.
pub(crate) unsafe extern "C" fn SSL_get1_supported_ciphers(ssl: *mut SSL) -> *mut OPENSSL_STACK {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, ptr::null_mut(), |ssl| {
            let suites = ssl.usable_suites();
            if suites.is_empty() {
                return ptr::null_mut();
            }
            let stack = PointerStack::of(suites.into_iter().map(ptr::from_ref));
            stack.map_or(ptr::null_mut(), PointerStack::into_raw)
        })
    }
}

/// What the client offered, as far as we have it; NULL on clients.
///
/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_client_ciphers(ssl: *const SSL) -> *mut OPENSSL_STACK {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, ptr::null_mut(), |ssl| {
            let facts = ssl.facts();
            let offered = facts.offered.as_ref();
            offered.map_or(ptr::null_mut(), |offered| offered.stack())
        })
    }
}

/// Names of the suites that both have, in the client's order; as many as there is room for.
///
/// # Safety
/// `ssl` is NULL or live; `buf` has `size` bytes.
pub(crate) unsafe extern "C" fn SSL_get_shared_ciphers(
    ssl: *const SSL,
    buf: *mut c_char,
    size: c_int,
) -> *mut c_char {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, ptr::null_mut(), |ssl| {
            let Some(names) = shared_names(ssl) else {
                return ptr::null_mut();
            };
            let room = slice::bytes_mut(buf.cast(), usize::try_from(size).unwrap_or(0));
            if room.len() < 2 {
                return ptr::null_mut();
            }
            let mut text = Vec::new();
            for name in names {
                // Each takes its colon with it, which the terminator replaces at the end.
                if text.len() + name.len() + 1 > room.len() {
                    break;
                }
                text.extend_from_slice(name);
                text.push(b':');
            }
            text.pop();
            room[..text.len()].copy_from_slice(&text);
            room[text.len()] = 0;
            buf
        })
    }
}

/// Takes a list of suites in wire form apart. Signals are in no table of ours: `signals` stays empty.
///
/// # Safety
/// `bytes` has `len` bytes; `suites` and `signals` are NULL or can be written to.
pub(crate) unsafe extern "C" fn SSL_bytes_to_cipher_list(
    _ssl: *mut SSL,
    bytes: *const u8,
    len: usize,
    is_v2: c_int,
    suites: *mut *mut OPENSSL_STACK,
    signals: *mut *mut OPENSSL_STACK,
) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise.
        let bytes = unsafe { slice::bytes(bytes, len) };
        let found = match wire_suites(bytes, is_v2 != 0) {
            Ok(found) => found,
            Err(reason) => {
                queue::raise(reason);
                return 0;
            }
        };
        let stacks = PointerStack::of(found).zip(PointerStack::new());
        let Some((found, none)) = stacks else {
            queue::raise(queue::common::MALLOC_FAILURE);
            return 0;
        };
        for (place, stack) in [(suites, found), (signals, none)] {
            if !place.is_null() {
                // SAFETY: the caller's promise.
                unsafe { *place = stack.into_raw() };
            }
        }
        1
    })
}

/// # Safety
/// `ctx` is NULL or live; `method` is NULL or from one of the `*_method` functions.
pub(crate) unsafe extern "C" fn SSL_CTX_set_ssl_version(
    ctx: *mut SSL_CTX,
    method: *const SSL_METHOD,
) -> c_int {
    // SAFETY: the caller's promise; methods live for ever.
    unsafe {
        with(ctx, 0, |ctx| {
            let Some(method) = built_in(method.as_ref::<'static>()) else {
                return 0;
            };
            ctx.set_method(method);
            ctx.change(|settings| {
                lists(settings).change_suites(|list| *list = SuiteList::default());
            });
            1
        })
    }
}

/// # Safety
/// `ssl` is NULL or live; `method` is NULL or from one of the `*_method` functions.
pub(crate) unsafe extern "C" fn SSL_set_ssl_method(
    ssl: *mut SSL,
    method: *const SSL_METHOD,
) -> c_int {
    // SAFETY: the caller's promise; methods live for ever.
    unsafe {
        with(ssl, 0, |ssl| match built_in(method.as_ref::<'static>()) {
            Some(method) => {
                ssl.set_method(method);
                1
            }
            None => 0,
        })
    }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_ssl_method(ssl: *const SSL) -> *const SSL_METHOD {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, ptr::null(), |ssl| ptr::from_ref(ssl.method())) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_ssl_method(ctx: *const SSL_CTX) -> *const SSL_METHOD {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, ptr::null(), |ctx| ptr::from_ref(ctx.method())) }
}

/// What a context starts with in TLS 1.2.
pub(crate) unsafe extern "C" fn OSSL_default_cipher_list() -> *const c_char {
    c"ALL:!COMPLEMENTOFDEFAULT:!eNULL".as_ptr()
}

/// What a context starts with in TLS 1.3.
pub(crate) unsafe extern "C" fn OSSL_default_ciphersuites() -> *const c_char {
    c"TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256".as_ptr()
}

/// The method, unless nothing can be made with it.
fn built_in(method: Option<&'static SSL_METHOD>) -> Option<&'static SSL_METHOD> {
    if method.is_some_and(|method| !method.is_built_in()) {
        queue::raise(reason::UNSUPPORTED_PROTOCOL);
        return None;
    }
    method
}

/// Sets the suites of TLS 1.2; the words that are no suites set the level and Suite B.
fn set_cipher_string(settings: &mut Settings, text: &CStr) -> Outcome {
    let profile = SuiteB::from_flags(settings.cert_flags);
    let outcome =
        lists(settings).change_suites(|list| list.set_cipher_string(text.to_bytes(), profile));
    if let Some(level) = outcome.level {
        settings.security.level = level;
    }
    if let Some(profile) = outcome.suite_b {
        settings.cert_flags = settings.cert_flags & !SuiteB::MASK | profile.flags();
    }
    outcome
}

/// Whether the list was replaced: by one without suites too.
fn is_kept(outcome: &Outcome) -> bool {
    use crate::negotiate::cipher_string::CipherStringFault::InvalidCommand;
    !matches!(outcome.suites, Err(InvalidCommand))
}

fn conclude(outcome: Outcome) -> c_int {
    match outcome.suites {
        Ok(_) => 1,
        Err(fault) => {
            queue::raise(fault.reason().into());
            0
        }
    }
}

fn matched(result: Result<(), NoCipherMatch>) -> c_int {
    match result {
        Ok(()) => 1,
        Err(NoCipherMatch) => {
            queue::raise(NoCipherMatch::REASON.into());
            0
        }
    }
}

fn lists(settings: &mut Settings) -> &mut crate::settings::lists::Lists {
    std::sync::Arc::make_mut(&mut settings.lists)
}

fn shared_names(ssl: &SSL) -> Option<Vec<&'static [u8]>> {
    let ours = ssl.suites();
    let facts = ssl.facts();
    let offered = facts.offered.as_ref()?.known()?;
    let shared = offered.filter(|suite| ours.iter().any(|own| ptr::eq(own, *suite)));
    let names: Vec<_> = shared.map(|suite| suite.name.to_bytes()).collect();
    (!names.is_empty()).then_some(names)
}

/// The suites of a list in wire form, or the reason why it is none.
fn wire_suites(bytes: &[u8], is_v2: bool) -> Result<Vec<*const Suite>, c_int> {
    let size = if is_v2 { 3 } else { 2 };
    if bytes.is_empty() {
        return Err(reason::NO_CIPHERS_SPECIFIED);
    }
    if !bytes.len().is_multiple_of(size) {
        return Err(reason::ERROR_IN_RECEIVED_CIPHER_LIST);
    }
    let numbers = bytes.chunks_exact(size).filter_map(|number| match *number {
        [0, high, low] | [high, low] => Some(u16::from_be_bytes([high, low])),
        _ => None,
    });
    Ok(numbers
        .filter_map(Suite::from_wire)
        .map(ptr::from_ref)
        .collect())
}
