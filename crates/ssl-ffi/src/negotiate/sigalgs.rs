//! Signature schemes: code points, names, what they are made of, and the lists that programs set.
//!
//! Knows all that OpenSSL 3.0 has in its table but GOST, because a program may list any of them. Does not
//! choose one; that is selection's.

use super::list::{self, ListFault};
use super::nid;

/// A signature scheme (RFC 8446 section 4.2.3, RFC 5246 section 7.4.1.4.1).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Scheme {
    /// The code point.
    pub(crate) id: u16,
    /// The name in lists; `None` for what only TLS 1.2 knew, as a pair of hash and signature.
    pub(crate) name: Option<&'static str>,
    /// NID of the digest; 0 if the signature has its own.
    pub(crate) hash: i32,
    /// NID of the signature: RSA and RSA-PSS differ by the padding, not by the key.
    pub(crate) signature: i32,
    /// The kind of key it is made with.
    pub(crate) key: KeyKind,
    /// NID of signature and digest together, as certificates name them; 0 if there is none.
    pub(crate) signature_and_hash: i32,
    /// NID of the curve that TLS 1.3 binds it to; 0 if there is none.
    pub(crate) curve: i32,
}

/// Kinds of keys in certificates, in the order in which OpenSSL stores them (`SSL_PKEY_*`, without GOST).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum KeyKind {
    /// RSA keys for any padding.
    #[default]
    Rsa,
    /// RSA keys for PSS alone.
    RsaPss,
    /// Stored, never used: no suite of ours signs with it.
    Dsa,
    /// On a curve of Weierstraß form.
    Ec,
    Ed25519,
    Ed448,
}

/// A list of schemes as a program set it, most wanted first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SchemeList(Vec<u16>);

impl Scheme {
    /// Bits of strength: half of the digest's, fewer where it is broken.
    pub(crate) fn bits(&self) -> u16 {
        match (self.hash, self.key) {
            (nid::SHA1, _) => 64,
            (nid::SHA224, _) => 112,
            (nid::SHA256, _) | (_, KeyKind::Ed25519) => 128,
            (nid::SHA384, _) => 192,
            (nid::SHA512, _) => 256,
            (_, KeyKind::Ed448) => 224,
            _ => 0,
        }
    }

    /// Whether the signature is RSA with the padding of PKCS #1 version 1.5, which TLS 1.3 has no use for.
    pub(crate) fn is_pkcs1(&self) -> bool {
        self.signature == nid::RSA
    }

    /// Whether TLS 1.3 may sign a handshake with it.
    pub(crate) fn signs_tls13(&self) -> bool {
        !self.is_pkcs1()
            && self.signature != nid::DSA
            && !matches!(self.hash, nid::SHA1 | nid::SHA224)
    }

    /// Least bytes of an RSA key that has room for it; 0 if any does.
    pub(crate) fn least_rsa_bytes(&self) -> usize {
        match (self.signature, self.hash) {
            (nid::RSA_PSS, nid::SHA256) => 2 * 32 + 2,
            (nid::RSA_PSS, nid::SHA384) => 2 * 48 + 2,
            (nid::RSA_PSS, nid::SHA512) => 2 * 64 + 2,
            _ => 0,
        }
    }

    /// Whether it has its place where TLS 1.3 was agreed on, or in the hello of a client that accepts no
    /// less.
    pub(crate) fn fits(&self, tls13: bool, tls13_hello: bool) -> bool {
        let dsa = self.signature == nid::DSA;
        let weak = dsa || matches!(self.hash, nid::SHA1 | nid::SHA224);
        !(tls13 && dsa || tls13_hello && weak)
    }
}

/// The scheme with this code point.
pub(crate) fn from_wire(id: u16) -> Option<&'static Scheme> {
    SCHEMES.iter().find(|scheme| scheme.id == id)
}

/// The first scheme made of these two; for RSA-PSS it is the one for plain RSA keys.
pub(crate) fn from_pair(hash: i32, signature: i32) -> Option<&'static Scheme> {
    SCHEMES
        .iter()
        .find(|scheme| scheme.hash == hash && scheme.signature == signature)
}

/// What a TLS 1.2 peer without a list can verify (RFC 5246 section 7.4.1.4.1): SHA-1 with the kind of key.
pub(crate) fn legacy(key: KeyKind) -> Option<&'static Scheme> {
    match key {
        KeyKind::Rsa => from_pair(nid::SHA1, nid::RSA),
        KeyKind::Dsa => from_pair(nid::SHA1, nid::DSA),
        KeyKind::Ec => from_pair(nid::SHA1, nid::EC),
        KeyKind::RsaPss | KeyKind::Ed25519 | KeyKind::Ed448 => None,
    }
}

impl SchemeList {
    /// From names between colons, `RSA+SHA256:ecdsa_secp384r1_sha384`.
    ///
    /// # Errors
    /// [`ListFault`] at an element that is neither the name of a scheme nor a pair that makes one, or that
    /// names one named before.
    pub(crate) fn from_names(text: &[u8]) -> Result<Self, ListFault> {
        let mut ids = Vec::new();
        for element in list::elements(text) {
            if element.is_empty() || element.len() > MAX_ELEMENT {
                return Err(ListFault::Malformed);
            }
            let scheme = std::str::from_utf8(element).ok().and_then(by_element);
            let id = scheme.ok_or_else(|| ListFault::unknown(element))?.id;
            if ids.contains(&id) {
                return Err(ListFault::Malformed);
            }
            ids.push(id);
        }
        Ok(Self(ids))
    }

    /// From pairs of NIDs: digest, signature, digest, signature.
    ///
    /// # Errors
    /// [`ListFault`] if there is none or half of one, or one that makes no scheme.
    pub(crate) fn from_nids(nids: &[i32]) -> Result<Self, ListFault> {
        if nids.is_empty() {
            return Err(ListFault::Empty);
        }
        let pairs = nids.chunks(2).map(|pair| match *pair {
            [hash, signature] => from_pair(hash, signature),
            _ => None,
        });
        let ids: Option<Vec<u16>> = pairs.map(|scheme| Some(scheme?.id)).collect();
        ids.map(Self).ok_or(ListFault::Malformed)
    }

    /// Exactly these code points, for Suite B.
    pub(crate) fn of(ids: &[u16]) -> Self {
        Self(ids.to_vec())
    }

    /// The code points, all of them.
    pub(crate) fn wire(&self) -> &[u16] {
        &self.0
    }
}

impl Default for SchemeList {
    /// OpenSSL 3.0's.
    fn default() -> Self {
        Self(DEFAULT.to_vec())
    }
}

/// One element of a list: a name, or two words with a plus between them, in either order.
fn by_element(element: &str) -> Option<&'static Scheme> {
    let Some((first, second)) = element.split_once('+') else {
        return SCHEMES.iter().find(|scheme| scheme.name == Some(element));
    };
    let (mut hash, mut signature) = (nid::UNDEF, nid::UNDEF);
    for word in [first, second] {
        match word {
            "RSA" => signature = nid::RSA,
            "RSA-PSS" | "PSS" => signature = nid::RSA_PSS,
            "DSA" => signature = nid::DSA,
            "ECDSA" => signature = nid::EC,
            // The short and the long name of libcrypto's object; any other has no scheme.
            "SHA1" | "sha1" => hash = nid::SHA1,
            "SHA224" | "sha224" => hash = nid::SHA224,
            "SHA256" | "sha256" => hash = nid::SHA256,
            "SHA384" | "sha384" => hash = nid::SHA384,
            "SHA512" | "sha512" => hash = nid::SHA512,
            _ => hash = nid::UNDEF,
        }
    }
    match (hash, signature) {
        (nid::UNDEF, _) | (_, nid::UNDEF) => None,
        (hash, signature) => from_pair(hash, signature),
    }
}

/// Longest element OpenSSL reads, bytes.
const MAX_ELEMENT: usize = 39;

/// ECDSA, EdDSA, PSS, then PKCS #1, and last what is weak; without GOST.
const DEFAULT: [u16; 23] = [
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806, 0x0401,
    0x0501, 0x0601, 0x0303, 0x0203, 0x0301, 0x0201, 0x0302, 0x0202, 0x0402, 0x0502, 0x0602,
];

macro_rules! schemes {
    ($($id:literal, $name:expr, $hash:ident, $signature:ident, $key:ident, $both:ident, $curve:ident;)*) => {
        /// In OpenSSL's order, which decides what a pair of digest and signature means.
        static SCHEMES: &[Scheme] = &[$(Scheme {
            id: $id,
            name: $name,
            hash: nid::$hash,
            signature: nid::$signature,
            key: KeyKind::$key,
            signature_and_hash: nid::$both,
            curve: nid::$curve,
        }),*];
    };
}

schemes! {
    0x0403, Some("ecdsa_secp256r1_sha256"), SHA256, EC, Ec, ECDSA_WITH_SHA256, PRIME256V1;
    0x0503, Some("ecdsa_secp384r1_sha384"), SHA384, EC, Ec, ECDSA_WITH_SHA384, SECP384R1;
    0x0603, Some("ecdsa_secp521r1_sha512"), SHA512, EC, Ec, ECDSA_WITH_SHA512, SECP521R1;
    0x0807, Some("ed25519"), UNDEF, ED25519, Ed25519, UNDEF, UNDEF;
    0x0808, Some("ed448"), UNDEF, ED448, Ed448, UNDEF, UNDEF;
    0x0303, None, SHA224, EC, Ec, ECDSA_WITH_SHA224, UNDEF;
    0x0203, None, SHA1, EC, Ec, ECDSA_WITH_SHA1, UNDEF;
    0x0804, Some("rsa_pss_rsae_sha256"), SHA256, RSA_PSS, Rsa, UNDEF, UNDEF;
    0x0805, Some("rsa_pss_rsae_sha384"), SHA384, RSA_PSS, Rsa, UNDEF, UNDEF;
    0x0806, Some("rsa_pss_rsae_sha512"), SHA512, RSA_PSS, Rsa, UNDEF, UNDEF;
    0x0809, Some("rsa_pss_pss_sha256"), SHA256, RSA_PSS, RsaPss, UNDEF, UNDEF;
    0x080a, Some("rsa_pss_pss_sha384"), SHA384, RSA_PSS, RsaPss, UNDEF, UNDEF;
    0x080b, Some("rsa_pss_pss_sha512"), SHA512, RSA_PSS, RsaPss, UNDEF, UNDEF;
    0x0401, Some("rsa_pkcs1_sha256"), SHA256, RSA, Rsa, SHA256_WITH_RSA, UNDEF;
    0x0501, Some("rsa_pkcs1_sha384"), SHA384, RSA, Rsa, SHA384_WITH_RSA, UNDEF;
    0x0601, Some("rsa_pkcs1_sha512"), SHA512, RSA, Rsa, SHA512_WITH_RSA, UNDEF;
    0x0301, Some("rsa_pkcs1_sha224"), SHA224, RSA, Rsa, SHA224_WITH_RSA, UNDEF;
    0x0201, Some("rsa_pkcs1_sha1"), SHA1, RSA, Rsa, SHA1_WITH_RSA, UNDEF;
    0x0402, None, SHA256, DSA, Dsa, DSA_WITH_SHA256, UNDEF;
    0x0502, None, SHA384, DSA, Dsa, UNDEF, UNDEF;
    0x0602, None, SHA512, DSA, Dsa, UNDEF, UNDEF;
    0x0302, None, SHA224, DSA, Dsa, UNDEF, UNDEF;
    0x0202, None, SHA1, DSA, Dsa, DSA_WITH_SHA1, UNDEF;
}

#[cfg(test)]
mod tests {
    use super::super::security;
    use super::*;

    fn wire(text: &str) -> Option<Vec<u16>> {
        let list = SchemeList::from_names(text.as_bytes()).ok()?;
        Some(list.wire().to_vec())
    }

    #[test]
    fn names_and_pairs() {
        assert_eq!(
            wire("RSA+SHA256:ECDSA+SHA384:rsa_pss_rsae_sha256:ed25519"),
            Some(vec![0x0401, 0x0503, 0x0804, 0x0807])
        );
        assert_eq!(wire("SHA256+RSA: PSS+sha384 "), Some(vec![0x0401, 0x0805]));
        assert_eq!(wire("RSA-PSS+SHA512:DSA+SHA1"), Some(vec![0x0806, 0x0202]));
        for bad in [
            "",
            ":",
            "RSA",
            "RSA+",
            "+SHA256",
            "RSA+RSA",
            "SHA256+SHA384",
            "RSA+MD5",
            "RSA+SHA256:",
            "rsa+sha256",
            "ED25519",
            "RSA+SHA256:rsa_pkcs1_sha256",
            "ECDSA+RSA+SHA256",
            "SHA256+FOO",
            "FOO+RSA",
        ] {
            assert_eq!(wire(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn lists_by_nid() {
        let wire = |nids: &[i32]| SchemeList::from_nids(nids).map(|list| list.wire().to_vec());
        assert_eq!(wire(&[672, 6, 673, 408]), Ok(vec![0x0401, 0x0503]));
        assert_eq!(wire(&[672, 6, 672, 6]), Ok(vec![0x0401, 0x0401]));
        assert_eq!(wire(&[672, 912]), Ok(vec![0x0804]));
        assert_eq!(wire(&[672]), Err(ListFault::Malformed));
        assert_eq!(wire(&[6, 672]), Err(ListFault::Malformed));
        assert_eq!(wire(&[]), Err(ListFault::Empty));
    }

    #[test]
    fn the_default_as_the_system_offers_it() {
        let ids = |level, tls13_hello| -> Vec<u16> {
            let known = SchemeList::default().wire().to_vec().into_iter();
            let allowed = known.filter_map(from_wire).filter(|scheme| {
                scheme.fits(false, tls13_hello) && security::allows_scheme(level, scheme)
            });
            allowed.map(|scheme| scheme.id).collect()
        };
        // What s_client of OpenSSL 3.0 sends at level 2; the bytes are in ssl_record's tests too.
        let sent = [
            0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806,
            0x0401, 0x0501, 0x0601, 0x0303, 0x0301, 0x0302, 0x0402, 0x0502, 0x0602,
        ];
        assert_eq!(ids(2, false), sent);
        assert_eq!(ids(2, true), sent[..14]);
        assert_eq!(ids(0, false), DEFAULT);
    }

    #[test]
    fn every_default_has_its_row() {
        assert_eq!(SCHEMES.len(), DEFAULT.len());
        for id in DEFAULT {
            let scheme = from_wire(id).unwrap();
            assert!(scheme.bits() > 0, "{id:#06x}");
        }
        assert_eq!(legacy(KeyKind::Ec).map(|scheme| scheme.id), Some(0x0203));
        assert_eq!(legacy(KeyKind::Ed25519), None);
    }

    #[test]
    fn room_for_pss() {
        let least = |id| from_wire(id).unwrap().least_rsa_bytes();
        // 1024 bits are 128 bytes: too few for SHA-512.
        assert!(least(0x0805) <= 128 && least(0x0806) > 128 && least(0x0601) == 0);
    }
}
