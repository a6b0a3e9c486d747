//! Chains of our own certificates, built from a store.
//!
//! Owns how far one gets and whether it ends in something trusted. What is sent of it, and whether it is
//! strong enough, is decided elsewhere.

use std::ffi::{CStr, c_int, c_ulong};

use openssl_sys as ffi;

use super::refs::{X509, X509Store};
use super::stack::X509Stack;
use super::verify::StoreCtx;
use super::{queue, sys};

/// What a store made of a certificate.
#[derive(Debug)]
pub(crate) struct Built {
    /// The certificate itself first, then as far as the store leads.
    pub(crate) chain: X509Stack,
    /// `X509_V_*`; positive only if the chain is not trusted.
    pub(crate) error: c_int,
    /// Whether the chain is trusted.
    pub(crate) ok: bool,
}

/// Builds the chain of `leaf` with the certificates of the store and of `untrusted`; `flags` are
/// `X509_V_FLAG_*`. What libcrypto says of it is left in the queue. `None`, with an entry, if it could
/// not even be tried.
pub(crate) fn build(
    leaf: &X509,
    untrusted: Option<&X509Stack>,
    store: &X509Store,
    flags: c_ulong,
) -> Option<Built> {
    let ctx = StoreCtx::new(store, leaf, untrusted)?;
    // SAFETY: the context is live and complete; the chain is ours to free.
    let (result, error, chain) = unsafe {
        sys::X509_STORE_CTX_set_flags(ctx.raw(), flags);
        let result = ffi::X509_verify_cert(ctx.raw());
        let error = ffi::X509_STORE_CTX_get_error(ctx.raw());
        let chain = sys::X509_STORE_CTX_get1_chain(ctx.raw());
        (result, error, X509Stack::from_owned(chain))
    };
    let chain = match chain.filter(|chain| !chain.is_empty()) {
        Some(chain) => chain,
        None => {
            let mut alone = X509Stack::new()?;
            alone.push(leaf.clone()).then_some(alone)?
        }
    };
    Some(Built {
        chain,
        error,
        ok: result > 0,
    })
}

/// A store of these certificates alone.
pub(crate) fn store_of(certificates: impl Iterator<Item = X509>) -> Option<X509Store> {
    let store = X509Store::new()?;
    for certificate in certificates {
        // SAFETY: both are live; the store takes a reference of its own.
        let added = unsafe { ffi::X509_STORE_add_cert(store.as_ptr(), certificate.as_ptr()) };
        (added == 1).then_some(())?;
    }
    Some(store)
}

/// Whether the certificate is marked as one that signed itself.
pub(crate) fn is_self_signed(certificate: &X509) -> bool {
    // SAFETY: the certificate is live.
    unsafe { sys::X509_get_extension_flags(certificate.as_ptr()) & SELF_SIGNED != 0 }
}

/// Whether certificate and chain satisfy a profile of Suite B (`X509_V_FLAG_SUITEB_*`).
pub(crate) fn fits_suite_b(leaf: &X509, chain: Option<&X509Stack>, profile: c_ulong) -> bool {
    let chain = chain.map_or(std::ptr::null_mut(), X509Stack::as_ptr);
    // SAFETY: certificate and list are live, or the list is NULL; the place of the error is not asked for.
    unsafe {
        sys::X509_chain_check_suiteb(std::ptr::null_mut(), leaf.as_ptr(), chain, profile) == 0
    }
}

/// Queues that a chain is not trusted, and why.
#[track_caller]
pub(crate) fn raise_untrusted(error: c_int) {
    // SAFETY: no preconditions; the text is static.
    let text = unsafe { CStr::from_ptr(sys::X509_verify_cert_error_string(error.into())) };
    let text = format!("Verify error:{}", text.to_string_lossy());
    queue::raise_data(super::reason::CERTIFICATE_VERIFY_FAILED, &text);
}

/// `EXFLAG_SS`.
const SELF_SIGNED: u32 = 0x2000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::{self, Kind};

    #[test]
    fn chains_go_as_far_as_the_store_leads() {
        let root = testing::self_signed(Kind::P256, "root");
        let middle = testing::issued("middle", &root, true, 3600);
        let leaf = testing::issued("leaf", &middle, false, 3600).certificate;
        let (root, middle) = (root.certificate, middle.certificate);
        let build = |store: &[&X509]| {
            let store = store_of(store.iter().copied().cloned()).unwrap();
            build(&leaf, None, &store, 0).unwrap()
        };
        for (store, length, ok) in [
            (&[&root, &middle][..], 3, true),
            (&[&middle], 2, false),
            (&[&root], 1, false),
        ] {
            let built = build(store);
            assert_eq!((built.chain.len(), built.ok), (length, ok));
            assert!(built.chain.element(0).unwrap().is_same(&leaf));
        }
        assert!(is_self_signed(&root) && !is_self_signed(&middle));
        queue::clear();
    }
}
