//! What carries records: a socket, a pipe, a BIO.
//!
//! Owns the contract between the drive loops and the outside. It must not know what a record is.

use std::io;

/// A byte carrier that may block, accept less than offered, end, or fail.
///
/// The three results that matter to TLS are told apart by [`io::ErrorKind`]:
/// [`WouldBlock`](io::ErrorKind::WouldBlock) means "ask again later" and becomes a
/// [`Want`](crate::Want); [`Interrupted`](io::ErrorKind::Interrupted) is repeated at once; every other
/// error is handed to the caller unchanged and does *not* end the connection (statements W25, R24).
///
/// Every `Read + Write` type is a transport.
///
/// ```
/// use ssl_record::io::Transport;
///
/// fn takes_a_transport(_: &mut impl Transport) {}
/// let mut pipe = std::io::Cursor::new(Vec::new());
/// takes_a_transport(&mut pipe);
/// ```
pub trait Transport {
    /// Offers `bytes`; returns how many were taken, at least one.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if none can be taken now; any other kind is a transport failure.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Fills the front of `space`; returns how many bytes arrived, 0 for the end of the stream.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if nothing has arrived; any other kind is a transport failure.
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize>;

    /// Pushes what the transport itself buffers. Called after handshake flights and alerts, never
    /// after application data (statement W60).
    ///
    /// # Errors
    /// As for [`Transport::write`].
    fn flush(&mut self) -> io::Result<()>;

    /// The connection returns [`Want::Read`](crate::Want::Read) although this transport did not block,
    /// because `AUTO_RETRY` is off and a record without application data was processed (statement R54).
    ///
    /// A transport that keeps its own retry flags (a libcrypto BIO) sets "read, should retry" here.
    fn force_want_read(&mut self) {}
}

impl<T: io::Read + io::Write + ?Sized> Transport for T {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(self, bytes)
    }

    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        io::Read::read(self, space)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::Write::flush(self)
    }
}
