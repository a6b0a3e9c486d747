//! Captured bytes as TLS records.
//!
//! Owns the five header bytes, read and written independently of the code under test. It must not
//! open records, so for TLS 1.3 it only sees the outer content type.

use std::fmt;

/// Content type of ChangeCipherSpec records.
pub const CHANGE_CIPHER_SPEC: u8 = 20;
/// Content type of alert records.
pub const ALERT: u8 = 21;
/// Content type of handshake records.
pub const HANDSHAKE: u8 = 22;
/// Content type of application data, and the outer one of all protected TLS 1.3 records.
pub const APPLICATION_DATA: u8 = 23;

/// Length of a record's header in bytes.
pub const HEADER_LEN: usize = 5;

/// One record as it was seen on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireRecord {
    /// The first header byte.
    pub content_type: u8,
    /// The second and third header byte, e.g. `0x0303`.
    pub version: u16,
    /// What follows the header; protected unless the handshake is young.
    pub body: Vec<u8>,
}

impl WireRecord {
    /// A record to be forged with [`encode`](Self::encode).
    pub fn new(content_type: u8, version: u16, body: &[u8]) -> Self {
        Self {
            content_type,
            version,
            body: body.to_vec(),
        }
    }

    /// The value of the length field: bytes in the body.
    pub fn len(&self) -> usize {
        self.body.len()
    }

    /// Whether the body is empty.
    pub fn is_empty(&self) -> bool {
        self.body.is_empty()
    }

    /// Bytes on the wire: header and body.
    pub fn wire_len(&self) -> usize {
        HEADER_LEN + self.body.len()
    }

    /// The content type in words.
    pub fn name(&self) -> &'static str {
        match self.content_type {
            CHANGE_CIPHER_SPEC => "change_cipher_spec",
            ALERT => "alert",
            HANDSHAKE => "handshake",
            APPLICATION_DATA => "application_data",
            24 => "heartbeat",
            _ => "unknown",
        }
    }

    /// Header and body. The length field is cut to 16 bits, so that overlong bodies can be forged.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![self.content_type];
        bytes.extend(self.version.to_be_bytes());
        bytes.extend((self.body.len() as u16).to_be_bytes());
        bytes.extend(&self.body);
        bytes
    }
}

/// For example `application_data 0x0303 len 17`.
impl fmt::Display for WireRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {:#06x} len {}",
            self.name(),
            self.version,
            self.len()
        )
    }
}

/// The complete records at the front of `bytes`, and what is left behind them.
///
/// ```
/// let (records, rest) = ssl_testkit::wire::split(&[21, 3, 3, 0, 2, 1, 0, 23, 3]);
/// assert_eq!(records[0].body, [1, 0]);
/// assert_eq!(rest, [23, 3]);
/// ```
pub fn split(bytes: &[u8]) -> (Vec<WireRecord>, &[u8]) {
    let mut records = Vec::new();
    let mut rest = bytes;
    while let [content_type, v1, v2, l1, l2, behind @ ..] = rest {
        let len = usize::from(u16::from_be_bytes([*l1, *l2]));
        let Some((body, next)) = behind.split_at_checked(len) else {
            break;
        };
        records.push(WireRecord::new(
            *content_type,
            u16::from_be_bytes([*v1, *v2]),
            body,
        ));
        rest = next;
    }
    (records, rest)
}

/// The complete records at the front of `bytes`; an incomplete one at the end is left out.
///
/// ```
/// use ssl_testkit::wire;
/// let records = wire::records(&[22, 3, 1, 0, 1, 9, 23, 3, 3, 0, 0]);
/// assert_eq!(wire::describe(&records), "handshake 0x0301 len 1\napplication_data 0x0303 len 0");
/// ```
pub fn records(bytes: &[u8]) -> Vec<WireRecord> {
    split(bytes).0
}

/// The body lengths of the complete records in `bytes` that have this content type.
///
/// ```
/// use ssl_testkit::wire;
/// let wire_bytes = [22, 3, 3, 0, 0, 23, 3, 3, 0, 1, 7];
/// assert_eq!(wire::lengths(&wire_bytes, wire::APPLICATION_DATA), [1]);
/// ```
pub fn lengths(bytes: &[u8], content_type: u8) -> Vec<usize> {
    let records = records(bytes).into_iter();
    records
        .filter(|record| record.content_type == content_type)
        .map(|record| record.len())
        .collect()
}

/// One line per record, for failure messages.
pub fn describe(records: &[WireRecord]) -> String {
    records
        .iter()
        .map(WireRecord::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_split_again() {
        let forged = [
            WireRecord::new(HANDSHAKE, 0x0301, b"hello"),
            WireRecord::new(CHANGE_CIPHER_SPEC, 0x0303, &[1]),
            WireRecord::new(APPLICATION_DATA, 0x0303, &[0; 16_401]),
            WireRecord::new(99, 0x0000, b""),
        ];
        let bytes: Vec<u8> = forged.iter().flat_map(WireRecord::encode).collect();
        assert_eq!(split(&bytes), (forged.to_vec(), &[][..]));
        assert_eq!(forged[2].wire_len(), 16_406);
        assert!(forged[3].is_empty());
        assert_eq!(forged[3].name(), "unknown");
    }

    #[test]
    fn every_cut_leaves_an_incomplete_rest() {
        let bytes = WireRecord::new(ALERT, 0x0303, &[2, 40]).encode();
        for cut in 0..bytes.len() {
            assert_eq!(split(&bytes[..cut]), (Vec::new(), &bytes[..cut]));
        }
        assert_eq!(records(&bytes).len(), 1);
    }

    #[test]
    fn lengths_are_those_of_one_content_type() {
        let bytes: Vec<u8> = [(HANDSHAKE, 3), (APPLICATION_DATA, 4), (APPLICATION_DATA, 0)]
            .into_iter()
            .flat_map(|(content_type, len)| {
                WireRecord::new(content_type, 0x0303, &vec![0; len]).encode()
            })
            .collect();
        assert_eq!(lengths(&bytes, APPLICATION_DATA), [4, 0]);
        assert_eq!(lengths(&bytes, ALERT), [0; 0]);
    }
}
