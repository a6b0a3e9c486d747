//! One delegated client's sessions.
//!
//! Owns the session it offers. Does not know where sessions come from or go to.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pki_types::ServerName;
use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};

/// Holds at most one session, whatever its server is called.
#[derive(Default)]
pub(super) struct OneSession {
    offered: Mutex<Offered>,
}

#[derive(Default)]
struct Offered {
    /// The handshake has begun: what comes now is new and not for this connection.
    closed: bool,
    tls12: Option<Tls12ClientSessionValue>,
    tls13: Option<Tls13ClientSessionValue>,
}

impl OneSession {
    /// From here on nothing is taken in.
    pub(super) fn close(&self) {
        self.offered().closed = true;
    }

    fn offered(&self) -> MutexGuard<'_, Offered> {
        self.offered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientSessionStore for OneSession {
    fn set_kx_hint(&self, _name: ServerName<'static>, _group: NamedGroup) {}

    fn kx_hint(&self, _name: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _name: ServerName<'static>, value: Tls12ClientSessionValue) {
        let mut offered = self.offered();
        if !offered.closed {
            offered.tls12 = Some(value);
        }
    }

    fn tls12_session(&self, _name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.offered().tls12.clone()
    }

    fn remove_tls12_session(&self, _name: &ServerName<'static>) {
        self.offered().tls12 = None;
    }

    fn insert_tls13_ticket(&self, _name: ServerName<'static>, value: Tls13ClientSessionValue) {
        let mut offered = self.offered();
        if !offered.closed {
            offered.tls13 = Some(value);
        }
    }

    fn take_tls13_ticket(&self, _name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.offered().tls13.take()
    }
}

impl core::fmt::Debug for OneSession {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("OneSession").finish_non_exhaustive()
    }
}
