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

    /// Idle record buffers in the pool right now.
    pub fn idle_buffers(&self) -> usize {
        self.shared.pool.idle()
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
