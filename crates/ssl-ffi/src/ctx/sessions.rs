//! What a context keeps for resumption: the cache, the keys of its tickets, how long sessions live, and
//! the application's functions on the way in and out.
//!
//! Owns when the application hears that a session leaves the cache. Every lock here is held for a look
//! or a change, and never while such a function runs.

use std::ffi::{c_int, c_uchar, c_void};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::Ctx;
use crate::handle::{SSL, SSL_CTX, SSL_SESSION};
use crate::session::tickets::{HmacCallback, MacCallback, Sealer, TicketKeys};
use crate::session::{Added, Cache, Session, Table};
use crate::settings::callbacks::Arg;

/// `SSL_CTX_sess_set_new_cb`: 1 if the application keeps the count that comes with the session.
pub(crate) type NewSessionCallback = unsafe extern "C" fn(*mut SSL, *mut SSL_SESSION) -> c_int;
/// `SSL_CTX_sess_set_remove_cb`.
pub(crate) type RemoveSessionCallback = unsafe extern "C" fn(*mut SSL_CTX, *mut SSL_SESSION);
/// `SSL_CTX_sess_set_get_cb`: connection, id and its length; 0 goes to the last place if the session
/// comes with a count for us.
pub(crate) type FindSessionCallback =
    unsafe extern "C" fn(*mut SSL, *const c_uchar, c_int, *mut c_int) -> *mut SSL_SESSION;
/// `SSL_CTX_set_session_ticket_cb`, before a ticket is made: 0 ends the handshake.
pub(crate) type GenerateTicketCallback = unsafe extern "C" fn(*mut SSL, *mut c_void) -> c_int;
/// `SSL_CTX_set_session_ticket_cb`, after a ticket was looked at: session, key name and its length,
/// what became of it; the result says what to do.
pub(crate) type DecryptTicketCallback = unsafe extern "C" fn(
    *mut SSL,
    *mut SSL_SESSION,
    *const c_uchar,
    usize,
    c_int,
    *mut c_void,
) -> c_int;

/// See the module.
pub(crate) struct ContextSessions {
    pub(crate) cache: Arc<Cache>,
    /// Made when first needed.
    keys: RwLock<Option<TicketKeys>>,
    hooks: RwLock<SessionHooks>,
    /// Seconds; 0 is the default.
    timeout: AtomicI64,
    /// Made when first asked for.
    table: Mutex<Option<Table>>,
}

/// The application's functions.
#[derive(Clone, Copy, Default)]
pub(crate) struct SessionHooks {
    pub(crate) new: Option<NewSessionCallback>,
    pub(crate) remove: Option<RemoveSessionCallback>,
    pub(crate) find: Option<FindSessionCallback>,
    pub(crate) hmac: Option<HmacCallback>,
    pub(crate) mac: Option<MacCallback>,
    pub(crate) generate_ticket: Option<GenerateTicketCallback>,
    pub(crate) decrypt_ticket: Option<DecryptTicketCallback>,
    pub(crate) ticket_arg: Arg,
}

/// Seconds for which a session of TLS may be resumed (`SSL_get_default_timeout`).
pub(crate) const DEFAULT_TIMEOUT: i64 = 7200;

impl ContextSessions {
    pub(super) fn new() -> Self {
        Self {
            cache: Cache::new(),
            keys: RwLock::default(),
            hooks: RwLock::default(),
            timeout: AtomicI64::new(DEFAULT_TIMEOUT),
            table: Mutex::default(),
        }
    }

    /// The application's functions, copied out so that they can be called.
    pub(crate) fn hooks(&self) -> SessionHooks {
        *self.hooks.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn change_hooks(&self, change: impl FnOnce(&mut SessionHooks)) {
        change(&mut self.hooks.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// As the application set it.
    pub(crate) fn timeout(&self) -> i64 {
        self.timeout.load(Ordering::Relaxed)
    }

    /// Returns the one before.
    pub(crate) fn set_timeout(&self, seconds: i64) -> i64 {
        self.timeout.swap(seconds, Ordering::Relaxed)
    }

    /// Seconds for which a new session may be resumed.
    pub(crate) fn lifetime(&self) -> i64 {
        match self.timeout() {
            0 => DEFAULT_TIMEOUT,
            seconds => seconds,
        }
    }

    /// The keys of tickets; `None` if there are none and the generator fails.
    pub(crate) fn ticket_keys(&self) -> Option<TicketKeys> {
        let known = self
            .keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if known.is_some() {
            return known;
        }
        let made = TicketKeys::random()?;
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been faster.
        Some(keys.get_or_insert(made).clone())
    }

    pub(crate) fn set_ticket_keys(&self, new: TicketKeys) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Some(new);
    }

    /// `SSL_CTX_sessions`: libcrypto's table, with what the cache has at this moment; NULL without memory.
    /// It stays valid, and as it is, until it is asked for again.
    pub(crate) fn table(&self) -> *mut c_void {
        let sessions = self.cache.all();
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if table.is_none() {
            *table = Table::new();
        }
        let Some((before, at)) = table.as_mut().map(|table| table.fill(sessions)) else {
            return std::ptr::null_mut();
        };
        drop(table);
        // Outside the lock: freeing a session may call back.
        drop(before);
        at
    }

    /// Who chooses the keys of a ticket.
    pub(crate) fn sealer(&self) -> Option<Sealer> {
        let hooks = self.hooks();
        match (hooks.mac, hooks.hmac) {
            (Some(mac), _) => Some(Sealer::Mac(mac)),
            (None, Some(hmac)) => Some(Sealer::Hmac(hmac)),
            (None, None) => self.ticket_keys().map(Sealer::Keys),
        }
    }
}

impl Ctx {
    /// `SSL_CTX_add_session`: false if it was there already.
    pub(crate) fn add_session(&self, session: &Arc<Session>) -> bool {
        let Added {
            is_new,
            evicted,
            replaced,
        } = self.sessions.cache.add(session);
        drop(replaced);
        for session in evicted {
            self.tell_removed(&session);
        }
        is_new
    }

    /// `SSL_CTX_remove_session`: whether it was there. From now on nobody may resume it; the
    /// application hears of it even if it was not there.
    pub(crate) fn remove_session(&self, session: &Session) -> bool {
        if session.read(|fields| fields.id.is_empty()) {
            return false;
        }
        let removed = self.sessions.cache.remove(session);
        self.tell_removed(session);
        removed.is_some()
    }

    /// `SSL_CTX_flush_sessions`: removes what expired before `time`; everything if it is 0.
    pub(crate) fn flush_sessions(&self, time: i64) {
        for removed in self.sessions.cache.flush(time) {
            self.tell_removed(&removed);
        }
    }

    fn tell_removed(&self, session: &Session) {
        let Some(callback) = self.sessions.hooks().remove else {
            return;
        };
        let ctx = std::ptr::from_ref(self).cast_mut();
        let session = std::ptr::from_ref(session).cast_mut();
        // SAFETY: the application's function, with a context and a session that live during the call.
        unsafe { callback(ctx, session) };
    }
}
