//! Driving the handshake, and the key update that OpenSSL counts as one.

use std::task::Waker;

use ssl_mode::SslMode;

use super::early::Until;
use super::{Connection, Halt, Handshaking, Phase, Session, then};
use crate::context::{Context, Side};
use crate::error::{Error, PeerFault};
use crate::handshake::{HelloModes, Progress, Terms};
use crate::step::{Step, Want};

impl Connection {
    /// The next step of the handshake, or of a key update asked for by
    /// [`Connection::key_update`]; done at once if neither is due.
    ///
    /// Each flight is transmitted whole, then flushed (statement W60). Blocking commits nothing of the
    /// caller's (statements W28, W30).
    ///
    /// # Errors
    /// The handshake failed; final.
    pub fn step_handshake(&mut self) -> Result<Step<()>, Error> {
        match &self.phase {
            Phase::Failed(_) => Err(Error::AlreadyFailed),
            Phase::Handshaking(_) => self.handshake(Until::Complete).map_err(|error| {
                self.heed(&error);
                *error
            }),
            Phase::Established(_) => {
                let result = self.own_key_update();
                self.checked(result)
            }
        }
    }

    /// Who is woken when a call that ended with [`Want::Async`] is worth repeating. Counts from the next
    /// call on, which is when work in progress is polled; after the handshake nothing waits.
    ///
    /// ```
    /// use ssl_record::config::{ClientConfig, Roots};
    /// use ssl_record::io::Signal;
    /// use ssl_record::{Connection, Context, SslMode};
    ///
    /// let context = Context::client(ClientConfig::new(Roots::webpki()))?;
    /// context.set_mode(SslMode::ASYNC);
    /// let mut connection = Connection::client(&context, "example.org")?;
    /// let signal = Signal::new();
    /// connection.set_waker(&signal.waker());
    /// # Ok::<(), ssl_record::config::ConfigError>(())
    /// ```
    pub fn set_waker(&mut self, waker: &Waker) {
        if let Phase::Handshaking(handshaking) = &mut self.phase {
            handshaking.waker.clone_from(waker);
        }
    }

    /// The error is boxed: each step returns from here, and a small result is passed in registers.
    pub(super) fn handshake(&mut self, until: Until) -> Result<Step<()>, Box<Error>> {
        if !self.write.is_idle() {
            // An early record, which its writer gave up.
            if let Err(step) = then(self.write.drain(self.mode(), self.context.pool())?) {
                return Ok(step);
            }
        }
        loop {
            let Phase::Handshaking(handshaking) = &mut self.phase else {
                return Ok(Step::Done(()));
            };
            let Handshaking {
                handshake,
                flight,
                halt,
                waker,
                ..
            } = &mut **handshaking;
            if !flight.rest().is_empty() && !flight.is_lone_change_cipher_spec() {
                return Ok(Step::Transmit);
            }
            if flight.flush_due {
                return Ok(Step::Flush);
            }
            handshake.set_sealed_early(self.write.sealed());
            match halt {
                Some(Halt::Complete) => self.complete()?,
                Some(Halt::NeedRecord) if until == Until::Early && handshake.is_early() => {
                    return Ok(Step::Done(()));
                }
                Some(Halt::NeedRecord) => {
                    if let Some(step) = self.feed_handshake()? {
                        return Ok(step);
                    }
                }
                None => {
                    let terms = terms(&self.context, &self.server_name, self.modes.get(), waker);
                    *halt = match handshake.advance(&terms, &mut flight.bytes)? {
                        Progress::Wait => return Ok(Step::Want(Want::Async)),
                        Progress::Decide => return Ok(Step::Decide),
                        Progress::Complete => Some(Halt::Complete),
                        Progress::NeedRecord => Some(Halt::NeedRecord),
                    };
                }
            }
        }
    }

    /// Hands the next record to the handshake; what is to be done first if there is none.
    pub(super) fn feed_handshake<T>(&mut self) -> Result<Option<Step<T>>, Error> {
        let Phase::Handshaking(handshaking) = &mut self.phase else {
            return Ok(None);
        };
        match self.read.raw_record() {
            Err(fault) => Err(self.explain(fault).into()),
            Ok(Some((header, body))) => {
                tracing::trace!(
                    content_type = header.content_type.wire(),
                    version = header.version,
                    record = body.len() + 5,
                    "handshake record received"
                );
                let Handshaking {
                    handshake,
                    flight,
                    halt,
                    has_heard,
                    waker,
                    ..
                } = &mut **handshaking;
                (*halt, *has_heard) = (None, true);
                handshake.set_sealed_early(self.write.sealed());
                let terms = terms(&self.context, &self.server_name, self.modes.get(), waker);
                handshake.feed(header, body, &terms, &mut flight.bytes)?;
                self.read.discard_raw(header);
                Ok(None)
            }
            Ok(None) if self.eof => Err(Error::UnexpectedEof),
            Ok(None) => Ok(Some(Step::Receive)),
        }
    }

    fn complete(&mut self) -> Result<(), Error> {
        let failed = Phase::Failed(Default::default());
        let Phase::Handshaking(handshaking) = core::mem::replace(&mut self.phase, failed) else {
            return Err(Error::AlreadyFailed);
        };
        let established = handshaking.handshake.finish()?;
        let session = Session::install(established, &mut self.read, &mut self.write);
        tracing::debug!(version = %session.negotiated.version, suite = %session.negotiated.suite, "established");
        self.phase = Phase::Established(Box::new(session));
        if self.mode().contains(SslMode::RELEASE_BUFFERS) {
            self.read.free_buffer(self.context.pool());
        }
        Ok(())
    }

    fn own_key_update(&mut self) -> Result<Step<()>, Error> {
        if self.write.is_pending() {
            return Ok(Step::Done(()));
        }
        if let Some(request) = self
            .established_mut()
            .and_then(|session| session.key_update.take())
        {
            self.wake_sealing();
            self.write
                .seal_key_update(request.is_requested(), self.context.pool())?;
            if let Some(session) = self.established_mut() {
                session.sending_key_update = true;
            }
        }
        if !self
            .established()
            .is_some_and(|session| session.sending_key_update)
        {
            return Ok(Step::Done(()));
        }
        match then(self.write.drain(self.mode(), self.context.pool())?) {
            Err(step) => Ok(step),
            Ok(()) => {
                if let Some(session) = self.established_mut() {
                    session.sending_key_update = false;
                }
                Ok(Step::Done(()))
            }
        }
    }

    /// What a faulty header of a handshake really is: plain HTTP to a server (statement R27), or another
    /// protocol altogether, whose speaker would not understand an alert.
    fn explain(&self, fault: PeerFault) -> PeerFault {
        let has_heard = match &self.phase {
            Phase::Handshaking(handshaking) => handshaking.has_heard,
            Phase::Established(_) | Phase::Failed(_) => true,
        };
        let header = self.read.header_bytes();
        match (self.side(), &header) {
            (Side::Server, b"GET /" | b"POST " | b"HEAD " | b"PUT /") => PeerFault::HttpRequest,
            (Side::Server, b"CONNE") => PeerFault::HttpsProxyRequest,
            _ if header[1] != 3 && !has_heard => PeerFault::NotTls,
            _ => match fault {
                PeerFault::UnknownContentType(_) if header[1] == 3 => {
                    PeerFault::UnexpectedMessage(0)
                }
                PeerFault::RecordOverflow(len) => PeerFault::PacketTooLong(len),
                other => other,
            },
        }
    }
}

/// What these modes mean for the handshake of a connection of this context.
fn terms<'a>(
    context: &'a Context,
    server_name: &'a str,
    modes: SslMode,
    waker: &'a Waker,
) -> Terms<'a> {
    let (setup, is_client) = (context.setup(), context.side() == Side::Client);
    let time = match is_client {
        true => SslMode::SEND_CLIENTHELLO_TIME,
        false => SslMode::SEND_SERVERHELLO_TIME,
    };
    Terms {
        setup,
        server_name,
        hello: HelloModes {
            fallback_scsv: is_client && modes.contains(SslMode::SEND_FALLBACK_SCSV),
            time: modes.contains(time),
        },
        may_wait: modes.contains(SslMode::ASYNC) && setup.can_pause(),
        waker,
    }
}
