//! One delegated client's sessions, as rustls sees them.
//!
//! Owns the session it offers and those it makes. Does not know where sessions come from or go to.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pki_types::ServerName;
use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};

/// Offers at most one session and keeps the newest that was made, whatever the server is called.
#[derive(Default)]
pub(crate) struct OneSession {
    sessions: Mutex<Sessions>,
}

/// What is offered and what was made.
#[derive(Default)]
pub(crate) struct Sessions {
    pub(super) offered_tls12: Option<Tls12ClientSessionValue>,
    pub(super) offered_tls13: Option<Tls13ClientSessionValue>,
    pub(super) made_tls12: Option<Tls12ClientSessionValue>,
    pub(super) made_tls13: Option<Tls13ClientSessionValue>,
}

impl OneSession {
    pub(super) fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientSessionStore for OneSession {
    fn set_kx_hint(&self, _name: ServerName<'static>, _group: NamedGroup) {}

    fn kx_hint(&self, _name: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.sessions().made_tls12 = Some(value);
    }

    fn tls12_session(&self, _name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.sessions().offered_tls12.clone()
    }

    fn remove_tls12_session(&self, _name: &ServerName<'static>) {
        self.sessions().offered_tls12 = None;
    }

    fn insert_tls13_ticket(&self, _name: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.sessions().made_tls13 = Some(value);
    }

    fn take_tls13_ticket(&self, _name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.sessions().offered_tls13.take()
    }
}

impl core::fmt::Debug for OneSession {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("OneSession").finish_non_exhaustive()
    }
}
