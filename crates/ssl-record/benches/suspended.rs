//! Thousands of handshakes that wait for their keys at once: what each costs in memory, and whether all of
//! it is given back.
//!
//! `cargo bench -p ssl-record --bench suspended -- [NUMBER]`, 10,000 unless told otherwise. Servers are
//! suspended in their signatures; then every other one is dropped as it stands, and the rest is signed,
//! completed and made to echo. Owns what is printed; fails if a handshake does not end as it should or
//! memory is kept. A program of its own beside the crate, because counting replaces the allocator.

// Clippy does not count a benchmark as a test.
#![allow(clippy::unwrap_used)]

use std::io::{self, Read, Write};
use std::process::{Command, ExitCode};
use std::sync::{Arc, Mutex};

use ssl_record::config::{
    AsyncSigner, ClientConfig, Identity, Operation, Roots, ServerConfig, SigningFailed,
};
use ssl_record::io::{CallError, drive};
use ssl_record::record::ProtocolVersion;
use ssl_record::{Connection, Context, LocalKey, Outcome, Received, SslMode, Want};
use ssl_testkit::alloc::{measure, uncounted};
use ssl_testkit::certs::{CertificateAuthority, KeyKind, Leaf};
use ssl_testkit::pipe::{End, pipe};
use tokio::sync::oneshot;

/// What is set while handshakes wait: version and modes of the servers.
const TRIALS: [(ProtocolVersion, SslMode); 4] = [
    (ProtocolVersion::Tls13, SslMode::ASYNC),
    (
        ProtocolVersion::Tls13,
        SslMode::ASYNC.union(SslMode::RELEASE_BUFFERS),
    ),
    (ProtocolVersion::Tls12, SslMode::ASYNC),
    (
        ProtocolVersion::Tls12,
        SslMode::ASYNC.union(SslMode::RELEASE_BUFFERS),
    ),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let numbers = arguments.iter().filter_map(|number| number.parse().ok());
    let numbers: Vec<usize> = numbers.collect();
    match (&numbers[..], has("--bench")) {
        _ if has("--list") => ExitCode::SUCCESS,
        (&[number, trial], _) => run(trial, number),
        (&[number], _) => run_each(number),
        // `cargo test` runs this too, without `--bench`: only to see that it works.
        (_, false) => run_each(20),
        (_, true) if has("--quick") => run_each(1000),
        (_, true) => run_each(10_000),
    }
}

/// Every trial in a process of its own, so that none finds the memory of another.
fn run_each(number: usize) -> ExitCode {
    let program = std::env::current_exe().unwrap();
    for trial in 0..TRIALS.len() {
        let arguments = [number, trial].map(|number| number.to_string());
        if !Command::new(&program)
            .args(arguments)
            .status()
            .unwrap()
            .success()
        {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn run(trial: usize, number: usize) -> ExitCode {
    let (version, modes) = TRIALS[trial];
    let trial = Trial::new(version, modes);
    // What the context keeps for its next connections is there from then on.
    trial.run(number.min(WARM_UP), false);
    trial.run(number, true);
    ExitCode::SUCCESS
}

/// Contexts for both sides, and the key that the servers wait for.
struct Trial {
    client: Context,
    server: Context,
    key: Arc<GatedKey>,
    title: String,
}

/// A client that has said hello, and its server's end of the pipe.
struct Caller {
    connection: Connection,
    end: End,
    server_end: Option<Outside>,
}

/// A server with its transport.
struct Served {
    connection: Box<Connection>,
    end: Outside,
}

impl Trial {
    fn new(version: ProtocolVersion, modes: SslMode) -> Self {
        let authority = CertificateAuthority::new(KeyKind::EcP256).unwrap();
        let issued = authority.issue(&Leaf::localhost(KeyKind::EcP256)).unwrap();
        let key = Arc::new(GatedKey {
            key: LocalKey::from_pem(issued.key_pem().as_bytes()).unwrap(),
            asked: Mutex::default(),
        });
        let signer = Arc::clone(&key) as _;
        let identity = Identity::with_signer(issued.chain_pem().as_bytes(), signer).unwrap();
        let roots = Roots::from_pem(issued.root_pem().as_bytes()).unwrap();
        let client = ClientConfig::new(roots).versions(version, version);
        // Resumed sessions need no signature.
        let client = Context::client(client.sessions(0)).unwrap();
        client.set_mode(SslMode::RELEASE_BUFFERS);
        let server = ServerConfig::new(identity).versions(version, version);
        // What a cache of sessions holds is no part of what waits.
        let server = Context::server(server.session_cache(0)).unwrap();
        server.set_mode(modes);
        Self {
            client,
            server,
            key,
            title: format!("{version}, {modes}"),
        }
    }

    /// Suspends that many, drops half of them, completes the others.
    fn run(&self, number: usize, report: bool) {
        let mut callers: Vec<Caller> = (0..number).map(|_| self.caller()).collect();
        self.key.asked.lock().unwrap().reserve(number);
        let before = resident();
        let mut held = 0;
        let all = measure(|| {
            let mut servers = Vec::with_capacity(number);
            let suspended = measure(|| self.suspend(&mut callers, &mut servers));
            held = suspended.bytes_current;
            if report {
                let count = servers.len().max(1);
                println!(
                    "{}: {} of {number} suspended; each has {} bytes of heap in {} blocks; resident are {} \
                     bytes more for each; {} mappings",
                    self.title,
                    servers.len(),
                    held / count as i64,
                    suspended.count_current / count as i64,
                    (resident() - before) / count as i64,
                    mappings(),
                );
            }
            self.end(&mut callers, servers);
        });
        if report {
            let kept = all.bytes_current;
            println!("  half dropped, half completed and echoed; {kept} bytes of {held} are kept");
            assert!(kept * 100 <= held, "{kept} bytes of {held} are kept");
        }
    }

    fn caller(&self) -> Caller {
        let (mut end, server_end) = pipe();
        end.outgoing().set_capture(false);
        end.incoming().set_capture(false);
        let mut connection = Connection::client(&self.client, "localhost").unwrap();
        let outcome = drive::handshake(&mut connection, &mut end).unwrap();
        assert_eq!(outcome, Outcome::Want(Want::Read));
        Caller {
            connection,
            end,
            server_end: Some(Outside(server_end)),
        }
    }

    /// Suspends a server for each caller, or for as many as the system has memory for.
    fn suspend(&self, callers: &mut Vec<Caller>, servers: &mut Vec<Served>) {
        for (index, caller) in callers.iter_mut().enumerate() {
            let mut end = caller.server_end.take().unwrap();
            let mut connection = Box::new(Connection::server(&self.server).unwrap());
            match drive::handshake(&mut connection, &mut end) {
                Ok(outcome) => assert_eq!(outcome, Outcome::Want(Want::Async)),
                Err(error) => {
                    println!("number {index} was refused: {error}");
                    uncounted(|| learns_of_it(caller));
                    break;
                }
            }
            servers.push(Served { connection, end });
        }
        let served = servers.len();
        uncounted(|| callers.truncate(served));
    }

    /// Drops every other server as it stands, lets the rest be signed and echo, and drops them too.
    fn end(&self, callers: &mut Vec<Caller>, servers: Vec<Served>) {
        let mut rest = Vec::with_capacity(servers.len());
        for (index, server) in servers.into_iter().enumerate() {
            rest.push((index % 2 == 0).then_some(server));
        }
        let mut asked = self.key.asked.lock().unwrap();
        for gate in asked.drain(..) {
            let _ = gate.send(());
        }
        drop(asked);
        for (caller, server) in callers.iter_mut().zip(&mut rest) {
            match server {
                Some(server) => echo(caller, server),
                None => uncounted(|| {
                    assert!(drive::handshake(&mut caller.connection, &mut caller.end).is_err());
                }),
            }
        }
        // Last, as what the network holds is freed with the second end.
        drop(rest);
        uncounted(|| callers.clear());
    }
}

/// The handshake's end, and a message there and back.
fn echo(caller: &mut Caller, server: &mut Served) {
    let mut is_done = false;
    while !is_done {
        let theirs = drive::handshake(&mut server.connection, &mut server.end).unwrap();
        assert_ne!(theirs, Outcome::Want(Want::Async));
        let mut ours = theirs;
        uncounted(|| ours = drive::handshake(&mut caller.connection, &mut caller.end).unwrap());
        is_done = ours == Outcome::Done(()) && theirs == Outcome::Done(());
    }
    uncounted(|| {
        let sent = drive::write(&mut caller.connection, &mut caller.end, MESSAGE).unwrap();
        assert_eq!(sent, Outcome::Done(MESSAGE.len()));
    });
    let mut piece = [0; 64];
    let heard = drive::read(&mut server.connection, &mut server.end, &mut piece).unwrap();
    assert_eq!(heard, Outcome::Done(Received::Data(MESSAGE.len())));
    let heard = &piece[..MESSAGE.len()];
    let sent = drive::write(&mut server.connection, &mut server.end, heard).unwrap();
    assert_eq!(sent, Outcome::Done(MESSAGE.len()));
    uncounted(|| {
        let mut piece = [0; 64];
        let heard = drive::read(&mut caller.connection, &mut caller.end, &mut piece).unwrap();
        assert_eq!(heard, Outcome::Done(Received::Data(MESSAGE.len())));
        assert_eq!(&piece[..MESSAGE.len()], MESSAGE);
    });
}

/// A client whose server found no memory is told by an alert.
fn learns_of_it(caller: &mut Caller) {
    match drive::handshake(&mut caller.connection, &mut caller.end) {
        Err(CallError::Tls(error)) => println!("its client learns: {error}"),
        other => panic!("{other:?}"),
    }
}

/// A key whose signatures wait for a word.
struct GatedKey {
    key: LocalKey,
    asked: Mutex<Vec<oneshot::Sender<()>>>,
}

impl AsyncSigner for GatedKey {
    fn schemes(&self) -> Vec<u16> {
        self.key.schemes()
    }

    fn sign(&self, scheme: u16, message: Vec<u8>) -> Operation<Result<Vec<u8>, SigningFailed>> {
        let (gate, released) = oneshot::channel();
        self.asked.lock().unwrap().push(gate);
        let key = self.key.clone();
        Box::pin(async move {
            released.await.map_err(|_| SigningFailed)?;
            key.sign(scheme, &message)
        })
    }
}

/// A server's end of the pipe, whose memory is the network's.
struct Outside(End);

impl Read for Outside {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let mut result = Ok(0);
        uncounted(|| result = self.0.read(space));
        result
    }
}

impl Write for Outside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut result = Ok(0);
        uncounted(|| result = self.0.write(bytes));
        result
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Bytes of this process that are in memory; 0 where there is no `/proc`.
fn resident() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<i64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

/// Mappings of this process, of which Linux allows 65,530 unless told otherwise (`vm.max_map_count`).
fn mappings() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    maps.lines().count()
}

/// As many as fill the pool of buffers that a context keeps.
const WARM_UP: usize = 300;

const MESSAGE: &[u8] = b"a message that comes back";
