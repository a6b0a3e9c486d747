//! What a call can ask of its driver, and what it can say to its caller.
//!
//! Retry is a value here, never an error. Knows nothing of how a step is carried out.

/// The reason a call stopped before its result: repeat the same call once this can be had.
///
/// The OpenSSL names are `SSL_ERROR_WANT_READ`, `_WANT_WRITE` and `_WANT_ASYNC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Want {
    /// The transport has to deliver bytes first.
    Read,
    /// The transport has to take bytes first.
    Write,
    /// An asynchronous operation, such as a signature, has to finish first.
    Async,
}

/// What a sans-io call asks for next.
///
/// Obey it and call the same function again until it is [`Step::Done`]; stop early only to report a
/// [`Want`] to the caller, who then repeats the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Step<T> {
    /// Offer [`Connection::outgoing`](crate::Connection::outgoing) to the transport, then report what it took with
    /// [`Connection::transmitted`](crate::Connection::transmitted). If it takes nothing, the call ends with [`Want::Write`].
    Transmit,
    /// Flush the transport, then call [`Connection::flushed`](crate::Connection::flushed). If it blocks, the call ends with
    /// [`Want::Write`].
    Flush,
    /// Let the transport fill [`Connection::incoming`](crate::Connection::incoming), then report with
    /// [`Connection::received`](crate::Connection::received) or [`Connection::received_eof`](crate::Connection::received_eof). If nothing is there, the
    /// call ends with [`Want::Read`].
    Receive,
    /// Answer [`Connection::question`](crate::Connection::question) with
    /// [`Connection::answer`](crate::Connection::answer), now or later: only delegated connections
    /// ask. Until there is an answer, each step gives this again.
    Decide,
    /// End the call with this, whatever the transport could do.
    Want(Want),
    /// The call is complete.
    Done(T),
}

/// How a driven call ended: with its result, or with the reason to repeat it.
///
/// ```
/// use ssl_record::{Outcome, Want};
/// let blocked: Outcome<usize> = Outcome::Want(Want::Write);
/// assert_eq!(blocked.done(), None);
/// assert_eq!(Outcome::Done(3).done(), Some(3));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome<T> {
    /// The result.
    Done(T),
    /// Nothing was lost; repeat the call when this can be had.
    Want(Want),
}

impl<T> Outcome<T> {
    /// The result, if there is one.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(value) => Some(value),
            Self::Want(_) => None,
        }
    }

    /// The obstacle, if there was one.
    pub const fn want(&self) -> Option<Want> {
        match self {
            Self::Done(_) => None,
            Self::Want(want) => Some(*want),
        }
    }
}

/// What a read delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Received {
    /// So many bytes of application data; zero only if zero were asked for (statement R6).
    Data(usize),
    /// The peer's close_notify, or an end of stream that
    /// [`ignore_unexpected_eof`](crate::Connection::set_ignore_unexpected_eof) lets pass as one (statements R18, R21).
    Closed,
}

/// How far a shutdown has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Shutdown {
    /// Our close_notify is on its way, the peer's has not been seen: `SSL_shutdown` returns 0.
    Sent,
    /// Both directions are closed: `SSL_shutdown` returns 1.
    Complete,
}
