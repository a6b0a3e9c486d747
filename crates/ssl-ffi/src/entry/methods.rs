//! SSL_CTX_new(3): the `*_method` functions.
//!
//! DTLS has contexts, whose settings are as truthful as those of TLS (statement M3), and no connections:
//! servers that make both kinds of context at start go on to serve TLS. TLS before 1.2 has methods, as in
//! an OpenSSL without these versions, and no contexts: programs do not expect a method to be NULL, and
//! may take it for something else.

use crate::handle::SSL_METHOD;
use crate::method;

pub(crate) unsafe extern "C" fn TLS_method() -> *const SSL_METHOD {
    &raw const method::TLS
}

pub(crate) unsafe extern "C" fn TLS_client_method() -> *const SSL_METHOD {
    &raw const method::TLS_CLIENT
}

pub(crate) unsafe extern "C" fn TLS_server_method() -> *const SSL_METHOD {
    &raw const method::TLS_SERVER
}

pub(crate) unsafe extern "C" fn TLSv1_2_method() -> *const SSL_METHOD {
    &raw const method::TLS12
}

pub(crate) unsafe extern "C" fn TLSv1_2_client_method() -> *const SSL_METHOD {
    &raw const method::TLS12_CLIENT
}

pub(crate) unsafe extern "C" fn TLSv1_2_server_method() -> *const SSL_METHOD {
    &raw const method::TLS12_SERVER
}

pub(crate) unsafe extern "C" fn DTLS_method() -> *const SSL_METHOD {
    &raw const method::DTLS
}

pub(crate) unsafe extern "C" fn DTLS_client_method() -> *const SSL_METHOD {
    &raw const method::DTLS_CLIENT
}

pub(crate) unsafe extern "C" fn DTLS_server_method() -> *const SSL_METHOD {
    &raw const method::DTLS_SERVER
}

pub(crate) unsafe extern "C" fn TLSv1_1_method() -> *const SSL_METHOD {
    &raw const method::TLS11
}

pub(crate) unsafe extern "C" fn TLSv1_1_client_method() -> *const SSL_METHOD {
    &raw const method::TLS11_CLIENT
}

pub(crate) unsafe extern "C" fn TLSv1_1_server_method() -> *const SSL_METHOD {
    &raw const method::TLS11_SERVER
}

pub(crate) unsafe extern "C" fn TLSv1_method() -> *const SSL_METHOD {
    &raw const method::TLS10
}

pub(crate) unsafe extern "C" fn TLSv1_client_method() -> *const SSL_METHOD {
    &raw const method::TLS10_CLIENT
}

pub(crate) unsafe extern "C" fn TLSv1_server_method() -> *const SSL_METHOD {
    &raw const method::TLS10_SERVER
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{queue, reason};
    use crate::entry::{SSL_CTX_free, SSL_CTX_new, SSL_CTX_set_ssl_version};

    #[test]
    fn nothing_is_made_with_a_version_that_is_not_built_in() {
        // SAFETY: the method is a static.
        let refused = || unsafe { SSL_CTX_new(TLSv1_1_client_method()).is_null() };
        assert_eq!(failure(refused), (true, reason::UNSUPPORTED_PROTOCOL));
        // SAFETY: the methods are statics, and the context is freed once.
        let refused = || unsafe {
            let ctx = SSL_CTX_new(TLS_method());
            let result = SSL_CTX_set_ssl_version(ctx, TLSv1_method());
            SSL_CTX_free(ctx);
            result
        };
        assert_eq!(failure(refused), (0, reason::UNSUPPORTED_PROTOCOL));
    }

    /// The value of a call, and the reason it left in the queue.
    fn failure<T>(call: impl FnOnce() -> T) -> (T, libc::c_int) {
        queue::clear();
        let value = call();
        (value, queue::reason_of(queue::take_first()))
    }
}
