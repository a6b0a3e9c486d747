//! Sessions in the form that rustls resumes from.
//!
//! Owns the means to make one at any time: of TLS 1.2 a copy, of TLS 1.3, whose sessions can be used
//! once and not be copied, what is left of the handshake that it belongs to, which makes another from
//! the same ticket. A session that comes from storage first gets such a handshake by a rehearsal.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use pki_types::UnixTime;
use rustls::Error;
use rustls::client::{ClientConnectionData, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::kernel::KernelConnection;
use rustls::time_provider::TimeProvider;

use super::super::{rehearse, tap};
use super::client;
use super::store::OneSession;
use crate::handshake::session::{ClientSession, Resumable};
use crate::protect::Secret;
use crate::record::ProtocolVersion;

/// What a session is made from.
pub(crate) enum Stock {
    Tls12(Tls12ClientSessionValue),
    Tls13(Arc<Mint>),
}

/// What is left of a TLS 1.3 handshake: it makes sessions from its tickets.
pub(crate) struct Mint {
    kernel: Mutex<KernelConnection<ClientConnectionData>>,
    /// Where what is made comes out.
    store: Arc<OneSession>,
    clock: Arc<Clock>,
}

impl Stock {
    /// Rehearses the handshake that the session could come from; `None` if there is none.
    pub(super) fn rehearsed(session: &ClientSession) -> Option<Self> {
        if session.suite().version() == ProtocolVersion::Tls12 && !session.extended_master_secret {
            // A rehearsal negotiates the extended master secret.
            return None;
        }
        let (config, store) = client::bare_configuration(session.suite()).ok()?;
        let name = client::server_name(None);
        let kernel = rehearse::import_as(&config, name, session).ok()?;
        Some(match kernel {
            Some(kernel) => Self::Tls13(Mint::new(*kernel, store, Arc::default())),
            None => Self::Tls12(store.sessions().made_tls12.take()?),
        })
    }

    /// Puts the session where a new connection looks for it.
    pub(super) fn offer(&self, session: &Resumable, store: &OneSession) {
        match self {
            Self::Tls12(value) => store.sessions().offered_tls12 = Some(value.clone()),
            Self::Tls13(mint) => {
                let made = mint.make(session);
                store.sessions().offered_tls13 = made;
            }
        }
    }
}

impl Mint {
    pub(crate) fn new(
        kernel: KernelConnection<ClientConnectionData>,
        store: Arc<OneSession>,
        clock: Arc<Clock>,
    ) -> Arc<Self> {
        Arc::new(Self {
            kernel: Mutex::new(kernel),
            store,
            clock,
        })
    }

    /// Takes in the body of a NewSessionTicket; its secret, if the body can be parsed.
    pub(crate) fn note(&self, body: &[u8]) -> Result<Option<Secret>, Error> {
        let mut kernel = self.kernel.lock().unwrap_or_else(PoisonError::into_inner);
        let (noted, secret) = tap::noting(|| kernel.handle_new_session_ticket(body));
        self.store.sessions().made_tls13 = None;
        noted.map(|()| secret)
    }

    fn make(&self, session: &Resumable) -> Option<Tls13ClientSessionValue> {
        let mut kernel = self.kernel.lock().unwrap_or_else(PoisonError::into_inner);
        self.clock.set(session.received);
        let make = || kernel.handle_new_session_ticket(&session.ticket);
        let made = tap::replacing(&session.secret, make);
        self.clock.set(0);
        made.ok()?;
        self.store.sessions().made_tls13.take()
    }
}

/// The time as rustls is to see it: a moment, or now.
#[derive(Debug, Default)]
pub(crate) struct Clock(AtomicU64);

impl Clock {
    /// Stops at that moment, in seconds since 1970; at 0 it goes.
    pub(super) fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::Relaxed);
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(match self.0.load(Ordering::Relaxed) {
            0 => UnixTime::now(),
            seconds => UnixTime::since_unix_epoch(core::time::Duration::from_secs(seconds)),
        })
    }
}
