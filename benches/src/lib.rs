//! TLS libraries side by side: one transport, one workload, one file per candidate.
//!
//! Owns what the candidates have in common and what is done with them. `candidate` is a process that holds one of
//! them and does what it is told over its standard input ([`serve`]); the C program in `c/` does the same with
//! libraries that have OpenSSL's interface; [`harness`] tells them, in turn. A new candidate in Rust is one file in
//! [`candidates`] and one line in its list.
//!
//! Nothing here asserts a speed.

#![forbid(unsafe_code)]

pub mod candidates;
pub mod harness;
mod lane;
#[cfg(any(feature = "boring", feature = "s2n-tls"))]
mod lent;
pub mod serve;
mod sockets;
mod suite;
mod wire;

pub use candidates::Candidate;
pub use lane::Lane;
pub use suite::{Credentials, Key, Suite, Terms};
pub use wire::{Calls, Port, Wire, Wires};

/// Bytes per write.
pub const SIZES: [usize; 4] = [64, 1024, 16 * 1024, 128 * 1024];

/// Largest fragment of one record, in bytes (RFC 8446 section 5.1).
pub const MAX_FRAGMENT: usize = 1 << 14;
