//! What a context and a connection have in common for the functions that exist for both.
//!
//! Owns how our certificates are looked at and replaced. No lock is held while they are worked on or
//! freed.

use std::sync::Arc;

use super::Settings;
use super::authorities::Names;
use super::certificates::{Certificates, KeyKind};
use super::security::Judge;
use crate::crypto::X509Store;

/// A context or a connection.
pub(crate) trait Holder {
    /// Looks at the settings; `look` must not call C.
    fn look<T>(&self, look: impl FnOnce(&Settings) -> T) -> T;

    /// Changes the settings; `change` must not call C.
    fn change<T>(&self, change: impl FnOnce(&mut Settings) -> T) -> T;

    /// Looks at its own lists of names, or changes them; `work` must not call C.
    fn with_names<T>(&self, work: impl FnOnce(&mut Names) -> T) -> T;

    /// The context's trust store.
    fn trust_store(&self) -> X509Store;

    /// Who says what is strong enough. To be asked without a lock: the application's callback may run.
    fn judge(&self) -> Judge;

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
        if self.look(|settings| settings.certificates.current_kind()) != kind {
            self.change(|settings| Arc::make_mut(&mut settings.certificates).select(kind));
        }
    }
}
