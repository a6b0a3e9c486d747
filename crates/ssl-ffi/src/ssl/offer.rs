//! What a connection can use at this moment: versions, suites, groups and signature schemes, as its
//! settings, its method and the security level leave them.
//!
//! Owns the way from the settings to these lists. Asks the application's security callback, so no borrow
//! is held here while it does. Knows nothing of the peer.

use std::sync::Arc;

use ssl_record::Side;
use ssl_record::config::NamedGroup;

use super::{Ssl, Stage};
use crate::method::{TLS1_2, TLS1_3};
use crate::negotiate::sigalgs::{self, KeyKind, Scheme};
use crate::negotiate::suite_b::SuiteB;
use crate::negotiate::suites::{Authentication, Suite};
use crate::negotiate::versions::Enabled;
use crate::settings::lists::Suites;
use crate::settings::option;
use crate::settings::security::{Judge, Point};

impl Ssl {
    /// The suites it was given, or else its context's as they are now.
    pub(crate) fn suites(&self) -> Arc<Suites> {
        let settings = self.settings();
        if settings.has_own_suites {
            return Arc::clone(&settings.lists.suites);
        }
        self.ctx()
            .with(|settings| Arc::clone(&settings.lists.suites))
    }

    /// Who says what is strong enough.
    pub(crate) fn strength(&self) -> Judge {
        Judge::of_ssl(self.settings().security, self.as_ptr())
    }

    /// The profile of Suite B that is on.
    pub(crate) fn suite_b(&self) -> Option<SuiteB> {
        SuiteB::from_flags(self.settings().cert_flags)
    }

    /// The versions that may be used.
    pub(crate) fn enabled(&self) -> Enabled {
        if self.method().version.is_some() {
            return Enabled::TLS12_ONLY;
        }
        let judge = self.strength();
        let (off12, off13) = (!judge.version(TLS1_2), !judge.version(TLS1_3));
        let settings = self.settings();
        let off = |bit: u64| settings.options & bit != 0;
        Enabled::between(
            settings.min_version,
            settings.max_version,
            off12 || off(option::NO_TLS1_2),
            off13 || off(option::NO_TLS1_3),
        )
    }

    /// `SSL_version`: the one agreed on, or else the newest that can be.
    pub(crate) fn version(&self) -> u16 {
        if let Some(version) = self.facts().version {
            return version;
        }
        if let Some(version) = self.method().version {
            return version;
        }
        // A client knows from its own hello on what the outcome can be.
        if self.side() == Some(Side::Client) && self.stage() != Stage::Before {
            let range = self.enabled().range();
            return range.map_or(TLS1_3, |(_, newest)| newest.wire());
        }
        TLS1_3
    }

    /// `SSL_client_version`: what the hello says in its old field, or would say; before that, what the
    /// method is called by number.
    pub(crate) fn client_version(&self) -> i32 {
        if let Some(said) = self.facts().client_version {
            return said.into();
        }
        match self.stage() {
            Stage::Before => self.method().number(),
            // The field ends at TLS 1.2.
            _ => self.version().min(TLS1_2).into(),
        }
    }

    /// Suites of the versions that may be used, for which there are signature schemes; none if no
    /// version is left.
    pub(crate) fn usable_suites(&self) -> Vec<&'static Suite> {
        let Some((oldest, newest)) = self.enabled().range() else {
            return Vec::new();
        };
        let judge = self.strength();
        let schemes = self.schemes_to_accept();
        let can_verify = |suite: &Suite| match suite.authentication {
            Authentication::Any => true,
            Authentication::Rsa => schemes
                .iter()
                .any(|scheme| matches!(scheme.key, KeyKind::Rsa | KeyKind::RsaPss)),
            Authentication::Ecdsa => schemes.iter().any(|scheme| {
                matches!(scheme.key, KeyKind::Ec | KeyKind::Ed25519 | KeyKind::Ed448)
            }),
        };
        let list = self.suites();
        list.iter()
            .filter(|suite| (oldest..=newest).contains(&suite.version()))
            .filter(|suite| can_verify(suite))
            .filter(|suite| judge.suite(Point::Supported, suite))
            .collect()
    }

    /// Numbers of the groups it was given, strong enough or not.
    pub(crate) fn groups(&self) -> Vec<u16> {
        match self.suite_b() {
            Some(profile) => profile.groups().to_vec(),
            None => self.settings().lists.groups.wire().to_vec(),
        }
    }

    /// Those of its groups that are strong enough and that the engine has.
    pub(crate) fn usable_groups(&self, point: Point) -> Vec<NamedGroup> {
        let judge = self.strength();
        let groups = self.groups().into_iter();
        groups
            .filter(|&id| judge.group(point, id))
            .filter_map(NamedGroup::from_wire)
            .collect()
    }

    /// Schemes it advertises and accepts of its peer.
    pub(crate) fn schemes_to_accept(&self) -> Vec<&'static Scheme> {
        let side = self.side().unwrap_or(Side::Client);
        let wire = match self.suite_b() {
            Some(profile) => profile.schemes().to_vec(),
            None => self.settings().lists.accepted_schemes(side).wire().to_vec(),
        };
        self.strong_schemes(&wire, Point::Supported)
    }

    /// Schemes it signs with, strong enough or not.
    pub(crate) fn schemes_to_sign(&self) -> Vec<u16> {
        let side = self.side().unwrap_or(Side::Client);
        match self.suite_b() {
            Some(profile) => profile.schemes().to_vec(),
            None => self.settings().lists.signing_schemes(side).wire().to_vec(),
        }
    }

    /// Schemes that both sides have, in the client's order or, if the application wants it so, in ours.
    pub(crate) fn shared_schemes(&self) -> Vec<&'static Scheme> {
        let (ours, theirs) = (self.schemes_to_sign(), self.facts().peer_schemes.to_vec());
        let (order, other) = match self.prefers_its_own() {
            true => (ours, theirs),
            false => (theirs, ours),
        };
        let shared: Vec<u16> = order.into_iter().filter(|id| other.contains(id)).collect();
        self.strong_schemes(&shared, Point::Shared)
    }

    /// The same for groups, on servers.
    pub(crate) fn shared_groups(&self) -> Vec<u16> {
        let (ours, theirs) = (self.groups(), self.facts().peer_groups.to_vec());
        let (order, other) = match self.settings().options & option::CIPHER_SERVER_PREFERENCE {
            0 => (theirs, ours),
            _ => (ours, theirs),
        };
        let judge = self.strength();
        order
            .into_iter()
            .filter(|id| other.contains(id) && judge.group(Point::Shared, *id))
            .collect()
    }

    /// Whether sessions of TLS 1.2 may be kept in tickets.
    pub(super) fn uses_tickets(&self) -> bool {
        let is_off = self.settings().options & option::NO_TICKET != 0;
        !is_off && self.strength().tickets()
    }

    /// Whether our order of schemes counts, not the peer's.
    fn prefers_its_own(&self) -> bool {
        let settings = self.settings();
        settings.options & option::CIPHER_SERVER_PREFERENCE != 0
            || SuiteB::from_flags(settings.cert_flags).is_some()
    }

    /// Those of a list that OpenSSL knows and that are allowed here.
    pub(crate) fn strong_schemes(&self, wire: &[u16], point: Point) -> Vec<&'static Scheme> {
        let judge = self.strength();
        let version = self.facts().version;
        let is_tls13 = version == Some(TLS1_3);
        // What TLS 1.3 has no use for stays in a hello that an older server may get.
        let only_tls13 = self.side() == Some(Side::Client) && {
            let enabled = self.enabled();
            enabled.tls13 && !enabled.tls12
        };
        wire.iter()
            .copied()
            .filter_map(sigalgs::from_wire)
            .filter(|scheme| scheme.fits(is_tls13, only_tls13))
            .filter(|scheme| judge.scheme(point, scheme))
            .collect()
    }
}
