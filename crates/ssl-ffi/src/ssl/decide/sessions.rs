//! Sessions that a server stores, with its clients or here, and those it is asked for.
//!
//! Owns how many tickets there are and what is in them: the connection's session as `i2d_SSL_SESSION`
//! writes it, so that everything about it comes back with it, also to a server that runs on the system's
//! library. What a ticket of the client's leads to was found out before (`resumption`).

use std::sync::Arc;

use ssl_record::ServerSession;
use ssl_record::config::CipherSuite;
use ssl_record::delegate::Answer;
use ssl_record::record::{AlertDescription, ProtocolVersion};

use super::{Decision, Halt, INTERNAL_ERROR};
use crate::crypto::reason;
use crate::negotiate::suites::Suite;
use crate::session::tickets::Sealed;
use crate::session::{CacheMode, Id, Session, now};
use crate::ssl::Ssl;

/// How a server keeps the session of this handshake.
pub(in crate::ssl) struct SessionPolicy {
    pub(in crate::ssl) tickets: bool,
    /// Seconds.
    pub(in crate::ssl) lifetime: u32,
    pub(in crate::ssl) tls13_tickets: usize,
    pub(in crate::ssl) ids: bool,
    /// The id of a new session that is kept here; random if `None`.
    pub(in crate::ssl) id: Option<[u8; Id::MAX]>,
    /// The suite of the handshake: one that is resumed has its session's.
    pub(in crate::ssl) suite: CipherSuite,
}

impl Ssl {
    /// Decides how the session of this handshake is kept; `find_wish` came before. The suite is the one
    /// that a full handshake would use.
    pub(super) fn session_policy(&self, agreed: &'static Suite) -> Result<SessionPolicy, Halt> {
        let found = {
            let wish = self.sessions.wish.borrow();
            wish.found.as_ref().map(|found| (found.by_id, found.suite))
        };
        // The engine has to be able to show the certificate, although nobody will see it.
        let found = found.filter(|(_, suite)| suite.authentication == agreed.authentication);
        let Some((by_id, suite)) = found else {
            self.note_full_handshake();
            return self
                .new_session_policy(agreed.engine)
                .map_err(|(alert, reason)| Halt::Refuse(alert, reason));
        };
        let wanted = self.settings().tickets;
        let expects_ticket = self.sessions.wish.borrow().expects_ticket;
        Ok(SessionPolicy {
            tickets: expects_ticket || self.is_tls13(),
            // In TLS 1.2 a resumed session's is not told anew.
            lifetime: if self.is_tls13() {
                self.ticket_lifetime()
            } else {
                0
            },
            tls13_tickets: wanted,
            ids: by_id,
            id: None,
            suite: suite.engine,
        })
    }

    fn new_session_policy(&self, suite: CipherSuite) -> Result<SessionPolicy, Failure> {
        let is_tls13 = self.is_tls13();
        if self.is_made_unresumable(!is_tls13) {
            if let Some(session) = self.session() {
                session.retire();
            }
            return Ok(SessionPolicy {
                tickets: false,
                lifetime: 0,
                tls13_tickets: 0,
                ids: false,
                id: None,
                suite,
            });
        }
        let expects_ticket = self.sessions.wish.borrow().expects_ticket;
        let cache = self.session_ctx().sessions.cache.mode();
        let ids = !is_tls13 && !expects_ticket && cache.contains(CacheMode::SERVER);
        // Before the settings are looked at: the callback that chooses may change them.
        let id = if ids { self.chosen_session_id()? } else { None };
        Ok(SessionPolicy {
            // In TLS 1.3 also where sessions are kept here: the ticket is their name, and lives as long.
            tickets: expects_ticket || is_tls13,
            lifetime: self.ticket_lifetime(),
            tls13_tickets: self.settings().tickets,
            ids,
            id,
            suite,
        })
    }

    /// What the client is told of how long its ticket is good for, seconds.
    fn ticket_lifetime(&self) -> u32 {
        let seconds = self.session_ctx().sessions.lifetime().max(0);
        let seconds = if self.is_tls13() {
            seconds.min(WEEK)
        } else {
            seconds
        };
        u32::try_from(seconds).unwrap_or(u32::MAX)
    }

    /// `SSL_CTX_set_not_resumable_session_callback`.
    fn is_made_unresumable(&self, is_forward_secure: bool) -> bool {
        let callback = self.settings().hooks.not_resumable;
        // SAFETY: the application's function, with a live connection.
        callback.is_some_and(|callback| unsafe {
            callback(self.as_ptr(), is_forward_secure.into()) != 0
        })
    }

    pub(super) fn on_seal_ticket(&self, value: &[u8]) -> Decision {
        let Ok(stored) = ServerSession::from_value(value) else {
            return Decision::Answer(Answer::Bytes(None));
        };
        let sealed = match stored.version() {
            ProtocolVersion::Tls12 => self.tls12_ticket(&stored),
            ProtocolVersion::Tls13 => self.tls13_ticket(&stored),
        };
        match sealed {
            Ok(ticket) => Decision::Answer(Answer::Bytes(ticket)),
            Err((alert, reason)) => Decision::refused(alert, reason),
        }
    }

    fn tls12_ticket(&self, stored: &ServerSession) -> Sealing {
        let Some(session) = self.session().filter(|_| self.uses_tickets()) else {
            return Ok(None);
        };
        if !self.facts().resumed {
            self.note_peer_in(&session);
            session.change(|fields| fields.note_stored(stored));
        }
        self.ask_before_ticket()?;
        self.seal(&session)
    }

    fn tls13_ticket(&self, stored: &ServerSession) -> Sealing {
        let (resumed, expects_ticket) = {
            let wish = self.sessions.wish.borrow();
            (wish.found.is_some(), wish.expects_ticket)
        };
        let wanted = self.settings().tickets;
        let most = match (expects_ticket, resumed) {
            (false, _) => 0,
            (true, true) => wanted.min(1),
            (true, false) => wanted,
        };
        let sent = self.sessions.sent.get();
        if sent >= most {
            return Ok(None);
        }
        if resumed {
            self.restore_peer();
        }
        // The one before, or the resumed one, may be in a cache: it is not changed.
        let session = match self.session() {
            Some(session) if resumed || sent > 0 => session.successor(),
            other => other,
        };
        let Some(session) = session else {
            return Err(INTERNAL);
        };
        let id = self.new_session_id()?;
        self.note_peer_in(&session);
        let max_early_data = self.settings().max_early_data;
        session.change(|fields| {
            fields.note_stored(stored);
            fields.id = id;
            fields.time = now();
            fields.max_early_data = max_early_data;
        });
        self.replace_session(Some(Arc::clone(&session)));
        self.ask_before_ticket()?;
        let ticket = if self.keeps_tls13_sessions() {
            Some(id.as_slice().to_vec())
        } else {
            self.seal(&session)?
        };
        self.sessions.sent.set(sent + 1);
        if ticket.is_some() {
            self.update_cache(CacheMode::SERVER);
        }
        Ok(ticket)
    }

    /// `SSL_CTX_set_session_ticket_cb`.
    fn ask_before_ticket(&self) -> Result<(), Failure> {
        let hooks = self.session_ctx().sessions.hooks();
        let Some(callback) = hooks.generate_ticket else {
            return Ok(());
        };
        // SAFETY: the application's function and argument, with a live connection.
        match unsafe { callback(self.as_ptr(), hooks.ticket_arg.0) } {
            0 => Err(INTERNAL),
            _ => Ok(()),
        }
    }

    fn seal(&self, session: &Session) -> Sealing {
        let sealer = self.session_ctx().sessions.sealer().ok_or(INTERNAL)?;
        let contents = session.to_bytes().ok_or(INTERNAL)?;
        match sealer.seal(self.as_ptr().cast(), &contents) {
            Sealed::Ticket(ticket) => Ok(Some(ticket)),
            Sealed::Declined => Ok(None),
            Sealed::CallbackFailed => {
                Err((AlertDescription::INTERNAL_ERROR, reason::CALLBACK_FAILED))
            }
            Sealed::Failed => Err(INTERNAL),
        }
    }

    pub(super) fn on_open_ticket(&self, ticket: &[u8]) -> Decision {
        Decision::Answer(Answer::Bytes(self.wished_for(ticket)))
    }

    pub(super) fn on_find_session(&self, id: &[u8]) -> Decision {
        Decision::Answer(Answer::Bytes(self.wished_for(id)))
    }

    /// The session that was found by this name.
    fn wished_for(&self, name: &[u8]) -> Option<Vec<u8>> {
        let wish = self.sessions.wish.borrow();
        let found = wish.found.as_ref().filter(|found| found.name == name)?;
        Some(found.value.to_vec())
    }

    pub(super) fn on_store_session(&self, id: &[u8], value: &[u8]) -> Decision {
        let (session, id) = (self.session(), Id::new(id));
        let stored = ServerSession::from_value(value).ok();
        let (Some(session), Some(id), Some(stored)) = (session, id, stored) else {
            return Decision::Answer(Answer::Stored(false));
        };
        self.note_peer_in(&session);
        session.change(|fields| {
            fields.note_stored(&stored);
            fields.id = id;
        });
        // It goes to the cache at the end of the handshake.
        Decision::Answer(Answer::Stored(true))
    }
}

/// A ticket, or none, or how the handshake ends.
type Sealing = Result<Option<Vec<u8>>, Failure>;
pub(super) type Failure = (AlertDescription, i32);

pub(super) const INTERNAL: Failure = (AlertDescription::INTERNAL_ERROR, INTERNAL_ERROR);

/// The longest that a ticket of TLS 1.3 may live, seconds (RFC 8446 section 4.6.1).
const WEEK: i64 = 7 * 24 * 60 * 60;
