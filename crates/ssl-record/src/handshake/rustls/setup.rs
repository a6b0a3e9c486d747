//! Our configuration in rustls's terms, made once per context.
//!
//! Owns the provider's selection of suites and groups, certificate choice and trust. Knows nothing of
//! connections but how to start one.

use std::sync::Arc;

use pki_types::ServerName;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::server::{NoServerSessionStorage, ServerSessionMemoryCache, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, SupportedProtocolVersion, version};

use super::choose::{ByName, Noting};
use super::rehearse;
use super::tap::tapped;
use super::trust::{AnyServer, Verifier};
use super::{Capture, Direct, errors};
use crate::config::{
    ClientConfig, ClientTrust, Common, ConfigError, Identity, KeyLog, Roots, ServerConfig,
    ServerTrust,
};
use crate::error::Error;
use crate::handshake::session::ClientSession;
use crate::record::ProtocolVersion;

#[cfg(feature = "aws-lc-rs")]
pub(super) use rustls::crypto::aws_lc_rs as backend;
#[cfg(not(feature = "aws-lc-rs"))]
pub(super) use rustls::crypto::ring as backend;

/// A client context's handshake side.
pub(crate) struct ClientSetup {
    config: rustls::ClientConfig,
    key_log: Option<KeyLog>,
    export_sessions: bool,
}

impl ClientSetup {
    /// # Errors
    /// [`ConfigError`] if no handshake could succeed.
    pub(crate) fn new(ours: &ClientConfig) -> Result<Self, ConfigError> {
        let provider = provider(&ours.common)?;
        let builder = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions(&ours.common))
            .map_err(|_| ConfigError::NothingEnabled)?;
        let verifier: Arc<dyn ServerCertVerifier> = match &ours.trust {
            ServerTrust::Roots(roots) => {
                WebPkiServerVerifier::builder_with_provider(store(roots)?, provider)
                    .build()
                    .map_err(|_| ConfigError::NoRoots("the trusted roots".into()))?
            }
            ServerTrust::Anyone => {
                Arc::new(AnyServer::new(provider.signature_verification_algorithms))
            }
        };
        let builder = builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier(verifier)));
        let mut config = match &ours.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => builder
                .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
                .map_err(errors::config)?,
        };
        config.resumption = match ours.sessions {
            0 => Resumption::disabled(),
            servers => Resumption::in_memory_sessions(servers),
        };
        config.alpn_protocols.clone_from(&ours.common.alpn);
        config.enable_sni = ours.server_name_indication;
        config.enable_secret_extraction = true;
        let key_log = ours.common.key_log.clone();
        Ok(Self {
            config,
            key_log,
            export_sessions: ours.export_sessions,
        })
    }

    /// Stores a session for the next handshake with its server.
    ///
    /// # Errors
    /// [`ConfigError::UnusableSession`] if this configuration could not have made it.
    pub(crate) fn import(&self, session: &ClientSession) -> Result<(), ConfigError> {
        rehearse::import(&self.config, session)
    }

    /// Starts a handshake with the server of that name.
    ///
    /// # Errors
    /// [`ConfigError::BadServerName`], or an internal failure of the library.
    pub(crate) fn start(&self, server_name: &str) -> Result<Direct, StartError> {
        let name = ServerName::try_from(server_name.to_owned())
            .map_err(|_| ConfigError::BadServerName(server_name.to_owned()))?;
        let capture = Arc::new(Capture::new(self.key_log.clone()));
        let mut config = self.config.clone();
        config.key_log = Arc::clone(&capture) as _;
        let connection = rustls::client::UnbufferedClientConnection::new(Arc::new(config), name)
            .map_err(errors::error)?;
        Ok(Direct::client(connection, capture, self.export_sessions))
    }
}

/// A server context's handshake side.
pub(crate) struct ServerSetup {
    config: rustls::ServerConfig,
    identities: Arc<ByName>,
    key_log: Option<KeyLog>,
}

impl ServerSetup {
    /// # Errors
    /// [`ConfigError`] if no handshake could succeed.
    pub(crate) fn new(ours: &ServerConfig) -> Result<Self, ConfigError> {
        let provider = provider(&ours.common)?;
        let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions(&ours.common))
            .map_err(|_| ConfigError::NothingEnabled)?;
        let client_verifier = |roots: &Roots| {
            store(roots).map(|store| {
                WebPkiClientVerifier::builder_with_provider(store, Arc::clone(&provider))
            })
        };
        let no_roots = |_| ConfigError::NoRoots("the roots for client certificates".into());
        let builder = match &ours.client_trust {
            ClientTrust::None => builder.with_no_client_auth(),
            ClientTrust::Requested(roots) => {
                let verifier = client_verifier(roots)?
                    .allow_unauthenticated()
                    .build()
                    .map_err(no_roots)?;
                builder.with_client_cert_verifier(verifier)
            }
            ClientTrust::Required(roots) => {
                let verifier = client_verifier(roots)?.build().map_err(no_roots)?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut identities = Vec::with_capacity(ours.identities.len());
        for (name, identity) in &ours.identities {
            identities.push((name.clone(), certified(identity, &provider)?));
        }
        let identities = Arc::new(ByName::new(identities));
        let mut config = builder.with_cert_resolver(Arc::clone(&identities) as _);
        config.session_storage = match ours.session_cache {
            0 => Arc::new(NoServerSessionStorage {}),
            sessions => ServerSessionMemoryCache::new(sessions),
        };
        if ours.tickets {
            config.ticketer =
                backend::Ticketer::new().map_err(|error| ConfigError::Crypto(error.to_string()))?;
        }
        config.send_tls13_tickets = ours.tls13_tickets;
        config.alpn_protocols.clone_from(&ours.common.alpn);
        config.enable_secret_extraction = true;
        Ok(Self {
            config,
            identities,
            key_log: ours.common.key_log.clone(),
        })
    }

    /// Starts a handshake that waits for a ClientHello.
    ///
    /// # Errors
    /// An internal failure of the library.
    pub(crate) fn start(&self) -> Result<Direct, Error> {
        let capture = Arc::new(Capture::new(self.key_log.clone()));
        let mut config = self.config.clone();
        config.key_log = Arc::clone(&capture) as _;
        config.cert_resolver = Arc::new(Noting {
            identities: Arc::clone(&self.identities),
            capture: Arc::clone(&capture),
        });
        let connection = rustls::server::UnbufferedServerConnection::new(Arc::new(config))
            .map_err(errors::error)?;
        Ok(Direct::server(connection, capture))
    }
}

/// Why a client handshake could not start.
#[derive(Debug)]
pub(crate) enum StartError {
    Config(ConfigError),
    Handshake(Error),
}

impl From<ConfigError> for StartError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<Error> for StartError {
    fn from(error: Error) -> Self {
        Self::Handshake(error)
    }
}

/// The backend's provider, reduced to what is enabled and in our order.
fn provider(common: &Common) -> Result<Arc<CryptoProvider>, ConfigError> {
    common.check()?;
    let mut provider = backend::default_provider();
    let available = core::mem::take(&mut provider.cipher_suites);
    provider.cipher_suites = common
        .suites
        .iter()
        .filter(|suite| (common.min..=common.max).contains(&suite.version()))
        .filter_map(|wanted| {
            available
                .iter()
                .find(|have| u16::from(have.suite()) == wanted.wire())
        })
        .map(|&suite| tapped(suite))
        .collect();
    let available = core::mem::take(&mut provider.kx_groups);
    provider.kx_groups = common
        .groups
        .iter()
        .filter_map(|wanted| {
            available
                .iter()
                .find(|have| u16::from(have.name()) == wanted.wire())
        })
        .copied()
        .collect();
    if provider.cipher_suites.is_empty() || provider.kx_groups.is_empty() {
        return Err(ConfigError::NothingEnabled);
    }
    Ok(Arc::new(provider))
}

/// The enabled versions that have at least one suite.
fn versions(common: &Common) -> Vec<&'static SupportedProtocolVersion> {
    [
        (ProtocolVersion::Tls13, &version::TLS13),
        (ProtocolVersion::Tls12, &version::TLS12),
    ]
    .into_iter()
    .filter(|(ours, _)| (common.min..=common.max).contains(ours))
    .filter(|(ours, _)| common.suites.iter().any(|suite| suite.version() == *ours))
    .map(|(_, theirs)| theirs)
    .collect()
}

fn store(roots: &Roots) -> Result<Arc<RootCertStore>, ConfigError> {
    let mut store = RootCertStore::empty();
    if roots.webpki {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    // Platform stores hold certificates that webpki cannot parse; one usable root is enough.
    let (_, ignored) = store.add_parsable_certificates(roots.certificates.iter().cloned());
    if store.is_empty() {
        return Err(ConfigError::NoRoots(format!(
            "the trusted roots given ({ignored} could not be parsed)"
        )));
    }
    Ok(Arc::new(store))
}

fn certified(
    identity: &Identity,
    provider: &CryptoProvider,
) -> Result<Arc<CertifiedKey>, ConfigError> {
    CertifiedKey::from_der(identity.chain.clone(), identity.key.clone_key(), provider)
        .map(Arc::new)
        .map_err(errors::config)
}
