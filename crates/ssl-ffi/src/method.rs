//! What `SSL_METHOD*` points to: which side, and which versions.
//!
//! Owns the constants; their addresses are the C pointers.

use ssl_record::Side;

/// `TLS1_2_VERSION` of OpenSSL's headers.
pub(crate) const TLS1_2: u16 = 0x0303;
/// `TLS1_3_VERSION` of OpenSSL's headers.
pub(crate) const TLS1_3: u16 = 0x0304;

/// A method: `TLS_client_method()` and its relatives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Method {
    /// The side of connections made with it; `None` if either.
    pub(crate) side: Option<Side>,
    /// The only version; `None` if the context's limits decide.
    pub(crate) version: Option<u16>,
    /// Whether it is DTLS: contexts can be made and set up, connections cannot.
    pub(crate) datagram: bool,
}

const fn method(side: Option<Side>, version: Option<u16>) -> Method {
    Method {
        side,
        version,
        datagram: false,
    }
}

const fn datagram(side: Option<Side>) -> Method {
    Method {
        side,
        version: None,
        datagram: true,
    }
}

pub(crate) static TLS: Method = method(None, None);
pub(crate) static TLS_CLIENT: Method = method(Some(Side::Client), None);
pub(crate) static TLS_SERVER: Method = method(Some(Side::Server), None);
pub(crate) static DTLS: Method = datagram(None);
pub(crate) static DTLS_CLIENT: Method = datagram(Some(Side::Client));
pub(crate) static DTLS_SERVER: Method = datagram(Some(Side::Server));
pub(crate) static TLS12: Method = method(None, Some(TLS1_2));
pub(crate) static TLS12_CLIENT: Method = method(Some(Side::Client), Some(TLS1_2));
pub(crate) static TLS12_SERVER: Method = method(Some(Side::Server), Some(TLS1_2));

pub(crate) static TLS11: Method = method(None, Some(TLS1_1));
pub(crate) static TLS11_CLIENT: Method = method(Some(Side::Client), Some(TLS1_1));
pub(crate) static TLS11_SERVER: Method = method(Some(Side::Server), Some(TLS1_1));
pub(crate) static TLS10: Method = method(None, Some(TLS1_0));
pub(crate) static TLS10_CLIENT: Method = method(Some(Side::Client), Some(TLS1_0));
pub(crate) static TLS10_SERVER: Method = method(Some(Side::Server), Some(TLS1_0));

impl Method {
    /// Whether anything can be made with it.
    pub(crate) const fn is_built_in(&self) -> bool {
        !matches!(self.version, Some(TLS1_0 | TLS1_1))
    }

    /// What `SSL_get_version`-like functions call the method's number: `TLS_ANY_VERSION` if any.
    pub(crate) const fn number(&self) -> i32 {
        match (self.version, self.datagram) {
            (Some(version), _) => version as i32,
            (None, false) => 0x10000,
            (None, true) => 0x1_FFFF,
        }
    }
}

const TLS1_0: u16 = 0x0301;
const TLS1_1: u16 = 0x0302;
