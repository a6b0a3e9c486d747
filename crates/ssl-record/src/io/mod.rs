//! Adapters between the sans-io core and real transports.
//!
//! The only part of the crate that does I/O.

pub mod drive;
mod signal;
mod stream;
#[cfg(feature = "tokio")]
pub mod tokio;
mod transport;

pub use self::drive::CallError;
pub use self::signal::Signal;
pub use self::stream::TlsStream;
pub use self::transport::Transport;
