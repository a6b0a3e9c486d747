//! Sessions on their way to the cache and to the application.
//!
//! Owns who wants which, and when a cache is cleaned up.

use std::sync::Arc;

use crate::handle::Counted;
use crate::session::{CacheMode, Counter, Session, now};
use crate::settings::option;
use crate::ssl::Ssl;
use crate::ssl::plan::VERIFY_PEER;

impl Ssl {
    /// Hands the session to the cache and to the application, where they want sessions of this side.
    pub(in crate::ssl) fn update_cache(&self, side: CacheMode) {
        let Some(session) = self.session() else {
            return;
        };
        let (has_id, has_context) =
            session.read(|fields| (!fields.id.is_empty(), !fields.context.is_empty()));
        let is_server = side == CacheMode::SERVER;
        let verifies = self.settings().verify.mode & VERIFY_PEER != 0;
        // Nobody could tell what a session without a context was verified for.
        if !has_id || (is_server && verifies && !has_context) {
            return;
        }
        let ctx = self.session_ctx();
        let mode = ctx.sessions.cache.mode();
        let is_new = !self.facts().resumed || self.is_tls13();
        if mode.contains(side) && is_new {
            if !mode.contains(CacheMode::NO_INTERNAL_STORE) && (!is_server || self.stores_here()) {
                ctx.add_session(&session);
            }
            self.show_new_session(&session);
        }
        let good = match is_server {
            true => Counter::AcceptGood,
            false => Counter::ConnectGood,
        };
        let is_due = ctx.sessions.cache.counted(good) & FLUSH_INTERVAL == FLUSH_INTERVAL;
        if mode.contains(side) && !mode.contains(CacheMode::NO_AUTO_CLEAR) && is_due {
            ctx.flush_sessions(now());
        }
    }

    /// Whether a server's new session is needed here: the client brings back that of a stateless ticket.
    fn stores_here(&self) -> bool {
        !self.is_tls13()
            || self.keeps_tls13_sessions()
            || self.session_ctx().sessions.hooks().remove.is_some()
    }

    /// Whether tickets of TLS 1.3 are names of sessions that are kept here.
    pub(in crate::ssl) fn keeps_tls13_sessions(&self) -> bool {
        self.settings().options & option::NO_TICKET != 0 || self.guards_replay()
    }

    /// `SSL_CTX_sess_set_new_cb`: the count that the application gets is its own if it says 1.
    fn show_new_session(&self, session: &Arc<Session>) {
        let Some(callback) = self.session_ctx().sessions.hooks().new else {
            return;
        };
        let given = Session::into_c(Arc::clone(session));
        // SAFETY: the application's function, with a live connection and a count of a session.
        let kept = unsafe { callback(self.as_ptr(), given) };
        if kept == 0 {
            // SAFETY: the application did not take the count.
            drop(unsafe { Session::from_c(given) });
        }
    }
}

/// Expired sessions are looked for after this many handshakes, less one.
const FLUSH_INTERVAL: i64 = 0xff;
