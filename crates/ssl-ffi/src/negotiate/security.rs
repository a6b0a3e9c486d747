//! Security levels (`SSL_CTX_set_security_level(3)`): how strong is strong enough.
//!
//! Owns what OpenSSL's own callback answers; a callback of the application is asked elsewhere, instead.

use super::groups::Group;
use super::sigalgs::Scheme;
use super::suites::Suite;

/// The level of a new context: Debian's, not upstream's 1, because the library takes the place of Debian's.
pub(crate) const DEFAULT_LEVEL: i32 = 2;

/// Least bits of strength at a level; levels below 0 are 0, above 5 are 5.
pub(crate) fn minimum_bits(level: i32) -> i32 {
    match level {
        ..=0 => 0,
        1 => 80,
        2 => 112,
        3 => 128,
        4 => 192,
        5.. => 256,
    }
}

/// Whether something of this strength may be used: a group, a signature, a key. Unknown strength is negative.
pub(crate) fn allows_bits(level: i32, bits: i32) -> bool {
    level <= 0 || bits >= minimum_bits(level)
}

/// Whether the suite may be used.
pub(crate) fn allows_suite(level: i32, suite: &Suite) -> bool {
    // All of ours have forward secrecy and are AEADs, so that only the bits are left to be asked for.
    allows_bits(level, suite.bits().into())
}

/// Whether the group may be used.
pub(crate) fn allows_group(level: i32, group: &Group) -> bool {
    allows_bits(level, group.bits.into())
}

/// Whether signatures of this scheme may be made and accepted.
pub(crate) fn allows_scheme(level: i32, scheme: &Scheme) -> bool {
    allows_bits(level, scheme.bits().into())
}

/// Whether TLS 1.2 sessions may be kept in tickets.
pub(crate) fn allows_tickets(level: i32) -> bool {
    level < 3
}

/// OpenSSL's own answer to a question of `SSL_CTX_set_security_callback`, put by its number: about
/// something of so many bits, or of the TLS version `nid`.
pub(crate) fn answer(level: i32, question: i32, bits: i32, nid: i32) -> bool {
    const TMP_DH: i32 = 7;
    const VERSION: i32 = 9;
    const TICKET: i32 = 10;
    const COMPRESSION: i32 = 15;
    match question & 0xffff {
        // Not even level 0 allows Diffie-Hellman with less than 1024 bits.
        TMP_DH if level <= 0 => bits >= 80,
        _ if level <= 0 => true,
        VERSION => {
            let oldest = match level {
                ..=1 => 0,
                2 => 0x0301,
                3 => 0x0302,
                4.. => 0x0303,
            };
            nid >= oldest
        }
        TICKET => allows_tickets(level),
        COMPRESSION => level < 2,
        _ => allows_bits(level, bits),
    }
}

/// What OpenSSL says of a certificate that is too weak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weakness {
    /// The key of the certificate itself: `SSL_R_EE_KEY_TOO_SMALL`.
    Key,
    /// The key of a certificate above it: `SSL_R_CA_KEY_TOO_SMALL`.
    IssuerKey,
    /// The digest it is signed with: `SSL_R_CA_MD_TOO_WEAK`.
    Digest,
}

impl Weakness {
    /// OpenSSL's reason.
    pub(crate) fn reason(self) -> u16 {
        match self {
            Self::Key => 399,
            Self::IssuerKey => 397,
            Self::Digest => 398,
        }
    }
}

/// Judges one certificate. `signature_bits` is the strength of the signature on it, `None` if it signed
/// itself; strengths are libcrypto's, negative if unknown.
pub(crate) fn judge_certificate(
    level: i32,
    is_leaf: bool,
    key_bits: i32,
    signature_bits: Option<i32>,
) -> Result<(), Weakness> {
    if !allows_bits(level, key_bits) {
        return Err(match is_leaf {
            true => Weakness::Key,
            false => Weakness::IssuerKey,
        });
    }
    match signature_bits {
        Some(bits) if !allows_bits(level, bits) => Err(Weakness::Digest),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::negotiate::suites::SUITES;
    use crate::negotiate::{groups, sigalgs};

    #[test]
    fn a_level_demands_bits() {
        let names = |level| {
            SUITES
                .iter()
                .filter(|suite| allows_suite(level, suite))
                .count()
        };
        assert_eq!([0, 1, 2, 3, 4, 5].map(names), [9, 9, 9, 9, 6, 6]);
        let allows = |level, id| allows_group(level, groups::from_wire(id).unwrap());
        assert!(allows(3, 29) && !allows(4, 29) && allows(4, 24) && !allows(5, 24));
        assert!(allows(0, 19) && allows(1, 19) && !allows(2, 19));
    }

    #[test]
    fn sha1_ends_at_level_1() {
        let allows = |level, id| allows_scheme(level, sigalgs::from_wire(id).unwrap());
        assert!(allows(0, 0x0201) && !allows(1, 0x0201));
        assert!(allows(2, 0x0301) && !allows(3, 0x0301));
        assert!(allows(3, 0x0807) && !allows(4, 0x0807) && allows(5, 0x0806));
    }

    #[test]
    fn certificates_are_judged_key_first() {
        assert_eq!(judge_certificate(2, true, 112, Some(128)), Ok(()));
        assert_eq!(judge_certificate(2, true, 80, Some(64)), Err(Weakness::Key));
        assert_eq!(
            judge_certificate(2, false, 80, None),
            Err(Weakness::IssuerKey)
        );
        assert_eq!(
            judge_certificate(2, true, 112, Some(64)),
            Err(Weakness::Digest)
        );
        assert_eq!(judge_certificate(2, true, 112, None), Ok(()));
        assert_eq!(judge_certificate(1, true, -1, None), Err(Weakness::Key));
        assert_eq!(judge_certificate(0, true, -1, Some(-1)), Ok(()));
        assert_eq!(Weakness::Key.reason(), 399);
    }

    #[test]
    fn questions_by_number() {
        assert!(answer(0, 7, 80, 0) && !answer(0, 7, 79, 0) && !answer(2, 7, 80, 0));
        assert!(answer(1, 9, 0, 0x0300) && !answer(2, 9, 0, 0x0300) && answer(2, 9, 0, 0x0301));
        assert!(!answer(4, 9, 0, 0x0302) && answer(5, 9, 0, 0x0303));
        assert!(answer(1, 15, 0, 0) && !answer(2, 15, 0, 0) && !answer(3, 10, 0, 0));
        assert!(answer(2, 1 << 16 | 1, 112, 0) && !answer(2, 1 << 16 | 1, 80, 0));
        assert!(answer(-1, 1, 0, 0));
    }

    #[test]
    fn tickets_end_at_level_3() {
        assert!(allows_tickets(2) && !allows_tickets(3));
        assert_eq!(minimum_bits(-1), 0);
        assert_eq!(minimum_bits(9), 256);
    }
}
