//! Putting certificates and keys into their places: what OpenSSL refuses, and what makes room.
//!
//! Owns that a key always belongs to the certificate beside it: a key that does not is refused, a
//! certificate that does not drops the key. Each function says `None` after queueing why.

use std::sync::Arc;

use super::certificates::{Certificates, KeyKind};
use super::holder::Holder;
use crate::crypto::queue::common;
use crate::crypto::{EvpPkey, X509, X509Stack, queue, reason};

/// `SSL_use_certificate`.
pub(crate) fn certificate(holder: &impl Holder, certificate: X509) -> Option<()> {
    judge(holder, &certificate, true)?;
    let Some(public) = certificate.public_key() else {
        queue::raise(reason::X509_LIB);
        return None;
    };
    let kind = kind_of(&public)?;
    if kind == KeyKind::Ec && !public.can_sign() {
        queue::raise(reason::ECC_CERT_NOT_FOR_SIGNING);
        return None;
    }
    change(holder, |certificates| {
        let place = certificates.place_mut(kind);
        if let Some(key) = place.key() {
            // Whether there are any to copy does not matter.
            public.copy_parameters(key);
            if !key.is_same_public(&certificate) {
                place.set_key(None);
            }
            queue::clear();
        }
        place.set_certificate(certificate);
        certificates.select(kind);
        Some(())
    })
}

/// `SSL_use_PrivateKey`.
pub(crate) fn key(holder: &impl Holder, key: EvpPkey) -> Option<()> {
    let kind = kind_of(&key)?;
    change(holder, |certificates| {
        let place = certificates.place_mut(kind);
        if let Some(certificate) = place.certificate()
            && !key.is_same_public(certificate)
        {
            return None;
        }
        place.set_key(Some(key));
        certificates.select(kind);
        Some(())
    })
}

/// `SSL_use_cert_and_key`: all at once, or nothing. Without a key the certificate's own, which cannot
/// sign, takes its place.
pub(crate) fn pair(
    holder: &impl Holder,
    certificate: X509,
    key: Option<EvpPkey>,
    list: Option<X509Stack>,
    replace: bool,
) -> Option<()> {
    judge(holder, &certificate, true)?;
    for issuer in list.iter().flat_map(X509Stack::iter) {
        judge(holder, &issuer, false)?;
    }
    let public = certificate.public_key()?;
    let key = match key {
        None => public.clone(),
        Some(key) => {
            share_parameters(&key, &public)?;
            if !key.is_equal(&public) {
                queue::raise(reason::PRIVATE_KEY_MISMATCH);
                return None;
            }
            key
        }
    };
    let kind = kind_of(&public)?;
    change(holder, |certificates| {
        let place = certificates.place_mut(kind);
        if !replace && !place.is_empty() {
            queue::raise(reason::NOT_REPLACING_CERTIFICATE);
            return None;
        }
        place.chain.set(list);
        place.set_certificate(certificate);
        place.set_key(Some(key));
        certificates.select(kind);
        Some(())
    })
}

/// `SSL_certs_clear`.
pub(crate) fn forget(holder: &impl Holder) {
    change(holder, |certificates| {
        certificates.clear();
        Some(())
    });
}

/// Copies the parameters that one of the two lacks from the other.
fn share_parameters(key: &EvpPkey, public: &EvpPkey) -> Option<()> {
    let copied = match (key.lacks_parameters(), public.lacks_parameters()) {
        (true, true) => {
            queue::raise(reason::MISSING_PARAMETERS);
            return None;
        }
        (true, false) => key.copy_parameters(public),
        (false, true) => public.copy_parameters(key),
        (false, false) => true,
    };
    if !copied {
        queue::raise(reason::COPY_PARAMETERS_FAILED);
    }
    copied.then_some(())
}

/// Queues why the security level does not let us show a certificate.
pub(super) fn judge(holder: &impl Holder, certificate: &X509, is_leaf: bool) -> Option<()> {
    let judged = holder.judge().certificate(certificate, is_leaf);
    judged
        .inspect_err(|weakness| queue::raise(weakness.reason().into()))
        .ok()
}

/// The certificates are changed in a copy, without a lock: libcrypto may call an engine or a provider.
pub(super) fn change(
    holder: &impl Holder,
    change: impl FnOnce(&mut Certificates) -> Option<()>,
) -> Option<()> {
    let mut certificates = holder.certificates();
    change(Arc::make_mut(&mut certificates))?;
    holder.set_certificates(certificates);
    Some(())
}

fn kind_of(key: &EvpPkey) -> Option<KeyKind> {
    let kind = KeyKind::of(key);
    if kind.is_none() {
        queue::raise(reason::UNKNOWN_CERTIFICATE_TYPE);
    }
    kind
}

/// A pointer that must not be NULL.
pub(crate) fn given<T>(argument: Option<T>) -> Option<T> {
    if argument.is_none() {
        queue::raise(common::PASSED_NULL_PARAMETER);
    }
    argument
}
