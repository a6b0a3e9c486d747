//! Closing both directions, one after the other.

use super::read::{Arrival, Arrived};
use super::{Connection, Phase, then};
use crate::error::{Error, Misuse, PeerFault};
use crate::record::Alert;
use crate::step::{Shutdown, Step};

/// Which directions are closed: `SSL_get_shutdown`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShutdownState {
    /// Our close_notify was sent, or is on its way.
    pub sent: bool,
    /// The peer's close_notify was received.
    pub received: bool,
}

/// A shutdown in progress: made by [`Connection::begin_shutdown`] for one call.
#[derive(Debug)]
pub struct ShutdownCall {
    stage: Stage,
    arrival: Arrival,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Our close_notify has to leave, behind whatever is pending.
    Send,
    /// The peer's close_notify is awaited.
    Await,
    /// Nothing is left to do.
    Over,
}

impl Connection {
    /// Which directions are closed.
    pub fn shutdown_state(&self) -> ShutdownState {
        self.shutdown
    }

    /// Overrides which directions count as closed (statements W23, S13).
    pub fn set_shutdown_state(&mut self, state: ShutdownState) {
        self.shutdown = state;
    }

    /// Begins a shutdown, or continues one (statements S3 to S5).
    ///
    /// The first call sends close_notify; the next waits for the peer's. From the first call on, writes
    /// are refused, even if it ends with a want (statement S10).
    ///
    /// # Errors
    /// [`Misuse::ShutdownWhileInInit`] while a handshake or key update is unfinished or after a fatal
    /// error (statement S2); nothing changes.
    pub fn begin_shutdown(&mut self) -> Result<ShutdownCall, Error> {
        if self.in_init() {
            return Err(Misuse::ShutdownWhileInInit.into());
        }
        if self.options.quiet_shutdown {
            self.shutdown = ShutdownState {
                sent: true,
                received: true,
            };
        }
        let stage = match self.shutdown {
            ShutdownState { sent: false, .. } => {
                self.shutdown.sent = true;
                self.wake_sealing();
                self.write.queue_alert(Alert::CLOSE_NOTIFY);
                Stage::Send
            }
            _ if self.is_closing() => Stage::Send,
            ShutdownState {
                received: false, ..
            } => Stage::Await,
            ShutdownState { .. } => Stage::Over,
        };
        Ok(ShutdownCall {
            stage,
            arrival: self.begin_arrival(),
        })
    }

    /// The next step of a shutdown.
    ///
    /// A pending write is completed before close_notify is sent, so that the peer can read both; its
    /// caller is not told its count any more (statement W21, where OpenSSL loses both).
    ///
    /// # Errors
    /// A final error, among them [`PeerFault::DataAfterCloseNotify`] if the peer still sends data: read
    /// it with [`Connection::step_read`] instead (statements S8, S9).
    pub fn step_shutdown(&mut self, call: &mut ShutdownCall) -> Result<Step<Shutdown>, Error> {
        loop {
            match call.stage {
                Stage::Send => {
                    let drained = self.write.drain(self.mode(), self.context.pool());
                    if let Err(step) = then(self.checked(drained)?) {
                        return Ok(step);
                    }
                    return Ok(Step::Done(self.progress()));
                }
                Stage::Over => return Ok(Step::Done(self.progress())),
                Stage::Await => {}
            }
            if self.shutdown.received {
                return Ok(Step::Done(self.progress()));
            }
            if self.read.pending() > 0 {
                return self.checked(Err(PeerFault::DataAfterCloseNotify.into()));
            }
            self.read.consume(0);
            if let Arrived::Stop(stop) = self.arrive(&mut call.arrival)? {
                return Ok(stop.into());
            }
        }
    }

    /// Whether our close_notify was transmitted and flushed.
    #[cfg(feature = "tokio")]
    pub(crate) fn close_notify_left(&self) -> bool {
        self.shutdown.sent && !self.is_closing()
    }

    /// Whether close_notify, or what stands before it, is not transmitted and flushed yet.
    fn is_closing(&self) -> bool {
        matches!(self.phase, Phase::Established(_))
            && (self.write.has_queued_alert() || !self.write.is_idle())
    }

    fn progress(&self) -> Shutdown {
        match self.shutdown {
            ShutdownState {
                sent: true,
                received: true,
            } => Shutdown::Complete,
            ShutdownState { .. } => Shutdown::Sent,
        }
    }
}
