//! The loop that carries out steps: the only place that calls a [`Transport`].
//!
//! Owns the translation of transport results into wants. Knows nothing of records or modes.

use std::io;

use super::Transport;
use crate::connection::{Connection, EarlyRead};
use crate::error::Error;
use crate::step::{Outcome, Received, Shutdown, Step, Want};

/// Why a driven call gave no result.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The TLS layer failed; see [`Error::is_final`].
    #[error(transparent)]
    Tls(#[from] Error),
    /// The transport failed; the connection is unharmed, and the call may be repeated (statements W25,
    /// R24).
    #[error("transport: {0}")]
    Transport(#[from] io::Error),
}

/// Runs the handshake as far as the transport allows.
///
/// # Errors
/// [`CallError`].
pub fn handshake<T: Transport + ?Sized>(
    connection: &mut Connection,
    transport: &mut T,
) -> Result<Outcome<()>, CallError> {
    run(connection, transport, Connection::step_handshake)
}

/// Writes `data`; see [`Connection::begin_write`] for what a retry must be.
///
/// # Errors
/// [`CallError`].
pub fn write<T: Transport + ?Sized>(
    connection: &mut Connection,
    transport: &mut T,
    data: &[u8],
) -> Result<Outcome<usize>, CallError> {
    let mut call = match connection.begin_write(data) {
        Ok(call) => call,
        Err(error) => {
            last_words(connection, transport, &error);
            return Err(error.into());
        }
    };
    run(connection, transport, |connection| {
        connection.step_write(&mut call)
    })
}

/// Writes `data` before the handshake is over; see [`Connection::begin_early_write`].
///
/// # Errors
/// [`CallError`].
pub fn early_write<T: Transport + ?Sized>(
    connection: &mut Connection,
    transport: &mut T,
    data: &[u8],
) -> Result<Outcome<usize>, CallError> {
    let mut call = match connection.begin_early_write(data) {
        Ok(call) => call,
        Err(error) => {
            last_words(connection, transport, &error);
            return Err(error.into());
        }
    };
    run(connection, transport, |connection| {
        connection.step_early_write(&mut call)
    })
}

/// Reads a client's early data; see [`Connection::step_early_read`].
///
/// # Errors
/// [`CallError`].
pub fn early_read<T: Transport + ?Sized>(
    connection: &mut Connection,
    transport: &mut T,
    out: &mut [u8],
) -> Result<Outcome<EarlyRead>, CallError> {
    run(connection, transport, |connection| {
        connection.step_early_read(out)
    })
}

/// Reads into `out`, at most one record.
///
/// # Errors
/// [`CallError`].
pub fn read<T: Transport + ?Sized>(
    connection: &mut Connection,
    transport: &mut T,
    out: &mut [u8],
) -> Result<Outcome<Received>, CallError> {
    let mut call = connection.begin_read()?;
    run(connection, transport, |connection| {
        connection.step_read(&mut call, out)
    })
}

/// Reads into `out` without using the bytes up.
///
/// # Errors
/// [`CallError`].
pub fn peek<T: Transport + ?Sized>(
    connection: &mut Connection,
    transport: &mut T,
    out: &mut [u8],
) -> Result<Outcome<Received>, CallError> {
    let mut call = connection.begin_peek()?;
    run(connection, transport, |connection| {
        connection.step_read(&mut call, out)
    })
}

/// Sends close_notify, or waits for the peer's.
///
/// # Errors
/// [`CallError`].
pub fn shutdown<T: Transport + ?Sized>(
    connection: &mut Connection,
    transport: &mut T,
) -> Result<Outcome<Shutdown>, CallError> {
    let mut call = connection.begin_shutdown()?;
    run(connection, transport, |connection| {
        connection.step_shutdown(&mut call)
    })
}

fn run<T: Transport + ?Sized, V>(
    connection: &mut Connection,
    transport: &mut T,
    mut step: impl FnMut(&mut Connection) -> Result<Step<V>, Error>,
) -> Result<Outcome<V>, CallError> {
    loop {
        let next = match step(connection) {
            Ok(next) => next,
            Err(error) => {
                last_words(connection, transport, &error);
                return Err(error.into());
            }
        };
        let want = match next {
            Step::Done(value) => return Ok(Outcome::Done(value)),
            Step::Want(want) => {
                if want == Want::Read {
                    transport.force_want_read();
                }
                connection.blocked(want);
                return Ok(Outcome::Want(want));
            }
            // Who drives delegated connections answers between two calls.
            Step::Decide => return Ok(Outcome::Want(Want::Async)),
            Step::Transmit => transmit(connection, transport)?,
            Step::Flush => flush(connection, transport)?,
            Step::Receive => receive(connection, transport)?,
        };
        if let Some(want) = want {
            connection.blocked(want);
            return Ok(Outcome::Want(want));
        }
    }
}

fn transmit<T: Transport + ?Sized>(
    connection: &mut Connection,
    transport: &mut T,
) -> io::Result<Option<Want>> {
    match transport.write(connection.outgoing()) {
        Ok(0) => Err(io::ErrorKind::WriteZero.into()),
        Ok(n) => {
            connection.transmitted(n);
            Ok(None)
        }
        Err(error) => obstacle(error, Want::Write),
    }
}

fn flush<T: Transport + ?Sized>(
    connection: &mut Connection,
    transport: &mut T,
) -> io::Result<Option<Want>> {
    match transport.flush() {
        Ok(()) => {
            connection.flushed();
            Ok(None)
        }
        Err(error) => obstacle(error, Want::Write),
    }
}

fn receive<T: Transport + ?Sized>(
    connection: &mut Connection,
    transport: &mut T,
) -> io::Result<Option<Want>> {
    match transport.read(connection.incoming()) {
        Ok(0) => {
            connection.received_eof();
            Ok(None)
        }
        Ok(n) => {
            connection.received(n);
            Ok(None)
        }
        Err(error) => obstacle(error, Want::Read),
    }
}

/// Blocked is a want, interrupted is nothing, the rest is an error.
fn obstacle(error: io::Error, want: Want) -> io::Result<Option<Want>> {
    match error.kind() {
        io::ErrorKind::WouldBlock => Ok(Some(want)),
        io::ErrorKind::Interrupted => Ok(None),
        _ => Err(error),
    }
}

/// Gives the alert that a failure left behind one attempt; what the transport says to it matters no
/// more.
#[cold]
fn last_words<T: Transport + ?Sized>(
    connection: &mut Connection,
    transport: &mut T,
    error: &Error,
) {
    if !error.is_final() {
        return;
    }
    while !connection.outgoing().is_empty() {
        if !matches!(transmit(connection, transport), Ok(None)) {
            return;
        }
    }
    let _ = transport.flush();
}
