//! The handshake of a connection that decides by its context's configuration.
//!
//! Owns what rustls has not for it: the modes that act on hellos, the check for a needless fallback, and
//! waiting for the application. rustls runs on the caller's stack, unless the application may have to be
//! waited for and the connection may wait (`ASYNC`): then on one of its own, held while it waits.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use super::Direct;
use super::capture::{self, Capture};
use super::ear::Ear;
use super::hello::Hello;
use super::job;
use super::look::{Look, look};
use super::messages::{self, kind};
use super::provider::{self, Next};
use super::refusal::Refusal;
use super::setup::{ClientSetup, ServerSetup, Setup};
use super::stack::{self, Pause, Request, Waiting};
use crate::config::Operation;
use crate::error::{Error, PeerFault};
use crate::handshake::delegate::Answer;
use crate::handshake::{Established, MESSAGE_HEADER_LEN, Progress, Terms, append_plaintext_alert};
use crate::hello::{ClientHello, ServerHello};
use crate::reason::Reason;
use crate::record::{AlertDescription, ContentType, ProtocolVersion, RecordHeader};

/// A handshake in progress.
pub(crate) struct Configured {
    state: State,
    /// What the configuration's key log notes; lent to it while rustls works.
    capture: Option<Arc<Capture>>,
    /// Of a client that fell back.
    guard: Option<Box<Guard>>,
    /// A flight left that answers the peer, perhaps under keys.
    has_answered: bool,
}

enum State {
    /// A client that has said nothing: modes still count.
    Fresh,
    /// A server that waits for a ClientHello.
    Listening(Hello),
    /// Between two looks.
    Ready(Box<Direct>),
    /// The application works on something.
    Waiting(Box<Suspended>),
    /// It failed, or is being worked on.
    Spent,
}

struct Suspended {
    stack: Waiting<Look>,
    /// Polled by one thread at a time; the lock only makes it shareable.
    operation: Mutex<Operation<Answer>>,
}

impl Configured {
    /// A client that has said nothing yet.
    pub(crate) fn client() -> Self {
        Self::new(State::Fresh)
    }

    /// A server that waits for a ClientHello.
    pub(crate) fn server() -> Self {
        Self::new(State::Listening(Hello::default()))
    }

    fn new(state: State) -> Self {
        Self {
            state,
            capture: None,
            guard: None,
            has_answered: false,
        }
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
        if let State::Listening(hello) = &mut self.state {
            if hello.feed(header, body).is_ok() {
                return Ok(());
            }
            // What no client may begin with: rustls says so.
            self.open(terms)?;
        }
        let State::Ready(direct) = &mut self.state else {
            return Err(PeerFault::UnexpectedMessage(0).into());
        };
        direct.feed(header, body)?;
        if let Some(guard) = &mut self.guard {
            match guard.hear(header, body) {
                Ok(false) => {}
                Ok(true) => self.guard = None,
                Err(refusal) => return Err(self.refuse(refusal, out)),
            }
        }
        Ok(())
    }

    /// Works until a record, the application or nothing more is needed; appends what is to be sent.
    ///
    /// # Errors
    /// The handshake failed; `out` may have gained an alert.
    pub(crate) fn advance(
        &mut self,
        terms: &Terms<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Progress, Error> {
        loop {
            if let State::Ready(direct) = &mut self.state
                && !terms.may_wait
            {
                let start = out.len();
                let result = {
                    let _scope = capture::enter(&mut self.capture);
                    direct.advance(out)
                };
                provider::expect(Next::Anything);
                conclude(direct, &mut self.has_answered, &result, start, out);
                return result;
            }
            let pause = match core::mem::replace(&mut self.state, State::Spent) {
                State::Fresh => {
                    self.begin(terms)?;
                    continue;
                }
                State::Listening(hello) => {
                    let fault = match hello.message() {
                        Some(message) => self.judge(message, terms),
                        None => {
                            self.state = State::Listening(hello);
                            return Ok(Progress::NeedRecord);
                        }
                    };
                    if let Err(refusal) = fault {
                        return Err(self.refuse(refusal, out));
                    }
                    self.state = State::Listening(hello);
                    self.open(terms)?;
                    continue;
                }
                State::Ready(direct) => {
                    let _scope = capture::enter(&mut self.capture);
                    stack::run(move || look(direct))
                }
                State::Waiting(suspended) => match suspended.poll(terms) {
                    Ok((stack, answer)) => {
                        let _scope = capture::enter(&mut self.capture);
                        stack.answer(answer)
                    }
                    Err(suspended) => {
                        self.state = State::Waiting(suspended);
                        return Ok(Progress::Wait);
                    }
                },
                State::Spent => return Err(Error::AlreadyFailed),
            };
            provider::expect(Next::Anything);
            match pause {
                Pause::Asked(Request::Job(job), stack) => {
                    let operation = Mutex::new(job());
                    self.state = State::Waiting(Box::new(Suspended { stack, operation }));
                }
                Pause::Done(look) => {
                    let start = out.len();
                    out.extend_from_slice(&look.out);
                    let (direct, result) = (look.direct, look.result);
                    conclude(&direct, &mut self.has_answered, &result, start, out);
                    self.state = State::Ready(direct);
                    return result;
                }
                // A configured handshake has no owner to ask.
                Pause::Asked(..) => return Err(self.refuse(Refusal::INTERNAL, out)),
                Pause::Broken(broken) => return Err(self.refuse(broken.into(), out)),
            }
        }
    }

    /// The result, once [`Progress::Complete`] was reported.
    ///
    /// # Errors
    /// An internal failure.
    pub(crate) fn finish(self) -> Result<Established, Error> {
        match self.state {
            State::Ready(direct) => direct.finish(),
            _ => Err(Error::AlreadyFailed),
        }
    }

    /// Appends an alert for an error that was found outside of the handshake, if that can be done.
    pub(crate) fn append_alert(&mut self, description: AlertDescription, out: &mut Vec<u8>) {
        let is_in_the_clear = match &self.state {
            State::Ready(direct) => direct.is_in_the_clear(),
            State::Fresh | State::Listening(_) => true,
            State::Waiting(_) | State::Spent => false,
        };
        if is_in_the_clear {
            append_plaintext_alert(description, out);
        }
    }

    /// A client's hello.
    fn begin(&mut self, terms: &Terms<'_>) -> Result<(), Error> {
        let setup = client(terms)?;
        let direct = setup.start(terms.server_name, terms.hello)?;
        if terms.hello.fallback_scsv {
            self.guard = Some(Box::new(Guard {
                ear: Ear::default(),
                heeds_sentinel: !setup.offers_tls13(),
            }));
        }
        self.ready(direct);
        Ok(())
    }

    /// A server's rustls, fed with what has arrived.
    fn open(&mut self, terms: &Terms<'_>) -> Result<(), Error> {
        let mut direct = server(terms)?.start(terms.hello.time)?;
        if let State::Listening(hello) = core::mem::replace(&mut self.state, State::Spent) {
            direct.feed_raw(hello.into_records());
        }
        self.ready(direct);
        Ok(())
    }

    fn ready(&mut self, direct: Box<Direct>) {
        self.capture = Some(Arc::clone(&direct.capture));
        self.state = State::Ready(direct);
    }

    /// Looks for a fallback from a version that this server would have spoken (RFC 7507 section 3).
    fn judge(&self, message: &[u8], terms: &Terms<'_>) -> Result<(), Refusal> {
        let enabled = server(terms).map_err(|_| Refusal::INTERNAL)?.versions();
        if enabled.clone().nth(1).is_none() {
            return Ok(());
        }
        // A malformed hello is for rustls to refuse.
        match ClientHello::parse_message(message) {
            Ok(hello) if falls_back_needlessly(&hello, enabled) => Err(Refusal {
                alert: AlertDescription::INAPPROPRIATE_FALLBACK,
                reason: Reason::INAPPROPRIATE_FALLBACK,
            }),
            _ => Ok(()),
        }
    }

    fn refuse(&mut self, refusal: Refusal, out: &mut Vec<u8>) -> Error {
        self.state = State::Spent;
        append_plaintext_alert(refusal.alert, out);
        refusal.into()
    }
}

impl Suspended {
    /// The stack to go on with and its answer, if the operation is ready; itself, if not. A connection that may
    /// not wait any more blocks.
    fn poll(mut self: Box<Self>, terms: &Terms<'_>) -> Result<(Waiting<Look>, Answer), Box<Self>> {
        let operation = self.operation.get_mut();
        let operation = operation.unwrap_or_else(std::sync::PoisonError::into_inner);
        let answer = if terms.may_wait {
            let mut context = Context::from_waker(terms.waker);
            match operation.as_mut().poll(&mut context) {
                Poll::Ready(answer) => answer,
                Poll::Pending => return Err(self),
            }
        } else {
            job::block_on(operation)
        };
        Ok((self.stack, answer))
    }
}

/// Reads along what a server answers to a client that says it fell back.
struct Guard {
    ear: Ear,
    /// A server that has TLS 1.3 and lets the fallback pass says so in its random (statement F50).
    heeds_sentinel: bool,
}

impl Guard {
    /// Whether the answer is known.
    ///
    /// # Errors
    /// It selects the signal as if it were a suite, or should not have accepted the fallback.
    fn hear(&mut self, header: RecordHeader, body: &[u8]) -> Result<bool, Refusal> {
        if header.content_type != ContentType::Handshake {
            return Ok(false);
        }
        let heard = self.ear.record(None, header, body, |_, _| None);
        for message in &heard.messages {
            let (head, body) = message.split_at(MESSAGE_HEADER_LEN);
            if head[0] != kind::SERVER_HELLO {
                continue;
            }
            // What is malformed is for rustls to refuse.
            let Ok(hello) = ServerHello::parse(body) else {
                continue;
            };
            let reason = if messages::selects_a_signal(&hello) {
                Reason::WRONG_CIPHER_RETURNED
            } else if self.heeds_sentinel && messages::has_downgrade_sentinel(&hello) {
                Reason::INAPPROPRIATE_FALLBACK
            } else if hello.is_retry_request() {
                continue;
            } else {
                return Ok(true);
            };
            return Err(Refusal {
                alert: AlertDescription::ILLEGAL_PARAMETER,
                reason,
            });
        }
        Ok(false)
    }
}

/// Acts on what rustls came to. For a failure of the application's rustls has no alert, and of the flight that
/// it belongs to, which begins at `start`, nothing is worth sending.
fn conclude(
    direct: &Direct,
    has_answered: &mut bool,
    result: &Result<Progress, Error>,
    start: usize,
    out: &mut Vec<u8>,
) {
    match result {
        Err(Error::Handshake(fault)) if fault.reason == Reason::INTERNAL_ERROR => {
            if !*has_answered {
                out.truncate(start);
                direct.append_first_alert(AlertDescription::INTERNAL_ERROR, out);
            }
        }
        _ => *has_answered |= !direct.is_in_the_clear() && says_something(&out[start..]),
    }
}

/// Whether the client says that it fell back although both sides have something newer (statements F4 to
/// F8).
fn falls_back_needlessly(
    hello: &ClientHello<'_>,
    enabled: impl Iterator<Item = ProtocolVersion>,
) -> bool {
    if !hello.offers_fallback_scsv() {
        return false;
    }
    let Ok(offered) = hello.supported_versions() else {
        return false;
    };
    let offers = |version: ProtocolVersion| match &offered {
        Some(offered) => offered.clone().any(|one| one == version.wire()),
        None => version == ProtocolVersion::Tls12 && hello.legacy_version() >= version.wire(),
    };
    let mut enabled = enabled.peekable();
    let newest = enabled.peek().copied();
    // Without a version in common there is something else to tell the client.
    let chosen = enabled.find(|&version| offers(version));
    chosen.is_some() && chosen != newest
}

/// Whether a flight says anything: a TLS 1.3 client's dummy record does not (RFC 8446 appendix D.4).
fn says_something(flight: &[u8]) -> bool {
    !flight.is_empty() && flight != [ContentType::ChangeCipherSpec.wire(), 3, 3, 0, 1, 1]
}

fn client<'a>(terms: &Terms<'a>) -> Result<&'a ClientSetup, Error> {
    match terms.setup {
        Setup::Client(setup) => Ok(setup),
        Setup::Server(_) | Setup::Delegated(_) => Err(Refusal::INTERNAL.into()),
    }
}

fn server<'a>(terms: &Terms<'a>) -> Result<&'a ServerSetup, Error> {
    match terms.setup {
        Setup::Server(setup) => Ok(setup),
        Setup::Client(_) | Setup::Delegated(_) => Err(Refusal::INTERNAL.into()),
    }
}
