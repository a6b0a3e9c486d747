//! Seal and open one record in place.
//!
//! Owns record layouts of both versions, nonces, additional data and padding. Does not know buffers,
//! fragments' origin, or when keys change.

mod aead;
mod key_schedule;
mod sequence;
mod stock;
mod traffic;

pub use aead::Algorithm;
pub(crate) use aead::{Fingerprint, Hash, NONCE_LEN, TAG_LEN};
pub(crate) use key_schedule::{
    Exporter, KeyMaterial, Secret, TrafficSecret, split_key_block, tls12_keys,
};
pub(crate) use stock::KeyStock;
pub(crate) use traffic::{KeyRoot, TrafficKeys, Usage};

use zeroize::Zeroize;

use crate::error::PeerFault;
use crate::record::limits::{MAX_EXPANSION_TLS12, MAX_EXPANSION_TLS13, MAX_FRAGMENT};
use crate::record::{ContentType, HEADER_LEN, ProtocolVersion, RecordHeader};
use aead::{AeadKey, Plain};

/// Bytes of the explicit nonce in TLS 1.2 AES-GCM records (RFC 5288 section 3).
const EXPLICIT_NONCE_LEN: usize = 8;

/// How records under one key look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// RFC 8446 section 5.2: the content type moves inside, padding may follow it.
    Tls13,
    /// RFC 5288: part of the nonce stands before the ciphertext.
    Tls12Explicit,
    /// RFC 7905: nothing but ciphertext and tag.
    Tls12Implicit,
}

impl Layout {
    pub(crate) const fn new(version: ProtocolVersion, algorithm: Algorithm) -> Self {
        match (version, algorithm) {
            (ProtocolVersion::Tls13, _) => Self::Tls13,
            (ProtocolVersion::Tls12, Algorithm::ChaCha20Poly1305) => Self::Tls12Implicit,
            (ProtocolVersion::Tls12, _) => Self::Tls12Explicit,
        }
    }

    const fn prefix(self) -> usize {
        match self {
            Self::Tls12Explicit => EXPLICIT_NONCE_LEN,
            Self::Tls13 | Self::Tls12Implicit => 0,
        }
    }

    /// Bytes a record adds to an unpadded fragment (statement W34).
    pub(crate) const fn overhead(self) -> usize {
        let inner_type = matches!(self, Self::Tls13) as usize;
        HEADER_LEN + self.prefix() + inner_type + TAG_LEN
    }
}

/// An expanded key with its vector: seals or opens records, given their numbers.
pub(crate) struct RecordKey {
    aead: AeadKey,
    iv: [u8; NONCE_LEN],
    layout: Layout,
}

/// What opening a record revealed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    /// The inner content type.
    pub(crate) content_type: ContentType,
    /// Where in the body the fragment begins, bytes.
    pub(crate) start: usize,
    /// Length of the fragment, bytes.
    pub(crate) len: usize,
}

impl RecordKey {
    pub(crate) fn new(
        version: ProtocolVersion,
        algorithm: Algorithm,
        material: &KeyMaterial,
    ) -> Option<Self> {
        Some(Self {
            aead: AeadKey::new(algorithm, material.key()).ok()?,
            iv: material.iv(),
            layout: Layout::new(version, algorithm),
        })
    }

    /// Seals `fragment` as record `number` into the front of `out`; returns the record's length.
    ///
    /// `padding` zero bytes are added in TLS 1.3. Returns `None` if `out` is too small, which no caller in
    /// this crate lets happen. Either way no plaintext is left in `out`.
    #[inline]
    pub(crate) fn seal(
        &self,
        number: u64,
        content_type: ContentType,
        fragment: &[u8],
        padding: usize,
        out: &mut [u8],
    ) -> Option<usize> {
        let is_tls13 = self.layout == Layout::Tls13;
        let padding = if is_tls13 { padding } else { 0 };
        let total = self.layout.overhead() + fragment.len() + padding;
        let (header, body) = out
            .get_mut(..total)?
            .split_first_chunk_mut::<HEADER_LEN>()?;
        let nonce = self.nonce(number);
        let outer = if is_tls13 {
            ContentType::ApplicationData
        } else {
            content_type
        };
        let wide = wide_header(outer, u16::try_from(body.len()).ok()?);
        *header = *wide.first_chunk()?;
        let plain = Plain {
            fragment,
            content_type: is_tls13.then_some(content_type.wire()),
            padding,
        };
        let sealed = if is_tls13 {
            self.aead.seal(nonce, &wide[..HEADER_LEN], plain, body)
        } else {
            let additional = tls12_additional(number, *header, fragment.len())?;
            let (prefix, body) = body.split_at_mut(self.layout.prefix());
            prefix.copy_from_slice(&nonce[NONCE_LEN - prefix.len()..]);
            self.aead.seal(nonce, &additional, plain, body)
        };
        if sealed.is_err() {
            out.zeroize();
            return None;
        }
        Some(total)
    }

    /// Opens the record `number` in place: `header` as received, `body` after it.
    ///
    /// # Errors
    /// The peer's fault, found in this order: header, length, authenticity, content (statements R25,
    /// R26; RFC 8446 section 5.2, RFC 5246 section 6.2.3).
    pub(crate) fn open(
        &self,
        number: u64,
        header: RecordHeader,
        body: &mut [u8],
    ) -> Result<Opened, PeerFault> {
        match self.layout {
            Layout::Tls13 => self.open_tls13(number, header, body),
            Layout::Tls12Explicit | Layout::Tls12Implicit => self.open_tls12(number, header, body),
        }
    }

    fn open_tls13(
        &self,
        number: u64,
        header: RecordHeader,
        body: &mut [u8],
    ) -> Result<Opened, PeerFault> {
        if header.content_type != ContentType::ApplicationData {
            return Err(PeerFault::BadRecordType(header.content_type.wire()));
        }
        check_version(header)?;
        if body.len() > MAX_FRAGMENT + MAX_EXPANSION_TLS13 {
            return Err(PeerFault::RecordOverflow(body.len()));
        }
        let inner_len = self
            .aead
            .open(self.nonce(number), &header.encode(), body)
            .map_err(|_| PeerFault::BadRecordMac)?;
        if inner_len > MAX_FRAGMENT + 1 {
            return Err(PeerFault::RecordOverflow(inner_len));
        }
        let inner = &body[..inner_len];
        let Some(len) = inner.iter().rposition(|&byte| byte != 0) else {
            return Err(PeerFault::EmptyRecord);
        };
        let content_type = match ContentType::from_wire(inner[len]) {
            Some(ContentType::ChangeCipherSpec) | None => {
                return Err(PeerFault::BadRecordType(inner[len]));
            }
            Some(content_type) => content_type,
        };
        if len == 0 && content_type != ContentType::ApplicationData {
            return Err(PeerFault::EmptyRecord);
        }
        Ok(Opened {
            content_type,
            start: 0,
            len,
        })
    }

    fn open_tls12(
        &self,
        number: u64,
        header: RecordHeader,
        body: &mut [u8],
    ) -> Result<Opened, PeerFault> {
        check_version(header)?;
        if body.len() > MAX_FRAGMENT + MAX_EXPANSION_TLS12 {
            return Err(PeerFault::RecordOverflow(body.len()));
        }
        let prefix = self.layout.prefix();
        let len = body
            .len()
            .checked_sub(prefix + TAG_LEN)
            .ok_or(PeerFault::BadRecordMac)?;
        let (explicit, sealed) = body.split_at_mut(prefix);
        let mut nonce = self.nonce(number);
        nonce[NONCE_LEN - prefix..].copy_from_slice(explicit);
        if self.layout == Layout::Tls12Explicit {
            nonce[..NONCE_LEN - prefix].copy_from_slice(&self.iv[..NONCE_LEN - prefix]);
        }
        let additional =
            tls12_additional(number, header.encode(), len).ok_or(PeerFault::RecordOverflow(len))?;
        self.aead
            .open(nonce, &additional, sealed)
            .map_err(|_| PeerFault::BadRecordMac)?;
        if len > MAX_FRAGMENT {
            return Err(PeerFault::RecordOverflow(len));
        }
        Ok(Opened {
            content_type: header.content_type,
            start: prefix,
            len,
        })
    }

    /// The vector with the number XORed into its end (RFC 8446 section 5.3; RFC 7905 section 2).
    ///
    /// For TLS 1.2 AES-GCM the last eight bytes are sent as the explicit nonce: distinct for distinct
    /// numbers, which is all RFC 5288 asks for.
    #[inline]
    fn nonce(&self, number: u64) -> [u8; NONCE_LEN] {
        // In the two pieces in which the AEADs load it: a load that spans several stores waits for them.
        let [a, b, c, d, e, f, g, h, i, j, k, l] = self.iv;
        let high = u64::from_be_bytes([a, b, c, d, e, f, g, h]) ^ (number >> 32);
        let low = u32::from_be_bytes([i, j, k, l]) ^ number as u32;
        let mut nonce = [0; NONCE_LEN];
        nonce[..8].copy_from_slice(&high.to_be_bytes());
        nonce[8..].copy_from_slice(&low.to_be_bytes());
        nonce
    }
}

/// The header of a protected record and three bytes more, which make it one store of eight bytes: loads of
/// its parts, in whatever pieces, do not wait then.
#[inline]
fn wide_header(content_type: ContentType, len: u16) -> [u8; 8] {
    let content_type = u64::from(content_type.wire());
    let len = u64::from(len.swap_bytes());
    (content_type | 0x0303 << 8 | len << 24).to_le_bytes()
}

fn check_version(header: RecordHeader) -> Result<(), PeerFault> {
    if header.version == 0x0303 {
        Ok(())
    } else {
        Err(PeerFault::WrongRecordVersion(header.version))
    }
}

/// Sequence number, type, version, fragment length (RFC 5246 section 6.2.3.3), from the header's own
/// bytes so that what is checked is what was received.
fn tls12_additional(number: u64, header: [u8; HEADER_LEN], len: usize) -> Option<[u8; 13]> {
    let mut additional = [0; 13];
    additional[..8].copy_from_slice(&number.to_be_bytes());
    additional[8..11].copy_from_slice(&header[..3]);
    additional[11..].copy_from_slice(&u16::try_from(len).ok()?.to_be_bytes());
    Some(additional)
}

#[cfg(test)]
mod tests;
