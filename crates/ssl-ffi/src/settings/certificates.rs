//! Our certificates: one place per key type, as OpenSSL keeps them.
//!
//! Owns certificate, key and chain of each place, and which place is current. Does not load or judge
//! anything.

use std::ffi::CStr;
use std::sync::Arc;

use crate::crypto::{EvpPkey, X509, X509Stack, X509Store};

/// The key types that each have a place of their own (`SSL_PKEY_*`, without GOST).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// Where things go while no certificate and no key was set.
    #[default]
    Rsa,
    RsaPss,
    /// Kept, never used: no suite of ours signs with it.
    Dsa,
    Ec,
    Ed25519,
    Ed448,
}

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
