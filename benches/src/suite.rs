//! What is negotiated and shown, in words that no candidate owns.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use ssl_testkit::certs::{CertificateAuthority, Identity, KeyKind, Leaf};

/// A version and an AEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suite {
    /// Short name for reports and filters.
    pub name: &'static str,
    /// The IANA number of the cipher suite; with an ECDSA certificate in TLS 1.2.
    pub number: u16,
    /// The number with an RSA certificate; in TLS 1.3 the same.
    with_rsa: u16,
    /// Whether the version is TLS 1.3, otherwise TLS 1.2.
    pub tls13: bool,
}

impl Suite {
    /// Every suite of the workload, the most used first.
    pub const ALL: [Self; 6] = [
        Self::new("tls13-aes128gcm", 0x1301, 0x1301),
        Self::new("tls12-aes128gcm", 0xc02b, 0xc02f),
        Self::new("tls13-aes256gcm", 0x1302, 0x1302),
        Self::new("tls12-aes256gcm", 0xc02c, 0xc030),
        Self::new("tls13-chacha20", 0x1303, 0x1303),
        Self::new("tls12-chacha20", 0xcca9, 0xcca8),
    ];

    const fn new(name: &'static str, number: u16, with_rsa: u16) -> Self {
        Self {
            name,
            number,
            with_rsa,
            tls13: number == with_rsa,
        }
    }

    /// The suite of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|suite| suite.name == name);
        known.with_context(|| format!("no suite {name:?}"))
    }
}

/// The key in the server's certificate, and in its root's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// ECDSA on P-256.
    P256,
    /// RSA with 2048 bits.
    Rsa2048,
}

impl Key {
    /// Both.
    pub const ALL: [Self; 2] = [Self::P256, Self::Rsa2048];

    /// Short name for reports, and of the folder its files are in.
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::Rsa2048 => "rsa2048",
        }
    }

    /// The key of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|key| key.name() == name);
        known.with_context(|| format!("no key {name:?}"))
    }
}

/// How a pair of connections is set up. The key exchange is X25519 with every candidate, unless `hybrid` is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Version and AEAD.
    pub suite: Suite,
    /// The server's certificate.
    pub key: Key,
    /// Whether sessions are kept: one ticket a handshake, and the client offers the one it has.
    pub resume: bool,
    /// Whether the key exchange is X25519MLKEM768, which ring has not.
    pub hybrid: bool,
    /// Whether idle connections release their buffers (`SSL_MODE_RELEASE_BUFFERS`), where there is a choice.
    pub release: bool,
}

impl Terms {
    /// A suite with a P-256 certificate, no resumption, buffers kept.
    pub fn of(suite: Suite) -> Self {
        Self {
            suite,
            key: Key::P256,
            resume: false,
            hybrid: false,
            release: false,
        }
    }

    /// The IANA number of the cipher suite.
    pub fn number(&self) -> u16 {
        match self.key {
            Key::P256 => self.suite.number,
            Key::Rsa2048 => self.suite.with_rsa,
        }
    }
}

/// A certificate for `localhost` with each kind of key, below a root of the same kind.
pub struct Credentials {
    p256: Identity,
    rsa2048: Identity,
}

impl Credentials {
    /// The name in the certificates.
    pub const HOST: &str = "localhost";

    /// Makes the certificates.
    ///
    /// # Errors
    /// A key cannot be made.
    pub fn new() -> Result<Self> {
        let issued = |kind| CertificateAuthority::new(kind)?.issue(&Leaf::localhost(kind));
        Ok(Self {
            p256: issued(KeyKind::EcP256)?,
            rsa2048: issued(KeyKind::Rsa2048)?,
        })
    }

    /// Those in a folder, which `harness credentials FOLDER` writes: two processes that talk to each other need the same.
    ///
    /// # Errors
    /// A file is missing, or holds something else.
    pub fn read(folder: &Path) -> Result<Self> {
        let identity = |key: Key| {
            let text = |name: &str| {
                let path = folder.join(key.name()).join(name);
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
            };
            let (chain, key, root) = (text("chain.pem")?, text("key.pem")?, text("root.pem")?);
            anyhow::Ok(Identity::from_pem(&chain, &key, &root)?)
        };
        Ok(Self {
            p256: identity(Key::P256)?,
            rsa2048: identity(Key::Rsa2048)?,
        })
    }

    /// Certificate, private key and root.
    pub fn identity(&self, key: Key) -> &Identity {
        match key {
            Key::P256 => &self.p256,
            Key::Rsa2048 => &self.rsa2048,
        }
    }
}

impl core::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_read_as_they_were_written() {
        let folder = std::env::temp_dir().join(format!("ssl-bench-{}", std::process::id()));
        crate::harness::write_credentials(&folder).unwrap();
        let read = Credentials::read(&folder).unwrap();
        for key in Key::ALL {
            let identity = read.identity(key);
            let text = |name: &str| fs::read_to_string(folder.join(key.name()).join(name)).unwrap();
            assert_eq!(identity.root_pem().trim_end(), text("root.pem").trim_end());
            let chain = identity.chain_der();
            assert_eq!(chain.len(), text("chain.pem").matches("BEGIN").count());
            assert_eq!(identity.key_pem(), text("key.pem"));
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
