//! Protocol versions: the bounds that programs set, what is enabled between them, and a server's choice.
//!
//! Knows TLS 1.2 and 1.3 as versions to use, and older ones as numbers that programs name.

use ssl_record::Reason;
use ssl_record::hello::{ClientHello, HelloFault};
use ssl_record::record::{AlertDescription, ProtocolVersion};

/// The versions a connection may use; a version that is off in the middle cannot be, there are two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Enabled {
    pub(crate) tls12: bool,
    pub(crate) tls13: bool,
    /// The method has one version alone: no fallback is ever inappropriate.
    pub(crate) fixed: bool,
}

/// Which bound is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    Oldest,
    Newest,
}

/// Why a bound is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoundFault {
    /// No version has this number; OpenSSL leaves no error behind.
    NoVersion,
    /// Nothing that this library has is as old: `SSL_R_UNSUPPORTED_PROTOCOL`.
    TooOld,
}

impl Bound {
    /// Whether `version` may be this bound; 0 is the default. Which versions an oldest one leaves out is
    /// not asked: an old one says as much as none.
    pub(crate) fn check(self, version: i64) -> Result<(), BoundFault> {
        match (self, version) {
            (_, 0) | (Self::Oldest, SSL3..=NEWEST) => Ok(()),
            (Self::Newest, TLS1_2..=NEWEST) => Ok(()),
            (Self::Newest, SSL3..TLS1_2) => Err(BoundFault::TooOld),
            _ => Err(BoundFault::NoVersion),
        }
    }
}

impl Enabled {
    /// What lies between the bounds, as they were set, and is not off; `off` has the bits of
    /// `SSL_OP_NO_TLSv1_2` and `SSL_OP_NO_TLSv1_3`.
    pub(crate) fn between(oldest: i32, newest: i32, tls12_off: bool, tls13_off: bool) -> Self {
        let within = |version: i64| {
            (oldest == 0 || version >= oldest.into()) && (newest == 0 || version <= newest.into())
        };
        Self {
            tls12: within(TLS1_2) && !tls12_off,
            tls13: within(NEWEST) && !tls13_off,
            fixed: false,
        }
    }

    /// TLS 1.2 and nothing else, whatever the settings say.
    pub(crate) const TLS12_ONLY: Self = Self {
        tls12: true,
        tls13: false,
        fixed: true,
    };

    /// The same without TLS 1.3.
    pub(crate) fn without_tls13(self) -> Self {
        Self {
            tls13: false,
            ..self
        }
    }

    /// Oldest and newest; `None` if there is none.
    pub(crate) fn range(self) -> Option<(ProtocolVersion, ProtocolVersion)> {
        match (self.tls12, self.tls13) {
            (true, true) => Some((ProtocolVersion::Tls12, ProtocolVersion::Tls13)),
            (true, false) => Some((ProtocolVersion::Tls12, ProtocolVersion::Tls12)),
            (false, true) => Some((ProtocolVersion::Tls13, ProtocolVersion::Tls13)),
            (false, false) => None,
        }
    }

    fn has(self, version: u16) -> bool {
        match i64::from(version) {
            TLS1_2 => self.tls12,
            NEWEST => self.tls13,
            _ => false,
        }
    }
}

/// A server's choice. `usable` is what is left of `enabled` with the certificates there are.
///
/// # Errors
/// protocol_version with OpenSSL's reason.
pub(crate) fn choose(
    hello: &ClientHello<'_>,
    usable: Enabled,
) -> Result<ProtocolVersion, HelloFault> {
    let fault = |reason| HelloFault {
        alert: AlertDescription::PROTOCOL_VERSION,
        reason: Reason(reason),
    };
    let legacy = i64::from(hello.legacy_version());
    if usable.fixed {
        return match legacy >= TLS1_2 {
            true => Ok(ProtocolVersion::Tls12),
            false => Err(fault(WRONG_SSL_VERSION)),
        };
    }
    let Some(offered) = hello.supported_versions()? else {
        return match legacy >= TLS1_2 {
            true if usable.tls12 => Ok(ProtocolVersion::Tls12),
            // The system's library has older ones, though it may not use them.
            _ if legacy > SSL3 => Err(fault(UNSUPPORTED_PROTOCOL)),
            _ => Err(fault(VERSION_TOO_LOW)),
        };
    };
    if legacy <= SSL3 {
        return Err(fault(BAD_LEGACY_VERSION));
    }
    match offered.filter(|&version| usable.has(version)).max() {
        Some(version) if i64::from(version) == TLS1_2 => Ok(ProtocolVersion::Tls12),
        Some(_) => Ok(ProtocolVersion::Tls13),
        None => Err(fault(UNSUPPORTED_PROTOCOL)),
    }
}

/// Checks that a client that says it fell back did not have to (RFC 7507; statements F4 to F8).
///
/// # Errors
/// inappropriate_fallback if a newer version is enabled.
pub(crate) fn check_fallback(
    hello: &ClientHello<'_>,
    chosen: ProtocolVersion,
    enabled: Enabled,
) -> Result<(), HelloFault> {
    let newest = enabled.range().map(|(_, newest)| newest);
    if enabled.fixed || newest == Some(chosen) || !hello.offers_fallback_scsv() {
        return Ok(());
    }
    Err(HelloFault {
        alert: AlertDescription::INAPPROPRIATE_FALLBACK,
        reason: Reason::INAPPROPRIATE_FALLBACK,
    })
}

/// `SSL3_VERSION`, the oldest that has a number.
const SSL3: i64 = 0x0300;
const TLS1_2: i64 = 0x0303;
/// TLS 1.3.
const NEWEST: i64 = 0x0304;

const UNSUPPORTED_PROTOCOL: u16 = 258;
const WRONG_SSL_VERSION: u16 = 266;
const BAD_LEGACY_VERSION: u16 = 292;
const VERSION_TOO_LOW: u16 = 396;

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(legacy: u16, versions: &[u16], suites: &[u16]) -> Vec<u8> {
        let mut body = legacy.to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.push(0);
        body.extend((suites.len() as u16 * 2).to_be_bytes());
        body.extend(suites.iter().flat_map(|suite| suite.to_be_bytes()));
        body.extend([1, 0]);
        if !versions.is_empty() {
            let list = versions.len() as u16 * 2;
            body.extend((list + 5).to_be_bytes());
            body.extend([0, 43]);
            body.extend((list + 1).to_be_bytes());
            body.push(list as u8);
            body.extend(versions.iter().flat_map(|version| version.to_be_bytes()));
        }
        body
    }

    fn chosen(legacy: u16, versions: &[u16], usable: Enabled) -> Result<u16, u16> {
        let body = hello(legacy, versions, &[0xc02f]);
        let hello = ClientHello::parse(&body).unwrap();
        choose(&hello, usable)
            .map(ProtocolVersion::wire)
            .map_err(|fault| fault.reason.0)
    }

    #[test]
    fn bounds_are_versions_with_a_number() {
        use Bound::{Newest, Oldest};
        for version in [0, 0x0303, 0x0304] {
            assert_eq!(Oldest.check(version), Ok(()));
            assert_eq!(Newest.check(version), Ok(()));
        }
        assert_eq!(Oldest.check(0x0301), Ok(()));
        assert_eq!(Newest.check(0x0301), Err(BoundFault::TooOld));
        for version in [-1, 2, 0x0305, 0xfefd, 0xfeff] {
            assert_eq!(Oldest.check(version), Err(BoundFault::NoVersion));
            assert_eq!(Newest.check(version), Err(BoundFault::NoVersion));
        }
    }

    #[test]
    fn enabled_is_between_the_bounds_and_not_off() {
        let range = |oldest, newest, off12, off13| {
            let range = Enabled::between(oldest, newest, off12, off13).range();
            range.map(|(oldest, newest)| (oldest.wire(), newest.wire()))
        };
        assert_eq!(range(0, 0, false, false), Some((0x0303, 0x0304)));
        assert_eq!(range(0x0301, 0x0303, false, false), Some((0x0303, 0x0303)));
        assert_eq!(range(0x0304, 0, false, false), Some((0x0304, 0x0304)));
        assert_eq!(range(0, 0, true, false), Some((0x0304, 0x0304)));
        assert_eq!(range(0, 0, false, true), Some((0x0303, 0x0303)));
        assert_eq!(range(0x0304, 0x0303, false, false), None);
        assert_eq!(range(0x0304, 0, false, true), None);
    }

    #[test]
    fn a_server_chooses_the_newest_in_common() {
        let both = Enabled::between(0, 0, false, false);
        let old = both.without_tls13();
        let new = Enabled::between(0x0304, 0, false, false);
        assert_eq!(chosen(0x0303, &[0x0304, 0x0303], both), Ok(0x0304));
        assert_eq!(chosen(0x0303, &[0x0303, 0x7f1c, 0x0304], both), Ok(0x0304));
        assert_eq!(chosen(0x0303, &[0x0304, 0x0303], old), Ok(0x0303));
        assert_eq!(chosen(0x0303, &[0x0304], old), Err(258));
        assert_eq!(chosen(0x0303, &[], both), Ok(0x0303));
        assert_eq!(chosen(0x0304, &[], both), Ok(0x0303));
        assert_eq!(chosen(0x0303, &[], new), Err(258));
        assert_eq!(chosen(0x0302, &[], both), Err(258));
        assert_eq!(chosen(0x0300, &[], both), Err(396));
        assert_eq!(chosen(0x0300, &[0x0304], both), Err(292));
        assert_eq!(chosen(0x0302, &[0x0304], both), Ok(0x0304));
    }

    #[test]
    fn a_fixed_method_looks_at_the_old_field_alone() {
        assert_eq!(chosen(0x0303, &[0x0304], Enabled::TLS12_ONLY), Ok(0x0303));
        assert_eq!(chosen(0x0302, &[], Enabled::TLS12_ONLY), Err(266));
    }

    #[test]
    fn f4_f6_f7_f8_a_fallback_is_refused_if_it_was_needless() {
        let both = Enabled::between(0, 0, false, false);
        let check = |suites: &[u16], enabled| {
            let body = hello(0x0303, &[], suites);
            let hello = ClientHello::parse(&body).unwrap();
            check_fallback(&hello, ProtocolVersion::Tls12, enabled)
        };
        let fault = check(&[0xc02f, 0x5600], both).unwrap_err();
        assert_eq!((fault.alert.0, fault.reason.0), (86, 373));
        assert_eq!(check(&[0xc02f, 0x5600], both.without_tls13()), Ok(()));
        assert_eq!(check(&[0xc02f], both), Ok(()));
        assert_eq!(check(&[0xc02f, 0x5600], Enabled::TLS12_ONLY), Ok(()));
    }
}
