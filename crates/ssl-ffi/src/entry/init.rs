//! OPENSSL_init_ssl(3): getting ready.

use libc::{c_int, c_void};

use crate::boundary::guard;
use crate::crypto::conf;
use crate::init;

/// `OPENSSL_INIT_NO_LOAD_CONFIG`.
const NO_LOAD_CONFIG: u64 = 0x80;
/// `OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS`.
const ALGORITHMS: u64 = 0x04 | 0x08 | 0x02;
/// `OPENSSL_INIT_LOAD_CONFIG`.
const LOAD_CONFIG: u64 = 0x40;

/// # Safety
/// `settings` is NULL or from `OPENSSL_INIT_new`.
pub(crate) unsafe extern "C" fn OPENSSL_init_ssl(options: u64, settings: *const c_void) -> c_int {
    guard(0, || {
        let mut options = options | ALGORITHMS;
        if options & NO_LOAD_CONFIG == 0 {
            options |= LOAD_CONFIG;
        }
        // SAFETY: the caller's promise.
        if !unsafe { conf::init(options, settings) } {
            return 0;
        }
        init::library();
        1
    })
}

/// The reason strings, as programs from before 1.1.0 load them.
pub(crate) unsafe extern "C" fn ERR_load_SSL_strings() -> c_int {
    guard(0, || {
        init::library();
        1
    })
}
