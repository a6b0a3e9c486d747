//! One question: a connection, a hello, what comes back, and the end of the connection.
//!
//! Owns addresses, deadlines and the reading of an answer. Must not know what the question is for.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use ring::rand::{SecureRandom, SystemRandom};
use ssl_record::hello::{FlightFault, FlightState, HelloFault, ServerFlight, ServerHello};
use ssl_record::record::{Alert, AlertDescription, ContentType, RecordHeader};

use super::offer::{Offer, Version};
use crate::failure::Failure;
use crate::target::Target;

/// A server that can be asked any number of times.
pub(super) struct Server<'a> {
    pub(super) target: &'a Target,
    /// The name in hellos, if there is one.
    pub(super) server_name: Option<&'a str>,
    connect_timeout: Duration,
    timeout: Duration,
    addr: SocketAddr,
    /// The connection that found the address, until it is used.
    first: Cell<Option<TcpStream>>,
    connections: Cell<usize>,
    random: SystemRandom,
}

/// How much of an answer is of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// The ServerHello.
    Hello,
    /// The end of the flight; only before TLS 1.3.
    Done,
}

/// What a server did with an offer.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// It chose.
    Choice(Choice, ServerFlight),
    /// It did not.
    Refusal(Refusal),
}

/// What a server chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// On the wire; not necessarily one that was offered.
    pub(super) version: u16,
    pub(super) suite: u16,
    /// In TLS 1.3.
    pub(super) group: Option<u16>,
}

/// How a server refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// With an alert.
    Alert(AlertDescription),
    /// By ending the connection.
    Closed,
    /// By doing nothing until the timeout.
    Silent,
    /// With a choice that was not offered.
    Other(String),
    /// With a broken message.
    Broken(String),
    /// With something that is not TLS, which begins like this.
    NotTls(Vec<u8>),
}

impl<'a> Server<'a> {
    /// Finds the address that answers.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn find(
        target: &'a Target,
        server_name: Option<&'a str>,
        connect_timeout: Duration,
        timeout: Duration,
    ) -> Result<Self, Failure> {
        let tcp = target.connect(connect_timeout)?;
        Ok(Self {
            target,
            server_name,
            connect_timeout,
            timeout,
            addr: tcp.peer_addr().map_err(Failure::line)?,
            first: Cell::new(Some(tcp)),
            connections: Cell::new(0),
            random: SystemRandom::new(),
        })
    }

    /// Where it is.
    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// How often it was connected to.
    pub(super) fn connections(&self) -> usize {
        self.connections.get()
    }

    /// What it may take to answer.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// A new connection.
    ///
    /// # Errors
    /// The server does not accept one any more.
    pub(super) fn connect(&self) -> Result<TcpStream, Failure> {
        let tcp = match self.first.take() {
            Some(tcp) => tcp,
            None => TcpStream::connect_timeout(&self.addr, self.connect_timeout).map_err(|error| {
                Failure::line(format_args!(
                    "{}: accepts no connection any more after {}: {error}; it may limit their rate, try again later",
                    self.target,
                    self.connections.get()
                ))
            })?,
        };
        self.connections.set(self.connections.get() + 1);
        tcp.set_nodelay(true).map_err(Failure::line)?;
        Ok(tcp)
    }

    /// Offers and reads the answer.
    ///
    /// # Errors
    /// Only if there is no connection; what a server does on one is an answer.
    pub(super) fn ask(&self, offer: &Offer<'_>, until: Until) -> Result<Answer, Failure> {
        let mut random = [0; 96];
        self.random
            .fill(&mut random)
            .map_err(|_| Failure::line("the system has no random numbers"))?;
        let mut tcp = self.connect()?;
        tcp.set_write_timeout(Some(self.timeout))
            .map_err(Failure::line)?;
        // A server that does not read the hello may have answered all the same.
        let sent = tcp.write_all(&offer.record(&random));
        let answer = self.answer(&mut tcp, until);
        tracing::trace!(version = %offer.version, suites = offer.suites.len(), ?sent, "asked");
        // So that the server need not report a broken connection.
        drop(tcp.write_all(&goodbye(offer.version)));
        Ok(answer)
    }

    fn answer(&self, tcp: &mut TcpStream, until: Until) -> Answer {
        let deadline = Instant::now() + self.timeout;
        let mut flight = ServerFlight::default();
        let mut start = Vec::new();
        let mut space = vec![0; 16 * 1024];
        let refusal = loop {
            let len = match read_before(tcp, &mut space, deadline) {
                Ok(0) => break Refusal::Closed,
                Ok(len) => len,
                Err(error) => break refusal(&error),
            };
            start.extend(&space[..len.min(EXCERPT.saturating_sub(start.len()))]);
            if let Err(fault) = flight.receive(&space[..len]) {
                break match fault {
                    FlightFault::Header(_) if flight.sizes().records == 0 => Refusal::NotTls(start),
                    fault => Refusal::Broken(fault.to_string()),
                };
            }
            if let FlightState::Refused(alert) = flight.state() {
                break Refusal::Alert(alert);
            }
            let choice = match flight.server_hello() {
                None => continue,
                Some(_) if until == Until::Done && flight.state() == FlightState::Open => continue,
                Some(hello) => hello.and_then(Choice::of),
            };
            return match choice {
                Ok(choice) => Answer::Choice(choice, flight),
                Err(fault) => Answer::Refusal(Refusal::Broken(fault.to_string())),
            };
        };
        Answer::Refusal(refusal)
    }
}

impl Choice {
    fn of(hello: ServerHello<'_>) -> Result<Self, HelloFault> {
        Ok(Self {
            version: hello.selected_version()?,
            suite: hello.cipher_suite(),
            group: hello.selected_group()?,
        })
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Alert(alert) => write!(f, "alert {alert}"),
            Self::Closed => f.write_str("closes the connection"),
            Self::Silent => f.write_str("no answer in time"),
            Self::Other(what) => write!(f, "answers with {what}"),
            Self::Broken(fault) => write!(f, "broken answer: {fault}"),
            Self::NotTls(start) => write!(
                f,
                "answers with something that is not TLS: \"{}\"",
                start.escape_ascii()
            ),
        }
    }
}

fn read_before(tcp: &mut TcpStream, space: &mut [u8], deadline: Instant) -> io::Result<usize> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        tcp.set_read_timeout(Some(left))?;
        match tcp.read(space) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn refusal(error: &io::Error) -> Refusal {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Refusal::Silent,
        _ => Refusal::Closed,
    }
}

/// A record that says that this was all.
fn goodbye(version: Version) -> Vec<u8> {
    let alert = Alert::fatal(AlertDescription::USER_CANCELED);
    let header = RecordHeader {
        content_type: ContentType::Alert,
        version: version.min(Version::Tls12).wire(),
        len: 2,
    };
    [&header.encode()[..], &alert.encode()].concat()
}

/// Bytes of a foreign protocol that are shown.
const EXCERPT: usize = 32;
