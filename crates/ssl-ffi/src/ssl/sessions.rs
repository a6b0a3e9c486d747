//! The session of a connection: set by the application or found by a server, offered, negotiated, and
//! handed to the cache and the application when it can be resumed.
//!
//! Owns which session is the connection's at any moment (`SSL_get_session`). What a server looks up and
//! stores is in `decide`; a resumed session brings the peer's certificate and what verification said of it.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use ssl_record::{ClientSession, Connection, Side};

use super::decide::Wish;
use super::{SENT, Ssl, Stage};
use crate::crypto::digest::Digest;
use crate::handle::Counted;
use crate::session::{CacheMode, Counter, Fields, Id, Session, now};
use crate::settings::option;

/// The sessions of one connection.
#[derive(Default)]
pub(super) struct Sessions {
    current: RefCell<Option<Arc<Session>>>,
    /// Servers: what the client wants resumed.
    pub(super) wish: RefCell<Wish>,
    /// Servers: tickets sent in this handshake.
    pub(super) sent: Cell<usize>,
}

impl Sessions {
    /// A handshake begins anew; the session stays, so that it can be offered.
    pub(super) fn reset(&self) {
        self.wish.replace(Wish::default());
        self.sent.set(0);
    }
}

impl Ssl {
    /// `SSL_get_session`.
    pub(crate) fn session(&self) -> Option<Arc<Session>> {
        self.sessions.current.borrow().clone()
    }

    /// `SSL_set_session`: what a client will offer; a former one is retired unless it was closed in order.
    pub(crate) fn set_session(&self, session: Option<Arc<Session>>) {
        self.retire_unclosed_session();
        if let Some(session) = &session {
            self.verify_result
                .set(session.read(|fields| fields.verify_result));
        }
        self.replace_session(session);
    }

    /// `SSL_copy_session_id`: offers what the other connection has, and shows its certificates.
    pub(crate) fn copy_session(&self, from: &Self) {
        self.set_session(from.session());
        let (certificates, context) = {
            let settings = from.settings();
            (
                Arc::clone(&settings.certificates),
                settings.session_id_context,
            )
        };
        let old = self.change(|to| {
            to.session_id_context = context;
            std::mem::replace(&mut to.certificates, certificates)
        });
        drop(old);
    }

    pub(super) fn replace_session(&self, session: Option<Arc<Session>>) {
        let old = self.sessions.current.replace(session);
        // Outside the borrow: freeing it may call back.
        drop(old);
    }

    /// A session of a connection that ends without a close_notify of ours cannot be resumed: whether
    /// there was one.
    pub(super) fn retire_unclosed_session(&self) -> bool {
        let Some(session) = self.session() else {
            return false;
        };
        let is_open = self.stage() == Stage::Established && !self.in_init();
        if !is_open || self.shutdown() & SENT != 0 {
            return false;
        }
        self.session_ctx().remove_session(&session);
        true
    }

    /// A session of a connection that failed cannot be resumed.
    pub(super) fn retire_failed_session(&self) {
        if let Some(session) = self.session() {
            self.session_ctx().remove_session(&session);
        }
    }

    /// A session that nothing is known of yet.
    pub(super) fn fresh_session(&self) -> Option<Arc<Session>> {
        let context = self.settings().session_id_context;
        Session::with(Fields {
            context: Id::new(context.as_slice()).unwrap_or_default(),
            timeout: self.session_ctx().sessions.lifetime(),
            verify_result: 0,
            ..Fields::new(now())
        })
    }

    /// What a client offers; when nothing can be offered, the connection gets a session of its own.
    pub(super) fn session_to_resume(&self) -> Option<ClientSession> {
        let range = self.enabled().range();
        let usable = self.session().filter(|session| {
            let version = session.read(|fields| fields.protocol_version);
            let is_enabled = range.is_some_and(|(min, max)| {
                (i32::from(min.wire())..=i32::from(max.wire())).contains(&version)
            });
            is_enabled && session.is_resumable()
        });
        let Some(session) = usable else {
            self.replace_session(self.fresh_session());
            return None;
        };
        self.verify_result
            .set(session.read(|fields| fields.verify_result));
        session.to_client()
    }

    /// A handshake begins.
    pub(super) fn count_handshake(&self) {
        let begun = match self.side() {
            Some(Side::Client) => Counter::Connect,
            _ => Counter::Accept,
        };
        self.session_ctx().sessions.cache.count(begun);
    }

    /// The handshake is over: the connection's session is complete.
    pub(super) fn finish_session(&self, engine: &Connection) {
        match self.side() {
            Some(Side::Client) => self.finish_client_session(engine),
            _ => self.finish_server_session(engine),
        }
    }

    fn finish_client_session(&self, engine: &Connection) {
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
    pub(super) fn take_sessions(&self, engine: &mut Connection) {
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

    fn finish_server_session(&self, engine: &Connection) {
        if self.facts().resumed {
            self.restore_peer();
        } else {
            self.note_full_handshake();
            self.note_in_session(engine);
        }
        if !self.is_tls13() {
            self.update_cache(CacheMode::SERVER);
        }
        self.ctx().sessions.cache.count(Counter::AcceptGood);
    }

    /// The peer of a resumed session is that of the handshake that made it.
    pub(super) fn restore_peer(&self) {
        let Some(session) = self.session() else {
            return;
        };
        let (peer, chain, result) = session.read(|fields| {
            let chain = fields.chain.clone();
            (fields.peer.clone(), chain, fields.verify_result)
        });
        self.verify_result.set(result);
        let mut facts = self.facts.borrow_mut();
        (facts.peer, facts.peer_chain) = (peer, chain);
    }

    /// Copies into the session what a full handshake found out.
    fn note_in_session(&self, engine: &Connection) {
        let Some(session) = self.session() else {
            return;
        };
        self.note_peer_in(&session);
        let secret = engine.master_secret();
        let facts = self.facts();
        session.change(|fields| {
            if let Some(version) = facts.version {
                fields.protocol_version = version.into();
            }
            fields.suite = facts.suite.map(|suite| suite.wire());
            fields.alpn = (!facts.alpn.is_empty()).then(|| facts.alpn.clone().into());
            fields.extended_master_secret = facts.extended_master_secret;
            if let Some(secret) = secret {
                fields.secret = secret;
            }
        });
    }

    /// Copies into the session who the peer is, and by which group keys were agreed on.
    pub(super) fn note_peer_in(&self, session: &Session) {
        let host_name = self.host_name.borrow().clone();
        let verify_result = self.verify_result.get();
        let facts = self.facts();
        let (peer, chain) = (facts.peer.clone(), facts.peer_chain.clone());
        let group = facts.group;
        drop(facts);
        let replaced = session.change(|fields| {
            fields.verify_result = verify_result;
            // The extension for it is never agreed on.
            fields.fragment_mode = 0;
            fields.group = group.map_or(fields.group, u32::from);
            (
                std::mem::replace(&mut fields.peer, peer),
                std::mem::replace(&mut fields.chain, chain),
                std::mem::replace(&mut fields.host_name, host_name),
            )
        });
        drop(replaced);
    }

    /// Hands the session to the cache and to the application, where they want sessions of this side.
    pub(super) fn update_cache(&self, side: CacheMode) {
        let Some(session) = self.session() else {
            return;
        };
        let (has_id, has_context) =
            session.read(|fields| (!fields.id.is_empty(), !fields.context.is_empty()));
        let is_server = side == CacheMode::SERVER;
        let verifies = self.settings().verify.mode & super::plan::VERIFY_PEER != 0;
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
    pub(super) fn keeps_tls13_sessions(&self) -> bool {
        let settings = self.settings();
        let guards_replay = settings.options & option::NO_ANTI_REPLAY == 0;
        settings.options & option::NO_TICKET != 0 || (settings.max_early_data > 0 && guards_replay)
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

    /// `SSL_has_matching_session_id`: whether a session here that could be this connection's has the id.
    pub(crate) fn has_session_id(&self, id: &[u8]) -> bool {
        let known = self.facts().version.map(i32::from);
        let version = known.unwrap_or_else(|| self.method().number());
        self.session_ctx()
            .sessions
            .cache
            .find(version, id)
            .is_some()
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

/// Expired sessions are looked for after this many handshakes, less one.
const FLUSH_INTERVAL: i64 = 0xff;
