//! Our configuration in rustls's terms, made once per context.
//!
//! Owns the provider's selection of suites and groups, certificate choice and trust. Knows nothing of
//! connections but how to start one.

use std::sync::Arc;

use pki_types::ServerName;
use rustls::RootCertStore;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, UnbufferedClientConnection, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{
    NoServerSessionStorage, ResolvesServerCert, ServerSessionMemoryCache,
    UnbufferedServerConnection, WebPkiClientVerifier,
};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::capture::{Capture, Log};
use super::choose::{BeforeRandom, ByName};
use super::provider::{self, Choice, Next};
use super::rehearse;
use super::signer::RemoteKey;
use super::trust::{AnyServer, AskingVerifier, Verifier};
use super::{Direct, Sessions, errors};
use crate::config::{
    ClientConfig, ClientTrust, Common, ConfigError, Identity, Key, Roots, ServerConfig, ServerTrust,
};
use crate::error::Error;
use crate::handshake::Side;
use crate::handshake::session::ClientSession;
use crate::record::ProtocolVersion;

#[cfg(feature = "aws-lc-rs")]
pub(super) use rustls::crypto::aws_lc_rs as backend;
#[cfg(not(feature = "aws-lc-rs"))]
pub(super) use rustls::crypto::ring as backend;

/// A context's handshake side.
pub(crate) enum Setup {
    Client(ClientSetup),
    Server(ServerSetup),
    /// The owner of a connection decides, and brings what it decides by.
    Delegated(Side),
}

/// What our hello says besides: the modes that act on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HelloModes {
    /// A client says that it falls back (RFC 7507).
    pub(crate) fallback_scsv: bool,
    /// The random begins with the time.
    pub(crate) time: bool,
}

impl Setup {
    /// Whether a handshake may have to wait for the application.
    pub(crate) fn can_pause(&self) -> bool {
        match self {
            Self::Client(setup) => setup.can_pause,
            Self::Server(setup) => setup.can_pause,
            Self::Delegated(_) => false,
        }
    }
}

/// A client context's handshake side.
pub(crate) struct ClientSetup {
    common: Common,
    config: Arc<rustls::ClientConfig>,
    verifier: Arc<Verifier>,
    sessions: Sessions,
    can_pause: bool,
}

impl ClientSetup {
    /// # Errors
    /// [`ConfigError`] if no handshake could succeed.
    pub(crate) fn new(ours: &ClientConfig) -> Result<Self, ConfigError> {
        let choice = Choice::of(&ours.common, HelloModes::default());
        let provider = checked(&ours.common, &choice)?;
        let inner: Arc<dyn ServerCertVerifier> = match &ours.trust {
            ServerTrust::Roots(roots) => {
                let provider = Arc::clone(&provider);
                WebPkiServerVerifier::builder_with_provider(store(roots)?, provider)
                    .build()
                    .map_err(|_| ConfigError::NoRoots("the trusted roots".into()))?
            }
            ServerTrust::Anyone => {
                Arc::new(AnyServer::new(provider.signature_verification_algorithms))
            }
        };
        let verifier = Arc::new(Verifier {
            inner,
            check: ours.common.peer_check.clone(),
        });
        let mut config = client_config(&choice, Arc::clone(&provider), &verifier)?;
        if let Some(identity) = &ours.identity {
            let certified = SingleCertAndKey::from(certified(identity, &provider)?);
            config.client_auth_cert_resolver = Arc::new(certified);
        }
        config.resumption = match ours.sessions {
            0 => Resumption::disabled(),
            servers => Resumption::in_memory_sessions(servers),
        };
        config.alpn_protocols.clone_from(&ours.common.alpn);
        config.enable_sni = ours.server_name_indication;
        config.key_log = Log::shared(ours.common.key_log.clone());
        Ok(Self {
            common: ours.common.clone(),
            config: Arc::new(config),
            verifier,
            sessions: match (ours.export_sessions, ours.sessions) {
                (true, _) => Sessions::Exported,
                (false, 0) => Sessions::Dropped,
                (false, _) => Sessions::Stored,
            },
            can_pause: can_pause(&ours.common, ours.identity.iter()),
        })
    }

    /// Stores a session for the next handshake with its server.
    ///
    /// # Errors
    /// [`ConfigError::UnusableSession`] if this configuration could not have made it.
    pub(crate) fn import(&self, session: &ClientSession) -> Result<(), ConfigError> {
        rehearse::import(&self.config, session)
    }

    /// Whether TLS 1.3 is offered. If it is not, a fallback can be told by the server's sentinel
    /// (statement F50).
    pub(super) fn offers_tls13(&self) -> bool {
        self.common.versions().next() == Some(ProtocolVersion::Tls13)
    }

    /// Starts a handshake with the server of that name.
    ///
    /// # Errors
    /// [`ConfigError::BadServerName`], or an internal failure of the library.
    pub(super) fn start(
        &self,
        server_name: &str,
        modes: HelloModes,
    ) -> Result<Box<Direct>, StartError> {
        let name = name(server_name)?;
        let capture = Arc::new(match self.can_pause {
            true => Capture::with_handshake_secrets(),
            false => Capture::default(),
        });
        let config = self.config_with(modes)?;
        if modes.time {
            provider::expect(Next::AfterTwoBytes);
        }
        let connection = UnbufferedClientConnection::new(config, name);
        if modes.time {
            provider::expect(Next::Anything);
        }
        match connection {
            Ok(connection) => {
                let mut direct = Direct::client(connection, capture);
                direct.sessions = self.sessions;
                Ok(direct)
            }
            Err(error) => Err(errors::error(error).into()),
        }
    }

    /// The configuration with a provider that acts on these modes. Verifier, certificates and sessions are
    /// the same objects, so that a session resumes whatever the modes.
    fn config_with(&self, modes: HelloModes) -> Result<Arc<rustls::ClientConfig>, ConfigError> {
        if modes == HelloModes::default() {
            return Ok(Arc::clone(&self.config));
        }
        let own = rustls::ClientConfig::clone(&self.config);
        let choice = Choice::of(&self.common, modes);
        let mut config = client_config(&choice, choice.provider(), &self.verifier)?;
        config.client_auth_cert_resolver = own.client_auth_cert_resolver;
        config.resumption = own.resumption;
        config.alpn_protocols = own.alpn_protocols;
        config.enable_sni = own.enable_sni;
        config.key_log = own.key_log;
        Ok(Arc::new(config))
    }
}

fn client_config(
    choice: &Choice<'_>,
    provider: Arc<CryptoProvider>,
    verifier: &Arc<Verifier>,
) -> Result<rustls::ClientConfig, ConfigError> {
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&choice.versions())
        .map_err(|_| ConfigError::NothingEnabled)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(verifier) as _)
        .with_no_client_auth();
    config.enable_secret_extraction = true;
    Ok(config)
}

/// Checks a name before a handshake is due.
///
/// # Errors
/// [`ConfigError::BadServerName`].
pub(crate) fn check_name(server_name: &str) -> Result<(), ConfigError> {
    ServerName::try_from(server_name)
        .map(drop)
        .map_err(|_| ConfigError::BadServerName(server_name.to_owned()))
}

fn name(server_name: &str) -> Result<ServerName<'static>, ConfigError> {
    ServerName::try_from(server_name.to_owned())
        .map_err(|_| ConfigError::BadServerName(server_name.to_owned()))
}

/// A server context's handshake side.
pub(crate) struct ServerSetup {
    common: Common,
    config: Arc<rustls::ServerConfig>,
    verifier: Arc<dyn ClientCertVerifier>,
    identities: Arc<ByName>,
    can_pause: bool,
}

impl ServerSetup {
    /// # Errors
    /// [`ConfigError`] if no handshake could succeed.
    pub(crate) fn new(ours: &ServerConfig) -> Result<Self, ConfigError> {
        let choice = Choice::of(&ours.common, HelloModes::default());
        let provider = checked(&ours.common, &choice)?;
        let mut verifier = client_verifier(&ours.client_trust, &provider)?;
        if let Some(check) = &ours.common.peer_check {
            verifier = Arc::new(AskingVerifier {
                inner: verifier,
                check: Arc::clone(check),
            });
        }
        let mut identities = Vec::with_capacity(ours.identities.len());
        for (name, identity) in &ours.identities {
            identities.push((name.clone(), certified(identity, &provider)?));
        }
        let identities = Arc::new(ByName::new(identities));
        let resolver = Arc::clone(&identities) as _;
        let mut config = server_config(&choice, Arc::clone(&provider), &verifier, resolver)?;
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
        config.key_log = Log::shared(ours.common.key_log.clone());
        Ok(Self {
            common: ours.common.clone(),
            config: Arc::new(config),
            verifier,
            identities,
            can_pause: can_pause(&ours.common, ours.identities.iter().map(|(_, one)| one)),
        })
    }

    /// The versions enabled, those without a suite left out.
    pub(super) fn versions(&self) -> impl Iterator<Item = ProtocolVersion> + Clone {
        self.common.versions()
    }

    /// Starts a handshake that is to be fed a ClientHello.
    ///
    /// # Errors
    /// An internal failure of the library.
    pub(super) fn start(&self, time: bool) -> Result<Box<Direct>, StartError> {
        let config = self.config_with(time)?;
        match UnbufferedServerConnection::new(config) {
            Ok(connection) => Ok(Direct::server(connection, Arc::default())),
            Err(error) => Err(errors::error(error).into()),
        }
    }

    /// The configuration, with the time in hellos if wanted; sessions are shared.
    fn config_with(&self, time: bool) -> Result<Arc<rustls::ServerConfig>, ConfigError> {
        if !time {
            return Ok(Arc::clone(&self.config));
        }
        let own = rustls::ServerConfig::clone(&self.config);
        let modes = HelloModes {
            time,
            ..HelloModes::default()
        };
        let choice = Choice::of(&self.common, modes);
        let resolver = Arc::new(BeforeRandom(Arc::clone(&self.identities)));
        let mut config = server_config(&choice, choice.provider(), &self.verifier, resolver)?;
        config.session_storage = own.session_storage;
        config.ticketer = own.ticketer;
        config.send_tls13_tickets = own.send_tls13_tickets;
        config.alpn_protocols = own.alpn_protocols;
        config.key_log = own.key_log;
        Ok(Arc::new(config))
    }
}

fn server_config(
    choice: &Choice<'_>,
    provider: Arc<CryptoProvider>,
    verifier: &Arc<dyn ClientCertVerifier>,
    resolver: Arc<dyn ResolvesServerCert>,
) -> Result<rustls::ServerConfig, ConfigError> {
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&choice.versions())
        .map_err(|_| ConfigError::NothingEnabled)?
        .with_client_cert_verifier(Arc::clone(verifier))
        .with_cert_resolver(resolver);
    config.enable_secret_extraction = true;
    Ok(config)
}

fn client_verifier(
    trust: &ClientTrust,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, ConfigError> {
    let (roots, required) = match trust {
        ClientTrust::None => return Ok(WebPkiClientVerifier::no_client_auth()),
        ClientTrust::Requested(roots) => (roots, false),
        ClientTrust::Required(roots) => (roots, true),
    };
    let builder = WebPkiClientVerifier::builder_with_provider(store(roots)?, Arc::clone(provider));
    let builder = match required {
        true => builder,
        false => builder.allow_unauthenticated(),
    };
    builder
        .build()
        .map_err(|_| ConfigError::NoRoots("the roots for client certificates".into()))
}

fn can_pause<'a>(common: &Common, mut identities: impl Iterator<Item = &'a Identity>) -> bool {
    common.peer_check.is_some()
        || identities.any(|identity| matches!(identity.key, Key::Elsewhere(_)))
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

impl<'a> Choice<'a> {
    /// What a configuration chooses.
    fn of(common: &'a Common, modes: HelloModes) -> Self {
        Self {
            min: common.min,
            max: common.max,
            suites: &common.suites,
            groups: &common.groups,
            fallback_scsv: modes.fallback_scsv,
            renegotiation_scsv: false,
            hello_time: modes.time,
        }
    }
}

/// The provider of a choice without signals.
///
/// # Errors
/// [`ConfigError`] if there is nothing to offer.
fn checked(common: &Common, choice: &Choice<'_>) -> Result<Arc<CryptoProvider>, ConfigError> {
    common.check()?;
    let provider = choice.provider();
    if provider.cipher_suites.is_empty() || provider.kx_groups.is_empty() {
        return Err(ConfigError::NothingEnabled);
    }
    Ok(provider)
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
    let chain = identity.chain.clone();
    match &identity.key {
        Key::Here(key) => CertifiedKey::from_der(chain, key.clone_key(), provider)
            .map(Arc::new)
            .map_err(errors::config),
        Key::Elsewhere(signer) => {
            let key = Arc::new(RemoteKey::new(signer));
            Ok(Arc::new(CertifiedKey::new(chain, key)))
        }
    }
}
