//! What of the key schedule remains after the handshake: key updates and exporters.
//!
//! RFC 8446 sections 7.1, 7.2, 7.3 and 7.5; RFC 5246 section 5 and RFC 5705. Secrets are wiped when
//! dropped and never printed.

use zeroize::Zeroize;

use super::aead::{
    Algorithm, Failed, Hash, MAX_HASH_LEN, MAX_KEY_LEN, NONCE_LEN, Prk, digest, hmac,
};

/// A secret of at most 48 bytes, wiped when dropped.
#[derive(Clone)]
pub(crate) struct Secret {
    bytes: [u8; MAX_HASH_LEN],
    len: u8,
}

impl Secret {
    /// Copies `bytes`; `None` if there are more than 48.
    pub(crate) fn new(bytes: &[u8]) -> Option<Self> {
        let mut secret = Self {
            bytes: [0; MAX_HASH_LEN],
            len: u8::try_from(bytes.len()).ok()?,
        };
        secret.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(secret)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len.into()]
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        // As a slice: an array is wiped byte by byte.
        self.bytes.as_mut_slice().zeroize();
    }
}

/// HKDF-Expand-Label with `context` (RFC 8446 section 7.1).
fn expand_label(secret: &Prk, label: &[u8], context: &[u8], out: &mut [u8]) -> Result<(), Failed> {
    let len = u16::try_from(out.len()).map_err(|_| Failed)?.to_be_bytes();
    let label_len = [u8::try_from(b"tls13 ".len() + label.len()).map_err(|_| Failed)?];
    let context_len = [u8::try_from(context.len()).map_err(|_| Failed)?];
    secret.expand(
        &[&len, &label_len, b"tls13 ", label, &context_len, context],
        out,
    )
}

/// A TLS 1.3 traffic secret: the root of one direction's keys until the next key update.
#[derive(Clone)]
pub(crate) struct TrafficSecret {
    hash: Hash,
    secret: Secret,
    /// Once it was derived: these few bytes save a third of what the next expansion costs. It is not secret
    /// without the key.
    iv: Option<[u8; NONCE_LEN]>,
}

/// A key and its initialization vector, wiped when dropped.
pub(crate) struct KeyMaterial {
    key: [u8; MAX_KEY_LEN],
    key_len: u8,
    iv: [u8; NONCE_LEN],
}

impl KeyMaterial {
    /// Copies a key and its vector; `None` if a length is not that of any suite.
    pub(crate) fn new(key: &[u8], iv: &[u8]) -> Option<Self> {
        let mut material = Self {
            key: [0; MAX_KEY_LEN],
            key_len: u8::try_from(key.len()).ok()?,
            iv: iv.try_into().ok()?,
        };
        material.key.get_mut(..key.len())?.copy_from_slice(key);
        Some(material)
    }

    pub(crate) fn key(&self) -> &[u8] {
        &self.key[..self.key_len.into()]
    }

    pub(crate) fn iv(&self) -> [u8; NONCE_LEN] {
        self.iv
    }
}

impl Drop for KeyMaterial {
    fn drop(&mut self) {
        self.key.as_mut_slice().zeroize();
        self.iv.as_mut_slice().zeroize();
    }
}

impl TrafficSecret {
    pub(crate) const fn new(hash: Hash, secret: Secret) -> Self {
        let iv = None;
        Self { hash, secret, iv }
    }

    /// The key and vector that this secret stands for (RFC 8446 section 7.3).
    pub(crate) fn key_material(&mut self, algorithm: Algorithm) -> Result<KeyMaterial, Failed> {
        let mut material = KeyMaterial {
            key: [0; MAX_KEY_LEN],
            key_len: algorithm.key_len() as u8,
            iv: self.iv.unwrap_or_default(),
        };
        let secret = self.prepared();
        let key = &mut material.key[..algorithm.key_len()];
        expand_label(&secret, b"key", b"", key)?;
        if self.iv.is_none() {
            expand_label(&secret, b"iv", b"", &mut material.iv)?;
            self.iv = Some(material.iv);
        }
        Ok(material)
    }

    /// The secret after a key update (RFC 8446 section 7.2).
    pub(crate) fn updated(&self) -> Result<Self, Failed> {
        let mut next = Secret {
            bytes: [0; MAX_HASH_LEN],
            len: self.secret.len,
        };
        let out = &mut next.bytes[..self.hash.len()];
        expand_label(&self.prepared(), b"traffic upd", b"", out)?;
        Ok(Self::new(self.hash, next))
    }

    fn prepared(&self) -> Prk {
        Prk::new(self.hash, self.secret.bytes())
    }
}

/// Derives keying material for the application after the handshake is gone.
#[derive(Clone)]
pub(crate) enum Exporter {
    /// The exporter master secret.
    Tls13 { hash: Hash, secret: Secret },
    /// The master secret and both hello randoms.
    Tls12 {
        hash: Hash,
        master_secret: Secret,
        randoms: [u8; 64],
    },
}

impl Exporter {
    /// The master secret, in TLS 1.2.
    pub(crate) fn master_secret(&self) -> Option<&[u8]> {
        match self {
            Self::Tls13 { .. } => None,
            Self::Tls12 { master_secret, .. } => Some(master_secret.bytes()),
        }
    }

    /// Fills `out` with keying material for `label` and `context` (RFC 5705; RFC 8446 section 7.5).
    ///
    /// In TLS 1.3 no context and an empty one are the same; in TLS 1.2 they differ.
    pub(crate) fn export(
        &self,
        out: &mut [u8],
        label: &[u8],
        context: Option<&[u8]>,
    ) -> Result<(), Failed> {
        match self {
            Self::Tls13 { hash, secret } => {
                let len = hash.len();
                let mut derived = [0; MAX_HASH_LEN];
                let no_messages = digest(*hash, b"");
                expand_label(
                    &Prk::new(*hash, secret.bytes()),
                    label,
                    &no_messages[..len],
                    &mut derived[..len],
                )?;
                let context = digest(*hash, context.unwrap_or_default());
                let prepared = Prk::new(*hash, &derived[..len]);
                let result = expand_label(&prepared, b"exporter", &context[..len], out);
                derived.as_mut_slice().zeroize();
                result
            }
            Self::Tls12 {
                hash,
                master_secret,
                randoms,
            } => {
                let len = match context {
                    Some(context) => u16::try_from(context.len())
                        .map_err(|_| Failed)?
                        .to_be_bytes(),
                    None => [0; 2],
                };
                let seed: &[&[u8]] = match context {
                    Some(context) => &[label, randoms, &len, context],
                    None => &[label, randoms],
                };
                prf(*hash, master_secret.bytes(), seed, out);
                Ok(())
            }
        }
    }
}

/// What client and server of TLS 1.2 seal with (RFC 5246 section 6.3); `randoms` are the server's and the
/// client's.
pub(crate) fn tls12_keys(
    hash: Hash,
    master_secret: &Secret,
    randoms: &[u8; 64],
    algorithm: Algorithm,
) -> Option<(KeyMaterial, KeyMaterial)> {
    let mut block = [0; 2 * (MAX_KEY_LEN + NONCE_LEN)];
    let block_len = 2 * (algorithm.key_len() + fixed_iv_len(algorithm));
    let seed: [&[u8]; 2] = [b"key expansion", randoms];
    prf(hash, master_secret.bytes(), &seed, &mut block[..block_len]);
    let keys = split_key_block(&block[..block_len], algorithm);
    block.as_mut_slice().zeroize();
    keys
}

/// What client and server of TLS 1.2 seal with, from a key block: two keys, two vectors, and what the explicit
/// part of nonces starts from, if there is anything more. `None` if it is too short.
pub(crate) fn split_key_block(
    block: &[u8],
    algorithm: Algorithm,
) -> Option<(KeyMaterial, KeyMaterial)> {
    let (key_len, iv_len) = (algorithm.key_len(), fixed_iv_len(algorithm));
    let (client, rest) = block.split_at_checked(key_len)?;
    let (server, rest) = rest.split_at_checked(key_len)?;
    let (client_iv, rest) = rest.split_at_checked(iv_len)?;
    let (server_iv, explicit) = rest.split_at_checked(iv_len)?;
    let material = |key: &[u8], fixed: &[u8]| {
        let mut iv = [0; NONCE_LEN];
        iv[..iv_len].copy_from_slice(fixed);
        for (byte, start) in iv[iv_len..].iter_mut().zip(explicit) {
            *byte = *start;
        }
        KeyMaterial::new(key, &iv)
    };
    Some((material(client, client_iv)?, material(server, server_iv)?))
}

/// RFC 5288 section 3: of an AES-GCM nonce only the first four bytes; RFC 7905: all.
const fn fixed_iv_len(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::Aes128Gcm | Algorithm::Aes256Gcm => 4,
        Algorithm::ChaCha20Poly1305 => NONCE_LEN,
    }
}

/// P_hash of RFC 5246 section 5; `seed` is label and seed, concatenated.
fn prf(hash: Hash, secret: &[u8], seed: &[&[u8]], out: &mut [u8]) {
    let mut a = hmac(hash, secret, seed);
    for block in out.chunks_mut(hash.len()) {
        let mut parts = vec![&a[..hash.len()]];
        parts.extend_from_slice(seed);
        let output = hmac(hash, secret, &parts);
        block.copy_from_slice(&output[..block.len()]);
        a = hmac(hash, secret, &[&a[..hash.len()]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
            .collect()
    }

    /// RFC 8448 section 3: the server's application traffic secret and what follows from it.
    #[test]
    fn keys_follow_rfc_8448() {
        let secret = bytes("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643");
        let mut secret = TrafficSecret::new(Hash::Sha256, Secret::new(&secret).unwrap());
        for _ in 0..2 {
            let material = secret.key_material(Algorithm::Aes128Gcm).unwrap();
            assert_eq!(material.key(), bytes("9f02283b6c9c07efc26bb9f2ac92e356"));
            assert_eq!(material.iv().to_vec(), bytes("cf782b88dd83549aadf1e984"));
        }
    }

    #[test]
    fn an_update_gives_another_secret_every_time() {
        let first = TrafficSecret::new(Hash::Sha384, Secret::new(&[9; 48]).unwrap());
        let second = first.updated().unwrap();
        let third = second.updated().unwrap();
        assert_ne!(first.secret.bytes(), second.secret.bytes());
        assert_ne!(second.secret.bytes(), third.secret.bytes());
    }

    /// A published P_SHA256 vector (label "test label").
    #[test]
    fn the_prf_matches_a_published_vector() {
        let secret = bytes("9bbe436ba940f017b17652849a71db35");
        let seed = bytes("a0ba9f936cda311827a6f796ffd5198c");
        let mut out = [0; 32];
        prf(Hash::Sha256, &secret, &[b"test label", &seed], &mut out);
        assert_eq!(
            out.to_vec(),
            bytes("e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a")
        );
    }

    #[test]
    fn only_tls12_tells_an_empty_context_from_none() {
        let tls12 = Exporter::Tls12 {
            hash: Hash::Sha256,
            master_secret: Secret::new(&[1; 48]).unwrap(),
            randoms: [2; 64],
        };
        let tls13 = Exporter::Tls13 {
            hash: Hash::Sha256,
            secret: Secret::new(&[3; 32]).unwrap(),
        };
        for (exporter, same) in [(tls12, false), (tls13, true)] {
            let (mut none, mut empty) = ([0; 20], [0; 20]);
            exporter.export(&mut none, b"EXPORTER-test", None).unwrap();
            exporter
                .export(&mut empty, b"EXPORTER-test", Some(b""))
                .unwrap();
            assert_eq!(none == empty, same);
        }
    }
}
