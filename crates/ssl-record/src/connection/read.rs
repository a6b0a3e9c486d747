//! Reading, and acting on what is not application data.

use ssl_mode::SslMode;

use super::{Connection, Phase, then};
use crate::context::Side;
use crate::error::{Error, PeerFault};
use crate::handshake::session::ClientSession;
use crate::read::{Event, Message};
use crate::record::{Alert, AlertDescription, ProtocolVersion};
use crate::step::{Received, Step, Want};

/// Handshake types that may come after the handshake.
mod handshake_type {
    pub(super) const HELLO_REQUEST: u8 = 0;
    pub(super) const CLIENT_HELLO: u8 = 1;
    pub(super) const NEW_SESSION_TICKET: u8 = 4;
    pub(super) const KEY_UPDATE: u8 = 24;
}

/// A read in progress: made by [`Connection::begin_read`] or [`Connection::begin_peek`] for one call.
#[derive(Debug)]
pub struct ReadCall {
    peek: bool,
    /// A handshake or own key update has to be finished first.
    in_init: bool,
    arrival: Arrival,
}

/// What one call knows of the records it is looking at.
#[derive(Debug)]
pub(super) struct Arrival {
    /// A post-handshake message begun by an earlier call: its end does not interrupt this one
    /// (statement R54).
    amid_message: bool,
    /// A refusal, of this call or an earlier one that blocked, is being sent.
    replying: bool,
}

/// What a look at the incoming records led to.
pub(super) enum Arrived {
    /// Unread plaintext, possibly of an empty record.
    Plaintext,
    /// The peer's close_notify, or an end of stream that passes as one.
    Closed,
    /// Something was handled; look again.
    Again,
    /// The driver has to act first, or the call ends with a want.
    Stop(Stop),
}

/// Why no further record can be looked at now.
pub(super) enum Stop {
    Transmit,
    Flush,
    Receive,
    /// A post-handshake message was handled and AUTO_RETRY is off.
    Interrupted,
}

impl<T> From<Stop> for Step<T> {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Transmit => Self::Transmit,
            Stop::Flush => Self::Flush,
            Stop::Receive => Self::Receive,
            Stop::Interrupted => Self::Want(Want::Read),
        }
    }
}

impl Connection {
    /// Begins a read.
    ///
    /// # Errors
    /// [`Error::AlreadyFailed`] on a dead connection.
    pub fn begin_read(&mut self) -> Result<ReadCall, Error> {
        self.begin_reading(false)
    }

    /// Begins a read that leaves the bytes to be read again (statement R5).
    ///
    /// # Errors
    /// As for [`Connection::begin_read`].
    pub fn begin_peek(&mut self) -> Result<ReadCall, Error> {
        self.begin_reading(true)
    }

    fn begin_reading(&mut self, peek: bool) -> Result<ReadCall, Error> {
        if self.is_failed() {
            return Err(Error::AlreadyFailed);
        }
        let in_init = self.in_init() && !self.shutdown.received;
        Ok(ReadCall {
            peek,
            in_init,
            arrival: self.begin_arrival(),
        })
    }

    /// The next step of a read into `out`; done with bytes of at most one record, or with the peer's
    /// close (statements R3, R18).
    ///
    /// Without `AUTO_RETRY` the call ends with [`Want::Read`] after each post-handshake message
    /// (statements R10 to R13). An empty `out` still opens a record, so that
    /// [`Connection::pending`] tells of it (statement R6).
    ///
    /// # Errors
    /// A final error.
    pub fn step_read(
        &mut self,
        call: &mut ReadCall,
        out: &mut [u8],
    ) -> Result<Step<Received>, Error> {
        if call.in_init {
            match then(self.step_handshake()?) {
                Err(step) => return Ok(step),
                Ok(()) => call.in_init = false,
            }
        }
        loop {
            if self.shutdown.received {
                return Ok(Step::Done(Received::Closed));
            }
            if self.read.has_plaintext()
                && let Some(n) = self.deliver(call.peek, out)
            {
                return Ok(Step::Done(Received::Data(n)));
            }
            if let Arrived::Stop(stop) = self.arrive(&mut call.arrival)? {
                return Ok(stop.into());
            }
        }
    }

    /// Unread bytes of the current record (statement R4).
    pub fn pending(&self) -> usize {
        self.read.pending()
    }

    /// Whether a post-handshake message has been received in part (statement R55).
    pub fn is_amid_message(&self) -> bool {
        matches!(self.phase, Phase::Established(_)) && self.read.is_amid_message()
    }

    /// The next step of receiving the rest of such a message, and of acting on it.
    ///
    /// OpenSSL insists on it before it writes; nothing here does, so only the C library asks for it.
    ///
    /// # Errors
    /// A final error.
    pub fn step_message(&mut self) -> Result<Step<()>, Error> {
        let mut arrival = self.begin_arrival();
        while self.is_amid_message() {
            match self.arrive(&mut arrival)? {
                // Data cannot come inside a message; whatever else did is the reader's business.
                Arrived::Plaintext | Arrived::Closed => break,
                Arrived::Again => {}
                Arrived::Stop(stop) => return Ok(stop.into()),
            }
        }
        Ok(Step::Done(()))
    }

    /// How many post-handshake messages were handled so far.
    pub fn handled_messages(&self) -> u64 {
        self.established().map_or(0, |session| session.handled)
    }

    /// Whether anything received is not handled yet: unread bytes, or part of a record beyond a bare
    /// header (statements R7, R8).
    pub fn has_pending(&self) -> bool {
        self.read.has_pending()
    }

    /// Copies plaintext to the caller; `None` if the record was empty and the caller wants bytes.
    fn deliver(&mut self, peek: bool, out: &mut [u8]) -> Option<usize> {
        if self.read.pending() == 0 {
            self.read.consume(0);
            return if out.is_empty() { Some(0) } else { None };
        }
        let n = self.read.peek(out);
        if !peek {
            self.read.consume(n);
            if self.mode().contains(SslMode::RELEASE_BUFFERS) && !self.read.has_plaintext() {
                self.read.free_buffer(self.context.pool());
            }
        }
        Some(n)
    }

    pub(super) fn begin_arrival(&self) -> Arrival {
        Arrival {
            amid_message: self.read.is_amid_message(),
            replying: self.is_refusing(),
        }
    }

    /// Looks at the next record and acts on everything that is not application data.
    pub(super) fn arrive(&mut self, arrival: &mut Arrival) -> Result<Arrived, Error> {
        if arrival.replying && !self.write.is_pending() {
            return self.reply(arrival);
        }
        let Phase::Established(session) = &self.phase else {
            return Err(Error::AlreadyFailed);
        };
        let next = self.read.next(session.negotiated.version);
        match self.checked(next)? {
            Event::Plaintext => Ok(Arrived::Plaintext),
            Event::Discard => Ok(Arrived::Again),
            Event::NeedBytes if self.eof => self.end_of_stream(),
            Event::NeedBytes => Ok(Arrived::Stop(Stop::Receive)),
            Event::CloseNotify => {
                self.shutdown.received = true;
                self.blocked(Want::Read);
                Ok(Arrived::Closed)
            }
            Event::FatalAlert(description) => {
                self.shutdown.received = true;
                self.checked(Err(Error::AlertReceived(description)))
            }
            Event::Message(message) => {
                let handled = self.handle(&message);
                if let Some(session) = self.established_mut() {
                    session.handled += 1;
                }
                self.checked(handled)?;
                arrival.replying = self.is_refusing();
                let resumed = core::mem::take(&mut arrival.amid_message);
                if resumed || arrival.replying {
                    Ok(Arrived::Again)
                } else {
                    Ok(self.retry())
                }
            }
        }
    }

    /// Sends what a post-handshake message was answered with.
    fn reply(&mut self, arrival: &mut Arrival) -> Result<Arrived, Error> {
        let drained = self.write.drain(self.mode(), self.context.pool());
        Ok(match self.checked(drained)? {
            Step::Transmit => Arrived::Stop(Stop::Transmit),
            Step::Flush => Arrived::Stop(Stop::Flush),
            Step::Receive | Step::Decide | Step::Want(_) | Step::Done(()) => {
                arrival.replying = false;
                if let Some(session) = self.established_mut() {
                    session.refusing = false;
                }
                self.retry()
            }
        })
    }

    /// Whether the call goes on after a record without application data: with AUTO_RETRY, or while
    /// raw bytes are buffered (statements R10 to R13, R54).
    fn retry(&self) -> Arrived {
        if self.mode().contains(SslMode::AUTO_RETRY) || self.read.has_read_ahead() {
            Arrived::Again
        } else {
            Arrived::Stop(Stop::Interrupted)
        }
    }

    /// The transport ended without close_notify (statements R20, R21, S17).
    fn end_of_stream(&mut self) -> Result<Arrived, Error> {
        if self.options.ignore_unexpected_eof {
            // OpenSSL assigns the flags here, so that close_notify counts as not sent.
            self.shutdown = super::ShutdownState {
                sent: false,
                received: true,
            };
            return Ok(Arrived::Closed);
        }
        self.checked(Err(Error::UnexpectedEof))
    }

    /// Acts on a post-handshake message (RFC 8446 section 4.6, RFC 5246 section 7.4.1.1).
    fn handle(&mut self, message: &Message) -> Result<(), Error> {
        use handshake_type::{CLIENT_HELLO, HELLO_REQUEST, KEY_UPDATE, NEW_SESSION_TICKET};
        tracing::debug!(
            kind = message.kind,
            len = message.body.len(),
            "post-handshake message"
        );
        let side = self.side();
        let unexpected = || Err(PeerFault::UnexpectedMessage(message.kind).into());
        let Phase::Established(session) = &mut self.phase else {
            return unexpected();
        };
        match (session.negotiated.version, message.kind) {
            (ProtocolVersion::Tls13, NEW_SESSION_TICKET) => match &mut session.tickets {
                Some(tickets) => {
                    let resumable = tickets.store(&message.body)?;
                    match (&mut session.delegated, resumable, tickets.stock()) {
                        (Some(kept), Some(resumable), Some(stock)) => {
                            kept.add_session(
                                ClientSession::new(
                                    &self.server_name,
                                    &session.negotiated,
                                    resumable,
                                )
                                .with_stock(stock),
                            );
                        }
                        (_, resumable, _) => session.resumable = resumable.map(Box::new),
                    }
                    Ok(())
                }
                None => unexpected(),
            },
            (ProtocolVersion::Tls13, KEY_UPDATE) => {
                let [request @ (0 | 1)] = message.body[..] else {
                    return Err(PeerFault::BadKeyUpdate.into());
                };
                if message.followed {
                    return Err(PeerFault::NotOnRecordBoundary.into());
                }
                session.reply_owed |= request == 1;
                self.read.update_keys().ok_or(Error::KeysExhausted)
            }
            (ProtocolVersion::Tls12, HELLO_REQUEST)
                if side == Side::Client && message.body.is_empty() =>
            {
                self.refuse_renegotiation()
            }
            (ProtocolVersion::Tls12, CLIENT_HELLO) if side == Side::Server => {
                self.refuse_renegotiation()
            }
            _ => unexpected(),
        }
    }

    fn refuse_renegotiation(&mut self) -> Result<(), Error> {
        if !self.shutdown.sent {
            self.wake_sealing();
            self.write
                .queue_alert(Alert::warning(AlertDescription::NO_RENEGOTIATION));
            if let Some(session) = self.established_mut() {
                session.refusing = true;
            }
        }
        Ok(())
    }

    /// Whether a refusal to renegotiate has yet to leave. A write or a shutdown may have sent it since.
    fn is_refusing(&self) -> bool {
        let left = self.write.has_queued_alert() || !self.write.is_idle();
        left && !self.shutdown.sent && self.established().is_some_and(|session| session.refusing)
    }
}
