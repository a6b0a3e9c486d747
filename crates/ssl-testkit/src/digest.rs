//! SHA-256, for comparing long transfers with what external programs report.
//!
//! Owns the hexadecimal form. It must not know what is hashed.

use std::io::{self, Write};

use ring::digest::{Context, SHA256};

/// The SHA-256 of `bytes` in lower-case hexadecimal.
///
/// ```
/// assert!(ssl_testkit::digest::sha256(b"abc").starts_with("ba7816bf8f01cfea"));
/// ```
pub fn sha256(bytes: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(bytes);
    hash.finish()
}

/// SHA-256 of a stream: feed it with [`update`](Self::update) or as a [`Write`].
///
/// ```
/// use std::io::Write;
/// let mut hash = ssl_testkit::digest::Sha256::new();
/// hash.write_all(b"ab").unwrap();
/// hash.update(b"c");
/// assert_eq!(hash.finish(), ssl_testkit::digest::sha256(b"abc"));
/// ```
#[derive(Clone)]
pub struct Sha256(Context);

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}

impl Sha256 {
    /// The hash of nothing yet.
    pub fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    /// Appends bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The result in lower-case hexadecimal.
    pub fn finish(self) -> String {
        self.0
            .finish()
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

impl Write for Sha256 {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // FIPS 180-4's well-known example messages.
    #[test]
    fn known_answers() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(b""), empty);
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), abc);
    }

    #[test]
    fn pieces_hash_like_the_whole() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut hash = Sha256::default();
        for piece in bytes.chunks(7) {
            hash.write_all(piece).unwrap();
        }
        hash.flush().unwrap();
        assert_eq!(hash.finish(), sha256(&bytes));
    }
}
