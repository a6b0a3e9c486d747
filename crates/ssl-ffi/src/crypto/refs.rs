//! Owners of libcrypto's reference-counted objects.
//!
//! Owns one reference per value: cloning takes another, dropping gives it back. Knows nothing of what the
//! objects are used for.

use std::ffi::{CStr, c_int, c_long};
use std::ptr::NonNull;

use openssl_sys as ffi;

use super::{queue, sys};

macro_rules! owner {
    ($(#[$doc:meta])* $name:ident($raw:ty), free $free:path) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name(NonNull<$raw>);

        // SAFETY: libcrypto counts references atomically and guards what it caches inside the object
        // with locks of its own; a value is one reference, which may be given back on any thread.
        unsafe impl Send for $name {}
        // SAFETY: as above. What changes an object is the C program's doing, on pointers that it was
        // given, and is as much its responsibility as with OpenSSL.
        unsafe impl Sync for $name {}

        impl $name {
            /// Takes over the caller's reference; `None` for NULL.
            ///
            /// # Safety
            /// `raw` is NULL or a live object, one reference to which is the caller's to give away.
            pub(crate) unsafe fn from_owned(raw: *mut $raw) -> Option<Self> {
                NonNull::new(raw).map(Self)
            }

            /// The object, which lives at least as long as this value.
            pub(crate) fn as_ptr(&self) -> *mut $raw {
                self.0.as_ptr()
            }

            /// Gives the reference to the caller.
            pub(crate) fn into_raw(self) -> *mut $raw {
                std::mem::ManuallyDrop::new(self).0.as_ptr()
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                // SAFETY: the reference is ours, and this is its end.
                unsafe { $free(self.0.as_ptr()) };
            }
        }
    };
    ($(#[$doc:meta])* $name:ident($raw:ty), free $free:path, up_ref $up_ref:path) => {
        owner!($(#[$doc])* $name($raw), free $free);

        impl $name {
            /// Takes a reference of its own; `None` for NULL.
            ///
            /// # Safety
            /// `raw` is NULL or a live object.
            pub(crate) unsafe fn from_borrowed(raw: *mut $raw) -> Option<Self> {
                let raw = NonNull::new(raw)?;
                // SAFETY: live by the caller's promise. The call fails for a count below 1 only.
                unsafe { $up_ref(raw.as_ptr()) };
                Some(Self(raw))
            }
        }

        impl Clone for $name {
            fn clone(&self) -> Self {
                // SAFETY: the object lives as long as `self`.
                unsafe { $up_ref(self.0.as_ptr()) };
                Self(self.0)
            }
        }
    };
}

owner!(
    /// A certificate.
    X509(ffi::X509), free ffi::X509_free, up_ref ffi::X509_up_ref
);
owner!(
    /// A private or public key.
    EvpPkey(ffi::EVP_PKEY), free ffi::EVP_PKEY_free, up_ref ffi::EVP_PKEY_up_ref
);
owner!(
    /// A store of trusted certificates, revocation lists and look-ups.
    X509Store(ffi::X509_STORE), free ffi::X509_STORE_free, up_ref sys::X509_STORE_up_ref
);
owner!(
    /// A BIO with those that follow it in its chain.
    Bio(ffi::BIO), free ffi::BIO_free_all, up_ref sys::BIO_up_ref
);
owner!(
    /// The parameters of a certificate's verification; not shared.
    VerifyParam(ffi::X509_VERIFY_PARAM), free ffi::X509_VERIFY_PARAM_free
);
owner!(
    /// A distinguished name; not shared.
    X509Name(ffi::X509_NAME), free ffi::X509_NAME_free
);

impl X509 {
    /// From the beginning of the bytes, and how many it takes; the queue says why not.
    pub(crate) fn from_der_prefix(der: &[u8]) -> Option<(Self, usize)> {
        let length = c_long::try_from(der.len()).ok()?;
        let mut at = der.as_ptr();
        // SAFETY: `at` leads to `length` bytes, and is moved on within them; the reference is ours.
        let certificate =
            unsafe { Self::from_owned(ffi::d2i_X509(std::ptr::null_mut(), &raw mut at, length)) }?;
        Some((certificate, at as usize - der.as_ptr() as usize))
    }

    /// Decodes one certificate; bytes after it are an error.
    pub(crate) fn from_der(der: &[u8]) -> Option<Self> {
        let (certificate, length) = Self::from_der_prefix(der)?;
        (length == der.len()).then_some(certificate)
    }

    pub(crate) fn to_der(&self) -> Option<Vec<u8>> {
        // SAFETY: the certificate is live; without a buffer only the length is told.
        let length = unsafe { ffi::i2d_X509(self.as_ptr(), std::ptr::null_mut()) };
        let mut der = vec![0; usize::try_from(length).ok().filter(|&length| length > 0)?];
        let mut at = der.as_mut_ptr();
        // SAFETY: the buffer has the length that was told; encodings of one certificate do not vary.
        let written = unsafe { ffi::i2d_X509(self.as_ptr(), &raw mut at) };
        (written == length).then_some(der)
    }

    pub(crate) fn public_key(&self) -> Option<EvpPkey> {
        // SAFETY: the certificate is live and keeps the key that is lent.
        unsafe { EvpPkey::from_borrowed(sys::X509_get0_pubkey(self.as_ptr())) }
    }

    pub(crate) fn subject(&self) -> Option<X509Name> {
        // SAFETY: the certificate is live and keeps the name that is lent.
        unsafe { X509Name::from_borrowed(ffi::X509_get_subject_name(self.as_ptr())) }
    }

    pub(crate) fn issuer(&self) -> Option<X509Name> {
        // SAFETY: the certificate is live and keeps the name that is lent.
        unsafe { X509Name::from_borrowed(ffi::X509_get_issuer_name(self.as_ptr())) }
    }

    /// Whether nobody has added to it what is not in its encoding: names, trust, data of an application.
    pub(crate) fn is_untouched(&self) -> bool {
        /// More kinds of data than programs give a certificate.
        const INDICES: c_int = 16;
        let (at, none) = (self.as_ptr(), std::ptr::null_mut());
        // SAFETY: the certificate is live; the lengths are not asked for.
        unsafe {
            sys::X509_alias_get0(at, none).is_null()
                && sys::X509_keyid_get0(at, none).is_null()
                && sys::X509_get0_trust_objects(at).is_null()
                && sys::X509_get0_reject_objects(at).is_null()
                && (0..INDICES).all(|index| sys::X509_get_ex_data(at, index).is_null())
        }
    }

    /// Whether both have the same encoding.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        // SAFETY: both are live.
        unsafe { ffi::X509_cmp(self.as_ptr(), other.as_ptr()) == 0 }
    }
}

impl EvpPkey {
    pub(crate) fn can_sign(&self) -> bool {
        // SAFETY: the key is live.
        unsafe { sys::EVP_PKEY_can_sign(self.as_ptr()) == 1 }
    }

    /// Copies the parameters of a key of the same type into this one, which lacks them.
    pub(crate) fn copy_parameters(&self, from: &Self) -> bool {
        // SAFETY: both are live. Nobody uses this key yet: it is of a certificate that is being set.
        unsafe { ffi::EVP_PKEY_copy_parameters(self.as_ptr(), from.as_ptr()) == 1 }
    }

    /// Whether both are the same key, as far as it is public.
    pub(crate) fn is_equal(&self, other: &Self) -> bool {
        // SAFETY: both are live.
        unsafe { ffi::EVP_PKEY_eq(self.as_ptr(), other.as_ptr()) == 1 }
    }

    /// Whether parameters are missing that its type has.
    pub(crate) fn lacks_parameters(&self) -> bool {
        // SAFETY: the key is live.
        unsafe { sys::EVP_PKEY_missing_parameters(self.as_ptr()) != 0 }
    }

    /// Whether the key is of a type, by any of the type's names; also a key that a provider keeps.
    pub(crate) fn is_a(&self, name: &CStr) -> bool {
        // SAFETY: the key is live; the name is a C string.
        unsafe { sys::EVP_PKEY_is_a(self.as_ptr(), name.as_ptr()) == 1 }
    }

    /// The NID of the key's type, as `EVP_PKEY_RSA`.
    pub(crate) fn id(&self) -> c_int {
        // SAFETY: the key is live.
        unsafe { ffi::EVP_PKEY_get_id(self.as_ptr()) }
    }

    /// The NID of the type that [`id`](Self::id) is a variant of.
    pub(crate) fn base_id(&self) -> c_int {
        // SAFETY: the key is live.
        unsafe { sys::EVP_PKEY_get_base_id(self.as_ptr()) }
    }

    pub(crate) fn bits(&self) -> c_int {
        // SAFETY: the key is live.
        unsafe { ffi::EVP_PKEY_get_bits(self.as_ptr()) }
    }

    pub(crate) fn security_bits(&self) -> c_int {
        // SAFETY: the key is live.
        unsafe { ffi::EVP_PKEY_get_security_bits(self.as_ptr()) }
    }

    /// Whether the certificate is for this key. If not, the queue says why (`X509_R_KEY_VALUES_MISMATCH`).
    pub(crate) fn is_same_public(&self, certificate: &X509) -> bool {
        // SAFETY: both are live.
        unsafe { sys::X509_check_private_key(certificate.as_ptr(), self.as_ptr()) == 1 }
    }

    /// The NID of an EC key's curve; the error queue stays as it was.
    pub(crate) fn curve(&self) -> Option<c_int> {
        if self.base_id() != ffi::EVP_PKEY_EC {
            return None;
        }
        let mut name = [0_u8; 80];
        let named = queue::quiet(|| {
            // SAFETY: the key is live, the buffer has the size that is given.
            unsafe {
                sys::EVP_PKEY_get_group_name(
                    self.as_ptr(),
                    name.as_mut_ptr().cast(),
                    name.len(),
                    std::ptr::null_mut(),
                )
            }
        });
        let name = CStr::from_bytes_until_nul(&name)
            .ok()
            .filter(|_| named == 1)?;
        // SAFETY: the name is a C string.
        let nid = unsafe { ffi::OBJ_sn2nid(name.as_ptr()) };
        // SAFETY: as above.
        Some(nid)
            .filter(|&nid| nid != 0)
            .or_else(|| Some(unsafe { sys::EC_curve_nist2nid(name.as_ptr()) }))
    }
}

impl X509Store {
    pub(crate) fn new() -> Option<Self> {
        // SAFETY: no preconditions; the reference is ours.
        unsafe { Self::from_owned(ffi::X509_STORE_new()) }
    }
}

impl VerifyParam {
    pub(crate) fn new() -> Option<Self> {
        // SAFETY: no preconditions; the object is ours.
        unsafe { Self::from_owned(ffi::X509_VERIFY_PARAM_new()) }
    }

    /// Takes what is set in `from` and not here, as a connection does from its context.
    pub(crate) fn inherit(&self, from: &Self) -> bool {
        // SAFETY: both are live.
        unsafe { sys::X509_VERIFY_PARAM_inherit(self.as_ptr(), from.as_ptr()) == 1 }
    }

    /// Takes what is set in `from`, whatever is here (`X509_VERIFY_PARAM_set1`).
    ///
    /// # Safety
    /// `from` is a live object.
    pub(crate) unsafe fn set(&self, from: *const ffi::X509_VERIFY_PARAM) -> bool {
        // SAFETY: ours is live, the other by the caller's promise.
        unsafe { sys::X509_VERIFY_PARAM_set1(self.as_ptr(), from) == 1 }
    }

    pub(crate) fn depth(&self) -> c_int {
        // SAFETY: the object is live.
        unsafe { sys::X509_VERIFY_PARAM_get_depth(self.as_ptr()) }
    }

    pub(crate) fn set_depth(&self, depth: c_int) {
        // SAFETY: the object is live.
        unsafe { ffi::X509_VERIFY_PARAM_set_depth(self.as_ptr(), depth) }
    }
}

impl X509Name {
    /// Makes a copy of its own; `None` for NULL or without memory.
    ///
    /// # Safety
    /// `raw` is NULL or a live name.
    pub(crate) unsafe fn from_borrowed(raw: *const ffi::X509_NAME) -> Option<Self> {
        if raw.is_null() {
            return None;
        }
        // SAFETY: live by the caller's promise; the copy is ours.
        unsafe { Self::from_owned(ffi::X509_NAME_dup(raw)) }
    }

    pub(crate) fn from_der(der: &[u8]) -> Option<Self> {
        let length = c_long::try_from(der.len()).ok()?;
        let mut at = der.as_ptr();
        // SAFETY: `at` leads to `length` bytes; a new object is made, as no place for one is given.
        let name = unsafe {
            Self::from_owned(ffi::d2i_X509_NAME(
                std::ptr::null_mut(),
                &raw mut at,
                length,
            ))
        }?;
        (at == der.as_ptr_range().end).then_some(name)
    }

    pub(crate) fn to_der(&self) -> Option<Vec<u8>> {
        // SAFETY: the name is live; without a buffer only the length is told.
        let length = unsafe { ffi::i2d_X509_NAME(self.as_ptr(), std::ptr::null_mut()) };
        let mut der = vec![0; usize::try_from(length).ok().filter(|&length| length > 0)?];
        let mut at = der.as_mut_ptr();
        // SAFETY: the buffer has the length that was told.
        let written = unsafe { ffi::i2d_X509_NAME(self.as_ptr(), &raw mut at) };
        (written == length).then_some(der)
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        // SAFETY: both are live.
        unsafe { ffi::X509_NAME_cmp(self.as_ptr(), other.as_ptr()) == 0 }
    }

    /// Another copy; `None` without memory.
    pub(crate) fn duplicate(&self) -> Option<Self> {
        // SAFETY: the name is live.
        unsafe { Self::from_borrowed(self.as_ptr()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing;

    #[test]
    fn a_certificate_survives_its_encoding() {
        let identity = testing::self_signed(testing::Kind::P256, "leaf.example");
        let der = identity.certificate.to_der().unwrap();
        let again = X509::from_der(&der).unwrap();
        assert!(again.is_same(&identity.certificate));
        assert!(again.subject().unwrap().is_same(&again.issuer().unwrap()));
        let name = again.subject().unwrap();
        assert!(
            X509Name::from_der(&name.to_der().unwrap())
                .unwrap()
                .is_same(&name)
        );
        let mut longer = der;
        longer.push(0);
        assert!(X509::from_der(&longer).is_none());
        queue::clear();
    }

    #[test]
    fn a_clone_outlives_the_original() {
        let identity = testing::self_signed(testing::Kind::P256, "leaf.example");
        let copy = identity.certificate.clone();
        // SAFETY: the pointer is live.
        let borrowed = unsafe { X509::from_borrowed(copy.as_ptr()) }.unwrap();
        drop(identity);
        drop(copy);
        assert!(borrowed.to_der().is_some());
        // SAFETY: `into_raw` gave the reference.
        drop(unsafe { X509::from_owned(borrowed.into_raw()) });
        // SAFETY: NULL is allowed.
        assert!(unsafe { X509::from_borrowed(std::ptr::null_mut()) }.is_none());
    }

    #[test]
    fn keys_tell_their_kind() {
        let p256 = testing::self_signed(testing::Kind::P256, "a");
        assert_eq!(p256.key.id(), ffi::EVP_PKEY_EC);
        assert_eq!(p256.key.curve(), Some(ffi::NID_X9_62_prime256v1));
        assert_eq!((p256.key.bits(), p256.key.security_bits()), (256, 128));
        let rsa = testing::self_signed(testing::Kind::Rsa, "b");
        assert_eq!((rsa.key.id(), rsa.key.curve()), (ffi::EVP_PKEY_RSA, None));
        assert!(rsa.key.is_same_public(&rsa.certificate));
        queue::clear();
        assert!(!rsa.key.is_same_public(&p256.certificate));
        assert!(!queue::is_empty());
        queue::clear();
    }
}
