//! What has to happen once before libcrypto can serve the library.
//!
//! Owns the order of it. Runs at the first context and in `OPENSSL_init_ssl`, as OpenSSL's does, and
//! never when the library is loaded: programs set memory functions before that.

use std::sync::Once;

use crate::crypto::strings;

/// Prepares libcrypto: its strings, ours, and the configuration file.
pub(crate) fn library() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        strings::load();
        crate::report::begin();
    });
}
