//! Keys and certificates for the tests of this folder.
//!
//! Owns their making, with libcrypto alone. Knows nothing of what is tested.

use std::ffi::{CString, c_char, c_int, c_long, c_void};

use openssl_sys as ffi;

use super::{EvpPkey, X509};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Rsa,
    RsaPss,
    P256,
    P384,
    Ed25519,
    Ed448,
}

#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) key: EvpPkey,
    pub(crate) certificate: X509,
}

unsafe extern "C" {
    fn EVP_PKEY_Q_keygen(
        library: *mut c_void,
        properties: *const c_char,
        kind: *const c_char,
        ...
    ) -> *mut ffi::EVP_PKEY;
    fn X509V3_EXT_conf_nid(
        conf: *mut c_void,
        ctx: *mut c_void,
        nid: c_int,
        value: *const c_char,
    ) -> *mut ffi::X509_EXTENSION;
}

pub(crate) fn key(kind: Kind) -> EvpPkey {
    let null = std::ptr::null_mut();
    // SAFETY: the variadic arguments are those that each kind asks for.
    unsafe {
        let raw = match kind {
            Kind::Rsa => EVP_PKEY_Q_keygen(null, null.cast(), c"RSA".as_ptr(), 2048_usize),
            Kind::RsaPss => rsa_pss(),
            Kind::P256 => EVP_PKEY_Q_keygen(null, null.cast(), c"EC".as_ptr(), c"P-256".as_ptr()),
            Kind::P384 => EVP_PKEY_Q_keygen(null, null.cast(), c"EC".as_ptr(), c"P-384".as_ptr()),
            Kind::Ed25519 => EVP_PKEY_Q_keygen(null, null.cast(), c"ED25519".as_ptr()),
            Kind::Ed448 => EVP_PKEY_Q_keygen(null, null.cast(), c"ED448".as_ptr()),
        };
        EvpPkey::from_owned(raw).unwrap()
    }
}

pub(crate) fn self_signed(kind: Kind, name: &str) -> Identity {
    make(kind, name, None, true, 3600)
}

/// A certificate under `issuer`, which may sign others if `is_issuer`, valid for `seconds`.
pub(crate) fn issued(name: &str, issuer: &Identity, is_issuer: bool, seconds: c_long) -> Identity {
    make(Kind::P256, name, Some(issuer), is_issuer, seconds)
}

fn make(
    kind: Kind,
    name: &str,
    issuer: Option<&Identity>,
    is_issuer: bool,
    seconds: c_long,
) -> Identity {
    let key = key(kind);
    let name = CString::new(name).unwrap();
    // SAFETY: every pointer is of a live object of this function.
    let certificate = unsafe {
        let raw = ffi::X509_new();
        ffi::X509_set_version(raw, 2);
        ffi::ASN1_INTEGER_set(ffi::X509_get_serialNumber(raw), 1);
        ffi::X509_gmtime_adj(ffi::X509_getm_notBefore(raw), -7200);
        ffi::X509_gmtime_adj(ffi::X509_getm_notAfter(raw), seconds);
        ffi::X509_set_pubkey(raw, key.as_ptr());
        let subject = ffi::X509_get_subject_name(raw);
        ffi::X509_NAME_add_entry_by_txt(
            subject,
            c"CN".as_ptr(),
            ffi::MBSTRING_UTF8,
            name.as_ptr().cast(),
            -1,
            -1,
            0,
        );
        let (issuer_name, issuer_key) = issuer.map_or((subject, key.as_ptr()), |issuer| {
            let name = ffi::X509_get_subject_name(issuer.certificate.as_ptr());
            (name, issuer.key.as_ptr())
        });
        ffi::X509_set_issuer_name(raw, issuer_name);
        let constraint = if is_issuer {
            c"critical,CA:TRUE"
        } else {
            c"CA:FALSE"
        };
        let null = std::ptr::null_mut();
        let extension =
            X509V3_EXT_conf_nid(null, null, ffi::NID_basic_constraints, constraint.as_ptr());
        assert_eq!(ffi::X509_add_ext(raw, extension, -1), 1);
        ffi::X509_EXTENSION_free(extension);
        let plain = matches!(kind, Kind::Ed25519 | Kind::Ed448) && issuer.is_none();
        let digest = if plain {
            std::ptr::null()
        } else {
            ffi::EVP_sha256()
        };
        assert!(ffi::X509_sign(raw, issuer_key, digest) > 0);
        X509::from_owned(raw).unwrap()
    };
    Identity { key, certificate }
}

unsafe fn rsa_pss() -> *mut ffi::EVP_PKEY {
    // SAFETY: the context lives until it is freed; the arguments are plain numbers and a static digest.
    unsafe {
        let ctx = ffi::EVP_PKEY_CTX_new_id(super::sys::EVP_PKEY_RSA_PSS, std::ptr::null_mut());
        assert_eq!(ffi::EVP_PKEY_keygen_init(ctx), 1);
        assert_eq!(ffi::EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048), 1);
        assert_eq!(
            EVP_PKEY_CTX_set_rsa_pss_keygen_md(ctx, ffi::EVP_sha384()),
            1
        );
        assert_eq!(
            EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(ctx, ffi::EVP_sha384()),
            1
        );
        assert_eq!(EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(ctx, 48), 1);
        let mut key = std::ptr::null_mut();
        assert_eq!(ffi::EVP_PKEY_keygen(ctx, &raw mut key), 1);
        ffi::EVP_PKEY_CTX_free(ctx);
        key
    }
}

unsafe extern "C" {
    fn EVP_PKEY_CTX_set_rsa_pss_keygen_md(
        ctx: *mut ffi::EVP_PKEY_CTX,
        digest: *const ffi::EVP_MD,
    ) -> c_int;
    fn EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(
        ctx: *mut ffi::EVP_PKEY_CTX,
        digest: *const ffi::EVP_MD,
    ) -> c_int;
    fn EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(ctx: *mut ffi::EVP_PKEY_CTX, length: c_int)
    -> c_int;
}
