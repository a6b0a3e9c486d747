//! Accepting connections until a signal says stop, then letting them finish.
//!
//! Owns the life of the listener and of the connection tasks. Must not know what a service does.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ssl_record::io::tokio::TlsStream;
use ssl_record::{Connection, Context};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::Instrument;

use super::{Service, pump, www};
use crate::failure::{Failure, note};

/// How long a client may take for its handshake.
const HANDSHAKE: Duration = Duration::from_secs(20);

/// Pause after a failed accept: out of descriptors is not cured by trying at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Everything a connection needs to be served.
pub(super) struct Server {
    pub(super) context: Context,
    pub(super) service: Service,
    pub(super) quiet: bool,
    pub(super) grace: Duration,
}

/// Says whether the server stops; every connection watches it.
pub(super) type Stop = watch::Receiver<bool>;

/// Waits until the server stops.
pub(super) async fn stopping(stop: &mut Stop) {
    // An error means that the sender is gone, which is a stop too.
    drop(stop.wait_for(|&stop| stop).await);
}

/// Listens, serves, and finishes what is begun after SIGINT or SIGTERM.
///
/// # Errors
/// The address cannot be listened on, or connections did not finish within the grace period.
pub(super) async fn run(
    server: Server,
    address: SocketAddr,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    // Before the address is announced, so that a signal from then on is a graceful stop.
    let mut signals = Signals::new()
        .map_err(|error| Failure::line(format_args!("cannot watch signals: {error}")))?;
    let bound = TcpListener::bind(address).await;
    let (listener, address) = bound
        .and_then(|listener| listener.local_addr().map(|address| (listener, address)))
        .map_err(|error| {
            Failure::line(format_args!(
                "cannot listen on {address}: {error}; choose another --listen address, port 0 for any"
            ))
        })?;
    writeln!(out, "listening on {address}")?;
    out.flush()?;
    let grace = server.grace;
    let server = Arc::new(server);
    let (stopper, stop) = watch::channel(false);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = signals.received() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((tcp, peer)) => {
                    let span = tracing::info_span!(target: "ssl_cli", "connection", %peer);
                    let served = serve(Arc::clone(&server), tcp, peer, stop.clone());
                    connections.spawn(served.instrument(span));
                }
                Err(error) => {
                    note(format_args!("ssl-cli: cannot accept a connection: {error}"));
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    stopper.send_replace(true);
    let finished = timeout(grace, async {
        while connections.join_next().await.is_some() {}
    });
    finished.await.map_err(|_| {
        let (count, seconds) = (connections.len(), grace.as_secs());
        Failure::line(format_args!(
            "{count} connections did not finish within {seconds} s and were cut off; see --grace"
        ))
    })
}

/// One connection from handshake to end; failures are reported, not passed on.
async fn serve(server: Arc<Server>, tcp: TcpStream, peer: SocketAddr, mut stop: Stop) {
    let stream = tokio::select! {
        biased;
        stream = handshake(&server, tcp, peer) => stream,
        () = stopping(&mut stop) => return,
    };
    let served = match stream {
        Ok(stream) => match &server.service {
            Service::Echo => pump::echo(stream, stop).await,
            Service::Www(directory) => www::serve(stream, directory, stop).await,
            Service::Forward(target) => pump::forward(stream, target, stop).await,
        },
        Err(error) => Err(error),
    };
    if let Err(error) = served {
        note(format_args!("ssl-cli: {peer}: {error}"));
    }
}

async fn handshake(
    server: &Server,
    tcp: TcpStream,
    peer: SocketAddr,
) -> io::Result<TlsStream<TcpStream>> {
    tcp.set_nodelay(true)?;
    let connection = Connection::server(&server.context).map_err(io::Error::other)?;
    let mut stream = TlsStream::new(connection, tcp);
    match timeout(HANDSHAKE, stream.handshake()).await {
        Ok(result) => result?,
        Err(_) => return Err(io::Error::other("no handshake in time")),
    }
    if let Some(negotiated) = stream.connection().negotiated()
        && !server.quiet
    {
        let (version, suite) = (negotiated.version, negotiated.suite);
        let resumed = if negotiated.resumed { "yes" } else { "no" };
        let certificates = negotiated.peer_certificates.len();
        note(format_args!(
            "{peer}: {version}, {suite}, resumed {resumed}, {certificates} client certificates"
        ));
    }
    Ok(stream)
}

/// SIGINT and SIGTERM.
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn received(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
