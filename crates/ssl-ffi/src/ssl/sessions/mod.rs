//! The session of a connection: set by the application or found by a server, offered, negotiated, and
//! handed to the cache and the application when it can be resumed.
//!
//! Owns which session is the connection's at any moment (`SSL_get_session`). What a server looks up and
//! stores is in `decide`; a resumed session brings the peer's certificate and what verification said of it.

mod client;
mod keeping;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use ssl_record::{Connection, Side};

use super::decide::Wish;
use super::plan::VERIFY_PEER;
use super::transient::Transient;
use super::{SENT, Ssl, Stage};
use crate::session::{CacheMode, Counter, Fields, Id, Session, now};

/// The sessions of one connection.
#[derive(Default)]
pub(in crate::ssl) struct Sessions {
    current: RefCell<Option<Arc<Session>>>,
    /// Servers: what the client wants resumed.
    pub(in crate::ssl) wish: RefCell<Transient<Wish>>,
    /// Servers: tickets sent in this handshake.
    pub(in crate::ssl) sent: Cell<usize>,
}

impl Sessions {
    /// A handshake begins anew; the session stays, so that it can be offered.
    pub(in crate::ssl) fn reset(&self) {
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

    pub(in crate::ssl) fn replace_session(&self, session: Option<Arc<Session>>) {
        let old = self.sessions.current.replace(session);
        // Outside the borrow: freeing it may call back.
        drop(old);
    }

    /// A session of a connection that ends without a close_notify of ours cannot be resumed: whether
    /// there was one.
    pub(in crate::ssl) fn retire_unclosed_session(&self) -> bool {
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
    pub(in crate::ssl) fn retire_failed_session(&self) {
        if let Some(session) = self.session() {
            self.session_ctx().remove_session(&session);
        }
    }

    /// A session that nothing is known of yet.
    pub(in crate::ssl) fn fresh_session(&self) -> Option<Arc<Session>> {
        let context = self.settings().session_id_context;
        Session::with(Fields {
            context: Id::new(context.as_slice()).unwrap_or_default(),
            timeout: self.session_ctx().sessions.lifetime(),
            verify_result: 0,
            ..Fields::new(now())
        })
    }

    /// A handshake begins.
    pub(in crate::ssl) fn count_handshake(&self) {
        let begun = match self.side() {
            Some(Side::Client) => Counter::Connect,
            _ => Counter::Accept,
        };
        self.session_ctx().sessions.cache.count(begun);
    }

    /// The handshake is over: the connection's session is complete.
    pub(in crate::ssl) fn finish_session(&self, engine: &Connection) {
        match self.side() {
            Some(Side::Client) => self.finish_client_session(engine),
            _ => self.finish_server_session(engine),
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
    pub(in crate::ssl) fn restore_peer(&self) {
        let Some(session) = self.session() else {
            return;
        };
        let (peer, chain, result) = session.read(|fields| {
            let chain = fields.chain.clone();
            (fields.peer.clone(), chain, fields.verify_result)
        });
        self.verify_result.set(result);
        self.note_peer(peer, chain);
    }

    /// Whether a full handshake with the peer of this session would be accepted here: a session is no way
    /// around verification. Where the application has functions for that, they knew what they did.
    pub(in crate::ssl) fn would_verify(&self, session: &Session) -> bool {
        let (mode, callback) = {
            let settings = self.settings();
            (settings.verify.mode, settings.verify.callback)
        };
        let is_open = mode & VERIFY_PEER == 0
            || callback.is_some()
            || self.ctx().hooks().cert_verify.is_some();
        is_open || session.read(|fields| fields.verify_result) == 0
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
            fields.alpn = (!facts.alpn.is_empty()).then(|| facts.alpn.clone());
            fields.extended_master_secret = facts.extended_master_secret;
            if let Some(secret) = secret {
                fields.secret = secret;
            }
        });
    }

    /// Copies into the session who the peer is, and by which group keys were agreed on.
    pub(in crate::ssl) fn note_peer_in(&self, session: &Session) {
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

#[cfg(test)]
mod tests;
