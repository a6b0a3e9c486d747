//! Jobs of connections that were freed while their private key was at work and not ready.
//!
//! Owns them, each with what is left of its connection, until they end: the next jobs of the thread resume
//! a few of them on their way, and all of them when the thread may have no more jobs. Does not know what
//! they do.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

use super::Ssl;

thread_local! {
    /// The thread's, in the order in which they are tried next.
    static ABANDONED: Abandoned = const { Abandoned(RefCell::new(VecDeque::new())) };
}

struct Abandoned(RefCell<VecDeque<Arc<Ssl>>>);

/// Whoever still waits on the stack of a job when its thread ends waits for ever: what it uses must stay.
impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(std::mem::forget);
    }
}

/// Keeps a connection whose job has been given up and can be resumed on this thread. What the application
/// knows of it goes away now.
pub(super) fn keep(ssl: Arc<Ssl>) {
    ssl.set_async_callback(None);
    ssl.take_leave();
    put_back(ssl);
}

fn put_back(ssl: Arc<Ssl>) {
    let mut ssl = Some(ssl);
    let kept = ABANDONED.try_with(|Abandoned(all)| all.borrow_mut().extend(ssl.take()));
    if kept.is_err() {
        std::mem::forget(ssl);
    }
}

/// Ends a few, if they are ready.
pub(super) fn end_some() {
    try_to_end(AT_ONCE);
}

/// Ends all that are ready; whether that were any.
pub(super) fn end_all() -> bool {
    try_to_end(usize::MAX)
}

fn try_to_end(most: usize) -> bool {
    let mut has_ended = false;
    for _ in 0..count().min(most) {
        let Some(ssl) = next() else { break };
        if ssl.end_job() {
            has_ended = true;
        } else {
            put_back(ssl);
        }
    }
    has_ended
}

fn count() -> usize {
    ABANDONED
        .try_with(|Abandoned(all)| all.borrow().len())
        .unwrap_or(0)
}

fn next() -> Option<Arc<Ssl>> {
    let next = ABANDONED.try_with(|Abandoned(all)| {
        let mut all = all.borrow_mut();
        let next = all.pop_front();
        if all.is_empty() {
            // There may have been many.
            *all = VecDeque::new();
        }
        next
    });
    next.ok()?
}

/// Resumed at each step of another job: more than that step can add.
const AT_ONCE: usize = 2;
