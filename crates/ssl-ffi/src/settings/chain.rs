//! What is sent behind our certificates: lists that are set, added to, or built from a store
//! (SSL_CTX_add1_chain_cert(3)), and which certificate they belong to.
//!
//! Owns what OpenSSL refuses, and what it returns.

use std::ffi::{c_int, c_ulong};
use std::sync::Arc;

use super::certificates::{Certificates, KeyKind, Place};
use super::holder::Holder;
use super::install::{change, judge};
use crate::crypto::{X509, X509Stack, chain, queue, reason};

/// Sets the chain of the current certificate. A list that is refused is given back.
pub(crate) fn set(holder: &impl Holder, list: Option<X509Stack>) -> Result<(), Option<X509Stack>> {
    let mut certificates = list.iter().flat_map(X509Stack::iter);
    if !certificates.all(|certificate| judge(holder, &certificate, false).is_some()) {
        drop(certificates);
        return Err(list);
    }
    drop(certificates);
    change(holder, |certificates| {
        certificates.current_mut().chain.set(list);
        Some(())
    });
    Ok(())
}

/// Adds to the chain of the current certificate; what is refused is not taken.
pub(crate) fn add(holder: &impl Holder, certificate: &X509) -> Option<()> {
    judge(holder, certificate, false)?;
    let certificate = certificate.clone();
    // In place, as there may be pointers to the list. Nothing is freed by it.
    let added = holder.change(|settings| {
        let certificates = Arc::make_mut(&mut settings.certificates);
        certificates.current_mut().chain.add(certificate)
    });
    added.then_some(())
}

/// `SSL_CTX_build_cert_chain`: 0, 1, or 2 if there are errors that `flags` let pass.
pub(crate) fn build(holder: &impl Holder, flags: c_int) -> c_int {
    let certificates = holder.certificates();
    let place = certificates.current();
    let Some(leaf) = place.certificate() else {
        queue::raise(reason::NO_CERTIFICATE_SET);
        return 0;
    };
    let Some((built, mut result)) = build_for(holder, &certificates, leaf, flags) else {
        return 0;
    };
    // As OpenSSL has it, errors are forgotten where there is a chain.
    for certificate in built.iter() {
        if judge(holder, &certificate, false).is_none() {
            return 0;
        }
        result = 1;
    }
    change(holder, |certificates| {
        certificates.current_mut().chain.set(Some(built));
        Some(())
    });
    result
}

/// The chain without the certificate itself, and what is returned if it is empty.
fn build_for(
    holder: &impl Holder,
    certificates: &Certificates,
    leaf: &X509,
    flags: c_int,
) -> Option<(X509Stack, c_int)> {
    let list = certificates.current().chain.list();
    let has = |flag: c_int| flags & flag != 0;
    let store = if has(flag::CHECK) {
        // The certificate too: it may have signed itself.
        let known = list.into_iter().flat_map(|list| list.iter());
        chain::store_of(known.chain([leaf.clone()]))?
    } else {
        let own = certificates.chain_store.clone();
        own.unwrap_or_else(|| holder.trust_store())
    };
    let untrusted = list.filter(|_| has(flag::UNTRUSTED) && !has(flag::CHECK));
    let suite_b = holder.look(|settings| settings.cert_flags) & SUITE_B_FLAGS;
    let built = chain::build(
        leaf,
        untrusted.map(|list| &**list),
        &store,
        c_ulong::from(suite_b),
    )?;
    let mut result = 1;
    if !built.ok {
        if !has(flag::IGNORE_ERROR) {
            chain::raise_untrusted(built.error);
            return None;
        }
        if has(flag::CLEAR_ERROR) {
            queue::clear();
        }
        result = 2;
    }
    let mut list = built.chain;
    list.remove(0);
    let last = list.len().checked_sub(1);
    if has(flag::NO_ROOT)
        && let Some(last) = last
        && list
            .element(last)
            .is_some_and(|root| chain::is_self_signed(&root))
    {
        list.remove(last);
    }
    Some((list, result))
}

/// `SSL_CTX_select_current_cert`: the very certificate, or else an equal one.
pub(crate) fn select(holder: &impl Holder, certificate: &X509) -> bool {
    let certificates = holder.certificates();
    let find = |fits: &dyn Fn(&X509) -> bool| {
        let fitting = |(_, place): &(KeyKind, &Place)| place.certificate().is_some_and(fits);
        let found = certificates.usable().find(fitting);
        found.map(|(kind, _)| kind)
    };
    let found = find(&|own| own.as_ptr() == certificate.as_ptr())
        .or_else(|| find(&|own| own.is_same(certificate)));
    select_kind(holder, found)
}

/// `SSL_CTX_set_current_cert`, for the first and the next certificate that there is.
pub(crate) fn select_next(holder: &impl Holder, which: i64) -> bool {
    let certificates = holder.certificates();
    let start = match which {
        SET_FIRST => 0,
        SET_NEXT => certificates.current_kind() as usize + 1,
        _ => return false,
    };
    let found = certificates
        .usable()
        .map(|(kind, _)| kind)
        .find(|kind| *kind as usize >= start);
    select_kind(holder, found)
}

fn select_kind(holder: &impl Holder, kind: Option<KeyKind>) -> bool {
    let Some(kind) = kind else {
        return false;
    };
    holder.select(kind);
    true
}

/// `SSL_CERT_FLAG_SUITEB_128_LOS`.
pub(crate) const SUITE_B_FLAGS: u32 = 0x30000;

/// `SSL_CERT_SET_FIRST`.
const SET_FIRST: i64 = 1;
/// `SSL_CERT_SET_NEXT`.
const SET_NEXT: i64 = 2;

/// `SSL_BUILD_CHAIN_FLAG_*`.
mod flag {
    use std::ffi::c_int;

    pub(super) const UNTRUSTED: c_int = 1;
    pub(super) const NO_ROOT: c_int = 2;
    pub(super) const CHECK: c_int = 4;
    pub(super) const IGNORE_ERROR: c_int = 8;
    pub(super) const CLEAR_ERROR: c_int = 16;
}
