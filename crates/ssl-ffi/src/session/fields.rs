//! What a session consists of.
//!
//! Owns the values and their defaults. Knows no pointers and no locks.

use std::ffi::CString;
use std::sync::Arc;

use ssl_record::ClientSession;
use zeroize::Zeroizing;

use super::Id;
use crate::crypto::{X509, X509Stack};

/// The contents of a session.
#[derive(Clone)]
pub(crate) struct Fields {
    /// As on the wire, 0x0304 for TLS 1.3; 0 before it is known.
    pub(crate) protocol_version: i32,
    /// The number of the cipher suite.
    pub(crate) suite: Option<u16>,
    pub(crate) id: Id,
    /// The application's name for what the session may be resumed for.
    pub(crate) context: Id,
    /// TLS 1.3: the pre-shared key. TLS 1.2: the master secret. At most 512 bytes.
    pub(crate) secret: Zeroizing<Vec<u8>>,
    /// When it was made, in seconds since 1970.
    pub(crate) time: i64,
    /// For how many seconds it may be resumed; if negative, never.
    pub(crate) timeout: i64,
    /// What verification said of the peer's certificate (`X509_V_*`).
    pub(crate) verify_result: i64,
    pub(crate) peer: Option<X509>,
    /// The chain as the peer sent it; not part of the encoding.
    pub(crate) chain: Option<Arc<X509Stack>>,
    /// The name that the client asked for.
    pub(crate) host_name: Option<CString>,
    pub(crate) alpn: Option<Box<[u8]>>,
    /// The server's ticket; a client has it.
    pub(crate) ticket: Option<Box<[u8]>>,
    /// For how many seconds the server said it takes the ticket.
    pub(crate) lifetime_hint: u64,
    /// What a TLS 1.3 client adds to the age it tells.
    pub(crate) age_add: u32,
    pub(crate) ticket_appdata: Option<Box<[u8]>>,
    /// How many bytes of early data the server takes.
    pub(crate) max_early_data: u32,
    /// RFC 6066's code for a maximum fragment length; 0 is none, 255 that nobody asked.
    pub(crate) fragment_mode: u8,
    pub(crate) extended_master_secret: bool,
    /// The group of the key exchange, which later versions show.
    pub(crate) group: u32,
    /// On clients that were given it by their handshake, what the engine resumes from; not part of the
    /// encoding.
    pub(crate) resumption: Option<Box<ClientSession>>,
}

impl Fields {
    /// A session that nothing is known of, made at `time`.
    pub(crate) fn new(time: i64) -> Self {
        Self {
            protocol_version: 0,
            suite: None,
            id: Id::default(),
            context: Id::default(),
            secret: Zeroizing::default(),
            time,
            timeout: DEFAULT_TIMEOUT,
            // Not "all is well" before something was verified.
            verify_result: X509_V_ERR_UNSPECIFIED,
            peer: None,
            chain: None,
            host_name: None,
            alpn: None,
            ticket: None,
            lifetime_hint: 0,
            age_add: 0,
            ticket_appdata: None,
            max_early_data: 0,
            fragment_mode: FRAGMENT_MODE_UNSPECIFIED,
            extended_master_secret: false,
            group: 0,
            resumption: None,
        }
    }

    pub(crate) fn has_ticket(&self) -> bool {
        self.ticket
            .as_ref()
            .is_some_and(|ticket| !ticket.is_empty())
    }

    /// The last second in which it may be resumed; one past the end of time never passes.
    pub(crate) fn expires(&self) -> i64 {
        if self.timeout < 0 {
            return i64::MIN;
        }
        self.time.saturating_add(self.timeout)
    }
}

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fields")
            .field("protocol_version", &self.protocol_version)
            .field("suite", &self.suite)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What a session without a context's timeout gets, in seconds.
const DEFAULT_TIMEOUT: i64 = 304;
const X509_V_ERR_UNSPECIFIED: i64 = 1;
const FRAGMENT_MODE_UNSPECIFIED: u8 = 255;
