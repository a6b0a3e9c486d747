//! The only folder that names rustls: its unbuffered API, driven record by record.
//!
//! Owns the handshake until traffic keys exist, then hands them over and is dropped. Checks each
//! record's header before rustls sees the record, because rustls accepts some that it should not.

mod capture;
mod choose;
mod configured;
mod delegated;
mod ear;
mod errors;
mod hand_over;
mod hello;
mod job;
mod look;
mod messages;
mod provider;
mod refusal;
mod rehearse;
mod setup;
mod signer;
mod stack;
mod tap;
mod tickets;
mod trust;
mod value;

use std::sync::Arc;

use rustls::client::UnbufferedClientConnection;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncodeTlsData, UnbufferedStatus};
use rustls::{CommonState, ConnectionTrafficSecrets, ExtractedSecrets, HandshakeKind};

use self::capture::{Capture, Captured};
pub(crate) use self::configured::Configured;
use self::delegated::{Clock, Mint, OneSession};
pub(crate) use self::delegated::{Delegated, Stock};
use self::hand_over::{KeyBlock, Protected};
pub(crate) use self::setup::{ClientSetup, HelloModes, ServerSetup, Setup, StartError, check_name};
pub use self::signer::LocalKey;
pub(crate) use self::tickets::Tickets;
use self::tickets::{Kernel, resumable};
pub use self::value::ServerSession;
use super::{Established, Negotiated, Progress, append_plaintext_alert};
use crate::config::{CipherSuite, NamedGroup};
use crate::error::{Error, HandshakeFault, PeerFault};
use crate::protect::{
    Exporter, KeyMaterial, KeyRoot, Layout, Secret, TrafficKeys, TrafficSecret, Usage,
};
use crate::reason::Reason;
use crate::record::{
    Alert, AlertDescription, ContentType, HEADER_LEN, ProtocolVersion, RecordHeader,
};

/// A handshake in progress.
pub(crate) struct Direct {
    connection: Side,
    capture: Arc<Capture>,
    /// Records not yet discarded by rustls: a message may span several.
    incoming: Vec<u8>,
    /// The keys of TLS 1.2, once rustls has made them.
    key_block: Option<KeyBlock>,
    /// What was protected in TLS 1.2.
    sent: Protected,
    received: Protected,
    /// The server random, for the TLS 1.2 exporter.
    server_random: Option<[u8; 32]>,
    /// What becomes of a client's sessions.
    sessions: Sessions,
    /// The body of a TLS 1.2 NewSessionTicket, if sessions are to be exported.
    tls12_ticket: Option<Box<[u8]>>,
    /// A delegated client's store and clock.
    mint: Option<(Arc<OneSession>, Arc<Clock>)>,
}

/// What becomes of the sessions of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sessions {
    /// None is kept.
    Dropped,
    /// The configuration's store has them.
    Stored,
    /// They can be exported, too.
    Exported,
}

enum Side {
    Client(UnbufferedClientConnection),
    Server(UnbufferedServerConnection),
}

impl Direct {
    fn client(connection: UnbufferedClientConnection, capture: Arc<Capture>) -> Box<Self> {
        Self::new(Side::Client(connection), capture)
    }

    fn server(connection: UnbufferedServerConnection, capture: Arc<Capture>) -> Box<Self> {
        Self::new(Side::Server(connection), capture)
    }

    fn new(connection: Side, capture: Arc<Capture>) -> Box<Self> {
        Box::new(Self {
            connection,
            capture,
            incoming: Vec::new(),
            key_block: None,
            sent: Protected::default(),
            received: Protected::default(),
            server_random: None,
            sessions: Sessions::Stored,
            tls12_ticket: None,
            mint: None,
        })
    }

    /// Hands the peer's next record to rustls, after checking its header.
    ///
    /// # Errors
    /// The header does not fit the state of the handshake.
    pub(crate) fn feed(&mut self, header: RecordHeader, body: &[u8]) -> Result<(), PeerFault> {
        self.check(header)?;
        if matches!(self.connection, Side::Client(_))
            && header.content_type == ContentType::Handshake
        {
            self.note_server_hello(body);
            self.note_ticket(body);
        }
        let header = header.encode();
        self.received.note(&header);
        self.incoming.reserve(HEADER_LEN + body.len());
        self.incoming.extend_from_slice(&header);
        self.incoming.extend_from_slice(body);
        Ok(())
    }

    /// Checks a record's header against the state of the handshake.
    ///
    /// # Errors
    /// The header does not fit.
    fn check(&self, header: RecordHeader) -> Result<(), PeerFault> {
        let version = self.common().protocol_version();
        if version == Some(rustls::ProtocolVersion::TLSv1_3)
            && header.content_type == ContentType::Handshake
            && self.capture.captured().handshake_keys
        {
            return Err(PeerFault::BadRecordType(header.content_type.wire()));
        }
        if version.is_some() && header.version != 0x0303 {
            return Err(PeerFault::WrongRecordVersion(header.version));
        }
        Ok(())
    }

    /// Hands over records whose headers were checked already.
    fn feed_raw(&mut self, records: Vec<u8>) {
        self.received.note(&records);
        match self.incoming.is_empty() {
            true => self.incoming = records,
            false => self.incoming.extend_from_slice(&records),
        }
    }

    /// Lets rustls work on what it has; appends what it sends to `out`.
    ///
    /// # Errors
    /// The handshake failed; `out` may have gained an alert that is worth one attempt to send.
    pub(crate) fn advance(&mut self, out: &mut Vec<u8>) -> Result<Progress, Error> {
        let before = out.len();
        let turn = loop {
            match self.turn(out) {
                Turn::Again => {}
                other => break other,
            }
        };
        if let Some(block) = hand_over::noted() {
            self.key_block = Some(block);
        }
        self.sent.note(&out[before..]);
        if matches!(self.connection, Side::Server(_)) {
            self.note_server_hello(out.get(before + HEADER_LEN..).unwrap_or_default());
        }
        match turn {
            Turn::Traffic if !self.common().is_handshaking() => Ok(Progress::Complete),
            Turn::Failed(error) => {
                self.drain_alert(out);
                Err(errors::error(*error))
            }
            Turn::PeerClosed => Err(PeerFault::UnexpectedMessage(0).into()),
            Turn::Again | Turn::Blocked | Turn::Traffic => Ok(Progress::NeedRecord),
        }
    }

    /// The result, once [`Progress::Complete`] was reported.
    ///
    /// # Errors
    /// An internal failure: a suite or secret that this crate does not know.
    pub(crate) fn finish(self: Box<Self>) -> Result<Established, Error> {
        let lost = || internal("the handshake left no usable keys");
        let mut captured = self.capture.captured();
        let negotiated = self.negotiated(&mut captured).ok_or_else(lost)?;
        let resumable = match (&self.tls12_ticket, &captured.master_secret) {
            (Some(ticket), Some(secret)) => Some(resumable(secret.clone(), ticket)),
            _ => None,
        };
        let exporter = exporter(&negotiated, &mut captured, self.server_random).ok_or_else(lost)?;
        let traffic = match negotiated.version {
            ProtocolVersion::Tls13 => captured.take_traffic(),
            ProtocolVersion::Tls12 => None,
        };
        drop(captured);
        let is_client = matches!(self.connection, Side::Client(_));
        let (keys, tickets) = if let Some(keys) = self.noted_keys(&negotiated) {
            (Some(keys), None)
        } else if negotiated.version == ProtocolVersion::Tls13
            && is_client
            && self.sessions == Sessions::Dropped
        {
            // Its Finished was the last record under other keys, and so was the server's.
            let keys = tls13_keys((0, 0), &negotiated, traffic, is_client);
            (keys, Some(Tickets(Kernel::Ignoring)))
        } else {
            let (secrets, tickets) = self.hand_over(negotiated.version)?;
            let keys = keys(&secrets, &negotiated, traffic, is_client);
            (keys, tickets)
        };
        let keys = keys.ok_or_else(lost)?;
        let (sealing, opening) = keys;
        Ok(Established {
            sealing,
            opening,
            negotiated,
            exporter,
            tickets,
            resumable,
            noted: None,
        })
    }

    /// What rustls leaves behind, and of a TLS 1.3 client what makes sessions of tickets.
    fn hand_over(
        self: Box<Self>,
        version: ProtocolVersion,
    ) -> Result<(ExtractedSecrets, Option<Tickets>), Error> {
        let is_tls13 = version == ProtocolVersion::Tls13;
        match self.connection {
            Side::Client(connection) => {
                let handed =
                    without_keys_if(is_tls13, || connection.dangerous_into_kernel_connection());
                let (secrets, kernel) = handed.map_err(errors::error)?;
                let kernel = match self.mint {
                    None => Kernel::Own {
                        kernel: Box::new(kernel),
                        export: self.sessions == Sessions::Exported,
                    },
                    Some((store, clock)) => Kernel::Delegated(Mint::new(kernel, store, clock)),
                };
                Ok((secrets, Some(Tickets(kernel)).filter(|_| is_tls13)))
            }
            Side::Server(connection) => {
                let handed =
                    without_keys_if(is_tls13, || connection.dangerous_into_kernel_connection());
                Ok((handed.map_err(errors::error)?.0, None))
            }
        }
    }

    /// The keys of TLS 1.2, if they were noted: rustls keeps nothing else that is needed.
    fn noted_keys(&self, negotiated: &Negotiated) -> Option<(TrafficKeys, TrafficKeys)> {
        let algorithm = negotiated.suite.algorithm();
        let (client_random, server_random) = (&negotiated.client_random, &self.server_random?);
        let block = self.key_block.as_ref()?;
        let (client, server) = block.keys(client_random, server_random, algorithm)?;
        let (sealing, opening) = match self.connection {
            Side::Client(_) => (client, server),
            Side::Server(_) => (server, client),
        };
        let keys = |usage, material, passed: &Protected| {
            TrafficKeys::new(
                usage,
                algorithm,
                KeyRoot::Material(material),
                passed.count(),
            )
        };
        Some((
            keys(Usage::Seal, sealing, &self.sent)?,
            keys(Usage::Open, opening, &self.received)?,
        ))
    }

    fn turn(&mut self, out: &mut Vec<u8>) -> Turn {
        let (turn, discard) = match &mut self.connection {
            Side::Client(connection) => {
                turn(connection.process_tls_records(&mut self.incoming), out)
            }
            Side::Server(connection) => {
                turn(connection.process_tls_records(&mut self.incoming), out)
            }
        };
        if discard > 0 {
            self.incoming.drain(..discard);
        }
        turn
    }

    /// Whether a record sent now need not be protected: before the hello was answered.
    pub(crate) fn is_in_the_clear(&self) -> bool {
        self.common().protocol_version().is_none()
    }

    /// Appends an alert in the place of our first flight that answers the peer: a TLS 1.3 client's is
    /// protected, every other one in the clear.
    fn append_first_alert(&self, description: AlertDescription, out: &mut Vec<u8>) {
        let is_client = matches!(self.connection, Side::Client(_));
        if !is_client || self.common().protocol_version() != Some(rustls::ProtocolVersion::TLSv1_3)
        {
            append_plaintext_alert(description, out);
        } else if let Some(mut keys) = self.handshake_keys() {
            let alert = Alert::fatal(description).encode();
            let start = out.len();
            out.resize(start + Layout::Tls13.overhead() + alert.len(), 0);
            let sealed = keys.seal(ContentType::Alert, &alert, 0, &mut out[start..]);
            out.truncate(start + sealed.unwrap_or(0));
        }
    }

    /// A TLS 1.3 client's keys for its part of the handshake, if they were kept.
    fn handshake_keys(&self) -> Option<TrafficKeys> {
        let suite =
            CipherSuite::from_wire(self.common().negotiated_cipher_suite()?.suite().into())?;
        let secret = self.capture.captured().client_handshake.clone()?;
        let root = KeyRoot::Secret(TrafficSecret::new(suite.hash(), secret));
        TrafficKeys::new(Usage::Seal, suite.algorithm(), root, 0)
    }

    fn common(&self) -> &CommonState {
        match &self.connection {
            Side::Client(connection) => connection,
            Side::Server(connection) => connection,
        }
    }

    fn negotiated(&self, captured: &mut Captured) -> Option<Negotiated> {
        let common = self.common();
        let suite = CipherSuite::from_wire(common.negotiated_cipher_suite()?.suite().into())?;
        let group = common.negotiated_key_exchange_group();
        let certificates = common.peer_certificates().unwrap_or_default();
        Some(Negotiated {
            version: suite.version(),
            suite,
            group: group.and_then(|group| NamedGroup::from_wire(group.name().into())),
            alpn: common.alpn_protocol().map(Into::into),
            resumed: common.handshake_kind() == Some(HandshakeKind::Resumed),
            server_name: captured.server_name.take(),
            peer_certificates: certificates.iter().map(|der| der.as_ref().into()).collect(),
            client_random: captured.client_random,
            server_random: self.server_random.unwrap_or_default(),
            session_id: Box::default(),
            extended_master_secret: false,
            certificate_requested: false,
            peer_signature_scheme: None,
            signature_scheme: None,
        })
    }

    /// Keeps the random of a ServerHello at the front of a plaintext handshake fragment.
    ///
    /// In TLS 1.3 the value is not needed, and a HelloRetryRequest's may be kept instead; only TLS 1.2
    /// exporters use it, and there the first handshake message of a server is its ServerHello.
    fn note_server_hello(&mut self, fragment: &[u8]) {
        const SERVER_HELLO: u8 = 2;
        if self.server_random.is_none() && fragment.first() == Some(&SERVER_HELLO) {
            self.server_random = fragment
                .get(6..38)
                .and_then(|random| random.try_into().ok());
        }
    }

    /// Keeps a TLS 1.2 NewSessionTicket, which servers send in a record of its own or at the end of
    /// none. One that spans records is not exported; the session still resumes in this process.
    fn note_ticket(&mut self, fragment: &[u8]) {
        const NEW_SESSION_TICKET: u8 = 4;
        if let (true, [NEW_SESSION_TICKET, 0, high, low, body @ ..]) =
            (self.sessions == Sessions::Exported, fragment)
            && body.len() == usize::from(u16::from_be_bytes([*high, *low]))
        {
            self.tls12_ticket = Some(body.into());
        }
    }

    /// After a failure rustls has at most an alert left to say. Asked for more than that it would
    /// look at the faulty record again and fail a second time.
    fn drain_alert(&mut self, out: &mut Vec<u8>) {
        while self.common().wants_write() && matches!(self.turn(out), Turn::Again) {}
    }
}

/// What one call of rustls led to.
enum Turn {
    Again,
    Blocked,
    Traffic,
    PeerClosed,
    /// Boxed, so that what comes of every other call is small.
    Failed(Box<rustls::Error>),
}

/// Carries out what rustls asks for; also the number of incoming bytes to discard.
fn turn<Data>(status: UnbufferedStatus<'_, '_, Data>, out: &mut Vec<u8>) -> (Turn, usize) {
    let turn = match status.state {
        Ok(ConnectionState::EncodeTlsData(data)) => encode(data, out),
        Ok(ConnectionState::TransmitTlsData(data)) => {
            // Our caller transmits `out` before it asks again, which is all `done` promises.
            data.done();
            Turn::Again
        }
        Ok(ConnectionState::BlockedHandshake) => Turn::Blocked,
        Ok(ConnectionState::WriteTraffic(_)) => Turn::Traffic,
        Ok(ConnectionState::PeerClosed | ConnectionState::Closed) => Turn::PeerClosed,
        Ok(_) => Turn::Failed(Box::new(rustls::Error::General(
            "application data during the handshake".into(),
        ))),
        Err(error) => Turn::Failed(Box::new(error)),
    };
    (turn, status.discard)
}

fn encode<Data>(mut data: EncodeTlsData<'_, Data>, out: &mut Vec<u8>) -> Turn {
    let start = out.len();
    let needed = match data.encode(&mut []) {
        Err(EncodeError::InsufficientSize(size)) => size.required_size,
        Ok(_) | Err(EncodeError::AlreadyEncoded) => return Turn::Again,
    };
    // What follows in the same flight is mostly small.
    out.reserve(needed + SHORT_RECORD);
    out.resize(start + needed, 0);
    match data.encode(&mut out[start..]) {
        Ok(written) => out.truncate(start + written),
        Err(error) => return failed(&error),
    }
    Turn::Again
}

/// Runs `work`, which hands rustls's secrets over, without deriving keys of TLS 1.3, which are made of captured
/// secrets.
fn without_keys_if<T>(is_tls13: bool, work: impl FnOnce() -> T) -> T {
    match is_tls13 {
        true => hand_over::without_keys(work),
        false => work(),
    }
}

fn failed(error: &EncodeError) -> Turn {
    Turn::Failed(Box::new(rustls::Error::General(error.to_string())))
}

/// Bytes of a ticket's record, or of the last two of a TLS 1.2 handshake: a guess.
const SHORT_RECORD: usize = 256;

fn exporter(
    negotiated: &Negotiated,
    captured: &mut Captured,
    server_random: Option<[u8; 32]>,
) -> Option<Exporter> {
    let hash = negotiated.suite.hash();
    Some(match negotiated.version {
        ProtocolVersion::Tls13 => Exporter::Tls13 {
            hash,
            secret: captured.exporter.take()?,
        },
        ProtocolVersion::Tls12 => {
            let mut randoms = [0; 64];
            randoms[..32].copy_from_slice(&captured.client_random);
            randoms[32..].copy_from_slice(&server_random?);
            Exporter::Tls12 {
                hash,
                master_secret: captured.master_secret.take()?,
                randoms,
            }
        }
    })
}

fn keys(
    secrets: &ExtractedSecrets,
    negotiated: &Negotiated,
    traffic: Option<(Secret, Secret)>,
    is_client: bool,
) -> Option<(TrafficKeys, TrafficKeys)> {
    let (sealing, opening) = (&secrets.tx, &secrets.rx);
    if negotiated.version == ProtocolVersion::Tls13 {
        // What was handed over are no keys.
        return tls13_keys((sealing.0, opening.0), negotiated, traffic, is_client);
    }
    let keys = |usage, (next, keys): &(u64, ConnectionTrafficSecrets)| {
        let root = KeyRoot::Material(material(keys)?);
        TrafficKeys::new(usage, negotiated.suite.algorithm(), root, *next)
    };
    Some((keys(Usage::Seal, sealing)?, keys(Usage::Open, opening)?))
}

/// Keys of the secrets of client and server; `next` are the numbers of the next records, sent and received.
fn tls13_keys(
    next: (u64, u64),
    negotiated: &Negotiated,
    traffic: Option<(Secret, Secret)>,
    is_client: bool,
) -> Option<(TrafficKeys, TrafficKeys)> {
    let (client, server) = traffic?;
    let (sealing, opening) = match is_client {
        true => (client, server),
        false => (server, client),
    };
    let suite = negotiated.suite;
    let keys = |usage, next, secret| {
        let root = KeyRoot::Secret(TrafficSecret::new(suite.hash(), secret));
        TrafficKeys::new(usage, suite.algorithm(), root, next)
    };
    Some((
        keys(Usage::Seal, next.0, sealing)?,
        keys(Usage::Open, next.1, opening)?,
    ))
}

fn material(secrets: &ConnectionTrafficSecrets) -> Option<KeyMaterial> {
    match secrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv }
        | ConnectionTrafficSecrets::Aes256Gcm { key, iv }
        | ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => {
            KeyMaterial::new(key.as_ref(), iv.as_ref())
        }
        _ => None,
    }
}

fn internal(message: &str) -> Error {
    Error::Handshake(HandshakeFault {
        message: message.to_owned(),
        reason: Reason::INTERNAL_ERROR,
    })
}
