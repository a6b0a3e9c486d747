//! The type byte of a record.
//!
//! Owns the mapping between byte and meaning; does not know where in a record the byte stands.

/// What a fragment holds (RFC 8446 section 5.1).
///
/// ```
/// use ssl_record::record::ContentType;
/// assert_eq!(ContentType::from_wire(23), Some(ContentType::ApplicationData));
/// assert_eq!(ContentType::from_wire(24), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ContentType {
    /// 20: one byte, 1. Meaningful in TLS 1.2 handshakes, a decoy in TLS 1.3.
    ChangeCipherSpec = 20,
    /// 21: two bytes, level and description.
    Alert = 21,
    /// 22: pieces of handshake messages.
    Handshake = 22,
    /// 23: the caller's bytes; also the outer type of every protected TLS 1.3 record.
    ApplicationData = 23,
}

impl ContentType {
    /// The type for a wire byte, if it is one.
    pub const fn from_wire(byte: u8) -> Option<Self> {
        match byte {
            20 => Some(Self::ChangeCipherSpec),
            21 => Some(Self::Alert),
            22 => Some(Self::Handshake),
            23 => Some(Self::ApplicationData),
            _ => None,
        }
    }

    /// The byte on the wire.
    pub const fn wire(self) -> u8 {
        self as u8
    }
}
