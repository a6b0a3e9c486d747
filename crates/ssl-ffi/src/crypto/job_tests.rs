//! Jobs that pause: by themselves, and inside of a signature.
//!
//! Knows nothing of connections.

use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};

use super::*;
use crate::crypto::testing;
use crate::crypto::{EvpPkey, queue, sign};

unsafe extern "C" {
    fn ASYNC_init_thread(most: usize, first: usize) -> c_int;
    fn ASYNC_pause_job() -> c_int;
    fn ASYNC_get_wait_ctx(job: *mut sys::AsyncJob) -> *mut sys::AsyncWaitCtx;
    fn ASYNC_WAIT_CTX_set_wait_fd(
        wait: *mut sys::AsyncWaitCtx,
        key: *const c_void,
        fd: c_int,
        data: *mut c_void,
        cleanup: Option<
            unsafe extern "C" fn(*mut sys::AsyncWaitCtx, *const c_void, c_int, *mut c_void),
        >,
    ) -> c_int;
    fn ASYNC_WAIT_CTX_get_callback(
        wait: *mut sys::AsyncWaitCtx,
        wake: *mut Option<sys::AsyncWake>,
        arg: *mut *mut c_void,
    ) -> c_int;
}

type Steps<'a> = RefCell<Vec<&'a str>>;

unsafe extern "C" fn pausing_twice(args: *mut c_void) -> c_int {
    // SAFETY: the tests pass a place of live steps.
    let steps = unsafe { &**args.cast::<*const Steps<'_>>() };
    for step in ["first", "second"] {
        steps.borrow_mut().push(step);
        assert!(is_inside_job());
        // SAFETY: nothing is borrowed.
        unsafe { ASYNC_pause_job() };
    }
    steps.borrow_mut().push("third");
    7
}

#[test]
fn a_job_goes_on_where_it_paused() {
    let (job, wait) = (Job::none(), WaitContext::new().unwrap());
    let (steps, others) = (Steps::default(), Steps::default());
    // SAFETY: the function takes these arguments, which live.
    let run =
        |steps: &Steps<'_>| unsafe { job.run(&wait, pausing_twice, std::ptr::from_ref(steps)) };
    assert!(!job.is_paused() && !is_inside_job());
    assert_eq!(run(&steps), Outcome::Paused);
    assert!(job.is_paused() && job.can_resume() && !is_inside_job());
    assert_eq!(run(&others), Outcome::Paused);
    assert_eq!(run(&others), Outcome::Finished(7));
    assert!(!job.is_paused());
    assert_eq!(*steps.borrow(), ["first", "second", "third"]);
    assert!(others.borrow().is_empty());
}

#[test]
fn another_thread_cannot_resume_and_the_own_one_can() {
    struct Shared(Job, WaitContext);
    // SAFETY: one thread at a time has it.
    unsafe impl Send for Shared {}
    let steps = Steps::default();
    let args = std::ptr::from_ref(&steps);
    let shared = Shared(Job::none(), WaitContext::new().unwrap());
    // SAFETY: the function takes these arguments, which live.
    unsafe { shared.0.run(&shared.1, pausing_twice, args) };
    let (shared, outcome) = std::thread::spawn(move || {
        let shared = shared;
        assert!(shared.0.is_paused() && !shared.0.can_resume());
        // SAFETY: nothing is started, as a job is paused.
        let outcome = unsafe { shared.0.run(&shared.1, pausing_twice, 0_usize) };
        (shared, outcome)
    })
    .join()
    .unwrap();
    assert_eq!(outcome, Outcome::Failed);
    // SAFETY: as above.
    unsafe {
        shared.0.run(&shared.1, pausing_twice, args);
        assert_eq!(
            shared.0.run(&shared.1, pausing_twice, args),
            Outcome::Finished(7)
        );
    }
    assert_eq!(steps.borrow().len(), 3);
}

#[test]
fn a_thread_has_no_more_jobs_than_it_allows() {
    let steps = Steps::default();
    let args = std::ptr::from_ref(&steps);
    let wait = WaitContext::new().unwrap();
    let (one, other) = (Job::none(), Job::none());
    // SAFETY: the function takes these arguments, which live.
    unsafe {
        assert_eq!(ASYNC_init_thread(1, 0), 1);
        assert_eq!(one.run(&wait, pausing_twice, args), Outcome::Paused);
        assert_eq!(other.run(&wait, pausing_twice, args), Outcome::NoJobs);
        assert!(!other.is_paused());
        one.run(&wait, pausing_twice, args);
        one.run(&wait, pausing_twice, args);
        assert_eq!(other.run(&wait, pausing_twice, args), Outcome::Paused);
        other.run(&wait, pausing_twice, args);
        assert_eq!(other.run(&wait, pausing_twice, args), Outcome::Finished(7));
    }
}

unsafe extern "C" fn waiting_for_a_descriptor(_: *mut c_void) -> c_int {
    // SAFETY: a job is running, so both exist; the key is any address.
    unsafe {
        let wait = ASYNC_get_wait_ctx(sys::ASYNC_get_current_job());
        let key = (&raw const WOKEN).cast();
        ASYNC_WAIT_CTX_set_wait_fd(
            wait,
            key,
            1234,
            (&raw const CLEANED).cast_mut().cast(),
            Some(clean),
        );
        let (mut wake, mut arg) = (None, null_mut());
        ASYNC_WAIT_CTX_get_callback(wait, &raw mut wake, &raw mut arg);
        ASYNC_pause_job();
        wake.unwrap()(arg)
    }
}

static WOKEN: AtomicU64 = AtomicU64::new(0);
static CLEANED: AtomicU64 = AtomicU64::new(0);

unsafe extern "C" fn wake(arg: *mut c_void) -> c_int {
    WOKEN.store(arg as u64, Ordering::Relaxed);
    9
}

unsafe extern "C" fn clean(_: *mut sys::AsyncWaitCtx, _: *const c_void, fd: c_int, _: *mut c_void) {
    CLEANED.store(fd.try_into().unwrap(), Ordering::Relaxed);
}

#[test]
fn descriptors_are_listed_until_the_context_ends() {
    let (job, wait) = (Job::none(), WaitContext::new().unwrap());
    let (mut all, mut added, mut deleted) = (0, 0, 0);
    // SAFETY: the function takes no arguments; every place is live and big enough.
    unsafe {
        assert!(wait.set_callback(wake, 5 as *mut c_void));
        assert_eq!(
            job.run(&wait, waiting_for_a_descriptor, ()),
            Outcome::Paused
        );
        assert!(wait.all(null_mut(), &raw mut all));
        assert_eq!(all, 1);
        let mut fd = 0;
        assert!(wait.all(&raw mut fd, &raw mut all));
        assert_eq!(fd, 1234);
        assert!(wait.changed(null_mut(), &raw mut added, null_mut(), &raw mut deleted));
        assert_eq!((added, deleted), (1, 0));
        assert_eq!(
            job.run(&wait, waiting_for_a_descriptor, ()),
            Outcome::Finished(9)
        );
        assert!(wait.changed(null_mut(), &raw mut added, null_mut(), &raw mut deleted));
        assert_eq!((added, deleted), (0, 0));
    }
    assert_eq!((wait.status(), WOKEN.load(Ordering::Relaxed)), (0, 5));
    assert_eq!(CLEANED.load(Ordering::Relaxed), 0);
    drop(wait);
    assert_eq!(CLEANED.load(Ordering::Relaxed), 1234);
}

thread_local! {
    static PAUSES: Cell<u32> = const { Cell::new(0) };
}

fn pause_while_asked() {
    while PAUSES.get() > 0 {
        PAUSES.set(PAUSES.get() - 1);
        // SAFETY: nothing is borrowed.
        unsafe { ASYNC_pause_job() };
    }
}

struct Signing {
    key: EvpPkey,
    signature: RefCell<Option<Vec<u8>>>,
}

unsafe extern "C" fn signing(args: *mut c_void) -> c_int {
    // SAFETY: the tests pass a place of what is live.
    let signing = unsafe { &**args.cast::<*const Signing>() };
    let signature = sign::sign(&signing.key, 0x0804, b"message");
    signing.signature.replace(signature);
    1
}

#[test]
fn a_foreign_method_signs() {
    let key = testing::foreign_rsa(pause_while_asked);
    assert!(sign::schemes_of(&key).contains(&0x0804));
    queue::clear();
    for scheme in [0x0804, 0x0806, 0x0401] {
        let before = testing::foreign_calls();
        let signature = sign::sign(&key, scheme, b"message").unwrap();
        assert_eq!(testing::foreign_calls(), before + 1);
        assert!(sign::verify_with(&key, scheme, b"message", &signature));
    }
    assert!(queue::is_empty());
}

#[test]
fn a56_a_signature_pauses_inside_a_job() {
    let (job, wait) = (Job::none(), WaitContext::new().unwrap());
    let state = Signing {
        key: testing::foreign_rsa(pause_while_asked),
        signature: RefCell::new(None),
    };
    queue::clear();
    PAUSES.set(2);
    // SAFETY: the function takes these arguments, which live.
    let run = || unsafe { job.run(&wait, signing, &raw const state) };
    assert_eq!((run(), run()), (Outcome::Paused, Outcome::Paused));
    assert!(state.signature.borrow().is_none() && queue::is_empty());
    assert_eq!(run(), Outcome::Finished(1));
    let signature = state.signature.take().unwrap();
    assert!(sign::verify_with(
        &state.key, 0x0804, b"message", &signature
    ));
}

#[test]
fn outside_of_a_job_nothing_pauses() {
    PAUSES.set(1);
    let key = testing::foreign_rsa(pause_while_asked);
    assert!(sign::sign(&key, 0x0804, b"message").is_some());
    assert_eq!(PAUSES.get(), 0);
}
