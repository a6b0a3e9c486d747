//! Our certificates: one place per key type, as OpenSSL keeps them.
//!
//! Owns certificate, key and chain of each place, what choosing has to know of them, and which place is
//! current. Does not load or judge anything.

use std::ffi::CStr;
use std::sync::{Arc, OnceLock};

use crate::crypto::{EvpPkey, X509, X509Stack, X509Store, queue, sign, strength};
use crate::negotiate::select::Candidate;
use crate::negotiate::suites::Authentication;

pub(crate) use crate::negotiate::sigalgs::KeyKind;

impl KeyKind {
    /// All places, in the order in which OpenSSL walks them.
    pub(crate) const ALL: [Self; 6] = [
        Self::Rsa,
        Self::RsaPss,
        Self::Dsa,
        Self::Ec,
        Self::Ed25519,
        Self::Ed448,
    ];

    /// The place of a key; `None` for types that TLS has no signatures for.
    pub(crate) fn of(key: &EvpPkey) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| key.is_a(kind.name()))
    }

    /// What libcrypto and its providers call the type.
    const fn name(self) -> &'static CStr {
        match self {
            Self::Rsa => c"RSA",
            Self::RsaPss => c"RSA-PSS",
            Self::Dsa => c"DSA",
            Self::Ec => c"EC",
            Self::Ed25519 => c"ED25519",
            Self::Ed448 => c"ED448",
        }
    }

    /// Whether TLS 1.2 suites with this authentication are for keys of this kind.
    pub(crate) fn authenticates(self, authentication: Authentication) -> bool {
        match authentication {
            Authentication::Any => true,
            Authentication::Rsa => matches!(self, Self::Rsa | Self::RsaPss),
            Authentication::Ecdsa => matches!(self, Self::Ec | Self::Ed25519 | Self::Ed448),
        }
    }

    const fn index(self) -> usize {
        self as usize
    }
}

/// One place.
#[derive(Clone, Default)]
pub(crate) struct Place {
    certificate: Option<X509>,
    key: Option<EvpPkey>,
    /// What is sent behind the certificate.
    pub(crate) chain: Chain,
    /// What choosing has to know of the two, once somebody asked for it.
    candidate: OnceLock<Candidate>,
}

impl Place {
    pub(crate) fn certificate(&self) -> Option<&X509> {
        self.certificate.as_ref()
    }

    pub(crate) fn key(&self) -> Option<&EvpPkey> {
        self.key.as_ref()
    }

    pub(crate) fn set_certificate(&mut self, certificate: X509) {
        self.certificate = Some(certificate);
        self.candidate = OnceLock::new();
    }

    pub(crate) fn set_key(&mut self, key: Option<EvpPkey>) {
        self.key = key;
        self.candidate = OnceLock::new();
    }

    /// Certificate and key, as far as choosing has to know them; `None` without both. Asked of libcrypto
    /// once, as it takes its time for it.
    pub(crate) fn candidate(&self, kind: KeyKind) -> Option<&Candidate> {
        let (certificate, key) = self.certificate.as_ref().zip(self.key.as_ref())?;
        Some(self.candidate.get_or_init(|| {
            // What cannot be asked of a foreign key is not an error of the handshake.
            queue::quiet(|| Candidate {
                kind,
                curve: key.curve().unwrap_or(0),
                able: sign::schemes_of(key),
                may_sign: strength::may_sign(certificate),
                signed_with: strength::signature_of(certificate),
            })
        }))
    }

    /// Whether it can serve a handshake.
    pub(crate) fn is_usable(&self) -> bool {
        self.certificate.is_some() && self.key.is_some()
    }

    /// Whether nothing was set here.
    pub(crate) fn is_empty(&self) -> bool {
        self.certificate.is_none() && self.key.is_none() && self.chain.list().is_none()
    }
}

/// A list of certificates of which C programs hold pointers.
///
/// A pointer stays good until the list is set anew or cleared, also while certificates are added: an
/// addition happens in place, unless a connection has the list too, whose own it then stays.
#[derive(Clone, Default)]
pub(crate) struct Chain {
    list: Option<Arc<X509Stack>>,
    /// Lists that were added to in a copy.
    older: Vec<Arc<X509Stack>>,
}

impl Chain {
    /// `None` if nothing was set: that is not the same as an empty list (statement N3).
    pub(crate) fn list(&self) -> Option<&Arc<X509Stack>> {
        self.list.as_ref()
    }

    /// The list as C knows it; NULL if nothing was set.
    pub(crate) fn as_ptr(&self) -> *mut openssl_sys::stack_st_X509 {
        self.list
            .as_ref()
            .map_or(std::ptr::null_mut(), |list| list.as_ptr())
    }

    /// Puts another list in the place of this one, which is returned.
    pub(crate) fn set(&mut self, list: Option<X509Stack>) -> Self {
        let new = Self {
            list: list.map(Arc::new),
            older: Vec::new(),
        };
        std::mem::replace(self, new)
    }

    /// Adds to the end; false without memory. Frees nothing.
    pub(crate) fn add(&mut self, certificate: X509) -> bool {
        if let Some(list) = self.list.as_mut().and_then(Arc::get_mut) {
            return list.push(certificate);
        }
        let copy = match &self.list {
            Some(list) => list.duplicate(),
            None => X509Stack::new(),
        };
        let Some(mut copy) = copy else {
            return false;
        };
        let added = copy.push(certificate);
        self.older.extend(self.list.replace(Arc::new(copy)));
        added
    }
}

/// All places, and the stores that chains are built and checked with.
#[derive(Clone, Default)]
pub(crate) struct Certificates {
    places: [Place; KeyKind::ALL.len()],
    current: KeyKind,
    /// `SSL_CTX_set0_chain_cert_store`.
    pub(crate) chain_store: Option<X509Store>,
    /// `SSL_CTX_set0_verify_cert_store`.
    pub(crate) verify_store: Option<X509Store>,
}

impl Certificates {
    pub(crate) fn place(&self, kind: KeyKind) -> &Place {
        &self.places[kind.index()]
    }

    pub(crate) fn place_mut(&mut self, kind: KeyKind) -> &mut Place {
        &mut self.places[kind.index()]
    }

    /// The place that was last set, selected or used.
    pub(crate) fn current(&self) -> &Place {
        self.place(self.current)
    }

    /// As [`Certificates::current`], to be changed.
    pub(crate) fn current_mut(&mut self) -> &mut Place {
        self.place_mut(self.current)
    }

    pub(crate) fn current_kind(&self) -> KeyKind {
        self.current
    }

    pub(crate) fn select(&mut self, kind: KeyKind) {
        self.current = kind;
    }

    /// The places that can serve a handshake.
    pub(crate) fn usable(&self) -> impl Iterator<Item = (KeyKind, &Place)> {
        KeyKind::ALL
            .into_iter()
            .map(|kind| (kind, self.place(kind)))
            .filter(|(_, place)| place.is_usable())
    }

    /// Forgets certificates, keys and chains, not the stores (`SSL_certs_clear`).
    pub(crate) fn clear(&mut self) {
        self.places = Default::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::{self, Kind};

    #[test]
    fn pointers_to_a_chain_stay_good_while_it_grows() {
        let certificate = testing::self_signed(Kind::P256, "one").certificate;
        let mut chain = Chain::default();
        assert!(chain.as_ptr().is_null());
        assert!(chain.add(certificate.clone()) && chain.add(certificate.clone()));
        let first = chain.as_ptr();
        assert!(chain.add(certificate.clone()));
        assert_eq!(chain.as_ptr(), first);
        // A connection has the list too: its own stays as it is.
        let connection = chain.clone();
        assert!(chain.add(certificate));
        assert_ne!(chain.as_ptr(), first);
        assert_eq!(connection.list().unwrap().len(), 3);
        drop(connection);
        // SAFETY: the list is kept until the chain is set anew.
        let older = unsafe { X509Stack::from_borrowed(first) }.unwrap();
        assert_eq!((older.len(), chain.list().unwrap().len()), (3, 4));
        let replaced = chain.set(None);
        assert!(chain.list().is_none() && replaced.list().is_some());
    }
}
