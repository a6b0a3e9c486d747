//! Handshakes whose key takes its time, with ASYNC and without; and what ASYNC costs where it does not.
//! Prints tables; asserts nothing.
//!
//! `cargo bench -p ssl-bench --bench async_handshakes -- [--quick]`. The delay stands for a device or a network: a pool
//! of threads sleeps before it signs. Client and server run over memory; where the device is slow the server has a thread
//! to itself, and the clients another.

use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use ssl_record::config::{
    AsyncSigner, ClientConfig, Identity, Operation, Roots, ServerConfig, SigningFailed,
};
use ssl_record::io::drive;
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{Connection, Context, LocalKey, Outcome, SslMode, Want};
use ssl_testkit::certs::{CertificateAuthority, KeyKind, Leaf};
use ssl_testkit::pipe::{End, pipe};
use tokio::sync::oneshot;

/// How long the device takes for a signature.
const DELAY: Duration = Duration::from_millis(5);
/// Handshakes in progress at once, and signatures that the device makes at once.
const AT_ONCE: usize = 64;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    if has("--list") {
        return Ok(());
    }
    // `cargo test` runs this too, without `--bench`: only to see that it works.
    let (rounds, handshakes) = match (has("--bench"), has("--quick")) {
        (false, _) => (1, 8),
        (true, true) => (5, 60),
        (true, false) => (9, 400),
    };
    let keys = Keys::new()?;
    for version in [Tls12, Tls13] {
        late(&keys, version, rounds, handshakes)?;
        immediate(&keys, version, rounds, handshakes)?;
    }
    Ok(())
}

/// A signer with a delay: all at once on one thread, and one after the other.
fn late(keys: &Keys, version: ProtocolVersion, rounds: usize, handshakes: usize) -> Result<()> {
    let device = Arc::new(Device::new(&keys.key));
    let identity = Identity::with_signer(keys.chain.as_bytes(), device)?;
    let (client, server) = keys.contexts(&identity, version)?;
    let mut ratios = Vec::new();
    let (mut with, mut without) = (Vec::new(), Vec::new());
    let mut computed = Vec::new();
    for _ in 0..rounds {
        server.set_mode(SslMode::ASYNC);
        let before = time_on_processor()?;
        let count = handshakes * 10;
        with.push(rate(count, || serve(&client, &server, AT_ONCE, count))?);
        let spent = time_on_processor()? - before;
        computed.push(count as f64 / spent.as_secs_f64());
        server.clear_mode(SslMode::ASYNC);
        let few = (handshakes / 10).max(2);
        // While one's signature is made, the other can say hello.
        without.push(rate(few, || serve(&client, &server, 2, few))?);
        ratios.push(with[with.len() - 1] / without[without.len() - 1]);
    }
    println!("{version}, a signature takes {DELAY:?}, {AT_ONCE} at once");
    tell("  with ASYNC, handshakes per second", with);
    tell(
        "    per second that the serving thread had a processor",
        computed,
    );
    tell("  without it", without);
    tell("  ratio", ratios);
    Ok(())
}

/// A signer that is ready at once, with ASYNC and without, and the key itself.
fn immediate(
    keys: &Keys,
    version: ProtocolVersion,
    rounds: usize,
    handshakes: usize,
) -> Result<()> {
    let signer = Identity::with_signer(keys.chain.as_bytes(), Arc::new(keys.key.clone()))?;
    let ways = [
        ("ASYNC, AsyncSigner", &signer, SslMode::ASYNC),
        ("AsyncSigner", &signer, SslMode::empty()),
        ("key in the configuration", &keys.plain, SslMode::empty()),
    ];
    let mut contexts = Vec::new();
    for (_, identity, modes) in ways {
        let (client, server) = keys.contexts(identity, version)?;
        server.set_mode(modes);
        contexts.push((client, server));
    }
    let mut rates = vec![Vec::new(); ways.len()];
    for _ in 0..rounds {
        for ((client, server), rates) in contexts.iter().zip(&mut rates) {
            let one = || (0..handshakes).try_for_each(|_| alone(client, server));
            rates.push(rate(handshakes, one)?);
        }
    }
    println!("{version}, a signature is ready at once");
    let own = rates[ways.len() - 1].clone();
    for ((name, ..), rates) in ways.into_iter().zip(rates) {
        let cost = own
            .iter()
            .zip(&rates)
            .map(|(own, rate)| (own / rate - 1.0) * 100.0);
        tell(
            &format!("  {name}: more time than the last, %"),
            cost.collect(),
        );
        tell("    handshakes per second", rates);
    }
    Ok(())
}

/// How long this thread had a processor since it began: what others on the machine do is not in it.
fn time_on_processor() -> Result<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = told.split(' ').next().context("no such field")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}

/// The median and the range.
fn tell(what: &str, mut values: Vec<f64>) {
    values.sort_by(f64::total_cmp);
    let (least, most) = (values[0], values[values.len() - 1]);
    println!(
        "{what}: {:.1} ({least:.1} to {most:.1})",
        values[values.len() / 2]
    );
}

fn rate(count: usize, work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let start = Instant::now();
    work()?;
    Ok(count as f64 / start.elapsed().as_secs_f64())
}

/// Client and server before their handshake.
struct Pair {
    client: (Connection, End),
    server: (Connection, End),
}

impl Pair {
    fn new(client: &Context, server: &Context) -> Result<Self> {
        let (client_end, server_end) = pipe();
        Ok(Self {
            client: (Connection::client(client, "localhost")?, client_end),
            server: (Connection::server(server)?, server_end),
        })
    }

    /// As far as it gets; whether both are through.
    fn advance(&mut self) -> Result<bool> {
        loop {
            let ours = drive::handshake(&mut self.client.0, &mut self.client.1)?;
            let theirs = drive::handshake(&mut self.server.0, &mut self.server.1)?;
            match (ours, theirs) {
                (Outcome::Done(()), Outcome::Done(())) => return Ok(true),
                (_, Outcome::Want(Want::Async)) => return Ok(false),
                _ => {}
            }
        }
    }
}

/// One handshake from beginning to end.
fn alone(client: &Context, server: &Context) -> Result<()> {
    let is_through = Pair::new(client, server)?.advance()?;
    ensure!(is_through, "a signature was not waited for");
    Ok(())
}

/// A client and its server, each driven by its thread when it is its turn.
#[derive(Default)]
struct Lane {
    client: Option<(Connection, End)>,
    server: Option<(Connection, End)>,
}

/// Puts a lane's number where the serving thread looks for work.
struct Ready {
    lane: usize,
    server: Sender<Result<usize>>,
}

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        // At the end nobody looks any more.
        let _ = self.server.send(Ok(self.lane));
    }
}

/// So many handshakes, `width` at a time, of which this thread has the servers and another the clients. Those
/// under way at the end are dropped as they stand.
fn serve(client: &Context, server: &Context, width: usize, count: usize) -> Result<()> {
    let lanes: Vec<Mutex<Lane>> = (0..width).map(|_| Mutex::default()).collect();
    let (to_server, for_server) = mpsc::channel();
    let (to_clients, for_clients) = mpsc::channel();
    (0..width).try_for_each(|lane| to_clients.send(lane))?;
    let lanes = &lanes[..];
    thread::scope(|scope| {
        let own = to_server.clone();
        scope.spawn(move || {
            for number in for_clients {
                let called = lock(&lanes[number]).call(client, server, number, &own);
                if own.send(called.map(|()| number)).is_err() {
                    return;
                }
            }
        });
        // Dropped at the end, which ends the clients' thread.
        let to_clients = to_clients;
        let mut done = 0;
        while done < count {
            let number = for_server.recv()??;
            let mut lane = lock(&lanes[number]);
            let (connection, end) = lane.server.as_mut().context("a lane without server")?;
            let outcome = drive::handshake(connection, end)?;
            if outcome == Outcome::Done(()) {
                lane.server = None;
                done += 1;
            }
            drop(lane);
            if outcome != Outcome::Want(Want::Async) {
                to_clients.send(number)?;
            }
        }
        Ok(())
    })
}

fn lock(lane: &Mutex<Lane>) -> MutexGuard<'_, Lane> {
    lane.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lane {
    /// The client's turn. A handshake that is done is followed by another; the server's connection is made
    /// here too, which is not in the figures of its thread.
    fn call(
        &mut self,
        client: &Context,
        server: &Context,
        number: usize,
        to_server: &Sender<Result<usize>>,
    ) -> Result<()> {
        if let Some((connection, end)) = &mut self.client {
            let outcome = drive::handshake(connection, end)?;
            if self.server.is_some() {
                return Ok(());
            }
            ensure!(outcome == Outcome::Done(()), "only the server is done");
        }
        let mut pair = Pair::new(client, server)?;
        let ready = Ready {
            lane: number,
            server: to_server.clone(),
        };
        pair.server.0.set_waker(&Waker::from(Arc::new(ready)));
        let _ = drive::handshake(&mut pair.client.0, &mut pair.client.1)?;
        (self.client, self.server) = (Some(pair.client), Some(pair.server));
        Ok(())
    }
}

/// A certificate and its key.
struct Keys {
    chain: String,
    roots: Roots,
    key: LocalKey,
    plain: Identity,
}

impl Keys {
    fn new() -> Result<Self> {
        let authority = CertificateAuthority::new(KeyKind::EcP256)?;
        let issued = authority.issue(&Leaf::localhost(KeyKind::EcP256))?;
        let (chain, key) = (issued.chain_pem(), issued.key_pem());
        Ok(Self {
            roots: Roots::from_pem(issued.root_pem().as_bytes())?,
            key: LocalKey::from_pem(key.as_bytes())?,
            plain: Identity::from_pem(chain.as_bytes(), key.as_bytes())?,
            chain,
        })
    }

    /// Contexts without resumption, so that every handshake is signed.
    fn contexts(
        &self,
        identity: &Identity,
        version: ProtocolVersion,
    ) -> Result<(Context, Context)> {
        let client = ClientConfig::new(self.roots.clone()).versions(version, version);
        let server = ServerConfig::new(identity.clone()).versions(version, version);
        let server = server.tickets(false).session_cache(0);
        Ok((
            Context::client(client.sessions(0))?,
            Context::server(server)?,
        ))
    }
}

type Work = Box<dyn FnOnce() + Send>;

/// A pool of threads that sleep before they sign.
struct Device {
    key: LocalKey,
    work: Mutex<Sender<Work>>,
}

impl Device {
    fn new(key: &LocalKey) -> Self {
        let (work, queue) = mpsc::channel::<Work>();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..AT_ONCE {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(work) = next else { return };
                    thread::sleep(DELAY);
                    work();
                }
            });
        }
        Self {
            key: key.clone(),
            work: Mutex::new(work),
        }
    }
}

impl AsyncSigner for Device {
    fn schemes(&self) -> Vec<u16> {
        self.key.schemes()
    }

    fn sign(&self, scheme: u16, message: Vec<u8>) -> Operation<Result<Vec<u8>, SigningFailed>> {
        let (done, signature) = oneshot::channel();
        let key = self.key.clone();
        let work: Work = Box::new(move || drop(done.send(key.sign(scheme, &message))));
        let sender = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = sender.send(work);
        Box::pin(async move {
            sent.map_err(|_| SigningFailed)?;
            signature.await.map_err(|_| SigningFailed)?
        })
    }
}
