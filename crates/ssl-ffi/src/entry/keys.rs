//! SSL_CTX_use_PrivateKey(3): the keys of our certificates.

use libc::c_int;
use openssl_sys::EVP_PKEY;

use super::with;
use crate::crypto::EvpPkey;
use crate::handle::{Counted, SSL, SSL_CTX};
use crate::settings::holder::Holder;
use crate::settings::install::{self, given};

/// # Safety
/// `ctx` is NULL or live; `key` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_use_PrivateKey(
    ctx: *mut SSL_CTX,
    key: *mut EVP_PKEY,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { use_key(ctx, key) }
}

/// # Safety
/// `ssl` is NULL or live; `key` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_use_PrivateKey(ssl: *mut SSL, key: *mut EVP_PKEY) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { use_key(ssl, key) }
}

unsafe fn use_key<O: Counted + Holder>(holder: *const O, raw: *mut EVP_PKEY) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(holder, 0, |holder| {
            let key = given(EvpPkey::from_borrowed(raw));
            key.and_then(|key| install::key(holder, key))
                .is_some()
                .into()
        })
    }
}
