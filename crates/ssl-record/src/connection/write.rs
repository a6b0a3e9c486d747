//! Writing, and key updates.

use super::{Connection, Phase, then};
use crate::error::{Error, Misuse};
use crate::record::ProtocolVersion;
use crate::step::Step;
use crate::write;

/// A write in progress: made by [`Connection::begin_write`] for one call and dropped at its end,
/// whatever that is.
#[derive(Debug)]
pub struct WriteCall<'data> {
    data: &'data [u8],
    path: write::WriteCall,
    /// A handshake or own key update has to be finished first.
    in_init: bool,
}

/// Whether a key update asks the peer for one in return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUpdateRequest {
    /// Only our keys change.
    NotRequested,
    /// The peer is to change its keys too.
    Requested,
}

impl KeyUpdateRequest {
    pub(super) const fn is_requested(self) -> bool {
        matches!(self, Self::Requested)
    }
}

impl Connection {
    /// Begins a write of `data`, or its retry (statement W50).
    ///
    /// After a want, repeat with the same buffer: at least what was sealed of it, at the same address
    /// unless `ACCEPT_MOVING_WRITE_BUFFER` is set (statements W8 to W15). The whole count is returned at the
    /// end.
    ///
    /// # Errors
    /// [`Misuse::ProtocolIsShutdown`] after close_notify was sent; [`Error::BadLength`],
    /// [`Error::BufferMoved`] and [`Error::ContentsChanged`] for a violated retry, final.
    // This and the steps are inlined into the drive loop: what they return would else be stored in pieces and
    // loaded whole, which costs a short write more than its copy.
    #[inline]
    pub fn begin_write<'data>(&mut self, data: &'data [u8]) -> Result<WriteCall<'data>, Error> {
        if self.shutdown.sent {
            return Err(Misuse::ProtocolIsShutdown.into());
        }
        if self.is_failed() {
            return Err(Error::AlreadyFailed);
        }
        let path = match self.write.begin(self.mode(), data) {
            Ok(path) => path,
            Err(error) => {
                self.heed(&error);
                return Err(error);
            }
        };
        self.wake_sealing();
        // Behind an unsent reply another would wait, and another, until the buffer is full.
        if self.owes_reply() && self.write.is_idle() {
            let answered = self.answer_key_update();
            self.checked(answered)?;
        }
        Ok(WriteCall {
            data,
            path,
            in_init: self.in_init(),
        })
    }

    /// The next step of a write; done with the number of bytes written, which is all of them unless
    /// `ENABLE_PARTIAL_WRITE` is set (statements W3, W6).
    ///
    /// # Errors
    /// A final error.
    #[inline]
    pub fn step_write(&mut self, call: &mut WriteCall<'_>) -> Result<Step<usize>, Error> {
        if call.in_init {
            match then(self.step_handshake()?) {
                Err(step) => return Ok(step),
                Ok(()) => call.in_init = false,
            }
        }
        let modes = self.modes.get();
        let pool = self.context.pool();
        match self.write.step(modes, &mut call.path, call.data, pool) {
            Ok(step) => Ok(step),
            Err(error) => {
                self.heed(&error);
                Err(error)
            }
        }
    }

    /// Asks for new keys; the KeyUpdate leaves with the next write, read or handshake call (statement
    /// W29).
    ///
    /// # Errors
    /// [`Misuse::KeyUpdateDuringWrite`] while a write is pending (statement W19), [`Misuse::NeedsTls13`],
    /// [`Misuse::StillInInit`], [`Misuse::ProtocolIsShutdown`]; none is final.
    pub fn key_update(&mut self, request: KeyUpdateRequest) -> Result<(), Error> {
        let pending = self.write.is_pending();
        let sent = self.shutdown.sent;
        let session = match &mut self.phase {
            Phase::Established(session) => session,
            Phase::Handshaking(_) => return Err(Misuse::StillInInit.into()),
            Phase::Failed(_) => return Err(Error::AlreadyFailed),
        };
        if session.negotiated.version != ProtocolVersion::Tls13 {
            return Err(Misuse::NeedsTls13.into());
        }
        if session.key_update.is_some() || session.sending_key_update {
            return Err(Misuse::StillInInit.into());
        }
        if pending {
            return Err(Misuse::KeyUpdateDuringWrite.into());
        }
        if sent {
            return Err(Misuse::ProtocolIsShutdown.into());
        }
        session.key_update = Some(request);
        Ok(())
    }

    /// The key update that will leave next: one asked for, or the reply to the peer's.
    pub fn requested_key_update(&self) -> Option<KeyUpdateRequest> {
        let session = self.established()?;
        let reply = || session.reply_owed.then_some(KeyUpdateRequest::NotRequested);
        session.key_update.or_else(reply)
    }

    fn owes_reply(&self) -> bool {
        self.established().is_some_and(|session| session.reply_owed)
    }

    /// Sends the reply to the peer's key update: before a write, never within one (statements W31,
    /// W32).
    #[cold]
    fn answer_key_update(&mut self) -> Result<(), Error> {
        if let Some(session) = self.established_mut() {
            session.reply_owed = false;
        }
        self.write.seal_key_update(false, self.context.pool())
    }
}
