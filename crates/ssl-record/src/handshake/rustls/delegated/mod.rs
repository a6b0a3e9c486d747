//! The handshake of a connection whose owner decides: rustls on a stack that can wait.
//!
//! Owns the conversation between rustls and the owner, and what the peer is told when the owner
//! refuses. A stack is held only while a question waits; between records there is none.

mod ahead;
mod client;
mod desk;
mod early;
mod identity;
mod server;
mod shares;
mod stock;
mod store;
#[cfg(test)]
mod tests;
mod wire;

pub(super) use self::desk::{Signed, note_tls12_finished, note_tls13_hmac};
pub(crate) use self::stock::Stock;
pub(crate) use self::stock::{Clock, Mint};
pub(crate) use self::store::OneSession;

use std::sync::Arc;

use self::desk::Desk;
use self::early::Incoming;
use self::wire::{Wire, records};
use super::hello::Hello;
use super::look::{Look, look};
use super::refusal::Refusal;
use super::stack::{self, Pause, Request, Waiting};
use super::{Direct, provider};
use crate::config::{CipherSuite, ConfigError};
use crate::error::{Error, HandshakeFault, PeerFault};
use crate::handshake::delegate::{Answer, ClientPlan, EarlyData, ProgressFacts, Question};
use crate::handshake::session::ClientSession;
use crate::handshake::{Established, Noted, Progress};
use crate::hello::ClientHello;
use crate::reason::Reason;
use crate::record::{AlertDescription, ContentType, ProtocolVersion, RecordHeader};
use crate::tap::TapLog;

/// Bytes held back from rustls at most; a certificate is not longer.
const MAX_HELD: usize = 1 << 17;

/// A delegated handshake in progress.
pub(crate) struct Delegated {
    state: State,
    /// Set from the moment there is a rustls connection.
    desk: Option<Arc<Desk>>,
    /// What the owner is asked, from `Progress::Decide` until it is answered and the answer used.
    question: Option<Question>,
    answer: Option<Answer>,
    wire: Wire,
    /// Records that rustls is not to see before the rest of the server's certificate is here.
    held: Vec<u8>,
    store: Option<Arc<OneSession>>,
    early: Early,
}

/// What there is of early data.
#[derive(Default)]
struct Early {
    /// Of the session that a client offers: its suite, and how many bytes it allows.
    offered: Option<(CipherSuite, u32)>,
    /// How many bytes a server accepts, or skips.
    limit: u32,
    /// A server skips what it does not accept; how much more, bytes.
    skips: Option<u32>,
    /// What a server's tickets allow.
    allows: u32,
    incoming: Option<Box<Incoming>>,
    /// A client: the server has spoken. A server: it has answered, and waits for what comes early.
    is_over: bool,
    /// A client's EndOfEarlyData has passed.
    has_ended: bool,
}

enum State {
    /// A server that waits for a ClientHello.
    Hello(Hello),
    /// Between records.
    Ready(Box<Direct>),
    /// A question waits.
    Asking(Waiting<Look>),
    /// It failed, or is being worked on.
    Spent,
}

impl Delegated {
    /// A client whose hello is ready.
    ///
    /// # Errors
    /// [`ConfigError`] if the plan leaves nothing to offer.
    pub(crate) fn client(plan: &ClientPlan) -> Result<Box<Self>, ConfigError> {
        stack::aside(|| Self::started_client(plan).map(Box::new))
            .unwrap_or_else(|_| Err(ConfigError::Crypto(NO_STACK.to_owned())))
    }

    fn started_client(plan: &ClientPlan) -> Result<Self, ConfigError> {
        let desk = Desk::new(&plan.verify_schemes, Arc::clone(&plan.signature_check));
        let client::Started {
            mut direct,
            store,
            clock,
        } = client::start(plan, &desk)?;
        direct.mint = Some((Arc::clone(&store), clock));
        let mut wire = Wire::new(true);
        wire.capture = Some(Arc::clone(&direct.capture));
        wire.facts.server_name = plan.server_name.as_deref().map(Into::into);
        wire.guards_fallback = plan.fallback_scsv && plan.max == ProtocolVersion::Tls12;
        wire.newest = plan.max;
        let mut early = Early::default();
        let session = plan.session.as_ref().filter(|_| plan.early_data);
        if let Some(session) = session {
            let most = session.parts().max_early_data;
            early.offered = (most > 0).then(|| (session.suite(), most));
        }
        Ok(Self {
            desk: Some(desk),
            store: Some(store),
            early,
            ..Self::new(State::Ready(direct), wire)
        })
    }

    /// A server that waits for a ClientHello.
    pub(crate) fn server() -> Self {
        Self::new(State::Hello(Hello::default()), Wire::new(false))
    }

    fn new(state: State, wire: Wire) -> Self {
        Self {
            state,
            desk: None,
            question: None,
            answer: None,
            wire,
            held: Vec::new(),
            store: None,
            early: Early::default(),
        }
    }

    /// What waits for a decision.
    pub(crate) fn question(&self) -> Option<&Question> {
        self.question.as_ref().filter(|_| self.answer.is_none())
    }

    /// The decision; dropped if none waits.
    pub(crate) fn answer(&mut self, answer: Answer) {
        if self.question().is_some() {
            self.answer = Some(answer);
        }
    }

    /// What is known so far.
    pub(crate) fn facts(&self) -> &ProgressFacts {
        &self.wire.facts
    }

    /// Logs what passes from now on.
    pub(crate) fn set_tap(&mut self, log: Option<TapLog>) {
        self.wire.log = log;
    }

    /// Takes the peer's next record.
    ///
    /// # Errors
    /// It cannot stand here; final. `out` may have gained an alert.
    pub(crate) fn feed(
        &mut self,
        header: RecordHeader,
        body: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.early.is_over |= self.wire.is_client;
        if header.content_type == ContentType::ApplicationData
            && let Some(left) = self.early.skips
        {
            self.early.skips = None;
            // Behind a hello that has to be retried there are no keys to tell it by.
            if !self.wire.has_answered() || !self.wire.is_next_of_handshake(header, body) {
                self.early.skips = left.checked_sub(header.len.into());
                return match self.early.skips {
                    Some(_) => Ok(()),
                    None => Err(self.refuse(early::TOO_MUCH, out)),
                };
            }
        }
        if let Some(incoming) = &mut self.early.incoming
            && !incoming.has_ended()
            && header.content_type == ContentType::ApplicationData
        {
            return self
                .feed_early(header, body)
                .inspect_err(|error| self.last_words(error, out));
        }
        if let Err(refusal) = self.wire.received(header, body) {
            return Err(self.refuse(refusal, out));
        }
        let fed = match &mut self.state {
            State::Hello(hello) => hello.feed(header, body).map_err(Error::from),
            State::Ready(direct) => {
                if let (Some(desk), Some(shown)) = (&self.desk, self.wire.take_shown()) {
                    desk.notes().shown = Some(shown);
                }
                let is_short = header.content_type == ContentType::Alert && body.len() != 2;
                let checked = match direct.check(header) {
                    // One in the clear: rustls would call it a length of another kind.
                    Ok(()) if is_short && !self.wire.is_protected() => Err(PeerFault::InvalidAlert),
                    checked => checked,
                };
                checked.map_err(Into::into).map(|()| {
                    self.held.extend_from_slice(&header.encode());
                    self.held.extend_from_slice(body);
                    if !self.wire.is_holding() || self.held.len() > MAX_HELD {
                        direct.feed_raw(core::mem::take(&mut self.held));
                    }
                })
            }
            State::Asking(_) | State::Spent => Err(PeerFault::UnexpectedMessage(0).into()),
        };
        fed.inspect_err(|error| self.last_words(error, out))
    }

    /// Works until a record, a decision or nothing more is needed; appends what is to be sent to `out`.
    ///
    /// # Errors
    /// The handshake failed; `out` may have gained an alert.
    pub(crate) fn advance(&mut self, out: &mut Vec<u8>) -> Result<Progress, Error> {
        loop {
            let pause = match core::mem::replace(&mut self.state, State::Spent) {
                State::Hello(hello) => match self.take_plan(hello) {
                    Ok(Some(progress)) => return Ok(progress),
                    Ok(None) => continue,
                    Err(refusal) => return Err(self.refuse(refusal, out)),
                },
                State::Ready(direct) => self.enter(|| stack::run(move || look(direct))),
                State::Asking(waiting) => match self.answer.take() {
                    None => {
                        self.state = State::Asking(waiting);
                        return Ok(Progress::Decide);
                    }
                    Some(answer) => {
                        self.question = None;
                        self.enter(|| waiting.answer(answer))
                    }
                },
                State::Spent => return Err(Error::AlreadyFailed),
            };
            provider::expect(provider::Next::Anything);
            self.note();
            match pause {
                Pause::Asked(Request::Decision(question), waiting) => {
                    self.question = Some(question);
                    self.state = State::Asking(waiting);
                    return Ok(Progress::Decide);
                }
                Pause::Asked(Request::Check(signed), waiting) => {
                    self.answer = self.desk.as_ref().map(|desk| desk.check(&signed));
                    self.state = State::Asking(waiting);
                }
                // A delegated handshake signs with no key of a configuration.
                Pause::Asked(Request::Job(_), _) => return Err(self.refuse(Refusal::INTERNAL, out)),
                Pause::Done(look) => return self.conclude(look, out),
                Pause::Broken(broken) => return Err(self.refuse(broken.into(), out)),
            }
        }
    }

    /// The result, once [`Progress::Complete`] was reported.
    ///
    /// # Errors
    /// An internal failure.
    pub(crate) fn finish(self: Box<Self>) -> Result<Established, Error> {
        stack::aside(|| self.hand_over()).unwrap_or_else(|broken| Err(Refusal::from(broken).into()))
    }

    fn hand_over(self: Box<Self>) -> Result<Established, Error> {
        let State::Ready(mut direct) = self.state else {
            return Err(Error::AlreadyFailed);
        };
        direct.tls12_ticket = self.wire.tls12_ticket;
        direct.server_random = self.wire.facts.server_random;
        let made = self
            .store
            .and_then(|store| store.sessions().made_tls12.take());
        let has_ticket = direct.tls12_ticket.is_some();
        if made.is_some() && !has_ticket {
            // As if the server had sent an empty ticket: the session has only an identifier.
            direct.tls12_ticket = Some([0; 6].into());
        }
        let mut established = direct.finish()?;
        if !self.wire.is_client {
            established.sealing.skip(self.wire.sealed_early);
        }
        let negotiated = &mut established.negotiated;
        let facts = self.wire.facts;
        negotiated.session_id.clone_from(&facts.session_id);
        negotiated.extended_master_secret = facts.extended_master_secret;
        negotiated.certificate_requested = facts.certificate_requested;
        negotiated.peer_signature_scheme = facts.peer_signature_scheme;
        negotiated.signature_scheme = facts.signature_scheme;
        if self.wire.is_client {
            negotiated.server_name.clone_from(&facts.server_name);
        }
        let is_new = !negotiated.resumed || has_ticket;
        let session = match (established.resumable.take(), made) {
            (Some(resumable), Some(value)) if is_new => {
                let name = facts.server_name.as_deref().unwrap_or_default();
                let session = ClientSession::new(name, negotiated, resumable);
                Some(session.with_stock(Stock::Tls12(value)))
            }
            _ => None,
        };
        let (client, server) = self.desk.map_or((None, None), |desk| desk.finished());
        let (local, peer) = if self.wire.is_client {
            (client, server)
        } else {
            (server, client)
        };
        established.noted = Some(Box::new(Noted {
            facts,
            session,
            finished: local.zip(peer),
        }));
        Ok(established)
    }

    /// Appends an alert under the keys that the peer expects; nothing if there are none to be had.
    pub(crate) fn append_alert(&mut self, description: AlertDescription, out: &mut Vec<u8>) {
        self.wire.append_alert(description, out);
    }

    /// The plan for this hello, once it is there; whether to pause.
    fn take_plan(&mut self, hello: Hello) -> Result<Option<Progress>, Refusal> {
        let Some(message) = hello.message() else {
            self.state = State::Hello(hello);
            return Ok(Some(Progress::NeedRecord));
        };
        let Some(answer) = self.answer.take() else {
            if self.question.is_none() {
                self.wire.facts.client_random =
                    message.get(6..38).and_then(|it| it.try_into().ok());
                self.question = Some(Question::ClientHello(message.to_vec()));
            }
            self.state = State::Hello(hello);
            return Ok(Some(Progress::Decide));
        };
        self.question = None;
        let plan = match answer {
            Answer::Plan(plan) => plan,
            Answer::Refused { alert, reason } => return Err(Refusal { alert, reason }),
            _ => return Err(Refusal::INTERNAL),
        };
        let desk = Desk::new(&plan.verify_schemes, Arc::clone(&plan.signature_check));
        self.wire.newest = plan.max;
        let parsed = ClientHello::parse_message(message);
        if parsed.is_ok_and(|hello| hello.offers_early_data().unwrap_or_default()) {
            self.wire.facts.early_data = EarlyData::Rejected;
        }
        self.early.limit = plan.early_data_limit;
        if self.wire.facts.early_data == EarlyData::Rejected {
            // Beyond its limit OpenSSL allows for what protection adds to six records.
            const OVERHEAD: u32 = 6 * 17 + 2;
            self.early.skips = Some(plan.early_data_limit.saturating_add(OVERHEAD));
        }
        self.early.allows = plan.max_early_data;
        self.wire.may_accept = plan.early_data && plan.tickets;
        let started = stack::aside(|| server::start(*plan, &desk));
        let mut direct = started??;
        direct.feed_raw(hello.into_records());
        self.desk = Some(desk);
        self.wire.capture = Some(Arc::clone(&direct.capture));
        self.state = State::Ready(direct);
        Ok(None)
    }

    /// Runs rustls for this connection.
    fn enter(&self, work: impl FnOnce() -> Pause<Look>) -> Pause<Look> {
        let _scope = self.desk.as_ref().map(desk::enter);
        work()
    }

    /// Takes over what the traits learnt.
    fn note(&mut self) {
        let Some(desk) = &self.desk else { return };
        let notes = desk.notes();
        let facts = &mut self.wire.facts;
        facts.peer_certificates.clone_from(&notes.peer_certificates);
        facts.certificate_requested = notes.certificate_requested;
        facts.peer_signature_scheme = notes.peer_signature_scheme;
        facts.signature_scheme = notes.signature_scheme;
    }

    /// Acts on what rustls came to.
    fn conclude(&mut self, look: Look, out: &mut Vec<u8>) -> Result<Progress, Error> {
        let Look {
            direct,
            out: flight,
            result,
        } = look;
        {
            let captured = direct.capture.captured();
            if self.wire.is_client
                && captured.client_early.is_some()
                && self.wire.facts.early_data == EarlyData::NotSent
            {
                self.wire.facts.early_data = EarlyData::Rejected;
            }
            if captured.client_random != [0; 32] {
                self.wire.facts.client_random = Some(captured.client_random);
            }
            if !self.wire.is_client {
                self.wire
                    .facts
                    .server_name
                    .clone_from(&captured.server_name);
            }
        }
        self.state = State::Ready(direct);
        let refusal = self.desk.as_ref().and_then(|desk| desk.notes().refusal);
        if let Some(refusal) = refusal {
            return Err(self.refuse(refusal, out));
        }
        match result {
            Ok(progress) => {
                let Some(flight) = self.pass_on(flight) else {
                    return Err(self.refuse(Refusal::INTERNAL, out));
                };
                out.extend_from_slice(&flight);
                self.await_early();
                Ok(progress)
            }
            Err(error) => {
                let error = self.better_error(error);
                if let Some(alert) = self.better_alert(&error) {
                    self.append_alert(alert, out);
                } else if ends_with_alert(&flight) {
                    let flight = self.pass_on(flight).unwrap_or_default();
                    out.extend_from_slice(&flight);
                } else {
                    self.last_words(&error, out);
                }
                self.state = State::Spent;
                Err(error)
            }
        }
    }

    /// The alert that OpenSSL sends where rustls sends another.
    fn better_alert(&self, error: &Error) -> Option<AlertDescription> {
        let is_tls12 = self.wire.facts.version == Some(ProtocolVersion::Tls12);
        match error.reason()? {
            Reason::PEER_DID_NOT_RETURN_A_CERTIFICATE if is_tls12 => {
                Some(AlertDescription::HANDSHAKE_FAILURE)
            }
            Reason::WRONG_CIPHER_RETURNED => Some(AlertDescription::ILLEGAL_PARAMETER),
            _ => None,
        }
    }

    /// A record that we can open but rustls says it cannot: it is the Finished in it that is wrong.
    fn better_error(&self, error: Error) -> Error {
        if error == Error::Peer(PeerFault::BadRecordMac) && self.wire.has_finished {
            return Error::Handshake(HandshakeFault {
                message: "the peer saw other messages than we sent".to_owned(),
                reason: Reason::DIGEST_CHECK_FAILED,
            });
        }
        error
    }

    /// Ends the handshake as the owner, or the lack of one, decided.
    fn refuse(&mut self, refusal: Refusal, out: &mut Vec<u8>) -> Error {
        self.append_alert(refusal.alert, out);
        self.state = State::Spent;
        refusal.into()
    }

    /// An alert for an error for which rustls has none.
    fn last_words(&mut self, error: &Error, out: &mut Vec<u8>) {
        let alert = match error {
            Error::AlertReceived(_) => return,
            Error::Peer(fault) => match fault.alert() {
                Some(alert) => alert,
                None => return,
            },
            Error::Refused { alert, .. } => *alert,
            Error::Handshake(HandshakeFault { reason, .. }) => match *reason {
                Reason::INTERNAL_ERROR => AlertDescription::INTERNAL_ERROR,
                Reason::UNEXPECTED_MESSAGE => AlertDescription::UNEXPECTED_MESSAGE,
                Reason::LENGTH_MISMATCH => AlertDescription::DECODE_ERROR,
                _ => AlertDescription::ILLEGAL_PARAMETER,
            },
            _ => AlertDescription::HANDSHAKE_FAILURE,
        };
        self.append_alert(alert, out);
        self.state = State::Spent;
    }
}

const NO_STACK: &str = "no memory for the stack of a handshake";

/// Whether the last record is, or by its length can only be, an alert: in TLS 1.3 no handshake message
/// is shorter than its own header.
fn ends_with_alert(flight: &[u8]) -> bool {
    const SEALED_ALERT: u16 = 2 + 1 + 16;
    records(flight).last().is_some_and(|(header, _)| {
        header.content_type == ContentType::Alert
            || (header.content_type == ContentType::ApplicationData && header.len == SEALED_ALERT)
    })
}
