//! Transports that pass everything, but in small pieces.
//!
//! Owns a wrapper for any transport and a relay between sockets for external programs. It must not
//! know what the bytes mean. Obstacles that change during a test are in [`pipe`](crate::pipe).

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// A transport that passes at most a few bytes per call to the one inside.
///
/// ```
/// use ssl_testkit::throttle::PieceTransport;
/// use std::io::{Cursor, ErrorKind, Read};
///
/// let mut transport = PieceTransport::new(Cursor::new(b"abcdef".to_vec()), 2).blocking_every(2);
/// let mut space = [0; 6];
/// assert_eq!(transport.read(&mut space).unwrap(), 2);
/// assert_eq!(transport.read(&mut space).unwrap_err().kind(), ErrorKind::WouldBlock);
/// assert_eq!(transport.read(&mut space).unwrap(), 2);
/// ```
#[derive(Debug)]
pub struct PieceTransport<T> {
    inner: T,
    piece: usize,
    block_every: Option<u64>,
    calls: u64,
}

impl<T> PieceTransport<T> {
    /// At most `piece` bytes per read and per write; 0 counts as 1.
    pub fn new(inner: T, piece: usize) -> Self {
        Self {
            inner,
            piece: piece.max(1),
            block_every: None,
            calls: 0,
        }
    }

    /// Lets every `nth` call, reads and writes counted together, return
    /// [`WouldBlock`](ErrorKind::WouldBlock) without reaching the transport inside. 0 for never;
    /// with 1 nothing ever passes.
    #[must_use]
    pub fn blocking_every(self, nth: u64) -> Self {
        Self {
            block_every: (nth > 0).then_some(nth),
            ..self
        }
    }

    /// How many reads and writes there were.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// The transport inside.
    pub fn get_ref(&self) -> &T {
        &self.inner
    }

    /// The transport inside.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// The transport inside.
    pub fn into_inner(self) -> T {
        self.inner
    }

    fn count_call(&mut self) -> io::Result<()> {
        self.calls += 1;
        match self.block_every {
            Some(nth) if self.calls.is_multiple_of(nth) => Err(ErrorKind::WouldBlock.into()),
            _ => Ok(()),
        }
    }
}

impl<T: Read> Read for PieceTransport<T> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        self.count_call()?;
        let len = space.len().min(self.piece);
        self.inner.read(&mut space[..len])
    }
}

impl<T: Write> Write for PieceTransport<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.count_call()?;
        self.inner.write(&bytes[..bytes.len().min(self.piece)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A TCP relay on loopback that forwards small pieces both ways, for external programs.
///
/// Serves any number of connections, each on threads of its own. The ends of streams are forwarded.
/// Dropping the relay closes its connections and waits for its threads.
///
/// ```
/// use ssl_testkit::throttle::Relay;
/// use std::io::{Read, Write};
/// use std::net::{Shutdown, TcpListener, TcpStream};
///
/// let target = TcpListener::bind("127.0.0.1:0").unwrap();
/// let relay = Relay::start(target.local_addr().unwrap(), 1).unwrap();
/// let mut client = TcpStream::connect(relay.addr()).unwrap();
/// client.write_all(b"byte by byte").unwrap();
/// client.shutdown(Shutdown::Write).unwrap();
/// let mut text = String::new();
/// target.accept().unwrap().0.read_to_string(&mut text).unwrap();
/// assert_eq!(text, "byte by byte");
/// ```
#[derive(Debug)]
pub struct Relay {
    addr: SocketAddr,
    shared: Arc<RelayState>,
    acceptor: Option<JoinHandle<()>>,
}

impl Relay {
    /// Listens on a free port and connects each client to `target`; pieces of `piece` bytes.
    ///
    /// # Errors
    /// If no socket can be opened.
    pub fn start(target: SocketAddr, piece: usize) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(RelayState::default());
        let state = Arc::clone(&shared);
        let acceptor = thread::Builder::new()
            .name("relay".into())
            .spawn(move || accept_all(&listener, target, piece.max(1), &state))?;
        Ok(Self {
            addr,
            shared,
            acceptor: Some(acceptor),
        })
    }

    /// Where to connect.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which then sees the flag. If this fails it is gone already.
        drop(TcpStream::connect(self.addr));
        if let Some(acceptor) = self.acceptor.take() {
            // A panic of the acceptor was printed by its thread; there is nobody to tell here.
            drop(acceptor.join());
        }
    }
}

#[derive(Debug, Default)]
struct RelayState {
    stopping: AtomicBool,
    sockets: Mutex<Vec<TcpStream>>,
}

fn accept_all(listener: &TcpListener, target: SocketAddr, piece: usize, state: &RelayState) {
    let mut copiers = Vec::new();
    while let Ok((client, _)) = listener.accept() {
        if state.stopping.load(Ordering::SeqCst) {
            break;
        }
        // A client whose connection cannot be set up sees it closed, as without a relay.
        if let Ok(pair) = connect_through(client, target, piece, state) {
            copiers.extend(pair);
        }
    }
    for socket in state
        .sockets
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .drain(..)
    {
        // Already closed by its peer otherwise.
        drop(socket.shutdown(Shutdown::Both));
    }
    for copier in copiers {
        drop(copier.join());
    }
}

fn connect_through(
    client: TcpStream,
    target: SocketAddr,
    piece: usize,
    state: &RelayState,
) -> io::Result<[JoinHandle<()>; 2]> {
    let server = TcpStream::connect(target)?;
    for socket in [&client, &server] {
        // Or the kernel would join the pieces again.
        socket.set_nodelay(true)?;
    }
    let onlookers = [client.try_clone()?, server.try_clone()?];
    state
        .sockets
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .extend(onlookers);
    let (client_again, server_again) = (client.try_clone()?, server.try_clone()?);
    Ok([
        thread::spawn(move || forward(client, server_again, piece)),
        thread::spawn(move || forward(server, client_again, piece)),
    ])
}

/// Copies until the source ends, then ends the sink. Errors of either end the copy: the two
/// programs see a closed connection and report it better than this thread could.
fn forward(mut source: TcpStream, mut sink: TcpStream, piece: usize) {
    let mut space = vec![0; 16 * 1024];
    'copy: loop {
        let len = match source.read(&mut space) {
            Ok(0) => break,
            Ok(len) => len,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        for piece in space[..len].chunks(piece) {
            if sink.write_all(piece).is_err() {
                break 'copy;
            }
        }
    }
    drop(sink.shutdown(Shutdown::Write));
    drop(source.shutdown(Shutdown::Read));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::{Pattern, PatternCheck};
    use crate::script::{Call, ScriptedTransport};

    #[test]
    fn every_call_is_cut_to_the_piece() {
        let script = ScriptedTransport::new().inbound(b"abcdefg");
        let mut transport = PieceTransport::new(script.clone(), 3);
        assert_eq!(transport.write(b"12345").unwrap(), 3);
        assert_eq!(transport.write(b"45").unwrap(), 2);
        assert_eq!(transport.read(&mut [0; 100]).unwrap(), 3);
        transport.flush().unwrap();
        assert_eq!(
            script.calls(),
            [
                Call::wrote(3, 3),
                Call::wrote(2, 2),
                Call::read(3, 3),
                Call::flushed()
            ]
        );
        assert_eq!(transport.calls(), 3);
        assert_eq!(transport.get_mut().take_written(), b"12345");
        assert_eq!(transport.get_ref().inbound_left(), 4);
        assert_eq!(transport.into_inner().inbound_left(), 4);
    }

    #[test]
    fn every_nth_call_blocks() {
        let mut transport = PieceTransport::new(ScriptedTransport::new(), 0).blocking_every(3);
        let outcomes: Vec<bool> = (0..7).map(|_| transport.write(b"xy").is_ok()).collect();
        assert_eq!(outcomes, [true, true, false, true, true, false, true]);
        assert_eq!(transport.get_ref().written(), b"xxxxx");
        let mut never = PieceTransport::new(ScriptedTransport::new(), 1).blocking_every(0);
        assert!((0..9).all(|_| never.write(b"x").is_ok()));
    }

    #[test]
    fn the_relay_passes_both_directions_whole() {
        let target = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Relay::start(target.local_addr().unwrap(), 777).unwrap();
        let client = TcpStream::connect(relay.addr()).unwrap();
        let (server, _) = target.accept().unwrap();
        let send = |mut socket: TcpStream, seed| {
            thread::spawn(move || {
                io::copy(&mut Pattern::new(seed).take(300_000), &mut socket).unwrap();
                socket.shutdown(Shutdown::Write).unwrap();
            })
        };
        let senders = [
            send(client.try_clone().unwrap(), 1),
            send(server.try_clone().unwrap(), 2),
        ];
        for (mut socket, seed) in [(server, 1), (client, 2)] {
            let mut check = PatternCheck::new(seed);
            io::copy(&mut socket, &mut check).unwrap();
            assert_eq!(check.matched(), 300_000);
        }
        for sender in senders {
            sender.join().unwrap();
        }
    }

    #[test]
    fn dropping_the_relay_closes_open_connections() {
        let target = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Relay::start(target.local_addr().unwrap(), 1).unwrap();
        let mut client = TcpStream::connect(relay.addr()).unwrap();
        let _server = target.accept().unwrap();
        drop(relay);
        assert_eq!(client.read(&mut [0; 1]).unwrap_or(0), 0);
    }
}
