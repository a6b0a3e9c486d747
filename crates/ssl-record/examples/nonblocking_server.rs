//! A non-blocking server: one thread, many connections, each polled for exactly what it wants.
//!
//! `cargo run -p ssl-record --example nonblocking_server -- CHAIN.pem KEY.pem [ADDRESS:PORT]` sends
//! back whatever it receives, on 127.0.0.1:4433 unless told otherwise.

use std::collections::HashMap;
use std::error::Error;
use std::io;
use std::process::ExitCode;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use ssl_record::config::{Identity, ServerConfig};
use ssl_record::io::{CallError, TlsStream};
use ssl_record::{Connection, Context, Outcome, Received, Shutdown, SslMode, Want};

const LISTENER: Token = Token(0);

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

    let mut listener = TcpListener::bind(address.parse()?)?;
    let mut poll = Poll::new()?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("listening on {}", listener.local_addr()?);

    let mut clients = HashMap::new();
    let mut last = LISTENER;
    let mut events = Events::with_capacity(256);
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => result?,
        }
        for event in &events {
            let token = event.token();
            if token == LISTENER {
                // Events tell of changes only, so everybody who waits is let in.
                while let Ok((socket, peer)) = listener.accept() {
                    last = Token(last.0 + 1);
                    println!("{peer}: connected as number {}", last.0);
                    clients.insert(last, Client::new(&context, socket, &poll, last)?);
                }
            } else if let Some(client) = clients.get_mut(&token) {
                match client.advance() {
                    Ok(Some(want)) => client.watch(want, &poll, token)?,
                    ended => {
                        match ended {
                            Err(error) => println!("number {}: {error}", token.0),
                            Ok(_) => println!("number {}: closed", token.0),
                        }
                        // Closing the socket ends its registration too.
                        clients.remove(&token);
                    }
                }
            }
        }
    }
}

/// One connection, and what of its echo is not written yet.
struct Client {
    stream: TlsStream<TcpStream>,
    unsent: Vec<u8>,
    /// What its socket is watched for.
    interest: Interest,
}

impl Client {
    fn new(
        context: &Context,
        mut socket: TcpStream,
        poll: &Poll,
        token: Token,
    ) -> Result<Self, Box<dyn Error>> {
        // A fresh connection waits for the ClientHello.
        let interest = Interest::READABLE;
        poll.registry().register(&mut socket, token, interest)?;
        Ok(Self {
            stream: TlsStream::new(Connection::server(context)?, socket),
            unsent: Vec::new(),
            interest,
        })
    }

    /// Has the socket watched for what the last call stopped for.
    ///
    /// The registration is edge-triggered, and every call stops only when the socket blocks. So an
    /// interest that stays needs no renewal: the next change is told.
    fn watch(&mut self, want: Want, poll: &Poll, token: Token) -> io::Result<()> {
        let interest = match want {
            Want::Write => Interest::WRITABLE,
            Want::Read | Want::Async => Interest::READABLE,
        };
        if interest != self.interest {
            let socket = self.stream.transport_mut();
            poll.registry().reregister(socket, token, interest)?;
            self.interest = interest;
        }
        Ok(())
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
