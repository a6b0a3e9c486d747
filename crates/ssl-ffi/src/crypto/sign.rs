//! Signatures by TLS scheme code points.
//!
//! Owns the way from a code point to libcrypto's parameters. The key may be an engine's, a provider's or
//! have an `RSA_METHOD` of the application's, whose code may call back or pause the running ASYNC job: no
//! borrow of a connection may be held here. Which scheme is acceptable is not decided here.

use std::ffi::{c_char, c_int};
use std::ptr::{NonNull, null, null_mut};

use openssl_sys as ffi;

use super::digest::Digest;
use super::refs::{EvpPkey, X509};
use super::{queue, sys};

/// Signs; on failure the queue says why, on success it is as it was.
pub(crate) fn sign(key: &EvpPkey, scheme: u16, message: &[u8]) -> Option<Vec<u8>> {
    let scheme = Scheme::of(scheme)?;
    queue::quiet_success(|| {
        let ctx = MdCtx::new()?;
        let mut key_ctx = null_mut();
        // SAFETY: context and key are live; the key's own library context and properties are used.
        let started = unsafe {
            sys::EVP_DigestSignInit_ex(
                ctx.raw(),
                &raw mut key_ctx,
                scheme.digest_name(),
                null_mut(),
                null(),
                key.as_ptr(),
                null(),
            )
        };
        // SAFETY: a started operation has a key context, which lives as long as `ctx`.
        (started == 1 && unsafe { scheme.pad(key_ctx) }).then_some(())?;
        let mut length = 0;
        let (data, size) = (message.as_ptr(), message.len());
        // SAFETY: the message has the size that is given; without a buffer only the length is told.
        let told =
            unsafe { ffi::EVP_DigestSign(ctx.raw(), null_mut(), &raw mut length, data, size) };
        (told == 1).then_some(())?;
        let mut signature = vec![0; length];
        let out = signature.as_mut_ptr();
        // SAFETY: the buffer has the length that was told, and `length` says so.
        let signed = unsafe { ffi::EVP_DigestSign(ctx.raw(), out, &raw mut length, data, size) };
        (signed == 1).then_some(())?;
        signature.truncate(length);
        Some(signature)
    })
}

/// Verifies with the key of a certificate in DER; the queue stays as it was.
pub(crate) fn verify(certificate: &[u8], scheme: u16, message: &[u8], signature: &[u8]) -> bool {
    queue::quiet(|| {
        X509::from_der(certificate)
            .and_then(|certificate| certificate.public_key())
            .is_some_and(|key| verify_with(&key, scheme, message, signature))
    })
}

/// Verifies with a key; the queue stays as it was.
pub(crate) fn verify_with(key: &EvpPkey, scheme: u16, message: &[u8], signature: &[u8]) -> bool {
    let Some(scheme) = Scheme::of(scheme).filter(|scheme| scheme.family.key_type() == key.id())
    else {
        return false;
    };
    queue::quiet(|| {
        let Some(ctx) = MdCtx::new() else {
            return false;
        };
        let mut key_ctx = null_mut();
        // SAFETY: context and key are live; each slice has the length that is given; the key context
        // lives as long as `ctx`.
        unsafe {
            sys::EVP_DigestVerifyInit_ex(
                ctx.raw(),
                &raw mut key_ctx,
                scheme.digest_name(),
                null_mut(),
                null(),
                key.as_ptr(),
                null(),
            ) == 1
                && scheme.pad(key_ctx)
                && ffi::EVP_DigestVerify(
                    ctx.raw(),
                    signature.as_ptr(),
                    signature.len(),
                    message.as_ptr(),
                    message.len(),
                ) == 1
        }
    })
}

/// The schemes that a key can sign with in TLS 1.2, those that TLS 1.3 has for it first; the queue stays
/// as it was. A key of a kind that TLS does not sign with has none.
pub(crate) fn schemes_of(key: &EvpPkey) -> Vec<u16> {
    let id = key.id();
    let mandatory = if id == sys::EVP_PKEY_RSA_PSS {
        mandatory_digest(key)
    } else {
        None
    };
    let fits = |scheme: &Scheme| {
        scheme.family.key_type() == id
            && scheme.fits_size(key)
            && mandatory.is_none_or(|nid| scheme.digest.map(Digest::nid) == Some(nid))
    };
    let curve = key.curve();
    let mut schemes: Vec<_> = SCHEMES.iter().filter(|scheme| fits(scheme)).collect();
    schemes.sort_by_key(|scheme| !scheme.fits_tls13(curve));
    schemes.iter().map(|scheme| scheme.code).collect()
}

/// Whether TLS 1.3 lets a key of this kind, on this curve, sign a handshake by the scheme.
pub(crate) fn fits_tls13(key: &EvpPkey, scheme: u16) -> bool {
    Scheme::of(scheme).is_some_and(|scheme| {
        scheme.family.key_type() == key.id() && scheme.fits_tls13(key.curve())
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Pkcs1,
    PssRsae,
    PssPss,
    Ecdsa,
    Ed25519,
    Ed448,
}

impl Family {
    fn key_type(self) -> c_int {
        match self {
            Self::Pkcs1 | Self::PssRsae => ffi::EVP_PKEY_RSA,
            Self::PssPss => sys::EVP_PKEY_RSA_PSS,
            Self::Ecdsa => ffi::EVP_PKEY_EC,
            Self::Ed25519 => ffi::EVP_PKEY_ED25519,
            Self::Ed448 => ffi::EVP_PKEY_ED448,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Scheme {
    code: u16,
    family: Family,
    digest: Option<Digest>,
    /// The curve that TLS 1.3 ties the scheme to.
    curve: Option<c_int>,
}

impl Scheme {
    fn of(code: u16) -> Option<Self> {
        SCHEMES.iter().find(|scheme| scheme.code == code).copied()
    }

    /// Whether TLS 1.3 has it for keys of its kind, on this curve.
    fn fits_tls13(&self, curve: Option<c_int>) -> bool {
        match self.family {
            Family::Pkcs1 => false,
            Family::Ecdsa => self.curve.is_some() && self.curve == curve,
            Family::PssRsae | Family::PssPss | Family::Ed25519 | Family::Ed448 => true,
        }
    }

    fn digest_name(&self) -> *const c_char {
        self.digest.map_or(null(), |digest| digest.name().as_ptr())
    }

    /// Sets the padding; MGF1 takes the hash of the signature unless told otherwise.
    ///
    /// # Safety
    /// The context is of a started operation with a key of the scheme's kind.
    unsafe fn pad(&self, key_ctx: *mut ffi::EVP_PKEY_CTX) -> bool {
        // SAFETY: the caller's promise.
        !matches!(self.family, Family::PssRsae | Family::PssPss)
            || unsafe {
                ffi::EVP_PKEY_CTX_set_rsa_padding(key_ctx, ffi::RSA_PKCS1_PSS_PADDING) > 0
                    && ffi::EVP_PKEY_CTX_set_rsa_pss_saltlen(key_ctx, SALT_AS_LONG_AS_DIGEST) > 0
            }
    }

    /// Whether the padding has room in the modulus.
    fn fits_size(&self, key: &EvpPkey) -> bool {
        let digest = self.digest.map_or(0, Digest::length);
        let least = match self.family {
            Family::PssRsae | Family::PssPss => 2 * digest + 2,
            Family::Pkcs1 => digest + PKCS1_OVERHEAD,
            Family::Ecdsa | Family::Ed25519 | Family::Ed448 => 0,
        };
        usize::try_from(key.bits()).is_ok_and(|bits| bits.div_ceil(8) >= least)
    }
}

const fn row(code: u16, family: Family, digest: Option<Digest>, curve: Option<c_int>) -> Scheme {
    Scheme {
        code,
        family,
        digest,
        curve,
    }
}

/// In OpenSSL's order of preference.
const SCHEMES: &[Scheme] = &[
    row(
        0x0403,
        Family::Ecdsa,
        Some(Digest::Sha256),
        Some(ffi::NID_X9_62_prime256v1),
    ),
    row(
        0x0503,
        Family::Ecdsa,
        Some(Digest::Sha384),
        Some(ffi::NID_secp384r1),
    ),
    row(
        0x0603,
        Family::Ecdsa,
        Some(Digest::Sha512),
        Some(ffi::NID_secp521r1),
    ),
    row(0x0807, Family::Ed25519, None, None),
    row(0x0808, Family::Ed448, None, None),
    row(0x0809, Family::PssPss, Some(Digest::Sha256), None),
    row(0x080a, Family::PssPss, Some(Digest::Sha384), None),
    row(0x080b, Family::PssPss, Some(Digest::Sha512), None),
    row(0x0804, Family::PssRsae, Some(Digest::Sha256), None),
    row(0x0805, Family::PssRsae, Some(Digest::Sha384), None),
    row(0x0806, Family::PssRsae, Some(Digest::Sha512), None),
    row(0x0401, Family::Pkcs1, Some(Digest::Sha256), None),
    row(0x0501, Family::Pkcs1, Some(Digest::Sha384), None),
    row(0x0601, Family::Pkcs1, Some(Digest::Sha512), None),
    row(0x0303, Family::Ecdsa, Some(Digest::Sha224), None),
    row(0x0203, Family::Ecdsa, Some(Digest::Sha1), None),
    row(0x0301, Family::Pkcs1, Some(Digest::Sha224), None),
    row(0x0201, Family::Pkcs1, Some(Digest::Sha1), None),
];

/// `RSA_PSS_SALTLEN_DIGEST`.
const SALT_AS_LONG_AS_DIGEST: c_int = -1;

/// The frame, the ASN.1 prefix of a hash and the least padding of a PKCS #1 v1.5 signature.
const PKCS1_OVERHEAD: usize = 11 + 19;

/// The digest that the parameters of an RSA-PSS key demand.
fn mandatory_digest(key: &EvpPkey) -> Option<c_int> {
    let mut nid = 0;
    // SAFETY: the key is live. 2 says mandatory, 1 advisory.
    let kind = queue::quiet(|| unsafe {
        sys::EVP_PKEY_get_default_digest_nid(key.as_ptr(), &raw mut nid)
    });
    (kind == 2).then_some(nid)
}

struct MdCtx(NonNull<ffi::EVP_MD_CTX>);

impl MdCtx {
    fn new() -> Option<Self> {
        // SAFETY: no preconditions.
        NonNull::new(unsafe { ffi::EVP_MD_CTX_new() }).map(Self)
    }

    fn raw(&self) -> *mut ffi::EVP_MD_CTX {
        self.0.as_ptr()
    }
}

impl Drop for MdCtx {
    fn drop(&mut self) {
        // SAFETY: the context is ours, and this is its end.
        unsafe { ffi::EVP_MD_CTX_free(self.0.as_ptr()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::{self, Kind};
    use crate::crypto::{queue, reason};

    #[test]
    fn what_is_signed_verifies_and_nothing_else() {
        for kind in [
            Kind::Rsa,
            Kind::RsaPss,
            Kind::P256,
            Kind::P384,
            Kind::Ed25519,
            Kind::Ed448,
        ] {
            let key = testing::key(kind);
            let schemes = schemes_of(&key);
            assert!(!schemes.is_empty(), "{kind:?}");
            queue::clear();
            queue::raise(reason::BAD_LENGTH);
            let before = queue::peek_last();
            for scheme in schemes {
                let signature = sign(&key, scheme, b"message").unwrap();
                assert!(
                    verify_with(&key, scheme, b"message", &signature),
                    "{kind:?} {scheme:#x}"
                );
                assert!(
                    !verify_with(&key, scheme, b"another", &signature),
                    "{kind:?} {scheme:#x}"
                );
                assert_eq!(queue::peek_last(), before);
            }
            queue::clear();
        }
    }

    #[test]
    fn schemes_follow_from_the_key() {
        let of = |kind| schemes_of(&testing::key(kind));
        assert_eq!(of(Kind::P384), [0x0503, 0x0403, 0x0603, 0x0303, 0x0203]);
        assert_eq!(of(Kind::RsaPss), [0x080a]);
        assert_eq!(of(Kind::Ed25519), [0x0807]);
        assert_eq!(
            of(Kind::Rsa),
            [
                0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0301, 0x0201
            ]
        );
        assert!(queue::is_empty());
    }

    #[test]
    fn a_certificate_verifies_for_its_key() {
        let identity = testing::self_signed(Kind::P256, "leaf.example");
        let der = identity.certificate.to_der().unwrap();
        let signature = sign(&identity.key, 0x0403, b"message").unwrap();
        assert!(verify(&der, 0x0403, b"message", &signature));
        assert!(!verify(&der, 0x0503, b"message", &signature));
        assert!(!verify(&der, 0x0804, b"message", &signature));
        assert!(!verify(&der[1..], 0x0403, b"message", &signature));
        assert!(queue::is_empty());
    }

    #[test]
    fn a_failure_is_explained_in_the_queue() {
        queue::clear();
        assert!(sign(&testing::key(Kind::RsaPss), 0x0809, b"message").is_none());
        assert!(!queue::is_empty());
        queue::clear();
    }
}
