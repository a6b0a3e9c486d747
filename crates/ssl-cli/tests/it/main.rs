//! Runs the built program: one module per subject.

// Helpers outside of `#[test]` functions unwrap as the tests do.
#![allow(clippy::unwrap_used)]

mod demo;
mod failures;
mod hellos;
mod interop;
mod program;
mod scan;
mod scan_peers;
mod sessions;
mod snapshots;
mod stop;
mod transfer;
mod www;
