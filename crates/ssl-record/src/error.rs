//! What can go wrong, who is at fault, and what OpenSSL calls it.
//!
//! One enum for the crate. A want is not here: retry is a value ([`crate::Want`]). Transport failures
//! are not here either: they do not end a connection, so the drive loops hand them through.

use crate::Reason;
use crate::record::{AlertDescription, HeaderFault};

/// An error of a TLS call.
///
/// Every variant but [`Error::Misuse`] is final: the connection is dead in both directions (statement
/// R50) and further calls give [`Error::AlreadyFailed`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The call does not fit the connection's state; nothing changed.
    #[error("{0}")]
    Misuse(#[from] Misuse),
    /// A write retry covers fewer bytes than were already sealed (statements W13, W14).
    #[error(
        "write retry is too short: {retried} bytes given, but {committed} bytes of this write are already sealed; \
         repeat it with at least those"
    )]
    BadLength {
        /// Length of the retry, bytes.
        retried: usize,
        /// Bytes of the write already sealed.
        committed: usize,
    },
    /// A write retry from another address without `ACCEPT_MOVING_WRITE_BUFFER` (statement W9).
    #[error(
        "write retry comes from another buffer; repeat the same buffer or set ACCEPT_MOVING_WRITE_BUFFER"
    )]
    BufferMoved,
    /// A write retry whose sealed part has other contents; reported only with the opt-in check
    /// (statement W12).
    #[error("write retry has other contents than the part already sealed; repeat the same bytes")]
    ContentsChanged,
    /// The peer broke the protocol.
    #[error("peer misbehaved: {0}")]
    Peer(#[from] PeerFault),
    /// The peer's certificate was refused.
    #[error("certificate refused: {0}")]
    Certificate(#[from] CertificateFault),
    /// The handshake failed for another reason.
    #[error("handshake failed: {0}")]
    Handshake(#[from] HandshakeFault),
    /// The peer gave up with this alert (statement R19).
    #[error("peer sent alert: {0}")]
    AlertReceived(AlertDescription),
    /// The owner of a delegated connection refused to go on, or what it decided cannot be carried out.
    #[error("handshake refused: {reason}")]
    Refused {
        /// What the peer was told.
        alert: AlertDescription,
        /// What OpenSSL calls it.
        reason: Reason,
    },
    /// The transport ended without close_notify: data may be missing (statement R20).
    #[error("transport ended without close_notify: the peer's data may be truncated")]
    UnexpectedEof,
    /// The write keys have sealed as many records as is safe and TLS 1.2 cannot replace them.
    #[error("traffic keys are exhausted; open a new connection")]
    KeysExhausted,
    /// An earlier call failed for good.
    #[error("connection already failed; open a new connection")]
    AlreadyFailed,
}

/// A call that does not fit the connection's state. The connection stays usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// Writing after close_notify was sent (statement W22).
    #[error("write after close_notify was sent")]
    ProtocolIsShutdown,
    /// Shutting down while a handshake or key update is unfinished (statement S2).
    #[error(
        "shutdown while a handshake is unfinished; finish the handshake or drop the connection"
    )]
    ShutdownWhileInInit,
    /// A key update while a write is pending (statement W19).
    #[error("key update while a write is pending; finish the write first")]
    KeyUpdateDuringWrite,
    /// A key update before the handshake, or the key update before it, is complete (statement W29).
    #[error("key update before the handshake or the last key update is complete")]
    StillInInit,
    /// The operation does not exist in the negotiated version.
    #[error("operation needs TLS 1.3")]
    NeedsTls13,
    /// An early write where there is no early data, or after it.
    #[error("no early data can be written now")]
    NotEarly,
    /// Keying material was asked for before the handshake was complete, or in an impossible amount.
    #[error("keying material is available after the handshake, up to 255 hash lengths")]
    NoKeyingMaterial,
}

/// How the peer broke the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerFault {
    /// The first bytes are an HTTP request: a client spoke plain HTTP to a TLS port (statement R27).
    #[error("plain HTTP request on a TLS port")]
    HttpRequest,
    /// The first bytes are an HTTP CONNECT request.
    #[error("HTTP proxy request on a TLS port")]
    HttpsProxyRequest,
    /// The first bytes are no record of any version of TLS.
    #[error("the first bytes are no record; the peer may not speak TLS")]
    NotTls,
    /// The record header's type byte is not a content type.
    #[error("unknown content type {0}; the peer may not speak TLS")]
    UnknownContentType(u8),
    /// The record header's version is not the one in use.
    #[error("record version {0:#06x} is wrong here; the peer may not speak TLS 1.2 or 1.3")]
    WrongRecordVersion(u16),
    /// The record is longer than allowed.
    #[error("record of {0} bytes is longer than allowed")]
    RecordOverflow(usize),
    /// A record of the handshake is longer than any buffer for it.
    #[error("record of {0} bytes is longer than a handshake's")]
    PacketTooLong(usize),
    /// The record failed to open (statement R25).
    #[error("record failed to open")]
    BadRecordMac,
    /// The content type may not stand here (statement R26).
    #[error("content type {0} is not allowed here")]
    BadRecordType(u8),
    /// A TLS 1.3 record without a content type, or an empty one that may not be empty.
    #[error("record without content")]
    EmptyRecord,
    /// Too many empty records in a row (statement R15).
    #[error("too many empty records")]
    TooManyEmptyRecords,
    /// Too many warning alerts in a row (statement R16).
    #[error("too many warning alerts")]
    TooManyWarnings,
    /// An alert fragment that is not two bytes (statement R17).
    #[error("malformed alert")]
    InvalidAlert,
    /// An alert level that is neither warning nor fatal (statement R17).
    #[error("unknown alert level {0}")]
    UnknownAlertLevel(u8),
    /// The peer refused a renegotiation nobody asked for (statement R31).
    #[error("peer refused to renegotiate")]
    NoRenegotiation,
    /// A handshake message that may not come after the handshake.
    #[error("handshake message {0} is not allowed here")]
    UnexpectedMessage(u8),
    /// A handshake message interrupted by another content type (RFC 8446 section 5.1).
    #[error("handshake message interrupted by another content type")]
    InterruptedMessage,
    /// A handshake message longer than any legal one.
    #[error("handshake message of {0} bytes is too long")]
    MessageTooLong(usize),
    /// A message that changes keys is not the last of its record (RFC 8446 section 5.1).
    #[error("key change is not at the end of a record")]
    NotOnRecordBoundary,
    /// A KeyUpdate that is not one byte, 0 or 1 (RFC 8446 section 4.6.3).
    #[error("malformed key update")]
    BadKeyUpdate,
    /// A NewSessionTicket that cannot be parsed.
    #[error("malformed session ticket")]
    BadTicket,
    /// Application data while `shutdown` waits for close_notify (statement S8).
    #[error(
        "application data after close_notify was sent; read it instead of calling shutdown again"
    )]
    DataAfterCloseNotify,
}

/// Why a certificate was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateFault {
    /// Its validity has ended.
    #[error("it has expired; the owner must renew it (or check this machine's clock)")]
    Expired,
    /// Its validity has not begun.
    #[error("it is not valid yet; check this machine's clock")]
    NotYetValid,
    /// It is for other names.
    #[error("it is not valid for the name {0:?}; connect by a name that it lists")]
    WrongName(String),
    /// No trusted root leads to it.
    #[error("it was not issued by a trusted authority; add the right CA")]
    UnknownIssuer,
    /// Its issuer revoked it.
    #[error("it was revoked")]
    Revoked,
    /// A signature does not verify.
    #[error("a signature does not verify")]
    BadSignature,
    /// It may not be used for this purpose.
    #[error("it may not be used for this purpose")]
    WrongPurpose,
    /// The peer presented none although one is required.
    #[error("the peer presented none, but one is required")]
    Missing,
    /// It verifies, and this side's [`PeerCheck`](crate::config::PeerCheck) does not want its holder.
    #[error("it verifies, but this side's own check declined its holder")]
    Declined,
    /// Another reason.
    #[error("{0}")]
    Other(String),
}

/// A handshake failure that is neither a certificate's nor a record's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct HandshakeFault {
    /// One line for a person.
    pub message: String,
    /// OpenSSL's nearest reason.
    pub reason: Reason,
}

impl Error {
    /// Whether the connection is dead because of this error.
    pub const fn is_final(&self) -> bool {
        !matches!(self, Self::Misuse(_))
    }

    /// The reason OpenSSL would queue for this error; `None` where it queues nothing.
    pub fn reason(&self) -> Option<Reason> {
        Some(match self {
            Self::Misuse(misuse) => misuse.reason(),
            Self::BadLength { .. } => Reason::BAD_LENGTH,
            Self::BufferMoved | Self::ContentsChanged => Reason::BAD_WRITE_RETRY,
            Self::Peer(fault) => fault.reason(),
            Self::Certificate(CertificateFault::Missing) => {
                Reason::PEER_DID_NOT_RETURN_A_CERTIFICATE
            }
            Self::Certificate(_) => Reason::CERTIFICATE_VERIFY_FAILED,
            Self::Handshake(fault) => fault.reason,
            Self::Refused { reason, .. } => *reason,
            Self::AlertReceived(description) => Reason::alert(*description),
            Self::UnexpectedEof => Reason::UNEXPECTED_EOF_WHILE_READING,
            Self::KeysExhausted => Reason::INTERNAL_ERROR,
            Self::AlreadyFailed => return None,
        })
    }

    /// The alert that tells the peer, for errors found by the record layer after the handshake.
    pub(crate) const fn alert(&self) -> Option<AlertDescription> {
        match self {
            Self::Peer(fault) => fault.alert(),
            Self::UnexpectedEof => Some(AlertDescription::DECODE_ERROR),
            Self::BadLength { .. }
            | Self::BufferMoved
            | Self::ContentsChanged
            | Self::KeysExhausted => Some(AlertDescription::INTERNAL_ERROR),
            _ => None,
        }
    }
}

impl Misuse {
    const fn reason(self) -> Reason {
        match self {
            Self::ProtocolIsShutdown => Reason::PROTOCOL_IS_SHUTDOWN,
            Self::ShutdownWhileInInit => Reason::SHUTDOWN_WHILE_IN_INIT,
            Self::KeyUpdateDuringWrite => Reason::BAD_WRITE_RETRY,
            Self::StillInInit => Reason(121),
            Self::NeedsTls13 => Reason::WRONG_SSL_VERSION,
            Self::NoKeyingMaterial | Self::NotEarly => Reason::UNINITIALIZED,
        }
    }
}

impl PeerFault {
    const fn reason(self) -> Reason {
        match self {
            Self::HttpRequest => Reason::HTTP_REQUEST,
            Self::HttpsProxyRequest => Reason::HTTPS_PROXY_REQUEST,
            Self::NotTls | Self::UnknownContentType(_) | Self::WrongRecordVersion(_) => {
                Reason::WRONG_VERSION_NUMBER
            }
            Self::PacketTooLong(_) => Reason::PACKET_LENGTH_TOO_LONG,
            Self::RecordOverflow(_) => Reason::ENCRYPTED_LENGTH_TOO_LONG,
            Self::BadRecordMac => Reason::DECRYPTION_FAILED_OR_BAD_RECORD_MAC,
            Self::BadRecordType(_) => Reason::BAD_RECORD_TYPE,
            Self::EmptyRecord => Reason::BAD_LENGTH,
            Self::TooManyEmptyRecords => Reason::RECORD_TOO_SMALL,
            Self::TooManyWarnings => Reason::TOO_MANY_WARN_ALERTS,
            Self::InvalidAlert => Reason::INVALID_ALERT,
            Self::UnknownAlertLevel(_) => Reason::UNKNOWN_ALERT_TYPE,
            Self::NoRenegotiation => Reason::NO_RENEGOTIATION,
            Self::UnexpectedMessage(_) => Reason::UNEXPECTED_MESSAGE,
            Self::InterruptedMessage => Reason::MIXED_HANDSHAKE_AND_NON_HANDSHAKE_DATA,
            Self::MessageTooLong(_) => Reason::EXCESSIVE_MESSAGE_SIZE,
            Self::NotOnRecordBoundary => Reason::NOT_ON_RECORD_BOUNDARY,
            Self::BadKeyUpdate => Reason::BAD_KEY_UPDATE,
            Self::BadTicket => Reason::LENGTH_MISMATCH,
            Self::DataAfterCloseNotify => Reason::APPLICATION_DATA_AFTER_CLOSE_NOTIFY,
        }
    }

    pub(crate) const fn alert(self) -> Option<AlertDescription> {
        Some(match self {
            Self::HttpRequest
            | Self::HttpsProxyRequest
            | Self::NotTls
            | Self::DataAfterCloseNotify => {
                return None;
            }
            Self::UnknownContentType(_)
            | Self::BadRecordType(_)
            | Self::EmptyRecord
            | Self::TooManyEmptyRecords
            | Self::UnexpectedMessage(_)
            | Self::InterruptedMessage
            | Self::NotOnRecordBoundary
            | Self::InvalidAlert => AlertDescription::UNEXPECTED_MESSAGE,
            Self::WrongRecordVersion(_) => AlertDescription::PROTOCOL_VERSION,
            Self::RecordOverflow(_) | Self::PacketTooLong(_) => AlertDescription::RECORD_OVERFLOW,
            Self::BadRecordMac => AlertDescription::BAD_RECORD_MAC,
            Self::TooManyWarnings | Self::BadTicket => AlertDescription::DECODE_ERROR,
            Self::UnknownAlertLevel(_) | Self::MessageTooLong(_) | Self::BadKeyUpdate => {
                AlertDescription::ILLEGAL_PARAMETER
            }
            Self::NoRenegotiation => AlertDescription::HANDSHAKE_FAILURE,
        })
    }
}

impl From<HeaderFault> for PeerFault {
    fn from(fault: HeaderFault) -> Self {
        match fault {
            HeaderFault::ContentType(byte) => Self::UnknownContentType(byte),
            HeaderFault::Version(version) => Self::WrongRecordVersion(version),
            HeaderFault::Overflow(len) => Self::RecordOverflow(len.into()),
        }
    }
}
