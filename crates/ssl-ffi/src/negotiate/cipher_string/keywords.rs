//! The words of cipher strings: which suites each means, as conditions that joined words narrow.
//!
//! What no suite of ours has is told apart only where joining words needs it.

use crate::negotiate::suites::{Authentication, Encryption, SUITES, Suite};

/// Conditions on a suite: for each property the values that are admitted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Criteria {
    key_exchange: u8,
    authentication: u8,
    encryption: u8,
    mac: u8,
    strength: u8,
    /// In the default list, or out of it.
    default: u8,
    version: u8,
    /// One suite alone, if a name was the last of the joined words.
    only: Option<u16>,
}

impl Criteria {
    pub(super) const EVERYTHING: Self = Self {
        key_exchange: ANY,
        authentication: ANY,
        encryption: ANY,
        mac: ANY,
        strength: ANY,
        default: ANY,
        version: ANY,
        only: None,
    };

    const fn key_exchange(mask: u8) -> Self {
        Self {
            key_exchange: mask,
            ..Self::EVERYTHING
        }
    }

    const fn authentication(mask: u8) -> Self {
        Self {
            authentication: mask,
            ..Self::EVERYTHING
        }
    }

    const fn encryption(mask: u8) -> Self {
        Self {
            encryption: mask,
            ..Self::EVERYTHING
        }
    }

    const fn strength(mask: u8) -> Self {
        Self {
            strength: mask,
            ..Self::EVERYTHING
        }
    }

    const fn version(mask: u8) -> Self {
        Self {
            version: mask,
            ..Self::EVERYTHING
        }
    }

    const fn keys(key_exchange: u8, authentication: u8) -> Self {
        Self {
            key_exchange,
            authentication,
            ..Self::EVERYTHING
        }
    }

    /// The one suite, by all its properties but the version: so can a word be joined to it.
    fn suite(suite: &Suite) -> Self {
        let encryption = encryption_of(suite);
        Self {
            key_exchange: ECDHE,
            authentication: authentication_of(suite),
            encryption,
            mac: AEAD,
            strength: strength_of(suite),
            default: ANY,
            version: ANY,
            only: Some(suite.wire()),
        }
    }

    /// Both conditions together; `None` if they contradict each other.
    pub(super) fn and(self, word: Self) -> Option<Self> {
        let both = Self {
            key_exchange: self.key_exchange & word.key_exchange,
            authentication: self.authentication & word.authentication,
            encryption: self.encryption & word.encryption,
            mac: self.mac & word.mac,
            strength: self.strength & word.strength,
            default: self.default & word.default,
            version: self.version & word.version,
            only: word.only,
        };
        let all = [
            both.key_exchange,
            both.authentication,
            both.encryption,
            both.mac,
            both.strength,
            both.default,
            both.version,
        ];
        all.iter().all(|&mask| mask != 0).then_some(both)
    }

    pub(super) fn admits(self, suite: &Suite) -> bool {
        self.only.is_none_or(|only| only == suite.wire())
            && self.key_exchange & ECDHE != 0
            && self.authentication & authentication_of(suite) != 0
            && self.encryption & encryption_of(suite) != 0
            && self.mac & AEAD != 0
            && self.strength & strength_of(suite) != 0
            && self.default & IN_DEFAULT != 0
            && self.version & TLS12 != 0
    }
}

/// What the word means; `None` for a word we do not know, be it the name of a suite OpenSSL has.
pub(super) fn find(word: &[u8]) -> Option<Criteria> {
    let suite = SUITES
        .iter()
        .filter(|suite| authentication_of(suite) != 0)
        .find(|suite| suite.name.to_bytes() == word);
    if let Some(suite) = suite {
        return Some(Criteria::suite(suite));
    }
    Some(match std::str::from_utf8(word).ok()? {
        "ALL" => Criteria::encryption(!NO_ENCRYPTION),
        "COMPLEMENTOFALL" | "NULL" | "eNULL" => Criteria::encryption(NO_ENCRYPTION),
        "COMPLEMENTOFDEFAULT" => Criteria {
            default: !IN_DEFAULT,
            ..Criteria::EVERYTHING
        },

        "kECDHE" | "kEECDH" | "ECDH" => Criteria::key_exchange(ECDHE),
        "kDHE" | "kEDH" | "DH" | "kRSA" | "PSK" | "kPSK" | "kRSAPSK" | "kECDHEPSK" | "kDHEPSK"
        | "SRP" | "kSRP" | "kGOST" | "kGOST18" => Criteria::key_exchange(OTHER),
        "aRSA" => Criteria::authentication(RSA),
        "aECDSA" | "ECDSA" => Criteria::authentication(ECDSA),
        "aNULL" => Criteria::authentication(ANONYMOUS),
        "aDSS" | "DSS" | "aPSK" | "aSRP" | "aGOST" | "aGOST01" | "aGOST12" => {
            Criteria::authentication(OTHER)
        }
        "ECDHE" | "EECDH" => Criteria::keys(ECDHE, !ANONYMOUS),
        "DHE" | "EDH" => Criteria::keys(OTHER, !ANONYMOUS),
        "AECDH" => Criteria::keys(ECDHE, ANONYMOUS),
        "ADH" => Criteria::keys(OTHER, ANONYMOUS),
        "RSA" => Criteria::keys(OTHER, RSA),

        "AES" => Criteria::encryption(AES_128_GCM | AES_256_GCM | OTHER),
        "AES128" => Criteria::encryption(AES_128_GCM | OTHER),
        "AES256" => Criteria::encryption(AES_256_GCM | OTHER),
        "AESGCM" => Criteria::encryption(AES_128_GCM | AES_256_GCM),
        "CHACHA20" => Criteria::encryption(CHACHA20),
        "AESCCM" | "AESCCM8" | "CAMELLIA" | "CAMELLIA128" | "CAMELLIA256" | "ARIA" | "ARIAGCM"
        | "ARIA128" | "ARIA256" | "CBC" | "3DES" | "SEED" | "IDEA" | "RC4" | "RC2" | "GOST" => {
            Criteria::encryption(OTHER)
        }
        "MD5" | "SHA1" | "SHA" | "SHA256" | "SHA384" | "GOST94" | "GOST89MAC" | "GOST12" => {
            Criteria {
                mac: OTHER,
                ..Criteria::EVERYTHING
            }
        }

        "SSLv3" | "TLSv1" | "TLSv1.0" => Criteria::version(OTHER),
        "TLSv1.2" => Criteria::version(TLS12),
        "HIGH" => Criteria::strength(HIGH),
        "MEDIUM" | "LOW" => Criteria::strength(OTHER),
        "FIPS" => Criteria {
            strength: FIPS,
            ..Criteria::encryption(!NO_ENCRYPTION)
        },
        _ => return None,
    })
}

fn authentication_of(suite: &Suite) -> u8 {
    match suite.authentication {
        Authentication::Any => 0,
        Authentication::Rsa => RSA,
        Authentication::Ecdsa => ECDSA,
    }
}

fn encryption_of(suite: &Suite) -> u8 {
    match suite.encryption {
        Encryption::Aes128Gcm => AES_128_GCM,
        Encryption::Aes256Gcm => AES_256_GCM,
        Encryption::ChaCha20Poly1305 => CHACHA20,
    }
}

fn strength_of(suite: &Suite) -> u8 {
    match suite.encryption {
        Encryption::ChaCha20Poly1305 => HIGH,
        Encryption::Aes128Gcm | Encryption::Aes256Gcm => HIGH | FIPS,
    }
}

const ANY: u8 = !0;
/// What none of our suites has.
const OTHER: u8 = 1 << 7;

const ECDHE: u8 = 1;

const RSA: u8 = 1;
const ECDSA: u8 = 1 << 1;
const ANONYMOUS: u8 = 1 << 2;

const AES_128_GCM: u8 = 1;
const AES_256_GCM: u8 = 1 << 1;
const CHACHA20: u8 = 1 << 2;
const NO_ENCRYPTION: u8 = 1 << 3;

const AEAD: u8 = 1;

const HIGH: u8 = 1;
const FIPS: u8 = 1 << 1;

const IN_DEFAULT: u8 = 1;
const TLS12: u8 = 1;
