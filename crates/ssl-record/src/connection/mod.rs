//! `Connection`: joins handshake, write path and read path.
//!
//! Owns the phase, the shutdown state of both directions, and the carrying of replies from read to
//! write. Still no I/O: a driver (`crate::io`) carries out each [`Step`].

mod delegated;
mod early;
mod handshake;
mod idle;
mod lend;
mod read;
mod settings;
mod shutdown;
mod write;

use std::task::Waker;

use ssl_mode::{ModeRegister, SslMode};

pub use self::early::{EarlyRead, EarlyWriteCall};
pub use self::lend::{LentIncoming, LentOutgoing};
pub use self::read::ReadCall;
pub use self::shutdown::{ShutdownCall, ShutdownState};
pub use self::write::{KeyUpdateRequest, WriteCall};
use crate::config::ConfigError;
use crate::context::{Context, Side};
use crate::error::Error;
use crate::handshake::session::{ClientSession, Resumable};
use crate::handshake::{Established, Handshake, Negotiated, Tickets};
use crate::protect::Exporter;
use crate::read::ReadPath;
use crate::record::{Alert, ContentType};
use crate::step::{Step, Want};
use crate::tap::TapLog;
use crate::write::WritePath;

/// One TLS connection; OpenSSL's `SSL`.
///
/// The core does no I/O. Each operation is begun and then stepped:
///
/// ```text
/// let mut call = connection.begin_write(data)?;
/// loop {
///     match connection.step_write(&mut call)? {
///         Step::Transmit => offer outgoing() to the transport, then transmitted(n)
///         Step::Flush    => flush the transport, then flushed()
///         Step::Receive  => read into incoming(), then received(n) or received_eof()
///         Step::Want(w)  => stop; tell the caller to repeat when w can be had
///         Step::Done(n)  => stop; n bytes were written
///     }
/// }
/// ```
///
/// If the transport blocks, call [`Connection::blocked`] and stop with the matching [`Want`]; the
/// caller repeats the operation with the same arguments. If the transport fails, stop with its error;
/// the connection is not harmed (statements W25, R24). After an `Err`, whatever
/// [`Connection::outgoing`] still holds is an alert that deserves one attempt. [`crate::io::drive`]
/// does all this.
///
/// ```
/// use ssl_record::config::{ClientConfig, Roots};
/// use ssl_record::{Connection, Context, Step};
///
/// let context = Context::client(ClientConfig::new(Roots::webpki()))?;
/// let mut connection = Connection::client(&context, "example.org")?;
/// assert_eq!(connection.step_handshake()?, Step::Transmit);
/// assert_eq!(connection.outgoing()[0], 22); // a handshake record: the ClientHello
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Connection {
    context: Context,
    modes: ModeRegister,
    phase: Phase,
    read: ReadPath,
    write: WritePath,
    shutdown: ShutdownState,
    options: Options,
    /// The transport ended.
    eof: bool,
    server_name: Box<str>,
    /// What passes is noted.
    tap: Option<TapLog>,
}

/// Per-connection switches that are not modes.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    quiet_shutdown: bool,
    ignore_unexpected_eof: bool,
}

/// The life of a connection.
///
/// ```text
/// Handshaking --complete--> Established
///      \                        |
///       `------ fatal ----------+--> Failed
/// ```
enum Phase {
    Handshaking(Box<Handshaking>),
    Established(Box<Session>),
    /// Holds what of a failed handshake's last flight is not transmitted.
    Failed(Flight),
}

struct Handshaking {
    handshake: Handshake,
    flight: Flight,
    early: early::Early,
    /// Where the handshake came to a halt, until another record takes it on. It is not asked before.
    halt: Option<Halt>,
    /// A record was received.
    has_heard: bool,
    /// Told when the application need not be waited for any longer.
    waker: Waker,
}

/// What a handshake has come to once it has said what it can say; its flight leaves first.
#[derive(Clone, Copy)]
enum Halt {
    /// The peer's next record is needed.
    NeedRecord,
    /// It is over.
    Complete,
}

/// Handshake bytes on their way out.
#[derive(Default)]
struct Flight {
    bytes: Vec<u8>,
    /// Bytes of it already transmitted.
    sent: usize,
    /// It was transmitted and the transport not yet flushed.
    flush_due: bool,
}

/// What an established connection keeps.
struct Session {
    negotiated: Negotiated,
    exporter: Exporter,
    tickets: Option<Tickets>,
    /// The newest session, if sessions are exported.
    resumable: Option<Box<Resumable>>,
    /// Only of delegated connections.
    delegated: Option<Box<delegated::Kept>>,
    /// A key update asked for by us and not yet sent (statement W29).
    key_update: Option<KeyUpdateRequest>,
    /// It is sealed and not yet transmitted and flushed.
    sending_key_update: bool,
    /// A key update asked for by the peer and not yet answered (statement W31).
    reply_owed: bool,
    /// A refusal to renegotiate is not transmitted and flushed yet (statement R31).
    refusing: bool,
    /// Post-handshake messages handled since the handshake.
    handled: u64,
}

impl Connection {
    /// A client's connection to the server of this name, which is verified and sent as SNI.
    ///
    /// # Errors
    /// [`ConfigError::BadServerName`] if the name is neither a host name nor an address.
    pub fn client(context: &Context, server_name: &str) -> Result<Self, ConfigError> {
        Self::new(context, server_name)
    }

    /// A server's connection.
    ///
    /// # Errors
    /// [`ConfigError::Crypto`] if the cryptographic library cannot start.
    pub fn server(context: &Context) -> Result<Self, ConfigError> {
        Self::new(context, "")
    }

    fn new(context: &Context, server_name: &str) -> Result<Self, ConfigError> {
        let handshake = context.handshake(server_name)?;
        Ok(Self::with(context, handshake, server_name))
    }

    fn with(context: &Context, handshake: Handshake, server_name: &str) -> Self {
        Self {
            context: context.clone(),
            modes: context.modes().inherit(),
            phase: Phase::new(handshake),
            read: ReadPath::default(),
            write: WritePath::default(),
            shutdown: ShutdownState::default(),
            options: Options::default(),
            eof: false,
            server_name: server_name.into(),
            tap: None,
        }
    }

    /// Which side this is.
    pub fn side(&self) -> Side {
        self.context.side()
    }

    /// Whether a handshake or key update is unfinished, or the connection failed: `SSL_in_init`.
    #[inline]
    pub fn in_init(&self) -> bool {
        match &self.phase {
            Phase::Handshaking(_) | Phase::Failed(_) => true,
            Phase::Established(session) => {
                session.key_update.is_some() || session.sending_key_update
            }
        }
    }

    /// Whether a fatal error ended the connection (statement R50).
    #[inline]
    pub fn is_failed(&self) -> bool {
        matches!(self.phase, Phase::Failed(_))
    }

    /// What was negotiated; `None` before the handshake is complete and after a failure.
    pub fn negotiated(&self) -> Option<&Negotiated> {
        self.established().map(|session| &session.negotiated)
    }

    /// The newest session of a client whose context exports sessions
    /// ([`ClientConfig::export_sessions`](crate::config::ClientConfig::export_sessions)). In TLS 1.3 it comes after the handshake, with the first
    /// reads.
    pub fn session(&self) -> Option<ClientSession> {
        let session = self.established()?;
        if let Some(kept) = &session.delegated {
            return kept.newest_session();
        }
        let resumable = Resumable::clone(session.resumable.as_deref()?);
        Some(ClientSession::new(
            &self.server_name,
            &session.negotiated,
            resumable,
        ))
    }

    /// Fills `out` with keying material for `label` (RFC 5705, RFC 8446 section 7.5).
    ///
    /// # Errors
    /// [`Misuse::NoKeyingMaterial`](crate::Misuse::NoKeyingMaterial) before the handshake is complete, or for more than 255 hash lengths.
    pub fn export_keying_material(
        &self,
        out: &mut [u8],
        label: &[u8],
        context: Option<&[u8]>,
    ) -> Result<(), Error> {
        let exported = self
            .established()
            .map(|session| session.exporter.export(out, label, context));
        match exported {
            Some(Ok(())) => Ok(()),
            _ => Err(crate::Misuse::NoKeyingMaterial.into()),
        }
    }

    /// Bytes for the transport.
    #[inline]
    pub fn outgoing(&self) -> &[u8] {
        match &self.phase {
            Phase::Handshaking(it) if !it.flight.rest().is_empty() => it.flight.rest(),
            Phase::Failed(flight) if !flight.rest().is_empty() => flight.rest(),
            _ => self.write.outgoing(),
        }
    }

    /// The transport took the first `n` bytes of [`Connection::outgoing`]. More than were offered
    /// count as all of them.
    #[inline]
    pub fn transmitted(&mut self, n: usize) {
        match &mut self.phase {
            Phase::Handshaking(it) if !it.flight.rest().is_empty() => it.flight.transmitted(n),
            Phase::Failed(flight) if !flight.rest().is_empty() => flight.transmitted(n),
            _ => self.write.transmitted(n),
        }
    }

    /// The transport was flushed.
    pub fn flushed(&mut self) {
        if let Phase::Handshaking(handshaking) = &mut self.phase {
            handshaking.flight.flush_due = false;
            handshaking.early.flush_due = false;
        }
        self.write.flushed();
    }

    /// Where the transport's next bytes belong; never empty after [`Step::Receive`].
    ///
    /// Exactly the rest of the current record, unless read-ahead is on (statement R3).
    pub fn incoming(&mut self) -> &mut [u8] {
        self.read.deframer_mut().incoming(self.context.pool())
    }

    /// The transport filled the first `n` bytes of [`Connection::incoming`]. More than fit count as
    /// all of them.
    pub fn received(&mut self, n: usize) {
        self.read.deframer_mut().received(n);
        self.wake_opening();
    }

    /// The transport ended.
    pub fn received_eof(&mut self) {
        self.eof = true;
    }

    /// The transport blocked and the call ends with `want`: the time to release what is not needed
    /// meanwhile (statement B2), and to fold keys, if the context says so and nothing is under way.
    pub fn blocked(&mut self, want: Want) {
        tracing::trace!(?want, "blocked");
        if self.mode().contains(SslMode::RELEASE_BUFFERS) {
            self.read.free_buffer(self.context.pool());
        }
        if want == Want::Read {
            self.rest_keys();
        }
    }

    fn established(&self) -> Option<&Session> {
        match &self.phase {
            Phase::Established(session) => Some(session),
            Phase::Handshaking(_) | Phase::Failed(_) => None,
        }
    }

    fn established_mut(&mut self) -> Option<&mut Session> {
        match &mut self.phase {
            Phase::Established(session) => Some(session),
            Phase::Handshaking(_) | Phase::Failed(_) => None,
        }
    }

    /// Passes a result on; a final error first ends the connection (the effect of `SSLfatal`).
    fn checked<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &result {
            self.heed(error);
        }
        result
    }

    /// Ends the connection if the error is final.
    #[cold]
    fn heed(&mut self, error: &Error) {
        if error.is_final() && !self.is_failed() {
            self.fail(error);
        }
    }

    /// Ends the connection and prepares the alert that tells the peer, unless close_notify went out
    /// before or an application record is half sent (statement W20).
    fn fail(&mut self, error: &Error) {
        tracing::debug!(%error, "connection failed");
        let alert = error
            .alert()
            .filter(|_| !self.shutdown.sent)
            .map(Alert::fatal);
        let phase = core::mem::replace(&mut self.phase, Phase::Failed(Flight::default()));
        match (phase, alert) {
            (Phase::Handshaking(handshaking), alert) => {
                let Handshaking {
                    mut handshake,
                    mut flight,
                    ..
                } = *handshaking;
                handshake.set_sealed_early(self.write.sealed());
                // Behind half of an early record nothing can be read.
                let alert = alert.filter(|_| !self.write.is_pending());
                if let Some(alert) = alert {
                    handshake.append_alert(alert.description, &mut flight.bytes);
                }
                self.phase = Phase::Failed(flight);
            }
            (Phase::Established(_), Some(alert)) => {
                self.wake_sealing();
                self.write.seal_last_alert(alert, self.context.pool());
            }
            (Phase::Established(_) | Phase::Failed(_), _) => {}
        }
        self.write.abandon_pending();
    }
}

impl Phase {
    fn new(handshake: Handshake) -> Self {
        Self::Handshaking(Box::new(Handshaking {
            handshake,
            flight: Flight::default(),
            early: early::Early::default(),
            halt: None,
            has_heard: false,
            waker: Waker::noop().clone(),
        }))
    }
}

impl Session {
    /// Splits the handshake's result into what the paths need and what is kept.
    fn install(established: Established, read: &mut ReadPath, write: &mut WritePath) -> Self {
        let Established {
            sealing,
            opening,
            negotiated,
            exporter,
            tickets,
            resumable,
            noted,
        } = established;
        write.install(sealing);
        read.install(opening);
        Self {
            negotiated,
            exporter,
            tickets,
            resumable: resumable.map(Box::new),
            delegated: noted.map(|noted| Box::new(delegated::Kept::new(*noted))),
            key_update: None,
            sending_key_update: false,
            reply_owed: false,
            refusing: false,
            handled: 0,
        }
    }
}

impl Flight {
    #[inline]
    fn rest(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// A TLS 1.3 client's dummy record, which rustls hands out before the flight it belongs to (RFC 8446
    /// appendix D.4). It waits for that flight: one write, one flush.
    fn is_lone_change_cipher_spec(&self) -> bool {
        self.bytes == [ContentType::ChangeCipherSpec.wire(), 3, 3, 0, 1, 1]
    }

    fn transmitted(&mut self, n: usize) {
        self.sent += n.min(self.bytes.len() - self.sent);
        if self.sent == self.bytes.len() && self.sent > 0 {
            self.bytes.clear();
            (self.sent, self.flush_due) = (0, true);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.wake_keys();
        self.read.release(self.context.pool());
        self.write.release(self.context.pool());
    }
}

impl core::fmt::Debug for Connection {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Connection")
            .field("side", &self.side())
            .field("mode", &self.mode())
            .field("in_init", &self.in_init())
            .field("shutdown", &self.shutdown)
            .finish_non_exhaustive()
    }
}

/// Maps the result of a finished step, passing every other step on.
fn then<T, U>(step: Step<T>) -> Result<T, Step<U>> {
    match step {
        Step::Done(value) => Ok(value),
        Step::Transmit => Err(Step::Transmit),
        Step::Flush => Err(Step::Flush),
        Step::Receive => Err(Step::Receive),
        Step::Decide => Err(Step::Decide),
        Step::Want(want) => Err(Step::Want(want)),
    }
}
