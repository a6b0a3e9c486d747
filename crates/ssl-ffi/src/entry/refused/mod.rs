//! What this library refuses by configuration: it is an OpenSSL built without these features.
//!
//! Owns the failures, each with the reason that symbols.txt names. Looks into no object.

mod dane;
mod other;
mod psk;
mod serverinfo;
mod srp;
mod transparency;
mod versions;

use std::ffi::c_int;

pub(super) use {dane::*, other::*, psk::*, serverinfo::*, srp::*, transparency::*, versions::*};

use crate::crypto::queue::{self, common};
use crate::crypto::reason;
use crate::settings::callbacks::AnyCallback;

/// A function of the application that is never called, whatever its type.
pub(super) type NeverCalled = Option<AnyCallback>;

/// Fails because the feature is not built in.
#[track_caller]
pub(super) fn disabled<T>(failure: T) -> T {
    refuse(common::DISABLED, failure)
}

/// Fails because there is no Diffie-Hellman key in no key.
#[track_caller]
pub(super) fn no_key() -> c_int {
    refuse(reason::DH_KEY_TOO_SMALL, 0)
}

/// Fails with `failure`, leaving `reason` in the error queue.
#[track_caller]
fn refuse<T>(reason: c_int, failure: T) -> T {
    // Outside of `guard`: the entry names the line of the entry point, and nothing here panics.
    queue::raise(reason);
    failure
}

#[cfg(test)]
mod tests {
    use std::ptr::{null, null_mut};

    use super::*;

    /// The value of a call, and the only reason it left in the queue.
    fn failure<T>(call: impl FnOnce() -> T) -> (T, c_int) {
        queue::clear();
        let value = call();
        let (entry, next) = (queue::take_first(), queue::take_first());
        assert_eq!(next, 0, "one entry for each failure");
        assert!(entry == 0 || queue::library_of(entry) == queue::LIB_SSL);
        (value, queue::reason_of(entry))
    }

    #[test]
    fn a_failure_leaves_its_reason() {
        let name = c"name".as_ptr();
        assert_eq!(
            failure(|| DTLSv1_method().is_null()),
            (true, reason::UNSUPPORTED_PROTOCOL)
        );
        assert_eq!(
            failure(|| SSL_stateless(null_mut())),
            (-1, common::DISABLED)
        );
        assert_eq!(
            failure(|| SSL_CTX_set_srp_strength(null_mut(), 1)),
            (0, common::DISABLED)
        );
        assert_eq!(
            failure(|| SSL_CTX_use_psk_identity_hint(null_mut(), name)),
            (0, common::DISABLED)
        );
        assert_eq!(
            failure(|| SSL_CTX_enable_ct(null_mut(), 0)),
            (0, common::DISABLED)
        );
        assert_eq!(
            failure(|| SSL_set_tlsext_use_srtp(null_mut(), name)),
            (1, common::DISABLED)
        );
    }

    #[test]
    fn to_switch_off_what_is_off_succeeds() {
        assert_eq!(
            failure(|| SSL_use_psk_identity_hint(null_mut(), null())),
            (1, 0)
        );
        assert_eq!(
            failure(|| SSL_set_ct_validation_callback(null_mut(), None, null_mut())),
            (1, 0)
        );
    }

    #[test]
    fn a_context_is_prepared_for_dane_and_no_connection_relies_on_it() {
        let some_digest = std::ptr::dangling();
        let none = null();
        assert_eq!(failure(|| SSL_CTX_dane_enable(null_mut())), (1, 0));
        for (digest, matching, expected) in [
            (some_digest, 1, (1, 0)),
            (none, 0, (1, 0)),
            (some_digest, 0, (0, reason::DANE_CANNOT_OVERRIDE_MTYPE_FULL)),
        ] {
            let set = || SSL_CTX_dane_mtype_set(null_mut(), digest, matching, 1);
            assert_eq!(failure(set), expected);
        }
        assert_eq!(
            failure(|| SSL_dane_enable(null_mut(), c"name".as_ptr())),
            (0, common::DISABLED)
        );
        assert_eq!(
            failure(|| SSL_dane_tlsa_add(null_mut(), 3, 1, 1, null(), 0)),
            (-1, reason::DANE_NOT_ENABLED)
        );
    }

    #[test]
    fn an_srp_failure_names_its_alert() {
        let mut alert = 0;
        // SAFETY: the alert can be written to, and the connection is not looked at.
        let call = || unsafe { SSL_srp_server_param_with_username(null_mut(), &raw mut alert) };
        assert_eq!(failure(call), (2, common::DISABLED));
        assert_eq!(alert, 115);
    }
}
