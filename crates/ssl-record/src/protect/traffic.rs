//! One direction's keys over time: the current key, its count, and the secret for the next.
//!
//! Owns when a key is used up. Does not know KeyUpdate messages; it is told when to move on.

use super::aead::Algorithm;
use super::sequence::SequenceNumber;
use super::{KeyMaterial, Opened, RecordKey, TrafficSecret};
use crate::error::PeerFault;
use crate::record::{ContentType, ProtocolVersion, RecordHeader};

/// Records one AES-GCM key may seal: 2^24 keeps the advantage of an attacker who sees full-sized
/// records below 2^-60 (RFC 8446 section 5.5; the bound rustls uses too).
const AES_GCM_LIMIT: u64 = 1 << 24;

/// The write keys are used up and cannot be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

/// The keys of one direction.
pub(crate) struct TrafficKeys {
    key: RecordKey,
    sequence: SequenceNumber,
    algorithm: Algorithm,
    /// Only in TLS 1.3; what the next key is made of.
    secret: Option<TrafficSecret>,
}

impl TrafficKeys {
    /// Keys as the handshake left them; `next` is the number of the next record.
    ///
    /// `None` if the material does not fit the algorithm.
    pub(crate) fn new(
        usage: Usage,
        version: ProtocolVersion,
        algorithm: Algorithm,
        material: &KeyMaterial,
        next: u64,
        secret: Option<TrafficSecret>,
    ) -> Option<Self> {
        let key = RecordKey::new(version, algorithm, material)?;
        Some(Self {
            key,
            sequence: SequenceNumber::new(next, usage.limit(algorithm)),
            algorithm,
            secret,
        })
    }

    /// Records that were sealed elsewhere under this key: the next number is that much higher.
    pub(crate) const fn skip(&mut self, records: u64) {
        self.sequence.skip(records);
    }

    /// The number of the next record.
    pub(crate) const fn next_number(&self) -> u64 {
        self.sequence.next()
    }

    /// Bytes of a record before its ciphertext.
    pub(crate) const fn lead(&self) -> usize {
        self.key.lead()
    }

    /// Whether only two numbers are left: one for a KeyUpdate, one for an alert if that fails.
    pub(crate) const fn nearly_used_up(&self) -> bool {
        self.sequence.left() <= 2
    }

    /// Whether these are keys of TLS 1.3.
    pub(crate) const fn is_tls13(&self) -> bool {
        self.key.is_tls13()
    }

    /// Whether there is a next key.
    pub(crate) const fn can_update(&self) -> bool {
        self.secret.is_some()
    }

    /// Seals one record; see [`RecordKey::seal`].
    ///
    /// # Errors
    /// [`Exhausted`] if the key may not seal another record.
    #[inline]
    pub(crate) fn seal(
        &mut self,
        content_type: ContentType,
        fragment: &[u8],
        padding: usize,
        out: &mut [u8],
    ) -> Result<usize, Exhausted> {
        let number = self.sequence.take().ok_or(Exhausted)?;
        self.key
            .seal(number, content_type, fragment, padding, out)
            .ok_or(Exhausted)
    }

    /// Opens one record; see [`RecordKey::open`].
    ///
    /// # Errors
    /// The peer's fault.
    #[inline]
    pub(crate) fn open(
        &mut self,
        header: RecordHeader,
        body: &mut [u8],
    ) -> Result<Opened, PeerFault> {
        let number = self.sequence.take().ok_or(PeerFault::BadRecordMac)?;
        self.key.open(number, header, body)
    }

    /// Moves on to the next key (RFC 8446 section 7.2), counting from zero again.
    ///
    /// `None` in TLS 1.2, which has no next key.
    pub(crate) fn update(&mut self) -> Option<()> {
        let secret = self.secret.as_ref()?.updated().ok()?;
        let material = secret.key_material(self.algorithm).ok()?;
        self.key = RecordKey::new(ProtocolVersion::Tls13, self.algorithm, &material)?;
        self.secret = Some(secret);
        self.sequence.restart();
        Some(())
    }
}

/// What a key is for; sealing is limited, opening ends with the first forgery anyway.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Usage {
    Seal,
    Open,
}

impl Usage {
    const fn limit(self, algorithm: Algorithm) -> u64 {
        match (self, algorithm) {
            (Self::Seal, Algorithm::Aes128Gcm | Algorithm::Aes256Gcm) => AES_GCM_LIMIT,
            (Self::Seal, Algorithm::ChaCha20Poly1305) | (Self::Open, _) => u64::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protect::{Hash, Secret};

    fn keys(usage: Usage, next: u64) -> TrafficKeys {
        let secret = TrafficSecret::new(Hash::Sha256, Secret::new(&[5; 32]).unwrap());
        let material = secret.key_material(Algorithm::Aes128Gcm).unwrap();
        let secret = Some(secret);
        TrafficKeys::new(
            usage,
            ProtocolVersion::Tls13,
            Algorithm::Aes128Gcm,
            &material,
            next,
            secret,
        )
        .unwrap()
    }

    #[test]
    fn a_used_up_key_refuses_and_an_update_starts_over() {
        let mut sealing = keys(Usage::Seal, AES_GCM_LIMIT - 2);
        assert!(sealing.nearly_used_up());
        let mut record = [0; 64];
        for _ in 0..2 {
            sealing
                .seal(ContentType::ApplicationData, b"x", 0, &mut record)
                .unwrap();
        }
        assert_eq!(
            sealing.seal(ContentType::ApplicationData, b"x", 0, &mut record),
            Err(Exhausted)
        );
        sealing.update().unwrap();
        assert!(!sealing.nearly_used_up());
        let len = sealing
            .seal(ContentType::ApplicationData, b"x", 0, &mut record)
            .unwrap();

        let mut opening = keys(Usage::Open, 77);
        opening.update().unwrap();
        let header = RecordHeader::decode(record[..5].try_into().unwrap()).unwrap();
        assert_eq!(opening.open(header, &mut record[5..len]).unwrap().len, 1);
    }
}
