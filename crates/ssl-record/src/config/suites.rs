//! Cipher suites and key exchange groups we can negotiate.
//!
//! Owns numbers and names; which implementation carries them is the handshake's business.

use crate::protect::{Algorithm, Hash};
use crate::record::ProtocolVersion;

macro_rules! suites {
    ($($variant:ident = $number:literal, $name:literal, $version:ident, $algorithm:ident, $hash:ident;)*) => {
        /// A cipher suite: AEAD, hash and, in TLS 1.2, authentication.
        ///
        /// ```
        /// use ssl_record::config::CipherSuite;
        /// let suite: CipherSuite = "ECDHE-RSA-AES128-GCM-SHA256".parse().unwrap();
        /// assert_eq!(suite.wire(), 0xc02f);
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum CipherSuite {
            $(#[doc = concat!("`", $name, "`.")] $variant,)*
        }

        impl CipherSuite {
            /// Every suite, in the order of preference.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The IANA number.
            pub const fn wire(self) -> u16 {
                match self { $(Self::$variant => $number,)* }
            }

            /// OpenSSL's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The one version this suite belongs to.
            pub const fn version(self) -> ProtocolVersion {
                match self { $(Self::$variant => ProtocolVersion::$version,)* }
            }

            /// The AEAD that protects records.
            pub const fn algorithm(self) -> Algorithm {
                match self { $(Self::$variant => Algorithm::$algorithm,)* }
            }

            pub(crate) const fn hash(self) -> Hash {
                match self { $(Self::$variant => Hash::$hash,)* }
            }
        }
    };
}

suites! {
    Aes256GcmSha384 = 0x1302, "TLS_AES_256_GCM_SHA384", Tls13, Aes256Gcm, Sha384;
    Aes128GcmSha256 = 0x1301, "TLS_AES_128_GCM_SHA256", Tls13, Aes128Gcm, Sha256;
    Chacha20Poly1305Sha256 = 0x1303, "TLS_CHACHA20_POLY1305_SHA256", Tls13, ChaCha20Poly1305, Sha256;
    EcdheEcdsaAes256Gcm = 0xc02c, "ECDHE-ECDSA-AES256-GCM-SHA384", Tls12, Aes256Gcm, Sha384;
    EcdheEcdsaAes128Gcm = 0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256", Tls12, Aes128Gcm, Sha256;
    EcdheEcdsaChacha20 = 0xcca9, "ECDHE-ECDSA-CHACHA20-POLY1305", Tls12, ChaCha20Poly1305, Sha256;
    EcdheRsaAes256Gcm = 0xc030, "ECDHE-RSA-AES256-GCM-SHA384", Tls12, Aes256Gcm, Sha384;
    EcdheRsaAes128Gcm = 0xc02f, "ECDHE-RSA-AES128-GCM-SHA256", Tls12, Aes128Gcm, Sha256;
    EcdheRsaChacha20 = 0xcca8, "ECDHE-RSA-CHACHA20-POLY1305", Tls12, ChaCha20Poly1305, Sha256;
}

impl CipherSuite {
    /// The suite with this IANA number.
    pub fn from_wire(number: u16) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|suite| suite.wire() == number)
    }
}

impl core::str::FromStr for CipherSuite {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL
            .iter()
            .copied()
            .find(|suite| suite.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| UnknownName {
            what: "cipher suite",
            name: name.to_owned(),
        })
    }
}

impl core::fmt::Display for CipherSuite {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

/// A key exchange group (RFC 8446 section 4.2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NamedGroup {
    /// Curve25519.
    X25519,
    /// NIST P-256.
    Secp256r1,
    /// NIST P-384.
    Secp384r1,
    /// ML-KEM-768 with X25519; only with the `aws-lc-rs` feature.
    X25519MlKem768,
}

impl NamedGroup {
    /// Every group, in the order of preference.
    pub const ALL: &'static [Self] = &[
        Self::X25519MlKem768,
        Self::X25519,
        Self::Secp256r1,
        Self::Secp384r1,
    ];

    /// The IANA number.
    pub const fn wire(self) -> u16 {
        match self {
            Self::Secp256r1 => 23,
            Self::Secp384r1 => 24,
            Self::X25519 => 29,
            Self::X25519MlKem768 => 0x11ec,
        }
    }

    /// OpenSSL's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::X25519 => "X25519",
            Self::Secp256r1 => "P-256",
            Self::Secp384r1 => "P-384",
            Self::X25519MlKem768 => "X25519MLKEM768",
        }
    }

    /// The group with this IANA number.
    pub fn from_wire(number: u16) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|group| group.wire() == number)
    }
}

impl core::str::FromStr for NamedGroup {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL
            .iter()
            .copied()
            .find(|group| group.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| UnknownName {
            what: "group",
            name: name.to_owned(),
        })
    }
}

impl core::fmt::Display for NamedGroup {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is neither a cipher suite nor a group we have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no {what} named {name:?}")]
pub struct UnknownName {
    what: &'static str,
    name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_inverse() {
        for &suite in CipherSuite::ALL {
            assert_eq!(CipherSuite::from_wire(suite.wire()), Some(suite));
            assert_eq!(suite.name().to_lowercase().parse(), Ok(suite));
        }
        for &group in NamedGroup::ALL {
            assert_eq!(NamedGroup::from_wire(group.wire()), Some(group));
            assert_eq!(group.name().parse(), Ok(group));
        }
        assert!("RC4-MD5".parse::<CipherSuite>().is_err());
    }
}
