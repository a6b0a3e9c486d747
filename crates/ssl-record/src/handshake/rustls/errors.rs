//! rustls's errors in our terms.

use rustls::{CertificateError, Error as Rustls, InvalidMessage, PeerIncompatible, PeerMisbehaved};

use crate::config::ConfigError;
use crate::error::{CertificateFault, Error, HandshakeFault, PeerFault};
use crate::reason::Reason;
use crate::record::AlertDescription;

/// A failed handshake as a final error.
pub(super) fn error(error: Rustls) -> Error {
    let reason = match &error {
        Rustls::AlertReceived(description) => {
            return Error::AlertReceived(AlertDescription((*description).into()));
        }
        Rustls::InvalidCertificate(fault) => return certificate(fault).into(),
        Rustls::NoCertificatesPresented => return CertificateFault::Missing.into(),
        Rustls::DecryptError => return PeerFault::BadRecordMac.into(),
        Rustls::PeerMisbehaved(PeerMisbehaved::TooManyEmptyFragments) => {
            return PeerFault::TooManyEmptyRecords.into();
        }
        Rustls::PeerMisbehaved(PeerMisbehaved::TooManyWarningAlertsReceived) => {
            return PeerFault::TooManyWarnings.into();
        }
        Rustls::PeerMisbehaved(PeerMisbehaved::MessageInterleavedWithHandshakeMessage) => {
            return PeerFault::InterruptedMessage.into();
        }
        Rustls::PeerMisbehaved(PeerMisbehaved::KeyEpochWithPendingFragment) => {
            return PeerFault::NotOnRecordBoundary.into();
        }
        Rustls::PeerMisbehaved(PeerMisbehaved::AttemptedDowngradeToTls12WhenTls13IsSupported) => {
            Reason::INAPPROPRIATE_FALLBACK
        }
        Rustls::NoApplicationProtocol => Reason::NO_APPLICATION_PROTOCOL,
        Rustls::InappropriateMessage { .. } | Rustls::InappropriateHandshakeMessage { .. } => {
            Reason::UNEXPECTED_MESSAGE
        }
        Rustls::PeerSentOversizedRecord => Reason::DATA_LENGTH_TOO_LONG,
        Rustls::PeerIncompatible(why) => incompatible(why),
        Rustls::InvalidMessage(
            InvalidMessage::HandshakePayloadTooLarge | InvalidMessage::CertificatePayloadTooLarge,
        ) => Reason::EXCESSIVE_MESSAGE_SIZE,
        Rustls::InvalidMessage(_) => Reason::LENGTH_MISMATCH,
        Rustls::PeerMisbehaved(_) => Reason::BAD_EXTENSION,
        _ => Reason::INTERNAL_ERROR,
    };
    Error::Handshake(HandshakeFault {
        message: words(&error),
        reason,
    })
}

/// A failure at configuration time.
pub(super) fn config(error: Rustls) -> ConfigError {
    match error {
        Rustls::InconsistentKeys(_) => ConfigError::KeyMismatch,
        Rustls::InvalidCertificate(fault) => {
            ConfigError::BadCertificate(certificate(&fault).to_string())
        }
        other => ConfigError::BadPrivateKey(other.to_string()),
    }
}

fn incompatible(why: &PeerIncompatible) -> Reason {
    match why {
        PeerIncompatible::NoCipherSuitesInCommon => Reason::NO_SHARED_CIPHER,
        PeerIncompatible::NoKxGroupsInCommon => Reason::NO_SUITABLE_KEY_SHARE,
        PeerIncompatible::NoSignatureSchemesInCommon
        | PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon => {
            Reason::NO_SUITABLE_SIGNATURE_ALGORITHM
        }
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::SupportedVersionsExtensionRequired
        | PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled => Reason::UNSUPPORTED_PROTOCOL,
        _ => Reason::BAD_EXTENSION,
    }
}

fn words(error: &Rustls) -> String {
    match error {
        Rustls::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::SupportedVersionsExtensionRequired
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled,
        ) => "the peer offers no TLS version that is enabled here".to_owned(),
        Rustls::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon) => {
            "no cipher suite in common with the peer".to_owned()
        }
        Rustls::PeerIncompatible(PeerIncompatible::NoKxGroupsInCommon) => {
            "no key exchange group in common with the peer".to_owned()
        }
        other => other.to_string(),
    }
}

fn certificate(fault: &CertificateError) -> CertificateFault {
    match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => CertificateFault::NotYetValid,
        CertificateError::NotValidForNameContext { expected, .. } => {
            CertificateFault::WrongName(expected.to_str().into_owned())
        }
        CertificateError::UnknownIssuer => CertificateFault::UnknownIssuer,
        CertificateError::Revoked => CertificateFault::Revoked,
        CertificateError::BadSignature => CertificateFault::BadSignature,
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            CertificateFault::WrongPurpose
        }
        // webpki says so of a self-signed certificate that is its own root.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            CertificateFault::Other("it is an authority's own certificate, not a server's; trust it with its leaf reissued".into())
        }
        other => CertificateFault::Other(other.to_string()),
    }
}
