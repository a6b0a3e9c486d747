//! What rustls would derive a second time when it hands its keys over.
//!
//! It keeps secrets, not keys, and derives the keys of both directions again for whoever takes them. By then
//! they are known: of TLS 1.2, the key block is noted when rustls derives it for itself; of TLS 1.3, the
//! traffic secrets are, and keys are made of them when they are needed. Owns this thread's note. It is bound
//! to its handshake by both randoms, so that one whose handshake was left half-way is of no use to another.

use std::cell::{Cell, RefCell};

use rustls::crypto::tls13::{HkdfExpander, OkmBlock, OutputLengthError};
use zeroize::Zeroize;

use crate::protect::{Algorithm, KeyMaterial, split_key_block};
use crate::record::{ContentType, HEADER_LEN};

/// A key block of TLS 1.2 (RFC 5246 section 6.3), wiped when dropped, and what it was made of besides the master
/// secret.
pub(super) struct KeyBlock {
    bytes: [u8; Self::MAX_LEN],
    len: u8,
    randoms: [u8; 64],
}

/// Counts the records of one direction that are protected in TLS 1.2.
#[derive(Default)]
pub(super) struct Protected(Option<u64>);

thread_local! {
    /// The last one derived.
    static NOTED: RefCell<Option<KeyBlock>> = const { RefCell::new(None) };
    static NEEDS_NO_KEYS: Cell<bool> = const { Cell::new(false) };
}

impl KeyBlock {
    /// What the PRF is told it is for.
    pub(super) const LABEL: &[u8] = b"key expansion";
    /// Two keys of 32 bytes, two vectors and an explicit nonce of 12.
    const MAX_LEN: usize = 2 * 32 + 3 * 12;

    fn new(bytes: &[u8], seed: &[u8]) -> Option<Self> {
        let mut block = Self {
            bytes: [0; Self::MAX_LEN],
            len: u8::try_from(bytes.len()).ok()?,
            randoms: seed.try_into().ok()?,
        };
        block.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(block)
    }

    /// What client and server seal with, if this is the block of the handshake with these randoms.
    pub(super) fn keys(
        &self,
        client_random: &[u8; 32],
        server_random: &[u8; 32],
        algorithm: Algorithm,
    ) -> Option<(KeyMaterial, KeyMaterial)> {
        let is_of_it = self.randoms[..32] == *server_random && self.randoms[32..] == *client_random;
        let block = self.bytes.get(..self.len.into())?;
        is_of_it.then(|| split_key_block(block, algorithm))?
    }
}

impl Drop for KeyBlock {
    fn drop(&mut self) {
        self.bytes.as_mut_slice().zeroize();
    }
}

impl Protected {
    /// Notes whole records that pass.
    pub(super) fn note(&mut self, mut records: &[u8]) {
        while let [content_type, _, _, high, low, ..] = *records {
            match &mut self.0 {
                _ if content_type == ContentType::ChangeCipherSpec.wire() => self.0 = Some(0),
                Some(count) => *count += 1,
                None => {}
            }
            let len = HEADER_LEN + usize::from(u16::from_be_bytes([high, low]));
            records = records.get(len..).unwrap_or_default();
        }
    }

    /// How many there were, which is the number of the next one.
    pub(super) fn count(&self) -> u64 {
        self.0.unwrap_or_default()
    }
}

/// Fills `output` with the key block for `seed` by means of `derive`, and notes it.
pub(super) fn note_key_block(output: &mut [u8], seed: &[u8], derive: impl FnOnce(&mut [u8])) {
    derive(output);
    NOTED.set(KeyBlock::new(output, seed));
}

/// Takes the key block that was derived on this thread since the last call.
#[inline(never)]
pub(super) fn noted() -> Option<KeyBlock> {
    match NOTED.with_borrow(Option::is_some) {
        true => NOTED.take(),
        false => None,
    }
}

/// Runs `work`, which hands over keys of TLS 1.3 that nobody looks at: they are zeros.
pub(super) fn without_keys<T>(work: impl FnOnce() -> T) -> T {
    struct Scope;
    impl Drop for Scope {
        fn drop(&mut self) {
            NEEDS_NO_KEYS.set(false);
        }
    }
    NEEDS_NO_KEYS.set(true);
    let _scope = Scope;
    work()
}

/// Whether this thread is inside [`without_keys`].
pub(super) fn needs_no_keys() -> bool {
    NEEDS_NO_KEYS.get()
}

/// Expands to zeros.
pub(super) struct NoKeys {
    hash_len: usize,
}

impl NoKeys {
    /// In the place of an expander of this secret.
    pub(super) fn of(secret: &OkmBlock) -> Self {
        Self {
            hash_len: secret.as_ref().len(),
        }
    }
}

impl HkdfExpander for NoKeys {
    fn expand_slice(&self, _info: &[&[u8]], output: &mut [u8]) -> Result<(), OutputLengthError> {
        output.fill(0);
        Ok(())
    }

    fn expand_block(&self, _info: &[&[u8]]) -> OkmBlock {
        OkmBlock::new(&[0; OkmBlock::MAX_LEN][..self.hash_len])
    }

    fn hash_len(&self) -> usize {
        self.hash_len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_block_is_noted_once_and_for_its_handshake_alone() {
        let (client, server) = ([1; 32], [2; 32]);
        let mut out = [0; 48];
        note_key_block(&mut out, &[server, client].concat(), |out| out.fill(7));
        assert_eq!(out, [7; 48]);
        let block = noted().unwrap();
        assert!(noted().is_none());
        let algorithm = Algorithm::Aes128Gcm;
        let keys = block.keys(&client, &server, algorithm).unwrap();
        assert_eq!((keys.0.key(), keys.1.iv()), (&[7; 16][..], [7; 12]));
        assert!(block.keys(&server, &client, algorithm).is_none());
        assert!(block.keys(&client, &server, Algorithm::Aes256Gcm).is_none());
    }

    #[test]
    fn records_count_from_the_change_of_ciphers_on() {
        let mut protected = Protected::default();
        protected.note(&[22, 3, 3, 0, 1, 9]);
        assert_eq!(protected.count(), 0);
        protected.note(&[20, 3, 3, 0, 1, 1, 21, 3, 3, 0, 2, 0, 0]);
        protected.note(&[22, 3, 3, 0, 0]);
        assert_eq!(protected.count(), 2);
    }
}
