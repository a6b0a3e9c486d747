//! Keys, certificates and transports for the tests of this crate.
//!
//! Owns their making, with libcrypto alone. Knows nothing of what is tested.

use std::cell::Cell;
use std::ffi::{CString, c_char, c_int, c_long, c_uchar, c_void};

use openssl_sys as ffi;

use super::bio::Transfer;
use super::{Bio, EvpPkey, X509};

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
    fn X509_alias_set1(certificate: *mut ffi::X509, name: *const c_uchar, length: c_int) -> c_int;
    fn X509_set_ex_data(certificate: *mut ffi::X509, index: c_int, data: *mut c_void) -> c_int;
    fn BIO_new_bio_pair(
        one: *mut *mut ffi::BIO,
        one_room: usize,
        other: *mut *mut ffi::BIO,
        other_room: usize,
    ) -> c_int;
    fn X509V3_EXT_conf_nid(
        conf: *mut c_void,
        ctx: *mut c_void,
        nid: c_int,
        value: *const c_char,
    ) -> *mut ffi::X509_EXTENSION;
}

/// What is written to one is read from the other.
pub(crate) fn bio_pair() -> (Bio, Bio) {
    const ROOM: usize = 1 << 16;
    let (mut one, mut other) = (std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: two places to write to; both references are ours.
    unsafe {
        let made = BIO_new_bio_pair(&raw mut one, ROOM, &raw mut other, ROOM);
        assert_eq!(made, 1);
        (
            Bio::from_owned(one).unwrap(),
            Bio::from_owned(other).unwrap(),
        )
    }
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

/// Gives a certificate another name, which is not in its encoding.
pub(crate) fn give_alias(certificate: &X509) {
    let name = b"alias";
    // SAFETY: the certificate is live; the name has as many bytes as are told, and is copied.
    let given = unsafe { X509_alias_set1(certificate.as_ptr(), name.as_ptr(), 5) };
    assert_eq!(given, 1);
}

/// Attaches data of an application to a certificate.
pub(crate) fn give_data(certificate: &X509) {
    const CLASS: c_int = 3;
    let none = std::ptr::null_mut();
    // SAFETY: a class of libcrypto's, and no functions.
    let index = unsafe { super::sys::CRYPTO_get_ex_new_index(CLASS, 0, none, None, None, None) };
    // SAFETY: the certificate is live; nobody follows the data.
    let given =
        unsafe { X509_set_ex_data(certificate.as_ptr(), index, certificate.as_ptr().cast()) };
    assert_eq!(given, 1);
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

/// The certificate in PEM.
pub(crate) fn certificate_pem(certificate: &X509) -> Vec<u8> {
    // SAFETY: both are live.
    written(|bio| unsafe { ffi::PEM_write_bio_X509(bio, certificate.as_ptr()) })
}

/// The key in PEM, enciphered if there is a password.
pub(crate) fn key_pem(key: &EvpPkey, password: Option<&str>) -> Vec<u8> {
    // SAFETY: all are live; the password has the length that is told, and libcrypto only reads it.
    written(|bio| unsafe {
        let (cipher, password, length) = match password {
            Some(text) => (ffi::EVP_aes_128_cbc(), text.as_ptr().cast_mut(), text.len()),
            None => (std::ptr::null(), std::ptr::null_mut(), 0),
        };
        let length = length.try_into().unwrap();
        let null = std::ptr::null_mut();
        ffi::PEM_write_bio_PKCS8PrivateKey(
            bio,
            key.as_ptr(),
            cipher,
            password.cast(),
            length,
            None,
            null,
        )
    })
}

/// An RSA key in the DER of PKCS #1.
pub(crate) fn rsa_der(key: &EvpPkey) -> Vec<u8> {
    // SAFETY: the key is live and an RSA key; the buffer has the length that is told first.
    unsafe {
        let length = ffi::i2d_PrivateKey(key.as_ptr(), std::ptr::null_mut());
        let mut der = vec![0; length.try_into().unwrap()];
        assert_eq!(
            ffi::i2d_PrivateKey(key.as_ptr(), &mut der.as_mut_ptr()),
            length
        );
        der
    }
}

/// What is written to a BIO in memory.
fn written(write: impl FnOnce(*mut ffi::BIO) -> c_int) -> Vec<u8> {
    let bio = Bio::memory(b"").unwrap();
    assert_eq!(write(bio.as_ptr()), 1);
    let mut bytes = vec![0; bio.pending().try_into().unwrap()];
    assert_eq!(bio.read(&mut bytes), Transfer::Transferred(bytes.len()));
    bytes
}

/// An RSA key with a method of the test's, which calls `before` and then does what libcrypto's does.
pub(crate) fn foreign_rsa(before: fn()) -> EvpPkey {
    BEFORE.set(Some(before));
    let plain = key(Kind::Rsa);
    // SAFETY: every pointer is of a live object; the key takes the RSA key over, and the method is leaked.
    unsafe {
        let rsa = ffi::EVP_PKEY_get1_RSA(plain.as_ptr());
        let copy = RSAPrivateKey_dup(rsa);
        ffi::RSA_free(rsa);
        let method = RSA_meth_dup(RSA_PKCS1_OpenSSL());
        assert_eq!(RSA_meth_set_priv_enc(method, Some(private_encrypt)), 1);
        assert_eq!(RSA_set_method(copy, method), 1);
        let raw = ffi::EVP_PKEY_new();
        assert_eq!(ffi::EVP_PKEY_assign(raw, ffi::EVP_PKEY_RSA, copy.cast()), 1);
        EvpPkey::from_owned(raw).unwrap()
    }
}

/// How often the method of [`foreign_rsa`] signed on this thread.
pub(crate) fn foreign_calls() -> u32 {
    CALLS.get()
}

thread_local! {
    static BEFORE: Cell<Option<fn()>> = const { Cell::new(None) };
    static CALLS: Cell<u32> = const { Cell::new(0) };
}

type PrivateEncrypt =
    unsafe extern "C" fn(c_int, *const c_uchar, *mut c_uchar, *mut ffi::RSA, c_int) -> c_int;

unsafe extern "C" fn private_encrypt(
    length: c_int,
    from: *const c_uchar,
    to: *mut c_uchar,
    rsa: *mut ffi::RSA,
    padding: c_int,
) -> c_int {
    CALLS.set(CALLS.get() + 1);
    if let Some(before) = BEFORE.get() {
        before();
    }
    // SAFETY: libcrypto's own function with the arguments that it was to get.
    unsafe { RSA_meth_get_priv_enc(RSA_PKCS1_OpenSSL()).unwrap()(length, from, to, rsa, padding) }
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
    fn RSAPrivateKey_dup(rsa: *const ffi::RSA) -> *mut ffi::RSA;
    fn RSA_PKCS1_OpenSSL() -> *const c_void;
    fn RSA_meth_dup(method: *const c_void) -> *mut c_void;
    fn RSA_meth_get_priv_enc(method: *const c_void) -> Option<PrivateEncrypt>;
    fn RSA_meth_set_priv_enc(method: *mut c_void, function: Option<PrivateEncrypt>) -> c_int;
    fn RSA_set_method(rsa: *mut ffi::RSA, method: *const c_void) -> c_int;
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
