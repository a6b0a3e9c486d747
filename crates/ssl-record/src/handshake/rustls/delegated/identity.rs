//! Identities whose keys stay with the owner.
//!
//! Owns the signing key that rustls sees: it knows its schemes and asks for every signature.

use std::sync::Arc;

use pki_types::CertificateDer;
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

use super::super::refusal::Refusal;
use super::super::signer::algorithm;
use super::desk::{Desk, refused};
use crate::handshake::delegate::{Answer, DelegatedIdentity, Question};
use crate::reason::Reason;
use crate::record::AlertDescription;

/// The identity in rustls's terms. `must_sign`: the handshake cannot go on without it.
pub(super) fn certified(
    identity: DelegatedIdentity,
    ocsp: Option<Vec<u8>>,
    must_sign: bool,
    desk: &Arc<Desk>,
) -> CertifiedKey {
    let chain = identity.chain.into_iter().map(CertificateDer::from);
    let key = DelegatedKey {
        schemes: identity.schemes.into_iter().map(Into::into).collect(),
        must_sign,
        desk: Arc::clone(desk),
    };
    let mut certified = CertifiedKey::new(chain.collect(), Arc::new(key));
    certified.ocsp = ocsp;
    certified
}

struct DelegatedKey {
    schemes: Vec<SignatureScheme>,
    must_sign: bool,
    desk: Arc<Desk>,
}

impl SigningKey for DelegatedKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let Some(scheme) = self.schemes.iter().find(|scheme| offered.contains(scheme)) else {
            if self.must_sign {
                self.desk.refuse(Refusal {
                    alert: AlertDescription::HANDSHAKE_FAILURE,
                    reason: Reason::NO_SUITABLE_SIGNATURE_ALGORITHM,
                });
            }
            return None;
        };
        Some(Box::new(DelegatedSigner {
            scheme: *scheme,
            desk: Arc::clone(&self.desk),
        }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        algorithm(self.schemes.first().copied())
    }
}

struct DelegatedSigner {
    scheme: SignatureScheme,
    desk: Arc<Desk>,
}

impl Signer for DelegatedSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let scheme = u16::from(self.scheme);
        self.desk.notes().signature_scheme = Some(scheme);
        let question = Question::Sign {
            scheme,
            message: message.to_vec(),
        };
        match self.desk.ask(question) {
            Some(Answer::Signature(signature)) => Ok(signature),
            Some(_) => Err(self.desk.refused(Refusal::INTERNAL)),
            None => Err(refused()),
        }
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

impl core::fmt::Debug for DelegatedKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("DelegatedKey").finish_non_exhaustive()
    }
}

impl core::fmt::Debug for DelegatedSigner {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("DelegatedSigner").finish_non_exhaustive()
    }
}
