//! Record layers side by side: one transport, one workload, one file per candidate.
//!
//! Owns what the candidates have in common. What is measured is in `benches/`; a new candidate is one
//! file in [`candidates`] and one line in its list.
//!
//! Nothing here asserts a speed.

#![forbid(unsafe_code)]

pub mod candidates;
mod lane;
mod suite;
mod wire;

pub use candidates::Candidate;
pub use lane::Lane;
pub use suite::{Credentials, Suite};
pub use wire::{Wire, Wires};

/// Bytes per write.
pub const SIZES: [usize; 4] = [64, 1024, 16 * 1024, 128 * 1024];

/// Largest fragment of one record, in bytes (RFC 8446 section 5.1).
pub const MAX_FRAGMENT: usize = 1 << 14;
