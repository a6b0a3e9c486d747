//! Our certificates: one place per key type, as OpenSSL keeps them.
//!
//! Owns certificate, key and chain of each place, and which place is current. Does not load or judge
//! anything.

use std::sync::Arc;

use crate::crypto::{EvpPkey, X509, X509Stack, X509Store};

/// The key types that each have a place of their own (`SSL_PKEY_*` of those we can use).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Rsa,
    RsaPss,
    Ec,
    Ed25519,
    Ed448,
}

impl KeyKind {
    /// All places, in the order in which OpenSSL walks them.
    pub(crate) const ALL: [Self; 5] = [
        Self::Rsa,
        Self::RsaPss,
        Self::Ec,
        Self::Ed25519,
        Self::Ed448,
    ];

    /// The place of a key; `None` for types that TLS here cannot use, such as DSA.
    pub(crate) fn of(key: &EvpPkey) -> Option<Self> {
        match key.base_id() {
            openssl_sys::NID_rsaEncryption => Some(Self::Rsa),
            openssl_sys::NID_rsassaPss => Some(Self::RsaPss),
            openssl_sys::NID_X9_62_id_ecPublicKey => Some(Self::Ec),
            openssl_sys::NID_ED25519 => Some(Self::Ed25519),
            openssl_sys::NID_ED448 => Some(Self::Ed448),
            _ => None,
        }
    }

    const fn index(self) -> usize {
        self as usize
    }
}

/// One place.
#[derive(Clone, Default)]
pub(crate) struct Place {
    pub(crate) certificate: Option<X509>,
    pub(crate) key: Option<EvpPkey>,
    /// The chain set for this certificate, without it; `None` if none was set.
    pub(crate) chain: Option<Arc<X509Stack>>,
}

impl Place {
    /// Whether it can serve a handshake.
    pub(crate) fn is_usable(&self) -> bool {
        self.certificate.is_some() && self.key.is_some()
    }

    fn is_empty(&self) -> bool {
        self.certificate.is_none() && self.key.is_none() && self.chain.is_none()
    }
}

/// All places, and the stores that chains are built and checked with.
#[derive(Clone, Default)]
pub(crate) struct Certificates {
    places: [Place; KeyKind::ALL.len()],
    current: Option<KeyKind>,
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

    /// The place that was last set or selected.
    pub(crate) fn current(&self) -> Option<&Place> {
        self.current.map(|kind| self.place(kind))
    }

    /// As [`Certificates::current`], to be changed.
    pub(crate) fn current_mut(&mut self) -> Option<&mut Place> {
        self.current.map(|kind| &mut self.places[kind.index()])
    }

    pub(crate) fn current_kind(&self) -> Option<KeyKind> {
        self.current
    }

    pub(crate) fn select(&mut self, kind: KeyKind) {
        self.current = Some(kind);
    }

    /// The places that can serve a handshake.
    pub(crate) fn usable(&self) -> impl Iterator<Item = (KeyKind, &Place)> {
        KeyKind::ALL
            .into_iter()
            .map(|kind| (kind, self.place(kind)))
            .filter(|(_, place)| place.is_usable())
    }

    /// Whether anything was ever set.
    pub(crate) fn is_empty(&self) -> bool {
        self.places.iter().all(Place::is_empty)
    }

    /// Forgets certificates, keys and chains, not the stores (`SSL_certs_clear`).
    pub(crate) fn clear(&mut self) {
        self.places = Default::default();
        self.current = None;
    }
}
