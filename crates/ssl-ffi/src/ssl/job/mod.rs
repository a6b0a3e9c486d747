//! `SSL_MODE_ASYNC`: the work of a call inside of a job of libcrypto's (section A of the statements).
//!
//! Owns the job of a connection: its arguments, captured when it starts, its result, and what becomes of
//! it when the connection is cleared or freed meanwhile. Does not know what the work is.
//!
//! # The stack of a job
//!
//! It has 32 KiB and no guard page. What runs on it is the drive loop, BIOs, callbacks and libcrypto, all
//! of which but the loop run there in OpenSSL too; rustls has a stack of its own (`ssl-record`). The test
//! `tests/c/job_stack.c` holds what the loop needs.
//!
//! # Two calls, one job
//!
//! The next call resumes a paused job whatever it is itself (statements A7 to A9). OpenSSL then returns
//! the result of the job for that of the call: a read that finishes a paused write claims bytes that it
//! did not read, and the write, repeated, sends its data twice. Here the result of a read or write is kept
//! for the next call of its own kind, and the call that finished it goes on with its own work.
//!
//! # A connection that goes away
//!
//! OpenSSL drops a paused job, which costs its memory and, for ever, one of the jobs that the thread may
//! have. Here the job is resumed and told to give up: it unwinds its part of the stack at the first
//! return from what paused it. That is done when what paused it is a BIO or a private key, which can be
//! relied on to work until the connection is gone. A private key works longer than that, as the job has a
//! share of it: a job that its hardware keeps waiting is left to end later (`abandoned`). A callback of
//! the application's cannot be relied on: what it uses may be gone already. Neither can a job on another
//! thread be resumed, nor for ever one whose BIO pauses again. Such a job is dropped as in OpenSSL.
//! `ASYNC_cleanup_thread` takes from a paused job what it would return to; libcrypto's manual has it
//! called when no job is left, and one that was abandoned is.

mod abandoned;
mod wake;

use std::cell::{Cell, OnceCell};
use std::ffi::{c_int, c_void};
use std::ops::Deref;
use std::sync::Arc;

use ssl_mode::SslMode;

use self::wake::Waker;
use super::drive::Stop;
use super::io::Reading;
use super::{Ssl, Want};
use crate::boundary::guard;
use crate::crypto::job::{Job, Outcome, WaitContext, is_inside_job};
use crate::crypto::{queue, reason};
use crate::entry::slice::{bytes, bytes_mut};

/// A call that may run in a job, with what it was given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    kind: Kind,
    at: *mut u8,
    len: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Read,
    Peek,
    Write,
    Handshake,
    Shutdown,
}

impl Call {
    pub(super) const HANDSHAKE: Self = Self::without_data(Kind::Handshake);
    pub(super) const SHUTDOWN: Self = Self::without_data(Kind::Shutdown);

    pub(super) fn read(out: &mut [u8], reading: Reading) -> Self {
        let kind = match reading {
            Reading::Consume => Kind::Read,
            Reading::Peek => Kind::Peek,
        };
        let (at, len) = (out.as_mut_ptr(), out.len());
        Self { kind, at, len }
    }

    pub(super) fn write(data: &[u8]) -> Self {
        Self {
            kind: Kind::Write,
            at: data.as_ptr().cast_mut(),
            len: data.len(),
        }
    }

    const fn without_data(kind: Kind) -> Self {
        Self {
            kind,
            at: std::ptr::null_mut(),
            len: 0,
        }
    }
}

/// What can be relied on to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outside {
    /// As long as the connection is not gone.
    Bio,
    /// As long as somebody has the key.
    Key,
}

/// The job of a connection; most have none and never use this.
#[derive(Default)]
pub(super) struct Jobs(OnceCell<Box<Work>>);

impl Jobs {
    /// What there is, if a call ever went through a job.
    fn made(&self) -> Option<&Work> {
        self.0.get().map(|work| &**work)
    }
}

impl Deref for Jobs {
    type Target = Work;

    fn deref(&self) -> &Work {
        self.0.get_or_init(Box::default)
    }
}

/// See [`Jobs`].
pub(super) struct Work {
    job: Job,
    /// What the job does; its last one, if none is paused.
    call: Cell<Call>,
    /// Bytes that the job moved; 0 from its start to its successful end.
    count: Cell<usize>,
    /// The present call went through a job. Reset by [`Ssl::begin_call`].
    ran: Cell<bool>,
    /// The obstacle as the paused job left it.
    want: Cell<Want>,
    /// Bytes of a read and a write whose jobs ended in a call of another kind.
    kept: [Cell<Option<usize>>; 2],
    /// What runs now, or is paused, if it is neither this library nor a callback.
    outside: Cell<Option<Outside>>,
    /// The job is to end without doing anything more.
    is_given_up: Cell<bool>,
    /// Made with the first job.
    wait: OnceCell<WaitContext>,
    /// Outlives `wait`, which leads to it.
    waker: OnceCell<Box<Waker>>,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            job: Job::none(),
            call: Cell::new(Call::HANDSHAKE),
            count: Cell::new(0),
            ran: Cell::new(false),
            want: Cell::new(Want::Nothing),
            kept: [const { Cell::new(None) }; 2],
            outside: Cell::new(None),
            is_given_up: Cell::new(false),
            wait: OnceCell::new(),
            waker: OnceCell::new(),
        }
    }
}

impl Work {
    /// Where the result of such a call is kept; a peek is simply repeated.
    fn kept(&self, kind: Kind) -> Option<&Cell<Option<usize>>> {
        match kind {
            Kind::Read => Some(&self.kept[0]),
            Kind::Write => Some(&self.kept[1]),
            Kind::Peek | Kind::Handshake | Kind::Shutdown => None,
        }
    }
}

impl Ssl {
    /// Does the work of a call, in a job if the mode asks for it: the bytes moved, or 0.
    pub(super) fn in_job(&self, call: Call) -> Result<usize, Stop> {
        let kept = self.jobs.made().and_then(|jobs| jobs.kept(call.kind));
        if let Some(count) = kept.and_then(Cell::take) {
            self.want.set(Want::Nothing);
            return Ok(count);
        }
        loop {
            // A paused job is gone on with even if the mode was cleared meanwhile (statement A52).
            let asynchronous = self.mode().contains(SslMode::ASYNC) || self.is_waiting_for_job();
            if !asynchronous || is_inside_job() {
                // SAFETY: the pointer is that of the caller, who waits.
                return unsafe { self.perform(call) };
            }
            let was_given_up = self.jobs.is_given_up.get();
            let (ended, result) = self.step_job(call)?;
            match ended {
                _ if was_given_up => {}
                _ if ended == call.kind => return result,
                Kind::Handshake | Kind::Shutdown => return result,
                Kind::Read | Kind::Peek | Kind::Write => {
                    let count = result?;
                    if let Some(kept) = self.jobs.kept(ended) {
                        kept.set(Some(count));
                    }
                }
            }
        }
    }

    /// Resumes the job, or starts one: what it was, and what it came to if it ended.
    fn step_job(&self, call: Call) -> Result<(Kind, Result<usize, Stop>), Stop> {
        let jobs = &*self.jobs;
        jobs.ran.set(true);
        if jobs.job.is_paused() {
            self.want.set(jobs.want.get());
        } else {
            jobs.call.set(call);
            jobs.count.set(0);
            self.want.set(Want::Nothing);
        }
        abandoned::end_some();
        let mut outcome = self.run_job();
        if outcome == Outcome::NoJobs && abandoned::end_all() {
            outcome = self.run_job();
        }
        match outcome {
            Outcome::Finished(value) => {
                jobs.is_given_up.set(false);
                let result = if value > 0 {
                    Ok(jobs.count.get())
                } else {
                    Err(Stop(value))
                };
                Ok((jobs.call.get().kind, result))
            }
            Outcome::Paused => {
                jobs.want.set(self.want.replace(Want::AsyncPaused));
                Err(Stop::FAILED)
            }
            Outcome::NoJobs => {
                self.want.set(Want::AsyncNoJobs);
                Err(Stop::FAILED)
            }
            Outcome::NoMemory => Err(Stop::FAILED),
            Outcome::Failed => {
                self.want.set(Want::Nothing);
                queue::raise(reason::FAILED_TO_INIT_ASYNC);
                Err(Stop::FAILED)
            }
        }
    }

    fn run_job(&self) -> Outcome {
        let Some(wait) = self.wait_context() else {
            return Outcome::NoMemory;
        };
        // SAFETY: the function expects a live connection; as long as the job is paused the connection
        // lives, or else the job is never resumed. It does not unwind.
        unsafe { self.jobs.job.run(wait, work_of_job, self.as_ptr()) }
    }

    /// # Safety
    /// The call's pointer is NULL or leads to as many bytes as it says, to be filled by a read.
    unsafe fn perform(&self, call: Call) -> Result<usize, Stop> {
        let Call { kind, at, len } = call;
        // SAFETY: the caller's promise.
        unsafe {
            match kind {
                Kind::Read => self.read_now(bytes_mut(at, len), Reading::Consume),
                Kind::Peek => self.read_now(bytes_mut(at, len), Reading::Peek),
                Kind::Write => self.write_now(bytes(at, len)),
                Kind::Handshake => self.handshake_now().map(|()| 0),
                Kind::Shutdown => self.close_now().map(|()| 0),
            }
        }
    }

    /// Runs what a job cannot rely on to return at once, but can on being able to return.
    pub(super) fn outside<T>(&self, what: Outside, work: impl FnOnce() -> T) -> T {
        let Some(jobs) = self.jobs.made() else {
            return work();
        };
        jobs.outside.set(Some(what));
        let result = work();
        jobs.outside.set(None);
        result
    }

    /// Whether the call that runs is the rest of a job that nobody waits for: nothing may be called any
    /// more, and nothing sent.
    pub(super) fn is_given_up(&self) -> bool {
        let is_given_up = |jobs: &Work| jobs.is_given_up.get();
        self.jobs.made().is_some_and(is_given_up) && is_inside_job()
    }

    /// The connection begins anew. A paused job is of no use any more; the next call ends it before its
    /// own work begins.
    pub(super) fn reset_job(&self) {
        if let Some(jobs) = self.jobs.made() {
            jobs.kept.iter().for_each(|kept| kept.set(None));
            jobs.is_given_up.set(jobs.job.is_paused());
        }
    }

    /// Gives one count of a connection back, and ends a paused job with the last one, now or later.
    pub(crate) fn release(this: Arc<Self>) {
        if Arc::strong_count(&this) > 1 || !this.is_waiting_for_job() {
            return;
        }
        this.jobs.is_given_up.set(true);
        // A job that pauses again waits for something that did not happen yet.
        let has_ended = (0..RESUMPTIONS).any(|_| this.end_job());
        if !has_ended && this.jobs.outside.get() == Some(Outside::Key) && this.jobs.job.is_mine() {
            abandoned::keep(this);
        }
    }

    /// Resumes a job that was given up, if that can be done: whether it ended.
    fn end_job(&self) -> bool {
        self.jobs.outside.get().is_some()
            && self.jobs.job.can_resume()
            && queue::quiet(|| matches!(self.run_job(), Outcome::Finished(_)))
    }

    /// A call begins, which has not gone through a job.
    pub(super) fn begin_call(&self) {
        if let Some(jobs) = self.jobs.made() {
            jobs.ran.set(false);
        }
    }

    /// What an `_ex` function tells whatever the result is, if its call went through a job (statement
    /// A51).
    pub(crate) fn count_of_job(&self) -> Option<usize> {
        let jobs = self.jobs.made().filter(|jobs| jobs.ran.get())?;
        Some(jobs.count.get())
    }

    /// `SSL_waiting_for_async`.
    pub(crate) fn is_waiting_for_job(&self) -> bool {
        self.jobs.made().is_some_and(|jobs| jobs.job.is_paused())
    }
}

/// What a job runs. It is given the address of a connection's pointer.
unsafe extern "C" fn work_of_job(args: *mut c_void) -> c_int {
    guard(-1, || {
        // SAFETY: `step_job` passes a pointer to a connection, which is live while the job runs; and so
        // is the caller of the call, or the job is given up and its buffers are not touched.
        let result = unsafe {
            let ssl: &Ssl = &**args.cast::<*const Ssl>();
            ssl.perform(ssl.jobs.call.get())
                .inspect(|&count| ssl.jobs.count.set(count))
        };
        match result {
            Ok(_) => 1,
            Err(Stop(value)) => value,
        }
    })
}

/// How often a job is resumed at once that is to end and pauses again.
const RESUMPTIONS: u32 = 16;

#[cfg(test)]
mod tests;
