//! A TCP connection with the handshake done.
//!
//! Owns deadlines. Must not know what the connection is for.

use std::net::TcpStream;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use ssl_record::io::{CallError, TlsStream};
use ssl_record::{Connection, Context, Outcome, Received, Want};

use super::wait::{Interest, Waiter};
use crate::failure::Failure;
use crate::target::Target;

/// What the client talks through.
pub(super) type Stream = TlsStream<TcpStream>;

/// How to connect, as often as needed.
pub(super) struct Connector<'a> {
    pub(super) context: &'a Context,
    pub(super) target: &'a Target,
    pub(super) server_name: &'a str,
    /// For the connection, and again for the handshake.
    pub(super) timeout: Duration,
}

impl Connector<'_> {
    /// Connects and completes the handshake.
    ///
    /// # Errors
    /// The name has no address, nobody answers, or the handshake fails.
    pub(super) fn connect(&self) -> Result<Stream, Failure> {
        let connection = Connection::client(self.context, self.server_name)
            .map_err(|error| Failure::usage(format_args!("{error}; see --servername")))?;
        let tcp = self.tcp()?;
        let mut stream = TlsStream::new(connection, tcp);
        self.handshake(&mut stream)?;
        Ok(stream)
    }

    /// Completes the handshake, or a key update.
    ///
    /// # Errors
    /// It fails or takes too long.
    pub(super) fn handshake(&self, stream: &mut Stream) -> Result<(), Failure> {
        let done = self.until_done(stream, |stream| stream.handshake())?;
        done.ok_or_else(|| {
            let seconds = self.timeout.as_secs();
            Failure::line(format_args!(
                "{}: no answer to the handshake within {seconds} s; does the server speak TLS?",
                self.target
            ))
        })
    }

    /// Closes a connection that nothing was asked of, after the tickets that may still come.
    ///
    /// # Errors
    /// The connection fails; not that the server does not say goodbye in time.
    pub(super) fn close_politely(&self, stream: &mut Stream) -> Result<(), Failure> {
        if self
            .until_done(stream, |stream| stream.shutdown_tls())?
            .is_none()
        {
            return Ok(());
        }
        let mut space = vec![0; 16 * 1024];
        loop {
            let received = match self.until_done(stream, |stream| stream.read_tls(&mut space)) {
                // Many servers just end the connection; the tickets came before.
                Err(_) => return Ok(()),
                Ok(received) => received,
            };
            match received {
                Some(Received::Data(_)) => {}
                Some(Received::Closed) | None => return Ok(()),
            }
        }
    }

    /// Repeats a call as its wants are met; nothing after the timeout.
    fn until_done<V>(
        &self,
        stream: &mut Stream,
        mut call: impl FnMut(&mut Stream) -> Result<Outcome<V>, CallError>,
    ) -> Result<Option<V>, Failure> {
        let deadline = Instant::now() + self.timeout;
        loop {
            let want = match call(stream) {
                Ok(Outcome::Done(value)) => return Ok(Some(value)),
                Ok(Outcome::Want(want)) => want,
                Err(error) => return Err(Failure::call(self.target, &error)),
            };
            tracing::trace!(?want, "call stopped, to be retried");
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let interest = Interest {
                read: want == Want::Read,
                write: want == Want::Write,
            };
            let mut waiter = Waiter::default();
            waiter.add(stream.transport().as_fd(), interest);
            waiter.wait(Some(left)).map_err(Failure::line)?;
        }
    }

    fn tcp(&self) -> Result<TcpStream, Failure> {
        let tcp = self.target.connect(self.timeout)?;
        tcp.set_nonblocking(true).map_err(Failure::line)?;
        // Whoever types into the other end wants each line to leave at once.
        tcp.set_nodelay(true).map_err(Failure::line)?;
        Ok(tcp)
    }
}
