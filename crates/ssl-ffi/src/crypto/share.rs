//! Ephemeral public keys as libcrypto's keys, for programs that ask which were agreed by.
//!
//! Owns the way from a group and the bytes on the wire to a key. It can be asked for its kind and
//! strength; there is no private part.

use std::ffi::c_int;
use std::ptr::{null, null_mut};

use openssl_sys as ffi;

use super::refs::EvpPkey;
use super::{queue, sys};

/// A key of the group with this NID; `None` if libcrypto does not take it for one. The queue stays as it
/// was.
pub(crate) fn public_key(group: c_int, public: &[u8]) -> Option<EvpPkey> {
    queue::quiet(|| match group {
        ffi::EVP_PKEY_X25519 | ffi::EVP_PKEY_X448 => {
            let (bytes, length) = (public.as_ptr(), public.len());
            // SAFETY: there are as many bytes as are told; the reference is ours.
            unsafe {
                let raw = ffi::EVP_PKEY_new_raw_public_key(group, null_mut(), bytes, length);
                EvpPkey::from_owned(raw)
            }
        }
        _ => on_curve(group, public),
    })
}

fn on_curve(group: c_int, public: &[u8]) -> Option<EvpPkey> {
    let mut key = null_mut();
    // SAFETY: names and bytes are live, and libcrypto only reads them; a length of 0 is that of the
    // string. The context is ours to free.
    unsafe {
        let name = ffi::OBJ_nid2sn(group).cast_mut();
        let bytes = public.as_ptr().cast_mut().cast();
        let mut params = [
            sys::OSSL_PARAM_construct_utf8_string(c"group".as_ptr(), name, 0),
            ffi::OSSL_PARAM_construct_octet_string(c"pub".as_ptr(), bytes, public.len()),
            ffi::OSSL_PARAM_construct_end(),
        ];
        let ctx = ffi::EVP_PKEY_CTX_new_from_name(null_mut(), c"EC".as_ptr(), null());
        if !ctx.is_null() && ffi::EVP_PKEY_fromdata_init(ctx) == 1 {
            ffi::EVP_PKEY_fromdata(ctx, &raw mut key, PUBLIC_KEY, params.as_mut_ptr());
        }
        ffi::EVP_PKEY_CTX_free(ctx);
        EvpPkey::from_owned(key)
    }
}

/// `EVP_PKEY_PUBLIC_KEY`: parameters and the public key.
const PUBLIC_KEY: c_int = 0x84 | 0x02;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_their_group() {
        let x25519 = public_key(ffi::EVP_PKEY_X25519, &[9; 32]).unwrap();
        assert_eq!((x25519.id(), x25519.bits()), (ffi::EVP_PKEY_X25519, 253));
        // The generator of P-256 (SEC 2, section 2.4.2).
        let mut point = vec![4];
        for half in [
            "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
            "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        ] {
            let byte = |at: usize| u8::from_str_radix(&half[at..at + 2], 16).unwrap();
            point.extend((0..half.len()).step_by(2).map(byte));
        }
        let p256 = public_key(ffi::NID_X9_62_prime256v1, &point).unwrap();
        assert_eq!(p256.curve(), Some(ffi::NID_X9_62_prime256v1));
        point[1] ^= 1;
        assert!(public_key(ffi::NID_X9_62_prime256v1, &point).is_none());
        assert!(public_key(ffi::EVP_PKEY_X25519, &[9; 31]).is_none());
        assert!(queue::is_empty());
    }
}
