//! The handshake: flights out, records in, and at the end traffic keys.
//!
//! Owns the types that the rest of the crate sees of it. The library that does the work is named only
//! below `rustls/`. Does no I/O; what modes mean for it, it is told ([`Terms`]).

pub mod delegate;
mod rustls;
pub(crate) mod session;

use self::delegate::{Answer, ProgressFacts, Question};
pub(crate) use self::rustls::{
    ClientSetup, HelloModes, ServerSetup, Setup, StartError, Tickets, check_name,
};
use self::rustls::{Configured, Delegated};
pub use self::rustls::{LocalKey, ServerSession};
use std::task::Waker;

use crate::config::{CipherSuite, ConfigError, NamedGroup};
use crate::error::Error;
use crate::protect::{Exporter, Secret, TrafficKeys};
use crate::record::{Alert, AlertDescription, ContentType, ProtocolVersion, RecordHeader};
use crate::tap::TapLog;

/// Bytes of a handshake message header: type and 24-bit length (RFC 8446 section 4).
pub(crate) const MESSAGE_HEADER_LEN: usize = 4;

/// Which end of the connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The end that sends the ClientHello.
    Client,
    /// The end that answers it.
    Server,
}

/// A handshake in progress.
pub(crate) enum Handshake {
    /// It decides by the context's configuration.
    Configured(Configured),
    /// Its owner decides.
    Delegated(Box<Delegated>),
}

/// What a connection brings to each look at its handshake.
pub(crate) struct Terms<'a> {
    /// Its context's.
    pub(crate) setup: &'a Setup,
    /// Whom a client talks to.
    pub(crate) server_name: &'a str,
    /// What counts once a hello is made.
    pub(crate) hello: HelloModes,
    /// Whether to come back when the application has to be waited for.
    pub(crate) may_wait: bool,
    /// To be woken when it need not be waited for any longer.
    pub(crate) waker: &'a Waker,
}

/// How far one look at the handshake came. What it appended to the outgoing bytes is transmitted and flushed first.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The peer's next record is needed.
    NeedRecord,
    /// The owner has to decide something first.
    Decide,
    /// The application works on something; the waker is told.
    Wait,
    /// The handshake is over; take its result.
    Complete,
}

impl Handshake {
    /// One that decides by its context's configuration.
    pub(crate) fn configured(side: Side) -> Self {
        Self::Configured(match side {
            Side::Client => Configured::client(),
            Side::Server => Configured::server(),
        })
    }

    /// A delegated client.
    ///
    /// # Errors
    /// [`ConfigError`] if the plan leaves nothing to offer.
    pub(crate) fn delegated_client(plan: &delegate::ClientPlan) -> Result<Self, ConfigError> {
        Delegated::client(plan).map(Self::Delegated)
    }

    /// A delegated server.
    pub(crate) fn delegated_server() -> Self {
        Self::Delegated(Box::new(Delegated::server()))
    }

    /// Takes the peer's next record.
    ///
    /// # Errors
    /// It cannot stand here; final. `out` may have gained an alert.
    pub(crate) fn feed(
        &mut self,
        header: RecordHeader,
        body: &[u8],
        terms: &Terms<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        match self {
            Self::Configured(configured) => configured.feed(header, body, terms, out),
            Self::Delegated(delegated) => delegated.feed(header, body, out),
        }
    }

    /// Works until a record, a decision or nothing more is needed; appends what is to be sent to `out`.
    ///
    /// # Errors
    /// The handshake failed; `out` may have gained an alert.
    pub(crate) fn advance(
        &mut self,
        terms: &Terms<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Progress, Error> {
        match self {
            Self::Configured(configured) => configured.advance(terms, out),
            Self::Delegated(delegated) => delegated.advance(out),
        }
    }

    /// The result, once [`Progress::Complete`] was reported.
    ///
    /// # Errors
    /// An internal failure.
    pub(crate) fn finish(self) -> Result<Established, Error> {
        match self {
            Self::Configured(configured) => configured.finish(),
            Self::Delegated(delegated) => delegated.finish(),
        }
    }

    /// Whether what is sent or received now is early.
    pub(crate) fn is_early(&self) -> bool {
        self.delegated().is_some_and(Delegated::is_early)
    }

    /// How much early data a client may send, bytes.
    pub(crate) fn early_limit(&self) -> Option<u32> {
        self.delegated()?.early_limit()
    }

    /// The keys for what is sent early.
    pub(crate) fn early_keys(&self) -> Option<TrafficKeys> {
        self.delegated()?.early_keys()
    }

    /// How many records were sealed with these keys.
    pub(crate) fn set_sealed_early(&mut self, records: u64) {
        if let Self::Delegated(delegated) = self {
            delegated.set_sealed_early(records);
        }
    }

    /// Early data that was received; `None` at its end.
    pub(crate) fn take_early(&mut self, out: &mut [u8]) -> Option<usize> {
        match self {
            Self::Configured(_) => None,
            Self::Delegated(delegated) => delegated.take_early(out),
        }
    }

    /// Whether early data waits to be taken.
    pub(crate) fn has_early(&self) -> bool {
        self.delegated().is_some_and(Delegated::has_early)
    }

    fn delegated(&self) -> Option<&Delegated> {
        match self {
            Self::Configured(_) => None,
            Self::Delegated(delegated) => Some(delegated),
        }
    }

    /// Appends an alert for an error that was found outside of the handshake, if that can be done.
    pub(crate) fn append_alert(&mut self, description: AlertDescription, out: &mut Vec<u8>) {
        match self {
            Self::Configured(configured) => configured.append_alert(description, out),
            Self::Delegated(delegated) => delegated.append_alert(description, out),
        }
    }

    /// What waits for a decision.
    pub(crate) fn question(&self) -> Option<&Question> {
        match self {
            Self::Configured(_) => None,
            Self::Delegated(delegated) => delegated.question(),
        }
    }

    /// The decision.
    pub(crate) fn answer(&mut self, answer: Answer) {
        if let Self::Delegated(delegated) = self {
            delegated.answer(answer);
        }
    }

    /// Logs what passes from now on.
    pub(crate) fn set_tap(&mut self, log: Option<TapLog>) {
        if let Self::Delegated(delegated) = self {
            delegated.set_tap(log);
        }
    }

    /// What is known of a delegated handshake so far.
    pub(crate) fn facts(&self) -> Option<&ProgressFacts> {
        match self {
            Self::Configured(_) => None,
            Self::Delegated(delegated) => Some(delegated.facts()),
        }
    }
}

fn append_plaintext_alert(description: AlertDescription, out: &mut Vec<u8>) {
    let header = RecordHeader {
        content_type: ContentType::Alert,
        version: 0x0303,
        len: 2,
    };
    out.extend_from_slice(&header.encode());
    out.extend_from_slice(&Alert::fatal(description).encode());
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
    /// What a delegated handshake noted.
    pub(crate) noted: Option<Box<Noted>>,
}

/// What a delegated handshake leaves behind besides.
pub(crate) struct Noted {
    pub(crate) facts: ProgressFacts,
    /// A TLS 1.2 client's new session.
    pub(crate) session: Option<session::ClientSession>,
    /// The contents of our Finished and of the peer's.
    pub(crate) finished: Option<(Secret, Secret)>,
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
    /// The random of the ServerHello.
    pub server_random: [u8; 32],
    /// The session identifier of a TLS 1.2 ServerHello. This and what follows is noted by delegated
    /// connections only.
    pub session_id: Box<[u8]>,
    /// Whether TLS 1.2 uses the extended master secret (RFC 7627).
    pub extended_master_secret: bool,
    /// On clients, whether the server asked for a certificate.
    pub certificate_requested: bool,
    /// The number of the peer's signature scheme, if it signed.
    pub peer_signature_scheme: Option<u16>,
    /// The number of our signature scheme, if we signed.
    pub signature_scheme: Option<u16>,
}
