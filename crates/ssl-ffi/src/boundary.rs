//! The unwinding stop: what stands between Rust code and a C caller.
//!
//! Owns the rule that nothing unwinds into C, and nothing of C through Rust. Knows nothing of what the entry
//! points do.

use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the body of an entry point; a panic becomes `fallback`.
///
/// A panic is a defect of ours. The C caller gets the function's failure value and can go on with its
/// other connections; the panic hook has already said on standard error what happened and where. A fuzzer
/// has to see it, so there it is the end.
///
/// `pthread_cancel` unwinds the thread from the system call it is in, and Rust answers that by ending the process.
/// So a thread is not cancelled in here: the request waits for its next cancellation point outside.
pub(crate) fn guard<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    let before = set_cancellation(DISABLED);
    let value = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        if cfg!(fuzzing) {
            std::process::abort();
        }
        fallback
    });
    // Not in a destructor: nothing may be left to do here when this begins to unwind.
    set_cancellation(before);
    value
}

/// Returns the state before.
fn set_cancellation(state: c_int) -> c_int {
    let mut before = state;
    // SAFETY: the state is one of the two there are, and `before` can be written to.
    unsafe { pthread_setcancelstate(state, &raw mut before) };
    before
}

unsafe extern "C" {
    // POSIX; the libc crate does not declare it.
    fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
}

/// `PTHREAD_CANCEL_DISABLE`.
const DISABLED: c_int = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_the_fallback() {
        assert_eq!(guard(-1, || 5), 5);
        assert_eq!(guard(-1, || panic!("stopped here")), -1);
    }

    #[test]
    fn a_thread_is_cancelled_outside_only() {
        let enabled = set_cancellation(DISABLED);
        set_cancellation(enabled);
        let state = || {
            let state = set_cancellation(DISABLED);
            set_cancellation(state);
            state
        };
        let inside = guard(None, || (guard(enabled, state) == DISABLED).then(state));
        assert_eq!((inside, state()), (Some(DISABLED), enabled));
        guard((), || panic!("stopped here"));
        assert_eq!(state(), enabled, "after a panic");
    }
}
