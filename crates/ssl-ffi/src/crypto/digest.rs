//! One-shot digests.
//!
//! Owns the call to libcrypto. Knows nothing of what is hashed.

use std::ffi::{CStr, c_uint};

use openssl_sys as ffi;

use super::sys;

/// A digest that TLS uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digest {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Digest {
    /// Hashes; `None` if libcrypto cannot, for example under a provider without the digest.
    pub(crate) fn of(self, data: &[u8]) -> Option<Vec<u8>> {
        let mut out = vec![0; self.length()];
        let mut size: c_uint = 0;
        // SAFETY: the digest is static, the output has its length.
        let done = unsafe {
            sys::EVP_Digest(
                data.as_ptr().cast(),
                data.len(),
                out.as_mut_ptr(),
                &raw mut size,
                self.raw(),
                std::ptr::null_mut(),
            )
        };
        (done == 1 && size as usize == out.len()).then_some(out)
    }

    pub(crate) fn from_nid(nid: i32) -> Option<Self> {
        let all = [
            Self::Sha1,
            Self::Sha224,
            Self::Sha256,
            Self::Sha384,
            Self::Sha512,
        ];
        all.into_iter().find(|digest| digest.nid() == nid)
    }

    pub(crate) fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The name by which libcrypto finds it.
    pub(crate) fn name(self) -> &'static CStr {
        match self {
            Self::Sha1 => c"SHA1",
            Self::Sha224 => c"SHA2-224",
            Self::Sha256 => c"SHA2-256",
            Self::Sha384 => c"SHA2-384",
            Self::Sha512 => c"SHA2-512",
        }
    }

    /// The NID.
    pub(crate) fn nid(self) -> i32 {
        match self {
            Self::Sha1 => ffi::NID_sha1,
            Self::Sha224 => ffi::NID_sha224,
            Self::Sha256 => ffi::NID_sha256,
            Self::Sha384 => ffi::NID_sha384,
            Self::Sha512 => ffi::NID_sha512,
        }
    }

    /// The static `EVP_MD`.
    pub(crate) fn raw(self) -> *const ffi::EVP_MD {
        // SAFETY: no preconditions; the objects are static.
        unsafe {
            match self {
                Self::Sha1 => ffi::EVP_sha1(),
                Self::Sha224 => ffi::EVP_sha224(),
                Self::Sha256 => ffi::EVP_sha256(),
                Self::Sha384 => ffi::EVP_sha384(),
                Self::Sha512 => ffi::EVP_sha512(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Digest;

    #[test]
    fn known_answers() {
        let hex = |digest: Digest| -> String {
            digest
                .of(b"abc")
                .unwrap()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect()
        };
        assert_eq!(
            hex(Digest::Sha1),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        assert_eq!(
            hex(Digest::Sha256),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        for digest in [Digest::Sha224, Digest::Sha384, Digest::Sha512] {
            assert_eq!(hex(digest).len(), 2 * digest.length());
        }
    }
}
