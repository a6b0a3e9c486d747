//! Certificates and keys read from files and from memory.
//!
//! Owns the formats and the entries that a failure leaves in the queue, which are those of OpenSSL: the
//! cause from libcrypto, then one of ours that says which part failed. Does not judge what it reads. A
//! password callback may run inside: no borrow of a context or connection may be held here.

use std::ffi::{CStr, c_int, c_long, c_void};
use std::ptr::{NonNull, null_mut};

use openssl_sys as ffi;

use super::queue::{self, common};
use super::refs::{Bio, EvpPkey, X509};
use super::{reason, sys};

/// Whom to ask for the password of an encrypted file. Without a function, `arg` is the password as a C
/// string, or NULL to ask on the terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Password {
    pub(crate) function: ffi::pem_password_cb,
    pub(crate) arg: *mut c_void,
}

impl Password {
    /// Asks on the terminal.
    pub(crate) const DEFAULT: Self = Self {
        function: None,
        arg: null_mut(),
    };
}

/// Certificates in PEM, one after the other. Other objects between them are passed over.
#[derive(Debug)]
pub(crate) struct Certificates {
    source: Bio,
    password: Password,
}

/// Diffie-Hellman parameters in PEM; `None`, with entries, if there are none in the file.
pub(crate) fn dh_parameters(file: &CStr) -> Option<EvpPkey> {
    // SAFETY: the source is live; what is made is ours.
    unsafe {
        let source = self::file()?;
        if !read_from(&source, file) {
            return None;
        }
        let key = sys::PEM_read_bio_Parameters(source.as_ptr(), null_mut());
        EvpPkey::from_owned(key).filter(|key| key.is_a(c"DH"))
    }
}

/// What comes next in a source of certificates.
#[derive(Debug)]
pub(crate) enum Next {
    Certificate(X509),
    /// There is no further one; the queue is empty.
    End,
    /// Something is there that is no certificate; the queue says what.
    Broken,
}

impl Certificates {
    /// The certificates of a file. If it cannot be opened the queue says why.
    pub(crate) fn of_file(path: &CStr, password: Password) -> Option<Self> {
        open(path).map(|source| Self { source, password })
    }

    pub(crate) fn of(source: Bio, password: Password) -> Self {
        Self { source, password }
    }

    /// One's own certificate, which comes first in the file of a chain and may be in the form that says
    /// what it is trusted for. If there is none the queue says why.
    pub(crate) fn own(&self) -> Option<X509> {
        let Password { function, arg } = self.password;
        // SAFETY: the source is live; the application's function takes what goes with it.
        let raw =
            unsafe { sys::PEM_read_bio_X509_AUX(self.source.as_ptr(), null_mut(), function, arg) };
        // SAFETY: the reference is ours.
        explained(unsafe { X509::from_owned(raw) }, common::PEM_LIB)
    }

    /// The next certificate of the chain. At the end the queue is cleared as OpenSSL clears it.
    pub(crate) fn next(&self) -> Next {
        if let Some(certificate) = self.read() {
            return Next::Certificate(certificate);
        }
        let last = queue::peek_last();
        let (library, reason) = (queue::library_of(last), queue::reason_of(last));
        if (library, reason) == (sys::ERR_LIB_PEM, sys::PEM_R_NO_START_LINE) {
            queue::clear();
            Next::End
        } else {
            Next::Broken
        }
    }

    /// The next certificate. Whatever ends the sequence is in the queue.
    pub(super) fn read(&self) -> Option<X509> {
        let Password { function, arg } = self.password;
        // SAFETY: the source is live; the application's function takes what goes with it; the reference
        // is ours.
        unsafe {
            let raw = ffi::PEM_read_bio_X509(self.source.as_ptr(), null_mut(), function, arg);
            X509::from_owned(raw)
        }
    }
}

/// The only or first certificate of a file; `format` is a `SSL_FILETYPE_*`.
pub(crate) fn certificate(path: &CStr, format: c_int, password: Password) -> Option<X509> {
    let file = open(path)?;
    match Format::of(format)? {
        Format::Pem => explained(Certificates::of(file, password).read(), common::PEM_LIB),
        Format::Der => {
            // SAFETY: the BIO is live; the reference is ours.
            let read = unsafe { X509::from_owned(ffi::d2i_X509_bio(file.as_ptr(), null_mut())) };
            explained(read, common::ASN1_LIB)
        }
    }
}

/// A certificate in DER; what follows it is ignored.
pub(crate) fn certificate_der(der: &[u8]) -> Option<X509> {
    let mut at = der.as_ptr();
    // SAFETY: `at` leads to as many bytes as are told; the reference is ours.
    let read = unsafe { X509::from_owned(ffi::d2i_X509(null_mut(), &raw mut at, length(der))) };
    explained(read, common::ASN1_LIB)
}

/// The private key of a file.
pub(crate) fn private_key(path: &CStr, format: c_int, password: Password) -> Option<EvpPkey> {
    let file = open(path)?;
    let Password { function, arg } = password;
    let (file, none) = (file.as_ptr(), null_mut());
    // SAFETY: the BIO is live until this function ends; the application's function takes what goes with
    // it; the reference is ours.
    unsafe {
        match Format::of(format)? {
            Format::Pem => explained(
                EvpPkey::from_owned(ffi::PEM_read_bio_PrivateKey(file, none, function, arg)),
                common::PEM_LIB,
            ),
            Format::Der => explained(
                EvpPkey::from_owned(sys::d2i_PrivateKey_bio(file, none)),
                common::ASN1_LIB,
            ),
        }
    }
}

/// A private key of the kind (`EVP_PKEY_*`) in DER.
pub(crate) fn private_key_der(kind: c_int, der: &[u8]) -> Option<EvpPkey> {
    let mut at = der.as_ptr();
    // SAFETY: `at` leads to as many bytes as are told; the reference is ours.
    let read = unsafe {
        EvpPkey::from_owned(sys::d2i_PrivateKey(
            kind,
            null_mut(),
            &raw mut at,
            length(der),
        ))
    };
    explained(read, common::ASN1_LIB)
}

/// The private key of a file that holds it in the form of PKCS #1.
pub(crate) fn rsa_private_key(path: &CStr, format: c_int, password: Password) -> Option<EvpPkey> {
    let file = open(path)?;
    let Password { function, arg } = password;
    let (file, none) = (file.as_ptr(), null_mut());
    // SAFETY: as for `private_key`.
    let rsa = unsafe {
        match Format::of(format)? {
            Format::Pem => explained(
                Rsa::from_owned(ffi::PEM_read_bio_RSAPrivateKey(file, none, function, arg)),
                common::PEM_LIB,
            ),
            Format::Der => explained(
                Rsa::from_owned(sys::d2i_RSAPrivateKey_bio(file, none)),
                common::ASN1_LIB,
            ),
        }
    }?;
    rsa.key()
}

/// As [`rsa_private_key`], in DER.
pub(crate) fn rsa_private_key_der(der: &[u8]) -> Option<EvpPkey> {
    let mut at = der.as_ptr();
    // SAFETY: `at` leads to as many bytes as are told; the reference is ours.
    let read =
        unsafe { Rsa::from_owned(ffi::d2i_RSAPrivateKey(null_mut(), &raw mut at, length(der))) };
    explained(read, common::ASN1_LIB)?.key()
}

/// A key that shares the caller's, method and all.
///
/// # Safety
/// `rsa` is NULL or live.
pub(crate) unsafe fn key_of_rsa(rsa: *mut ffi::RSA) -> Option<EvpPkey> {
    if rsa.is_null() {
        queue::raise(common::PASSED_NULL_PARAMETER);
        return None;
    }
    // SAFETY: the caller's promise; the new reference is ours.
    unsafe {
        ffi::RSA_up_ref(rsa);
        Rsa::from_owned(rsa)?.key()
    }
}

/// A file opened for reading. If it cannot be, the queue says why.
fn open(path: &CStr) -> Option<Bio> {
    let file = explained(file(), common::BUF_LIB)?;
    explained(read_from(&file, path).then_some(file), common::SYS_LIB)
}

/// A file BIO without a file.
pub(super) fn file() -> Option<Bio> {
    // SAFETY: no preconditions; the reference is ours.
    unsafe { Bio::from_owned(ffi::BIO_new(ffi::BIO_s_file())) }
}

/// `BIO_read_filename`: the queue gets what the system said, and nothing of ours.
pub(super) fn read_from(file: &Bio, path: &CStr) -> bool {
    let path = path.as_ptr().cast_mut().cast();
    // SAFETY: the command takes a C string, which it does not write to.
    unsafe { file.ctrl(sys::BIO_C_SET_FILENAME, sys::BIO_READ_AND_CLOSE, path) > 0 }
}

/// Adds the entry that says which part failed.
#[track_caller]
fn explained<T>(result: Option<T>, reason: c_int) -> Option<T> {
    if result.is_none() {
        queue::raise(reason);
    }
    result
}

fn length(der: &[u8]) -> c_long {
    c_long::try_from(der.len()).unwrap_or(c_long::MAX)
}

#[derive(Clone, Copy, Debug)]
enum Format {
    Pem,
    Der,
}

impl Format {
    /// What a `SSL_FILETYPE_*` says.
    fn of(format: c_int) -> Option<Self> {
        let known = match format {
            FILETYPE_PEM => Some(Self::Pem),
            FILETYPE_ASN1 => Some(Self::Der),
            _ => None,
        };
        explained(known, reason::BAD_SSL_FILETYPE)
    }
}

/// A key in the type that OpenSSL had before `EVP_PKEY`.
struct Rsa(NonNull<ffi::RSA>);

impl Rsa {
    /// # Safety
    /// `raw` is NULL or a live key, one reference to which is the caller's to give away.
    unsafe fn from_owned(raw: *mut ffi::RSA) -> Option<Self> {
        NonNull::new(raw).map(Self)
    }

    fn key(&self) -> Option<EvpPkey> {
        // SAFETY: no preconditions; the reference is ours.
        let key = unsafe { EvpPkey::from_owned(ffi::EVP_PKEY_new()) };
        let key = explained(key, common::EVP_LIB)?;
        // SAFETY: both are live; the key takes a reference of its own.
        (unsafe { ffi::EVP_PKEY_set1_RSA(key.as_ptr(), self.0.as_ptr()) } > 0).then_some(key)
    }
}

impl Drop for Rsa {
    fn drop(&mut self) {
        // SAFETY: the reference is ours, and this is its end.
        unsafe { ffi::RSA_free(self.0.as_ptr()) }
    }
}

/// `SSL_FILETYPE_PEM`.
const FILETYPE_PEM: c_int = 1;
/// `SSL_FILETYPE_ASN1`.
const FILETYPE_ASN1: c_int = 2;

#[cfg(test)]
#[path = "pem_tests.rs"]
mod tests;
