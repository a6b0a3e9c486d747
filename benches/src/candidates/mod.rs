//! The candidates: what each does with one write, and the list of them.

mod aead;
mod ours;
mod rustls_buffered;
mod rustls_setup;
mod rustls_unbuffered;

use anyhow::Result;

use crate::{Credentials, Suite};

/// A connected client and server in one thread.
pub trait Candidate {
    /// The client writes `data` with as few calls as its interface allows, the server reads as many
    /// bytes into `out`, and both leave nothing behind.
    ///
    /// # Errors
    /// Whatever keeps the bytes from arriving.
    fn carry(&mut self, data: &[u8], out: &mut [u8]) -> Result<()>;

    /// Whether `out` holds the bytes afterwards: not if the candidate copies nothing.
    fn delivers(&self) -> bool {
        true
    }
}

/// Connects a candidate at a suite.
pub type Maker = fn(Suite, &Credentials) -> Result<Box<dyn Candidate>>;

/// Every candidate by name; the first is what the others are compared with.
pub const ALL: &[(&str, Maker)] = &[
    ("ours", ours::record_by_record),
    ("ours, read-ahead", ours::read_ahead),
    ("rustls unbuffered", rustls_unbuffered::make),
    ("rustls buffered", rustls_buffered::make),
    ("AEAD, two copies", aead::over_the_wire),
    (CEILING, aead::alone),
];

/// The candidate that does nothing but seal and open: no record layer can be faster.
pub const CEILING: &str = "AEAD alone";
