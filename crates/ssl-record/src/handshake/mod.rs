//! The handshake: flights out, records in, and at the end traffic keys.
//!
//! Owns the types that the rest of the crate sees of it. The library that does the work is named only
//! below `rustls/`. Does no I/O and knows no modes.

mod rustls;
pub(crate) mod session;

pub(crate) use self::rustls::{ClientSetup, Handshake, ServerSetup, StartError, Tickets};

use crate::config::{CipherSuite, NamedGroup};
use crate::protect::{Exporter, TrafficKeys};
use crate::record::ProtocolVersion;

/// How far one look at the handshake came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The peer's next record is needed.
    NeedRecord,
    /// A flight was appended to the outgoing bytes: transmit and flush it first.
    Flight,
    /// The handshake is over; take its result.
    Complete,
}

/// What a completed handshake leaves behind.
pub(crate) struct Established {
    pub(crate) sealing: TrafficKeys,
    pub(crate) opening: TrafficKeys,
    pub(crate) negotiated: Negotiated,
    pub(crate) exporter: Exporter,
    /// Takes session tickets that come after the handshake: TLS 1.3 clients only.
    pub(crate) tickets: Option<Tickets>,
    /// The session a TLS 1.2 client could resume, if it is to be exported.
    pub(crate) resumable: Option<session::Resumable>,
}

/// What both sides agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Negotiated {
    /// The TLS version.
    pub version: ProtocolVersion,
    /// The cipher suite.
    pub suite: CipherSuite,
    /// The key exchange group; `None` if no exchange took place (a resumed TLS 1.2 session).
    pub group: Option<NamedGroup>,
    /// The application protocol (RFC 7301).
    pub alpn: Option<Box<[u8]>>,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
    /// On servers, the name the client asked for.
    pub server_name: Option<Box<str>>,
    /// The peer's certificates in DER, leaf first; empty if it showed none.
    pub peer_certificates: Box<[Box<[u8]>]>,
    /// The random of the ClientHello.
    pub client_random: [u8; 32],
}
