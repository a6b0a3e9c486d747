//! The lists inside extensions, borrowed and iterated: numbers, names, key shares.

use super::reader::{Malformed, Reader};

/// A list of 16-bit numbers: suites, versions, groups, signature schemes.
#[derive(Clone, Debug)]
pub struct Numbers<'a>(core::slice::ChunksExact<'a, u8>);

/// A list of byte strings, each with a length of one byte before it: ALPN protocols.
#[derive(Clone, Debug)]
pub struct Names<'a>(pub(super) &'a [u8]);

/// The key shares of a ClientHello: group and public key.
#[derive(Clone, Debug)]
pub struct KeyShares<'a>(pub(super) Reader<'a>);

/// What an OCSP response should be like (RFC 6066 section 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusRequest<'a> {
    /// The responders the client trusts, as a list of vectors with lengths of two bytes.
    pub responder_ids: &'a [u8],
    /// Extensions of the request, in DER.
    pub request_extensions: &'a [u8],
}

impl<'a> Numbers<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes.chunks_exact(2))
    }
}

impl Iterator for Numbers<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        self.0
            .next()
            .map(|two| u16::from_be_bytes([two[0], two[1]]))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Numbers<'_> {}

impl<'a> Names<'a> {
    /// The names that are left, in the client's bytes, with their lengths.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.0
    }
}

impl<'a> Iterator for Names<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let mut reader = Reader::new(self.0);
        let name = reader.vec8().ok()?;
        self.0 = &self.0[1 + name.len()..];
        Some(name)
    }
}

impl<'a> Iterator for KeyShares<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<(u16, &'a [u8])> {
        key_share(&mut self.0).ok()
    }
}

/// Takes one share.
pub(super) fn key_share<'a>(reader: &mut Reader<'a>) -> Result<(u16, &'a [u8]), Malformed> {
    let group = reader.u16()?;
    match reader.vec16()? {
        [] => Err(Malformed),
        key => Ok((group, key)),
    }
}
