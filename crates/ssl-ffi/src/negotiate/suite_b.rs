//! Suite B (RFC 6460): the profiles that a cipher string or a flag turns on, and what is left under each.
//!
//! Knows its three profiles; who remembers which one is on is for the settings.

/// A profile of Suite B.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SuiteB {
    /// 128 bits of security or 192.
    Level128,
    /// 128 bits and no more.
    Only128,
    /// 192 bits.
    Level192,
}

impl SuiteB {
    /// The profile that certificate flags (`SSL_CERT_FLAG_SUITEB_*`) turn on.
    pub(crate) fn from_flags(flags: u32) -> Option<Self> {
        match flags & Self::MASK {
            0x1_0000 => Some(Self::Only128),
            0x2_0000 => Some(Self::Level192),
            0x3_0000 => Some(Self::Level128),
            _ => None,
        }
    }

    /// The certificate flags of the profile.
    pub(crate) fn flags(self) -> u32 {
        match self {
            Self::Only128 => 0x1_0000,
            Self::Level192 => 0x2_0000,
            Self::Level128 => 0x3_0000,
        }
    }

    /// The profile a cipher string turns on by its first word, and the suites it then stands for.
    pub(super) fn of_cipher_string(text: &[u8]) -> Option<(Self, &'static [u8])> {
        // Longer words first: a word is known by its start, whatever follows.
        if text.starts_with(b"SUITEB128ONLY") {
            Some((Self::Only128, Self::Only128.cipher_string()))
        } else if text.starts_with(b"SUITEB128C2") {
            Some((Self::Level128, Self::Level192.cipher_string()))
        } else if text.starts_with(b"SUITEB128") {
            Some((Self::Level128, Self::Level128.cipher_string()))
        } else if text.starts_with(b"SUITEB192") {
            Some((Self::Level192, Self::Level192.cipher_string()))
        } else {
            None
        }
    }

    /// What every cipher string means while the profile is on.
    pub(super) fn cipher_string(self) -> &'static [u8] {
        match self {
            Self::Level128 => b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384",
            Self::Only128 => b"ECDHE-ECDSA-AES128-GCM-SHA256",
            Self::Level192 => b"ECDHE-ECDSA-AES256-GCM-SHA384",
        }
    }

    /// The groups that are left, P-256 and P-384.
    pub(crate) fn groups(self) -> &'static [u16] {
        match self {
            Self::Level128 => &[23, 24],
            Self::Only128 => &[23],
            Self::Level192 => &[24],
        }
    }

    /// The signature schemes that are left, ECDSA on these curves.
    pub(crate) fn schemes(self) -> &'static [u16] {
        match self {
            Self::Level128 => &[0x0403, 0x0503],
            Self::Only128 => &[0x0403],
            Self::Level192 => &[0x0503],
        }
    }

    /// The certificate flags that turn a profile on.
    pub(crate) const MASK: u32 = 0x3_0000;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_lead_back() {
        for profile in [SuiteB::Level128, SuiteB::Only128, SuiteB::Level192] {
            assert_eq!(SuiteB::from_flags(profile.flags() | 1), Some(profile));
            assert_eq!(profile.groups().len(), profile.schemes().len());
        }
        assert_eq!(SuiteB::from_flags(1), None);
    }
}
