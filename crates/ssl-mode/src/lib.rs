//! OpenSSL's `SSL_MODE_*` bitmask: the bits, their names, and the rules by which
//! `SSL_CTX_set_mode(3)` and its five siblings keep them.
//!
//! A *mode* changes how the SSL calls behave towards their caller (when a write may report
//! success, whether a retry may come from another address), not what goes over the wire; that is
//! what `SSL_OP_*` options are for. A context holds one mask, every connection starts with a copy
//! of it (M12), and from then on the two are strangers (M13, M14). Nothing is validated: bits that
//! OpenSSL never named are kept and handed back (M6).
//!
//! - [`SslMode`] is the mask, [`ModeRegister`] the copy a connection holds, `SharedModeRegister`
//!   the one a context shares between threads.
//! - [`MODES`] says for each bit what it does to which call, who sets it, and whether this
//!   workspace [acts](Support) on it.
//! - [`ModeEdit`] and `SslMode`'s `FromStr` and `Display` turn text into masks and back.
//!
//! This crate owns the mask and nothing else: it performs no I/O, allocates nothing and knows
//! neither records nor C types. Ids such as M12 name statements of the behavioural
//! specification; `docs/statements.md` in the repository lists the tests that hold each.
//!
//! ```
//! use ssl_mode::{ModeEdit, SharedModeRegister, SslMode};
//!
//! let context = SharedModeRegister::default();
//! assert_eq!(context.get(), SslMode::AUTO_RETRY);
//!
//! let edit: ModeEdit = "+partial-write,+moving-buffer,-auto-retry".parse()?;
//! context.set(edit.sets());
//! context.clear(edit.clears());
//!
//! let connection = context.inherit();
//! assert_eq!(connection.get().to_string(), "ENABLE_PARTIAL_WRITE|ACCEPT_MOVING_WRITE_BUFFER");
//! # Ok::<(), ssl_mode::ParseModeError>(())
//! ```
#![cfg_attr(not(loom), no_std)]
#![forbid(unsafe_code)]

mod mode;
mod names;
mod register;
mod table;

pub use mode::SslMode;
pub use names::{ModeEdit, ParseModeError};
pub use register::ModeRegister;
#[cfg(target_has_atomic = "32")]
pub use register::SharedModeRegister;
pub use table::{CallEffect, MODES, ModeRow, ModeUser, Support, Use};

/// Compiles and runs the example in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
