//! The cipher and the MAC of one session ticket.
//!
//! Owns the contexts while a ticket is sealed or opened. Knows neither where keys come from nor how a
//! ticket is laid out.

use std::ffi::{CStr, c_int, c_uint, c_void};
use std::ptr::NonNull;

use openssl_sys as ffi;

use super::sys;

/// A cipher and a MAC, to be set up with keys.
pub(crate) struct Protection {
    cipher: NonNull<ffi::EVP_CIPHER_CTX>,
    mac: Mac,
}

/// Whether a ticket is made or read: the last argument of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Open = 0,
    Seal = 1,
}

/// A MAC in the form that the callback's type demands.
pub(crate) enum Mac {
    Evp(NonNull<ffi::EVP_MAC_CTX>),
    /// The form of OpenSSL 1.
    Hmac(NonNull<ffi::HMAC_CTX>),
}

impl Mac {
    pub(crate) fn evp() -> Option<Self> {
        Self::fetched(c"HMAC")
    }

    /// `None`, with an entry in the queue, if no provider has it.
    fn fetched(name: &CStr) -> Option<Self> {
        let null = std::ptr::null_mut();
        // SAFETY: the name is a C string; the algorithm is ours to free.
        let algorithm =
            NonNull::new(unsafe { ffi::EVP_MAC_fetch(null, name.as_ptr(), std::ptr::null()) })?;
        // SAFETY: the algorithm is live, which the first call demands; the context keeps a reference to it.
        let ctx = unsafe {
            let ctx = ffi::EVP_MAC_CTX_new(algorithm.as_ptr());
            ffi::EVP_MAC_free(algorithm.as_ptr());
            ctx
        };
        NonNull::new(ctx).map(Self::Evp)
    }

    pub(crate) fn hmac() -> Option<Self> {
        // SAFETY: no arguments.
        NonNull::new(unsafe { ffi::HMAC_CTX_new() }).map(Self::Hmac)
    }
}

impl Protection {
    pub(crate) fn new(mac: Mac) -> Option<Self> {
        // SAFETY: no arguments.
        let cipher = NonNull::new(unsafe { ffi::EVP_CIPHER_CTX_new() })?;
        Some(Self { cipher, mac })
    }

    /// For a callback: the cipher context, and the MAC context of its type.
    pub(crate) fn pointers(&mut self) -> (*mut ffi::EVP_CIPHER_CTX, *mut c_void) {
        let mac = match &self.mac {
            Mac::Evp(ctx) => ctx.as_ptr().cast(),
            Mac::Hmac(ctx) => ctx.as_ptr().cast(),
        };
        (self.cipher.as_ptr(), mac)
    }

    /// AES-256-CBC and HMAC-SHA256 with these keys.
    pub(crate) fn set_keys(
        &mut self,
        key: &[u8; CIPHER_KEY],
        iv: &[u8; IV_MAX],
        mac_key: &[u8; MAC_KEY],
        direction: Direction,
    ) -> bool {
        let (key, iv, cipher) = (key.as_ptr(), iv.as_ptr(), self.cipher.as_ptr());
        let no_engine = std::ptr::null_mut();
        // SAFETY: key and IV have the lengths of AES-256-CBC.
        let keyed = unsafe {
            let aes = ffi::EVP_aes_256_cbc();
            match direction {
                Direction::Seal => ffi::EVP_EncryptInit_ex(cipher, aes, no_engine, key, iv),
                Direction::Open => ffi::EVP_DecryptInit_ex(cipher, aes, no_engine, key, iv),
            }
        };
        keyed == 1 && self.set_mac_key(mac_key)
    }

    fn set_mac_key(&mut self, key: &[u8; MAC_KEY]) -> bool {
        let Mac::Evp(ctx) = &self.mac else {
            return false;
        };
        let digest = c"SHA256";
        // SAFETY: the names are constants, which libcrypto does not write to; the list is terminated.
        unsafe {
            let parameters = [
                sys::OSSL_PARAM_construct_utf8_string(
                    c"digest".as_ptr(),
                    digest.as_ptr().cast_mut(),
                    0,
                ),
                ffi::OSSL_PARAM_construct_end(),
            ];
            ffi::EVP_MAC_init(ctx.as_ptr(), key.as_ptr(), key.len(), parameters.as_ptr()) == 1
        }
    }

    /// The IV's length; `None` if no cipher was set up.
    pub(crate) fn iv_length(&self) -> Option<usize> {
        // SAFETY: the context lives.
        let length = unsafe {
            if ffi::EVP_CIPHER_CTX_get0_cipher(self.cipher.as_ptr()).is_null() {
                return None;
            }
            ffi::EVP_CIPHER_CTX_get_iv_length(self.cipher.as_ptr())
        };
        usize::try_from(length)
            .ok()
            .filter(|&length| length <= IV_MAX)
    }

    /// Appends the input, enciphered or deciphered as the cipher was set up.
    pub(crate) fn cipher(&mut self, input: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let start = out.len();
        out.resize(start + input.len() + 2 * BLOCK_MAX, 0);
        let at = &mut out[start..];
        let length = c_int::try_from(input.len()).ok()?;
        let (mut first, mut last) = (0, 0);
        // SAFETY: `out` has room for the input and two blocks more, which is what the two calls write
        // at most; the first writes no more than that less one block.
        let done = unsafe {
            let ctx = self.cipher.as_ptr();
            ffi::EVP_CipherUpdate(ctx, at.as_mut_ptr(), &raw mut first, input.as_ptr(), length) == 1
                && ffi::EVP_CipherFinal(
                    ctx,
                    at.as_mut_ptr().add(usize::try_from(first).unwrap_or(0)),
                    &raw mut last,
                ) == 1
        };
        let written = usize::try_from(first).ok()? + usize::try_from(last).ok()?;
        out.truncate(start + written);
        done.then_some(())
    }

    /// The MAC of the input; `None` if none was set up.
    pub(crate) fn mac(&mut self, input: &[u8]) -> Option<Vec<u8>> {
        let mut out = [0; MAC_MAX];
        let length = match &self.mac {
            Mac::Evp(ctx) => evp_mac(*ctx, input, &mut out),
            Mac::Hmac(ctx) => hmac(*ctx, input, &mut out),
        }?;
        Some(out.get(..length)?.to_vec())
    }

    /// Bytes of the MAC; 0 if none was set up.
    pub(crate) fn mac_length(&self) -> usize {
        // SAFETY: the contexts live.
        unsafe {
            match &self.mac {
                Mac::Evp(ctx) => ffi::EVP_MAC_CTX_get_mac_size(ctx.as_ptr()),
                Mac::Hmac(ctx) => sys::HMAC_size(ctx.as_ptr()),
            }
        }
    }
}

impl Drop for Protection {
    fn drop(&mut self) {
        // SAFETY: the context is ours, and this is its end; libcrypto wipes it.
        unsafe { ffi::EVP_CIPHER_CTX_free(self.cipher.as_ptr()) }
    }
}

impl Drop for Mac {
    fn drop(&mut self) {
        // SAFETY: the context is ours, and this is its end; libcrypto wipes it.
        unsafe {
            match self {
                Self::Evp(ctx) => ffi::EVP_MAC_CTX_free(ctx.as_ptr()),
                Self::Hmac(ctx) => ffi::HMAC_CTX_free(ctx.as_ptr()),
            }
        }
    }
}

fn evp_mac(ctx: NonNull<ffi::EVP_MAC_CTX>, input: &[u8], out: &mut [u8; MAC_MAX]) -> Option<usize> {
    let mut length = 0;
    // SAFETY: the context lives; the output has the room that is told.
    let done = unsafe {
        ffi::EVP_MAC_update(ctx.as_ptr(), input.as_ptr(), input.len()) == 1
            && ffi::EVP_MAC_final(ctx.as_ptr(), out.as_mut_ptr(), &raw mut length, MAC_MAX) == 1
    };
    done.then_some(length)
}

fn hmac(ctx: NonNull<ffi::HMAC_CTX>, input: &[u8], out: &mut [u8; MAC_MAX]) -> Option<usize> {
    let mut length: c_uint = 0;
    // SAFETY: the context lives; the output has room for any digest.
    let done = unsafe {
        ffi::HMAC_Update(ctx.as_ptr(), input.as_ptr(), input.len()) == 1
            && ffi::HMAC_Final(ctx.as_ptr(), out.as_mut_ptr(), &raw mut length) == 1
    };
    done.then_some(length as usize)
}

/// Compares in constant time.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    // SAFETY: both have the length that is told.
    one.len() == other.len()
        && unsafe { ffi::CRYPTO_memcmp(one.as_ptr().cast(), other.as_ptr().cast(), one.len()) == 0 }
}

pub(crate) const MAC_KEY: usize = 32;
/// AES-256.
pub(crate) const CIPHER_KEY: usize = 32;
/// `EVP_MAX_IV_LENGTH`: a callback may write this many bytes.
pub(crate) const IV_MAX: usize = 16;
/// `EVP_MAX_MD_SIZE`.
const MAC_MAX: usize = 64;
/// `EVP_MAX_BLOCK_LENGTH`.
const BLOCK_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::queue;

    #[test]
    fn a_mac_that_no_provider_has_is_none() {
        assert!(Mac::evp().is_some());
        assert!(queue::is_empty());
        assert!(Mac::fetched(c"no such mac").is_none());
        assert!(!queue::is_empty());
        queue::clear();
    }
}
