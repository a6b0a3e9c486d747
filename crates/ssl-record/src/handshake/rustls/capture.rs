//! Secrets on their way out of rustls.
//!
//! Owns a per-connection key log that keeps what the hand-over loses: exporter and traffic secrets.
//! Passes lines on to the application's key log. The secrets are wiped when dropped.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

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

/// One connection's key log.
pub(super) struct Capture {
    captured: Mutex<Captured>,
    lines: Option<Lines>,
    keeps_handshake: bool,
}

impl Capture {
    pub(super) fn new(lines: Option<Lines>) -> Self {
        Self {
            captured: Mutex::default(),
            lines,
            keeps_handshake: false,
        }
    }

    /// As [`Capture::new`]; keeps the handshake secrets as well: to say last words of our own with.
    pub(super) fn with_handshake_secrets(lines: Option<Lines>) -> Self {
        Self {
            keeps_handshake: true,
            ..Self::new(lines)
        }
    }

    /// Everything captured; nothing is left behind.
    pub(super) fn take(&self) -> Captured {
        core::mem::take(&mut self.captured())
    }

    pub(super) fn captured(&self) -> MutexGuard<'_, Captured> {
        self.captured.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture").finish_non_exhaustive()
    }
}

impl KeyLog for Capture {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        {
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
