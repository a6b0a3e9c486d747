//! OpenSSL's reason codes, as far as this crate can cause them.
//!
//! Only numbers and names; which error has which reason is decided in `error.rs`.

/// A reason in OpenSSL's SSL library (library number 20), as `ERR_GET_REASON` gives it.
///
/// ```
/// use ssl_record::Reason;
/// assert_eq!(Reason::BAD_WRITE_RETRY.packed(), 0x0A00_007F);
/// assert_eq!(Reason::BAD_WRITE_RETRY.to_string(), "bad write retry");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reason(pub u16);

macro_rules! reasons {
    ($($constant:ident = $number:literal, $text:literal;)*) => {
        impl Reason {
            $(#[doc = concat!("`SSL_R_", stringify!($constant), "`: ", $text, ".")]
            pub const $constant: Self = Self($number);)*

            /// OpenSSL's words for this reason, if it is one listed here.
            pub const fn text(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

reasons! {
    APP_DATA_IN_HANDSHAKE = 100, "app data in handshake";
    NO_SUITABLE_KEY_SHARE = 101, "no suitable key share";
    BAD_CHANGE_CIPHER_SPEC = 103, "bad change cipher spec";
    INCONSISTENT_EXTMS = 104, "inconsistent extms";
    BAD_KEY_SHARE = 108, "bad key share";
    BAD_EXTENSION = 110, "bad extension";
    MISSING_SIGALGS_EXTENSION = 112, "missing sigalgs extension";
    BAD_PSK_IDENTITY = 114, "bad psk identity";
    NO_SUITABLE_SIGNATURE_ALGORITHM = 118, "no suitable signature algorithm";
    BAD_KEY_UPDATE = 122, "bad key update";
    BAD_SIGNATURE = 123, "bad signature";
    BAD_WRITE_RETRY = 127, "bad write retry";
    CERTIFICATE_VERIFY_FAILED = 134, "certificate verify failed";
    DATA_LENGTH_TOO_LONG = 146, "data length too long";
    DIGEST_CHECK_FAILED = 149, "digest check failed";
    ENCRYPTED_LENGTH_TOO_LONG = 150, "encrypted length too long";
    EXCESSIVE_MESSAGE_SIZE = 152, "excessive message size";
    HTTPS_PROXY_REQUEST = 155, "https proxy request";
    HTTP_REQUEST = 156, "http request";
    TLS_INVALID_ECPOINTFORMAT_LIST = 157, "tls invalid ecpointformat list";
    LENGTH_MISMATCH = 159, "length mismatch";
    TOO_MUCH_EARLY_DATA = 164, "too much early data";
    NOT_ON_RECORD_BOUNDARY = 182, "not on record boundary";
    NO_COMPRESSION_SPECIFIED = 187, "no compression specified";
    NO_SHARED_CIPHER = 193, "no shared cipher";
    OLD_SESSION_CIPHER_NOT_RETURNED = 197, "old session cipher not returned";
    PACKET_LENGTH_TOO_LONG = 198, "packet length too long";
    PEER_DID_NOT_RETURN_A_CERTIFICATE = 199, "peer did not return a certificate";
    INVALID_ALERT = 205, "invalid alert";
    PROTOCOL_IS_SHUTDOWN = 207, "protocol is shutdown";
    MISSING_SUPPORTED_GROUPS_EXTENSION = 209, "missing supported groups extension";
    NO_CHANGE_FOLLOWING_HRR = 214, "no change following hrr";
    UNSOLICITED_EXTENSION = 217, "unsolicited extension";
    CIPHERSUITE_DIGEST_HAS_CHANGED = 218, "ciphersuite digest has changed";
    NO_APPLICATION_PROTOCOL = 235, "no application protocol";
    UNEXPECTED_MESSAGE = 244, "unexpected message";
    UNEXPECTED_RECORD = 245, "unexpected record";
    UNKNOWN_ALERT_TYPE = 246, "unknown alert type";
    BINDER_DOES_NOT_VERIFY = 253, "binder does not verify";
    MALLOC_FAILURE = 256, "malloc failure";
    UNSUPPORTED_COMPRESSION_ALGORITHM = 257, "unsupported compression algorithm";
    UNSUPPORTED_PROTOCOL = 258, "unsupported protocol";
    INTERNAL_ERROR = 259, "internal error";
    INVALID_CCS_MESSAGE = 260, "invalid ccs message";
    WRONG_CIPHER_RETURNED = 261, "wrong cipher returned";
    BAD_HRR_VERSION = 263, "bad hrr version";
    WRONG_SSL_VERSION = 266, "wrong ssl version";
    WRONG_VERSION_NUMBER = 267, "wrong version number";
    BAD_LENGTH = 271, "bad length";
    UNINITIALIZED = 276, "uninitialized";
    DECRYPTION_FAILED_OR_BAD_RECORD_MAC = 281, "decryption failed or bad record mac";
    APPLICATION_DATA_AFTER_CLOSE_NOTIFY = 291, "application data after close notify";
    MIXED_HANDSHAKE_AND_NON_HANDSHAKE_DATA = 293, "mixed handshake and non handshake data";
    UNEXPECTED_EOF_WHILE_READING = 294, "unexpected eof while reading";
    RECORD_TOO_SMALL = 298, "record too small";
    BAD_ECPOINT = 306, "bad ecpoint";
    MISSING_PSK_KEX_MODES_EXTENSION = 310, "missing psk kex modes extension";
    NO_RENEGOTIATION = 339, "no renegotiation";
    WRONG_SIGNATURE_TYPE = 370, "wrong signature type";
    INAPPROPRIATE_FALLBACK = 373, "inappropriate fallback";
    WRONG_CURVE = 378, "wrong curve";
    SHUTDOWN_WHILE_IN_INIT = 407, "shutdown while in init";
    TOO_MANY_WARN_ALERTS = 409, "too many warn alerts";
    BAD_RECORD_TYPE = 443, "bad record type";
    INVALID_SESSION_ID = 999, "invalid session id";
}

impl Reason {
    /// The reason for a fatal alert received from the peer: 1000 plus its description.
    pub const fn alert(description: crate::record::AlertDescription) -> Self {
        Self(1000 + description.0 as u16)
    }

    /// The error code OpenSSL would queue: library 20, this reason.
    pub const fn packed(self) -> u32 {
        (20 << 23) | self.0 as u32
    }
}

impl core::fmt::Display for Reason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match (self.text(), self.0) {
            (Some(text), _) => f.write_str(text),
            (None, number @ 1000..=1255) => {
                let description = crate::record::AlertDescription((number - 1000) as u8);
                write!(f, "alert {description} received")
            }
            (None, number) => write!(f, "reason({number})"),
        }
    }
}
