//! What a context is made of: certificates, trust, versions, suites.
//!
//! Owns plain values with builders. Knows neither connections nor how a handshake uses the values.

mod asynchronous;
mod client;
mod identity;
mod server;
mod suites;

use std::path::PathBuf;
use std::sync::Arc;

pub use asynchronous::{AsyncSigner, Operation, PeerCheck, SigningFailed};
pub use client::{ClientConfig, ServerTrust};
pub(crate) use identity::Key;
pub use identity::{Identity, Roots};
pub use server::{ClientTrust, ServerConfig};
pub use suites::{CipherSuite, NamedGroup, UnknownName};

use crate::record::ProtocolVersion;

/// Receives each line of the key log (NSS format, as `SSLKEYLOGFILE`), without a line end.
///
/// Whoever holds the lines can read the traffic.
pub type KeyLog = Arc<dyn Fn(&str) + Send + Sync>;

/// A configuration that no handshake could use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file could not be read.
    #[error("cannot read {}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// No PEM certificate where one was expected.
    #[error("no PEM certificate in the {0}; it should hold -----BEGIN CERTIFICATE----- blocks")]
    NoCertificate(String),
    /// No PEM private key where one was expected.
    #[error("no PEM private key found; it should hold a -----BEGIN PRIVATE KEY----- block")]
    NoPrivateKey,
    /// A certificate that cannot be parsed.
    #[error("certificate cannot be parsed: {0}")]
    BadCertificate(String),
    /// A key of an unsupported kind, or not a key.
    #[error("private key cannot be used: {0}")]
    BadPrivateKey(String),
    /// The key does not belong to the certificate.
    #[error("private key does not belong to the certificate; pair the right files")]
    KeyMismatch,
    /// No trusted root in the named place.
    #[error("no trusted roots in {0}")]
    NoRoots(String),
    /// Not a host name or address.
    #[error("{0:?} is not a host name or address")]
    BadServerName(String),
    /// No enabled suite belongs to an enabled version, or no group is available.
    #[error("no cipher suite or group is left for the enabled versions")]
    NothingEnabled,
    /// The oldest version enabled is newer than the newest.
    #[error("minimum version {min} is above maximum version {max}")]
    VersionRange {
        /// The oldest enabled.
        min: ProtocolVersion,
        /// The newest enabled.
        max: ProtocolVersion,
    },
    /// A stored session that this configuration could not have made, or that is damaged.
    #[error(
        "stored session cannot be used with this configuration; delete it and connect without it"
    )]
    UnusableSession,
    /// A delegated client without a plan, or a context of the other kind.
    #[error("a delegated client needs a plan, and a delegated connection a delegated context")]
    NoPlan,
    /// A server without a certificate.
    #[error("a server needs a certificate")]
    NoIdentity,
    /// The cryptographic library refused to work.
    #[error("cryptography is not available: {0}")]
    Crypto(String),
}

/// What both sides have in common.
#[derive(Clone)]
pub(crate) struct Common {
    pub(crate) min: ProtocolVersion,
    pub(crate) max: ProtocolVersion,
    pub(crate) suites: Vec<CipherSuite>,
    pub(crate) groups: Vec<NamedGroup>,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) key_log: Option<KeyLog>,
    pub(crate) peer_check: Option<Arc<dyn PeerCheck>>,
    pub(crate) pool_bound: usize,
}

impl Default for Common {
    fn default() -> Self {
        Self {
            min: ProtocolVersion::Tls12,
            max: ProtocolVersion::Tls13,
            suites: CipherSuite::ALL.to_vec(),
            groups: NamedGroup::ALL.to_vec(),
            alpn: Vec::new(),
            key_log: None,
            peer_check: None,
            pool_bound: DEFAULT_POOL_BOUND,
        }
    }
}

/// Idle record buffers a context keeps unless told otherwise: 1 MiB and a little.
pub const DEFAULT_POOL_BOUND: usize = 64;

impl Common {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.min > self.max {
            return Err(ConfigError::VersionRange {
                min: self.min,
                max: self.max,
            });
        }
        if self.versions().next().is_none() || self.groups.is_empty() {
            return Err(ConfigError::NothingEnabled);
        }
        Ok(())
    }

    /// The enabled versions that have at least one suite, the newest first.
    pub(crate) fn versions(&self) -> impl Iterator<Item = ProtocolVersion> + Clone {
        let versions = [ProtocolVersion::Tls13, ProtocolVersion::Tls12].into_iter();
        versions.filter(move |version| {
            (self.min..=self.max).contains(version)
                && self.suites.iter().any(|suite| suite.version() == *version)
        })
    }
}

/// The builder methods both sides have; kept in one place so that they cannot differ.
macro_rules! common_methods {
    () => {
        /// Versions to negotiate; both are included. Default: TLS 1.2 and 1.3.
        #[must_use]
        pub fn versions(mut self, min: ProtocolVersion, max: ProtocolVersion) -> Self {
            (self.common.min, self.common.max) = (min, max);
            self
        }

        /// Cipher suites in the order of preference. Default: [`CipherSuite::ALL`].
        #[must_use]
        pub fn cipher_suites(mut self, suites: &[CipherSuite]) -> Self {
            self.common.suites = suites.to_vec();
            self
        }

        /// Key exchange groups in the order of preference. Default: [`NamedGroup::ALL`]; those the
        /// cryptographic library lacks are left out.
        #[must_use]
        pub fn groups(mut self, groups: &[NamedGroup]) -> Self {
            self.common.groups = groups.to_vec();
            self
        }

        /// Application protocols in the order of preference (RFC 7301). Default: none.
        #[must_use]
        pub fn alpn<P: Into<Vec<u8>>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
            self.common.alpn = protocols.into_iter().map(Into::into).collect();
            self
        }

        /// Where secrets are logged, for debugging with packet captures. Default: nowhere.
        #[must_use]
        pub fn key_log(mut self, key_log: KeyLog) -> Self {
            self.common.key_log = Some(key_log);
            self
        }

        /// Who else decides about a peer whose chain has passed verification, perhaps later. Default: no
        /// one.
        #[must_use]
        pub fn peer_check(mut self, check: Arc<dyn PeerCheck>) -> Self {
            self.common.peer_check = Some(check);
            self
        }

        /// Idle record buffers the context keeps for its connections, at about 17 KiB each, and for long
        /// writes a quarter as many of four times the length. Default:
        /// [`DEFAULT_POOL_BOUND`](super::DEFAULT_POOL_BOUND).
        #[must_use]
        pub fn pool_bound(mut self, buffers: usize) -> Self {
            self.common.pool_bound = buffers;
            self
        }
    };
}
use common_methods;
