//! The cipher and the MAC of one ticket, in libcrypto.
//!
//! Owns the contexts while a ticket is sealed or opened. Does not know where keys come from.

use std::ffi::{c_int, c_uint, c_void};
use std::ptr::NonNull;

use openssl_sys as ffi;
use zeroize::Zeroizing;

use super::super::sys;
use super::{CIPHER_KEY, Direction, IV_MAX, MAC_KEY, NAME, Opened};

/// A cipher and a MAC, to be set up with keys.
pub(super) struct Protection {
    cipher: NonNull<ffi::EVP_CIPHER_CTX>,
    mac: Mac,
}

/// A MAC in the form that the callback's type demands.
pub(super) enum Mac {
    Evp(NonNull<ffi::EVP_MAC_CTX>),
    /// The form of OpenSSL 1.
    Hmac(NonNull<ffi::HMAC_CTX>),
}

impl Mac {
    pub(super) fn evp() -> Option<Self> {
        let null = std::ptr::null_mut();
        // SAFETY: constant names; the context keeps its own reference to the algorithm.
        let ctx = unsafe {
            let algorithm = ffi::EVP_MAC_fetch(null, c"HMAC".as_ptr(), std::ptr::null());
            let ctx = ffi::EVP_MAC_CTX_new(algorithm);
            ffi::EVP_MAC_free(algorithm);
            ctx
        };
        NonNull::new(ctx).map(Self::Evp)
    }

    pub(super) fn hmac() -> Option<Self> {
        // SAFETY: no arguments.
        NonNull::new(unsafe { ffi::HMAC_CTX_new() }).map(Self::Hmac)
    }
}

impl Protection {
    pub(super) fn new(mac: Mac) -> Option<Self> {
        // SAFETY: no arguments.
        let cipher = NonNull::new(unsafe { ffi::EVP_CIPHER_CTX_new() })?;
        Some(Self { cipher, mac })
    }

    /// For a callback: the cipher context, and the MAC context of its type.
    pub(super) fn pointers(&mut self) -> (*mut ffi::EVP_CIPHER_CTX, *mut c_void) {
        let mac = match &self.mac {
            Mac::Evp(ctx) => ctx.as_ptr().cast(),
            Mac::Hmac(ctx) => ctx.as_ptr().cast(),
        };
        (self.cipher.as_ptr(), mac)
    }

    /// AES-256-CBC and HMAC-SHA256 with these keys.
    pub(super) fn set_keys(
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
    pub(super) fn iv_length(&self) -> Option<usize> {
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
    pub(super) fn cipher(&mut self, input: &[u8], out: &mut Vec<u8>) -> Option<()> {
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
    pub(super) fn mac(&mut self, input: &[u8]) -> Option<Vec<u8>> {
        let mut out = [0; MAC_MAX];
        let length = match &self.mac {
            Mac::Evp(ctx) => evp_mac(*ctx, input, &mut out),
            Mac::Hmac(ctx) => hmac(*ctx, input, &mut out),
        }?;
        Some(out.get(..length)?.to_vec())
    }

    /// Bytes of the MAC; 0 if none was set up.
    fn mac_length(&self) -> usize {
        // SAFETY: the contexts live.
        unsafe {
            match &self.mac {
                Mac::Evp(ctx) => ffi::EVP_MAC_CTX_get_mac_size(ctx.as_ptr()),
                Mac::Hmac(ctx) => sys::HMAC_size(ctx.as_ptr()),
            }
        }
    }

    /// Checks the MAC and deciphers the contents.
    pub(super) fn open(&mut self, ticket: &[u8], renew: bool) -> Opened {
        let mac_length = self.mac_length();
        let Some(iv_length) = self.iv_length().filter(|_| mac_length != 0) else {
            return Opened::Failed;
        };
        let Some(body) = ticket.len().checked_sub(mac_length) else {
            return Opened::Unknown;
        };
        if body <= NAME + iv_length {
            return Opened::Unknown;
        }
        let (sealed, mac) = ticket.split_at(body);
        let Some(expected) = self.mac(sealed) else {
            return Opened::Failed;
        };
        if !same(&expected, mac) {
            return Opened::Unknown;
        }
        let mut contents = Zeroizing::new(Vec::new());
        // A block that does not end as it should comes from another cipher: not our ticket.
        match self.cipher(&sealed[NAME + iv_length..], &mut contents) {
            Some(()) => Opened::Contents { contents, renew },
            None => Opened::Unknown,
        }
    }
}

impl Drop for Protection {
    fn drop(&mut self) {
        // SAFETY: the contexts are ours, and this is their end; libcrypto wipes them.
        unsafe {
            ffi::EVP_CIPHER_CTX_free(self.cipher.as_ptr());
            match &self.mac {
                Mac::Evp(ctx) => ffi::EVP_MAC_CTX_free(ctx.as_ptr()),
                Mac::Hmac(ctx) => ffi::HMAC_CTX_free(ctx.as_ptr()),
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
fn same(one: &[u8], other: &[u8]) -> bool {
    // SAFETY: both have the length that is told.
    one.len() == other.len()
        && unsafe { ffi::CRYPTO_memcmp(one.as_ptr().cast(), other.as_ptr().cast(), one.len()) == 0 }
}

/// `EVP_MAX_MD_SIZE`.
const MAC_MAX: usize = 64;
/// `EVP_MAX_BLOCK_LENGTH`.
const BLOCK_MAX: usize = 32;
