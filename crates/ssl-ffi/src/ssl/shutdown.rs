//! `SSL_shutdown` and its flags (section S of the statements).
//!
//! Owns the flags as C sees them; the engine has its own, which follow.

use ssl_record::{Shutdown, ShutdownState};

use super::drive::Stop;
use super::job::Call;
use super::lanes::Needs;
use super::{RECEIVED, SENT, Ssl, Want};
use crate::crypto::{queue::raise, reason};

impl Ssl {
    /// `SSL_get_shutdown`.
    pub(crate) fn shutdown(&self) -> i32 {
        self.shutdown.get()
    }

    pub(super) fn received_shutdown(&self) -> bool {
        self.shutdown.get() & RECEIVED != 0
    }

    /// `SSL_set_shutdown` (statements W23, S13).
    pub(crate) fn set_shutdown(&self, flags: i32) {
        self.shutdown.set(flags);
        self.touch(|engine| engine.set_shutdown_state(state_of(flags)));
    }

    /// `SSL_shutdown`: 1, or what the call returns instead; 0 if the peer's close is still to come.
    pub(crate) fn close(&self) -> i32 {
        if self.side().is_none() {
            raise(reason::UNINITIALIZED);
            return -1;
        }
        if self.in_init() {
            raise(reason::SHUTDOWN_WHILE_IN_INIT);
            return -1;
        }
        match self.in_job(Call::SHUTDOWN) {
            Ok(_) => 1,
            Err(Stop(ret)) => ret,
        }
    }

    pub(super) fn close_now(&self) -> Result<(), Stop> {
        let quiet = self.settings().quiet_shutdown;
        let progress = self.driving(Needs::Both, |driven| {
            let engine = driven.engine()?;
            engine.set_quiet_shutdown(quiet);
            let mut call = match engine.begin_shutdown() {
                Ok(call) => call,
                Err(error) => return Err(self.refuse(&error)),
            };
            let progress = self.run(driven, |engine| engine.step_shutdown(&mut call));
            // SENT is set before anything is sent (statement S3).
            self.shutdown
                .set(flags_of(driven.engine()?.shutdown_state()));
            progress
        });
        match progress {
            Ok(progress) => {
                self.want.set(Want::Nothing);
                let complete = progress == Shutdown::Complete;
                complete.then_some(()).ok_or(Stop(0))
            }
            // 0 would mean success here (statement S17).
            Err(_) => Err(Stop::FAILED),
        }
    }
}

pub(super) fn flags_of(state: ShutdownState) -> i32 {
    (if state.sent { SENT } else { 0 }) | (if state.received { RECEIVED } else { 0 })
}

fn state_of(flags: i32) -> ShutdownState {
    ShutdownState {
        sent: flags & SENT != 0,
        received: flags & RECEIVED != 0,
    }
}
