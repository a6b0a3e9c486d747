//! Early data (SSL_read_early_data(3)): what a connection may do before its handshake is over.
//!
//! Owns OpenSSL's states of it, and with them which calls are refused when; one is left out: a client that
//! reads completes its handshake, and cannot write early any more. What is early in terms of
//! records is the engine's business; whether a session allows any was found out with the session.

use std::cell::Cell;

use ssl_record::delegate::EarlyData;
use ssl_record::{Connection, EarlyRead, Side};

use super::drive::Stop;
use super::lanes::Needs;
use super::{Ssl, Stage};
use crate::crypto::queue;
use crate::settings::option;

/// The early part of one connection.
#[derive(Default)]
pub(super) struct Early {
    state: Cell<State>,
    /// The state machine has stopped where something can be early, and no call has gone on since.
    is_paused: Cell<bool>,
}

/// How far a connection has come that writes or reads early; a retry is the state between two calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing was, or nothing more is.
    #[default]
    None,
    Connecting,
    ConnectRetry,
    WriteRetry,
    FinishedWriting,
    Accepting,
    AcceptRetry,
    ReadRetry,
    FinishedReading,
}

/// What an early read came to.
pub(crate) enum Reading {
    Data(usize),
    Finished,
}

impl Ssl {
    /// `SSL_write_early_data`: whether all of it was written.
    pub(crate) fn write_early(&self, data: &[u8]) -> Result<usize, Stop> {
        self.begin_call();
        match self.early.state.get() {
            State::None if !self.may_write_early() => Err(misplaced()),
            State::None | State::ConnectRetry => {
                self.enter_early(State::Connecting, State::ConnectRetry)?;
                self.early.state.set(State::WriteRetry);
                self.write_early_now(data)
            }
            State::WriteRetry | State::ReadRetry | State::FinishedReading => {
                self.write_early_now(data)
            }
            _ => Err(misplaced()),
        }
    }

    /// `SSL_read_early_data`.
    pub(crate) fn read_early(&self, out: &mut [u8]) -> Result<Reading, Stop> {
        self.begin_call();
        if self.side() == Some(Side::Client) {
            return Err(misplaced());
        }
        match self.early.state.get() {
            State::None if self.stage() != Stage::Before => return Err(misplaced()),
            State::None | State::AcceptRetry => {
                self.set_side(Side::Server);
                self.enter_early(State::Accepting, State::AcceptRetry)?;
                self.early.state.set(State::ReadRetry);
            }
            State::ReadRetry => {}
            _ => return Err(misplaced()),
        }
        if self.facts().early_data == EarlyData::Accepted {
            let read = self.driving(Needs::Both, |driven| {
                let read = self.run(driven, |engine| engine.step_early_read(out));
                self.note_progress(driven.engine()?);
                read
            });
            if let EarlyRead::Data(n) = read? {
                return Ok(Reading::Data(n));
            }
            self.early.state.set(State::FinishedReading);
            self.early.is_paused.set(false);
            // OpenSSL goes on to the client's Finished. What keeps it from there, another call will meet.
            let _ = self.handshake_now();
        }
        self.early.state.set(State::FinishedReading);
        Ok(Reading::Finished)
    }

    /// Runs the handshake to where something can be early.
    fn enter_early(&self, during: State, retry: State) -> Result<(), Stop> {
        self.early.state.set(during);
        let entered = self.driving(Needs::Both, |driven| {
            let entered = self.run(driven, Connection::step_early_start);
            self.note_progress(driven.engine()?);
            entered
        });
        self.early.state.set(retry);
        entered?;
        self.early.is_paused.set(self.stage() == Stage::Handshaking);
        Ok(())
    }

    fn write_early_now(&self, data: &[u8]) -> Result<usize, Stop> {
        if self.stage() == Stage::Established {
            // A server of TLS 1.2, to which nothing is early.
            return self.write_now(data);
        }
        self.driving(Needs::Both, |driven| {
            let engine = driven.engine()?;
            let mut call = match engine.begin_early_write(data) {
                Ok(call) => call,
                Err(ssl_record::Error::Misuse(_)) => return Err(misplaced()),
                Err(error) => return Err(self.fail_now(engine, &error)),
            };
            self.run(driven, |engine| engine.step_early_write(&mut call))
        })
    }

    /// A client that has done nothing yet and offers a session that allows early data.
    fn may_write_early(&self) -> bool {
        let is_allowed = |most: u32| most > 0;
        self.side() == Some(Side::Client)
            && self.stage() == Stage::Before
            && self
                .session()
                .is_some_and(|session| session.read(|fields| is_allowed(fields.max_early_data)))
    }

    /// Whether a client announces early data: `SSL_write_early_data` began the handshake.
    pub(super) fn announces_early(&self) -> bool {
        self.early.state.get() == State::Connecting
    }

    /// Whether a server accepts early data in this handshake: `SSL_read_early_data` began it, and the
    /// session and the application agree.
    pub(super) fn admits_early(&self) -> bool {
        let is_offered = self.facts().early_data_offered;
        let is_wanted = self.early.state.get() == State::Accepting;
        if !is_offered || !is_wanted || self.settings().max_early_data == 0 {
            return false;
        }
        let is_fit = {
            let wish = self.sessions.wish.borrow();
            wish.found.as_ref().is_some_and(|found| found.is_recent)
        };
        if !is_fit {
            return false;
        }
        let callback = self.settings().hooks.allow_early_data;
        callback.is_none_or(|callback| {
            // SAFETY: the application's function and argument, with a live connection.
            unsafe { (callback.function)(self.as_ptr(), callback.arg.0) != 0 }
        })
    }

    /// How many bytes a server accepts, or skips if it does not accept any.
    pub(super) fn early_limit(&self, accepted: bool) -> u32 {
        let limit = self.settings().recv_max_early_data;
        let allowed = self.session().filter(|_| accepted);
        let allowed = allowed.map(|session| session.read(|fields| fields.max_early_data));
        allowed.map_or(limit, |allowed| limit.min(allowed))
    }

    /// Whether tickets are good once, so that early data is not replayed.
    pub(super) fn guards_replay(&self) -> bool {
        let settings = self.settings();
        settings.max_early_data > 0 && settings.options & option::NO_ANTI_REPLAY == 0
    }

    /// Whether the handshake rests where something can be early: `SSL_in_init` is 0 then.
    pub(crate) fn rests_early(&self) -> bool {
        self.early.is_paused.get() && self.stage() == Stage::Handshaking
    }

    /// The handshake is to go on.
    pub(super) fn leave_early(&self) {
        self.early.is_paused.set(false);
        if self.early.state.get() == State::WriteRetry {
            self.early.state.set(State::FinishedWriting);
        }
    }

    /// `SSL_read` and `SSL_write` while an early call has to be repeated.
    pub(super) fn check_not_early(&self, writing: bool) -> Result<(), Stop> {
        match self.early.state.get() {
            State::ConnectRetry | State::AcceptRetry => Err(misplaced()),
            State::ReadRetry if writing => Err(misplaced()),
            _ => {
                self.leave_early();
                Ok(())
            }
        }
    }

    /// The handshake is over: early data cannot come any more.
    pub(super) fn complete_early(&self) {
        if self.early.state.get() == State::ReadRetry {
            self.early.state.set(State::FinishedReading);
        }
    }

    pub(super) fn reset_early(&self) {
        self.early.state.set(State::None);
        self.early.is_paused.set(false);
    }
}

/// `ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED`, and 0 from the call.
fn misplaced() -> Stop {
    queue::raise(queue::common::SHOULD_NOT_HAVE_BEEN_CALLED);
    Stop(0)
}
