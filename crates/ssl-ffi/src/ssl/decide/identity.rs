//! Our own certificate on clients, and signatures with the key of either side.
//!
//! Owns the callbacks that may set it at the last moment. The key itself never leaves libcrypto.

use ssl_record::delegate::Answer;
use ssl_record::record::AlertDescription;

use super::Decision;
use crate::crypto::{EvpPkey, NameStack, X509, X509Name, reason, sign};
use crate::settings::install;
use crate::ssl::{Ssl, Want};

impl Ssl {
    /// A client is asked for a certificate.
    pub(super) fn on_certificate_request(
        &self,
        authorities: &[Vec<u8>],
        schemes: &[u16],
    ) -> Decision {
        self.note_request(authorities, schemes);
        match self.certificate_callback() {
            0 => {
                return Decision::refused(
                    AlertDescription::INTERNAL_ERROR,
                    reason::CALLBACK_FAILED,
                );
            }
            ..0 => return Decision::Wait(Want::X509Lookup),
            1.. => {}
        }
        if self.client_identity().is_none() {
            match self.client_certificate_callback() {
                Given::Later => return Decision::Wait(Want::X509Lookup),
                Given::Nothing => {}
                Given::Unusable => {
                    crate::crypto::queue::raise(reason::BAD_DATA_RETURNED_BY_CALLBACK);
                }
            }
        }
        Decision::Answer(Answer::Identity(self.client_identity()))
    }

    fn note_request(&self, authorities: &[Vec<u8>], schemes: &[u16]) {
        let mut names = NameStack::new();
        if let Some(names) = &mut names {
            for name in authorities.iter().filter_map(|der| X509Name::from_der(der)) {
                names.push(name);
            }
        }
        let mut facts = self.facts.borrow_mut();
        facts.certificate_requested = true;
        facts.peer_authorities = names.map(std::sync::Arc::new);
        facts.peer_schemes = schemes.to_vec();
    }

    /// `SSL_set_cert_cb`: 1 if there is none.
    pub(super) fn certificate_callback(&self) -> i32 {
        let callback = self.settings().hooks.cert;
        // SAFETY: the application's function and argument, with a live connection.
        callback.map_or(1, |with| unsafe {
            (with.function)(self.as_ptr(), with.arg.0)
        })
    }

    /// `SSL_CTX_set_client_cert_cb`: what it gives is installed as if the application had done so.
    fn client_certificate_callback(&self) -> Given {
        let Some(callback) = self.ctx().hooks().client_cert else {
            return Given::Nothing;
        };
        let (mut certificate, mut key) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: the application's function, with a live connection and two places to write to.
        let result = unsafe { callback(self.as_ptr(), &raw mut certificate, &raw mut key) };
        // SAFETY: what the callback wrote is NULL or a reference that passes to us.
        let (certificate, key) =
            unsafe { (X509::from_owned(certificate), EvpPkey::from_owned(key)) };
        match (result, certificate, key) {
            (..0, _, _) => Given::Later,
            (1, Some(certificate), Some(key)) => {
                if self.install(certificate, key) {
                    Given::Nothing
                } else {
                    Given::Unusable
                }
            }
            (1, _, _) => Given::Unusable,
            _ => Given::Nothing,
        }
    }

    fn install(&self, certificate: X509, key: EvpPkey) -> bool {
        install::certificate(self, certificate)
            .and_then(|()| install::key(self, key))
            .is_some()
    }

    /// A signature of the handshake. The key may be an engine's and pause the job; the engine of ours
    /// waits on its own stack meanwhile.
    pub(super) fn on_sign(&self, scheme: u16, message: &[u8]) -> Decision {
        let key = self.progress.borrow().signing.clone();
        let signature = key.and_then(|key| self.outside(|| sign::sign(&key, scheme, message)));
        match signature {
            Some(signature) => Decision::Answer(Answer::Signature(signature)),
            None => Decision::refused(AlertDescription::INTERNAL_ERROR, super::INTERNAL_ERROR),
        }
    }
}

/// What the client certificate callback led to.
enum Given {
    /// Nothing, or something that is installed now.
    Nothing,
    Later,
    Unusable,
}
