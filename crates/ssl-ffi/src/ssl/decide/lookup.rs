//! Where a server finds sessions: in tickets, in its cache, at the application.
//!
//! Owns the application's functions on the way, which may be asked for each. Whether a session that was
//! found is resumed is decided elsewhere.

use std::sync::Arc;

use ssl_record::record::{AlertDescription, ProtocolVersion};

use super::{Halt, INTERNAL_ERROR};
use crate::crypto::queue;
use crate::handle::Counted;
use crate::session::tickets::Opened;
use crate::session::{CacheMode, Counter, Id, Session};
use crate::ssl::Ssl;

/// What became of a ticket (`SSL_TICKET_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// The application wants it ignored.
    None = 2,
    Empty = 3,
    NoDecrypt = 4,
    Success = 5,
    SuccessRenew = 6,
}

/// A session and by what it was found.
pub(super) struct Candidate {
    pub(super) session: Arc<Session>,
    pub(super) name: Vec<u8>,
    pub(super) by_id: bool,
    /// How old the client says it is, if that counts.
    pub(super) age: Option<u32>,
}

impl Ssl {
    /// Opens a ticket and asks the application what to do with it.
    pub(super) fn open_ticket(
        &self,
        ticket: &[u8],
        id: &[u8],
        version: ProtocolVersion,
    ) -> Result<(Status, Option<Arc<Session>>), Halt> {
        let failed = || Halt::Refuse(AlertDescription::INTERNAL_ERROR, INTERNAL_ERROR);
        let sessions = &self.session_ctx().sessions;
        let (mut status, mut session) = (Status::Empty, None);
        if !ticket.is_empty() {
            let sealer = sessions.sealer().ok_or_else(failed)?;
            let always_renewed = version == ProtocolVersion::Tls13 && sealer.is_ours();
            (status, session) = match sealer.open(self.as_ptr().cast(), ticket) {
                Opened::Failed => return Err(failed()),
                Opened::Unknown => (Status::NoDecrypt, None),
                Opened::Contents { contents, renew } => {
                    match queue::quiet(|| Session::from_bytes(&contents)) {
                        None => (Status::NoDecrypt, None),
                        made if renew || always_renewed => (Status::SuccessRenew, made),
                        made => (Status::Success, made),
                    }
                }
            };
            if let (Some(session), false) = (&session, id.is_empty()) {
                // By the id of its own choice the client sees that its ticket was accepted.
                session.change(|fields| fields.id = Id::new(id).unwrap_or_default());
            }
        }
        self.judge_ticket(ticket, status, session)
            .ok_or_else(failed)
    }

    /// `SSL_CTX_set_session_ticket_cb`; `None` if the application ends the handshake.
    fn judge_ticket(
        &self,
        ticket: &[u8],
        status: Status,
        session: Option<Arc<Session>>,
    ) -> Option<(Status, Option<Arc<Session>>)> {
        const KEY_NAME: usize = 16;
        let hooks = self.session_ctx().sessions.hooks();
        let Some(callback) = hooks.decrypt_ticket else {
            return Some((status, session));
        };
        let at = session.as_ref().map_or(std::ptr::null(), Arc::as_ptr);
        let name = &ticket[..ticket.len().min(KEY_NAME)];
        // SAFETY: the application's function, with a live connection, a session that lives during the
        // call, the start of the ticket and its own argument.
        let verdict = unsafe {
            callback(
                self.as_ptr(),
                at.cast_mut(),
                name.as_ptr(),
                name.len(),
                status as i32,
                hooks.ticket_arg.0,
            )
        };
        let is_good = session.is_some();
        match verdict {
            verdict::IGNORE => Some((Status::None, None)),
            verdict::IGNORE_RENEW if is_good => Some((Status::NoDecrypt, None)),
            verdict::IGNORE_RENEW => Some((status, None)),
            verdict::USE if is_good => Some((Status::Success, session)),
            verdict::USE_RENEW if is_good => Some((Status::SuccessRenew, session)),
            _ => None,
        }
    }

    /// Looks for a session that is kept here, or by the application.
    pub(super) fn look_up(&self, id: &[u8], version: ProtocolVersion) -> Option<Candidate> {
        let ctx = self.session_ctx();
        let cache = &ctx.sessions.cache;
        let mut found = None;
        if !cache.mode().contains(CacheMode::NO_INTERNAL_LOOKUP) {
            found = cache.find(version.wire().into(), id);
            if found.is_none() {
                cache.count(Counter::Misses);
            }
        }
        let found = found.or_else(|| self.ask_for_session(id));
        let session = found.filter(|session| !session.is_retired())?;
        Some(Candidate {
            session,
            name: id.to_vec(),
            by_id: true,
            age: None,
        })
    }

    /// `SSL_CTX_sess_set_get_cb`.
    fn ask_for_session(&self, id: &[u8]) -> Option<Arc<Session>> {
        let ctx = self.session_ctx();
        let callback = ctx.sessions.hooks().find?;
        let mut copy = 1;
        let length = i32::try_from(id.len()).unwrap_or_default();
        // SAFETY: the application's function, with a live connection, the id and a place to write to.
        let session = unsafe { callback(self.as_ptr(), id.as_ptr(), length, &raw mut copy) };
        // SAFETY: NULL or a live session; with 0 in that place its count is ours.
        let session = unsafe {
            match copy {
                0 => Session::from_c(session),
                _ => Session::share(session),
            }
        }?;
        if session.is_retired() {
            return None;
        }
        let cache = &ctx.sessions.cache;
        cache.count(Counter::CallbackHits);
        if !cache.mode().contains(CacheMode::NO_INTERNAL_STORE) {
            ctx.add_session(&session);
        }
        Some(session)
    }
}

/// What the application says to a ticket (`SSL_TICKET_RETURN_*`).
mod verdict {
    pub(super) const IGNORE: i32 = 1;
    pub(super) const IGNORE_RENEW: i32 = 2;
    pub(super) const USE: i32 = 3;
    pub(super) const USE_RENEW: i32 = 4;
}
