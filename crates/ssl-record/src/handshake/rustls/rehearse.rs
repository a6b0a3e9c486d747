//! Putting a stored session back into rustls.
//!
//! rustls takes sessions only from handshakes. So a handshake is rehearsed in memory, between the
//! client's configuration and a server made up for it, with the session's secret tapped in and the
//! stored ticket handed out. No peer is involved and nothing of the rehearsal's keys is used. The
//! made-up server's signature means nothing; [`super::trust::Verifier`] lets it pass during a
//! rehearsal, which only this file can begin.

use std::sync::Arc;

use pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::client::UnbufferedClientConnection;
use rustls::crypto::CryptoProvider;
use rustls::server::{NoServerSessionStorage, ProducesTickets, UnbufferedServerConnection};
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
    import_as(config, name, session)
}

/// As [`import`], for the server of another name.
///
/// # Errors
/// As for [`import`].
pub(super) fn import_as(
    config: &ClientConfig,
    name: ServerName<'static>,
    session: &ClientSession,
) -> Result<(), ConfigError> {
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
) -> Result<(), Error> {
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
    }
    Ok(())
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
            Turn::Failed(error) => return Err(error),
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
    let version = match session.suite.version() {
        ProtocolVersion::Tls12 => &rustls::version::TLS12,
        ProtocolVersion::Tls13 => &rustls::version::TLS13,
    };
    let chain: Vec<_> = session
        .chain
        .iter()
        .map(|der| CertificateDer::from(der.to_vec()))
        .collect();
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
        config.ticketer = Arc::new(OneTicket::new(&session.resumable.ticket)?);
    }
    Ok(config)
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
