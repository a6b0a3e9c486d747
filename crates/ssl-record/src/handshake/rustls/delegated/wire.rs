//! What passes between the two sides of a delegated handshake, read along.
//!
//! Owns the facts, the log of messages for owners that want one, and copies of the handshake's keys: to
//! open what is protected, and to seal the alert that a refusal ends with. Does not drive rustls.

use std::sync::Arc;

use super::super::capture::Capture;
use super::super::ear::{Ear, Stage};
use super::super::messages::{self, Shown, accepts_early_data, kind, status};
use super::super::refusal::Refusal;
use super::shares::Shares;
use crate::handshake::delegate::{EarlyData, ProgressFacts};
use crate::handshake::{MESSAGE_HEADER_LEN, append_plaintext_alert};
use crate::hello::ServerHello;
use crate::protect::{KeyRoot, Layout, TrafficKeys, TrafficSecret, Usage, tls12_keys};
use crate::reason::Reason;
use crate::record::{
    Alert, AlertDescription, ContentType, HEADER_LEN, ProtocolVersion, RecordHeader,
};
use crate::tap::TapLog;

/// One handshake's wire.
pub(super) struct Wire {
    pub(super) is_client: bool,
    pub(super) facts: ProgressFacts,
    /// Set from the moment there is a rustls connection.
    pub(super) capture: Option<Arc<Capture>>,
    /// A client that refuses to be made to fall back (statement F50).
    pub(super) guards_fallback: bool,
    /// The newest version enabled, for the log while none is negotiated.
    pub(super) newest: ProtocolVersion,
    pub(super) log: Option<TapLog>,
    /// The body of a TLS 1.2 ticket.
    pub(super) tls12_ticket: Option<Box<[u8]>>,
    /// What the server showed.
    shown: Option<Shown>,
    /// The server asked for a certificate.
    is_asked: bool,
    /// A server of TLS 1.3 did so and what it shows itself is not here yet.
    awaits_certificate: bool,
    /// The peer's Finished was opened.
    pub(super) has_finished: bool,
    incoming: Ear,
    outgoing: Ear,
    shares: Shares,
    /// Something left under our keys.
    keys_in_use: bool,
    /// Whether early data is accepted stands in our own EncryptedExtensions.
    pub(super) may_accept: bool,
    /// Records that were sealed under our traffic keys before the handshake was over.
    pub(super) sealed_early: u64,
    /// A server's tickets were sealed behind them, with the next numbers: no more may be sealed early.
    pub(super) has_tickets: bool,
}

impl Wire {
    pub(super) fn new(is_client: bool) -> Self {
        Self {
            is_client,
            facts: ProgressFacts::default(),
            capture: None,
            guards_fallback: false,
            newest: ProtocolVersion::Tls13,
            log: None,
            tls12_ticket: None,
            shown: None,
            is_asked: false,
            awaits_certificate: false,
            has_finished: false,
            incoming: Ear::default(),
            outgoing: Ear::default(),
            shares: Shares::default(),
            keys_in_use: false,
            may_accept: false,
            sealed_early: 0,
            has_tickets: false,
        }
    }

    /// Reads a record of the peer before rustls does.
    ///
    /// # Errors
    /// It says something that rustls would let pass.
    pub(super) fn received(&mut self, header: RecordHeader, body: &[u8]) -> Result<(), Refusal> {
        let mut ear = core::mem::take(&mut self.incoming);
        let heard = ear.record(self.facts.version, header, body, |stage, number| {
            let wanted = self.log.is_some()
                || self.is_client
                || self.facts.version == Some(ProtocolVersion::Tls12);
            wanted.then(|| self.keys(stage, !self.is_client, number))?
        });
        self.incoming = ear;
        let is_sealed = heard.inner.is_some();
        if let Some(log) = &self.log {
            log.record(false, header, heard.inner);
        }
        if let Some(alert) = &heard.alert {
            self.awaits_certificate = false;
            self.log_message(false, ContentType::Alert, alert);
        }
        for message in &heard.messages {
            let (head, body) = message.split_at(MESSAGE_HEADER_LEN);
            let heeded = self.heed(head[0], body);
            self.hear_share(head[0], body, !self.is_client);
            self.log_message(false, ContentType::Handshake, message);
            heeded?;
        }
        // TLS 1.3: what comes behind the certificate is opened for the log only.
        let is_enough = is_sealed && self.log.is_none();
        if is_enough && heard.messages.iter().any(|it| it[0] == kind::CERTIFICATE) {
            self.incoming.lose();
        }
        Ok(())
    }

    /// Whether rustls is not to see what arrived last before more has arrived: it would ask for our
    /// certificate although the server's cannot be judged yet.
    pub(super) fn is_holding(&self) -> bool {
        self.awaits_certificate && !self.incoming.is_lost()
    }

    /// What the server shows, once it asked for our certificate.
    pub(super) fn take_shown(&mut self) -> Option<Shown> {
        if self.is_asked {
            self.shown.take()
        } else {
            None
        }
    }

    /// Reads records that are about to leave.
    pub(super) fn sending(&mut self, flight: &[u8]) {
        for (header, body) in records(flight) {
            self.keys_in_use |= match header.content_type {
                ContentType::ApplicationData => true,
                // In TLS 1.3 it means nothing.
                ContentType::ChangeCipherSpec => self.facts.version == Some(ProtocolVersion::Tls12),
                ContentType::Handshake | ContentType::Alert => false,
            };
            let mut ear = core::mem::take(&mut self.outgoing);
            let heard = ear.record(self.facts.version, header, body, |stage, number| {
                let early = match stage {
                    Stage::Application => self.sealed_early,
                    _ => 0,
                };
                let wanted = self.log.is_some() || self.may_accept;
                wanted.then(|| self.keys(stage, self.is_client, number + early))?
            });
            self.outgoing = ear;
            for message in &heard.messages {
                let (head, body) = message.split_at(MESSAGE_HEADER_LEN);
                if head[0] == kind::SERVER_HELLO
                    && let Ok(hello) = ServerHello::parse(body)
                {
                    messages::tell(&hello, &mut self.facts);
                }
                self.hear_share(head[0], body, self.is_client);
                if head[0] == kind::ENCRYPTED_EXTENSIONS && !self.is_client {
                    self.note_early_data(body);
                    self.may_accept = false;
                }
            }
            if let Some(log) = &self.log {
                log.record(true, header, heard.inner);
            }
            if header.content_type == ContentType::ChangeCipherSpec {
                self.log_message(true, ContentType::ChangeCipherSpec, body);
            }
            if let Some(alert) = &heard.alert {
                self.log_message(true, ContentType::Alert, alert);
            }
            for message in &heard.messages {
                self.log_message(true, ContentType::Handshake, message);
            }
        }
    }

    /// EncryptedExtensions say whether early data is accepted.
    fn note_early_data(&mut self, body: &[u8]) {
        if accepts_early_data(body) {
            self.facts.early_data = EarlyData::Accepted;
        }
    }

    /// Logs a record that only passes by, and the message in it.
    pub(super) fn log_early(
        &self,
        outgoing: bool,
        record: &[u8],
        inner: ContentType,
        message: &[u8],
    ) {
        let (Some(log), Some((header, _))) = (&self.log, records(record).next()) else {
            return;
        };
        log.record(outgoing, header, Some(inner));
        if !message.is_empty() {
            self.log_message(outgoing, inner, message);
        }
    }

    /// Whether a protected record is the first of the client's under the keys of the handshake.
    pub(super) fn is_next_of_handshake(&self, header: RecordHeader, body: &[u8]) -> bool {
        let keys = self.keys(Stage::Handshake, true, 0);
        keys.is_none_or(|mut keys| keys.open(header, &mut body.to_vec()).is_ok())
    }

    /// Whether the peer's records are protected.
    pub(super) fn is_protected(&self) -> bool {
        self.incoming.is_protected()
    }

    /// Whether a server has sent everything up to its Finished in TLS 1.3.
    pub(super) fn has_answered(&self) -> bool {
        let is_tls13 = self.facts.version == Some(ProtocolVersion::Tls13);
        !self.is_client && is_tls13 && self.keys_in_use
    }

    /// Appends an alert under the keys that the peer expects; nothing if there are none to be had.
    pub(super) fn append_alert(&mut self, description: AlertDescription, out: &mut Vec<u8>) {
        let alert = Alert::fatal(description).encode();
        let start = out.len();
        match self.alert_keys() {
            Ok(None) => append_plaintext_alert(description, out),
            Ok(Some(mut keys)) => {
                out.resize(start + Layout::Tls13.overhead() + alert.len(), 0);
                let sealed = keys.seal(ContentType::Alert, &alert, 0, &mut out[start..]);
                out.truncate(start + sealed.unwrap_or(0));
            }
            Err(()) => return,
        }
        let alert = out[start..].to_vec();
        self.sending(&alert);
    }

    /// Acts on a message of the peer before rustls sees it.
    fn heed(&mut self, kind: u8, body: &[u8]) -> Result<(), Refusal> {
        if !self.is_client {
            self.has_finished |= kind == kind::FINISHED;
            return Ok(());
        }
        let version = self.facts.version;
        self.awaits_certificate =
            kind == kind::CERTIFICATE_REQUEST && version == Some(ProtocolVersion::Tls13);
        match kind {
            kind::SERVER_HELLO => {
                let Ok(hello) = ServerHello::parse(body) else {
                    return Ok(());
                };
                let refused = |reason| {
                    Err(Refusal {
                        alert: AlertDescription::ILLEGAL_PARAMETER,
                        reason,
                    })
                };
                if messages::selects_a_signal(&hello) {
                    return refused(Reason::WRONG_CIPHER_RETURNED);
                }
                if self.guards_fallback && messages::has_downgrade_sentinel(&hello) {
                    return refused(Reason::INAPPROPRIATE_FALLBACK);
                }
                messages::tell(&hello, &mut self.facts);
            }
            kind::ENCRYPTED_EXTENSIONS => self.note_early_data(body),
            kind::NEW_SESSION_TICKET => self.tls12_ticket = Some(body.into()),
            kind::CERTIFICATE => {
                self.shown = version.and_then(|version| Shown::parse(version, body).ok());
            }
            kind::CERTIFICATE_STATUS => {
                if let (Some(shown), Ok(ocsp)) = (&mut self.shown, status(body)) {
                    shown.ocsp = ocsp.to_vec();
                }
            }
            kind::CERTIFICATE_REQUEST => {
                self.is_asked = true;
                if version == Some(ProtocolVersion::Tls12)
                    && let Some((&count, rest)) = body.split_first()
                {
                    let types = rest.get(..count.into()).unwrap_or_default();
                    self.facts.certificate_types = types.into();
                }
            }
            kind::FINISHED => self.has_finished = true,
            _ => {}
        }
        Ok(())
    }

    fn hear_share(&mut self, kind: u8, body: &[u8], is_clients: bool) {
        let facts = &mut self.facts;
        self.shares
            .hear(kind, body, is_clients, self.is_client, facts);
    }

    fn log_message(&self, outgoing: bool, content_type: ContentType, bytes: &[u8]) {
        if let Some(log) = &self.log {
            let version = self.facts.version.unwrap_or(self.newest);
            log.message(outgoing, version, content_type, bytes);
        }
    }

    /// A copy of the keys that the client or the server seals with at this stage.
    fn keys(&self, stage: Stage, of_client: bool, next: u64) -> Option<TrafficKeys> {
        let captured = self.capture.as_ref()?.captured();
        let (suite, version) = (self.facts.suite?, self.facts.version?);
        let algorithm = suite.algorithm();
        if version == ProtocolVersion::Tls12 {
            let mut randoms = [0; 64];
            randoms[..32].copy_from_slice(&self.facts.server_random?);
            randoms[32..].copy_from_slice(&captured.client_random);
            let master = captured.master_secret.as_ref()?;
            let (client, server) = tls12_keys(suite.hash(), master, &randoms, algorithm)?;
            let material = if of_client { client } else { server };
            return TrafficKeys::new(Usage::Open, algorithm, KeyRoot::Material(material), next);
        }
        let secret = match (stage, of_client) {
            (Stage::Clear, _) => return None,
            (Stage::Handshake, true) => captured.client_handshake.clone()?,
            (Stage::Handshake, false) => captured.server_handshake.clone()?,
            (Stage::Application, true) => captured.client_traffic.clone()?,
            (Stage::Application, false) => captured.server_traffic.clone()?,
        };
        let root = KeyRoot::Secret(TrafficSecret::new(suite.hash(), secret));
        TrafficKeys::new(Usage::Open, algorithm, root, next)
    }

    /// The keys for an alert: `None` for the clear.
    ///
    /// A refused flight is dropped as a whole, so that what counts is what left before: of a client
    /// nothing under its handshake keys, of a server everything up to its Finished or nothing. In TLS 1.2
    /// nothing can be refused any more once keys are in use, and in TLS 1.3 once there are tickets.
    fn alert_keys(&self) -> Result<Option<TrafficKeys>, ()> {
        let Some(capture) = &self.capture else {
            return Ok(None);
        };
        let is_keyed = capture.captured().handshake_keys;
        let stage = match (self.is_client, self.keys_in_use) {
            (true, false) if is_keyed => Stage::Handshake,
            (false, true) if is_keyed && !self.has_tickets => Stage::Application,
            (_, true) => return Err(()),
            (_, false) => return Ok(None),
        };
        let next = match stage {
            Stage::Application => self.sealed_early,
            _ => 0,
        };
        self.keys(stage, self.is_client, next).map(Some).ok_or(())
    }
}

/// The records of a flight.
pub(super) fn records(mut flight: &[u8]) -> impl Iterator<Item = (RecordHeader, &[u8])> {
    core::iter::from_fn(move || {
        let (header, rest) = flight.split_first_chunk::<HEADER_LEN>()?;
        let header = RecordHeader::decode(*header).ok()?;
        let (body, rest) = rest.split_at_checked(header.len.into())?;
        flight = rest;
        Some((header, body))
    })
}
