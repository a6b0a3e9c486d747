//! The object behind `SSL_SESSION`, its encoding, and what a context keeps for resumption.
//!
//! Owns what two handshakes share: [`Session`], the cache of a context and the keys of its tickets.
//! Does not know connections: the handshake asks for a session or hands one over.
mod cache;
pub(crate) mod der;
pub(crate) mod encoding;
mod fields;
mod id;
mod resumption;
mod storage;
mod table;
pub(crate) mod text;
pub(crate) mod tickets;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

pub(crate) use self::cache::{Added, Cache, CacheMode, Counter};
pub(crate) use self::fields::Fields;
pub(crate) use self::id::Id;
pub(crate) use self::storage::decode;
pub(crate) use self::table::Table;
use crate::crypto::exdata::{Class, ExData};

/// `SSL_SESSION`.
///
/// C holds it by counted pointers, each of them one count of the `Arc` around it. The contract is
/// OpenSSL's: a session that several threads hold is only read, and what a getter returned without a
/// count of its own stays valid until the setter of the same field is called or the last count goes.
/// The lock keeps a program that breaks the first rule from breaking us; nothing calls into C, and no
/// other lock of this module is taken, while it is held.
#[derive(Debug)]
pub(crate) struct Session {
    fields: Mutex<Fields>,
    /// Set when the session was taken out of a cache: whoever still has it must not resume it.
    retired: AtomicBool,
    /// The cache it is in, which has to hear of a new time.
    owner: Mutex<Weak<Cache>>,
    ex_data: ExData,
}

impl Session {
    /// Bytes of a secret, at most.
    pub(crate) const SECRET_MAX: usize = encoding::SECRET_MAX;

    /// A session as `SSL_SESSION_new` makes it; `None` if the application's data could not be made.
    pub(crate) fn new() -> Option<Arc<Self>> {
        Self::with(Fields::new(now()))
    }

    /// A session with these contents and no application data.
    pub(crate) fn with(fields: Fields) -> Option<Arc<Self>> {
        let session = Arc::new(Self {
            fields: Mutex::new(fields),
            retired: AtomicBool::new(false),
            owner: Mutex::new(Weak::new()),
            ex_data: ExData::empty(),
        });
        let parent = Arc::as_ptr(&session).cast_mut().cast();
        // SAFETY: the parent is the session that the data is part of.
        let filled = unsafe { session.ex_data.fill(Class::SslSession, parent) };
        filled.then_some(session)
    }

    /// A copy that is in no cache; application data is copied as its owner said it is to be.
    pub(crate) fn duplicate(&self) -> Option<Arc<Self>> {
        let copy = Self::with(self.read(Fields::clone))?;
        copy.retired.store(self.is_retired(), Ordering::Relaxed);
        let copied = self.ex_data.copy_to(Class::SslSession, &copy.ex_data);
        copied.then_some(copy)
    }

    /// A copy that may be resumed, whatever became of this one.
    pub(crate) fn successor(&self) -> Option<Arc<Self>> {
        let copy = self.duplicate()?;
        copy.retired.store(false, Ordering::Relaxed);
        Some(copy)
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&Fields) -> T) -> T {
        look(&self.fields())
    }

    /// Changes the contents. What a change replaces is dropped by the caller of `change`, not inside:
    /// freeing a certificate may call into C.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Fields) -> T) -> T {
        change(&mut self.fields())
    }

    pub(crate) fn set_time(&self, time: i64) {
        self.change(|fields| fields.time = time);
        self.tell_owner();
    }

    pub(crate) fn set_timeout(&self, timeout: i64) {
        self.change(|fields| fields.timeout = timeout);
        self.tell_owner();
    }

    /// Whether its time is over.
    pub(crate) fn is_expired(&self) -> bool {
        now() > self.read(Fields::expires)
    }

    /// Whether a client may offer it, or a server take it up.
    pub(crate) fn is_resumable(&self) -> bool {
        !self.is_retired() && self.read(|fields| !fields.id.is_empty() || fields.has_ticket())
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }

    /// Nobody may resume it from now on.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
    }

    /// Where the id is, which is part of the session.
    pub(crate) fn id_bytes(&self) -> (*const u8, usize) {
        self.read(|fields| (fields.id.as_slice().as_ptr(), fields.id.as_slice().len()))
    }

    /// Where the id context is, which is part of the session.
    pub(crate) fn context_bytes(&self) -> (*const u8, usize) {
        self.read(|fields| {
            (
                fields.context.as_slice().as_ptr(),
                fields.context.as_slice().len(),
            )
        })
    }

    /// The application's data (`CRYPTO_EX_INDEX_SSL_SESSION`).
    pub(crate) fn ex_data(&self) -> &ExData {
        &self.ex_data
    }

    fn tell_owner(&self) {
        let owner = self.owner_slot().upgrade();
        if let Some(cache) = owner {
            cache.reorder(self);
        }
    }

    fn set_owner(&self, owner: Weak<Cache>) {
        *self.owner_slot() = owner;
    }

    fn owner_slot(&self) -> MutexGuard<'_, Weak<Cache>> {
        self.owner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fields(&self) -> MutexGuard<'_, Fields> {
        self.fields.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let parent = std::ptr::from_mut(self).cast();
        // SAFETY: the parent is the session that the data is part of, whole until this returns.
        unsafe { self.ex_data.release(Class::SslSession, parent) }
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs().cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_session_is_openssls() {
        let session = Session::new().unwrap();
        session.read(|fields| {
            assert_eq!(fields.timeout, 304);
            assert_eq!(fields.verify_result, 1);
            assert_eq!(fields.fragment_mode, 255);
            assert!(fields.time > 1_700_000_000);
        });
        assert!(!session.is_resumable());
    }

    #[test]
    fn it_is_resumable_with_an_id_or_a_ticket_until_it_is_retired() {
        let session = Session::new().unwrap();
        session.change(|fields| fields.id = Id::new(b"id").unwrap());
        assert!(session.is_resumable());
        session.change(|fields| {
            fields.id = Id::default();
            fields.ticket = Some(Box::new([1]));
        });
        assert!(session.is_resumable());
        session.retire();
        assert!(!session.is_resumable());
        assert!(!session.duplicate().unwrap().is_resumable());
    }
}
