//! A drop-in `libssl.so.3`: OpenSSL 3.0's C API over `ssl-record` and the system's libcrypto.
//!
//! Data flows `entry` (pointers) -> `ssl`, `ctx`, `session` (objects) -> `ssl-record` (the engine), and
//! `crypto` is the only module that calls libcrypto. ARCHITECTURE.md tells who owns which pointer.

#![allow(
    unsafe_code,
    reason = "the C boundary: the only crate of the workspace that has any"
)]
#![deny(clippy::undocumented_unsafe_blocks)]

mod alloc;
mod boundary;
mod crypto;
mod ctx;
mod entry;
mod filter;
mod handle;
mod init;
mod method;
mod negotiate;
mod report;
mod session;
mod settings;
mod ssl;
