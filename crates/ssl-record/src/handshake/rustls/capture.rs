//! Secrets on their way out of rustls.
//!
//! Owns the key logs that keep what the hand-over loses: exporter and traffic secrets. That of a delegated
//! connection is its own; connections of one configuration share theirs, as they share rustls's configuration,
//! and it finds the connection that rustls works for in a thread-local variable ([`enter`]). Passes lines on to
//! the application's key log. The secrets are wiped when dropped.

use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::KeyLog;

use crate::config::KeyLog as Lines;
use crate::protect::Secret;

/// What was captured so far.
#[derive(Default)]
pub(super) struct Captured {
    pub(super) client_random: [u8; 32],
    /// On servers, the name in SNI.
    pub(super) server_name: Option<Box<str>>,
    /// TLS 1.2 master secret.
    pub(super) master_secret: Option<Secret>,
    /// TLS 1.3 exporter master secret.
    pub(super) exporter: Option<Secret>,
    /// TLS 1.3 first application traffic secrets.
    pub(super) client_traffic: Option<Secret>,
    pub(super) server_traffic: Option<Secret>,
    /// TLS 1.3 handshake keys exist: from here on the peer's records are protected.
    pub(super) handshake_keys: bool,
    /// TLS 1.3 handshake secrets, where they are kept.
    pub(super) client_handshake: Option<Secret>,
    pub(super) client_early: Option<Secret>,
    pub(super) server_handshake: Option<Secret>,
}

impl Captured {
    /// The application traffic secrets of client and server.
    pub(super) fn take_traffic(&mut self) -> Option<(Secret, Secret)> {
        Some((self.client_traffic.take()?, self.server_traffic.take()?))
    }
}

/// What was captured of one connection, and how much is to be.
#[derive(Default)]
pub(super) struct Capture {
    captured: Mutex<Captured>,
    keeps_handshake: bool,
}

impl Capture {
    /// One that keeps the handshake secrets as well: to say last words of our own with.
    pub(super) fn with_handshake_secrets() -> Self {
        Self {
            keeps_handshake: true,
            ..Self::default()
        }
    }

    pub(super) fn captured(&self) -> MutexGuard<'_, Captured> {
        self.captured.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut captured = self.captured();
        if let Ok(random) = client_random.try_into() {
            captured.client_random = random;
        }
        let kept = match label {
            "CLIENT_RANDOM" => Some(&mut captured.master_secret),
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET" if self.keeps_handshake => {
                Some(&mut captured.client_handshake)
            }
            "CLIENT_EARLY_TRAFFIC_SECRET" if self.keeps_handshake => {
                Some(&mut captured.client_early)
            }
            "EXPORTER_SECRET" => Some(&mut captured.exporter),
            "CLIENT_TRAFFIC_SECRET_0" => Some(&mut captured.client_traffic),
            "SERVER_TRAFFIC_SECRET_0" => Some(&mut captured.server_traffic),
            "SERVER_HANDSHAKE_TRAFFIC_SECRET" => {
                captured.handshake_keys = true;
                self.keeps_handshake
                    .then_some(&mut captured.server_handshake)
            }
            _ => None,
        };
        if let Some(kept) = kept {
            *kept = Secret::new(secret);
        }
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Capture>>> = const { RefCell::new(None) };
}

/// Makes what is in `capture` that of the connection that rustls works for on this thread, until the result is
/// dropped; then it is back.
pub(super) fn enter(capture: &mut Option<Arc<Capture>>) -> Scope<'_> {
    let outer = CURRENT.replace(capture.take());
    Scope { capture, outer }
}

/// Gives the place back to whom it belonged before.
pub(super) struct Scope<'a> {
    capture: &'a mut Option<Arc<Capture>>,
    outer: Option<Arc<Capture>>,
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        *self.capture = CURRENT.replace(self.outer.take());
    }
}

/// The name in the ClientHello that rustls works on.
pub(super) fn note_server_name(name: Option<&str>) {
    CURRENT.with_borrow(|current| {
        if let Some(capture) = current {
            capture.captured().server_name = name.map(Into::into);
        }
    });
}

/// A key log for rustls.
pub(super) struct Log {
    /// Of the only connection that has it; else that of the moment is meant.
    own: Option<Arc<Capture>>,
    lines: Option<Lines>,
}

impl Log {
    /// One for all connections of a configuration.
    pub(super) fn shared(lines: Option<Lines>) -> Arc<Self> {
        Arc::new(Self { own: None, lines })
    }

    /// One for the connection of which this is captured.
    pub(super) fn of(capture: &Arc<Capture>, lines: Option<Lines>) -> Arc<Self> {
        Arc::new(Self {
            own: Some(Arc::clone(capture)),
            lines,
        })
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}

impl KeyLog for Log {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let note = |capture: &Capture| capture.note(label, client_random, secret);
        match &self.own {
            Some(own) => note(own),
            None => CURRENT.with_borrow(|current| current.as_deref().map_or((), note)),
        }
        if let Some(lines) = &self.lines {
            let mut line = zeroize::Zeroizing::new(format!("{label} "));
            push_hex(&mut line, client_random);
            line.push(' ');
            push_hex(&mut line, secret);
            lines(&line);
        }
    }

    fn will_log(&self, _label: &str) -> bool {
        true
    }
}

fn push_hex(line: &mut String, bytes: &[u8]) {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    line.reserve(2 * bytes.len());
    for byte in bytes {
        line.push(DIGITS[usize::from(byte >> 4)]);
        line.push(DIGITS[usize::from(byte & 15)]);
    }
}
