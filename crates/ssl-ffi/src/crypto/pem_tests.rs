//! Files of certificates and keys, good and bad, and the entries that the bad ones leave.
//!
//! Knows nothing of contexts.

use std::ffi::{CString, c_char};
use std::path::Path;

use super::*;
use crate::crypto::testing::{self, Kind};

fn saved(folder: &Path, name: &str, bytes: &[u8]) -> CString {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    c_path(&path)
}

fn c_path(path: &Path) -> CString {
    CString::new(path.to_str().unwrap()).unwrap()
}

/// Library and reason of each entry, oldest first; the queue is empty afterwards.
fn entries() -> Vec<(c_int, c_int)> {
    let next = || Some(queue::take_first()).filter(|&entry| entry != 0);
    std::iter::from_fn(next)
        .map(|entry| (queue::library_of(entry), queue::reason_of(entry)))
        .collect()
}

unsafe extern "C" fn tell(to: *mut c_char, _: c_int, _: c_int, arg: *mut c_void) -> c_int {
    let password = b"sesame";
    // SAFETY: libcrypto has room for more; the tests pass a live counter.
    unsafe {
        std::ptr::copy_nonoverlapping(password.as_ptr(), to.cast(), password.len());
        *arg.cast::<u32>() += 1;
    }
    6
}

#[test]
fn a_certificate_comes_in_both_formats() {
    let folder = tempfile::tempdir().unwrap();
    let made = testing::self_signed(Kind::P256, "leaf").certificate;
    let pem = saved(folder.path(), "pem", &testing::certificate_pem(&made));
    let der = saved(folder.path(), "der", &made.to_der().unwrap());
    queue::clear();
    assert!(
        certificate(&pem, 1, Password::DEFAULT)
            .unwrap()
            .is_same(&made)
    );
    assert!(
        certificate(&der, 2, Password::DEFAULT)
            .unwrap()
            .is_same(&made)
    );
    assert!(
        certificate_der(&made.to_der().unwrap())
            .unwrap()
            .is_same(&made)
    );
    assert!(queue::is_empty());
    assert!(certificate(&pem, 2, Password::DEFAULT).is_none());
    assert_eq!(entries().last(), Some(&(20, common::ASN1_LIB)));
    assert!(certificate(&der, 1, Password::DEFAULT).is_none());
    assert_eq!(
        entries(),
        [
            (sys::ERR_LIB_PEM, sys::PEM_R_NO_START_LINE),
            (20, common::PEM_LIB)
        ]
    );
    assert!(certificate(&pem, 3, Password::DEFAULT).is_none());
    assert_eq!(entries(), [(20, reason::BAD_SSL_FILETYPE)]);
}

#[test]
fn a_missing_file_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let path = c_path(&folder.path().join("none"));
    // Whatever the format is: the file comes first.
    let expected = [
        (sys::ERR_LIB_SYS, libc::ENOENT),
        (32, common::SYS_LIB),
        (20, common::SYS_LIB),
    ];
    queue::clear();
    assert!(certificate(&path, 9, Password::DEFAULT).is_none());
    assert_eq!(entries(), expected);
    assert!(private_key(&path, 9, Password::DEFAULT).is_none());
    assert_eq!(entries(), expected);
    assert!(rsa_private_key(&path, 1, Password::DEFAULT).is_none());
    assert_eq!(entries(), expected);
    assert!(Certificates::of_file(&path, Password::DEFAULT).is_none());
    assert_eq!(entries(), expected);
}

#[test]
fn a_chain_ends_or_breaks() {
    let root = testing::self_signed(Kind::P256, "root");
    let leaf = testing::issued("leaf", &root, false, 3600);
    let mut bytes = testing::certificate_pem(&leaf.certificate);
    bytes.extend(testing::key_pem(&leaf.key, None));
    bytes.extend(testing::certificate_pem(&root.certificate));
    let chain = |bytes: &[u8]| Certificates::of(Bio::memory(bytes).unwrap(), Password::DEFAULT);
    queue::clear();
    let whole = chain(&bytes);
    assert!(whole.own().unwrap().is_same(&leaf.certificate));
    assert!(matches!(whole.next(), Next::Certificate(next) if next.is_same(&root.certificate)));
    assert!(matches!(whole.next(), Next::End));
    assert!(queue::is_empty());
    let cut = chain(&bytes[..bytes.len() - 40]);
    assert!(cut.own().is_some());
    assert!(matches!(cut.next(), Next::Broken));
    assert_eq!(
        entries().last().map(|entry| entry.0),
        Some(sys::ERR_LIB_PEM)
    );
    assert!(chain(b"nothing").own().is_none());
    assert_eq!(
        entries(),
        [
            (sys::ERR_LIB_PEM, sys::PEM_R_NO_START_LINE),
            (20, common::PEM_LIB)
        ]
    );
}

#[test]
fn keys_come_in_all_formats() {
    let folder = tempfile::tempdir().unwrap();
    let identity = testing::self_signed(Kind::Rsa, "leaf");
    let (pkcs8, pkcs1) = (
        testing::key_pem(&identity.key, None),
        testing::rsa_der(&identity.key),
    );
    let pem = saved(folder.path(), "pem", &pkcs8);
    let der = saved(folder.path(), "der", &pkcs1);
    queue::clear();
    for key in [
        private_key(&pem, 1, Password::DEFAULT),
        private_key(&der, 2, Password::DEFAULT),
        private_key_der(ffi::EVP_PKEY_RSA, &pkcs1),
        rsa_private_key(&pem, 1, Password::DEFAULT),
        rsa_private_key(&der, 2, Password::DEFAULT),
        rsa_private_key_der(&pkcs1),
    ] {
        assert!(key.unwrap().is_same_public(&identity.certificate));
    }
    assert!(queue::is_empty());
    let failures: [&dyn Fn() -> Option<EvpPkey>; 4] = [
        &|| private_key(&pem, 2, Password::DEFAULT),
        &|| rsa_private_key(&pem, 2, Password::DEFAULT),
        &|| private_key_der(ffi::EVP_PKEY_EC, &pkcs1),
        &|| rsa_private_key_der(&pkcs1[1..]),
    ];
    for failure in failures {
        assert!(failure().is_none());
        assert_eq!(entries().pop(), Some((20, common::ASN1_LIB)));
    }
    assert!(private_key(&der, 1, Password::DEFAULT).is_none());
    assert_eq!(entries().pop(), Some((20, common::PEM_LIB)));
    // SAFETY: NULL is allowed.
    assert!(unsafe { key_of_rsa(null_mut()) }.is_none());
    assert_eq!(entries(), [(20, common::PASSED_NULL_PARAMETER)]);
}

#[test]
fn a_password_is_asked_for_or_given() {
    let folder = tempfile::tempdir().unwrap();
    let identity = testing::self_signed(Kind::P256, "leaf");
    let bytes = testing::key_pem(&identity.key, Some("sesame"));
    let path = saved(folder.path(), "key", &bytes);
    let mut asked = 0_u32;
    let asks = Password {
        function: Some(tell),
        arg: (&raw mut asked).cast(),
    };
    let given = |text: &CStr| Password {
        function: None,
        arg: text.as_ptr().cast_mut().cast(),
    };
    queue::clear();
    for password in [asks, given(c"sesame")] {
        let key = private_key(&path, 1, password).unwrap();
        assert!(key.is_same_public(&identity.certificate));
    }
    assert_eq!(asked, 1);
    assert!(private_key(&path, 1, given(c"wrong")).is_none());
    assert_eq!(entries().pop(), Some((20, common::PEM_LIB)));
}
