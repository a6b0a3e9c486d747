//! Test tools of the workspace: what stands in for the network and for the peer.
//!
//! Owns everything a test needs that is not the code under test. It must not know `ssl-record`: the
//! transports here are plain `std::io::Read + Write`, which is what every transport of that crate
//! is.
//!
//! | module | for |
//! |---|---|
//! | [`script`] | a transport that plays a list of results and logs each call |
//! | [`pipe`] | two ends of an in-memory connection with adjustable obstacles |
//! | [`throttle`] | a transport, or a relay between sockets, that passes small pieces |
//! | [`wire`], [`hello`] | captured bytes as records, and the hello messages in them |
//! | [`certs`] | certificate authorities, chains, broken certificates, PEM files on disk |
//! | [`process`], [`openssl`], [`curl`] | external programs as independent peers |
//! | [`pattern`], [`digest`] | long byte streams that need not be stored |
//! | `alloc` | heap allocations of a piece of code (feature `alloc`) |
//!
//! Nothing here sleeps to wait for something. Waits have a deadline ([`DEADLINE`]) whose only
//! purpose is that a broken test fails instead of hanging.

#![forbid(unsafe_code)]

use std::time::Duration;

#[cfg(feature = "alloc")]
pub mod alloc;
pub mod certs;
pub mod curl;
pub mod digest;
pub mod hello;
pub mod openssl;
pub mod pattern;
pub mod pipe;
pub mod process;
pub mod script;
pub mod throttle;
pub mod wire;

/// How long any wait of this crate may take before it is reported as
/// [`TimedOut`](std::io::ErrorKind::TimedOut).
pub const DEADLINE: Duration = Duration::from_secs(60);
