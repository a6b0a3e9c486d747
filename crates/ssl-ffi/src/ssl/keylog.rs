//! The key log on its way to the application.
//!
//! Owns the lines between the engine, which writes them on its own stack, and the callback, which runs
//! on the caller's once the engine has let go.

use std::cell::OnceCell;
use std::sync::{Arc, Mutex, PoisonError};

use ssl_record::config::KeyLog;
use zeroize::Zeroizing;

use super::Ssl;

/// Lines not delivered yet; nothing before the engine is given the place.
#[derive(Default)]
pub(super) struct KeyLines(OnceCell<Arc<Mutex<Lines>>>);

/// C strings. They are secrets and are wiped.
type Lines = Vec<Zeroizing<Vec<u8>>>;

impl KeyLines {
    /// What the engine writes to.
    pub(super) fn sink(&self) -> KeyLog {
        let lines = Arc::clone(self.0.get_or_init(Arc::default));
        Arc::new(move |line: &str| {
            let mut text = Zeroizing::new(Vec::with_capacity(line.len() + 1));
            text.extend_from_slice(line.as_bytes());
            text.push(0);
            lines
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(text);
        })
    }

    fn take(&self) -> Lines {
        self.0.get().map_or_else(Vec::new, |lines| {
            std::mem::take(&mut *lines.lock().unwrap_or_else(PoisonError::into_inner))
        })
    }
}

impl Ssl {
    /// What the engine is given: nothing, unless the application wants the lines.
    pub(super) fn key_log(&self) -> Option<KeyLog> {
        let wanted = self.ctx().hooks().key_log.is_some();
        wanted.then(|| self.key_lines.sink())
    }

    /// Hands over what has come since the last time.
    pub(super) fn deliver_key_lines(&self) {
        let lines = self.key_lines.take();
        if lines.is_empty() {
            return;
        }
        let Some(callback) = self.ctx().hooks().key_log else {
            return;
        };
        for line in lines {
            // SAFETY: the application's function, with a live connection and a C string.
            unsafe { callback(self.as_ptr(), line.as_ptr().cast()) };
        }
    }
}
