//! What libcrypto says of the strength of a certificate: of its key, and of the signature on it.
//!
//! Owns the questions. How much is enough is decided elsewhere.

use std::ffi::c_int;

use super::refs::X509;
use super::sys;

/// The signature on a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SignatureStrength {
    /// Bits; -1 if unknown.
    pub(crate) bits: c_int,
    /// NID of the digest, or of the signature if it has its own.
    pub(crate) nid: c_int,
}

/// Bits of strength of the certificate's key; -1 if it cannot be read.
pub(crate) fn of_key(certificate: &X509) -> c_int {
    let key = certificate.public_key();
    key.map_or(-1, |key| key.security_bits())
}

/// How strong the signature is; `None` on a certificate that signed itself, where it proves nothing.
pub(crate) fn of_signature(certificate: &X509) -> Option<SignatureStrength> {
    // SAFETY: the certificate is live.
    let flags = unsafe { sys::X509_get_extension_flags(certificate.as_ptr()) };
    if flags & SELF_SIGNED != 0 {
        return None;
    }
    let (mut digest, mut key, mut bits) = (0, 0, -1);
    // SAFETY: the certificate is live, and so are the places; the flags are not asked for.
    let known = unsafe {
        sys::X509_get_signature_info(
            certificate.as_ptr(),
            &raw mut digest,
            &raw mut key,
            &raw mut bits,
            std::ptr::null_mut(),
        )
    };
    Some(SignatureStrength {
        bits: if known == 1 { bits } else { -1 },
        nid: if digest == 0 { key } else { digest },
    })
}

/// NIDs of the digest and of the key that the certificate was signed with.
pub(crate) fn signature_of(certificate: &X509) -> Option<(c_int, c_int)> {
    let (mut digest, mut key) = (0, 0);
    let none = std::ptr::null_mut();
    // SAFETY: the certificate is live, and so are the places; the rest is not asked for.
    let known = unsafe {
        sys::X509_get_signature_info(
            certificate.as_ptr(),
            &raw mut digest,
            &raw mut key,
            none,
            none.cast(),
        )
    };
    (known == 1).then_some((digest, key))
}

/// NID of the signature on a certificate, digest and all.
pub(crate) fn signature_nid(certificate: &X509) -> c_int {
    // SAFETY: the certificate is live.
    unsafe { openssl_sys::X509_get_signature_nid(certificate.as_ptr()) }
}

/// Whether the certificate is for signing: its key usage says so, or it has none.
pub(crate) fn may_sign(certificate: &X509) -> bool {
    // SAFETY: the certificate is live.
    let usage = unsafe { openssl_sys::X509_get_key_usage(certificate.as_ptr()) };
    usage & DIGITAL_SIGNATURE != 0
}

/// `X509v3_KU_DIGITAL_SIGNATURE`.
const DIGITAL_SIGNATURE: u32 = 0x80;
/// `EXFLAG_SS`.
const SELF_SIGNED: u32 = 0x2000;
