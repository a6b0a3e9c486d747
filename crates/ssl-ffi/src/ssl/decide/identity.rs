//! Our own certificate on clients, and signatures with the key of either side.
//!
//! Owns the callbacks that may set it at the last moment. The key itself never leaves libcrypto.

use ssl_record::delegate::{Answer, DelegatedIdentity};
use ssl_record::hello::ClientHello;
use ssl_record::record::AlertDescription;

use super::{Decision, Halt, INTERNAL_ERROR};
use crate::crypto::{EvpPkey, NameStack, X509, X509Name, queue, reason, sign};
use crate::settings::install;
use crate::ssl::job::Outside;
use crate::ssl::{Ssl, Want};

impl Ssl {
    /// A client is asked for a certificate.
    pub(super) fn on_certificate_request(
        &self,
        authorities: &[Vec<u8>],
        schemes: &[u16],
    ) -> Decision {
        self.note_request(authorities, schemes);
        match self.answer_request() {
            Ok(identity) => Decision::Answer(Answer::Identity(identity)),
            Err(Halt::Refuse(alert, reason)) => Decision::refused(alert, reason),
            Err(Halt::Wait(want)) => Decision::Wait(want),
        }
    }

    /// Without a certificate that the server can use, none is shown.
    fn answer_request(&self) -> Result<Option<DelegatedIdentity>, Halt> {
        match self.certificate_callback() {
            0 => {
                return Err(Halt::Refuse(
                    AlertDescription::INTERNAL_ERROR,
                    reason::CALLBACK_FAILED,
                ));
            }
            ..0 => return Err(Halt::Wait(Want::X509Lookup)),
            1.. => {}
        }
        match self.client_identity()? {
            Some(identity) => Ok(Some(identity)),
            None if self.client_certificate_callback()? => self.client_identity(),
            None => Ok(None),
        }
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
        facts.peer_schemes = schemes.into();
    }

    /// On servers: the authorities that a TLS 1.3 client says it knows (RFC 8446 section 4.2.4).
    pub(super) fn note_authorities(&self, hello: &ClientHello<'_>) -> Result<(), Halt> {
        let extension = hello.extension(CERTIFICATE_AUTHORITIES);
        let Some(contents) = extension.filter(|_| self.is_tls13()) else {
            return Ok(());
        };
        let malformed = |reason| Halt::Refuse(AlertDescription::DECODE_ERROR, reason);
        let cut_short = || malformed(reason::LENGTH_MISMATCH);
        let (mut rest, behind) = counted(contents).ok_or_else(cut_short)?;
        if !behind.is_empty() {
            return Err(cut_short());
        }
        let mut names = NameStack::new();
        while !rest.is_empty() {
            let (der, behind) = counted(rest).ok_or_else(cut_short)?;
            let name = X509Name::from_der(der);
            let name = name.ok_or_else(|| malformed(reason::CA_DN_LENGTH_MISMATCH))?;
            if let Some(names) = &mut names {
                names.push(name);
            }
            rest = behind;
        }
        self.facts.borrow_mut().peer_authorities = names.map(std::sync::Arc::new);
        Ok(())
    }

    /// `SSL_set_cert_cb`: 1 if there is none.
    pub(super) fn certificate_callback(&self) -> i32 {
        let callback = self.settings().hooks.cert;
        // SAFETY: the application's function and argument, with a live connection.
        callback.map_or(1, |with| unsafe {
            (with.function)(self.as_ptr(), with.arg.0)
        })
    }

    /// `SSL_CTX_set_client_cert_cb`: what it gives is installed as if the application had done so. False
    /// if that is nothing.
    fn client_certificate_callback(&self) -> Result<bool, Halt> {
        let Some(callback) = self.ctx().hooks().client_cert else {
            return Ok(false);
        };
        let (mut certificate, mut key) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: the application's function, with a live connection and two places to write to.
        let result = unsafe { callback(self.as_ptr(), &raw mut certificate, &raw mut key) };
        if result < 0 {
            return Err(Halt::Wait(Want::X509Lookup));
        }
        // SAFETY: what the callback wrote is NULL or a reference that passes to us.
        let (certificate, key) =
            unsafe { (X509::from_owned(certificate), EvpPkey::from_owned(key)) };
        match (result, certificate, key) {
            (1, Some(certificate), Some(key)) => {
                let installed =
                    install::certificate(self, certificate).and_then(|()| install::key(self, key));
                Ok(installed.is_some())
            }
            (1, _, _) => {
                queue::raise(reason::BAD_DATA_RETURNED_BY_CALLBACK);
                Ok(false)
            }
            _ => Ok(result != 0),
        }
    }

    /// A signature of the handshake. The key may be an engine's and pause the job; the engine of ours
    /// waits on its own stack meanwhile.
    pub(super) fn on_sign(&self, scheme: u16, message: &[u8]) -> Decision {
        let key = self.progress.borrow().signing.clone();
        let signature =
            key.and_then(|key| self.outside(Outside::Key, || sign::sign(&key, scheme, message)));
        match signature {
            Some(signature) => Decision::Answer(Answer::Signature(signature)),
            None => Decision::refused(AlertDescription::INTERNAL_ERROR, INTERNAL_ERROR),
        }
    }
}

/// Bytes behind their 16-bit count, and what follows them.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(u16::from_be_bytes(*len).into())
}

/// The extension's number.
const CERTIFICATE_AUTHORITIES: u16 = 47;
