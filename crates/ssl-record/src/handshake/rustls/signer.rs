//! Private keys: those that sign elsewhere, in rustls's terms, and rustls's own in ours.

use std::sync::Arc;

use pki_types::PrivateKeyDer;
use pki_types::pem::PemObject;
use rustls::sign::{Signer, SigningKey};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

use super::job;
use super::setup::backend;
use crate::config::{AsyncSigner, ConfigError, Operation, SigningFailed};
use crate::handshake::delegate::Answer;

/// A private key in memory, for signers that sign on another thread or elsewhere
/// ([`AsyncSigner`]); as one itself, it signs at once. It is wiped when the last clone is dropped.
///
/// ```
/// use ssl_record::LocalKey;
/// assert!(LocalKey::from_pem(b"not a key").is_err());
/// ```
#[derive(Clone)]
pub struct LocalKey(Arc<dyn SigningKey>);

impl LocalKey {
    /// From PEM text: PKCS#8, PKCS#1 or SEC1.
    ///
    /// # Errors
    /// [`ConfigError`] if it holds none, or one of an unsupported kind.
    pub fn from_pem(key: &[u8]) -> Result<Self, ConfigError> {
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| ConfigError::NoPrivateKey)?;
        let loaded = backend::default_provider()
            .key_provider
            .load_private_key(key);
        loaded
            .map(Self)
            .map_err(|error| ConfigError::BadPrivateKey(error.to_string()))
    }

    /// The schemes it signs with, by number and in the order of preference.
    pub fn schemes(&self) -> Vec<u16> {
        let known = backend::default_provider().signature_verification_algorithms;
        let mut left = known.supported_schemes();
        let mut found = Vec::new();
        while let Some(signer) = self.0.choose_scheme(&left) {
            found.push(signer.scheme().into());
            left.retain(|scheme| *scheme != signer.scheme());
        }
        found
    }

    /// The signature of `message`, not hashed, with a scheme of [`LocalKey::schemes`].
    ///
    /// # Errors
    /// [`SigningFailed`] for any other scheme, or if the cryptographic library fails.
    pub fn sign(&self, scheme: u16, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        let signer = self.0.choose_scheme(&[scheme.into()]);
        let signature = signer.map(|signer| signer.sign(message));
        signature.and_then(Result::ok).ok_or(SigningFailed)
    }
}

impl AsyncSigner for LocalKey {
    fn schemes(&self) -> Vec<u16> {
        self.schemes()
    }

    fn sign(&self, scheme: u16, message: Vec<u8>) -> Operation<Result<Vec<u8>, SigningFailed>> {
        Box::pin(core::future::ready(self.sign(scheme, &message)))
    }
}

impl core::fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

/// A key that is elsewhere, as rustls sees it.
pub(super) struct RemoteKey {
    /// Asked once: rustls wants them on the handshake's stack, where no code of the application runs.
    schemes: Vec<SignatureScheme>,
    signer: Arc<dyn AsyncSigner>,
}

impl RemoteKey {
    pub(super) fn new(signer: &Arc<dyn AsyncSigner>) -> Self {
        Self {
            schemes: signer.schemes().into_iter().map(Into::into).collect(),
            signer: Arc::clone(signer),
        }
    }
}

impl SigningKey for RemoteKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let mut schemes = self.schemes.iter();
        let scheme = *schemes.find(|scheme| offered.contains(scheme))?;
        Some(Box::new(RemoteSigner {
            scheme,
            signer: Arc::clone(&self.signer),
        }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        algorithm(self.schemes.first().copied())
    }
}

struct RemoteSigner {
    scheme: SignatureScheme,
    signer: Arc<dyn AsyncSigner>,
}

impl Signer for RemoteSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let job = job::signature(&self.signer, self.scheme.into(), message);
        match job::carry_out(job) {
            Some(Answer::Signature(signature)) => Ok(signature),
            _ => Err(Error::General(SigningFailed.to_string())),
        }
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

impl core::fmt::Debug for RemoteKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RemoteKey").finish_non_exhaustive()
    }
}

impl core::fmt::Debug for RemoteSigner {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RemoteSigner").finish_non_exhaustive()
    }
}

/// The kind of a key whose first scheme has this number.
pub(super) fn algorithm(scheme: Option<SignatureScheme>) -> SignatureAlgorithm {
    match scheme.map(u16::from) {
        Some(0x0807) => SignatureAlgorithm::ED25519,
        Some(0x0808) => SignatureAlgorithm::ED448,
        // RFC 5246 section 7.4.1.4.1: the second byte is 3 for ECDSA.
        Some(scheme) if scheme >> 8 <= 6 && scheme & 0xff == 3 => SignatureAlgorithm::ECDSA,
        _ => SignatureAlgorithm::RSA,
    }
}
