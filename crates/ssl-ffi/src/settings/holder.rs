//! What a context and a connection have in common for the functions that exist for both.
//!
//! Owns the way in which the security level, or the application's callback in its place, judges our
//! own certificates. No lock is held while it is asked.

use std::ffi::{c_int, c_void};
use std::sync::Arc;

use super::Settings;
use super::certificates::{Certificates, KeyKind};
use crate::crypto::{X509, X509Store, strength};
use crate::handle::{SSL, SSL_CTX};
use crate::negotiate::security::{self, Weakness};

/// A context or a connection.
pub(crate) trait Holder {
    /// Looks at the settings; `look` must not call C.
    fn look<T>(&self, look: impl FnOnce(&Settings) -> T) -> T;

    /// Changes the settings; `change` must not call C.
    fn change<T>(&self, change: impl FnOnce(&mut Settings) -> T) -> T;

    /// The context's trust store.
    fn trust_store(&self) -> X509Store;

    /// What the security callback is told of who asks: one of the two is NULL.
    fn pointers(&self) -> (*const SSL, *const SSL_CTX);

    /// Our certificates as they are now.
    fn certificates(&self) -> Arc<Certificates> {
        self.look(|settings| Arc::clone(&settings.certificates))
    }

    /// Puts others in their place. The old ones are freed here, outside of any lock.
    fn set_certificates(&self, certificates: Arc<Certificates>) {
        let old =
            self.change(|settings| std::mem::replace(&mut settings.certificates, certificates));
        drop(old);
    }

    /// Makes another place the current one.
    fn select(&self, kind: KeyKind) {
        self.change(|settings| {
            if settings.certificates.current_kind() != kind {
                Arc::make_mut(&mut settings.certificates).select(kind);
            }
        });
    }

    /// Whether the security level lets us show this certificate.
    fn judge(&self, certificate: &X509, is_leaf: bool) -> Result<(), Weakness> {
        let (own_key, key) = if is_leaf {
            (op::EE_KEY, Weakness::Key)
        } else {
            (op::CA_KEY, Weakness::IssuerKey)
        };
        let other = certificate.as_ptr().cast();
        if !self.allows(own_key, strength::of_key(certificate), 0, other) {
            return Err(key);
        }
        match strength::of_signature(certificate) {
            Some(signature) if !self.allows(op::CA_MD, signature.bits, signature.nid, other) => {
                Err(Weakness::Digest)
            }
            _ => Ok(()),
        }
    }

    /// Asks the application's security callback, or the level if there is none.
    fn allows(&self, op: c_int, bits: c_int, nid: c_int, other: *mut c_void) -> bool {
        let asked = self.look(|settings| settings.security);
        let Some(callback) = asked.callback else {
            return security::allows_bits(asked.level, bits);
        };
        let (ssl, ctx) = self.pointers();
        // SAFETY: the application's function and argument, with live objects.
        unsafe { callback(ssl, ctx, op, bits, nid, other, asked.ex_data.0) != 0 }
    }
}

/// What is judged (`SSL_SECOP_*`).
mod op {
    use std::ffi::c_int;

    const OTHER_CERT: c_int = 6 << 16;
    pub(super) const EE_KEY: c_int = 16 | OTHER_CERT;
    pub(super) const CA_KEY: c_int = 17 | OTHER_CERT;
    pub(super) const CA_MD: c_int = 18 | OTHER_CERT;
}
