//! Putting a stored session back into rustls.
//!
//! rustls takes sessions only from handshakes. So a handshake is rehearsed in memory, between the
//! client's configuration and a server made up for it, with the session's secret tapped in and the
//! stored ticket handed out. No peer is involved and nothing of the rehearsal's keys is used. The
//! made-up server's signature means nothing; [`super::trust::Verifier`] lets it pass during a
//! rehearsal, which only this file can begin.

use std::cell::Cell;
use std::sync::Arc;

use pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::crypto::{CryptoProvider, GetRandomFailed, SecureRandom};
use rustls::kernel::KernelConnection;
use rustls::server::{
    NoServerSessionStorage, ProducesTickets, StoresServerSessions, UnbufferedServerConnection,
};
use rustls::sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, Error, ServerConfig, SignatureAlgorithm, SignatureScheme};

use super::tap;
use super::{Turn, turn};
use crate::config::ConfigError;
use crate::handshake::session::ClientSession;
use crate::record::ProtocolVersion;

/// Stores `session` where connections made from `config` look for sessions.
///
/// # Errors
/// [`ConfigError`] if the configuration could not have made this session.
pub(super) fn import(config: &ClientConfig, session: &ClientSession) -> Result<(), ConfigError> {
    let name = ServerName::try_from(session.server_name.to_string())
        .map_err(|_| ConfigError::UnusableSession)?;
    import_as(config, name, session).map(|_| ())
}

/// What is left of a TLS 1.3 rehearsal.
type Kernel = Box<KernelConnection<ClientConnectionData>>;

/// As [`import`], for the server of another name.
///
/// # Errors
/// As for [`import`].
pub(super) fn import_as(
    config: &ClientConfig,
    name: ServerName<'static>,
    session: &ClientSession,
) -> Result<Option<Kernel>, ConfigError> {
    let rehearsal = || rehearse(config, name, session);
    tap::replacing(&session.resumable.secret, rehearsal).map_err(|error| {
        tracing::debug!(%error, "stored session does not fit");
        ConfigError::UnusableSession
    })
}

/// Signature schemes with which every stand-in can pretend to sign.
pub(super) const SCHEMES: [SignatureScheme; 3] = [
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PKCS1_SHA256,
];

fn rehearse(
    config: &ClientConfig,
    name: ServerName<'static>,
    session: &ClientSession,
) -> Result<Option<Kernel>, Error> {
    let mut client_config = config.clone();
    client_config.time_provider = Arc::new(Then(UnixTime::since_unix_epoch(
        core::time::Duration::from_secs(session.resumable.received),
    )));
    client_config.alpn_protocols.clear();
    client_config.key_log = Arc::new(rustls::NoKeyLog);
    let mut client = UnbufferedClientConnection::new(Arc::new(client_config), name)?;
    let mut server =
        UnbufferedServerConnection::new(Arc::new(stand_in(config.crypto_provider(), session)?))?;

    let (mut to_client, mut to_server) = (Vec::new(), Vec::new());
    // Four flights complete any handshake; a HelloRetryRequest adds two.
    for _ in 0..6 {
        step(
            |incoming, out| turn(client.process_tls_records(incoming), out),
            &mut to_client,
            &mut to_server,
        )?;
        step(
            |incoming, out| turn(server.process_tls_records(incoming), out),
            &mut to_server,
            &mut to_client,
        )?;
    }
    if client.is_handshaking() {
        return Err(Error::HandshakeNotComplete);
    }
    if session.suite.version() == ProtocolVersion::Tls13 {
        let (_, mut kernel) = client.dangerous_into_kernel_connection()?;
        kernel.handle_new_session_ticket(&session.resumable.ticket)?;
        return Ok(Some(Box::new(kernel)));
    }
    Ok(None)
}

/// Lets one side work until it needs the other.
fn step(
    mut process: impl FnMut(&mut [u8], &mut Vec<u8>) -> (Turn, usize),
    incoming: &mut Vec<u8>,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    loop {
        let (turn, discard) = process(incoming, out);
        incoming.drain(..discard);
        match turn {
            Turn::Again => {}
            Turn::Blocked | Turn::Traffic | Turn::PeerClosed => return Ok(()),
            Turn::Failed(error) => return Err(*error),
        }
    }
}

/// A server that shows the stored chain, hands out the stored ticket and negotiates the stored suite.
fn stand_in(
    provider: &Arc<CryptoProvider>,
    session: &ClientSession,
) -> Result<ServerConfig, Error> {
    let mut provider = CryptoProvider::clone(provider);
    provider
        .cipher_suites
        .retain(|suite| u16::from(suite.suite()) == session.suite.wire());
    if let Ok(identifier) = session.session_id.as_ref().try_into() {
        IDENTIFIER.set((false, identifier));
        provider.secure_random = &IdentifierSecond;
    }
    let version = match session.suite.version() {
        ProtocolVersion::Tls12 => &rustls::version::TLS12,
        ProtocolVersion::Tls13 => &rustls::version::TLS13,
    };
    let mut chain: Vec<_> = session
        .chain
        .iter()
        .map(|der| CertificateDer::from(der.to_vec()))
        .collect();
    if chain.is_empty() {
        // A session that was stored without: rustls insists, nobody looks.
        chain.push(CertificateDer::from(vec![0]));
    }
    let key = CertifiedKey::new(
        chain,
        Arc::new(MeaninglessKey {
            rsa: session.suite.name().contains("RSA"),
        }),
    );
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[version])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    if session.suite.version() == ProtocolVersion::Tls12 {
        let ticket = OneTicket::new(&session.resumable.ticket)?;
        if ticket.ticket.is_empty() {
            config.session_storage = Arc::new(OneIdentifier);
        } else {
            config.ticketer = Arc::new(ticket);
        }
    }
    Ok(config)
}

thread_local! {
    /// The session identifier that a stand-in gives out, and whether its hello's random was drawn.
    static IDENTIFIER: Cell<(bool, [u8; 32])> = const { Cell::new((false, [0; 32])) };
}

/// Random values for a stand-in: the second one of 32 bytes is the session identifier.
#[derive(Debug)]
struct IdentifierSecond;

impl SecureRandom for IdentifierSecond {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        let (drawn, identifier) = IDENTIFIER.get();
        if bytes.len() == identifier.len() {
            if drawn {
                bytes.copy_from_slice(&identifier);
            }
            IDENTIFIER.set((true, identifier));
        }
        Ok(())
    }
}

/// Claims to store sessions, so that an identifier is given out.
#[derive(Debug)]
struct OneIdentifier;

impl StoresServerSessions for OneIdentifier {
    fn put(&self, _key: Vec<u8>, _value: Vec<u8>) -> bool {
        true
    }

    fn get(&self, _key: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn take(&self, _key: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn can_cache(&self) -> bool {
        true
    }
}

/// The time at which the session was received.
#[derive(Debug)]
struct Then(UnixTime);

impl TimeProvider for Then {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.0)
    }
}

/// Gives out one ticket, that of a TLS 1.2 NewSessionTicket message (RFC 5077 section 3.3).
struct OneTicket {
    lifetime: u32,
    ticket: Vec<u8>,
}

impl OneTicket {
    fn new(body: &[u8]) -> Result<Self, Error> {
        let malformed = || Error::General("malformed ticket".into());
        let (lifetime, rest) = body.split_first_chunk::<4>().ok_or_else(malformed)?;
        let (_len, ticket) = rest.split_first_chunk::<2>().ok_or_else(malformed)?;
        Ok(Self {
            lifetime: u32::from_be_bytes(*lifetime),
            ticket: ticket.to_vec(),
        })
    }
}

impl core::fmt::Debug for OneTicket {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("OneTicket").finish_non_exhaustive()
    }
}

impl ProducesTickets for OneTicket {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        self.lifetime
    }

    fn encrypt(&self, _plain: &[u8]) -> Option<Vec<u8>> {
        Some(self.ticket.clone())
    }

    fn decrypt(&self, _cipher: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

/// Signs with nothing. Of use only to a verifier that knows it is rehearsing.
#[derive(Clone, Copy, Debug)]
struct MeaninglessKey {
    rsa: bool,
}

impl SigningKey for MeaninglessKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let prefix = if self.rsa { "RSA_P" } else { "ECDSA_NISTP" };
        let fits = |scheme: &&SignatureScheme| {
            scheme.as_str().is_some_and(|name| name.starts_with(prefix))
        };
        offered
            .iter()
            .find(fits)
            .map(|&scheme| Box::new(MeaninglessSigner(scheme)) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        if self.rsa {
            SignatureAlgorithm::RSA
        } else {
            SignatureAlgorithm::ECDSA
        }
    }
}

#[derive(Debug)]
struct MeaninglessSigner(SignatureScheme);

impl Signer for MeaninglessSigner {
    fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(b"rehearsal".to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        self.0
    }
}
