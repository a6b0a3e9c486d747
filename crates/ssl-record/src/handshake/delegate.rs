//! Delegated handshakes: every decision is a [`Question`] to the owner of the connection.
//!
//! Owns the plain values of that conversation. A delegated connection verifies no chain, chooses no
//! certificate, signs nothing and stores nothing by itself: when the handshake comes to such a point,
//! [`Connection::step_handshake`](crate::Connection::step_handshake) returns
//! [`Step::Decide`](crate::Step::Decide), the owner looks at
//! [`Connection::question`](crate::Connection::question), gives an answer with
//! [`Connection::answer`](crate::Connection::answer) and steps again. Between the two no frame and no
//! borrow of this crate is on the stack, so the owner may call whatever it likes, return to its own
//! caller first, or never answer at all.
//!
//! ```text
//! loop {
//!     match connection.step_handshake()? {
//!         Step::Decide => match decide(connection.question()) {
//!             Some(answer) => connection.answer(answer),
//!             None => return, // not yet; the next step gives Step::Decide again
//!         },
//!         other => carry it out as always
//!     }
//! }
//! ```
//!
//! Knows nothing of rustls or of stacks.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::session::ClientSession;
use crate::config::{CipherSuite, KeyLog, NamedGroup};
use crate::reason::Reason;
use crate::record::{AlertDescription, ProtocolVersion};

/// Checks the peer's handshake signatures.
///
/// Called by [`Connection::step_handshake`](crate::Connection::step_handshake) on the stack of its
/// caller, while the handshake waits on its own and this thread holds nothing of it: the code may take
/// its time, call out, or switch stacks itself. It is not a place to decide anything.
pub trait SignatureCheck: Send + Sync {
    /// Whether `signature` is the one of `message` under the key of `certificate` (DER) with the
    /// signature scheme of that number. The scheme is one that was advertised and the version allows;
    /// whether it fits the key is this function's business.
    fn verify(
        &self,
        version: ProtocolVersion,
        scheme: u16,
        certificate: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> bool;
}

/// What a delegated client starts with.
#[derive(Clone)]
pub struct ClientPlan {
    /// The oldest version offered.
    pub min: ProtocolVersion,
    /// The newest version offered.
    pub max: ProtocolVersion,
    /// Suites of these versions, in the order of preference.
    pub suites: Vec<CipherSuite>,
    /// Groups in the order of preference; a key share is sent for the first.
    pub groups: Vec<NamedGroup>,
    /// Signature schemes to advertise, by number and in the order of preference.
    pub verify_schemes: Vec<u16>,
    /// The host name for SNI; nothing is sent for `None` or an address.
    pub server_name: Option<String>,
    /// Application protocols in the order of preference.
    pub alpn: Vec<Vec<u8>>,
    /// The session to resume. One that does not fit the rest of the plan is not offered.
    pub session: Option<ClientSession>,
    /// Whether TLS_FALLBACK_SCSV is in the hello (statements F1 to F9, F50).
    pub fallback_scsv: bool,
    /// Whether the hello's random begins with the time (statement N6).
    pub hello_time: bool,
    /// Receives the lines of the key log, on the stack of the handshake: it must not call the
    /// application.
    pub key_log: Option<KeyLog>,
    /// Checks the server's handshake signature.
    pub signature_check: Arc<dyn SignatureCheck>,
    /// Whether TLS 1.2 tickets are asked for.
    pub tickets: bool,
    /// Whether early data is announced, if the session allows any.
    pub early_data: bool,
}

/// What a delegated server goes on with once it has seen the ClientHello.
///
/// The range of versions must be the configured one, even where the hello already tells the outcome:
/// the downgrade sentinel in the ServerHello depends on it (statement N8).
#[derive(Clone)]
pub struct ServerPlan {
    /// The oldest version enabled.
    pub min: ProtocolVersion,
    /// The newest version enabled.
    pub max: ProtocolVersion,
    /// Suites in the order of preference; the first that the client offers is used.
    pub suites: Vec<CipherSuite>,
    /// Groups in the order of preference.
    pub groups: Vec<NamedGroup>,
    /// What the server shows; without it the handshake fails with `NO_SHARED_CIPHER`.
    pub identity: Option<DelegatedIdentity>,
    /// The OCSP response to staple if the client asks for one.
    pub ocsp: Option<Vec<u8>>,
    /// Whether the client is asked for a certificate.
    pub client_auth: ClientAuth,
    /// Signature schemes accepted of clients, in the order of preference.
    pub verify_schemes: Vec<u16>,
    /// The application protocol, already chosen from the hello.
    pub alpn: Option<Vec<u8>>,
    /// Whether sessions are stored with the client: tickets of TLS 1.2, stateless ones of TLS 1.3
    /// ([`Question::SealTicket`], [`Question::OpenTicket`]).
    pub tickets: bool,
    /// Lifetime of those tickets, seconds.
    pub ticket_lifetime: u32,
    /// Tickets sent after a TLS 1.3 handshake.
    pub tls13_tickets: usize,
    /// Whether sessions are stored here: session identifiers of TLS 1.2 and, without `tickets`, of TLS
    /// 1.3 ([`Question::StoreSession`], [`Question::FindSession`]).
    pub session_ids: bool,
    /// The identifier of a new TLS 1.2 session that is stored here; random if `None`.
    pub session_id: Option<[u8; 32]>,
    /// Whether the hello's random begins with the time (statement N7).
    pub hello_time: bool,
    /// As for [`ClientPlan::key_log`].
    pub key_log: Option<KeyLog>,
    /// Checks the client's handshake signature.
    pub signature_check: Arc<dyn SignatureCheck>,
    /// Early data that this handshake's tickets allow, bytes; 0: none.
    pub max_early_data: u32,
    /// Whether early data is accepted in this handshake if its session is that of the client's first
    /// ticket. Needs `tickets`. That the ticket allows early data and is not replayed is for the owner to
    /// judge; it has seen the hello.
    pub early_data: bool,
    /// How much of it is accepted, or skipped where it is not, bytes.
    pub early_data_limit: u32,
}

/// Whether a server asks its client for a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// No.
    #[default]
    None,
    /// Yes, but it may have none.
    Requested {
        /// Names of acceptable authorities, DER.
        authorities: Vec<Vec<u8>>,
    },
    /// Yes; without one the handshake fails with `PEER_DID_NOT_RETURN_A_CERTIFICATE`.
    Required {
        /// Names of acceptable authorities, DER.
        authorities: Vec<Vec<u8>>,
    },
}

/// A certificate chain and what its key can do. The key stays with the owner ([`Question::Sign`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegatedIdentity {
    /// DER certificates, leaf first.
    pub chain: Vec<Vec<u8>>,
    /// Signature schemes of the key, by number and in the order of preference: the first that the peer
    /// accepts and the version allows is used.
    pub schemes: Vec<u16>,
}

/// A decision that a handshake waits for.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question {
    /// Servers, first of all: how to go on with this ClientHello, a whole handshake message with its
    /// header. Answer: [`Answer::Plan`].
    ClientHello(Vec<u8>),
    /// A signature of `message` with this scheme of our identity. Answer: [`Answer::Signature`].
    Sign {
        /// Number of the scheme.
        scheme: u16,
        /// What is signed, not hashed.
        message: Vec<u8>,
    },
    /// Whether this is the right peer. No form of the certificates was checked. Answer:
    /// [`Answer::Accepted`].
    PeerCertificate {
        /// DER certificates, leaf first; never empty.
        chain: Vec<Vec<u8>>,
        /// The stapled OCSP response.
        ocsp: Option<Vec<u8>>,
    },
    /// The server asks for a certificate. Answer: [`Answer::Identity`].
    ClientCertificate {
        /// Names of authorities, DER.
        authorities: Vec<Vec<u8>>,
        /// Signature schemes the server accepts, by number.
        schemes: Vec<u16>,
    },
    /// Turn a session into a ticket; [`ServerSession`](crate::ServerSession) takes it apart. Answer:
    /// [`Answer::Bytes`]; none: no ticket.
    SealTicket(Zeroizing<Vec<u8>>),
    /// Turn a ticket back into its session. It is the client's claim. Answer: [`Answer::Bytes`]; none: a
    /// full handshake.
    OpenTicket(Vec<u8>),
    /// Keep a session under this identifier. Answer: [`Answer::Stored`].
    StoreSession {
        /// Random identifier.
        id: Vec<u8>,
        /// The session; holds secrets.
        value: Zeroizing<Vec<u8>>,
    },
    /// Find a session. Answer: [`Answer::Bytes`].
    FindSession {
        /// The identifier, as the client gave it.
        id: Vec<u8>,
        /// Whether it is to be forgotten in the same step.
        remove: bool,
    },
}

/// A decision.
#[derive(Clone)]
#[non_exhaustive]
pub enum Answer {
    /// To [`Question::ClientHello`].
    Plan(Box<ServerPlan>),
    /// To [`Question::Sign`].
    Signature(Vec<u8>),
    /// To [`Question::PeerCertificate`]: go on.
    Accepted,
    /// To [`Question::ClientCertificate`]; `None`: go on without one.
    Identity(Option<DelegatedIdentity>),
    /// To [`Question::SealTicket`], [`Question::OpenTicket`] and [`Question::FindSession`].
    Bytes(Option<Vec<u8>>),
    /// To [`Question::StoreSession`]: whether it was kept.
    Stored(bool),
    /// To every question: the handshake ends with exactly this alert and
    /// [`Error::Refused`](crate::Error::Refused).
    Refused {
        /// The alert that the peer is sent.
        alert: AlertDescription,
        /// What OpenSSL calls it.
        reason: Reason,
    },
}

/// An ephemeral public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyShare {
    /// Number of the group.
    pub group: u16,
    /// The key as it is sent.
    pub public: Box<[u8]>,
}

/// What is known of a delegated handshake while it runs, and what was known when it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProgressFacts {
    /// The version, once a ServerHello was sent or received.
    pub version: Option<ProtocolVersion>,
    /// The suite, likewise.
    pub suite: Option<CipherSuite>,
    /// Random of the ClientHello.
    pub client_random: Option<[u8; 32]>,
    /// Random of the ServerHello.
    pub server_random: Option<[u8; 32]>,
    /// The session identifier of the ServerHello, in TLS 1.2.
    pub session_id: Box<[u8]>,
    /// The server name that a client sent or a server received.
    pub server_name: Option<Box<str>>,
    /// The peer's certificates, DER, leaf first, once they were accepted.
    pub peer_certificates: Vec<Vec<u8>>,
    /// On clients, whether the server asked for a certificate.
    pub certificate_requested: bool,
    /// On clients, the types of certificates that a TLS 1.2 server asked for
    /// (`ClientCertificateType`, RFC 5246 section 7.4.4).
    pub certificate_types: Box<[u8]>,
    /// The ephemeral key that we agreed by, if the handshake has one.
    pub key_share: Option<KeyShare>,
    /// The peer's.
    pub peer_key_share: Option<KeyShare>,
    /// Whether the extended master secret is in use (RFC 7627): TLS 1.2.
    pub extended_master_secret: bool,
    /// Whether the ServerHello binds renegotiations to this handshake (RFC 5746): TLS 1.2.
    pub secure_renegotiation: bool,
    /// The scheme of the peer's handshake signature.
    pub peer_signature_scheme: Option<u16>,
    /// The scheme of our handshake signature.
    pub signature_scheme: Option<u16>,
    /// What became of early data.
    pub early_data: EarlyData,
}

/// What became of early data: `SSL_get_early_data_status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EarlyData {
    /// None was announced.
    #[default]
    NotSent,
    /// It was announced and the server has not accepted it, or not yet.
    Rejected,
    /// The server accepts it.
    Accepted,
}

/// Prints no secret.
impl core::fmt::Debug for Question {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::ClientHello(message) => {
                f.debug_tuple("ClientHello").field(&message.len()).finish()
            }
            Self::Sign { scheme, .. } => f.debug_struct("Sign").field("scheme", scheme).finish(),
            Self::PeerCertificate { chain, .. } => f
                .debug_struct("PeerCertificate")
                .field("chain", &chain.len())
                .finish(),
            Self::ClientCertificate { schemes, .. } => f
                .debug_struct("ClientCertificate")
                .field("schemes", schemes)
                .finish(),
            Self::SealTicket(_) => f.write_str("SealTicket"),
            Self::OpenTicket(_) => f.write_str("OpenTicket"),
            Self::StoreSession { .. } => f.write_str("StoreSession"),
            Self::FindSession { remove, .. } => f
                .debug_struct("FindSession")
                .field("remove", remove)
                .finish(),
        }
    }
}
