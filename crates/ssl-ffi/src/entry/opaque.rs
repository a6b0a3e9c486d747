//! C's types as the entry points see them that never look inside: pointers that are only passed over.

use std::ffi::c_void;

/// A connection.
pub(super) type SSL = c_void;
/// A context.
pub(super) type SSL_CTX = c_void;
/// A session.
pub(super) type SSL_SESSION = c_void;
/// The versions and the side of a connection.
pub(super) type SSL_METHOD = c_void;

/// A function of the application that is never called, whatever its type.
pub(super) type NeverCalled = Option<unsafe extern "C" fn()>;
