//! What this library refuses by configuration: it is an OpenSSL built without these features.
//!
//! Owns the failures, each with the reason that symbols.txt names. Looks into no object.

mod dane;
mod other;
mod psk;
mod srp;
mod transparency;
mod versions;

use std::ffi::c_int;

pub(super) use {dane::*, other::*, psk::*, srp::*, transparency::*, versions::*};

use crate::boundary::guard;

/// Fails because the feature is not built in.
#[track_caller]
pub(super) fn disabled<T>(failure: T) -> T {
    refuse(ERR_R_DISABLED, failure)
}

/// Fails because there is no Diffie-Hellman key in no key.
#[track_caller]
pub(super) fn no_key() -> c_int {
    refuse(SSL_R_DH_KEY_TOO_SMALL, 0)
}

/// Fails with `failure`, leaving `reason` in the error queue.
#[track_caller]
fn refuse<T>(reason: c_int, failure: T) -> T {
    guard((), || {
        // SAFETY: no preconditions; a NULL format takes no arguments.
        unsafe {
            openssl_sys::ERR_new();
            openssl_sys::ERR_set_error(ERR_LIB_SSL, reason, std::ptr::null());
        }
    });
    failure
}

const ERR_LIB_SSL: c_int = 20;
const ERR_R_DISABLED: c_int = 260 | 3 << 18;
const SSL_R_CONTEXT_NOT_DANE_ENABLED: c_int = 167;
const SSL_R_DANE_NOT_ENABLED: c_int = 175;
const SSL_R_DH_KEY_TOO_SMALL: c_int = 394;
const SSL_R_UNINITIALIZED: c_int = 276;
const SSL_R_UNSUPPORTED_PROTOCOL: c_int = 258;

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of a call, and the only reason it left in the queue.
    fn failure<T>(call: impl FnOnce() -> T) -> (T, c_int) {
        // SAFETY: no preconditions; the queue is this thread's.
        unsafe { openssl_sys::ERR_clear_error() };
        let value = call();
        // SAFETY: as above.
        let (entry, next) = unsafe { (openssl_sys::ERR_get_error(), openssl_sys::ERR_get_error()) };
        assert_eq!(next, 0, "one entry for each failure");
        assert!(entry == 0 || openssl_sys::ERR_GET_LIB(entry) == ERR_LIB_SSL);
        (value, openssl_sys::ERR_GET_REASON(entry))
    }

    #[test]
    fn a_failure_leaves_its_reason() {
        let nobody = std::ptr::null_mut();
        let name = c"name".as_ptr();
        assert_eq!(
            failure(|| DTLS_method().is_null()),
            (true, SSL_R_UNSUPPORTED_PROTOCOL)
        );
        assert_eq!(
            failure(|| TLSv1_method().is_null()),
            (true, SSL_R_UNSUPPORTED_PROTOCOL)
        );
        assert_eq!(failure(|| SSL_stateless(nobody)), (-1, ERR_R_DISABLED));
        assert_eq!(failure(|| SSL_CTX_dane_enable(nobody)), (0, ERR_R_DISABLED));
        assert_eq!(
            failure(|| SSL_dane_enable(nobody, name)),
            (0, SSL_R_CONTEXT_NOT_DANE_ENABLED)
        );
        assert_eq!(
            failure(|| SSL_CTX_set_srp_strength(nobody, 1)),
            (0, ERR_R_DISABLED)
        );
        assert_eq!(
            failure(|| SSL_CTX_use_psk_identity_hint(nobody, name)),
            (0, ERR_R_DISABLED)
        );
        assert_eq!(
            failure(|| SSL_CTX_enable_ct(nobody, 0)),
            (0, ERR_R_DISABLED)
        );
        assert_eq!(
            failure(|| SSL_set_tlsext_use_srtp(nobody, name)),
            (1, ERR_R_DISABLED)
        );
    }

    #[test]
    fn to_switch_off_what_is_off_succeeds() {
        let nobody = std::ptr::null_mut();
        let nothing = std::ptr::null();
        assert_eq!(
            failure(|| SSL_use_psk_identity_hint(nobody, nothing)),
            (1, 0)
        );
        assert_eq!(
            failure(|| SSL_set_ct_validation_callback(nobody, None, nobody)),
            (1, 0)
        );
    }

    #[test]
    fn an_srp_failure_names_its_alert() {
        let mut alert = 0;
        // SAFETY: the alert can be written to, and the connection is not looked at.
        let call =
            || unsafe { SSL_srp_server_param_with_username(std::ptr::null_mut(), &raw mut alert) };
        assert_eq!(failure(call), (2, ERR_R_DISABLED));
        assert_eq!(alert, 115);
    }
}
