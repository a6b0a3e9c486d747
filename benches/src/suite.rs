//! What is negotiated, in words that no candidate owns, and the certificate all of them show.

use anyhow::Result;
use ssl_testkit::certs::{Identity, KeyKind, Leaf, self_signed};

/// A version and an AEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suite {
    /// Short name for reports and filters.
    pub name: &'static str,
    /// The IANA number of the cipher suite; ECDSA in TLS 1.2.
    pub number: u16,
    /// Whether the version is TLS 1.3, otherwise TLS 1.2.
    pub tls13: bool,
}

impl Suite {
    /// Every suite of the workload, the most used first.
    pub const ALL: [Self; 6] = [
        Self::new("tls13-aes128gcm", 0x1301, true),
        Self::new("tls12-aes128gcm", 0xc02b, false),
        Self::new("tls13-aes256gcm", 0x1302, true),
        Self::new("tls12-aes256gcm", 0xc02c, false),
        Self::new("tls13-chacha20", 0x1303, true),
        Self::new("tls12-chacha20", 0xcca9, false),
    ];

    const fn new(name: &'static str, number: u16, tls13: bool) -> Self {
        Self {
            name,
            number,
            tls13,
        }
    }
}

/// A P-256 certificate for `localhost`, its own root.
pub struct Credentials(Identity);

impl Credentials {
    /// The name in the certificate.
    pub const HOST: &str = "localhost";

    /// Makes a certificate.
    ///
    /// # Errors
    /// The key cannot be made.
    pub fn new() -> Result<Self> {
        Ok(Self(self_signed(&Leaf::localhost(KeyKind::EcP256))?))
    }

    /// Certificate, private key and root.
    pub fn identity(&self) -> &Identity {
        &self.0
    }
}

impl core::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}
