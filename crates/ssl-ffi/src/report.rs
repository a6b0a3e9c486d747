//! `SSL_MODE_REPORT`: what a program asks of the modes, one JSON line per connection.
//!
//! Owns the switch, the counters of one connection and their line. With the variable unset each question
//! costs one relaxed load. Knows nothing of TLS.

use std::cell::{Cell, OnceCell};
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use ssl_mode::SslMode;

/// Names the file to append to; `-` is standard error.
const VARIABLE: &str = "SSL_MODE_REPORT";

static ON: AtomicBool = AtomicBool::new(false);
static CONTEXT_SET: AtomicU32 = AtomicU32::new(0);
static CONTEXT_CLEARED: AtomicU32 = AtomicU32::new(0);
static CONNECTIONS: AtomicU64 = AtomicU64::new(0);
static TARGET: OnceLock<Target> = OnceLock::new();

/// Where lines go.
enum Target {
    StandardError,
    File(Mutex<PathBuf>),
}

/// What one connection did. Counts begin with the object and are reported when it ends.
#[derive(Default)]
pub(crate) struct Tally(OnceCell<Box<Counts>>);

/// See [`Tally`].
#[derive(Default)]
struct Counts {
    /// Bits that `SSL_set_mode` was given.
    set: Cell<u32>,
    /// Bits that `SSL_clear_mode` was given.
    cleared: Cell<u32>,
    /// Calls that ended with a want.
    blocked: Cell<u64>,
    /// Writes that continued a blocked one.
    retries: Cell<u64>,
    /// Writes that reported less than they were given.
    partial: Cell<u64>,
    /// Application bytes.
    read: Cell<u64>,
    written: Cell<u64>,
    /// The last write blocked.
    write_blocked: Cell<bool>,
}

/// What a connection's line says beyond its counts.
pub(crate) struct Identity<'a> {
    pub(crate) side: &'a str,
    pub(crate) version: &'a str,
    pub(crate) modes: SslMode,
    pub(crate) buffers_released: u64,
}

/// Reads the variable, once, and arranges for the line of the process.
pub(crate) fn begin() {
    TARGET.get_or_init(|| {
        let Some(value) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) else {
            return Target::StandardError;
        };
        ON.store(true, Ordering::Relaxed);
        // SAFETY: the function has the type that atexit demands and stays: the library is not unloaded.
        unsafe { libc::atexit(at_exit) };
        if value == "-" {
            Target::StandardError
        } else {
            Target::File(Mutex::new(value.into()))
        }
    });
}

/// Whether anything is counted.
pub(crate) fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// A program changed the modes of a context.
pub(crate) fn context_mode(set: u32, cleared: u32) {
    if is_on() {
        CONTEXT_SET.fetch_or(set, Ordering::Relaxed);
        CONTEXT_CLEARED.fetch_or(cleared, Ordering::Relaxed);
    }
}

impl Tally {
    pub(crate) fn mode(&self, set: u32, cleared: u32) {
        if is_on() {
            let counts = self.counts();
            counts.set.set(counts.set.get() | set);
            counts.cleared.set(counts.cleared.get() | cleared);
        }
    }

    /// A write ended with this, `None` for a want or an error.
    pub(crate) fn wrote(&self, asked: usize, done: Option<usize>) {
        if !is_on() {
            return;
        }
        let counts = self.counts();
        if counts.write_blocked.replace(done.is_none()) {
            counts.retries.set(counts.retries.get() + 1);
        }
        match done {
            None => counts.blocked.set(counts.blocked.get() + 1),
            Some(done) => {
                counts.written.set(counts.written.get() + done as u64);
                let partial = counts.partial.get() + u64::from(done < asked);
                counts.partial.set(partial);
            }
        }
    }

    /// A read ended with this, `None` for a want, a close or an error.
    pub(crate) fn received(&self, done: Option<usize>) {
        if !is_on() {
            return;
        }
        let counts = self.counts();
        match done {
            None => counts.blocked.set(counts.blocked.get() + 1),
            Some(done) => counts.read.set(counts.read.get() + done as u64),
        }
    }

    /// Made with the first one that counts.
    fn counts(&self) -> &Counts {
        self.0.get_or_init(Box::default)
    }

    /// Writes the connection's line.
    pub(crate) fn end(&self, identity: &Identity<'_>) {
        CONNECTIONS.fetch_add(1, Ordering::Relaxed);
        let (names, counts) = (names(identity.modes), self.counts());
        write_line(&format!(
            "{{\"pid\":{},\"program\":\"{}\",\"side\":\"{}\",\"version\":\"{}\",\"mode\":{},\"names\":[{names}],\
             \"set\":{},\"cleared\":{},\"context_set\":{},\"context_cleared\":{},\"blocked\":{},\"retries\":{},\
             \"partial_writes\":{},\"bytes_read\":{},\"bytes_written\":{},\"buffers_released\":{}}}",
            std::process::id(),
            program(),
            identity.side,
            identity.version,
            identity.modes.bits(),
            counts.set.get(),
            counts.cleared.get(),
            CONTEXT_SET.load(Ordering::Relaxed),
            CONTEXT_CLEARED.load(Ordering::Relaxed),
            counts.blocked.get(),
            counts.retries.get(),
            counts.partial.get(),
            counts.read.get(),
            counts.written.get(),
            identity.buffers_released,
        ));
    }
}

/// The line of a process, for programs that end without freeing their connections.
extern "C" fn at_exit() {
    crate::boundary::guard((), || {
        write_line(&format!(
            "{{\"pid\":{},\"program\":\"{}\",\"connections_ended\":{},\"context_set\":{},\"context_cleared\":{}}}",
            std::process::id(),
            program(),
            CONNECTIONS.load(Ordering::Relaxed),
            CONTEXT_SET.load(Ordering::Relaxed),
            CONTEXT_CLEARED.load(Ordering::Relaxed),
        ));
    });
}

/// Appends a whole line in one write, so that the lines of several processes do not mix.
fn write_line(line: &str) {
    let line = format!("{line}\n");
    // A report that cannot be written must not disturb the program.
    let _ = match TARGET.get() {
        Some(Target::File(path)) => {
            let path = path.lock().unwrap_or_else(PoisonError::into_inner);
            std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(&*path)
                .and_then(|mut file| file.write_all(line.as_bytes()))
        }
        Some(Target::StandardError) | None => std::io::stderr().write_all(line.as_bytes()),
    };
}

/// The program's name, without what JSON would have to escape.
fn program() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.chars()
        .filter(|c| !c.is_control() && !matches!(c, '"' | '\\'))
        .collect()
}

/// The names of the bits, quoted.
fn names(modes: SslMode) -> String {
    let quoted: Vec<String> = modes
        .iter_names()
        .map(|(name, _)| format!("\"{name}\""))
        .collect();
    quoted.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_counted_while_the_switch_is_off() {
        let tally = Tally::default();
        tally.wrote(10, Some(5));
        tally.mode(1, 2);
        assert!(tally.0.get().is_none());
    }

    #[test]
    fn names_are_quoted() {
        assert_eq!(
            names(SslMode::AUTO_RETRY | SslMode::RELEASE_BUFFERS),
            "\"AUTO_RETRY\",\"RELEASE_BUFFERS\""
        );
    }
}
