//! `Context`: what the connections of one configuration share.
//!
//! Owns the mode register that connections inherit, the buffer pool, and the handshake's set-up.

use std::sync::Arc;

use ssl_mode::{SharedModeRegister, SslMode};

use crate::config::{ClientConfig, ConfigError, ServerConfig};
use crate::error::Error;
pub use crate::handshake::Side;
use crate::handshake::session::ClientSession;
use crate::handshake::{ClientSetup, Handshake, ServerSetup, Setup, StartError, check_name};
use crate::pool::BufferPool;
use crate::protect::KeyStock;

/// Configuration shared by connections; OpenSSL's `SSL_CTX`. Cloning shares it.
///
/// ```
/// use ssl_record::config::{ClientConfig, Roots};
/// use ssl_record::{Context, SslMode};
///
/// let context = Context::client(ClientConfig::new(Roots::webpki()))?;
/// assert_eq!(context.mode(), SslMode::AUTO_RETRY);
/// assert_eq!(context.set_mode(SslMode::RELEASE_BUFFERS), SslMode::AUTO_RETRY | SslMode::RELEASE_BUFFERS);
/// # Ok::<(), ssl_record::config::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Context {
    shared: Arc<Shared>,
}

struct Shared {
    modes: SharedModeRegister,
    pool: BufferPool,
    keys: KeyStock,
    setup: Setup,
}

impl Context {
    /// A context for clients.
    ///
    /// # Errors
    /// [`ConfigError`] if no handshake could succeed with this configuration.
    pub fn client(config: ClientConfig) -> Result<Self, ConfigError> {
        let setup = Setup::Client(ClientSetup::new(&config)?);
        Ok(Self::new(setup, config.common.pool_bound))
    }

    /// A context for servers.
    ///
    /// # Errors
    /// As for [`Context::client`].
    pub fn server(config: ServerConfig) -> Result<Self, ConfigError> {
        let setup = Setup::Server(ServerSetup::new(&config)?);
        Ok(Self::new(setup, config.common.pool_bound))
    }

    /// A context for delegated connections ([`crate::delegate`]): a mode register and a pool of record
    /// buffers, no configuration.
    pub fn delegated(side: Side, pool_bound: usize) -> Self {
        Self::new(Setup::Delegated(side), pool_bound)
    }

    fn new(setup: Setup, pool_bound: usize) -> Self {
        let modes = SharedModeRegister::new(SslMode::default());
        Self {
            shared: Arc::new(Shared {
                modes,
                pool: BufferPool::new(pool_bound),
                keys: KeyStock::default(),
                setup,
            }),
        }
    }

    /// Which side its connections are.
    pub fn side(&self) -> Side {
        match self.shared.setup {
            Setup::Client(_) => Side::Client,
            Setup::Server(_) => Side::Server,
            Setup::Delegated(side) => side,
        }
    }

    /// Sets modes for connections made from now on; the new mask (statements M4, M13).
    pub fn set_mode(&self, modes: SslMode) -> SslMode {
        self.shared.modes.set(modes)
    }

    /// Clears modes for connections made from now on; the new mask (statement M5).
    pub fn clear_mode(&self, modes: SslMode) -> SslMode {
        self.shared.modes.clear(modes)
    }

    /// The mask that new connections inherit.
    pub fn mode(&self) -> SslMode {
        self.shared.modes.get()
    }

    /// Stores a session for the next connection to its server; on servers, does nothing.
    ///
    /// # Errors
    /// [`ConfigError::UnusableSession`] if this configuration could not have made the session.
    pub fn import_session(&self, session: &ClientSession) -> Result<(), ConfigError> {
        match &self.shared.setup {
            Setup::Client(setup) => setup.import(session),
            Setup::Server(_) | Setup::Delegated(_) => Ok(()),
        }
    }

    /// Idle record buffers in the pool right now, of either length.
    pub fn idle_buffers(&self) -> usize {
        self.shared.pool.idle()
    }

    /// Folds the keys of idle connections back to the secrets they are made of, with `Some`; `None`, the
    /// default, leaves connections their expanded keys. Counts from a connection's next idle moment on; an
    /// earlier setting's stock is dropped.
    ///
    /// An expanded AES-128-GCM key takes more than half a KiB, and a connection has one for each direction: more
    /// than everything else that an idle connection owns. A connection is idle when a call ends because the
    /// transport had nothing to read ([`Connection::blocked`](crate::Connection::blocked) with
    /// [`Want::Read`](crate::Want::Read)), and nothing is unread, partly received or not fully transmitted.
    ///
    /// Between two requests a busy connection is idle too. So that its keys are not expanded for each of them,
    /// the context keeps the keys of the `recent` connections that became idle last, and a connection takes its
    /// own back with the next record. Only those that stay idle longer lose theirs; the next record each way
    /// then costs about a microsecond more. `recent` should be about as many connections as are busy at once;
    /// each takes 1.1 KiB, of the context and not of a connection. With 0 every idle moment folds.
    ///
    /// Secrets are wiped when a connection is dropped. ring does not wipe its expanded keys; aws-lc-rs does.
    ///
    /// ```
    /// use ssl_record::Context;
    /// use ssl_record::config::{ClientConfig, Roots};
    ///
    /// let context = Context::client(ClientConfig::new(Roots::webpki()))?;
    /// assert_eq!(context.folds_idle_keys(), None);
    /// context.fold_idle_keys(Some(64));
    /// assert_eq!(context.folds_idle_keys(), Some(64));
    /// # Ok::<(), ssl_record::config::ConfigError>(())
    /// ```
    ///
    /// Source: RFC 8446 section 7.3, by which keys follow from traffic secrets; for TLS 1.2, whose keys follow
    /// from a longer computation (RFC 5246 section 6.3), the keys themselves are kept, not expanded.
    pub fn fold_idle_keys(&self, recent: Option<usize>) {
        self.shared.keys.set_recent(recent);
    }

    /// How many connections' expanded keys are kept while they are idle; `None` if all are.
    pub fn folds_idle_keys(&self) -> Option<usize> {
        self.shared.keys.recent()
    }

    pub(crate) fn keys(&self) -> &KeyStock {
        &self.shared.keys
    }

    pub(crate) fn modes(&self) -> &SharedModeRegister {
        &self.shared.modes
    }

    pub(crate) fn pool(&self) -> &BufferPool {
        &self.shared.pool
    }

    pub(crate) fn setup(&self) -> &Setup {
        &self.shared.setup
    }

    /// A handshake that has not begun; `server_name` matters to clients only.
    pub(crate) fn handshake(&self, server_name: &str) -> Result<Handshake, ConfigError> {
        match &self.shared.setup {
            Setup::Client(_) => check_name(server_name)?,
            Setup::Server(_) => {}
            Setup::Delegated(Side::Server) => return Ok(Handshake::delegated_server()),
            Setup::Delegated(Side::Client) => return Err(ConfigError::NoPlan),
        }
        Ok(Handshake::configured(self.side()))
    }
}

impl core::fmt::Debug for Context {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Context")
            .field("side", &self.side())
            .field("mode", &self.mode())
            .finish_non_exhaustive()
    }
}

/// A handshake that cannot even start on an established configuration.
impl From<StartError> for Error {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Handshake(error) => error,
            StartError::Config(error) => Self::Handshake(crate::error::HandshakeFault {
                message: error.to_string(),
                reason: crate::Reason::INTERNAL_ERROR,
            }),
        }
    }
}
