//! What our verifiers do that webpki's do not: trust in anyone, for those who ask for it by name,
//! rehearsals, and asking the application.

use std::sync::Arc;

use pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::{job, tap};
use crate::config::PeerCheck;
use crate::handshake::delegate::Answer;

/// The verifier of every client configuration.
///
/// rustls resumes a session only under the verifier that it was made with, so a rehearsal
/// ([`super::rehearse`]) has to use the real one. The stored chain has to pass it like any other; only
/// the made-up server's signature, for which nobody has the key, is let through: on the rehearsing
/// thread, while the rehearsal lasts, and no byte from a peer takes part in it.
pub(super) struct Verifier {
    pub(super) inner: Arc<dyn ServerCertVerifier>,
    /// Asked last.
    pub(super) check: Option<Arc<dyn PeerCheck>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // A rehearsal runs at the time the session was made; the chain has to be good today.
        let now = if tap::is_replacing() {
            UnixTime::now()
        } else {
            now
        };
        let verified = self.inner.verify_server_cert(leaf, rest, name, ocsp, now)?;
        // The chain of a rehearsal was accepted when its session was made.
        if let Some(check) = self.check.as_ref().filter(|_| !tap::is_replacing()) {
            ask(check, leaf, rest)?;
        }
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if tap::is_replacing() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        self.inner.verify_tls12_signature(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if tap::is_replacing() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        self.inner.verify_tls13_signature(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

impl core::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Verifier").finish_non_exhaustive()
    }
}

/// The verifier of a server configuration whose application is asked about clients.
pub(super) struct AskingVerifier {
    pub(super) inner: Arc<dyn ClientCertVerifier>,
    pub(super) check: Arc<dyn PeerCheck>,
}

impl ClientCertVerifier for AskingVerifier {
    fn offer_client_auth(&self) -> bool {
        self.inner.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.inner.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.inner.verify_client_cert(leaf, rest, now)?;
        ask(&self.check, leaf, rest)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

impl core::fmt::Debug for AskingVerifier {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AskingVerifier").finish_non_exhaustive()
    }
}

fn ask(
    check: &Arc<dyn PeerCheck>,
    leaf: &CertificateDer<'_>,
    rest: &[CertificateDer<'_>],
) -> Result<(), Error> {
    let chain = core::iter::once(leaf).chain(rest);
    let chain = chain.map(|der| der.to_vec()).collect();
    match job::carry_out(job::opinion(check, chain)) {
        Some(Answer::Accepted) => Ok(()),
        _ => Err(CertificateError::ApplicationVerificationFailure.into()),
    }
}

/// Accepts every certificate, but still checks that the server holds its key.
#[derive(Debug)]
pub(super) struct AnyServer {
    algorithms: WebPkiSupportedAlgorithms,
}

impl AnyServer {
    pub(super) fn new(algorithms: WebPkiSupportedAlgorithms) -> Self {
        Self { algorithms }
    }
}

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _rest: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
