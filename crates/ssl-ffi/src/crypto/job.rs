//! libcrypto's ASYNC jobs: code that can be paused on a stack of its own and resumed later.
//!
//! Owns the handle of a paused job, the thread on which alone it may be resumed, and the context by which
//! its progress is waited for. Does not know what runs inside. A job's stack has 32 KiB and no guard page;
//! and a pause leaves without unwinding, so no borrow, lock or guard may be held where code can pause.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicU64, Ordering};

use super::sys;

/// What a job runs. It gets a copy of its arguments, and its result is that of the job.
pub(crate) type JobFunction = unsafe extern "C" fn(args: *mut c_void) -> c_int;

/// What one start or resumption came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The function returned this.
    Finished(c_int),
    /// The function paused; the next [`Job::run`] resumes it.
    Paused,
    /// The thread has as many jobs as `ASYNC_init_thread` allows it.
    NoJobs,
    /// Nothing ran; the queue may say why.
    Failed,
    /// Nothing ran, without memory for a wait context.
    NoMemory,
}

/// At most one job at a time.
#[derive(Debug)]
pub(crate) struct Job {
    /// NULL unless a job is paused.
    paused: Cell<*mut sys::AsyncJob>,
    /// The thread that the job was started on.
    thread: Cell<u64>,
}

impl Job {
    pub(crate) const fn none() -> Self {
        Self {
            paused: Cell::new(null_mut()),
            thread: Cell::new(0),
        }
    }

    pub(crate) fn is_paused(&self) -> bool {
        !self.paused.get().is_null()
    }

    /// Whether a paused job may be resumed here: on its own thread, and from outside of any job.
    pub(crate) fn can_resume(&self) -> bool {
        self.is_paused() && self.is_mine() && !is_inside_job()
    }

    /// Whether the last job was started on this thread.
    pub(crate) fn is_mine(&self) -> bool {
        self.thread.get() == this_thread()
    }

    /// Resumes the paused job, whatever the arguments; or else starts one with a copy of `args`.
    ///
    /// libcrypto would go on with a job on another thread, or from inside of another job, and so corrupt
    /// both stacks; here that fails.
    ///
    /// # Safety
    /// `function` may be called with a pointer to a copy of `args` on this thread, now and, if it pauses,
    /// may go on when this is called again. It does not unwind.
    pub(crate) unsafe fn run<T: Copy>(
        &self,
        wait: &WaitContext,
        function: JobFunction,
        mut args: T,
    ) -> Outcome {
        if self.is_paused() && !self.can_resume() {
            return Outcome::Failed;
        }
        self.thread.set(this_thread());
        let mut result = 0;
        // SAFETY: the job is NULL or one that was paused on this thread; the function is the caller's
        // promise; libcrypto copies as many bytes of the arguments as are told.
        let outcome = unsafe {
            sys::ASYNC_start_job(
                self.paused.as_ptr(),
                wait.0.as_ptr(),
                &raw mut result,
                Some(function),
                (&raw mut args).cast(),
                size_of::<T>(),
            )
        };
        match outcome {
            sys::ASYNC_FINISH => Outcome::Finished(result),
            sys::ASYNC_PAUSE => Outcome::Paused,
            sys::ASYNC_NO_JOBS => Outcome::NoJobs,
            _ => Outcome::Failed,
        }
    }
}

/// Whether a job is running on this thread, be it ours or the application's.
pub(crate) fn is_inside_job() -> bool {
    // SAFETY: no preconditions.
    !unsafe { sys::ASYNC_get_current_job() }.is_null()
}

/// `ASYNC_WAIT_CTX`: what the code that pauses says about its being ready. Its descriptors are cleaned up
/// by functions of that code when it is dropped.
#[derive(Debug)]
pub(crate) struct WaitContext(NonNull<sys::AsyncWaitCtx>);

impl WaitContext {
    /// `None` without memory.
    pub(crate) fn new() -> Option<Self> {
        // SAFETY: no preconditions.
        NonNull::new(unsafe { sys::ASYNC_WAIT_CTX_new() }).map(Self)
    }

    /// What the code that pauses is to call when it is ready, instead of giving a descriptor.
    ///
    /// # Safety
    /// `wake` may be called with `arg` as long as the context lives.
    pub(crate) unsafe fn set_callback(&self, wake: sys::AsyncWake, arg: *mut c_void) -> bool {
        // SAFETY: the context is live, the rest is the caller's promise.
        unsafe { sys::ASYNC_WAIT_CTX_set_callback(self.0.as_ptr(), Some(wake), arg) == 1 }
    }

    /// `ASYNC_STATUS_*`.
    pub(crate) fn status(&self) -> c_int {
        // SAFETY: the context is live.
        unsafe { sys::ASYNC_WAIT_CTX_get_status(self.0.as_ptr()) }
    }

    /// All descriptors to wait for, as `ASYNC_WAIT_CTX_get_all_fds` gives them.
    ///
    /// # Safety
    /// `count` is writable; `fds` is NULL or has room for as many as a call with NULL told.
    pub(crate) unsafe fn all(&self, fds: *mut c_int, count: *mut usize) -> bool {
        // SAFETY: the context is live, the rest is the caller's promise.
        unsafe { sys::ASYNC_WAIT_CTX_get_all_fds(self.0.as_ptr(), fds, count) == 1 }
    }

    /// Those that came and went since the job was last resumed.
    ///
    /// # Safety
    /// The counts are writable; each array is NULL or has room for as many as a call with NULL told.
    pub(crate) unsafe fn changed(
        &self,
        added: *mut c_int,
        added_count: *mut usize,
        deleted: *mut c_int,
        deleted_count: *mut usize,
    ) -> bool {
        // SAFETY: the context is live, the rest is the caller's promise.
        unsafe {
            sys::ASYNC_WAIT_CTX_get_changed_fds(
                self.0.as_ptr(),
                added,
                added_count,
                deleted,
                deleted_count,
            ) == 1
        }
    }
}

impl Drop for WaitContext {
    fn drop(&mut self) {
        // SAFETY: the context is ours, and this is its end.
        unsafe { sys::ASYNC_WAIT_CTX_free(self.0.as_ptr()) }
    }
}

/// A number that no other thread of the process has, or had before.
fn this_thread() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    thread_local! {
        static NUMBER: u64 = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    }
    NUMBER.with(|number| *number)
}

#[cfg(test)]
#[path = "job_tests.rs"]
mod tests;
