//! A client that writes to a scripted transport, and a peer that reads what the transport took.
//!
//! Owns the numbers of the 40000-byte example and the carrying of bytes between script and peer. It
//! must not decide what a script means: that is each test's.

use ssl_record::config::CipherSuite;
use ssl_record::io::{CallError, drive};
use ssl_record::record::ProtocolVersion;
use ssl_record::{Connection, KeyUpdateRequest, Outcome, Received, Shutdown, SslMode, Want};
use ssl_testkit::certs::KeyKind;
use ssl_testkit::pattern::Pattern;
use ssl_testkit::pipe::End;
use ssl_testkit::script::{ScriptedTransport, WriteStep};

use crate::forge::Forged;
use crate::pair::{Half, Pair, contexts_with};

/// The length of the example write: fragments of 16384, 16384 and 7232 bytes.
pub(crate) const N: usize = 40_000;
/// The largest fragment.
pub(crate) const FRAGMENT: usize = 16_384;
/// The first or second record of the example on the wire, in TLS 1.3 with AES-GCM.
pub(crate) const R1: usize = FRAGMENT + 22;
/// The third.
pub(crate) const R3: usize = N - 2 * FRAGMENT + 22;

/// The caller has to wait until the transport takes more.
pub(crate) const WANT_WRITE: Outcome<usize> = Outcome::Want(Want::Write);
/// The caller has to wait until the transport delivers more.
pub(crate) const WANT_READ: Outcome<usize> = Outcome::Want(Want::Read);

pub(crate) const PARTIAL: SslMode = SslMode::ENABLE_PARTIAL_WRITE;
pub(crate) const MOVING: SslMode = SslMode::ACCEPT_MOVING_WRITE_BUFFER;
pub(crate) const RELEASE: SslMode = SslMode::RELEASE_BUFFERS;

/// So many bytes were written.
pub(crate) fn wrote(n: usize) -> Outcome<usize> {
    Outcome::Done(n)
}

/// The caller's data: different at every offset.
pub(crate) fn data(len: usize) -> Vec<u8> {
    Pattern::bytes(3, len)
}

/// An AES-128-GCM suite, so that sizes are known: 22 bytes per record in TLS 1.3, 29 in TLS 1.2.
pub(crate) fn suite(version: ProtocolVersion) -> CipherSuite {
    match version {
        ProtocolVersion::Tls13 => CipherSuite::Aes128GcmSha256,
        ProtocolVersion::Tls12 => CipherSuite::EcdheEcdsaAes128Gcm,
    }
}

/// An established client whose transport plays scripts.
pub(crate) struct Sender {
    pub(crate) connection: Connection,
    pub(crate) transport: ScriptedTransport,
    pub(crate) peer: Half,
    /// The client's end of the pipe; only its links are used.
    end: End,
}

impl Sender {
    /// A client of that version with these modes besides the default.
    pub(crate) fn established(version: ProtocolVersion, modes: SslMode) -> Self {
        let (client, server) = contexts_with(suite(version), KeyKind::EcP256);
        Self::of(Pair::connected(&client, &server), modes)
    }

    /// As [`Sender::established`] in TLS 1.3, with a write script.
    pub(crate) fn scripted(modes: SslMode, steps: &[WriteStep]) -> Self {
        let sender = Self::established(ProtocolVersion::Tls13, modes);
        sender.transport.set_writes(steps.iter().copied());
        sender
    }

    /// The client of an established pair, whose pipe carries nothing any more by itself.
    pub(crate) fn of(pair: Pair, modes: SslMode) -> Self {
        let Pair { mut client, server } = pair;
        let _ = client.connection.set_mode(modes);
        Self {
            connection: client.connection,
            transport: ScriptedTransport::new(),
            peer: server,
            end: client.end,
        }
    }

    /// As [`Sender::of`], with the forge of the peer's records.
    pub(crate) fn forged(version: ProtocolVersion) -> (Self, crate::forge::Forge) {
        let Forged { pair, server, .. } = Forged::established(version);
        (Self::of(pair, SslMode::empty()), server)
    }

    pub(crate) fn write(&mut self, data: &[u8]) -> Result<Outcome<usize>, CallError> {
        drive::write(&mut self.connection, &mut self.transport, data)
    }

    pub(crate) fn read(&mut self, out: &mut [u8]) -> Result<Outcome<Received>, CallError> {
        drive::read(&mut self.connection, &mut self.transport, out)
    }

    pub(crate) fn handshake(&mut self) -> Result<Outcome<()>, CallError> {
        drive::handshake(&mut self.connection, &mut self.transport)
    }

    pub(crate) fn shutdown(&mut self) -> Result<Outcome<Shutdown>, CallError> {
        drive::shutdown(&mut self.connection, &mut self.transport)
    }

    /// The next transport call takes at most so many bytes, and every one after it blocks.
    pub(crate) fn takes(&self, bytes: usize) {
        self.plays(&[WriteStep::Take(bytes)]);
    }

    /// The transport plays these steps, then blocks.
    pub(crate) fn plays(&self, steps: &[WriteStep]) {
        self.transport.set_writes(steps.iter().copied());
        self.transport.set_writes_end(WriteStep::Block);
    }

    /// The transport takes everything from now on.
    pub(crate) fn takes_all(&self) {
        self.transport.set_writes([]);
        self.transport.set_writes_end(WriteStep::TakeAll);
    }

    /// Everything the peer can read of what the transport has taken since the last time.
    pub(crate) fn peer_reads(&mut self) -> Vec<u8> {
        let taken = self.transport.take_written();
        self.end.outgoing().push_raw(&taken);
        self.peer.read_all().unwrap()
    }

    /// The peer's KeyUpdate is delivered to the transport.
    pub(crate) fn peer_updates_keys(&mut self, request: KeyUpdateRequest) {
        self.peer(|peer| {
            peer.connection.key_update(request).unwrap();
            assert_eq!(peer.handshake().unwrap(), Outcome::Done(()));
        });
    }

    /// What the peer does is delivered to the transport.
    pub(crate) fn peer<T>(&mut self, act: impl FnOnce(&mut Half) -> T) -> T {
        let done = act(&mut self.peer);
        self.transport.push_inbound(&self.end.incoming().take_raw());
        done
    }
}
