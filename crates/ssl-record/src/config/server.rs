//! The server's configuration.

use std::sync::Arc;

use super::{CipherSuite, Common, Identity, KeyLog, NamedGroup, PeerCheck, Roots, common_methods};
use crate::record::ProtocolVersion;

/// What a server asks of its clients.
#[derive(Clone, Debug)]
pub enum ClientTrust {
    /// No certificate.
    None,
    /// A certificate if the client has one; if it has, its chain must lead to these roots.
    Requested(Roots),
    /// A certificate whose chain leads to these roots.
    Required(Roots),
}

/// How a server context makes its connections.
///
/// ```no_run
/// use ssl_record::Context;
/// use ssl_record::config::{Identity, ServerConfig};
///
/// let identity = Identity::from_pem_files("chain.pem", "key.pem")?;
/// let context = Context::server(ServerConfig::new(identity))?;
/// # Ok::<(), ssl_record::config::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct ServerConfig {
    pub(crate) common: Common,
    pub(crate) identities: Vec<(Option<String>, Identity)>,
    pub(crate) client_trust: ClientTrust,
    pub(crate) tickets: bool,
    pub(crate) session_cache: usize,
    pub(crate) tls13_tickets: usize,
}

impl ServerConfig {
    /// A server with this certificate for every name.
    pub fn new(identity: Identity) -> Self {
        Self {
            common: Common::default(),
            identities: vec![(None, identity)],
            client_trust: ClientTrust::None,
            tickets: true,
            session_cache: 256,
            tls13_tickets: 2,
        }
    }

    /// Another certificate for every name, such as one with another kind of key. The first that the
    /// client can verify is used.
    #[must_use]
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identities.push((None, identity));
        self
    }

    /// A certificate for one name as clients send it in SNI; `*.example.org` stands for one label.
    #[must_use]
    pub fn identity_for(mut self, name: &str, identity: Identity) -> Self {
        self.identities
            .push((Some(name.to_ascii_lowercase()), identity));
        self
    }

    /// What is asked of clients. Default: [`ClientTrust::None`].
    #[must_use]
    pub fn client_trust(mut self, trust: ClientTrust) -> Self {
        self.client_trust = trust;
        self
    }

    /// Whether sessions are stored with the client, sealed under a key that rotates. Default: yes.
    #[must_use]
    pub fn tickets(mut self, on: bool) -> Self {
        self.tickets = on;
        self
    }

    /// Sessions kept here for clients without tickets; 0 turns the cache off. Default: 256.
    #[must_use]
    pub fn session_cache(mut self, sessions: usize) -> Self {
        self.session_cache = sessions;
        self
    }

    /// Tickets sent after a TLS 1.3 handshake. Default: 2.
    #[must_use]
    pub fn tls13_tickets(mut self, tickets: usize) -> Self {
        self.tls13_tickets = tickets;
        self
    }

    common_methods!();
}
