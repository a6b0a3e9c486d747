//! `SSL_CIPHER_get_name(3)` and its relatives: what a suite is called and made of.
//!
//! A `const SSL_CIPHER *` is the address of a row of the table of suites; nothing is ever freed. Knows no
//! connection: where OpenSSL asks for one to find a suite or a group, it is not looked at.

use std::alloc::Layout;
use std::ffi::{CStr, c_char, c_int, c_uchar};
use std::ptr;

use openssl_sys::EVP_MD;

use super::slice;
use crate::boundary::guard;
use crate::crypto::digest::Digest;
use crate::handle::SSL;
use crate::negotiate::suites::Suite;
use crate::negotiate::{groups, nid};

/// The name OpenSSL gave the suite.
///
/// # Safety
/// `cipher` is NULL or a suite.
pub(crate) unsafe extern "C" fn SSL_CIPHER_get_name(cipher: *const Suite) -> *const c_char {
    // SAFETY: the caller's promise.
    let suite = unsafe { cipher.as_ref() };
    guard(NONE.as_ptr(), || {
        suite.map_or(NONE, |suite| suite.name).as_ptr()
    })
}

/// The name in the IANA registry.
///
/// # Safety
/// `cipher` is NULL or a suite.
pub(crate) unsafe extern "C" fn SSL_CIPHER_standard_name(cipher: *const Suite) -> *const c_char {
    // SAFETY: the caller's promise.
    let suite = unsafe { cipher.as_ref() };
    guard(NONE.as_ptr(), || {
        suite.map_or(NONE, |suite| suite.standard_name).as_ptr()
    })
}

/// OpenSSL's name of the suite with this IANA name; `(NONE)` if we have none.
///
/// # Safety
/// `standard_name` is NULL or a string.
pub(crate) unsafe extern "C" fn OPENSSL_cipher_name(standard_name: *const c_char) -> *const c_char {
    guard(NONE.as_ptr(), || {
        // SAFETY: the caller's promise.
        let name = unsafe { slice::string(standard_name) };
        let suite = name.and_then(|name| Suite::from_standard_name(name.to_bytes()));
        suite.map_or(NONE, |suite| suite.name).as_ptr()
    })
}

/// The version the suite is for.
///
/// # Safety
/// `cipher` is NULL or a suite.
pub(crate) unsafe extern "C" fn SSL_CIPHER_get_version(cipher: *const Suite) -> *const c_char {
    // SAFETY: the caller's promise.
    let suite = unsafe { cipher.as_ref() };
    guard(NONE.as_ptr(), || {
        suite.map_or(NONE, Suite::version_text).as_ptr()
    })
}

/// Bits of strength, and through `alg_bits` bits of the algorithm.
///
/// # Safety
/// `cipher` is NULL or a suite; `alg_bits` is NULL or can be written to.
pub(crate) unsafe extern "C" fn SSL_CIPHER_get_bits(
    cipher: *const Suite,
    alg_bits: *mut c_int,
) -> c_int {
    guard(0, || {
        // SAFETY: the caller's promise.
        let Some(suite) = (unsafe { cipher.as_ref() }) else {
            return 0;
        };
        let bits = c_int::from(suite.bits());
        // SAFETY: as above.
        unsafe { slice::put(alg_bits, bits) };
        bits
    })
}

/// OpenSSL's number of the suite.
///
/// # Safety
/// `cipher` is NULL or a suite.
pub(crate) unsafe extern "C" fn SSL_CIPHER_get_id(cipher: *const Suite) -> u32 {
    // SAFETY: the caller's promise.
    let suite = unsafe { cipher.as_ref() };
    guard(0, || suite.map_or(0, Suite::id))
}

/// The number on the wire.
///
/// # Safety
/// `cipher` is NULL or a suite.
pub(crate) unsafe extern "C" fn SSL_CIPHER_get_protocol_id(cipher: *const Suite) -> u16 {
    // SAFETY: the caller's promise.
    let suite = unsafe { cipher.as_ref() };
    guard(0, || suite.map_or(0, Suite::wire))
}

/// NID of the key exchange.
///
/// # Safety
/// `cipher` is NULL or a suite.
pub(crate) unsafe extern "C" fn SSL_CIPHER_get_kx_nid(cipher: *const Suite) -> c_int {
    // SAFETY: the caller's promise.
    let suite = unsafe { cipher.as_ref() };
    guard(nid::UNDEF, || {
        suite.map_or(nid::UNDEF, Suite::key_exchange_nid)
    })
}

/// NID of the authentication.
///
/// # Safety
/// `cipher` is NULL or a suite.
pub(crate) unsafe extern "C" fn SSL_CIPHER_get_auth_nid(cipher: *const Suite) -> c_int {
    // SAFETY: the caller's promise.
    let suite = unsafe { cipher.as_ref() };
    guard(nid::UNDEF, || {
        suite.map_or(nid::UNDEF, Suite::authentication_nid)
    })
}

/// NID of the cipher.
///
/// # Safety
/// `cipher` is NULL or a suite.
pub(crate) unsafe extern "C" fn SSL_CIPHER_get_cipher_nid(cipher: *const Suite) -> c_int {
    // SAFETY: the caller's promise.
    let suite = unsafe { cipher.as_ref() };
    guard(nid::UNDEF, || suite.map_or(nid::UNDEF, Suite::cipher_nid))
}

/// NID of the digest that authenticates records: none, all our suites are AEADs.
///
/// # Safety
/// None: the pointer is not looked at.
pub(crate) unsafe extern "C" fn SSL_CIPHER_get_digest_nid(_cipher: *const Suite) -> c_int {
    nid::UNDEF
}

/// The digest of the handshake.
///
/// # Safety
/// `cipher` is NULL or a suite.
pub(crate) unsafe extern "C" fn SSL_CIPHER_get_handshake_digest(
    cipher: *const Suite,
) -> *const EVP_MD {
    // SAFETY: the caller's promise.
    let suite = unsafe { cipher.as_ref() };
    guard(ptr::null(), || {
        let digest = suite.and_then(|suite| Digest::from_nid(suite.handshake_digest_nid()));
        digest.map_or(ptr::null(), Digest::raw)
    })
}

/// Whether the suite is an AEAD: all of ours are.
///
/// # Safety
/// None: the pointer is only compared.
pub(crate) unsafe extern "C" fn SSL_CIPHER_is_aead(cipher: *const Suite) -> c_int {
    (!cipher.is_null()).into()
}

/// A line of text on the suite, in `buf` or, if that is NULL, in memory for `OPENSSL_free`. NULL if `len`
/// is less than 128.
///
/// # Safety
/// `cipher` is NULL or a suite; `buf` is NULL or has `len` bytes.
pub(crate) unsafe extern "C" fn SSL_CIPHER_description(
    cipher: *const Suite,
    buf: *mut c_char,
    len: c_int,
) -> *mut c_char {
    guard(ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        let Some(suite) = (unsafe { cipher.as_ref() }) else {
            return ptr::null_mut();
        };
        let buf = match buf.is_null() {
            // SAFETY: the size is not zero. The global allocator is libcrypto's, so that C can free it.
            true => unsafe { std::alloc::alloc(DESCRIPTION).cast() },
            false if len < DESCRIPTION_LEN => ptr::null_mut(),
            false => buf,
        };
        let text = suite.description.to_bytes_with_nul();
        if !buf.is_null() {
            // SAFETY: `buf` has at least 128 bytes by now, and no description is as long; a test holds it.
            unsafe { ptr::copy_nonoverlapping(text.as_ptr().cast(), buf, text.len()) };
        }
        buf
    })
}

/// The suite with the two bytes of number that `number` points to; NULL if we have none.
///
/// # Safety
/// `number` is NULL or has two bytes.
pub(crate) unsafe extern "C" fn SSL_CIPHER_find(
    _ssl: *mut SSL,
    number: *const c_uchar,
) -> *const Suite {
    guard(ptr::null(), || {
        // SAFETY: the caller's promise.
        let number = unsafe { number.cast::<[u8; 2]>().as_ref() };
        let found = number.and_then(|&number| Suite::from_wire(u16::from_be_bytes(number)));
        found.map_or(ptr::null(), ptr::from_ref)
    })
}

/// The name of a group in TLS, from its NID or, with a mark, its number; NULL if there is none.
///
/// # Safety
/// None: the connection is not looked at.
pub(crate) unsafe extern "C" fn SSL_group_to_name(_ssl: *mut SSL, nid: c_int) -> *const c_char {
    guard(ptr::null(), || {
        groups::from_nid(nid).map_or(ptr::null(), |group| group.name.as_ptr())
    })
}

/// What C programs see where there is no suite.
const NONE: &CStr = c"(NONE)";

/// Least room for a description (`SSL_CIPHER_description(3)`).
const DESCRIPTION_LEN: c_int = 128;
const DESCRIPTION: Layout = Layout::new::<[u8; DESCRIPTION_LEN as usize]>();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::negotiate::suites::SUITES;

    fn text(pointer: *const c_char) -> &'static str {
        // SAFETY: the tests hand over constants of this crate.
        unsafe { CStr::from_ptr(pointer) }.to_str().unwrap()
    }

    #[test]
    fn no_suite_has_no_name_and_no_strength() {
        let mut alg_bits = 7;
        // SAFETY: NULL is allowed everywhere here.
        unsafe {
            let none = ptr::null();
            assert_eq!(text(SSL_CIPHER_get_name(none)), "(NONE)");
            assert_eq!(text(SSL_CIPHER_standard_name(none)), "(NONE)");
            assert_eq!(text(SSL_CIPHER_get_version(none)), "(NONE)");
            assert_eq!(text(OPENSSL_cipher_name(ptr::null())), "(NONE)");
            assert_eq!(text(OPENSSL_cipher_name(c"ECDHE".as_ptr())), "(NONE)");
            assert_eq!(SSL_CIPHER_get_bits(none, &raw mut alg_bits), 0);
            assert_eq!(SSL_CIPHER_get_id(none), 0);
            assert_eq!(SSL_CIPHER_get_protocol_id(none), 0);
            assert_eq!(SSL_CIPHER_get_kx_nid(none), 0);
            assert_eq!(SSL_CIPHER_get_auth_nid(none), 0);
            assert_eq!(SSL_CIPHER_get_cipher_nid(none), 0);
            assert_eq!(SSL_CIPHER_is_aead(none), 0);
            assert!(SSL_CIPHER_get_handshake_digest(none).is_null());
            assert!(SSL_CIPHER_description(none, ptr::null_mut(), 0).is_null());
            assert!(SSL_CIPHER_find(ptr::null_mut(), ptr::null()).is_null());
        }
        assert_eq!(alg_bits, 7);
    }

    #[test]
    fn a_suite_is_found_by_its_two_bytes() {
        // SAFETY: two bytes each.
        unsafe {
            let find = |number: [u8; 2]| SSL_CIPHER_find(ptr::null_mut(), number.as_ptr());
            let suite = find([0xc0, 0x2f]);
            assert_eq!(
                text(SSL_CIPHER_get_name(suite)),
                "ECDHE-RSA-AES128-GCM-SHA256"
            );
            assert_eq!(SSL_CIPHER_get_id(suite), 0x0300_c02f);
            assert_eq!(SSL_CIPHER_get_protocol_id(suite), 0xc02f);
            let mut alg_bits = 0;
            assert_eq!(SSL_CIPHER_get_bits(suite, &raw mut alg_bits), 128);
            assert_eq!(alg_bits, 128);
            assert_eq!(SSL_CIPHER_get_bits(suite, ptr::null_mut()), 128);
            assert_eq!(SSL_CIPHER_is_aead(suite), 1);
            assert_eq!(SSL_CIPHER_get_digest_nid(suite), 0);
            assert_eq!(
                SSL_CIPHER_get_handshake_digest(suite),
                openssl_sys::EVP_sha256()
            );
            let suite = find([0x13, 0x02]);
            assert_eq!(
                SSL_CIPHER_get_handshake_digest(suite),
                openssl_sys::EVP_sha384()
            );
            assert!(find([0x00, 0x2f]).is_null());
        }
    }

    #[test]
    fn a_description_needs_128_bytes() {
        for suite in &SUITES {
            assert!(suite.description.to_bytes_with_nul().len() <= DESCRIPTION.size());
            let mut buf: [c_char; 128] = [0; 128];
            let buf = buf.as_mut_ptr();
            // SAFETY: `buf` has 128 bytes; the other memory comes from the allocator that frees it.
            unsafe {
                assert!(SSL_CIPHER_description(suite, buf, 127).is_null());
                assert_eq!(SSL_CIPHER_description(suite, buf, 128), buf);
                let made = SSL_CIPHER_description(suite, ptr::null_mut(), 0);
                assert_eq!(CStr::from_ptr(made), CStr::from_ptr(buf));
                assert_eq!(CStr::from_ptr(made), suite.description);
                std::alloc::dealloc(made.cast(), DESCRIPTION);
            }
        }
    }

    #[test]
    fn groups_have_the_names_of_tls() {
        let name = |nid| {
            // SAFETY: the connection is not looked at.
            let name = unsafe { SSL_group_to_name(ptr::null_mut(), nid) };
            (!name.is_null()).then(|| text(name))
        };
        assert_eq!(name(415), Some("secp256r1"));
        assert_eq!(name(1034), Some("x25519"));
        assert_eq!(name(0x0100_0018), Some("secp384r1"));
        assert_eq!(name(0x0100_1234), None);
        assert_eq!(name(0), None);
    }
}
