//! The one file that names `ring` and `aws_lc_rs`: AEAD, HKDF and HMAC.
//!
//! The two crates have the same interface. With both features on, aws-lc-rs is used. Knows nothing of
//! records.

#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs::{aead, hkdf, hmac, rand};
#[cfg(not(feature = "aws-lc-rs"))]
use ring::{aead, hkdf, hmac, rand};

/// Bytes of an AEAD tag, the same for all suites.
pub(crate) const TAG_LEN: usize = 16;
/// Bytes of an AEAD nonce, the same for all suites.
pub(crate) const NONCE_LEN: usize = 12;
/// Bytes of the longest AEAD key.
pub(crate) const MAX_KEY_LEN: usize = 32;
/// Bytes of the longest hash output.
pub(crate) const MAX_HASH_LEN: usize = 48;

/// The AEADs of the suites we negotiate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// AES-128 in Galois/Counter Mode.
    Aes128Gcm,
    /// AES-256 in Galois/Counter Mode.
    Aes256Gcm,
    /// ChaCha20 with Poly1305 (RFC 8439).
    ChaCha20Poly1305,
}

impl Algorithm {
    pub(crate) const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 => 32,
        }
    }

    fn implementation(self) -> &'static aead::Algorithm {
        match self {
            Self::Aes128Gcm => &aead::AES_128_GCM,
            Self::Aes256Gcm => &aead::AES_256_GCM,
            Self::ChaCha20Poly1305 => &aead::CHACHA20_POLY1305,
        }
    }
}

/// The hash of a suite: HKDF in TLS 1.3, the PRF in TLS 1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
}

impl Hash {
    pub(crate) const fn len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

/// An operation failed: a record that does not verify, or a length no suite has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failed;

/// What is sealed: a fragment, and in TLS 1.3 its content type and zero bytes behind it.
#[derive(Clone, Copy)]
pub(crate) struct Plain<'a> {
    pub(crate) fragment: &'a [u8],
    pub(crate) content_type: Option<u8>,
    pub(crate) padding: usize,
}

/// An expanded AEAD key.
pub(crate) struct AeadKey(aead::LessSafeKey);

impl AeadKey {
    /// Expands `key`.
    ///
    /// # Errors
    /// [`Failed`] if `key` has the wrong length.
    pub(crate) fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self, Failed> {
        aead::UnboundKey::new(algorithm.implementation(), key)
            .map(|key| Self(aead::LessSafeKey::new(key)))
            .map_err(|_| Failed)
    }

    /// Seals `plain` into `out`: as many bytes of ciphertext, and the tag behind them.
    ///
    /// # Errors
    /// [`Failed`] if `out` has another length, or for more data than the AEAD can take at all, far above a
    /// record. There may be plaintext in `out` then.
    #[inline]
    pub(crate) fn seal(
        &self,
        nonce: [u8; NONCE_LEN],
        additional: &[u8],
        plain: Plain<'_>,
        out: &mut [u8],
    ) -> Result<(), Failed> {
        let nonce = aead::Nonce::assume_unique_for_key(nonce);
        let additional = aead::Aad::from(additional);
        let (ciphertext, rest) = out
            .split_at_mut_checked(plain.fragment.len())
            .ok_or(Failed)?;
        #[cfg(feature = "aws-lc-rs")]
        if plain.padding == 0 {
            let tail = plain.content_type.as_slice();
            return self
                .0
                .seal_out_of_place_scatter(
                    nonce,
                    additional,
                    plain.fragment,
                    ciphertext,
                    tail,
                    rest,
                )
                .map_err(|_| Failed);
        }
        ciphertext.copy_from_slice(plain.fragment);
        if let Some(content_type) = plain.content_type {
            let (first, padding) = rest.split_first_mut().ok_or(Failed)?;
            *first = content_type;
            if plain.padding > 0 {
                padding.get_mut(..plain.padding).ok_or(Failed)?.fill(0);
            }
        }
        let (inner, tag) = out.split_last_chunk_mut::<TAG_LEN>().ok_or(Failed)?;
        let sealed = self
            .0
            .seal_in_place_separate_tag(nonce, additional, inner)
            .map_err(|_| Failed)?;
        tag.copy_from_slice(sealed.as_ref());
        Ok(())
    }

    /// Opens `data`, ciphertext and tag, in place; returns the length of the plaintext at its front.
    ///
    /// # Errors
    /// [`Failed`] if the tag does not verify; `data` is then no longer meaningful.
    #[inline]
    pub(crate) fn open(
        &self,
        nonce: [u8; NONCE_LEN],
        additional: &[u8],
        data: &mut [u8],
    ) -> Result<usize, Failed> {
        let nonce = aead::Nonce::assume_unique_for_key(nonce);
        self.0
            .open_in_place(nonce, aead::Aad::from(additional), data)
            .map(|plaintext| plaintext.len())
            .map_err(|_| Failed)
    }
}

struct OutputLen(usize);

impl hkdf::KeyType for OutputLen {
    fn len(&self) -> usize {
        self.0
    }
}

/// A pseudorandom key of HKDF, prepared for any number of expansions.
pub(crate) struct Prk(hkdf::Prk);

impl Prk {
    pub(crate) fn new(hash: Hash, secret: &[u8]) -> Self {
        let algorithm = match hash {
            Hash::Sha256 => hkdf::HKDF_SHA256,
            Hash::Sha384 => hkdf::HKDF_SHA384,
        };
        Self(hkdf::Prk::new_less_safe(algorithm, secret))
    }

    /// HKDF-Expand (RFC 5869) with `info` into all of `out`.
    ///
    /// # Errors
    /// [`Failed`] if `out` is longer than 255 hash lengths.
    pub(crate) fn expand(&self, info: &[&[u8]], out: &mut [u8]) -> Result<(), Failed> {
        self.0
            .expand(info, OutputLen(out.len()))
            .and_then(|okm| okm.fill(out))
            .map_err(|_| Failed)
    }
}

/// HMAC of the concatenation of `parts`; the result is the first [`Hash::len`] bytes.
pub(crate) fn hmac(hash: Hash, key: &[u8], parts: &[&[u8]]) -> [u8; MAX_HASH_LEN] {
    let algorithm = match hash {
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha384 => hmac::HMAC_SHA384,
    };
    let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
    for part in parts {
        context.update(part);
    }
    let mut out = [0; MAX_HASH_LEN];
    out[..hash.len()].copy_from_slice(context.sign().as_ref());
    out
}

/// The unkeyed hash of `data`; the result is the first [`Hash::len`] bytes.
pub(crate) fn digest(hash: Hash, data: &[u8]) -> [u8; MAX_HASH_LEN] {
    #[cfg(feature = "aws-lc-rs")]
    use aws_lc_rs::digest;
    #[cfg(not(feature = "aws-lc-rs"))]
    use ring::digest;
    let algorithm = match hash {
        Hash::Sha256 => &digest::SHA256,
        Hash::Sha384 => &digest::SHA384,
    };
    let mut out = [0; MAX_HASH_LEN];
    out[..hash.len()].copy_from_slice(digest::digest(algorithm, data).as_ref());
    out
}

/// A keyed fingerprint of a byte stream under a random key nobody else knows.
///
/// Tells whether two passes saw the same bytes; the comparison is constant-time.
pub(crate) struct Fingerprint {
    key: hmac::Key,
    context: hmac::Context,
}

impl Fingerprint {
    /// # Errors
    /// [`Failed`] if the system has no randomness.
    pub(crate) fn new() -> Result<Self, Failed> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &rand::SystemRandom::new())
            .map_err(|_| Failed)?;
        let context = hmac::Context::with_key(&key);
        Ok(Self { key, context })
    }

    /// Appends `bytes` to the stream.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    /// Whether the stream so far is exactly `bytes`.
    pub(crate) fn matches(&self, bytes: &[u8]) -> bool {
        let tag = self.context.clone().sign();
        hmac::verify(&self.key, bytes, tag.as_ref()).is_ok()
    }

    /// Forgets the stream; the key stays.
    pub(crate) fn restart(&mut self) {
        self.context = hmac::Context::with_key(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealing_and_opening_are_inverse() {
        for algorithm in [
            Algorithm::Aes128Gcm,
            Algorithm::Aes256Gcm,
            Algorithm::ChaCha20Poly1305,
        ] {
            let key = AeadKey::new(algorithm, &[7; MAX_KEY_LEN][..algorithm.key_len()]).unwrap();
            for (content_type, padding) in [(None, 0), (Some(23), 0), (Some(23), 99)] {
                let plain = Plain {
                    fragment: b"fragment",
                    content_type,
                    padding,
                };
                let len = 8 + usize::from(content_type.is_some()) + padding;
                let mut data = vec![1; len + TAG_LEN];
                key.seal([1; NONCE_LEN], b"header", plain, &mut data)
                    .unwrap();
                assert_eq!(key.open([1; NONCE_LEN], b"header", &mut data), Ok(len));
                let expected = [b"fragment".as_slice(), content_type.as_slice()].concat();
                assert_eq!(data[..expected.len()], expected);
                assert!(data[expected.len()..len].iter().all(|&byte| byte == 0));
                let short = &mut data[1..TAG_LEN];
                assert_eq!(
                    key.seal([1; NONCE_LEN], b"header", plain, short),
                    Err(Failed)
                );
            }
            let plain = Plain {
                fragment: b"fragment",
                content_type: None,
                padding: 0,
            };
            let mut data = [0; 8 + TAG_LEN];
            key.seal([1; NONCE_LEN], b"header", plain, &mut data)
                .unwrap();
            assert_eq!(
                key.open([2; NONCE_LEN], b"header", &mut data.clone()),
                Err(Failed)
            );
            assert_eq!(key.open([1; NONCE_LEN], b"Header", &mut data), Err(Failed));
        }
    }

    #[test]
    fn a_fingerprint_knows_its_stream() {
        let mut fingerprint = Fingerprint::new().unwrap();
        fingerprint.update(b"ab");
        fingerprint.update(b"cd");
        assert!(fingerprint.matches(b"abcd"));
        assert!(!fingerprint.matches(b"abce"));
        fingerprint.restart();
        assert!(fingerprint.matches(b""));
    }

    #[test]
    fn an_expansion_beyond_255_blocks_fails() {
        let mut out = vec![0; 255 * 32 + 1];
        assert_eq!(
            Prk::new(Hash::Sha256, &[0; 32]).expand(&[b"x"], &mut out),
            Err(Failed)
        );
    }
}
