//! The combinations to be covered: version, AEAD, certificate.
//!
//! Owns their names on both sides. It must not know what is done with a connection.

use ssl_record::Algorithm;
use ssl_record::config::{CipherSuite, ClientConfig, Roots, ServerConfig};
use ssl_record::record::ProtocolVersion;
use ssl_testkit::certs::KeyKind;
use ssl_testkit::curl;
use ssl_testkit::openssl::OpenSsl;

use crate::ours::Certificates;

/// Both versions.
pub(crate) const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::Tls12, ProtocolVersion::Tls13];

/// The three AEADs.
pub(crate) const AEADS: [Algorithm; 3] = [
    Algorithm::Aes128Gcm,
    Algorithm::Aes256Gcm,
    Algorithm::ChaCha20Poly1305,
];

/// What a connection is to use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) version: ProtocolVersion,
    pub(crate) aead: Algorithm,
    pub(crate) key: KeyKind,
}

impl Cell {
    /// The one suite that fits.
    pub(crate) fn suite(self) -> CipherSuite {
        let authentication = match self.key {
            KeyKind::Rsa2048 => "-RSA-",
            _ => "-ECDSA-",
        };
        let fits = |suite: &CipherSuite| {
            let any_key = self.version == ProtocolVersion::Tls13;
            (suite.version(), suite.algorithm()) == (self.version, self.aead)
                && (any_key || suite.name().contains(authentication))
        };
        CipherSuite::ALL.iter().copied().find(fits).unwrap()
    }

    /// The version in OpenSSL's words.
    pub(crate) fn version_name(self) -> &'static str {
        match self.version {
            ProtocolVersion::Tls12 => "TLSv1.2",
            ProtocolVersion::Tls13 => "TLSv1.3",
        }
    }

    /// A peer that speaks nothing else.
    pub(crate) fn peer(self, options: OpenSsl) -> OpenSsl {
        let name = self.suite().name();
        match self.version {
            ProtocolVersion::Tls12 => options.tls1_2().cipher(name),
            ProtocolVersion::Tls13 => options.tls1_3().ciphersuites(name),
        }
    }

    /// A request that speaks nothing else.
    pub(crate) fn request(self, request: curl::Request) -> curl::Request {
        let name = self.suite().name();
        match self.version {
            ProtocolVersion::Tls12 => request.tls1_2().ciphers(name),
            ProtocolVersion::Tls13 => request.tls1_3().tls13_ciphers(name),
        }
    }

    /// A client of ours that offers nothing else.
    pub(crate) fn client(self, roots: Roots) -> ClientConfig {
        ClientConfig::new(roots)
            .versions(self.version, self.version)
            .cipher_suites(&[self.suite()])
    }

    /// A server of ours that accepts nothing else.
    pub(crate) fn server(self, certificates: &Certificates) -> ServerConfig {
        ServerConfig::new(certificates.identity())
            .versions(self.version, self.version)
            .cipher_suites(&[self.suite()])
    }
}

/// A peer restricted to one version.
pub(crate) fn only(version: ProtocolVersion, options: OpenSsl) -> OpenSsl {
    match version {
        ProtocolVersion::Tls12 => options.tls1_2(),
        ProtocolVersion::Tls13 => options.tls1_3(),
    }
}
