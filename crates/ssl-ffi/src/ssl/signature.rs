//! The peer's handshake signature, checked by libcrypto: it knows every certificate that the application
//! may accept.
//!
//! Owns which key that is. To parse a certificate takes longer than to check a signature, so the one that
//! was judged lends its key. Knows no connection: the engine has it too.

use std::sync::{Mutex, PoisonError};

use ssl_record::delegate::SignatureCheck;
use ssl_record::record::ProtocolVersion;

use crate::crypto::{X509, sign};

/// Checks the signatures of one handshake.
#[derive(Default)]
pub(super) struct ByLibcrypto {
    /// The peer's certificate, as it came and as libcrypto reads it.
    leaf: Mutex<Option<Leaf>>,
}

struct Leaf {
    der: Box<[u8]>,
    certificate: X509,
}

impl ByLibcrypto {
    /// Notes what the peer's certificate is, read from these bytes.
    pub(super) fn note(&self, der: &[u8], certificate: X509) {
        let der = der.into();
        let leaf = Leaf { der, certificate };
        let mut place = self.leaf.lock().unwrap_or_else(PoisonError::into_inner);
        let old = place.replace(leaf);
        drop(place);
        // Outside the lock: freeing a certificate may call back.
        drop(old);
    }

    fn known(&self, der: &[u8]) -> Option<X509> {
        let leaf = self.leaf.lock().unwrap_or_else(PoisonError::into_inner);
        let leaf = leaf.as_ref().filter(|leaf| *leaf.der == *der)?;
        Some(leaf.certificate.clone())
    }
}

impl SignatureCheck for ByLibcrypto {
    fn verify(
        &self,
        _version: ProtocolVersion,
        scheme: u16,
        certificate: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        match self.known(certificate).and_then(|known| known.public_key()) {
            Some(key) => sign::verify_with(&key, scheme, message, signature),
            None => sign::verify(certificate, scheme, message, signature),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::{self, Kind};

    #[test]
    fn the_key_is_that_of_the_certificate_in_question() {
        let (one, other) = (
            testing::self_signed(Kind::P256, "one"),
            testing::self_signed(Kind::P256, "other"),
        );
        let der = |identity: &testing::Identity| identity.certificate.to_der().unwrap();
        let signature = sign::sign(&one.key, 0x0403, b"message").unwrap();
        let check = ByLibcrypto::default();
        let verify = |check: &ByLibcrypto, certificate: &[u8]| {
            check.verify(
                ProtocolVersion::Tls13,
                0x0403,
                certificate,
                b"message",
                &signature,
            )
        };
        assert!(verify(&check, &der(&one)) && !verify(&check, &der(&other)));
        // What was noted is of the other: it is no answer for this one.
        check.note(&der(&other), other.certificate.clone());
        assert!(verify(&check, &der(&one)) && !verify(&check, &der(&other)));
        check.note(&der(&one), one.certificate.clone());
        assert!(verify(&check, &der(&one)) && !verify(&check, &der(&other)));
    }
}
