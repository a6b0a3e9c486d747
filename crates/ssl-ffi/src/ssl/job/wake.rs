//! Where the progress of paused jobs is waited for, and the callback by which the application learns of it.
//!
//! Owns the way from code that pauses, on whatever thread it says that it is ready, to the application.

use std::ffi::{c_int, c_void};
use std::sync::{Mutex, PoisonError};

use super::Ssl;
use crate::boundary::guard;
use crate::crypto::job::WaitContext;
use crate::settings::callbacks::{Arg, AsyncCallback};

/// The application's callback, where code that pauses finds it from any thread.
pub(super) struct Waker {
    ssl: *mut Ssl,
    target: Mutex<(Option<AsyncCallback>, Arg)>,
}

impl Ssl {
    /// Where the progress of jobs is waited for; none before the first job (statement A2).
    pub(crate) fn waits(&self) -> Option<&WaitContext> {
        self.jobs.made()?.wait.get()
    }

    /// `SSL_set_async_callback`: noticed by wait contexts that were made with another one (statement A11).
    pub(crate) fn set_async_callback(&self, callback: Option<AsyncCallback>) {
        self.change(|to| to.hooks.asynchronous = callback);
        if let Some(waker) = self.jobs.made().and_then(|jobs| jobs.waker.get()) {
            waker.change(|target| target.0 = callback);
        }
    }

    /// `SSL_set_async_callback_arg`.
    pub(crate) fn set_async_callback_arg(&self, arg: Arg) {
        self.change(|to| to.hooks.asynchronous_arg = arg);
        if let Some(waker) = self.jobs.made().and_then(|jobs| jobs.waker.get()) {
            waker.change(|target| target.1 = arg);
        }
    }

    pub(super) fn wait_context(&self) -> Option<&WaitContext> {
        if let Some(wait) = self.jobs.wait.get() {
            return Some(wait);
        }
        let wait = WaitContext::new()?;
        let hooks = self.settings().hooks;
        if hooks.asynchronous.is_some() {
            let waker = self.jobs.waker.get_or_init(|| {
                Box::new(Waker {
                    ssl: self.as_ptr(),
                    target: Mutex::new((hooks.asynchronous, hooks.asynchronous_arg)),
                })
            });
            let arg = std::ptr::from_ref::<Waker>(waker).cast_mut().cast();
            // SAFETY: the waker lives longer than the context.
            unsafe { wait.set_callback(wake, arg) }.then_some(())?;
        }
        Some(self.jobs.wait.get_or_init(|| wait))
    }
}

impl Waker {
    fn change(&self, change: impl FnOnce(&mut (Option<AsyncCallback>, Arg))) {
        change(&mut self.target.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Code that paused is ready and tells the application so. May run on any thread.
pub(super) unsafe extern "C" fn wake(waker: *mut c_void) -> c_int {
    guard(0, || {
        // SAFETY: the pointer of `wait_context`, live as long as the wait context.
        let waker = unsafe { &*waker.cast::<Waker>() };
        let (callback, Arg(arg)) = *waker.target.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the application's function and argument, with its connection.
        callback.map_or(0, |callback| unsafe { callback(waker.ssl, arg) })
    })
}
