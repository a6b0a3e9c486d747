//! `TlsStream`: a connection and its transport as one `Read + Write`.

use std::io::{self, Read, Write};

use super::drive::{self, CallError};
use super::{Signal, Transport};
use crate::connection::Connection;
use crate::error::Error;
use crate::step::{Outcome, Received, Shutdown, Want};

/// A connection over a blocking or non-blocking transport.
///
/// `Read` and `Write` behave as on the transport: over a non-blocking one a want is an error of kind
/// [`io::ErrorKind::WouldBlock`], and [`TlsStream::last_want`] says for which direction to wait. The
/// inherent methods give wants as values. `flush` completes nothing: a write returned only when the
/// transport took it.
///
/// Read-ahead is on, because nobody polls the transport behind a stream's back (decision 3); turn it
/// off with [`Connection::set_read_ahead`] where somebody does. So is sealing ahead
/// ([`Connection::set_seal_ahead`]): a long write takes a call of the transport for four records.
pub struct TlsStream<T> {
    connection: Connection,
    transport: T,
    want: Option<Want>,
}

impl<T: Transport> TlsStream<T> {
    /// Joins the two. The handshake happens at the first call that needs it, or with
    /// [`TlsStream::handshake`].
    pub fn new(mut connection: Connection, transport: T) -> Self {
        connection.set_read_ahead(true);
        connection.set_seal_ahead(true);
        Self {
            connection,
            transport,
            want: None,
        }
    }

    /// Runs the handshake as far as the transport allows.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn handshake(&mut self) -> Result<Outcome<()>, CallError> {
        let result = drive::handshake(&mut self.connection, &mut self.transport);
        self.noted(result)
    }

    /// Writes `data`, with the retry contract of [`Connection::begin_write`].
    ///
    /// # Errors
    /// [`CallError`].
    pub fn write_tls(&mut self, data: &[u8]) -> Result<Outcome<usize>, CallError> {
        let result = drive::write(&mut self.connection, &mut self.transport, data);
        self.noted(result)
    }

    /// Reads at most one record.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn read_tls(&mut self, out: &mut [u8]) -> Result<Outcome<Received>, CallError> {
        let result = drive::read(&mut self.connection, &mut self.transport, out);
        self.noted(result)
    }

    /// Reads without using the bytes up.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn peek_tls(&mut self, out: &mut [u8]) -> Result<Outcome<Received>, CallError> {
        let result = drive::peek(&mut self.connection, &mut self.transport, out);
        self.noted(result)
    }

    /// Sends close_notify; called again, waits for the peer's.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn shutdown_tls(&mut self) -> Result<Outcome<Shutdown>, CallError> {
        let result = drive::shutdown(&mut self.connection, &mut self.transport);
        self.noted(result)
    }

    /// Sleeps while the handshake waits for the application ([`Want::Async`]), then runs it on as far as
    /// the transport allows. It takes the place of a waker that was set.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn wait_async(&mut self) -> Result<Outcome<()>, CallError> {
        let signal = Signal::new();
        self.connection.set_waker(&signal.waker());
        loop {
            let outcome = self.handshake()?;
            if outcome != Outcome::Want(Want::Async) {
                return Ok(outcome);
            }
            signal.wait();
        }
    }

    /// The connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The connection, to change modes or settings.
    pub fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// The transport.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// The transport, for instance to register it with a poller.
    pub fn transport_mut(&mut self) -> &mut T {
        &mut self.transport
    }

    /// What the last call wanted; `None` if it was not stopped by a want.
    pub fn last_want(&self) -> Option<Want> {
        self.want
    }

    /// Takes the two apart.
    pub fn into_parts(self) -> (Connection, T) {
        (self.connection, self.transport)
    }

    fn noted<V>(&mut self, result: Result<Outcome<V>, CallError>) -> Result<Outcome<V>, CallError> {
        self.want = result.as_ref().ok().and_then(Outcome::want);
        result
    }
}

impl<T: Transport> Read for TlsStream<T> {
    /// 0 is the peer's close_notify; a truncated stream is [`io::ErrorKind::UnexpectedEof`].
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match settled(self.read_tls(out))? {
            Received::Data(n) => Ok(n),
            Received::Closed => Ok(0),
        }
    }
}

impl<T: Transport> Write for TlsStream<T> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        settled(self.write_tls(data))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.transport.flush()
    }
}

/// A driven call's result as `std::io` has it.
pub(super) fn settled<V>(result: Result<Outcome<V>, CallError>) -> io::Result<V> {
    match result {
        Ok(Outcome::Done(value)) => Ok(value),
        Ok(Outcome::Want(_)) => Err(io::ErrorKind::WouldBlock.into()),
        Err(error) => Err(error.into()),
    }
}

impl From<CallError> for io::Error {
    fn from(error: CallError) -> Self {
        let kind = match error {
            CallError::Transport(error) => return error,
            CallError::Tls(Error::UnexpectedEof) => io::ErrorKind::UnexpectedEof,
            CallError::Tls(
                Error::Misuse(_)
                | Error::BadLength { .. }
                | Error::BufferMoved
                | Error::ContentsChanged,
            ) => io::ErrorKind::InvalidInput,
            CallError::Tls(Error::AlreadyFailed) => io::ErrorKind::NotConnected,
            CallError::Tls(_) => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}
