//! Reading and writing.
//!
//! Owns the checks that come before the engine is asked, in OpenSSL's order (statements W50, R51), and
//! the C results. Does not know records.

use ssl_record::{Connection, Received};

use super::drive::Stop;
use super::job::Call;
use super::lanes::Needs;
use super::{RECEIVED, SENT, Ssl, Want};
use crate::crypto::{queue::raise, reason};

/// Whether a read uses the bytes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Consume,
    Peek,
}

impl Ssl {
    /// `SSL_read` and `SSL_peek`: the number of bytes; `Stop(0)` is the peer's close too.
    pub(crate) fn read(&self, out: &mut [u8], reading: Reading) -> Result<usize, Stop> {
        self.begin_call();
        if self.side().is_none() {
            raise(reason::UNINITIALIZED);
            return Err(Stop::FAILED);
        }
        if self.shutdown() & RECEIVED != 0 {
            self.want.set(Want::Nothing);
            return Err(Stop(0));
        }
        self.check_not_early(false)?;
        let result = self.in_job(Call::read(out, reading));
        self.tally.received(result.as_ref().ok().copied());
        result
    }

    pub(super) fn read_now(&self, out: &mut [u8], reading: Reading) -> Result<usize, Stop> {
        let received = self.driving(Needs::Read, |driven| {
            self.want.set(Want::Nothing);
            let engine = driven.engine()?;
            let begun = match reading {
                Reading::Consume => engine.begin_read(),
                Reading::Peek => engine.begin_peek(),
            };
            let mut call = match begun {
                Ok(call) => call,
                Err(error) => return Err(self.refuse(&error)),
            };
            self.run(driven, |engine| engine.step_read(&mut call, out))
        })?;
        match received {
            Received::Data(n) => Ok(n),
            Received::Closed => {
                self.want.set(Want::Nothing);
                Err(Stop(0))
            }
        }
    }

    /// `SSL_write`: the number of bytes.
    pub(crate) fn write(&self, data: &[u8]) -> Result<usize, Stop> {
        self.begin_call();
        if self.side().is_none() {
            raise(reason::UNINITIALIZED);
            return Err(Stop::FAILED);
        }
        if self.shutdown() & SENT != 0 {
            self.want.set(Want::Nothing);
            raise(reason::PROTOCOL_IS_SHUTDOWN);
            return Err(Stop::FAILED);
        }
        self.check_not_early(true)?;
        let result = self.in_job(Call::write(data));
        self.tally.wrote(data.len(), result.as_ref().ok().copied());
        result
    }

    pub(super) fn write_now(&self, data: &[u8]) -> Result<usize, Stop> {
        self.driving(Needs::Write, |driven| {
            self.want.set(Want::Nothing);
            let engine = driven.engine()?;
            if engine.is_amid_message() && !engine.is_failed() {
                self.run(driven, Connection::step_message)?;
            }
            let mut call = match driven.engine()?.begin_write(data) {
                Ok(call) => call,
                Err(error) => return Err(self.refuse(&error)),
            };
            self.run(driven, |engine| engine.step_write(&mut call))
        })
    }

    /// `SSL_pending`.
    pub(crate) fn pending(&self) -> usize {
        self.look(Connection::pending).unwrap_or_default()
    }

    /// `SSL_has_pending`.
    pub(crate) fn has_pending(&self) -> bool {
        self.look(Connection::has_pending).unwrap_or_default()
    }

    /// `SSL_alloc_buffers`.
    pub(crate) fn alloc_buffers(&self) -> bool {
        self.touch(Connection::alloc_buffers).unwrap_or(true)
    }

    /// `SSL_free_buffers`.
    pub(crate) fn free_buffers(&self) -> bool {
        self.touch(Connection::free_buffers).unwrap_or(true)
    }

    /// `SSL_key_update` (statements W19, W29).
    pub(crate) fn key_update(&self, request: ssl_record::KeyUpdateRequest) -> bool {
        let asked = self.touch(|engine| engine.key_update(request));
        match asked {
            Some(Ok(())) => true,
            Some(Err(error)) => {
                self.refuse(&error);
                false
            }
            None => {
                raise(reason::STILL_IN_INIT);
                false
            }
        }
    }

    /// `SSL_get_key_update_type`: -1 if none is owed or asked for.
    pub(crate) fn key_update_type(&self) -> i32 {
        match self.look(Connection::requested_key_update).flatten() {
            Some(ssl_record::KeyUpdateRequest::NotRequested) => 0,
            Some(ssl_record::KeyUpdateRequest::Requested) => 1,
            None => -1,
        }
    }

    /// A call that the engine refused before its first step.
    pub(super) fn refuse(&self, error: &ssl_record::Error) -> Stop {
        if matches!(error, ssl_record::Error::AlreadyFailed) {
            return Stop::FAILED;
        }
        if error.is_final() {
            self.stage.set(super::Stage::Dead);
        }
        raise_reason(error);
        Stop::FAILED
    }
}

/// Queues the reason of a failure, if it is not one that was told before.
pub(super) fn raise_reason(error: &ssl_record::Error) {
    if let Some(reason) = error.reason() {
        raise(super::decide::full(reason));
    }
}
