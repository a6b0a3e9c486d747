//! A client's sessions: the one that it offers, and those that its server gives it.
//!
//! Owns what becomes of the one that was offered. A session that is in a cache is not changed: what comes
//! after it is a copy.

use ssl_record::{ClientSession, Connection};

use crate::crypto::digest::Digest;
use crate::session::{CacheMode, Counter, Id, Session};
use crate::ssl::Ssl;

impl Ssl {
    /// What a client offers; when nothing can be offered, the connection gets a session of its own.
    pub(in crate::ssl) fn session_to_resume(&self) -> Option<ClientSession> {
        let range = self.enabled().range();
        let usable = self.session().filter(|session| {
            let version = session.read(|fields| fields.protocol_version);
            let is_enabled = range.is_some_and(|(min, max)| {
                (i32::from(min.wire())..=i32::from(max.wire())).contains(&version)
            });
            is_enabled && session.is_resumable() && self.would_verify(session)
        });
        let Some(session) = usable else {
            self.replace_session(self.fresh_session());
            return None;
        };
        self.verify_result
            .set(session.read(|fields| fields.verify_result));
        session.to_client()
    }

    pub(super) fn finish_client_session(&self, engine: &Connection) {
        let ctx = self.session_ctx();
        let resumed = self.facts().resumed;
        if resumed {
            self.restore_peer();
        } else {
            self.begin_client_session(engine);
        }
        let is_caching = ctx.sessions.cache.mode().contains(CacheMode::CLIENT);
        if self.is_tls13() {
            // Tickets of TLS 1.3 are for one use.
            if let Some(session) = self.session().filter(|_| is_caching) {
                ctx.remove_session(&session);
            }
        } else {
            self.take_tls12_session(engine, resumed, is_caching);
            self.update_cache(CacheMode::CLIENT);
        }
        if resumed {
            ctx.sessions.cache.count(Counter::Hits);
        }
        ctx.sessions.cache.count(Counter::ConnectGood);
    }

    /// A full handshake made a session, in the place of the one that was offered in vain.
    fn begin_client_session(&self, engine: &Connection) {
        let offered = self.session();
        let is_blank =
            |session: &Session| session.read(|fields| fields.id.is_empty() && !fields.has_ticket());
        if !offered.as_deref().is_some_and(is_blank) {
            self.session_ctx().sessions.cache.count(Counter::Misses);
            self.replace_session(self.fresh_session());
        }
        self.note_in_session(engine);
    }

    /// What a TLS 1.2 server gave to resume from.
    fn take_tls12_session(&self, engine: &Connection, resumed: bool, is_caching: bool) {
        let (Some(given), Some(session)) = (engine.session(), self.session()) else {
            return;
        };
        if !resumed {
            take_over(&session, given);
            return;
        }
        if given.parts().ticket.is_empty() {
            // The server has changed its mind: what we have stays good.
            return;
        }
        let Some(new) = session.successor() else {
            return;
        };
        if is_caching {
            self.session_ctx().remove_session(&session);
        }
        take_over(&new, given);
        self.replace_session(Some(new));
    }

    /// Looks for tickets that came after a TLS 1.3 handshake.
    pub(in crate::ssl) fn take_sessions(&self, engine: &mut Connection) {
        for given in engine.take_sessions() {
            let successor = self.session().filter(|_| self.is_tls13());
            let Some(new) = successor.and_then(|session| session.successor()) else {
                continue;
            };
            take_over(&new, given);
            self.replace_session(Some(new));
            self.update_cache(CacheMode::CLIENT);
        }
    }
}

/// Takes over what a client was given; a session with a ticket is known by its digest, as in OpenSSL.
fn take_over(session: &Session, given: ClientSession) {
    let parts = given.parts();
    let id = if parts.ticket.is_empty() {
        Some(parts.session_id)
    } else {
        Digest::Sha256.of(&parts.ticket)
    };
    let id = id.and_then(|id| Id::new(&id)).unwrap_or_default();
    session.change(|fields| {
        fields.note_given(given);
        fields.id = id;
    });
}
