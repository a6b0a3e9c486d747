//! The scene of `ASYNC`: a key that takes its time.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use ssl_record::config::{AsyncSigner, Operation, SigningFailed};
use ssl_record::io::Signal;
use ssl_record::{LocalKey, Outcome, SslMode};

use super::pair::{Contexts, Pair};
use crate::failure::Failure;

/// A server's handshake with a key elsewhere, with the bit and without.
pub(super) fn late_signature(contexts: &Contexts, out: &mut dyn Write) -> Result<(), Failure> {
    with_the_bit(contexts, out)?;
    without_the_bit(contexts, out)
}

fn with_the_bit(contexts: &Contexts, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(
        out,
        "  mode {}: the key is elsewhere, its signature comes later",
        SslMode::ASYNC
    )?;
    let (mut pair, device) = pair(contexts, SslMode::ASYNC)?;
    let signal = Signal::new();
    pair.server.connection.set_waker(&signal.waker());
    let _ = pair.client.handshake()?;
    for _ in 0..2 {
        tell(out, &pair.server.handshake()?)?;
    }
    woken(out, &signal)?;
    writeln!(out, "    (the signature arrives)")?;
    device.deliver();
    woken(out, &signal)?;
    tell(out, &pair.server.handshake()?)?;
    let _ = pair.client.handshake()?;
    tell(out, &pair.server.handshake()?)
}

fn without_the_bit(contexts: &Contexts, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(
        out,
        "  mode {}: the same key; another thread lets the signature arrive",
        SslMode::empty()
    )?;
    let (mut pair, device) = pair(contexts, SslMode::empty())?;
    let _ = pair.client.handshake()?;
    let ready = Arc::clone(&device.ready);
    let delivering = thread::spawn(move || device.deliver());
    tell(out, &pair.server.handshake()?)?;
    let arrived = ready.load(Ordering::Acquire);
    writeln!(
        out,
        "      had the signature arrived when that returned? {}",
        if arrived { "yes" } else { "NO" }
    )?;
    delivering
        .join()
        .map_err(|_| Failure::line("the thread with the key is gone"))?;
    let _ = pair.client.handshake()?;
    tell(out, &pair.server.handshake()?)
}

/// Whether the application was told that the call is worth repeating.
fn woken(out: &mut dyn Write, signal: &Signal) -> Result<(), Failure> {
    let woken = signal.wait_timeout(Duration::ZERO);
    writeln!(
        out,
        "    {:<44} -> {woken}",
        "woken by the connection's waker"
    )?;
    Ok(())
}

fn pair(contexts: &Contexts, modes: SslMode) -> Result<(Pair, Device), Failure> {
    let (asked, asks) = mpsc::channel();
    let ready = Arc::new(AtomicBool::new(false));
    let signer = |key| {
        let ready = Arc::clone(&ready);
        Arc::new(LateKey {
            key,
            ready,
            asked: Mutex::new(asked),
        }) as _
    };
    let server = contexts.server_with_signer(modes, signer)?;
    let pair = Pair::fresh(&contexts.client(SslMode::default())?, &server)?;
    Ok((pair, Device { ready, asks }))
}

fn tell(out: &mut dyn Write, outcome: &Outcome<()>) -> Result<(), Failure> {
    writeln!(out, "    {:<44} -> {outcome:?}", "handshake()")?;
    Ok(())
}

/// Where signatures are made.
struct Device {
    ready: Arc<AtomicBool>,
    asks: mpsc::Receiver<Waker>,
}

impl Device {
    /// Makes the signature that is asked for, or will be, and says so.
    fn deliver(&self) {
        let first = self.asks.recv();
        self.ready.store(true, Ordering::Release);
        first
            .into_iter()
            .chain(self.asks.try_iter())
            .for_each(Waker::wake);
    }
}

/// The key as the server sees it.
struct LateKey {
    key: LocalKey,
    ready: Arc<AtomicBool>,
    asked: Mutex<mpsc::Sender<Waker>>,
}

impl AsyncSigner for LateKey {
    fn schemes(&self) -> Vec<u16> {
        self.key.schemes()
    }

    fn sign(&self, scheme: u16, message: Vec<u8>) -> Operation<Result<Vec<u8>, SigningFailed>> {
        let (key, ready) = (self.key.clone(), Arc::clone(&self.ready));
        let asked = self
            .asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Box::pin(std::future::poll_fn(move |context| {
            // Asked first and looked at then, so that no delivery is missed.
            let sent = asked.send(context.waker().clone());
            match (ready.load(Ordering::Acquire), sent) {
                (true, _) => Poll::Ready(key.sign(scheme, &message)),
                (false, Ok(())) => Poll::Pending,
                (false, Err(_)) => Poll::Ready(Err(SigningFailed)),
            }
        }))
    }
}
