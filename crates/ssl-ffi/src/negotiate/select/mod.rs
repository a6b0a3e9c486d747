//! A server's choice for one client: suite, group, signature scheme and with it the certificate, in
//! OpenSSL's order of preference.
//!
//! Pure decisions on lists that were filtered by strength before. Which version it is about was decided
//! already. Restricted to what the engine can do; beyond that as OpenSSL 3.0 chooses.

use ssl_record::Reason;
use ssl_record::config::NamedGroup;
use ssl_record::hello::{ClientHello, HelloFault};
use ssl_record::record::{AlertDescription, ProtocolVersion};

use super::sigalgs::{self, KeyKind, Scheme};
use super::suites::{Authentication, Encryption, Suite};
use super::{groups, nid};

/// Whose order counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Preference {
    /// Ours: `SSL_OP_CIPHER_SERVER_PREFERENCE`.
    pub(crate) server: bool,
    /// A client whose first choice is ChaCha20 gets it: `SSL_OP_PRIORITIZE_CHACHA`, and only where our
    /// order counts.
    pub(crate) chacha: bool,
    /// Suite B comes before either.
    pub(crate) suite_b: bool,
}

/// A certificate and its key, as far as choosing has to know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) kind: KeyKind,
    /// NID of the key's curve; 0 if it has none.
    pub(crate) curve: i32,
    /// Schemes that the key can sign with, by number.
    pub(crate) able: Vec<u16>,
    /// Whether the certificate is for signing: its key usage says so, or nothing.
    pub(crate) may_sign: bool,
    /// Digest and signature that the certificate itself was signed with, if anybody knows.
    pub(crate) signed_with: Option<(i32, i32)>,
}

/// What the client says of signatures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verifiable<'a> {
    /// Schemes that both sides have, in the order that counts.
    pub(crate) shared: &'a [&'static Scheme],
    /// Schemes for certificates, if the client has a list of its own for them.
    pub(crate) certificates: Option<&'a [u16]>,
}

/// The suites of `version` that both sides have, the most wanted first. `ours` is in our order.
pub(crate) fn suites(
    version: ProtocolVersion,
    hello: &ClientHello<'_>,
    ours: &[&'static Suite],
    preference: Preference,
) -> Vec<&'static Suite> {
    let theirs: Vec<_> = hello.cipher_suites().filter_map(Suite::from_wire).collect();
    let contains = |list: &[&'static Suite], suite: &Suite| {
        list.iter().any(|other| std::ptr::eq(*other, suite))
    };
    let of_version = |suite: &&&'static Suite| suite.version() == version;
    if !preference.server && !preference.suite_b {
        let both = theirs.iter().filter(of_version);
        return both
            .copied()
            .filter(|suite| contains(ours, suite))
            .collect();
    }
    let both = ours.iter().filter(of_version).copied();
    let mut both: Vec<_> = both.filter(|suite| contains(&theirs, suite)).collect();
    if preference.chacha && !preference.suite_b && wants_chacha(hello) {
        // Stable: within each half our order stays.
        both.sort_by_key(|suite| suite.encryption != Encryption::ChaCha20Poly1305);
    }
    both
}

/// The first suite of TLS 1.2 that one of the certificates can serve; `groups` are those both sides have.
pub(crate) fn suite12(
    wanted: &[&'static Suite],
    hello: &ClientHello<'_>,
    candidates: &[Candidate],
    verifiable: Verifiable<'_>,
    groups: &[NamedGroup],
) -> Option<&'static Suite> {
    if groups.is_empty() {
        return None;
    }
    let signs = |kind: KeyKind| verifiable.shared.iter().any(|scheme| scheme.key == kind);
    let can = |kind: KeyKind| {
        let found = candidates.iter().find(|candidate| candidate.kind == kind);
        found.filter(|candidate| fits_client(candidate, hello))
    };
    let rsa =
        can(KeyKind::Rsa).is_some() || (can(KeyKind::RsaPss).is_some() && signs(KeyKind::RsaPss));
    let ecdsa = can(KeyKind::Ec).is_some_and(|ec| ec.may_sign && signs(KeyKind::Ec))
        || (can(KeyKind::Ed25519).is_some() && signs(KeyKind::Ed25519))
        || (can(KeyKind::Ed448).is_some() && signs(KeyKind::Ed448));
    wanted
        .iter()
        .copied()
        .find(|suite| match suite.authentication {
            Authentication::Any => false,
            Authentication::Rsa => rsa,
            Authentication::Ecdsa => ecdsa,
        })
}

/// Scheme and certificate for a suite of TLS 1.2.
pub(crate) fn scheme12(
    suite: &Suite,
    hello: &ClientHello<'_>,
    candidates: &[Candidate],
    verifiable: Verifiable<'_>,
    suite_b: bool,
) -> Option<(&'static Scheme, KeyKind)> {
    let serves = |kind: KeyKind| match suite.authentication {
        Authentication::Any => false,
        Authentication::Rsa => matches!(kind, KeyKind::Rsa | KeyKind::RsaPss),
        Authentication::Ecdsa => matches!(kind, KeyKind::Ec | KeyKind::Ed25519 | KeyKind::Ed448),
    };
    let fitting = |scheme: &&&'static Scheme| {
        serves(scheme.key)
            && engine_signs_tls12(scheme.id)
            && usable(candidates, scheme, verifiable).is_some_and(|candidate| {
                fits_client(candidate, hello) && (!suite_b || scheme.curve == candidate.curve)
            })
    };
    let scheme = verifiable.shared.iter().find(fitting)?;
    Some((scheme, scheme.key))
}

/// Scheme and certificate for TLS 1.3.
pub(crate) fn scheme13(
    candidates: &[Candidate],
    verifiable: Verifiable<'_>,
) -> Option<(&'static Scheme, KeyKind)> {
    let fitting = |scheme: &&&'static Scheme| {
        scheme.signs_tls13()
            && usable(candidates, scheme, verifiable).is_some_and(|candidate| {
                scheme.curve == nid::UNDEF || scheme.curve == candidate.curve
            })
    };
    let scheme = verifiable.shared.iter().find(fitting)?;
    Some((scheme, scheme.key))
}

/// Scheme of a client's signature in TLS 1.2, which only its current certificate can make.
pub(crate) fn client_scheme12(
    current: &Candidate,
    verifiable: Verifiable<'_>,
) -> Option<&'static Scheme> {
    let alone = std::slice::from_ref(current);
    let fitting = |scheme: &&&'static Scheme| usable(alone, scheme, verifiable).is_some();
    verifiable.shared.iter().find(fitting).copied()
}

/// The group of TLS 1.3: that of the client's first key share that we can use, or else the first of ours
/// that it has, for which it is asked. `ours` is in our order.
///
/// # Errors
/// Nothing in common, or key shares that contradict the client's own list.
pub(crate) fn group13(
    hello: &ClientHello<'_>,
    ours: &[NamedGroup],
) -> Result<NamedGroup, HelloFault> {
    let Some(shares) = hello.key_shares()? else {
        return Err(fault(
            AlertDescription::MISSING_EXTENSION,
            NO_SUITABLE_KEY_SHARE,
        ));
    };
    let theirs: Vec<u16> = match hello.supported_groups()? {
        Some(groups) => groups.collect(),
        None => {
            return Err(fault(
                AlertDescription::MISSING_EXTENSION,
                MISSING_SUPPORTED_GROUPS,
            ));
        }
    };
    for (id, _) in shares {
        if !theirs.contains(&id) {
            return Err(fault(AlertDescription::ILLEGAL_PARAMETER, BAD_KEY_SHARE));
        }
        if let Some(group) = ours.iter().find(|group| group.wire() == id) {
            return Ok(*group);
        }
    }
    let shared = ours.iter().find(|group| theirs.contains(&group.wire()));
    shared.copied().ok_or(fault(
        AlertDescription::HANDSHAKE_FAILURE,
        NO_SUITABLE_KEY_SHARE,
    ))
}

/// The certificate that can sign by this scheme and that the client can verify.
fn usable<'a>(
    candidates: &'a [Candidate],
    scheme: &Scheme,
    verifiable: Verifiable<'_>,
) -> Option<&'a Candidate> {
    let of_kind = |candidate: &&Candidate| {
        candidate.kind == scheme.key && candidate.able.contains(&scheme.id)
    };
    let candidate = candidates.iter().find(of_kind)?;
    let Some(list) = verifiable.certificates else {
        return Some(candidate);
    };
    let signed_with = candidate.signed_with?;
    let known = list.iter().copied().filter_map(sigalgs::from_wire);
    known
        .into_iter()
        .any(|scheme| (scheme.hash, scheme.signature) == signed_with)
        .then_some(candidate)
}

/// Whether a TLS 1.2 client can use the key: it names its curve, and uncompressed points, or says nothing.
fn fits_client(candidate: &Candidate, hello: &ClientHello<'_>) -> bool {
    if candidate.kind != KeyKind::Ec {
        return true;
    }
    let points = hello.ec_point_formats().ok().flatten();
    let curves = hello.supported_groups().ok().flatten();
    let group = groups::from_nid(candidate.curve).map(|group| group.id);
    points.is_none_or(|formats| formats.contains(&UNCOMPRESSED))
        && curves.is_none_or(|mut ids| ids.any(|id| Some(id) == group))
}

/// Whether the client's first suite is one with ChaCha20, values that stand for nothing aside.
fn wants_chacha(hello: &ClientHello<'_>) -> bool {
    let is_suite = |number: &u16| {
        let is_grease = number & 0x0f0f == 0x0a0a;
        !is_grease && !matches!(number, 0x00ff | 0x5600)
    };
    let first = hello.cipher_suites().find(is_suite);
    first.is_some_and(|number| matches!(number, 0x1303 | 0xcca8..=0xccae))
}

/// The engine signs TLS 1.2 handshakes with these alone.
fn engine_signs_tls12(scheme: u16) -> bool {
    matches!(
        scheme,
        0x0401 | 0x0501 | 0x0601 | 0x0403 | 0x0503 | 0x0603 | 0x0804..=0x0808
    )
}

const fn fault(alert: AlertDescription, reason: u16) -> HelloFault {
    HelloFault {
        alert,
        reason: Reason(reason),
    }
}

/// RFC 8422 section 5.1.2.
const UNCOMPRESSED: u8 = 0;
const NO_SUITABLE_KEY_SHARE: u16 = 101;
const BAD_KEY_SHARE: u16 = 108;
const MISSING_SUPPORTED_GROUPS: u16 = 209;

#[cfg(test)]
mod tests;
