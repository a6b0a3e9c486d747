//! What rustls would derive a second time when it hands its keys over.
//!
//! It keeps secrets, not keys, and derives the keys of both directions again for whoever takes them. By then
//! they are known: of TLS 1.2, the key block was noted when rustls derived it for itself; of TLS 1.3, the
//! traffic secrets were, and keys are made of them when they are needed. Owns the notes of this thread. A
//! note is bound to its handshake by both randoms, so that one whose handshake was left half-way is of no
//! use to another.

use std::cell::{Cell, RefCell};

use rustls::crypto::tls13::{HkdfExpander, OkmBlock, OutputLengthError};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A key block of TLS 1.2 (RFC 5246 section 6.3), and what it was made of besides the master secret.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct KeyBlock {
    bytes: [u8; Self::MAX_LEN],
    len: u8,
    randoms: [u8; 64],
}

thread_local! {
    /// The last one derived.
    static NOTED: RefCell<Option<KeyBlock>> = const { RefCell::new(None) };
    /// The one that is being handed over.
    static KNOWN: RefCell<Option<KeyBlock>> = const { RefCell::new(None) };
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

    fn is_of(&self, seed: &[u8]) -> bool {
        self.randoms == *seed
    }
}

/// Takes the key block that was derived on this thread since the last call.
pub(super) fn noted() -> Option<KeyBlock> {
    NOTED.take()
}

/// Runs `work`, which hands over keys of TLS 1.2; they are those of `block` if it is of this handshake.
pub(super) fn with_block<T>(block: Option<KeyBlock>, work: impl FnOnce() -> T) -> T {
    KNOWN.set(block);
    let _scope = Scope;
    work()
}

/// Runs `work`, which hands over keys of TLS 1.3 that nobody looks at: they are zeros.
pub(super) fn without_keys<T>(work: impl FnOnce() -> T) -> T {
    NEEDS_NO_KEYS.set(true);
    let _scope = Scope;
    work()
}

/// Whether this thread is inside [`without_keys`].
pub(super) fn needs_no_keys() -> bool {
    NEEDS_NO_KEYS.get()
}

/// Fills `output` with the key block for `seed`, which `derive` makes unless it is known.
pub(super) fn key_block(output: &mut [u8], seed: &[u8], derive: impl FnOnce(&mut [u8])) {
    let known = KNOWN.take().filter(|block| block.is_of(seed));
    match known
        .as_ref()
        .and_then(|block| block.bytes.get(..block.len.into()))
    {
        Some(block) if block.len() == output.len() => output.copy_from_slice(block),
        _ => {
            derive(output);
            NOTED.set(KeyBlock::new(output, seed));
        }
    }
}

/// Ends a hand-over however its scope is left.
struct Scope;

impl Drop for Scope {
    fn drop(&mut self) {
        KNOWN.take();
        NEEDS_NO_KEYS.set(false);
    }
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

    fn derived(seed: u8, bytes: u8) -> [u8; 40] {
        let mut out = [0; 40];
        key_block(&mut out, &[seed; 64], |out| out.fill(bytes));
        out
    }

    #[test]
    fn a_known_block_is_not_derived_again_but_for_another_handshake_it_is() {
        assert_eq!(derived(1, 7), [7; 40]);
        let block = noted();
        assert!(noted().is_none());
        assert_eq!(with_block(block, || derived(1, 8)), [7; 40]);
        derived(1, 7);
        assert_eq!(with_block(noted(), || derived(2, 8)), [8; 40]);
        // Outside of its scope nothing is known.
        derived(1, 7);
        with_block(noted(), || ());
        assert_eq!(derived(1, 9), [9; 40]);
    }
}
