//! Alerts: level, description, and what a description is called.
//!
//! Owns the two alert bytes; whether an alert ends the connection is decided by the reader.

/// The first byte of an alert (RFC 8446 section 6). TLS 1.3 receivers ignore it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlertLevel {
    /// 1.
    Warning,
    /// 2.
    Fatal,
    /// Anything else; an error in TLS 1.2.
    Unknown(u8),
}

impl AlertLevel {
    /// The byte on the wire.
    pub const fn wire(self) -> u8 {
        match self {
            Self::Warning => 1,
            Self::Fatal => 2,
            Self::Unknown(byte) => byte,
        }
    }
}

/// The second byte of an alert: an open set, so a number with names.
///
/// ```
/// use ssl_record::record::AlertDescription;
/// assert_eq!(AlertDescription::CLOSE_NOTIFY.0, 0);
/// assert_eq!(AlertDescription(48).to_string(), "unknown_ca");
/// assert_eq!(AlertDescription(200).to_string(), "alert 200");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AlertDescription(pub u8);

macro_rules! descriptions {
    ($($constant:ident = $number:literal, $name:literal, $meaning:literal;)*) => {
        impl AlertDescription {
            $(#[doc = $meaning] pub const $constant: Self = Self($number);)*

            /// The name the RFCs give to this description, if it has one.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($name),)*
                    _ => None,
                }
            }
        }
    };
}

descriptions! {
    CLOSE_NOTIFY = 0, "close_notify", "The sender will write no more.";
    UNEXPECTED_MESSAGE = 10, "unexpected_message", "A message or record came at the wrong time.";
    BAD_RECORD_MAC = 20, "bad_record_mac", "A record failed to open.";
    RECORD_OVERFLOW = 22, "record_overflow", "A record is longer than allowed.";
    HANDSHAKE_FAILURE = 40, "handshake_failure", "No common parameters.";
    BAD_CERTIFICATE = 42, "bad_certificate", "A certificate is corrupt or does not fit its use.";
    UNSUPPORTED_CERTIFICATE = 43, "unsupported_certificate", "A certificate is of an unsupported kind.";
    CERTIFICATE_REVOKED = 44, "certificate_revoked", "A certificate was revoked by its issuer.";
    CERTIFICATE_EXPIRED = 45, "certificate_expired", "A certificate is not valid at this time.";
    CERTIFICATE_UNKNOWN = 46, "certificate_unknown", "A certificate was refused for another reason.";
    ILLEGAL_PARAMETER = 47, "illegal_parameter", "A field contradicts another or is out of range.";
    UNKNOWN_CA = 48, "unknown_ca", "No trusted root for the chain.";
    ACCESS_DENIED = 49, "access_denied", "The certificate is valid but not admitted.";
    DECODE_ERROR = 50, "decode_error", "A message cannot be parsed; also OpenSSL's answer to a bare EOF.";
    DECRYPT_ERROR = 51, "decrypt_error", "A handshake signature or finished value is wrong.";
    PROTOCOL_VERSION = 70, "protocol_version", "The version is known but not enabled.";
    INSUFFICIENT_SECURITY = 71, "insufficient_security", "The offer is too weak.";
    INTERNAL_ERROR = 80, "internal_error", "The sender failed for reasons of its own.";
    INAPPROPRIATE_FALLBACK = 86, "inappropriate_fallback", "A fallback although a better version is shared (RFC 7507).";
    USER_CANCELED = 90, "user_canceled", "The handshake is given up without a fault.";
    NO_RENEGOTIATION = 100, "no_renegotiation", "Renegotiation is refused (TLS 1.2).";
    MISSING_EXTENSION = 109, "missing_extension", "A mandatory extension is absent.";
    UNSUPPORTED_EXTENSION = 110, "unsupported_extension", "An extension was not offered.";
    UNRECOGNIZED_NAME = 112, "unrecognized_name", "No server by that name.";
    BAD_CERTIFICATE_STATUS_RESPONSE = 113, "bad_certificate_status_response", "The OCSP answer is invalid.";
    UNKNOWN_PSK_IDENTITY = 115, "unknown_psk_identity", "No such pre-shared key.";
    CERTIFICATE_REQUIRED = 116, "certificate_required", "A client certificate is demanded.";
    NO_APPLICATION_PROTOCOL = 120, "no_application_protocol", "No common ALPN protocol.";
}

impl core::fmt::Display for AlertDescription {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "alert {}", self.0),
        }
    }
}

/// One alert, as it stands in a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Alert {
    /// How the sender rates it.
    pub level: AlertLevel,
    /// What happened.
    pub description: AlertDescription,
}

impl Alert {
    /// The orderly end of the sender's data.
    pub const CLOSE_NOTIFY: Self = Self::warning(AlertDescription::CLOSE_NOTIFY);

    /// An alert of level warning.
    pub const fn warning(description: AlertDescription) -> Self {
        Self {
            level: AlertLevel::Warning,
            description,
        }
    }

    /// An alert of level fatal.
    pub const fn fatal(description: AlertDescription) -> Self {
        Self {
            level: AlertLevel::Fatal,
            description,
        }
    }

    /// The two bytes of the fragment.
    pub const fn encode(self) -> [u8; 2] {
        [self.level.wire(), self.description.0]
    }

    /// Parses a fragment; `None` unless it is exactly two bytes (statement R17).
    pub const fn decode(fragment: &[u8]) -> Option<Self> {
        let &[level, description] = fragment else {
            return None;
        };
        let level = match level {
            1 => AlertLevel::Warning,
            2 => AlertLevel::Fatal,
            other => AlertLevel::Unknown(other),
        };
        Some(Self {
            level,
            description: AlertDescription(description),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_survives_the_wire() {
        for level in [
            AlertLevel::Warning,
            AlertLevel::Fatal,
            AlertLevel::Unknown(7),
        ] {
            let alert = Alert {
                level,
                description: AlertDescription(86),
            };
            assert_eq!(Alert::decode(&alert.encode()), Some(alert));
        }
    }

    #[test]
    fn r17_an_alert_of_any_other_length_is_malformed() {
        for fragment in [&[][..], &[1], &[1, 0, 0], &[1, 0, 1, 0]] {
            assert_eq!(Alert::decode(fragment), None);
        }
    }
}
