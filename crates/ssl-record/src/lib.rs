//! TLS record I/O with OpenSSL's mode and retry semantics, on rustls and ring.
//!
//! rustls does the handshake; the records that carry data are this crate's own, because a write that
//! can block, be retried, be moved or be partial has to know exactly which bytes are sealed, which are
//! transmitted and which are neither.
//!
//! ```text
//! app bytes -> write (fragment) -> protect (seal) -> buffer -> io (Transport)
//! app bytes <- read (plaintext) <- protect (open) <- read (deframe) <- buffer <- io (Transport)
//!              \___ connection joins the two and carries replies from read to write ___/
//! ```
//!
//! # A write that blocks
//!
//! ```
//! use ssl_record::config::{ClientConfig, Roots};
//! use ssl_record::{Connection, Context, Outcome, Want, io::drive};
//!
//! # struct NoPeer;
//! # impl std::io::Read for NoPeer {
//! #     fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> { Err(std::io::ErrorKind::WouldBlock.into()) }
//! # }
//! # impl std::io::Write for NoPeer {
//! #     fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> { Ok(bytes.len()) }
//! #     fn flush(&mut self) -> std::io::Result<()> { Ok(()) }
//! # }
//! # let mut transport = NoPeer;
//! let context = Context::client(ClientConfig::new(Roots::webpki()))?;
//! let mut connection = Connection::client(&context, "example.org")?;
//! // The handshake has to come first and its peer is silent: nothing of the data is committed.
//! let outcome = drive::write(&mut connection, &mut transport, b"hello")?;
//! assert_eq!(outcome, Outcome::Want(Want::Read));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The modules, in reading order: [`record`], [`Step`] and [`Want`], [`Error`], [`Connection`],
//! [`Context`], [`config`], [`io`].

#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
compile_error!("ssl-record needs one of its features `ring` (default) and `aws-lc-rs`");

mod buffer;
pub mod config;
mod connection;
mod context;
mod error;
mod handshake;
pub mod hello;
pub mod io;
mod pool;
mod protect;
mod read;
mod reason;
pub mod record;
mod step;
mod sync;
mod tap;
mod write;

pub use connection::{
    Connection, EarlyRead, EarlyWriteCall, KeyUpdateRequest, LentIncoming, LentOutgoing, ReadCall,
    ShutdownCall, ShutdownState, WriteCall,
};
pub use context::{Context, Side};
pub use error::{CertificateFault, Error, HandshakeFault, Misuse, PeerFault};
pub use handshake::delegate;
pub use handshake::session::{BadSession, ClientSession, SessionParts};
pub use handshake::{LocalKey, Negotiated, ServerSession};
pub use protect::Algorithm;
pub use reason::Reason;
pub use ssl_mode::SslMode;
pub use step::{Outcome, Received, Shutdown, Step, Want};
pub use tap::{MessageTap, Tapped};
