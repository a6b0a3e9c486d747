//! The stack on which a handshake can wait: the only file of this crate with `unsafe` code.
//!
//! rustls calls its verifiers, signers and stores and expects their results at once. Here it is called
//! on a stack of its own, and [`ask`] leaves that stack for the thread's own with a question, to come
//! back later with the answer. What needs much of a stack without asking is done on one as well
//! ([`aside`]), as C programs call from stacks as small as 32 KiB. This file owns the stacks and the
//! switches; it does not know what is asked or what runs.
//!
//! # Audit
//!
//! *Size.* [`STACK_SIZE`] plus a guard page below: an overflow is a fault, never corruption. Measured
//! (test `the_deepest_handshake_leaves_half_of_the_stack`): 22 KiB optimised, 71 KiB unoptimised. Only
//! touched pages are memory.
//!
//! *The owner's code.* None runs here but its key log: what the owner decides or computes is asked for, and
//! found, or its future polled, on the stack of whoever called. That code may leave its stack too, for
//! another connection to be driven meanwhile; this thread's variables have been put back before.
//!
//! *Dropping while waiting.* The stack is unwound from the point of its question, so that everything
//! on it is dropped: no leak. No lock is held there: `delegated::desk` asks without its own, rustls holds
//! none across the traits it calls, and a poisoned one would not matter. Nothing but Rust frames stands
//! on a stack that waits, because only trait methods called by rustls ask.
//!
//! *Another thread.* What lives on a waiting stack is what rustls and the trait methods keep across a
//! call: the connection itself (`Send`), parts of it and copies of its bytes; no lock guard, no `Rc`, no
//! handle of a thread. Thread-local variables are read here by [`current`] and [`enter`], elsewhere by
//! functions that do not wait themselves; where a frame that waits calls them they are not inlined, so that
//! it has cached the address of none. rustls's own frames use none.
//!
//! *Panics.* One that starts on the stack is caught at its bottom ([`Broken::Panicked`]); none crosses.
//!
//! *Asking elsewhere.* [`ask`] finds its way out in a thread-local variable that is set exactly while
//! the thread runs on such a stack; elsewhere it has no way out and says so.

#![allow(unsafe_code)]

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder, on_stack};

use super::delegated::Signed;
use super::job::Job;
use crate::handshake::delegate::{Answer, Question};

/// Bytes of a stack, without its guard page.
pub(super) const STACK_SIZE: usize = 256 * 1024;

/// Idle stacks kept for the next handshakes of this process.
const IDLE_STACKS: usize = 16;

/// Work that waits for an answer, and the stack it stands on.
pub(super) struct Waiting<R> {
    /// `None` only within [`Waiting::go_on`].
    coroutine: Option<Coroutine<Option<Answer>, Request, Option<R>>>,
    way_out: Arc<AtomicPtr<()>>,
}

/// What work that left its stack waits for.
pub(super) enum Request {
    /// A decision of the owner.
    Decision(Question),
    /// Whether a signature is good. It is computed by the owner's code, which may do on the thread's own
    /// stack what it likes, even leave that stack for a while.
    Check(Box<Signed>),
    /// The result of something that the application does, likewise on the thread's own stack.
    Job(Job),
}

/// How a piece of work came to a halt.
pub(super) enum Pause<R> {
    /// It waits for the answer to this.
    Asked(Request, Waiting<R>),
    /// It is done.
    Done(R),
    /// It will not be.
    Broken(Broken),
}

/// Why work has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// It panicked; the panic was caught.
    Panicked,
    /// There is no memory for a stack, or the process may have no more mappings.
    NoStack,
}

// SAFETY: the closure that becomes the coroutine is `Send`, and so is everything that lives on the
// stack while it is suspended; see the audit above.
unsafe impl<R: Send> Send for Waiting<R> {}

// SAFETY: a shared reference gives access to nothing; every method needs an exclusive one.
unsafe impl<R: Send> Sync for Waiting<R> {}

thread_local! {
    /// The `Yielder` of the stack this thread is on, or null.
    static WAY_OUT: Cell<*mut ()> = const { Cell::new(ptr::null_mut()) };
}

/// Runs `work` on a stack of its own until it asks for the first time or ends.
pub(super) fn run<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Pause<R> {
    let Some(stack) = idle_stack() else {
        return Pause::Broken(Broken::NoStack);
    };
    let way_out = Arc::new(AtomicPtr::new(ptr::null_mut()));
    let shared = Arc::clone(&way_out);
    let body = move |yielder: &Yielder<Option<Answer>, Request>, _: Option<Answer>| {
        let yielder = ptr::from_ref(yielder).cast_mut().cast::<()>();
        shared.store(yielder, Ordering::Relaxed);
        enter(yielder);
        catch_unwind(AssertUnwindSafe(work)).ok()
    };
    Waiting {
        coroutine: Some(Coroutine::with_stack(stack, body)),
        way_out,
    }
    .go_on(None)
}

/// Runs `work` on a stack of its own from beginning to end, as the caller's may be a small one; there it
/// cannot ask.
pub(super) fn aside<R>(work: impl FnOnce() -> R) -> Result<R, Broken> {
    let mut stack = idle_stack().ok_or(Broken::NoStack)?;
    let outer = current();
    enter(ptr::null_mut());
    let result = on_stack(&mut stack, || catch_unwind(AssertUnwindSafe(work)).ok());
    enter(outer);
    give_back(stack);
    result.ok_or(Broken::Panicked)
}

/// Whether this is a place to [`ask`].
pub(super) fn can_ask() -> bool {
    !current().is_null()
}

/// Asks from within [`run`]; `None` elsewhere.
pub(super) fn ask(request: Request) -> Option<Answer> {
    let way_out = current().cast::<Yielder<Option<Answer>, Request>>();
    if way_out.is_null() {
        return None;
    }
    // SAFETY: the variable is not null, so this thread is on the stack of the coroutine whose yielder
    // it points to (`enter`, `Waiting::go_on`). That yielder lives as long as the coroutine's body,
    // whose frame is below this one.
    let yielder = unsafe { &*way_out };
    yielder.suspend(request)
}

impl<R: Send + 'static> Waiting<R> {
    /// Goes on with the answer.
    pub(super) fn answer(self, answer: Answer) -> Pause<R> {
        self.go_on(Some(answer))
    }

    fn go_on(mut self, answer: Option<Answer>) -> Pause<R> {
        let Some(mut coroutine) = self.coroutine.take() else {
            return Pause::Broken(Broken::Panicked);
        };
        let outer = current();
        enter(self.way_out.load(Ordering::Relaxed));
        let result = coroutine.resume(answer);
        enter(outer);
        match result {
            CoroutineResult::Yield(request) => {
                self.coroutine = Some(coroutine);
                Pause::Asked(request, self)
            }
            CoroutineResult::Return(result) => {
                give_back(coroutine.into_stack());
                result.map_or(Pause::Broken(Broken::Panicked), Pause::Done)
            }
        }
    }
}

/// Unwinds the stack and keeps it.
impl<R> Drop for Waiting<R> {
    fn drop(&mut self) {
        if let Some(mut coroutine) = self.coroutine.take() {
            // What is dropped here must not find a way out, not even that of another stack.
            let outer = current();
            enter(ptr::null_mut());
            coroutine.force_unwind();
            enter(outer);
            give_back(coroutine.into_stack());
        }
    }
}

#[inline(never)]
fn current() -> *mut () {
    WAY_OUT.get()
}

#[inline(never)]
fn enter(way_out: *mut ()) {
    WAY_OUT.set(way_out);
}

/// An idle stack; its contents are those of an earlier handshake, below what a new one writes.
struct Idle(DefaultStack);

// SAFETY: an idle stack is an exclusively owned mapping of memory that no thread runs on.
unsafe impl Send for Idle {}

static IDLE: Mutex<Vec<Idle>> = Mutex::new(Vec::new());

fn idle_stack() -> Option<DefaultStack> {
    let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    match idle {
        Some(Idle(stack)) => Some(stack),
        None => {
            let stack = DefaultStack::new(STACK_SIZE).ok()?;
            #[cfg(test)]
            measure::paint(&stack);
            Some(stack)
        }
    }
}

fn give_back(stack: DefaultStack) {
    #[cfg(test)]
    measure::note(&stack);
    let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if idle.len() < IDLE_STACKS {
        idle.push(Idle(stack));
    }
}

/// How much of the stacks is used: fresh ones are painted, and looked at when they come back.
#[cfg(test)]
pub(super) mod measure {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use corosensei::stack::{DefaultStack, Stack};

    use super::STACK_SIZE;

    const PAINT: u8 = 0xa5;

    /// Bytes that the deepest work so far needed.
    pub(in super::super) static DEEPEST: AtomicUsize = AtomicUsize::new(0);

    pub(super) fn paint(stack: &DefaultStack) {
        let lowest = (stack.base().get() - STACK_SIZE) as *mut u8;
        // SAFETY: the stack is fresh, so that nothing lives on it; `STACK_SIZE` bytes below its base
        // are mapped and writable.
        unsafe { lowest.write_bytes(PAINT, STACK_SIZE) };
    }

    pub(super) fn note(stack: &DefaultStack) {
        let lowest = (stack.base().get() - STACK_SIZE) as *const u8;
        // SAFETY: as above; every byte was painted, and nothing runs on the stack.
        let bytes = unsafe { core::slice::from_raw_parts(lowest, STACK_SIZE) };
        let untouched = bytes.iter().take_while(|&&byte| byte == PAINT).count();
        DEEPEST.fetch_max(STACK_SIZE - untouched, Ordering::Relaxed);
    }
}
