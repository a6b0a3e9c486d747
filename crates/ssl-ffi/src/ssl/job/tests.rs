//! Jobs where we do better than OpenSSL: two calls at once, connections that go away.
//!
//! Connections here are over a BIO that pauses. What OpenSSL does too is held by `tests/c/modes/async.c`.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ffi::{c_char, c_int, c_long};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use openssl_sys as ffi;
use ssl_record::Side;

use super::wake::{Waker, wake};
use super::*;
use crate::crypto::Bio;
use crate::crypto::testing::{self, Kind as KeyKind};
use crate::ctx::Ctx;
use crate::method;
use crate::settings::callbacks::Arg;
use crate::settings::install;
use crate::ssl::error::Verdict;

unsafe extern "C" {
    fn ASYNC_init_thread(most: usize, first: usize) -> c_int;
    fn ASYNC_pause_job() -> c_int;
}

type Pipe = Rc<RefCell<VecDeque<u8>>>;

/// What a BIO of these tests is made of: how often it pauses next, what it reads from and writes to.
struct Line {
    pauses: Rc<Cell<u32>>,
    from: Pipe,
    to: Pipe,
}

impl Line {
    fn pause(&self) {
        while self.pauses.get() > 0 {
            self.pauses.set(self.pauses.get() - 1);
            // SAFETY: nothing is borrowed.
            unsafe { ASYNC_pause_job() };
        }
    }
}

unsafe fn line<'a>(bio: *mut ffi::BIO) -> &'a Line {
    // SAFETY: set by `End::new`, live as long as the BIO.
    unsafe { &*ffi::BIO_get_data(bio).cast::<Line>() }
}

unsafe extern "C" fn write(bio: *mut ffi::BIO, from: *const c_char, length: c_int) -> c_int {
    // SAFETY: libcrypto's promise.
    let (line, bytes) = unsafe { (line(bio), bytes(from.cast(), length.try_into().unwrap())) };
    line.pause();
    line.to.borrow_mut().extend(bytes);
    length
}

unsafe extern "C" fn read(bio: *mut ffi::BIO, to: *mut c_char, length: c_int) -> c_int {
    // SAFETY: libcrypto's promise.
    let (line, to) = unsafe { (line(bio), bytes_mut(to.cast(), length.try_into().unwrap())) };
    line.pause();
    // SAFETY: the BIO is live.
    unsafe { ffi::BIO_clear_flags(bio, ffi::BIO_FLAGS_RWS | ffi::BIO_FLAGS_SHOULD_RETRY) };
    let mut from = line.from.borrow_mut();
    let count = from.len().min(to.len());
    to.iter_mut()
        .zip(from.drain(..count))
        .for_each(|(to, byte)| *to = byte);
    if count == 0 {
        // SAFETY: the BIO is live.
        unsafe { ffi::BIO_set_flags(bio, ffi::BIO_FLAGS_READ | ffi::BIO_FLAGS_SHOULD_RETRY) };
        return -1;
    }
    count.try_into().unwrap()
}

unsafe extern "C" fn control(
    _: *mut ffi::BIO,
    command: c_int,
    _: c_long,
    _: *mut c_void,
) -> c_long {
    c_long::from(command == ffi::BIO_CTRL_FLUSH)
}

unsafe extern "C" fn end(bio: *mut ffi::BIO) -> c_int {
    // SAFETY: as for `line`; this is its end.
    drop(unsafe { Box::from_raw(ffi::BIO_get_data(bio).cast::<Line>()) });
    1
}

/// One side.
struct End {
    ssl: Arc<Ssl>,
    pauses: Rc<Cell<u32>>,
}

impl End {
    fn new(ctx: &Arc<Ctx>, side: Side, from: &Pipe, to: &Pipe) -> Self {
        let ssl = Ssl::new(ctx).unwrap();
        ssl.begin_as(side);
        let pauses = Rc::new(Cell::new(0));
        let line = Line {
            pauses: Rc::clone(&pauses),
            from: Rc::clone(from),
            to: Rc::clone(to),
        };
        // SAFETY: the functions are those of the type; the method is leaked, the data is the BIO's.
        let bio = unsafe {
            let method = ffi::BIO_meth_new(ffi::BIO_TYPE_NONE, c"line".as_ptr());
            ffi::BIO_meth_set_write__fixed_rust(method, Some(write));
            ffi::BIO_meth_set_read__fixed_rust(method, Some(read));
            ffi::BIO_meth_set_ctrl__fixed_rust(method, Some(control));
            ffi::BIO_meth_set_destroy__fixed_rust(method, Some(end));
            let bio = ffi::BIO_new(method);
            ffi::BIO_set_data(bio, Box::into_raw(Box::new(line)).cast());
            ffi::BIO_set_init(bio, 1);
            Bio::from_owned(bio).unwrap()
        };
        ssl.bios.set_read(Some(bio.clone()));
        ssl.bios.set_write(Some(bio));
        Self { ssl, pauses }
    }

    fn read(&self, room: usize) -> Result<Vec<u8>, Stop> {
        let mut out = vec![0; room];
        let count = self.ssl.read(&mut out, Reading::Consume)?;
        out.truncate(count);
        Ok(out)
    }

    fn is_paused(&self) -> bool {
        assert!(queue::is_empty());
        self.ssl.is_waiting_for_job() && self.ssl.verdict(-1) == Verdict::WantAsync
    }
}

/// Contexts of both sides. The client's connections run in jobs.
fn contexts() -> (Arc<Ctx>, Arc<Ctx>) {
    let (client, server) = (
        Ctx::new(&method::TLS_CLIENT).unwrap(),
        Ctx::new(&method::TLS_SERVER).unwrap(),
    );
    client.change(|to| to.modes |= SslMode::ASYNC);
    let identity = testing::self_signed(KeyKind::P256, "leaf");
    install::certificate(&*server, identity.certificate).unwrap();
    install::key(&*server, identity.key).unwrap();
    server.change(|to| to.tickets = 0);
    (client, server)
}

fn pair() -> (End, End) {
    let (client, server) = contexts();
    let (up, down) = (Pipe::default(), Pipe::default());
    let pair = (
        End::new(&client, Side::Client, &down, &up),
        End::new(&server, Side::Server, &up, &down),
    );
    queue::clear();
    pair
}

fn handshake(one: &End, other: &End) {
    let both = || (one.ssl.do_handshake(), other.ssl.do_handshake());
    assert!(
        (0..10).any(|_| both() == (1, 1)),
        "{:?}",
        queue::peek_first()
    );
}

fn established() -> (End, End) {
    let (client, server) = pair();
    handshake(&client, &server);
    (client, server)
}

#[test]
fn a_read_that_ends_a_write_does_not_claim_its_bytes() {
    let (client, server) = established();
    client.pauses.set(1);
    assert_eq!(client.ssl.write(b"once"), Err(Stop(-1)));
    assert!(client.is_paused());
    // OpenSSL returns 4 here, and sends the data again when the write is repeated.
    assert_eq!(client.read(10), Err(Stop(-1)));
    assert_eq!(client.ssl.verdict(-1), Verdict::WantRead);
    assert_eq!(client.ssl.write(b"once"), Ok(4));
    assert_eq!(server.read(10).unwrap(), b"once");
    assert_eq!(server.read(10), Err(Stop(-1)));
    assert_eq!(client.ssl.write(b"next"), Ok(4));
    assert_eq!(server.read(10).unwrap(), b"next");
}

#[test]
fn a_write_that_ends_a_read_sends_its_own_data() {
    let (client, server) = established();
    assert_eq!(server.ssl.write(b"down"), Ok(4));
    client.pauses.set(1);
    let mut out = [0; 10];
    assert_eq!(client.ssl.read(&mut out, Reading::Consume), Err(Stop(-1)));
    assert_eq!(client.ssl.write(b"upwards"), Ok(7));
    assert_eq!(server.read(10).unwrap(), b"upwards");
    assert_eq!(client.ssl.read(&mut out, Reading::Consume), Ok(4));
    assert_eq!(&out[..4], b"down");
    assert_eq!(client.read(10), Err(Stop(-1)));
}

#[test]
fn a_call_that_finds_another_still_paused_waits_with_it() {
    let (client, server) = established();
    client.pauses.set(2);
    assert_eq!(client.ssl.write(b"once"), Err(Stop(-1)));
    assert_eq!(client.read(10), Err(Stop(-1)));
    assert!(client.is_paused());
    assert_eq!(client.ssl.write(b"once"), Ok(4));
    assert_eq!(server.read(10).unwrap(), b"once");
}

#[test]
fn what_stopped_a_resumed_call_is_told() {
    let (client, _server) = established();
    client.pauses.set(1);
    assert_eq!(client.read(10), Err(Stop(-1)));
    assert!(client.is_paused());
    assert_eq!(client.read(10), Err(Stop(-1)));
    // OpenSSL forgets that it was reading.
    assert_eq!(client.ssl.verdict(-1), Verdict::WantRead);
}

#[test]
fn a52_a_paused_job_goes_on_without_the_mode() {
    let (client, server) = established();
    client.pauses.set(1);
    assert_eq!(client.ssl.write(b"once"), Err(Stop(-1)));
    client
        .ssl
        .change(|to| to.modes = to.modes.difference(SslMode::ASYNC));
    assert_eq!(client.ssl.write(b"once"), Ok(4));
    assert_eq!(server.read(10).unwrap(), b"once");
    client.pauses.set(1);
    assert_eq!(client.ssl.write(b"more"), Ok(4));
    assert_eq!(client.pauses.get(), 0);
}

#[test]
fn a_cleared_connection_begins_anew() {
    let (client, server) = established();
    client.pauses.set(1);
    assert_eq!(client.read(10), Err(Stop(-1)));
    assert!(client.ssl.clear() && client.ssl.is_waiting_for_job());
    server.ssl.clear();
    handshake(&client, &server);
    assert!(!client.ssl.is_waiting_for_job());
    assert_eq!(client.ssl.write(b"anew"), Ok(4));
    assert_eq!(server.read(10).unwrap(), b"anew");
}

#[test]
fn a_freed_connection_gives_its_job_back() {
    // SAFETY: no preconditions.
    assert_eq!(unsafe { ASYNC_init_thread(1, 0) }, 1);
    for pauses in [1, 3] {
        let (client, _server) = established();
        client.pauses.set(pauses);
        assert_eq!(client.read(10), Err(Stop(-1)));
        let (other, _) = established_without_jobs();
        assert_eq!(other.read(10), Err(Stop(-1)));
        assert_eq!(other.ssl.verdict(-1), Verdict::WantAsyncJob);
        let (line, freed) = (Rc::clone(&client.pauses), Arc::downgrade(&client.ssl));
        queue::raise(reason::BAD_LENGTH);
        let before = queue::peek_last();
        Ssl::release(client.ssl);
        assert_eq!((queue::peek_first(), queue::peek_last()), (before, before));
        queue::clear();
        assert_eq!((line.get(), freed.strong_count()), (0, 0));
        assert_eq!(Rc::strong_count(&line), 2, "the BIO is gone");
        assert_eq!(other.read(10), Err(Stop(-1)));
        assert_eq!(other.ssl.verdict(-1), Verdict::WantRead);
    }
}

/// A pair whose client asks for jobs from now on.
fn established_without_jobs() -> (End, End) {
    let (client, server) = pair();
    client
        .ssl
        .change(|to| to.modes = to.modes.difference(SslMode::ASYNC));
    handshake(&client, &server);
    client.ssl.change(|to| to.modes |= SslMode::ASYNC);
    (client, server)
}

thread_local! {
    static CALLS: Cell<u32> = const { Cell::new(0) };
    static RETURNS: Cell<u32> = const { Cell::new(0) };
}

unsafe extern "C" fn pausing_info(_: *const Ssl, _: c_int, _: c_int) {
    CALLS.set(CALLS.get() + 1);
    // SAFETY: nothing is borrowed.
    unsafe { ASYNC_pause_job() };
    RETURNS.set(RETURNS.get() + 1);
}

#[test]
fn a_paused_callback_of_a_freed_connection_is_left_alone() {
    let (client, _server) = pair();
    client.ssl.info.set(Some(pausing_info));
    assert_eq!(client.ssl.do_handshake(), -1);
    assert!(client.is_paused());
    Ssl::release(client.ssl);
    assert_eq!((CALLS.get(), RETURNS.get()), (1, 0));
}

#[test]
fn callbacks_of_a_freed_connection_are_not_called() {
    let (client, _server) = pair();
    client.pauses.set(1);
    assert_eq!(client.ssl.do_handshake(), -1);
    assert!(client.is_paused());
    client.ssl.info.set(Some(pausing_info));
    Ssl::release(client.ssl);
    assert_eq!((client.pauses.get(), CALLS.get()), (0, 0));
}

#[test]
fn a53_another_thread_can_neither_go_on_nor_end_the_job() {
    struct Sent(*const Ssl);
    // SAFETY: one thread at a time uses the connection.
    unsafe impl Send for Sent {}
    let (client, _server) = established();
    client.pauses.set(1);
    assert_eq!(client.read(10), Err(Stop(-1)));
    let sent = Sent(Arc::into_raw(client.ssl));
    std::thread::spawn(move || {
        let sent = sent;
        // SAFETY: the count was sent along.
        let ssl = unsafe { Arc::from_raw(sent.0) };
        assert_eq!(ssl.read(&mut [0; 10], Reading::Consume), Err(Stop(-1)));
        assert_eq!(
            queue::reason_of(queue::take_first()),
            reason::FAILED_TO_INIT_ASYNC
        );
        assert!(ssl.is_waiting_for_job());
        Ssl::release(ssl);
    })
    .join()
    .unwrap();
    // The job is lost, and what is on its stack.
    assert!(Rc::strong_count(&client.pauses) >= 2);
}

static WOKEN: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" fn woken(ssl: *mut Ssl, arg: *mut c_void) -> c_int {
    WOKEN.store(ssl as usize, Ordering::Relaxed);
    arg as c_int
}

#[test]
fn the_application_is_woken_from_any_thread() {
    let (client, _server) = pair();
    client.ssl.set_async_callback(Some(woken));
    client.ssl.set_async_callback_arg(Arg(3 as *mut c_void));
    assert_eq!(client.ssl.do_handshake(), -1);
    let waker = std::ptr::from_ref::<Waker>(client.ssl.jobs.waker.get().unwrap()) as usize;
    // SAFETY: the waker lives as long as the connection.
    let wake = move || std::thread::spawn(move || unsafe { wake(waker as *mut c_void) });
    assert_eq!(wake().join().unwrap(), 3);
    assert_eq!(
        WOKEN.load(Ordering::Relaxed),
        Arc::as_ptr(&client.ssl) as usize
    );
    // OpenSSL calls NULL.
    client.ssl.set_async_callback(None);
    assert_eq!(wake().join().unwrap(), 0);
}
