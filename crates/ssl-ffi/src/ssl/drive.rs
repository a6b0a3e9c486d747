//! The loop that carries out the engine's steps on the connection's BIOs.
//!
//! Owns the translation of BIO results into wants and return values (statements W25 to W27, R20 to R24),
//! and of final errors into entries of the queue. No borrow is held while a BIO runs: the engine is out
//! of its cell and belongs to the loop, or is back in it and has lent the loop a buffer, so that another
//! thread can use the other lane.

use ssl_record::{Connection, Error, Step};

use super::job::Outside;
use super::lanes::Needs;
use super::{Ssl, Stage, Want};
use crate::crypto::bio::Transfer;
use crate::crypto::job::is_inside_job;
use crate::crypto::{Bio, queue, reason};
use crate::settings::option;

/// Why a call ended without its result; the value is what the C function returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stop(pub(crate) i32);

impl Stop {
    /// The usual one.
    pub(crate) const FAILED: Self = Self(-1);
}

/// The engine while a call drives it; goes back to its place however the call ends.
pub(super) struct Driven<'ssl> {
    ssl: &'ssl Ssl,
    engine: Option<Box<Connection>>,
    /// Which life of the connection it belongs to; `SSL_clear` begins another.
    life: u32,
}

impl Driven<'_> {
    /// The engine; none if the connection was cleared meanwhile.
    pub(super) fn engine(&mut self) -> Result<&mut Connection, Stop> {
        if self.life != self.ssl.life.get() {
            return Err(Stop::FAILED);
        }
        self.engine.as_deref_mut().ok_or(Stop::FAILED)
    }

    /// Puts the engine into its place, where other threads find it.
    fn lay_down(&mut self) {
        if let (Some(engine), Ok(mut place)) =
            (self.engine.take(), self.ssl.engine.try_borrow_mut())
            && self.life == self.ssl.life.get()
        {
            *place = Some(engine);
            self.ssl.is_out.set(false);
        }
    }

    /// Takes it from there again.
    fn pick_up(&mut self) {
        if self.life == self.ssl.life.get()
            && let Ok(mut place) = self.ssl.engine.try_borrow_mut()
        {
            self.engine = place.take();
            self.ssl.is_out.set(self.engine.is_some());
        }
    }
}

impl Drop for Driven<'_> {
    fn drop(&mut self) {
        self.lay_down();
        if self.life == self.ssl.life.get() {
            self.ssl.is_out.set(false);
        }
    }
}

impl Ssl {
    /// Takes the engine out and lets `steps` drive it.
    ///
    /// A call from a callback of a call that drives it already is refused.
    pub(super) fn driving<T>(
        &self,
        needs: Needs,
        steps: impl FnOnce(&mut Driven<'_>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let needs = if self.in_init() { Needs::Both } else { needs };
        let _lanes = self.take_lanes(needs)?;
        if self.is_out.get() {
            queue::raise(queue::common::SHOULD_NOT_HAVE_BEEN_CALLED);
            return Err(Stop::FAILED);
        }
        let engine = self
            .engine
            .try_borrow_mut()
            .ok()
            .and_then(|mut place| place.take());
        let engine = match engine {
            Some(engine) => engine,
            // It failed before there was one.
            None if self.stage() == Stage::Dead => return Err(Stop::FAILED),
            None => self.start().inspect_err(|_| self.stillborn())?,
        };
        self.is_out.set(true);
        let mut driven = Driven {
            ssl: self,
            engine: Some(engine),
            life: self.life.get(),
        };
        self.prepare(driven.engine()?);
        let result = steps(&mut driven);
        if driven.life != self.life.get() {
            // Cleared by a callback: what the call noted behind it is not of the next life.
            self.reset();
            return Err(Stop::FAILED);
        }
        if let Ok(engine) = driven.engine() {
            self.observe(engine);
        }
        result
    }

    /// Brings to the engine what the application may have changed since the last call.
    fn prepare(&self, engine: &mut Connection) {
        let mode = self.mode();
        if engine.mode() != mode {
            engine.clear_mode(engine.mode().difference(mode));
            engine.set_mode(mode);
        }
        self.tap(engine);
    }

    /// Carries out steps until there is a result, and tells of the end of a handshake that is left
    /// without one.
    pub(super) fn run<T>(
        &self,
        driven: &mut Driven<'_>,
        step: impl FnMut(&mut Connection) -> Result<Step<T>, Error>,
    ) -> Result<T, Stop> {
        self.want.set(Want::Nothing);
        let in_init = self.enter(driven.engine()?);
        let handshakes = self.stage() == Stage::Handshaking;
        let result = self.carry_out(driven, step, in_init);
        if result.is_err() && handshakes && self.stage() != Stage::Established {
            self.tell_exit(-1);
        }
        result
    }

    fn carry_out<T>(
        &self,
        driven: &mut Driven<'_>,
        mut step: impl FnMut(&mut Connection) -> Result<Step<T>, Error>,
        mut in_init: bool,
    ) -> Result<T, Stop> {
        loop {
            let engine = driven.engine()?;
            let next = step(engine);
            self.deliver_key_lines();
            let is_over = next.is_ok() && in_init && !engine.in_init() && self.completed(engine);
            self.deliver_messages(engine, next.is_err());
            if is_over {
                self.tell_completion();
            }
            if self.handled.replace(engine.handled_messages()) != engine.handled_messages() {
                // A post-handshake message goes through the state machine in OpenSSL, which clears the
                // queue (statement G8).
                queue::clear();
            }
            let next = match next {
                Ok(next) => next,
                Err(error) => return Err(self.fail(engine, &error, in_init)),
            };
            if matches!(next, Step::Receive | Step::Want(ssl_record::Want::Read)) {
                self.tell_end_of_flight();
            }
            match next {
                Step::Done(value) => return Ok(value),
                Step::Want(ssl_record::Want::Read) => {
                    self.want.set(Want::Reading);
                    force_want_read(self.bios.read().as_ref());
                    engine.blocked(ssl_record::Want::Read);
                    return Err(Stop::FAILED);
                }
                Step::Want(want) => {
                    engine.blocked(want);
                    return Err(Stop::FAILED);
                }
                Step::Transmit => self.transmit(driven)?,
                Step::Flush => self.flush(engine)?,
                Step::Receive => self.receive(driven)?,
                Step::Decide => self.decide(engine)?,
            }
            if self.is_given_up() {
                return Err(Stop::FAILED);
            }
            // A key update may be due now, which is the state machine's business again.
            in_init = driven.engine()?.in_init();
        }
    }

    /// Notes that the state machine is entered: it clears the error queue, unless the connection is dead
    /// (statements G7, G9).
    fn enter(&self, engine: &Connection) -> bool {
        let in_init = engine.in_init();
        if in_init && !engine.is_failed() {
            queue::clear();
            self.begin_stage();
        }
        in_init
    }

    fn transmit(&self, driven: &mut Driven<'_>) -> Result<(), Stop> {
        let engine = driven.engine()?;
        let Some(wbio) = self.bios.write() else {
            return Err(self.no_bio(engine));
        };
        self.want.set(Want::Writing);
        let lent = self.lends().then(|| engine.lend_outgoing()).flatten();
        let transfer = match lent {
            Some(lent) => {
                driven.lay_down();
                let transfer = self.baton.aside(|| wbio.write(lent.bytes()));
                driven.pick_up();
                driven.engine()?.return_outgoing(lent, transfer.count());
                transfer
            }
            None => {
                let transfer = self.during(engine.in_init(), || wbio.write(engine.outgoing()));
                engine.transmitted(transfer.count());
                transfer
            }
        };
        match transfer {
            Transfer::Transferred(_) => {
                self.want.set(Want::Nothing);
                Ok(())
            }
            // 3.0 passes the BIO's own result on (statement W26); without a retry flag it is a failure
            // of the transport that the connection survives (statement W25).
            Transfer::Retry { raw } | Transfer::Failed { raw } => {
                self.want.set(Want::Writing);
                driven.engine()?.blocked(ssl_record::Want::Write);
                Err(Stop(raw.clamp(-1, 0)))
            }
        }
    }

    fn flush(&self, engine: &mut Connection) -> Result<(), Stop> {
        let Some(wbio) = self.bios.write() else {
            return Err(self.no_bio(engine));
        };
        self.want.set(Want::Writing);
        // OpenSSL insists on the flush of a flight, not on that of an alert (statement W60).
        if self.during(engine.in_init(), || wbio.flush()) > 0 || !engine.in_init() {
            engine.flushed();
            self.want.set(Want::Nothing);
            return Ok(());
        }
        engine.blocked(ssl_record::Want::Write);
        Err(Stop::FAILED)
    }

    fn receive(&self, driven: &mut Driven<'_>) -> Result<(), Stop> {
        let Some(rbio) = self.bios.read() else {
            queue::raise(reason::READ_BIO_NOT_SET);
            return Err(Stop::FAILED);
        };
        self.want.set(Want::Reading);
        let engine = driven.engine()?;
        let transfer = if self.lends() && !engine.in_init() {
            let mut lent = engine.lend_incoming();
            driven.lay_down();
            let transfer = self.baton.aside(|| rbio.read(lent.space()));
            driven.pick_up();
            driven.engine()?.return_incoming(lent, transfer.count());
            transfer
        } else {
            let transfer = self.during(engine.in_init(), || rbio.read(engine.incoming()));
            engine.received(transfer.count());
            transfer
        };
        let engine = driven.engine()?;
        match transfer {
            Transfer::Transferred(_) => {
                self.want.set(Want::Nothing);
                Ok(())
            }
            Transfer::Retry { .. } => {
                self.want.set(Want::Reading);
                engine.blocked(ssl_record::Want::Read);
                Err(Stop::FAILED)
            }
            Transfer::Failed { .. } if rbio.is_eof() => self.end_of_stream(engine),
            // Neither an end nor a reason to retry: the BIO's own result (statements R22, R24).
            Transfer::Failed { raw } => {
                self.want.set(Want::Reading);
                engine.blocked(ssl_record::Want::Read);
                Err(Stop(raw.clamp(-1, 0)))
            }
        }
    }

    /// Whether a BIO is given a buffer on loan, so that another thread may use the connection meanwhile.
    /// Not in a job, whose stack may be left while the BIO works.
    fn lends(&self) -> bool {
        self.stage() == Stage::Established && !is_inside_job()
    }

    /// Runs a BIO while the engine is out. In a handshake others may look at the connection meanwhile.
    fn during<T>(&self, in_init: bool, work: impl FnOnce() -> T) -> T {
        if in_init && !is_inside_job() {
            self.baton.aside(work)
        } else {
            self.outside(Outside::Bio, work)
        }
    }

    /// The transport ended. Where that passes as a close it does so in a handshake too, which then
    /// cannot go on; the connection is not dead (statement R21).
    fn end_of_stream(&self, engine: &mut Connection) -> Result<(), Stop> {
        let passes = self.settings().options & option::IGNORE_UNEXPECTED_EOF != 0;
        if engine.in_init() && passes {
            self.shutdown.set(super::RECEIVED);
            self.warning.set(0);
            engine.blocked(ssl_record::Want::Read);
            return Err(Stop::FAILED);
        }
        engine.received_eof();
        Ok(())
    }

    /// Without a write BIO nothing is queued (statement W24).
    fn no_bio(&self, engine: &mut Connection) -> Stop {
        engine.blocked(ssl_record::Want::Write);
        Stop::FAILED
    }

    /// Queues what a failed call is about, and gives a last alert one attempt.
    pub(super) fn fail_now(&self, engine: &mut Connection, error: &Error) -> Stop {
        let in_init = engine.in_init();
        self.fail(engine, error, in_init)
    }

    fn fail(&self, engine: &mut Connection, error: &Error, in_init: bool) -> Stop {
        match error {
            // Nothing new is said about a connection that is dead (statement R50).
            Error::AlreadyFailed => {
                let received = self.shutdown.get() & super::RECEIVED != 0;
                return Stop(if received { 0 } else { -1 });
            }
            Error::Misuse(_) => {
                super::io::raise_reason(error);
                return Stop::FAILED;
            }
            _ => {}
        }
        self.stage.set(Stage::Dead);
        self.want.set(Want::Nothing);
        raise_final(error);
        self.retire_failed_session();
        self.last_words(engine);
        self.deliver_messages(engine, true);
        match error {
            Error::AlertReceived(_) => {
                self.shutdown.set(self.shutdown.get() | super::RECEIVED);
                Stop(if in_init { -1 } else { 0 })
            }
            Error::UnexpectedEof if !in_init => Stop(0),
            _ => Stop::FAILED,
        }
    }

    /// Sends what a failure left, once; what the transport says to it matters no more.
    fn last_words(&self, engine: &mut Connection) {
        let Some(wbio) = self.bios.write() else {
            return;
        };
        let mut any = false;
        while !engine.outgoing().is_empty() {
            let Transfer::Transferred(n) =
                self.outside(Outside::Bio, || wbio.write(engine.outgoing()))
            else {
                return;
            };
            any = true;
            engine.transmitted(n);
        }
        if any {
            self.outside(Outside::Bio, || wbio.flush());
        }
    }
}

/// Queues a final error; a received alert comes with its number, as OpenSSL's does.
fn raise_final(error: &Error) {
    match (error, error.reason()) {
        (Error::AlertReceived(description), Some(reason)) => {
            let number = format!("SSL alert number {}", description.0);
            queue::raise_data(reason.0.into(), &number);
        }
        (_, Some(ssl_record::Reason::MALLOC_FAILURE)) => {
            queue::raise_data(queue::common::MALLOC_FAILURE, NO_STACK);
        }
        (_, Some(reason)) => queue::raise(super::decide::full(reason)),
        (_, None) => {}
    }
}

/// What the engine can lack memory for, and what can be done.
const NO_STACK: &str =
    "no room for the stack of a handshake; vm.max_map_count limits the mappings of a process";

/// AUTO_RETRY is off and a record without application data was handled: the BIO is told to say "read
/// again", although it did not block (statement R54).
fn force_want_read(bio: Option<&Bio>) {
    if let Some(bio) = bio {
        bio.clear_retry_flags();
        bio.set_flags(openssl_sys::BIO_FLAGS_READ | openssl_sys::BIO_FLAGS_SHOULD_RETRY);
    }
}

#[cfg(test)]
#[path = "drive_tests.rs"]
mod tests;
