//! SSL_CTX_new(3): the `*_method` functions.
//!
//! DTLS has contexts, whose settings are as truthful as those of TLS (statement M3), and no connections:
//! servers that make both kinds of context at start go on to serve TLS.

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
