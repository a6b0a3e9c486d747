//! The record format itself: header, content types, alerts and limits.
//!
//! Pure values and byte layouts of RFC 8446 section 5 and RFC 5246 section 6. Knows nothing of keys,
//! buffers, transports or modes.

mod alert;
mod content_type;
mod header;
pub mod limits;

pub use alert::{Alert, AlertDescription, AlertLevel};
pub use content_type::ContentType;
pub use header::{HEADER_LEN, HeaderFault, RecordHeader};

/// A TLS version this crate can negotiate.
///
/// TLS 1.0, 1.1 and SSL 3 are not offered and not accepted.
///
/// ```
/// use ssl_record::record::ProtocolVersion;
/// assert!(ProtocolVersion::Tls12 < ProtocolVersion::Tls13);
/// assert_eq!(ProtocolVersion::Tls13.wire(), 0x0304);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProtocolVersion {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl ProtocolVersion {
    /// The number that stands for this version in hello messages.
    pub const fn wire(self) -> u16 {
        match self {
            Self::Tls12 => 0x0303,
            Self::Tls13 => 0x0304,
        }
    }

    /// `TLSv1.2` or `TLSv1.3`, as OpenSSL prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        }
    }
}

impl core::fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}
