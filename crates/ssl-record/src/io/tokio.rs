//! `TlsStream` for tokio: `AsyncRead + AsyncWrite` over any transport that is both.
//!
//! Owns the translation between polls and wants. The drive loop is the same as everywhere: a transport
//! that is pending is one that would block.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::stream::settled;
use super::{CallError, Transport, drive};
use crate::SslMode;
use crate::connection::Connection;
use crate::step::{Outcome, Received, Shutdown};

/// A connection over an asynchronous transport.
///
/// tokio's contract lets a caller drop a pending write and come with other bytes. Bytes already sealed
/// cannot be taken back, so a write here must be repeated with a buffer that begins with the same bytes,
/// as `write_all` and `copy` do. `ACCEPT_MOVING_WRITE_BUFFER` is set by [`TlsStream::new`], because
/// futures move their buffers, and so is `ENABLE_PARTIAL_WRITE`, because `poll_write` may report a part, and
/// `ASYNC`, because a key or a check that takes its time must not block the executor's thread.
///
/// ```no_run
/// use ssl_record::config::{ClientConfig, Roots};
/// use ssl_record::io::tokio::TlsStream;
/// use ssl_record::{Connection, Context};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let context = Context::client(ClientConfig::new(Roots::webpki()))?;
/// let tcp = tokio::net::TcpStream::connect("example.org:443").await?;
/// let mut stream = TlsStream::new(Connection::client(&context, "example.org")?, tcp);
/// stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
/// let mut answer = Vec::new();
/// stream.read_to_end(&mut answer).await?;
/// # Ok(())
/// # }
/// ```
pub struct TlsStream<T> {
    connection: Connection,
    transport: T,
}

impl<T: AsyncRead + AsyncWrite + Unpin> TlsStream<T> {
    /// Joins the two, with read-ahead and sealing ahead on and the modes that futures need set.
    pub fn new(mut connection: Connection, transport: T) -> Self {
        connection.set_read_ahead(true);
        connection.set_seal_ahead(true);
        connection.set_mode(
            SslMode::ENABLE_PARTIAL_WRITE | SslMode::ACCEPT_MOVING_WRITE_BUFFER | SslMode::ASYNC,
        );
        Self {
            connection,
            transport,
        }
    }

    /// Completes the handshake. Reading or writing does so too.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn handshake(&mut self) -> Result<(), CallError> {
        core::future::poll_fn(|context| {
            self.poll(context, |connection, transport| {
                drive::handshake(connection, transport)
            })
        })
        .await
    }

    /// The connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The connection, to change modes or settings.
    pub fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Takes the two apart.
    pub fn into_parts(self) -> (Connection, T) {
        (self.connection, self.transport)
    }

    /// One driven call. A want is pending: what blocked, transport or signer, has kept the waker.
    fn poll<V>(
        &mut self,
        context: &mut Context<'_>,
        call: impl FnOnce(&mut Connection, &mut Polled<'_, '_, T>) -> Result<Outcome<V>, CallError>,
    ) -> Poll<Result<V, CallError>> {
        self.connection.set_waker(context.waker());
        let mut polled = Polled {
            transport: &mut self.transport,
            context,
        };
        match call(&mut self.connection, &mut polled) {
            Ok(Outcome::Done(value)) => Poll::Ready(Ok(value)),
            Ok(Outcome::Want(_)) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let space = out.initialize_unfilled();
        let polled = self.get_mut().poll(context, |connection, transport| {
            drive::read(connection, transport, space)
        });
        if let Received::Data(n) = ready!(polled)? {
            out.advance(n);
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = self.get_mut().poll(context, |connection, transport| {
            drive::write(connection, transport, data)
        });
        polled.map(|result| settled(result.map(Outcome::Done)))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().transport).poll_flush(context)
    }

    /// Sends close_notify, then shuts the transport's write side down. The peer's close_notify is what
    /// ends reading.
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.connection.in_init() && !this.connection.close_notify_left() {
            let sent: Result<Shutdown, CallError> =
                ready!(this.poll(context, |connection, transport| drive::shutdown(
                    connection, transport
                )));
            let _: Shutdown = sent?;
        }
        Pin::new(&mut this.transport).poll_shutdown(context)
    }
}

/// The asynchronous transport as a non-blocking one, for the time of one poll.
struct Polled<'a, 'cx, T> {
    transport: &'a mut T,
    context: &'a mut Context<'cx>,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Transport for Polled<'_, '_, T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        or_blocked(Pin::new(&mut *self.transport).poll_write(self.context, bytes))
    }

    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let mut space = ReadBuf::new(space);
        or_blocked(Pin::new(&mut *self.transport).poll_read(self.context, &mut space))?;
        Ok(space.filled().len())
    }

    fn flush(&mut self) -> io::Result<()> {
        or_blocked(Pin::new(&mut *self.transport).poll_flush(self.context))
    }

    /// Nothing blocked, so nobody keeps the waker: the task has to be woken here.
    fn force_want_read(&mut self) {
        self.context.waker().wake_by_ref();
    }
}

fn or_blocked<V>(poll: Poll<io::Result<V>>) -> io::Result<V> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}
