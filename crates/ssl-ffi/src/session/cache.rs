//! The sessions that a context keeps: by id, oldest to expire first out.
//!
//! Owns the order, the limit and the counters of `SSL_CTX_sess_*`. Calls nobody back: what it let go of
//! is returned, so that callbacks run, and sessions are freed, after the lock is released.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Id, Session, now};

/// The session cache of a context. In an `Arc`, for its sessions know it.
#[derive(Debug)]
pub(crate) struct Cache {
    contents: Mutex<Contents>,
    /// Sessions; 0 is no limit. Kept signed, as the application set it.
    limit: AtomicI64,
    mode: AtomicU32,
    counters: [AtomicI64; Counter::ALL],
}

/// What is counted since the context was made (`SSL_CTRL_SESS_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counter {
    /// Handshakes begun as a client.
    Connect,
    ConnectGood,
    ConnectRenegotiate,
    /// Handshakes begun as a server.
    Accept,
    AcceptGood,
    AcceptRenegotiate,
    /// Sessions resumed.
    Hits,
    /// Sessions that the application's cache had.
    CallbackHits,
    /// Ids that the cache did not have.
    Misses,
    /// Sessions found, but too old.
    Timeouts,
    /// Sessions removed to make room.
    Full,
}

/// The bits of `SSL_CTX_set_session_cache_mode`; unknown ones are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CacheMode(pub(crate) u32);

impl CacheMode {
    pub(crate) const CLIENT: Self = Self(0x001);
    pub(crate) const SERVER: Self = Self(0x002);
    pub(crate) const NO_AUTO_CLEAR: Self = Self(0x080);
    pub(crate) const NO_INTERNAL_LOOKUP: Self = Self(0x100);
    pub(crate) const NO_INTERNAL_STORE: Self = Self(0x200);
    pub(crate) const UPDATE_TIME: Self = Self(0x400);

    pub(crate) fn contains(self, bits: Self) -> bool {
        self.0 & bits.0 == bits.0
    }
}

/// What came of adding a session.
#[derive(Debug)]
#[must_use]
pub(crate) struct Added {
    /// False if this very session was there already.
    pub(crate) is_new: bool,
    /// Removed to make room; retired. The application hears of these.
    pub(crate) evicted: Vec<Arc<Session>>,
    /// Another session of the same id; the application does not hear of it.
    pub(crate) replaced: Option<Arc<Session>>,
}

/// What the lock guards.
#[derive(Debug, Default)]
struct Contents {
    by_id: HashMap<Key, Entry>,
    by_expiry: BTreeMap<Position, Key>,
    /// Counts insertions, so that of two that expire together the older goes first.
    insertions: u64,
}

#[derive(Debug)]
struct Entry {
    session: Arc<Session>,
    position: Position,
}

/// The second of expiry, then the insertion.
type Position = (i64, u64);
/// Sessions of two protocol versions are not found for one another.
type Key = (i32, Id);

impl Cache {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            contents: Mutex::default(),
            limit: AtomicI64::new(DEFAULT_LIMIT),
            mode: AtomicU32::new(CacheMode::SERVER.0),
            counters: Default::default(),
        })
    }

    pub(crate) fn mode(&self) -> CacheMode {
        CacheMode(self.mode.load(Ordering::Relaxed))
    }

    /// Returns the mode before.
    pub(crate) fn set_mode(&self, mode: CacheMode) -> CacheMode {
        CacheMode(self.mode.swap(mode.0, Ordering::Relaxed))
    }

    pub(crate) fn limit(&self) -> i64 {
        self.limit.load(Ordering::Relaxed)
    }

    /// Returns the limit before. A negative one changes nothing and returns 0.
    pub(crate) fn set_limit(&self, limit: i64) -> i64 {
        if limit < 0 {
            return 0;
        }
        self.limit.swap(limit, Ordering::Relaxed)
    }

    pub(crate) fn count(&self, what: Counter) {
        self.counters[what as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counted(&self, what: Counter) -> i64 {
        self.counters[what as usize].load(Ordering::Relaxed)
    }

    /// How many sessions are in it.
    pub(crate) fn len(&self) -> usize {
        self.contents().by_id.len()
    }

    /// Adds a session, or moves it to where its time belongs if it is there.
    ///
    /// The newcomer counts against the limit before anything is removed, as in OpenSSL: a limit of N
    /// keeps N - 1 sessions, and a limit of 1 keeps one.
    pub(crate) fn add(self: &Arc<Self>, session: &Arc<Session>) -> Added {
        if self.mode().contains(CacheMode::UPDATE_TIME) {
            session.change(|fields| fields.time = now());
        }
        let mut contents = self.contents();
        // Before its time is read: a change of time from then on comes to us.
        session.set_owner(Arc::downgrade(self));
        let replaced = contents.insert(session);
        let (is_new, replaced) = match replaced {
            Some(same) if Arc::ptr_eq(&same, session) => (false, None),
            other => (true, other),
        };
        if let Some(other) = &replaced {
            other.set_owner(std::sync::Weak::new());
        }
        let evicted = if is_new {
            self.make_room(&mut contents, session)
        } else {
            Vec::new()
        };
        Added {
            is_new,
            evicted,
            replaced,
        }
    }

    fn make_room(&self, contents: &mut Contents, newcomer: &Arc<Session>) -> Vec<Arc<Session>> {
        let limit = usize::try_from(self.limit()).unwrap_or(0);
        let mut evicted = Vec::new();
        while limit > 0 && contents.by_id.len() >= limit {
            let Some(victim) = contents.first_except(newcomer) else {
                break;
            };
            evicted.extend(contents.take(victim));
            self.count(Counter::Full);
        }
        evicted
    }

    /// The session of this id, made with this protocol version.
    pub(crate) fn find(&self, protocol_version: i32, id: &[u8]) -> Option<Arc<Session>> {
        let key = (protocol_version, Id::new(id)?);
        let contents = self.contents();
        contents
            .by_id
            .get(&key)
            .map(|entry| Arc::clone(&entry.session))
    }

    /// All sessions that are in it.
    pub(crate) fn all(&self) -> Vec<Arc<Session>> {
        let contents = self.contents();
        let entries = contents.by_id.values();
        entries.map(|entry| Arc::clone(&entry.session)).collect()
    }

    /// Takes out the session of this one's id, which is this one unless an application made two; retires
    /// the one that was passed, whether it was here or not.
    pub(crate) fn remove(&self, session: &Session) -> Option<Arc<Session>> {
        let removed = self.contents().take(key_of(session));
        session.retire();
        removed
    }

    /// Takes out every session that expired before `time`; all of them if `time` is 0.
    pub(crate) fn flush(&self, time: i64) -> Vec<Arc<Session>> {
        let mut contents = self.contents();
        let mut removed = Vec::new();
        while let Some((&(expires, _), &key)) = contents.by_expiry.first_key_value() {
            if time != 0 && time <= expires {
                break;
            }
            removed.extend(contents.take(key));
        }
        removed
    }

    /// A session's time changed: moves it to where it belongs now.
    pub(crate) fn reorder(&self, session: &Session) {
        let mut contents = self.contents();
        let key = key_of(session);
        let is_here = contents
            .by_id
            .get(&key)
            .is_some_and(|entry| std::ptr::eq(Arc::as_ptr(&entry.session), session));
        if is_here {
            contents.place(key, session.read(super::Fields::expires));
        }
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    /// Puts a session in its place; returns what had its id before.
    fn insert(&mut self, session: &Arc<Session>) -> Option<Arc<Session>> {
        let key = key_of(session);
        let before = self.by_id.remove(&key).map(|entry| {
            self.by_expiry.remove(&entry.position);
            entry.session
        });
        let entry = Entry {
            session: Arc::clone(session),
            position: NOWHERE,
        };
        self.by_id.insert(key, entry);
        self.place(key, session.read(super::Fields::expires));
        before
    }

    fn place(&mut self, key: Key, expires: i64) {
        let Some(entry) = self.by_id.get_mut(&key) else {
            return;
        };
        self.by_expiry.remove(&entry.position);
        self.insertions += 1;
        entry.position = (expires, self.insertions);
        self.by_expiry.insert(entry.position, key);
    }

    /// The first to expire of all but this one.
    fn first_except(&self, session: &Arc<Session>) -> Option<Key> {
        self.by_expiry
            .values()
            .find(|key| {
                self.by_id
                    .get(key)
                    .is_some_and(|entry| !Arc::ptr_eq(&entry.session, session))
            })
            .copied()
    }

    /// Takes one out and retires it.
    fn take(&mut self, key: Key) -> Option<Arc<Session>> {
        let entry = self.by_id.remove(&key)?;
        self.by_expiry.remove(&entry.position);
        entry.session.retire();
        entry.session.set_owner(std::sync::Weak::new());
        Some(entry.session)
    }
}

impl Counter {
    /// How many there are.
    const ALL: usize = Self::Full as usize + 1;
}

fn key_of(session: &Session) -> Key {
    session.read(|fields| (fields.protocol_version, fields.id))
}

/// `SSL_SESSION_CACHE_MAX_SIZE_DEFAULT`.
const DEFAULT_LIMIT: i64 = 20480;
/// Insertions begin at 1.
const NOWHERE: Position = (0, 0);

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
