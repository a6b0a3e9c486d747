//! Byte streams of any length that need not be stored: the byte at an offset follows from a seed.
//!
//! Owns the generator and the check. It must not know how the bytes travel.

use std::io::{self, ErrorKind, Read, Write};

/// An endless pseudo-random stream, the same for the same seed. Reading it never fails.
///
/// ```
/// use ssl_testkit::pattern::{Pattern, PatternCheck};
/// use std::io::Read;
///
/// let mut check = PatternCheck::new(7);
/// std::io::copy(&mut Pattern::new(7).take(100_000), &mut check).unwrap();
/// assert_eq!(check.matched(), 100_000);
/// ```
#[derive(Clone, Debug)]
pub struct Pattern {
    seed: u64,
    offset: u64,
}

impl Pattern {
    /// The stream of this seed, from its beginning.
    pub fn new(seed: u64) -> Self {
        Self::at(seed, 0)
    }

    /// The stream of this seed, from an offset in bytes.
    pub fn at(seed: u64, offset: u64) -> Self {
        Self { seed, offset }
    }

    /// The first `len` bytes of the stream of this seed.
    pub fn bytes(seed: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        Self::new(seed).fill(&mut bytes);
        bytes
    }

    /// Where the next byte stands in the stream.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Fills `space` with the next bytes.
    pub fn fill(&mut self, space: &mut [u8]) {
        let mut filled = 0;
        while filled < space.len() {
            let word = self.word(self.offset / WORD).to_le_bytes();
            let fresh = &word[(self.offset % WORD) as usize..];
            let count = fresh.len().min(space.len() - filled);
            space[filled..filled + count].copy_from_slice(&fresh[..count]);
            filled += count;
            self.offset += count as u64;
        }
    }

    /// A mix of seed and index in which every bit of both matters, so that swapped, repeated or
    /// dropped parts of a stream never look right.
    fn word(&self, index: u64) -> u64 {
        let mut word = self.seed ^ (index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        word ^= word >> 32;
        word = word.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        word ^= word >> 32;
        word = word.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        word ^ (word >> 32)
    }
}

impl Read for Pattern {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        self.fill(space);
        Ok(space.len())
    }
}

/// Compares what is written to it with the stream of a seed.
///
/// A mismatch is an [`ErrorKind::InvalidData`] error that names the offset; nothing of that write
/// counts as matched.
#[derive(Clone, Debug)]
pub struct PatternCheck(Pattern);

impl PatternCheck {
    /// Expects the stream of this seed from its beginning.
    pub fn new(seed: u64) -> Self {
        Self(Pattern::new(seed))
    }

    /// How many bytes were right so far.
    pub fn matched(&self) -> u64 {
        self.0.offset
    }

    /// Compares the next bytes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidData`] at the first byte that differs.
    pub fn check(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut expected = self.0.clone();
        let mut space = [0; 4096];
        for piece in bytes.chunks(space.len()) {
            let start = expected.offset;
            let right = &mut space[..piece.len()];
            expected.fill(right);
            if piece == right {
                continue;
            }
            let differs = piece
                .iter()
                .zip(right.iter())
                .position(|(got, want)| got != want);
            if let Some(position) = differs {
                let offset = start + position as u64;
                let (got, want) = (piece[position], right[position]);
                let text = format!("byte {offset} of the pattern is {got:#04x}, not {want:#04x}");
                return Err(io::Error::new(ErrorKind::InvalidData, text));
            }
        }
        self.0 = expected;
        Ok(())
    }
}

impl Write for PatternCheck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.check(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes made by one step of the generator.
const WORD: u64 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_and_offsets_give_the_same_stream() {
        let whole = Pattern::bytes(3, 1000);
        let mut pattern = Pattern::new(3);
        let mut pieces = Vec::new();
        for len in (1..).take_while(|len| (len * (len + 1)) / 2 <= 1000) {
            let mut piece = vec![0; len];
            pattern.read_exact(&mut piece).unwrap();
            pieces.extend(piece);
        }
        assert_eq!(pieces, whole[..pieces.len()]);
        let mut tail = [0; 100];
        Pattern::at(3, 900).fill(&mut tail);
        assert_eq!(tail, whole[900..]);
    }

    #[test]
    fn seeds_and_places_differ() {
        let (one, two) = (Pattern::bytes(1, 4096), Pattern::bytes(2, 4096));
        assert_ne!(one, two);
        let words: std::collections::HashSet<&[u8]> = one.chunks(8).collect();
        assert_eq!(words.len(), 512);
        assert_ne!(Pattern::bytes(0, 8), [0; 8]);
    }

    #[test]
    fn a_wrong_byte_is_named_and_nothing_counted() {
        let mut bytes = Pattern::bytes(5, 10_000);
        let mut check = PatternCheck::new(5);
        check.write_all(&bytes[..5_000]).unwrap();
        bytes[9_000] ^= 1;
        let error = check.check(&bytes[5_000..]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert!(error.to_string().starts_with("byte 9000 of"), "{error}");
        assert_eq!(check.matched(), 5_000);
        bytes[9_000] ^= 1;
        check.check(&bytes[5_000..]).unwrap();
        check.flush().unwrap();
        assert_eq!(check.matched(), 10_000);
    }
}
