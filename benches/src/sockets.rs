//! Connections over loopback sockets that are left idle, one process for each end: a process may not have as many open
//! files as both need.
//!
//! Owns the sockets and the bytes' way from them to the wires and back. It must not know what the bytes mean. The commands:
//!
//! - `listen COUNT`: the port of a server with room for so many
//! - `accept COUNT`, and in the other process `connect PORT COUNT`: bytes of resident memory that so many idle
//!   connections take at this end
//! - `pong`, and in the other process `ping`: how many of them carried a byte each way

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::candidates::{End, Stack};
use crate::serve::{REQUEST, RESPONSE, resident};
use crate::wire::{Port, Wire, Wires};

/// One end of all connections.
pub(crate) struct Sockets {
    stack: Box<dyn Stack>,
    listener: Option<TcpListener>,
    held: Vec<Connection>,
    wires: Wires,
}

struct Connection {
    end: Box<dyn End>,
    socket: TcpStream,
    side: Side,
}

#[derive(Clone, Copy)]
enum Side {
    Client,
    Server,
}

impl Sockets {
    /// No connection yet.
    pub(crate) fn new(stack: Box<dyn Stack>) -> Self {
        Self {
            stack,
            listener: None,
            held: Vec::new(),
            wires: Wires::new(),
        }
    }

    /// Does what the command says.
    pub(crate) fn answer(&mut self, words: &[&str]) -> Result<f64> {
        Ok(match words {
            ["listen", count] => f64::from(self.listen(count.parse()?)?),
            ["accept", count] => self.hold(count.parse()?, Self::accept)? as f64,
            ["connect", port, count] => {
                let (port, count) = (port.parse()?, count.parse()?);
                raise_limit(count)?;
                self.hold(count, |sockets| sockets.connect(port))? as f64
            }
            ["pong"] => self.each(Connection::pong)? as f64,
            ["ping"] => self.each(Connection::ping)? as f64,
            _ => bail!("not a command"),
        })
    }

    fn listen(&mut self, count: u64) -> Result<u16> {
        raise_limit(count)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen")?;
        let port = listener.local_addr()?.port();
        self.listener = Some(listener);
        Ok(port)
    }

    fn accept(&mut self) -> Result<Connection> {
        let listener = self.listener.as_ref().context("nobody listens")?;
        let (socket, _) = listener.accept().context("cannot accept")?;
        let mut connection = Connection::new(self.stack.server()?, socket, Side::Server)?;
        connection.serve(&mut self.wires)?;
        Ok(connection)
    }

    fn connect(&mut self, port: u16) -> Result<Connection> {
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("cannot connect")?;
        let mut connection = Connection::new(self.stack.client()?, socket, Side::Client)?;
        connection.ask(&mut self.wires)?;
        Ok(connection)
    }

    /// Makes so many, after one that shows what all share; bytes they take.
    fn hold(
        &mut self,
        count: u64,
        mut make: impl FnMut(&mut Self) -> Result<Connection>,
    ) -> Result<i64> {
        let warm = make(self)?;
        self.held = Vec::with_capacity(usize::try_from(count)?);
        let before = resident()?;
        for number in 0..count {
            let made = make(self).with_context(|| format!("connection {number}"))?;
            self.held.push(made);
        }
        let after = resident()?;
        drop(warm);
        Ok(after - before)
    }

    fn each(&mut self, carry: impl Fn(&mut Connection, &mut Wires) -> Result<()>) -> Result<usize> {
        for connection in &mut self.held {
            carry(connection, &mut self.wires)?;
        }
        Ok(self.held.len())
    }
}

impl Connection {
    fn new(end: Box<dyn End>, socket: TcpStream, side: Side) -> Result<Self> {
        socket.set_nodelay(true)?;
        Ok(Self { end, socket, side })
    }

    /// The server's part until it is idle.
    fn serve(&mut self, wires: &mut Wires) -> Result<()> {
        let mut space = [0; 64];
        self.handshake(wires)?;
        ensure!(self.read(wires, &mut space)? == REQUEST.len());
        self.write(wires, RESPONSE)?;
        // It looks for the next request, which has not come.
        ensure!(self.end.read(&mut self.side.port(wires), &mut space)? == 0);
        Ok(())
    }

    /// The client's part until it is idle.
    fn ask(&mut self, wires: &mut Wires) -> Result<()> {
        self.handshake(wires)?;
        self.write(wires, REQUEST)?;
        ensure!(self.read(wires, &mut [0; 64])? == RESPONSE.len());
        Ok(())
    }

    fn pong(&mut self, wires: &mut Wires) -> Result<()> {
        let mut space = [0];
        ensure!(self.read(wires, &mut space)? == 1 && space == *b"?");
        self.write(wires, b"!")
    }

    fn ping(&mut self, wires: &mut Wires) -> Result<()> {
        let mut space = [0];
        self.write(wires, b"?")?;
        ensure!(self.read(wires, &mut space)? == 1 && space == *b"!");
        Ok(())
    }

    fn handshake(&mut self, wires: &mut Wires) -> Result<()> {
        loop {
            let is_done = self.end.handshake(&mut self.side.port(wires))?;
            self.send(wires)?;
            if is_done {
                return Ok(());
            }
            self.receive(wires)?;
        }
    }

    fn write(&mut self, wires: &mut Wires, data: &[u8]) -> Result<()> {
        self.end.write(&mut self.side.port(wires), data)?;
        self.send(wires)
    }

    /// At least a byte for the application.
    fn read(&mut self, wires: &mut Wires, space: &mut [u8]) -> Result<usize> {
        loop {
            let n = self.end.read(&mut self.side.port(wires), space)?;
            if n > 0 {
                return Ok(n);
            }
            self.receive(wires)?;
        }
    }

    /// What the end wrote to its wire goes to the socket.
    fn send(&mut self, wires: &mut Wires) -> Result<()> {
        let (wire, mut space) = (self.side.outgoing(wires), [0; 4096]);
        loop {
            match wire.read(&mut space) {
                Ok(n) => self.socket.write_all(&space[..n])?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The next record that comes to the socket goes to the wire from which the end reads. One alone: what follows the
    /// handshake must not come with it, as not every candidate can have that.
    fn receive(&mut self, wires: &mut Wires) -> Result<()> {
        let mut record = vec![0; RECORD_HEADER];
        self.socket.read_exact(&mut record)?;
        let length = usize::from(record[3]) << 8 | usize::from(record[4]);
        record.resize(RECORD_HEADER + length, 0);
        self.socket.read_exact(&mut record[RECORD_HEADER..])?;
        Ok(self.side.incoming(wires).write_all(&record)?)
    }
}

impl Side {
    fn port(self, wires: &mut Wires) -> Port<'_> {
        match self {
            Self::Client => wires.client(),
            Self::Server => wires.server(),
        }
    }

    fn incoming(self, wires: &mut Wires) -> &mut Wire {
        match self {
            Self::Client => &mut wires.down,
            Self::Server => &mut wires.up,
        }
    }

    fn outgoing(self, wires: &mut Wires) -> &mut Wire {
        match self {
            Self::Client => &mut wires.up,
            Self::Server => &mut wires.down,
        }
    }
}

/// Lets this process have so many sockets and what else it needs.
fn raise_limit(sockets: u64) -> Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let needed = sockets + OTHER_FILES;
    if current.is_some_and(|current| current < needed) {
        let raised = Rlimit {
            current: Some(needed),
            maximum,
        };
        setrlimit(Resource::Nofile, raised)
            .with_context(|| format!("raise the limit of open files to {needed}: ulimit -Hn"))?;
    }
    Ok(())
}

/// Type, version and length (RFC 8446 section 5.1).
const RECORD_HEADER: usize = 5;

/// Standard streams, a listener and the like.
const OTHER_FILES: u64 = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candidates::{ALL, Maker};
    use crate::{Credentials, Suite, Terms};

    #[test]
    fn both_ends_of_each_connection_answer() {
        let credentials = Credentials::new().unwrap();
        let Maker::Library(make) = ALL[0].1 else {
            panic!("no library")
        };
        let end = || Sockets::new(make(&Terms::of(Suite::ALL[0]), &credentials).unwrap());
        let mut server = end();
        let port = server.answer(&["listen", "3"]).unwrap().to_string();
        std::thread::scope(|scope| {
            let connected = scope.spawn(|| {
                // Made here: what a candidate is made of does not go from one thread to another.
                let mut client = end();
                client.answer(&["connect", &port, "3"]).unwrap();
                client.answer(&["ping"]).unwrap()
            });
            server.answer(&["accept", "3"]).unwrap();
            assert_eq!(server.answer(&["pong"]).unwrap(), 3.0);
            assert_eq!(connected.join().unwrap(), 3.0);
        });
    }
}
