//! What a server agrees to, step by step between the callbacks: version, suite, group, and the scheme
//! with its certificate.
//!
//! Owns the order of the steps and what they leave in the connection's facts. The choices themselves are
//! negotiation's.

use ssl_record::config::NamedGroup;
use ssl_record::delegate::DelegatedIdentity;
use ssl_record::hello::ClientHello;
use ssl_record::record::{AlertDescription, ProtocolVersion};

use super::Halt;
use crate::crypto::reason;
use crate::method::TLS1_3;
use crate::negotiate::select::{self, Candidate, Preference, Verifiable};
use crate::negotiate::sigalgs::{self, KeyKind, Scheme};
use crate::negotiate::suites::Suite;
use crate::negotiate::versions;
use crate::settings::certificates::Place;
use crate::settings::holder::Holder;
use crate::settings::option;
use crate::settings::security::Point;
use crate::ssl::Ssl;
use crate::ssl::suitability::{STRICT, Shown, VALID};

/// What a server chose for its client.
pub(in crate::ssl) struct Agreed {
    /// Oldest and newest enabled when the version was chosen.
    pub(in crate::ssl) versions: (ProtocolVersion, ProtocolVersion),
    pub(in crate::ssl) version: ProtocolVersion,
    pub(in crate::ssl) suite: &'static Suite,
    pub(in crate::ssl) group: NamedGroup,
    pub(in crate::ssl) identity: DelegatedIdentity,
}

/// What was chosen before the server name callback, which changes it no more.
#[derive(Clone, Copy)]
pub(super) struct Early {
    versions: (ProtocolVersion, ProtocolVersion),
    pub(super) version: ProtocolVersion,
    /// In TLS 1.3.
    suite: Option<&'static Suite>,
}

impl Ssl {
    /// Whether the settings leave anything to choose, whatever the client offers.
    pub(super) fn check_server(&self) -> Result<(), Halt> {
        if self.progress.borrow().early.is_some() {
            return Ok(());
        }
        let Some((_, newest)) = self.enabled().range() else {
            return Err(Halt::Refuse(
                AlertDescription::PROTOCOL_VERSION,
                reason::NO_PROTOCOLS_AVAILABLE,
            ));
        };
        if self.suites().list().serves(newest) {
            return Ok(());
        }
        Err(Halt::Refuse(
            AlertDescription::HANDSHAKE_FAILURE,
            reason::NO_CIPHERS_AVAILABLE,
        ))
    }

    /// The version, and in TLS 1.3 the suite.
    pub(super) fn choose_early(&self, hello: &ClientHello<'_>) -> Result<Early, Halt> {
        let known = self.progress.borrow().early;
        if let Some(early) = known {
            return Ok(early);
        }
        let enabled = self.enabled();
        let usable = match self.is_capable_of_tls13() {
            true => enabled,
            false => enabled.without_tls13(),
        };
        let version = versions::choose(hello, usable);
        // The alert about a version that is none is sent in the client's.
        let noted = version.map_or(hello.legacy_version(), ProtocolVersion::wire);
        self.facts.borrow_mut().version = Some(noted);
        let version = version?;
        hello.check_cipher_suites()?;
        versions::check_fallback(hello, version, enabled)?;
        check_compression(hello, version)?;
        let suite = match version {
            ProtocolVersion::Tls12 => None,
            ProtocolVersion::Tls13 => {
                let suites = self.shared_suites(hello, version);
                Some(*suites.first().ok_or(NO_SHARED_CIPHER)?)
            }
        };
        self.facts.borrow_mut().pending_suite = suite;
        let early = Early {
            // There is one: the version was chosen from it.
            versions: usable.range().unwrap_or((version, version)),
            version,
            suite,
        };
        self.progress.borrow_mut().early = Some(early);
        Ok(early)
    }

    /// Whether both sides have schemes in common, as far as they are needed.
    pub(super) fn check_schemes(&self, hello: &ClientHello<'_>) -> Result<(), Halt> {
        let version = self.facts().version;
        let has_none = hello.signature_algorithms()?.is_none();
        if has_none && version == Some(TLS1_3) && !hello.offers_psk() {
            return Err(Halt::Refuse(
                AlertDescription::MISSING_EXTENSION,
                reason::MISSING_SIGALGS_EXTENSION,
            ));
        }
        if !has_none && self.shared_schemes().is_empty() {
            return Err(Halt::Refuse(
                AlertDescription::HANDSHAKE_FAILURE,
                reason::NO_SHARED_SIGNATURE_ALGORITHMS,
            ));
        }
        Ok(())
    }

    /// The group of TLS 1.3.
    pub(super) fn choose_group13(
        &self,
        hello: &ClientHello<'_>,
        early: Early,
    ) -> Result<Option<NamedGroup>, Halt> {
        if early.version == ProtocolVersion::Tls12 {
            return Ok(None);
        }
        let group = select::group13(hello, &self.usable_groups(Point::Shared))?;
        self.facts.borrow_mut().group = Some(group.wire());
        Ok(Some(group))
    }

    /// The rest, once the application's certificate callback has set what it wants to.
    pub(super) fn choose_late(
        &self,
        hello: &ClientHello<'_>,
        early: Early,
        group: Option<NamedGroup>,
    ) -> Result<Agreed, Halt> {
        let shared = self.shared_schemes();
        let for_certificates = hello.signature_algorithms_cert()?;
        let for_certificates: Option<Vec<u16>> = for_certificates.map(Iterator::collect);
        let verifiable = Verifiable {
            shared: &shared,
            certificates: for_certificates.as_deref(),
        };
        let candidates = self.candidates();
        let (suite, group, chosen) = match (early.suite, group) {
            (Some(suite), Some(group)) => (suite, group, select::scheme13(&candidates, verifiable)),
            _ => {
                let groups = self.shared_groups();
                let groups: Vec<_> = groups
                    .into_iter()
                    .filter_map(NamedGroup::from_wire)
                    .collect();
                let wanted = self.shared_suites(hello, early.version);
                let suite = select::suite12(&wanted, hello, &candidates, verifiable, &groups);
                // Without a group there is no suite.
                let (suite, group) = suite.zip(groups.first().copied()).ok_or(NO_SHARED_CIPHER)?;
                let suite_b = self.suite_b().is_some();
                let chosen = select::scheme12(suite, hello, &candidates, verifiable, suite_b);
                (suite, group, chosen)
            }
        };
        self.facts.borrow_mut().pending_suite = Some(suite);
        let (scheme, kind) = chosen.ok_or(NO_SUITABLE_SCHEME)?;
        {
            let mut facts = self.facts.borrow_mut();
            facts.group = Some(group.wire());
            facts.own_scheme = Some(scheme.id);
        }
        Ok(Agreed {
            versions: early.versions,
            version: early.version,
            suite,
            group,
            identity: self.show(kind, scheme)?,
        })
    }

    /// Scheme and certificate of a client, for what the server said it can verify.
    pub(super) fn client_identity(&self) -> Result<Option<DelegatedIdentity>, Halt> {
        let choice = self.client_choice().filter(|(_, kind)| {
            let certificates = self.certificates();
            !self.is_strict() || self.is_suitable(certificates.place(*kind))
        });
        let Some((scheme, kind)) = choice else {
            return Ok(None);
        };
        self.facts.borrow_mut().own_scheme = Some(scheme.id);
        self.show(kind, scheme).map(Some)
    }

    /// In TLS 1.3 the first of all certificates that the order of schemes leads to, in TLS 1.2 the current
    /// one or none.
    fn client_choice(&self) -> Option<(&'static Scheme, KeyKind)> {
        let shared = self.shared_schemes();
        let verifiable = Verifiable {
            shared: &shared,
            certificates: None,
        };
        let candidates = self.candidates();
        if self.is_tls13() {
            return select::scheme13(&candidates, verifiable);
        }
        let current = self.settings().certificates.current_kind();
        let current = candidates
            .iter()
            .find(|candidate| candidate.kind == current)?;
        let scheme = select::client_scheme12(current, verifiable)?;
        Some((scheme, current.kind))
    }

    /// The certificate of this place, which is the current one from now on, and its chain.
    fn show(&self, kind: KeyKind, scheme: &Scheme) -> Result<DelegatedIdentity, Halt> {
        self.select(kind);
        let certificates = self.certificates();
        let place = certificates.place(kind);
        let chain = self.chain_for(&certificates, place).map_err(|weakness| {
            Halt::Refuse(AlertDescription::INTERNAL_ERROR, weakness.reason().into())
        })?;
        let old = {
            self.shown.set(Some(kind));
            let mut progress = self.progress.borrow_mut();
            std::mem::replace(&mut progress.signing, place.key().cloned())
        };
        // Outside the borrow: freeing a key may call back.
        drop(old);
        Ok(DelegatedIdentity {
            chain,
            schemes: vec![scheme.id],
        })
    }

    /// What both sides have for this version, most wanted first.
    fn shared_suites(
        &self,
        hello: &ClientHello<'_>,
        version: ProtocolVersion,
    ) -> Vec<&'static Suite> {
        let list = self.suites();
        let strength = self.strength();
        let strong = |suite: &&'static Suite| strength.suite(Point::Shared, suite);
        let ours: Vec<_> = list.iter().collect();
        let options = self.settings().options;
        let preference = Preference {
            server: options & option::CIPHER_SERVER_PREFERENCE != 0,
            chacha: options & option::PRIORITIZE_CHACHA != 0,
            suite_b: self.suite_b().is_some(),
        };
        let mut both = select::suites(version, hello, &ours, preference);
        both.retain(strong);
        both
    }

    /// Our certificates, as choosing sees them.
    fn candidates(&self) -> Vec<Candidate> {
        let certificates = self.certificates();
        // In TLS 1.3 OpenSSL's servers are not strict, and its clients look at their choice alone.
        let is_strict = self.is_strict() && self.is_server() && !self.is_tls13();
        let places = certificates.usable();
        places
            .filter(|(_, place)| !is_strict || self.is_suitable(place))
            .filter_map(|(kind, place)| place.candidate(kind).cloned())
            .collect()
    }

    /// `SSL_CERT_FLAG_TLS_STRICT`: a chain has to suit the peer as a whole.
    fn is_strict(&self) -> bool {
        self.settings().cert_flags & STRICT != 0
    }

    fn is_suitable(&self, place: &Place) -> bool {
        let Some((certificate, key)) = place.certificate().zip(place.key()) else {
            return false;
        };
        let shown = Shown {
            certificate,
            key,
            chain: place.chain.list().map(|list| &**list),
        };
        self.suitability(shown) & VALID != 0
    }

    /// Whether a TLS 1.3 handshake can come to an end here: there is a certificate for it, or somebody
    /// who may set one.
    fn is_capable_of_tls13(&self) -> bool {
        let hooks = self.settings().hooks;
        if hooks.cert.is_some()
            || self.ctx().hooks().server_name.is_some()
            || self.session_ctx().hooks().server_name.is_some()
        {
            return true;
        }
        let schemes = self.schemes_to_sign();
        let has_curve = |curve: i32| {
            let mut known = schemes.iter().filter_map(|&id| sigalgs::from_wire(id));
            known.any(|scheme| scheme.key == KeyKind::Ec && scheme.curve == curve)
        };
        let certificates = self.certificates();
        certificates.usable().any(|(kind, place)| match kind {
            KeyKind::Dsa => false,
            KeyKind::Ec => place
                .candidate(kind)
                .is_some_and(|candidate| candidate.curve != 0 && has_curve(candidate.curve)),
            KeyKind::Rsa | KeyKind::RsaPss | KeyKind::Ed25519 | KeyKind::Ed448 => true,
        })
    }
}

/// No compression has to be among the client's methods, and in TLS 1.3 be the only one.
fn check_compression(hello: &ClientHello<'_>, version: ProtocolVersion) -> Result<(), Halt> {
    let methods = hello.compression_methods();
    match version {
        ProtocolVersion::Tls13 if methods != [0] => Err(Halt::Refuse(
            AlertDescription::ILLEGAL_PARAMETER,
            reason::INVALID_COMPRESSION_ALGORITHM,
        )),
        ProtocolVersion::Tls12 if !methods.contains(&0) => Err(Halt::Refuse(
            AlertDescription::DECODE_ERROR,
            reason::NO_COMPRESSION_SPECIFIED,
        )),
        _ => Ok(()),
    }
}

const NO_SHARED_CIPHER: Halt = Halt::Refuse(
    AlertDescription::HANDSHAKE_FAILURE,
    reason::NO_SHARED_CIPHER,
);
const NO_SUITABLE_SCHEME: Halt = Halt::Refuse(
    AlertDescription::HANDSHAKE_FAILURE,
    reason::NO_SUITABLE_SIGNATURE_ALGORITHM,
);
