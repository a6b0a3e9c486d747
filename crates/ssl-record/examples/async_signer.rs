//! A key that takes its time: signatures are made on a worker thread, while one thread serves all
//! connections, those that wait for a signature and those that do not.
//!
//! `cargo run -p ssl-record --example async_signer` plays both sides over loopback and ends by itself.

use std::collections::{HashMap, VecDeque};
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::task::Wake;
use std::thread;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use ssl_record::config::{
    AsyncSigner, ClientConfig, Identity, Operation, Roots, ServerConfig, SigningFailed,
};
use ssl_record::io::TlsStream;
use ssl_record::{Connection, Context, LocalKey, Outcome, Received, SslMode, Want};
use ssl_testkit::certs::{CertificateAuthority, KeyKind, Leaf};
use tokio::sync::oneshot;

const LISTENER: Token = Token(0);
const SIGNATURES: Token = Token(1);
const CLIENTS: usize = 8;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("async_signer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let authority = CertificateAuthority::new(KeyKind::EcP256)?;
    let issued = authority.issue(&Leaf::localhost(KeyKind::EcP256))?;
    let key = LocalKey::from_pem(issued.key_pem().as_bytes())?;
    let (work, requests) = mpsc::channel::<Request>();
    let worker = thread::spawn(move || sign_all(&key, &requests));
    let signer = Arc::new(OnAThread {
        schemes: LocalKey::from_pem(issued.key_pem().as_bytes())?.schemes(),
        work: Mutex::new(work),
    });
    let identity = Identity::with_signer(issued.chain_pem().as_bytes(), signer)?;
    let context = Context::server(ServerConfig::new(identity))?;
    context.set_mode(SslMode::ASYNC);

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let address = listener.local_addr()?;
    let roots = Roots::from_pem(issued.root_pem().as_bytes())?;
    let clients = Context::client(ClientConfig::new(roots))?;
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let clients = clients.clone();
            thread::spawn(move || ask(&clients, address, number).map_err(|error| error.to_string()))
        })
        .collect();
    let most = serve(&context, listener)?;
    for client in clients {
        client.join().map_err(|_| "a client is gone")??;
    }
    drop(context);
    let signed = worker.join().map_err(|_| "the worker is gone")?;
    println!(
        "{CLIENTS} clients served on one thread, {signed} signatures made on another; who came back resumed"
    );
    println!("most handshakes that waited for one at once: {most}");
    Ok(())
}

/// A signature to be made, and where it goes.
struct Request {
    scheme: u16,
    message: Vec<u8>,
    done: oneshot::Sender<Result<Vec<u8>, SigningFailed>>,
}

/// The worker: until nobody can ask any more. How many it made.
fn sign_all(key: &LocalKey, requests: &mpsc::Receiver<Request>) -> usize {
    let mut signed = 0;
    for request in requests {
        let signature = key.sign(request.scheme, &request.message);
        // Whose connection is gone does not want it any more.
        drop(request.done.send(signature));
        signed += 1;
    }
    signed
}

/// The key as the server sees it.
struct OnAThread {
    schemes: Vec<u16>,
    work: Mutex<mpsc::Sender<Request>>,
}

impl AsyncSigner for OnAThread {
    fn schemes(&self) -> Vec<u16> {
        self.schemes.clone()
    }

    fn sign(&self, scheme: u16, message: Vec<u8>) -> Operation<Result<Vec<u8>, SigningFailed>> {
        let (done, signature) = oneshot::channel();
        let request = Request {
            scheme,
            message,
            done,
        };
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = work.send(request);
        Box::pin(async move {
            sent.map_err(|_| SigningFailed)?;
            signature.await.map_err(|_| SigningFailed)?
        })
    }
}

/// Tells the server's thread which connection is worth another call.
struct Ready {
    token: Token,
    queue: Arc<Mutex<VecDeque<Token>>>,
    poll: Arc<mio::Waker>,
}

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.push_back(self.token);
        drop(queue);
        // A poll that is gone needs no waking.
        drop(self.poll.wake());
    }
}

/// Echoes until every client has left. How many handshakes waited for a signature at most.
fn serve(context: &Context, mut listener: TcpListener) -> Result<usize, Box<dyn Error>> {
    let mut poll = Poll::new()?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    let waker = Arc::new(mio::Waker::new(poll.registry(), SIGNATURES)?);
    let queue = Arc::new(Mutex::new(VecDeque::new()));
    let mut clients: HashMap<Token, TlsStream<TcpStream>> = HashMap::new();
    let (mut accepted, mut most) = (0, 0);
    let mut events = Events::with_capacity(64);
    while accepted < CLIENTS || !clients.is_empty() {
        poll.poll(&mut events, None)?;
        let mut ready: Vec<Token> = Vec::new();
        for event in &events {
            match event.token() {
                LISTENER => {
                    while let Some((mut socket, _)) = or_none(listener.accept())? {
                        accepted += 1;
                        let token = Token(SIGNATURES.0 + accepted);
                        let both = Interest::READABLE | Interest::WRITABLE;
                        poll.registry().register(&mut socket, token, both)?;
                        let mut connection = Connection::server(context)?;
                        let (queue, poll) = (Arc::clone(&queue), Arc::clone(&waker));
                        let told = Ready { token, queue, poll };
                        connection.set_waker(&Arc::new(told).into());
                        clients.insert(token, TlsStream::new(connection, socket));
                    }
                }
                SIGNATURES => {
                    ready.extend(
                        queue
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .drain(..),
                    );
                }
                token => ready.push(token),
            }
        }
        for token in ready {
            let Some(client) = clients.get_mut(&token) else {
                continue;
            };
            if echo(client)? {
                clients.remove(&token);
            }
        }
        let waiting = clients
            .values()
            .filter(|client| client.last_want() == Some(Want::Async));
        most = most.max(waiting.count());
    }
    Ok(most)
}

/// Sends back what arrives, as far as it gets; whether the client has left.
fn echo(client: &mut TlsStream<TcpStream>) -> Result<bool, Box<dyn Error>> {
    let mut space = [0; 1024];
    loop {
        match client.read_tls(&mut space)? {
            Outcome::Want(_) => return Ok(false),
            Outcome::Done(Received::Closed) => return Ok(true),
            // A short answer, for which a fresh socket has room.
            Outcome::Done(Received::Data(n)) => client.write_all(&space[..n])?,
        }
    }
}

fn or_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// A client with a blocking socket: says hello, expects it back, leaves.
fn ask(context: &Context, address: SocketAddr, number: usize) -> Result<(), Box<dyn Error>> {
    let socket = std::net::TcpStream::connect(address)?;
    let mut stream = TlsStream::new(Connection::client(context, "localhost")?, socket);
    let hello = format!("hello from client {number}");
    stream.write_all(hello.as_bytes())?;
    let mut answer = vec![0; hello.len()];
    stream.read_exact(&mut answer)?;
    if answer != hello.as_bytes() {
        return Err("another client's answer".into());
    }
    let Outcome::Done(_) = stream.shutdown_tls()? else {
        return Err("close_notify did not leave".into());
    };
    Ok(())
}
