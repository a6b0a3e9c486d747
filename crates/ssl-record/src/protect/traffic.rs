//! One direction's keys over time: the current key, its count, and the secret for the next.
//!
//! Owns when a key is used up, and when it is expanded: with the first record, and again with the first one
//! after it was folded. Does not know KeyUpdate messages or what is idle; it is told when to move on.

use super::aead::Algorithm;
use super::sequence::SequenceNumber;
use super::stock::{KeyStock, Ticket};
use super::{KeyMaterial, Layout, Opened, RecordKey, TrafficSecret};
use crate::error::PeerFault;
use crate::record::{ContentType, HEADER_LEN, ProtocolVersion, RecordHeader};

/// Records one AES-GCM key may seal: 2^24 keeps the advantage of an attacker who sees full-sized
/// records below 2^-60 (RFC 8446 section 5.5; the bound rustls uses too).
const AES_GCM_LIMIT: u64 = 1 << 24;

/// The write keys are used up and cannot be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

/// The keys of one direction.
pub(crate) struct TrafficKeys {
    key: Key,
    root: KeyRoot,
    sequence: SequenceNumber,
    algorithm: Algorithm,
}

/// What a key is made of.
pub(crate) enum KeyRoot {
    /// In TLS 1.3: the next key is made of it too.
    Secret(TrafficSecret),
    /// In TLS 1.2: there is no next key.
    Material(KeyMaterial),
}

/// The key as records need it, ten times as large as its root.
///
/// ```text
/// Folded --first record--> Expanded --rest--> Resting --wake--> Expanded
///    ^                         |                 | taken from the stock meanwhile
///    `----------fold-----------+-----------------'
/// ```
enum Key {
    Folded,
    Expanded(Box<RecordKey>),
    /// In the stock, if it is still there.
    Resting(Ticket),
}

impl TrafficKeys {
    /// Keys as the handshake left them; `next` is the number of the next record.
    ///
    /// `None` if the root does not fit the algorithm.
    pub(crate) fn new(
        usage: Usage,
        algorithm: Algorithm,
        root: KeyRoot,
        next: u64,
    ) -> Option<Self> {
        let fits = match &root {
            KeyRoot::Secret(_) => true,
            KeyRoot::Material(material) => material.key().len() == algorithm.key_len(),
        };
        fits.then(|| Self {
            key: Key::Folded,
            root,
            sequence: SequenceNumber::new(next, usage.limit(algorithm)),
            algorithm,
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
        HEADER_LEN + Layout::new(self.version(), self.algorithm).prefix()
    }

    /// Whether only two numbers are left: one for a KeyUpdate, one for an alert if that fails.
    pub(crate) const fn nearly_used_up(&self) -> bool {
        self.sequence.left() <= 2
    }

    /// Whether these are keys of TLS 1.3.
    pub(crate) const fn is_tls13(&self) -> bool {
        matches!(self.root, KeyRoot::Secret(_))
    }

    /// Whether there is a next key.
    pub(crate) const fn can_update(&self) -> bool {
        self.is_tls13()
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
        self.expanded()
            .and_then(|key| key.seal(number, content_type, fragment, padding, out))
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
        // A root that fits the algorithm can always be expanded.
        let key = self.expanded().ok_or(PeerFault::BadRecordMac)?;
        key.open(number, header, body)
    }

    /// Moves on to the next key (RFC 8446 section 7.2), counting from zero again.
    ///
    /// `None` in TLS 1.2, which has no next key.
    pub(crate) fn update(&mut self) -> Option<()> {
        let KeyRoot::Secret(secret) = &mut self.root else {
            return None;
        };
        *secret = secret.updated().ok()?;
        self.key = Key::Folded;
        self.sequence.restart();
        Some(())
    }

    /// Lets go of the expanded key; the next record expands its root again.
    pub(crate) fn fold(&mut self) {
        self.key = Key::Folded;
    }

    /// Leaves the expanded key to the stock, which keeps it as long as there is room.
    pub(crate) fn rest(&mut self, stock: &KeyStock) {
        self.key = match core::mem::replace(&mut self.key, Key::Folded) {
            Key::Expanded(key) => stock.put(key).map_or(Key::Folded, Key::Resting),
            other => other,
        };
    }

    /// Takes the expanded key out of the stock, if it was left there and is there still.
    #[inline]
    pub(crate) fn wake(&mut self, stock: &KeyStock) {
        if let Key::Resting(ticket) = &self.key {
            self.key = stock.take(ticket).map_or(Key::Folded, Key::Expanded);
        }
    }

    #[inline]
    fn expanded(&mut self) -> Option<&RecordKey> {
        if !matches!(self.key, Key::Expanded(_)) {
            self.expand()?;
        }
        match &self.key {
            Key::Expanded(key) => Some(key),
            Key::Folded | Key::Resting(_) => None,
        }
    }

    #[cold]
    fn expand(&mut self) -> Option<()> {
        let version = self.version();
        let derived;
        let material = match &mut self.root {
            KeyRoot::Secret(secret) => {
                derived = secret.key_material(self.algorithm).ok()?;
                &derived
            }
            KeyRoot::Material(material) => material,
        };
        let key = RecordKey::new(version, self.algorithm, material)?;
        self.key = Key::Expanded(Box::new(key));
        Some(())
    }

    const fn version(&self) -> ProtocolVersion {
        match self.root {
            KeyRoot::Secret(_) => ProtocolVersion::Tls13,
            KeyRoot::Material(_) => ProtocolVersion::Tls12,
        }
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
        let root = KeyRoot::Secret(secret);
        TrafficKeys::new(usage, Algorithm::Aes128Gcm, root, next).unwrap()
    }

    fn tls12_keys(usage: Usage) -> TrafficKeys {
        let root = KeyRoot::Material(KeyMaterial::new(&[5; 16], &[6; 12]).unwrap());
        TrafficKeys::new(usage, Algorithm::Aes128Gcm, root, 0).unwrap()
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
    /// Seals a record with one and opens it with the other.
    fn passes(sealing: &mut TrafficKeys, opening: &mut TrafficKeys) -> bool {
        let mut record = [0; 64];
        let len = sealing
            .seal(ContentType::ApplicationData, b"x", 0, &mut record)
            .unwrap();
        let header = RecordHeader::decode(record[..5].try_into().unwrap()).unwrap();
        opening.open(header, &mut record[5..len]).is_ok()
    }

    #[test]
    fn folded_and_rested_keys_go_on_where_they_were() {
        for (mut sealing, mut opening) in [
            (keys(Usage::Seal, 7), keys(Usage::Open, 7)),
            (tls12_keys(Usage::Seal), tls12_keys(Usage::Open)),
        ] {
            let stock = KeyStock::default();
            stock.set_recent(Some(1));
            for round in 0..4 {
                assert!(passes(&mut sealing, &mut opening), "round {round}");
                match round {
                    0 => sealing.fold(),
                    1 => opening.rest(&stock),
                    2 => {
                        opening.wake(&stock);
                        assert!(matches!(opening.key, Key::Expanded(_)));
                    }
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn a_key_of_before_an_update_does_not_come_back() {
        let (mut sealing, mut opening) = (keys(Usage::Seal, 0), keys(Usage::Open, 0));
        let stock = KeyStock::default();
        stock.set_recent(Some(1));
        assert!(passes(&mut sealing, &mut opening));
        sealing.rest(&stock);
        sealing.update().unwrap();
        sealing.wake(&stock);
        assert!(matches!(sealing.key, Key::Folded));
        opening.update().unwrap();
        assert!(passes(&mut sealing, &mut opening));
    }
}
