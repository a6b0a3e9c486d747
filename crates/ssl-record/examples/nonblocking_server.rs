//! A non-blocking server: one thread, many connections, each polled for exactly what it wants.
//!
//! `cargo run -p ssl-record --example nonblocking_server -- CHAIN.pem KEY.pem [ADDRESS:PORT]` sends
//! back whatever it receives, on 127.0.0.1:4433 unless told otherwise.

use std::collections::HashMap;
use std::error::Error;
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;

use polling::{Event, Events, Poller};
use ssl_record::config::{Identity, ServerConfig};
use ssl_record::io::{CallError, TlsStream};
use ssl_record::{Connection, Context, Outcome, Received, Shutdown, SslMode, Want};

const LISTENER: usize = 0;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (chain, key, address) = match &arguments[..] {
        [chain, key] => (chain, key, "127.0.0.1:4433"),
        [chain, key, address] => (chain, key, address.as_str()),
        _ => {
            eprintln!("usage: nonblocking_server CHAIN.pem KEY.pem [ADDRESS:PORT]");
            return ExitCode::from(2);
        }
    };
    match serve(chain, key, address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nonblocking_server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(chain: &str, key: &str, address: &str) -> Result<(), Box<dyn Error>> {
    let identity = Identity::from_pem_files(chain, key)?;
    let context = Context::server(ServerConfig::new(identity))?;
    // Many connections, most of them idle: let the idle ones hold no record buffers.
    context.set_mode(SslMode::RELEASE_BUFFERS);

    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let poller = Poller::new()?;
    watch(&poller, &listener, Event::readable(LISTENER))?;
    println!("listening on {}", listener.local_addr()?);

    let mut clients = HashMap::new();
    let mut next_key = LISTENER + 1;
    let mut events = Events::new();
    loop {
        events.clear();
        poller.wait(&mut events, None)?;
        for event in events.iter() {
            if event.key == LISTENER {
                while let Ok((socket, peer)) = listener.accept() {
                    socket.set_nonblocking(true)?;
                    let stream = TlsStream::new(Connection::server(&context)?, socket);
                    let client = Client {
                        stream,
                        unsent: Vec::new(),
                    };
                    println!("{peer}: connected as number {next_key}");
                    // A fresh connection waits for the ClientHello.
                    watch(&poller, client.socket(), Event::readable(next_key))?;
                    clients.insert(next_key, client);
                    next_key += 1;
                }
                poller.modify(&listener, Event::readable(LISTENER))?;
            } else if let Some(client) = clients.get_mut(&event.key) {
                let interest = match client.advance() {
                    Ok(Some(Want::Write)) => Event::writable(event.key),
                    Ok(Some(Want::Read | Want::Async)) => Event::readable(event.key),
                    ended => {
                        match ended {
                            Err(error) => println!("number {}: {error}", event.key),
                            Ok(_) => println!("number {}: closed", event.key),
                        }
                        poller.delete(client.socket())?;
                        clients.remove(&event.key);
                        continue;
                    }
                };
                // Oneshot: each event needs its interest renewed, which is when a want can change it.
                poller.modify(client.socket(), interest)?;
            }
        }
    }
}

/// One connection, and what of its echo is not written yet.
struct Client {
    stream: TlsStream<TcpStream>,
    unsent: Vec<u8>,
}

impl Client {
    fn socket(&self) -> &TcpStream {
        self.stream.transport()
    }

    /// Goes on until the socket blocks; `None` once the connection is closed.
    ///
    /// Read-ahead is on, so this must not stop while bytes may be buffered: only a want says that the
    /// socket is the place to wait.
    fn advance(&mut self) -> Result<Option<Want>, CallError> {
        loop {
            // A blocked write is repeated with the same buffer, which nothing touches meanwhile.
            if !self.unsent.is_empty() {
                match self.stream.write_tls(&self.unsent)? {
                    Outcome::Done(n) => drop(self.unsent.drain(..n)),
                    Outcome::Want(want) => return Ok(Some(want)),
                }
                continue;
            }
            let mut piece = [0; 4096];
            match self.stream.read_tls(&mut piece)? {
                Outcome::Done(Received::Data(n)) => self.unsent.extend_from_slice(&piece[..n]),
                Outcome::Done(Received::Closed) => break,
                Outcome::Want(want) => return Ok(Some(want)),
            }
        }
        match self.stream.shutdown_tls()? {
            Outcome::Done(Shutdown::Sent | Shutdown::Complete) => Ok(None),
            Outcome::Want(want) => Ok(Some(want)),
        }
    }
}

/// Registers a socket with the poller.
#[allow(unsafe_code)]
fn watch(
    poller: &Poller,
    socket: impl polling::AsRawSource,
    interest: Event,
) -> std::io::Result<()> {
    // SAFETY: a socket must leave the poller before it is closed. A client is deleted from it before it
    // is dropped, and the poller itself is dropped with the listener at the end of the process.
    unsafe { poller.add(socket, interest) }
}
