//! Objects that programs still pass and that are of no use here: keys of libcrypto's old API, `DH` and
//! `EC_KEY`, and logs of certificates.
//!
//! Owns what is asked of them before they are forgotten.

use std::ffi::{c_int, c_void};

use openssl_sys as ffi;

use super::{EvpPkey, sys};

/// A key of the new kind with these Diffie-Hellman parameters; `None` for NULL, and without memory.
///
/// # Safety
/// `dh` is NULL or a live `DH*`.
pub(crate) unsafe fn dh_key(dh: *mut c_void) -> Option<EvpPkey> {
    if dh.is_null() {
        return None;
    }
    // SAFETY: a new key is ours; the parameters are live.
    unsafe {
        let key = EvpPkey::from_owned(ffi::EVP_PKEY_new())?;
        (ffi::EVP_PKEY_set1_DH(key.as_ptr(), dh.cast()) > 0).then_some(key)
    }
}

/// Frees the logs that certificates are looked up in.
///
/// # Safety
/// `logs` is NULL or a `CTLOG_STORE*` that is the caller's to give away.
pub(crate) unsafe fn free_logs(logs: *mut c_void) {
    // SAFETY: the caller's promise.
    unsafe { sys::CTLOG_STORE_free(logs) }
}

/// NID of a key's curve, 0 for one without a name; `None` for a key without a curve.
///
/// # Safety
/// `key` is a live `EC_KEY*`.
pub(crate) unsafe fn curve_of(key: *mut c_void) -> Option<c_int> {
    // SAFETY: the key is live, and its group with it.
    unsafe {
        let group = ffi::EC_KEY_get0_group(key.cast());
        (!group.is_null()).then(|| ffi::EC_GROUP_get_curve_name(group))
    }
}
