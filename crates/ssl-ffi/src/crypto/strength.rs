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

/// `EXFLAG_SS`.
const SELF_SIGNED: u32 = 0x2000;
