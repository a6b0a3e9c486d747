//! The five header bytes: encode, decode, nothing else.

use super::ContentType;
use super::limits::{MAX_EXPANSION_TLS12, MAX_FRAGMENT};

/// Bytes before a record's body.
pub const HEADER_LEN: usize = 5;

/// A record header as received or to be sent (RFC 8446 section 5.1).
///
/// ```
/// use ssl_record::record::{ContentType, RecordHeader};
/// let header = RecordHeader { content_type: ContentType::Alert, version: 0x0303, len: 2 };
/// assert_eq!(header.encode(), [21, 3, 3, 0, 2]);
/// assert_eq!(RecordHeader::decode(header.encode()), Ok(header));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordHeader {
    /// The outer content type.
    pub content_type: ContentType,
    /// The legacy record version; 0x0303 in every protected record.
    pub version: u16,
    /// Bytes of body that follow.
    pub len: u16,
}

/// Why five bytes are not a record header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderFault {
    /// The type byte is none of 20 to 23.
    ContentType(u8),
    /// The major version is not 3: probably not TLS at all.
    Version(u16),
    /// The body would be longer than any suite allows, in bytes.
    Overflow(u16),
}

impl RecordHeader {
    /// The bytes on the wire.
    pub const fn encode(self) -> [u8; HEADER_LEN] {
        let [major, minor] = self.version.to_be_bytes();
        let [high, low] = self.len.to_be_bytes();
        [self.content_type.wire(), major, minor, high, low]
    }

    /// Parses and checks what can be checked without knowing the connection's state.
    ///
    /// # Errors
    /// The first [`HeaderFault`] found, in the order type, version, length.
    pub const fn decode(bytes: [u8; HEADER_LEN]) -> Result<Self, HeaderFault> {
        let [content_type, major, minor, high, low] = bytes;
        let Some(content_type) = ContentType::from_wire(content_type) else {
            return Err(HeaderFault::ContentType(content_type));
        };
        let version = u16::from_be_bytes([major, minor]);
        if major != 3 {
            return Err(HeaderFault::Version(version));
        }
        let len = u16::from_be_bytes([high, low]);
        if len as usize > MAX_FRAGMENT + MAX_EXPANSION_TLS12 {
            return Err(HeaderFault::Overflow(len));
        }
        Ok(Self {
            content_type,
            version,
            len,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_found_in_order() {
        assert_eq!(
            RecordHeader::decode(*b"GET /"),
            Err(HeaderFault::ContentType(b'G'))
        );
        assert_eq!(
            RecordHeader::decode([22, 2, 0, 0, 1]),
            Err(HeaderFault::Version(0x0200))
        );
        assert_eq!(
            RecordHeader::decode([23, 3, 3, 0xff, 0xff]),
            Err(HeaderFault::Overflow(0xffff))
        );
    }

    #[test]
    fn the_longest_body_is_accepted() {
        let len = u16::try_from(MAX_FRAGMENT + MAX_EXPANSION_TLS12).unwrap();
        let header = RecordHeader {
            content_type: ContentType::ApplicationData,
            version: 0x0303,
            len,
        };
        assert_eq!(RecordHeader::decode(header.encode()), Ok(header));
    }
}
