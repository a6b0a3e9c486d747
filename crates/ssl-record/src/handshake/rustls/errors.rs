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
        Rustls::NoApplicationProtocol => Reason::NO_APPLICATION_PROTOCOL,
        Rustls::InappropriateMessage { .. } | Rustls::InappropriateHandshakeMessage { .. } => {
            Reason::UNEXPECTED_MESSAGE
        }
        Rustls::PeerSentOversizedRecord => Reason::DATA_LENGTH_TOO_LONG,
        Rustls::PeerIncompatible(why) => incompatible(why),
        Rustls::InvalidMessage(
            InvalidMessage::HandshakePayloadTooLarge | InvalidMessage::CertificatePayloadTooLarge,
        ) => Reason::EXCESSIVE_MESSAGE_SIZE,
        Rustls::InvalidMessage(InvalidMessage::InvalidCcs) => Reason::INVALID_CCS_MESSAGE,
        Rustls::InvalidMessage(InvalidMessage::DuplicateExtension(_)) => Reason::BAD_EXTENSION,
        Rustls::InvalidMessage(_) => Reason::LENGTH_MISMATCH,
        Rustls::PeerMisbehaved(how) => misbehaved(how),
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
        PeerIncompatible::KeyShareExtensionRequired => Reason::NO_SUITABLE_KEY_SHARE,
        PeerIncompatible::NamedGroupsExtensionRequired => {
            Reason::MISSING_SUPPORTED_GROUPS_EXTENSION
        }
        PeerIncompatible::SignatureAlgorithmsExtensionRequired => Reason::MISSING_SIGALGS_EXTENSION,
        PeerIncompatible::NullCompressionRequired => Reason::NO_COMPRESSION_SPECIFIED,
        PeerIncompatible::EcPointsExtensionRequired
        | PeerIncompatible::NoEcPointFormatsInCommon
        | PeerIncompatible::UncompressedEcPointsRequired => Reason::TLS_INVALID_ECPOINTFORMAT_LIST,
        _ => Reason::BAD_EXTENSION,
    }
}

fn misbehaved(how: &PeerMisbehaved) -> Reason {
    use PeerMisbehaved as How;
    match how {
        How::AttemptedDowngradeToTls12WhenTls13IsSupported => Reason::INAPPROPRIATE_FALLBACK,
        How::SelectedUnofferedCipherSuite
        | How::SelectedUnusableCipherSuiteForVersion
        | How::IllegalHelloRetryRequestWithUnofferedCipherSuite
        | How::SelectedDifferentCipherSuiteAfterRetry
        | How::CipherSuiteDifferedOnRetry => Reason::WRONG_CIPHER_RETURNED,
        How::ResumptionOfferedWithVariedCipherSuite => Reason::OLD_SESSION_CIPHER_NOT_RETURNED,
        How::ResumptionOfferedWithIncompatibleCipherSuite | How::HandshakeHashVariedAfterRetry => {
            Reason::CIPHERSUITE_DIGEST_HAS_CHANGED
        }
        How::SelectedUnofferedKxGroup => Reason::WRONG_CURVE,
        How::WrongGroupForKeyShare | How::RefusedToFollowHelloRetryRequest => Reason::BAD_KEY_SHARE,
        How::InvalidKeyShare => Reason::BAD_ECPOINT,
        How::MissingKeyShare => Reason::NO_SUITABLE_KEY_SHARE,
        How::IllegalHelloRetryRequestWithNoChanges
        | How::IllegalHelloRetryRequestWithOfferedGroup => Reason::NO_CHANGE_FOLLOWING_HRR,
        How::IllegalHelloRetryRequestWithUnsupportedVersion => Reason::BAD_HRR_VERSION,
        How::IllegalMiddleboxChangeCipherSpec => Reason::BAD_CHANGE_CIPHER_SPEC,
        How::IncorrectBinder => Reason::BINDER_DOES_NOT_VERIFY,
        How::SelectedInvalidPsk | How::SelectedUnofferedPsk => Reason::BAD_PSK_IDENTITY,
        How::MissingPskModesExtension => Reason::MISSING_PSK_KEX_MODES_EXTENSION,
        How::ResumptionAttemptedWithVariedEms | How::ResumptionOfferedWithVariedEms => {
            Reason::INCONSISTENT_EXTMS
        }
        How::SelectedUnofferedCompression => Reason::UNSUPPORTED_COMPRESSION_ALGORITHM,
        How::SignedKxWithWrongAlgorithm | How::SignedHandshakeWithUnadvertisedSigScheme => {
            Reason::WRONG_SIGNATURE_TYPE
        }
        How::UnsolicitedServerHelloExtension
        | How::UnsolicitedEncryptedExtension
        | How::UnsolicitedCertExtension => Reason::UNSOLICITED_EXTENSION,
        How::ServerEchoedCompatibilitySessionId
        | How::IllegalHelloRetryRequestWithWrongSessionId => Reason::INVALID_SESSION_ID,
        How::ServerHelloMustOfferUncompressedEcPoints => Reason::TLS_INVALID_ECPOINTFORMAT_LIST,
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
        // Nothing but a check of the application's says so.
        CertificateError::ApplicationVerificationFailure => CertificateFault::Declined,
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
