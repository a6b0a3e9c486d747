//! Early data (RFC 8446 section 2.3): written before the handshake goes on, read before it is over.
//!
//! Owns the order of hello, early records and their flush. The records are those of the write path; what
//! a server reads early was opened by the handshake.

use ssl_mode::SslMode;

use super::{Connection, Handshaking, Phase, then};
use crate::context::Side;
use crate::error::{Error, Misuse};
use crate::reason::Reason;
use crate::record::AlertDescription;
use crate::step::Step;
use crate::write;

/// What became of the early part of a connection.
#[derive(Default)]
pub(super) struct Early {
    /// The keys for it are installed.
    has_keys: bool,
    /// Bytes of early data in complete writes.
    total: u64,
    /// A write whose records left and whose flush has not: its length.
    unflushed: Option<usize>,
    pub(super) flush_due: bool,
}

/// A write of early data in progress: made by [`Connection::begin_early_write`] for one call.
#[derive(Debug)]
pub struct EarlyWriteCall<'data> {
    data: &'data [u8],
    path: write::WriteCall,
}

/// What a server's early read came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EarlyRead {
    /// So many bytes.
    Data(usize),
    /// There is no more early data, or none is accepted: go on with the handshake.
    End,
}

/// How far the handshake is to be driven.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// To its end.
    Complete,
    /// A client up to its first flight, a server of TLS 1.3 up to its own: what comes next may be early.
    Early,
}

impl Connection {
    /// Begins a write before the handshake is over, or its retry: a client's early data, which may be
    /// replayed by an attacker and may be rejected by the server
    /// ([`ProgressFacts::early_data`](crate::delegate::ProgressFacts::early_data)), or what a server
    /// answers before it knows who its client is.
    ///
    /// The write reports all or nothing, whatever the mode (statement W37).
    ///
    /// # Errors
    /// [`Misuse::NotEarly`] if there is no early data in this handshake, or no more;
    /// [`Error::Refused`] for more than the session allows; else as for [`Connection::begin_write`].
    pub fn begin_early_write<'data>(
        &mut self,
        data: &'data [u8],
    ) -> Result<EarlyWriteCall<'data>, Error> {
        let side = self.side();
        let Handshaking {
            handshake, early, ..
        } = match &mut self.phase {
            Phase::Handshaking(handshaking) => &mut **handshaking,
            Phase::Established(_) => return Err(Misuse::NotEarly.into()),
            Phase::Failed(_) => return Err(Error::AlreadyFailed),
        };
        let limit = match (side, handshake.early_limit()) {
            (Side::Client, None) => return Err(Misuse::NotEarly.into()),
            (Side::Client, Some(limit)) => u64::from(limit),
            (Side::Server, _) => u64::MAX,
        };
        if early.has_keys && !handshake.is_early() {
            return Err(Misuse::NotEarly.into());
        }
        let is_new = early.unflushed.is_none();
        if is_new && early.total.saturating_add(data.len() as u64) > limit {
            return self.checked(Err(Error::Refused {
                alert: AlertDescription::INTERNAL_ERROR,
                reason: Reason::TOO_MUCH_EARLY_DATA,
            }));
        }
        let begun = self.write.begin(self.early_modes(), data);
        let path = self.checked(begun)?;
        Ok(EarlyWriteCall { data, path })
    }

    /// The next step up to where something can be early: done when a client's hello or a server's flight
    /// is sent, or the handshake is over because nothing is early in it. Early writes and reads do this
    /// themselves.
    ///
    /// # Errors
    /// The handshake failed; final.
    pub fn step_early_start(&mut self) -> Result<Step<()>, Error> {
        let result = match &self.phase {
            Phase::Handshaking(_) => self.start_early(),
            Phase::Established(_) => Ok(Step::Done(())),
            Phase::Failed(_) => Err(Error::AlreadyFailed),
        };
        self.checked(result)
    }

    /// The next step of an early write; done with the number of bytes, which is all of them.
    ///
    /// # Errors
    /// A final error, or [`Misuse::NotEarly`].
    pub fn step_early_write(
        &mut self,
        call: &mut EarlyWriteCall<'_>,
    ) -> Result<Step<usize>, Error> {
        if self.early()?.unflushed.is_none() {
            match self.early_records(call)? {
                Step::Done(n) => {
                    let early = self.early()?;
                    early.total += n as u64;
                    (early.unflushed, early.flush_due) = (Some(n), true);
                }
                step => return Ok(step),
            }
        }
        let early = self.early()?;
        if early.flush_due {
            return Ok(Step::Flush);
        }
        Ok(Step::Done(early.unflushed.take().unwrap_or_default()))
    }

    /// The next step of a server's early read: first its flight is sent, then done with a client's early
    /// data, if it was accepted
    /// ([`ServerPlan::early_data`](crate::delegate::ServerPlan::early_data)), up to its end.
    ///
    /// # Errors
    /// The handshake failed; final.
    pub fn step_early_read(&mut self, out: &mut [u8]) -> Result<Step<EarlyRead>, Error> {
        let result = self.early_read(out);
        self.checked(result)
    }

    fn early_read(&mut self, out: &mut [u8]) -> Result<Step<EarlyRead>, Error> {
        loop {
            if let Phase::Handshaking(handshaking) = &mut self.phase
                && handshaking.handshake.has_early()
            {
                let n = handshaking.handshake.take_early(out).unwrap_or_default();
                return Ok(Step::Done(EarlyRead::Data(n)));
            }
            if let Err(step) = then(self.start_early()?) {
                return Ok(step);
            }
            let is_over = match &mut self.phase {
                Phase::Handshaking(handshaking) => {
                    handshaking.handshake.take_early(&mut []).is_none()
                }
                Phase::Established(_) => true,
                Phase::Failed(_) => return Err(Error::AlreadyFailed),
            };
            if is_over {
                return Ok(Step::Done(EarlyRead::End));
            }
            if let Some(step) = self.feed_handshake()? {
                return Ok(step);
            }
        }
    }

    /// Sends the hello, or a server's flight, and then the records.
    fn early_records(&mut self, call: &mut EarlyWriteCall<'_>) -> Result<Step<usize>, Error> {
        if !self.early()?.has_keys {
            let advanced = self.start_early();
            match then(self.checked(advanced)?) {
                Err(step) => return Ok(step),
                Ok(()) => self.install_early_keys()?,
            }
        }
        let modes = self.early_modes();
        let step = self
            .write
            .step(modes, &mut call.path, call.data, self.context.pool());
        self.checked(step)
    }

    /// Goes on to where something can be early.
    fn start_early(&mut self) -> Result<Step<()>, Error> {
        self.handshake(Until::Early).map_err(|error| *error)
    }

    fn install_early_keys(&mut self) -> Result<(), Error> {
        let Phase::Handshaking(handshaking) = &mut self.phase else {
            return Err(Misuse::NotEarly.into());
        };
        let handshake = &handshaking.handshake;
        let keys = handshake.early_keys().filter(|_| handshake.is_early());
        let keys = keys.ok_or(Misuse::NotEarly)?;
        self.write.install(keys);
        handshaking.early.has_keys = true;
        Ok(())
    }

    fn early(&mut self) -> Result<&mut Early, Error> {
        match &mut self.phase {
            Phase::Handshaking(handshaking) => Ok(&mut handshaking.early),
            Phase::Established(_) => Err(Misuse::NotEarly.into()),
            Phase::Failed(_) => Err(Error::AlreadyFailed),
        }
    }

    fn early_modes(&self) -> SslMode {
        self.mode().difference(SslMode::ENABLE_PARTIAL_WRITE)
    }
}
