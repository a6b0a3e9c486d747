//! One test binary: this crate against OpenSSL's own programs and curl, one file per topic.
//!
//! Owns the helpers' module list. Every test starts its own peer on loopback, so all may run at once;
//! without the programs they print why they do nothing, and under `CI` they fail.

// Clippy counts only the functions under `#[test]` as tests, not what they share.
#![allow(clippy::unwrap_used)]

mod bulk;
mod client_certificates;
mod close;
mod curl;
mod delegated;
mod facts;
mod hello_modes;
mod http;
mod key_update;
mod matrix;
mod ours;
// The same owner as that of the pairs in memory.
#[allow(dead_code)]
#[path = "../it/delegated/owner.rs"]
mod owner;
mod peers;
mod renegotiation;
mod resumption;
