//! The client's configuration.

use std::sync::Arc;

use super::{CipherSuite, Common, Identity, KeyLog, NamedGroup, PeerCheck, Roots, common_methods};
use crate::record::ProtocolVersion;

/// Whom a client believes.
#[derive(Clone, Debug)]
pub enum ServerTrust {
    /// Servers whose chain leads to one of these roots and whose certificate names the host.
    Roots(Roots),
    /// Every server. **Anyone on the path can read and change the traffic.**
    Anyone,
}

/// How a client context makes its connections.
///
/// ```
/// use ssl_record::Context;
/// use ssl_record::config::{ClientConfig, Roots};
///
/// let context = Context::client(ClientConfig::new(Roots::webpki()).alpn(["h2", "http/1.1"]))?;
/// # Ok::<(), ssl_record::config::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct ClientConfig {
    pub(crate) common: Common,
    pub(crate) trust: ServerTrust,
    pub(crate) identity: Option<Identity>,
    pub(crate) sessions: usize,
    pub(crate) server_name_indication: bool,
    pub(crate) export_sessions: bool,
}

impl ClientConfig {
    /// A client that verifies servers against `roots`.
    pub fn new(roots: Roots) -> Self {
        Self::with_trust(ServerTrust::Roots(roots))
    }

    /// A client that trusts as told.
    pub fn with_trust(trust: ServerTrust) -> Self {
        Self {
            common: Common::default(),
            trust,
            identity: None,
            sessions: 256,
            server_name_indication: true,
            export_sessions: false,
        }
    }

    /// The certificate shown to servers that ask for one. Default: none.
    #[must_use]
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Servers to keep sessions of, for resumption; 0 turns resumption off. Default: 256.
    #[must_use]
    pub fn sessions(mut self, servers: usize) -> Self {
        self.sessions = servers;
        self
    }

    /// Whether connections keep their newest session for
    /// [`Connection::session`](crate::Connection::session), to be stored and imported elsewhere. Default: no.
    #[must_use]
    pub fn export_sessions(mut self, keep: bool) -> Self {
        self.export_sessions = keep;
        self
    }

    /// Whether the server is told which host is wanted (RFC 6066 section 3). Default: yes.
    #[must_use]
    pub fn server_name_indication(mut self, send: bool) -> Self {
        self.server_name_indication = send;
        self
    }

    common_methods!();
}
