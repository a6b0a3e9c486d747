//! What a configuration is about: a context, a connection, or nothing.
//!
//! Owns the way to its settings. Holds no reference: that the target stays live is the application's
//! promise, from `SSL_CONF_CTX_set_ssl_ctx` on.

use crate::handle::{Counted, SSL, SSL_CTX};
use crate::method::Method;
use crate::settings::Settings;

#[derive(Clone, Copy, Default)]
pub(super) enum Target {
    /// Values are checked as far as they can be.
    #[default]
    None,
    Ctx(*mut SSL_CTX),
    Ssl(*mut SSL),
}

impl Target {
    /// Nothing for NULL.
    pub(super) fn of_ctx(ctx: *mut SSL_CTX) -> Self {
        if ctx.is_null() {
            Self::None
        } else {
            Self::Ctx(ctx)
        }
    }

    /// Nothing for NULL.
    pub(super) fn of_ssl(ssl: *mut SSL) -> Self {
        if ssl.is_null() {
            Self::None
        } else {
            Self::Ssl(ssl)
        }
    }

    /// The method that decides about versions: a connection's is that of its context.
    pub(super) fn method(self) -> Option<&'static Method> {
        match self {
            Self::Ctx(_) => self.ctx().map(SSL_CTX::method),
            Self::Ssl(_) => self.ssl().map(|ssl| ssl.ctx().method()),
            Self::None => None,
        }
    }

    /// Looks at the settings; `look` must not call C. `None` without a target.
    pub(super) fn look<T>(self, look: impl FnOnce(&Settings) -> T) -> Option<T> {
        match self {
            Self::Ctx(_) => self.ctx().map(|ctx| ctx.with(look)),
            Self::Ssl(_) => self.ssl().map(|ssl| look(&ssl.settings())),
            Self::None => None,
        }
    }

    /// Changes the settings; `change` must not call C.
    pub(super) fn change(self, change: impl FnOnce(&mut Settings)) {
        if let Some(ctx) = self.ctx() {
            ctx.change(change);
        } else if let Some(ssl) = self.ssl() {
            ssl.change(change);
        }
    }

    pub(super) fn ssl<'a>(self) -> Option<&'a SSL> {
        match self {
            // SAFETY: live by the application's promise.
            Self::Ssl(ssl) => unsafe { SSL::peek(ssl) },
            _ => None,
        }
    }

    fn ctx<'a>(self) -> Option<&'a SSL_CTX> {
        match self {
            // SAFETY: live by the application's promise.
            Self::Ctx(ctx) => unsafe { SSL_CTX::peek(ctx) },
            _ => None,
        }
    }
}
