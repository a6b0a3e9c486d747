//! ClientHello and ServerHello, picked out of captured bytes.
//!
//! Owns as much of the handshake's format as tests of hello messages need (cipher suites, randoms,
//! extensions). It must not judge them: whatever can be cut into fields is returned.

use crate::wire::{self, HANDSHAKE};

/// The signalling suite TLS_FALLBACK_SCSV (RFC 7507).
pub const FALLBACK_SCSV: u16 = 0x5600;

/// The fields of a ClientHello or ServerHello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Whether it was the client's.
    pub from_client: bool,
    /// The version field of the message itself, e.g. `0x0303`.
    pub legacy_version: u16,
    /// The random.
    pub random: [u8; 32],
    /// The session id, up to 32 bytes.
    pub session_id: Vec<u8>,
    /// The suites offered, or the one chosen.
    pub suites: Vec<u16>,
    /// The extensions in their order: type and body.
    pub extensions: Vec<(u16, Vec<u8>)>,
}

impl Hello {
    /// The body of an extension.
    pub fn extension(&self, extension_type: u16) -> Option<&[u8]> {
        let found = self
            .extensions
            .iter()
            .find(|(number, _)| *number == extension_type);
        found.map(|(_, body)| body.as_slice())
    }

    /// The first four bytes of the random as a number: where a time would be (statements N5 to N8).
    pub fn random_time(&self) -> u32 {
        let [a, b, c, d, ..] = self.random;
        u32::from_be_bytes([a, b, c, d])
    }
}

/// The first hello message in captured bytes, `None` if they do not begin with a complete one.
///
/// ```
/// use ssl_testkit::{hello, wire::{HANDSHAKE, WireRecord}};
/// let mut message = vec![2, 0, 0, 38, 3, 3];
/// message.extend([7; 32]); // random
/// message.extend([0, 0x13, 0x01, 0]); // no session id, suite, compression
/// let captured = WireRecord::new(HANDSHAKE, 0x0303, &message).encode();
/// let hello = hello::first(&captured).unwrap();
/// assert_eq!(hello.suites, [0x1301]);
/// assert_eq!(hello.random_time(), 0x0707_0707);
/// ```
pub fn first(captured: &[u8]) -> Option<Hello> {
    let records = wire::records(captured).into_iter();
    let plain: Vec<u8> = records
        .take_while(|record| record.content_type == HANDSHAKE)
        .flat_map(|record| record.body)
        .collect();
    let mut message = Fields(&plain);
    let message_type = message.number(1)?;
    let len = message.number(3)?;
    let mut body = Fields(message.bytes(len)?);
    match message_type {
        1 => body.hello(true),
        2 => body.hello(false),
        _ => None,
    }
}

/// Bytes that are cut into fields from the front.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn hello(&mut self, from_client: bool) -> Option<Hello> {
        let legacy_version = self.number(2)? as u16;
        let random = self.bytes(32)?.try_into().ok()?;
        let session_id = self.vector(1)?.to_vec();
        let suites = if from_client {
            self.vector(2)?
        } else {
            self.bytes(2)?
        };
        let suites = suites
            .chunks_exact(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        let suites = suites.collect();
        let compression = if from_client {
            self.vector(1)
        } else {
            self.bytes(1)
        };
        compression?;
        let extensions = if self.0.is_empty() {
            Vec::new()
        } else {
            self.extensions()?
        };
        Some(Hello {
            from_client,
            legacy_version,
            random,
            session_id,
            suites,
            extensions,
        })
    }

    fn extensions(&mut self) -> Option<Vec<(u16, Vec<u8>)>> {
        let mut fields = Fields(self.vector(2)?);
        let mut extensions = Vec::new();
        while !fields.0.is_empty() {
            extensions.push((fields.number(2)? as u16, fields.vector(2)?.to_vec()));
        }
        Some(extensions)
    }

    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (front, behind) = self.0.split_at_checked(count)?;
        self.0 = behind;
        Some(front)
    }

    fn number(&mut self, width: usize) -> Option<usize> {
        let bytes = self.bytes(width)?;
        Some(
            bytes
                .iter()
                .fold(0, |number, byte| number << 8 | usize::from(*byte)),
        )
    }

    fn vector(&mut self, length_width: usize) -> Option<&'a [u8]> {
        let len = self.number(length_width)?;
        self.bytes(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::WireRecord;

    fn client_hello() -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([0xAB; 32]);
        body.extend([2, 9, 9]); // session id
        body.extend([0, 4, 0x13, 0x02, 0x56, 0x00]); // suites
        body.extend([1, 0]); // compression
        body.extend([0, 9, 0, 43, 0, 1, 4, 0, 0, 0, 0]); // two extensions
        let mut message = vec![1, 0, 0, body.len() as u8];
        message.extend(body);
        message
    }

    #[test]
    fn a_client_hello_is_cut_into_fields() {
        let captured = WireRecord::new(HANDSHAKE, 0x0301, &client_hello()).encode();
        let hello = first(&captured).unwrap();
        assert!(hello.from_client);
        assert_eq!(hello.legacy_version, 0x0303);
        assert_eq!(hello.session_id, [9, 9]);
        assert_eq!(hello.suites, [0x1302, FALLBACK_SCSV]);
        assert_eq!(hello.extension(43), Some(&[4][..]));
        assert_eq!(hello.extension(0), Some(&[][..]));
        assert_eq!(hello.extension(16), None);
        assert_eq!(hello.random_time(), 0xABAB_ABAB);
    }

    #[test]
    fn a_hello_may_span_records() {
        let message = client_hello();
        let whole = WireRecord::new(HANDSHAKE, 0x0301, &message).encode();
        let (front, behind) = message.split_at(11);
        let mut spread = WireRecord::new(HANDSHAKE, 0x0301, front).encode();
        spread.extend(WireRecord::new(HANDSHAKE, 0x0301, behind).encode());
        assert_eq!(first(&spread), first(&whole));
    }

    #[test]
    fn what_is_cut_short_is_no_hello() {
        let message = client_hello();
        for cut in 0..message.len() {
            let captured = WireRecord::new(HANDSHAKE, 0x0301, &message[..cut]).encode();
            assert_eq!(first(&captured), None);
        }
        assert_eq!(
            first(&WireRecord::new(HANDSHAKE, 0x0303, &[14, 0, 0, 0]).encode()),
            None
        );
    }
}
