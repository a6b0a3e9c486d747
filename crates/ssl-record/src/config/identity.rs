//! Certificates: our own with their keys, and the roots that others' must lead to.
//!
//! Owns reading PEM and the platform's store. Does not judge certificates; the handshake does.

use std::path::Path;
use std::sync::Arc;

use pki_types::pem::PemObject;
use pki_types::{CertificateDer, PrivateKeyDer};

use super::{AsyncSigner, ConfigError};

/// A certificate chain, leaf first, with the leaf's private key.
///
/// A key that is held here is wiped when the last clone is dropped.
#[derive(Clone)]
pub struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: Key,
}

/// Where the private key is.
#[derive(Clone)]
pub(crate) enum Key {
    Here(Arc<PrivateKeyDer<'static>>),
    Elsewhere(Arc<dyn AsyncSigner>),
}

impl Identity {
    /// From PEM text: one or more certificates, leaf first; one private key in PKCS#8, PKCS#1 or SEC1.
    ///
    /// # Errors
    /// [`ConfigError`] if either is missing or not PEM.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, ConfigError> {
        let chain = certificates(chain, "certificate chain")?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| ConfigError::NoPrivateKey)?;
        Ok(Self {
            chain,
            key: Key::Here(Arc::new(key)),
        })
    }

    /// From PEM text: one or more certificates, leaf first; and who signs with the leaf's key. Whether it
    /// is the right key, only peers find out.
    ///
    /// # Errors
    /// [`ConfigError::NoCertificate`] if there is none.
    pub fn with_signer(chain: &[u8], signer: Arc<dyn AsyncSigner>) -> Result<Self, ConfigError> {
        Ok(Self {
            chain: certificates(chain, "certificate chain")?,
            key: Key::Elsewhere(signer),
        })
    }

    /// From two PEM files; see [`Identity::from_pem`].
    ///
    /// # Errors
    /// [`ConfigError`] if a file cannot be read or does not hold what it should.
    pub fn from_pem_files(
        chain: impl AsRef<Path>,
        key: impl AsRef<Path>,
    ) -> Result<Self, ConfigError> {
        Self::from_pem(
            &read(chain.as_ref())?,
            &zeroize::Zeroizing::new(read(key.as_ref())?),
        )
    }

    /// The chain in DER, leaf first.
    pub fn chain(&self) -> impl Iterator<Item = &[u8]> {
        self.chain.iter().map(AsRef::as_ref)
    }
}

impl core::fmt::Debug for Identity {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Identity")
            .field("certificates", &self.chain.len())
            .finish_non_exhaustive()
    }
}

/// Trusted roots.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    pub(crate) webpki: bool,
}

impl Roots {
    /// No root at all: nothing verifies until some are added.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Mozilla's roots, compiled in.
    pub fn webpki() -> Self {
        Self {
            certificates: Vec::new(),
            webpki: true,
        }
    }

    /// The platform's store: on Debian, the `ca-certificates` package.
    ///
    /// # Errors
    /// [`ConfigError::NoRoots`] if the store is empty or cannot be read.
    pub fn platform() -> Result<Self, ConfigError> {
        let found = rustls_native_certs::load_native_certs();
        if found.certs.is_empty() {
            return Err(ConfigError::NoRoots(
                "the platform's certificate store".into(),
            ));
        }
        Ok(Self {
            certificates: found.certs,
            webpki: false,
        })
    }

    /// The certificates in PEM text.
    ///
    /// # Errors
    /// [`ConfigError::NoRoots`] if there are none.
    pub fn from_pem(pem: &[u8]) -> Result<Self, ConfigError> {
        Ok(Self {
            certificates: certificates(pem, "CA file")?,
            webpki: false,
        })
    }

    /// The certificates in a PEM file.
    ///
    /// # Errors
    /// [`ConfigError`] if it cannot be read or holds none.
    pub fn from_pem_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Self::from_pem(&read(path.as_ref())?)
    }

    /// These and others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.certificates.extend(others.certificates);
        self.webpki |= others.webpki;
        self
    }
}

fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(ConfigError::NoCertificate(what.to_owned())),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ConfigError> {
    std::fs::read(path).map_err(|error| ConfigError::File {
        path: path.to_owned(),
        error: error.to_string(),
    })
}
