//! Random bytes from libcrypto, so that the application's `RAND_METHOD` or provider governs them.
//!
//! Owns the call only.

use std::ffi::c_int;

/// Fills the buffer; false, with the reason in the queue, if the generator fails.
#[must_use]
pub(crate) fn fill(buffer: &mut [u8]) -> bool {
    // SAFETY: each piece has the length that is given.
    buffer.chunks_mut(MOST).all(|piece| unsafe {
        openssl_sys::RAND_bytes(
            piece.as_mut_ptr(),
            c_int::try_from(piece.len()).unwrap_or(0),
        ) == 1
    })
}

const MOST: usize = 1 << 20;

#[cfg(test)]
mod tests {
    #[test]
    fn bytes_differ() {
        let (mut one, mut two) = ([0; 32], [0; 32]);
        assert!(super::fill(&mut one) && super::fill(&mut two));
        assert_ne!(one, two);
        assert_ne!(one, [0; 32]);
    }
}
