//! Whether a certificate and its chain suit the peer (SSL_check_chain(3)).
//!
//! Owns the flags of the answer, `CERT_PKEY_*`. Asks no callback for a certificate and chooses none.

use libc::c_int;

use super::Ssl;
use crate::crypto::{EvpPkey, X509, X509Stack, chain, sign, strength};
use crate::negotiate::sigalgs::{self, Scheme};
use crate::negotiate::{groups, nid};
use crate::settings::certificates::KeyKind;
use crate::settings::chain::SUITE_B_FLAGS;
use crate::settings::security::Point;

/// What is judged.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) certificate: &'a X509,
    pub(crate) key: &'a EvpPkey,
    pub(crate) chain: Option<&'a X509Stack>,
}

impl Shown<'_> {
    fn issuers(&self) -> impl Iterator<Item = X509> + '_ {
        self.chain.into_iter().flat_map(X509Stack::iter)
    }
}

impl Ssl {
    /// The flags of what is right about it, [`VALID`] among them if that is enough.
    pub(crate) fn suitability(&self, shown: Shown<'_>) -> c_int {
        let Some(kind) = KeyKind::of(shown.key) else {
            return 0;
        };
        let cert_flags = self.settings().cert_flags;
        let mut demanded = match cert_flags & STRICT {
            0 => flag::EE_SIGNATURE | flag::EE_PARAM,
            _ => flag::STRICT,
        };
        let mut found = self.signing_flags(kind) | self.signature_flags(shown, kind);
        let suite_b = cert_flags & SUITE_B_FLAGS;
        if suite_b != 0 {
            demanded |= flag::SUITE_B;
            if chain::fits_suite_b(shown.certificate, shown.chain, suite_b.into()) {
                found |= flag::SUITE_B;
            }
        }
        found |= self.parameter_flags(shown);
        found |= self.request_flags(shown, kind);
        if found & demanded == demanded {
            found |= VALID;
        }
        found
    }

    /// Whether the peer takes signatures of this kind of key.
    fn signing_flags(&self, kind: KeyKind) -> c_int {
        let is_tls13 = self.is_tls13();
        let shared = self.shared_schemes();
        let takes = |scheme: &&Scheme| scheme.key == kind && !(is_tls13 && scheme.is_pkcs1());
        if shared.iter().copied().any(|scheme| takes(&scheme)) {
            return flag::SIGN | flag::EXPLICIT_SIGN;
        }
        let says_nothing = self.facts().peer_schemes.is_empty() && self.facts().offered.is_some();
        match sigalgs::legacy(kind) {
            Some(legacy) if says_nothing && self.schemes_to_accept().contains(&legacy) => {
                flag::SIGN
            }
            _ => 0,
        }
    }

    /// Whether the peer takes the signatures on the certificates.
    fn signature_flags(&self, shown: Shown<'_>, kind: KeyKind) -> c_int {
        let legacy = match self.facts().peer_schemes.is_empty() {
            true => sigalgs::legacy(kind).map(|scheme| scheme.signature_and_hash),
            false => Some(nid::UNDEF),
        };
        if legacy.is_some_and(|nid| nid != nid::UNDEF && !self.signs_legacy(kind)) {
            return 0;
        }
        let shared = self.shared_schemes();
        let for_certificates = self.schemes_for_certificates();
        let takes = |certificate: &X509| match legacy {
            None => true,
            Some(nid::UNDEF) => {
                let signed = strength::signature_nid(certificate);
                let known = for_certificates.as_ref().unwrap_or(&shared);
                known
                    .iter()
                    .any(|scheme| scheme.signature_and_hash == signed)
            }
            Some(nid) => strength::signature_nid(certificate) == nid,
        };
        let is_taken = match self.is_tls13() {
            true => shared
                .iter()
                .any(|scheme| scheme.signs_tls13() && sign::fits_tls13(shown.key, scheme.id)),
            false => takes(shown.certificate),
        };
        let issuers_are_taken = shown.issuers().all(|issuer| takes(&issuer));
        flag_if(is_taken, flag::EE_SIGNATURE) | flag_if(issuers_are_taken, flag::CA_SIGNATURE)
    }

    fn signs_legacy(&self, kind: KeyKind) -> bool {
        let legacy = sigalgs::legacy(kind).map(|scheme| scheme.id);
        legacy.is_some_and(|id| self.schemes_to_sign().contains(&id))
    }

    /// What a TLS 1.3 client says of the signatures on certificates.
    fn schemes_for_certificates(&self) -> Option<Vec<&'static Scheme>> {
        if !self.is_tls13() {
            return None;
        }
        let facts = self.facts();
        let schemes = facts.offered.as_ref()?.certificate_schemes.as_deref()?;
        Some(
            schemes
                .iter()
                .copied()
                .filter_map(sigalgs::from_wire)
                .collect(),
        )
    }

    /// Whether the peer has the curves of the keys.
    fn parameter_flags(&self, shown: Shown<'_>) -> c_int {
        let leaf = self.knows_curve_of(shown.certificate);
        let issuers =
            !self.is_server() || shown.issuers().all(|issuer| self.knows_curve_of(&issuer));
        flag_if(leaf, flag::EE_PARAM) | flag_if(issuers, flag::CA_PARAM)
    }

    fn knows_curve_of(&self, certificate: &X509) -> bool {
        let Some(key) = certificate.public_key() else {
            return false;
        };
        if KeyKind::of(&key) != Some(KeyKind::Ec) {
            return true;
        }
        let Some(group) = key.curve().and_then(groups::from_nid) else {
            return false;
        };
        let known = if self.is_server() {
            self.facts().peer_groups.to_vec()
        } else {
            self.groups()
        };
        let is_known = known.contains(&group.id) || (self.is_server() && known.is_empty());
        is_known && self.strength().group(Point::Check, group.id)
    }

    /// Whether a server that asked for a client's certificate wants this one.
    fn request_flags(&self, shown: Shown<'_>, kind: KeyKind) -> c_int {
        let wanted = match kind {
            KeyKind::Rsa => Some(1),
            KeyKind::Dsa => Some(2),
            KeyKind::Ec => Some(64),
            KeyKind::RsaPss | KeyKind::Ed25519 | KeyKind::Ed448 => None,
        };
        if self.is_server() {
            return flag::CERT_TYPE | flag::ISSUER_NAME;
        }
        let (types, names) = {
            let facts = self.facts();
            let types = facts.peer_certificate_types.clone();
            (types, facts.peer_authorities.clone())
        };
        let is_wanted = wanted.is_none_or(|wanted| types.contains(&wanted));
        let names = names.filter(|names| !names.is_empty());
        let is_named = names.is_none_or(|names| {
            let certificates = std::iter::once(shown.certificate.clone()).chain(shown.issuers());
            let mut issuers = certificates.filter_map(|certificate| certificate.issuer());
            issuers.any(|issuer| names.iter().any(|name| name.is_same(&issuer)))
        });
        flag_if(is_wanted, flag::CERT_TYPE) | flag_if(is_named, flag::ISSUER_NAME)
    }
}

const fn flag_if(condition: bool, flag: c_int) -> c_int {
    if condition { flag } else { 0 }
}

/// `SSL_CERT_FLAG_TLS_STRICT`.
pub(super) const STRICT: u32 = 1;
/// `CERT_PKEY_VALID`.
pub(super) const VALID: c_int = 0x1;

/// `CERT_PKEY_*`.
mod flag {
    use libc::c_int;

    pub(super) const SIGN: c_int = 0x2;
    pub(super) const EE_SIGNATURE: c_int = 0x10;
    pub(super) const CA_SIGNATURE: c_int = 0x20;
    pub(super) const EE_PARAM: c_int = 0x40;
    pub(super) const CA_PARAM: c_int = 0x80;
    pub(super) const EXPLICIT_SIGN: c_int = 0x100;
    pub(super) const ISSUER_NAME: c_int = 0x200;
    pub(super) const CERT_TYPE: c_int = 0x400;
    pub(super) const SUITE_B: c_int = 0x800;
    /// What strict checks demand.
    pub(super) const STRICT: c_int =
        EE_SIGNATURE | EE_PARAM | CA_SIGNATURE | CA_PARAM | ISSUER_NAME | CERT_TYPE;
}
