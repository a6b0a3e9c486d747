//! SSL_CTX_use_certificate(3): our own certificates.

use libc::c_int;
use openssl_sys::X509 as RawX509;

use super::with;
use crate::crypto::X509;
use crate::handle::{Counted, SSL, SSL_CTX};
use crate::settings::holder::Holder;
use crate::settings::install::{self, given};

/// # Safety
/// `ctx` is NULL or live; `certificate` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_use_certificate(
    ctx: *mut SSL_CTX,
    certificate: *mut RawX509,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { use_certificate(ctx, certificate) }
}

/// # Safety
/// `ssl` is NULL or live; `certificate` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_use_certificate(
    ssl: *mut SSL,
    certificate: *mut RawX509,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { use_certificate(ssl, certificate) }
}

unsafe fn use_certificate<O: Counted + Holder>(holder: *const O, raw: *mut RawX509) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        with(holder, 0, |holder| {
            let certificate = given(X509::from_borrowed(raw));
            let used = certificate.and_then(|it| install::certificate(holder, it));
            used.is_some().into()
        })
    }
}
