//! The sessions of a cache in libcrypto's hash table, for programs that walk through it
//! (`SSL_CTX_sessions`).
//!
//! Owns a copy of what the cache had when it was last asked for: what a program does to the table does
//! nothing to the cache.

use std::ffi::{c_int, c_ulong, c_void};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::Session;
use crate::boundary::guard;
use crate::crypto::hash_table::HashTable;

/// The table, and a count of each session in it.
#[derive(Debug)]
pub(crate) struct Table {
    table: HashTable,
    sessions: Vec<Arc<Session>>,
}

impl Table {
    /// `None` without memory.
    pub(crate) fn new() -> Option<Self> {
        // SAFETY: sessions are put in, and they live as long as they are in there.
        let table = unsafe { HashTable::new(hash, compare) }?;
        Some(Self {
            table,
            sessions: Vec::new(),
        })
    }

    /// Puts these sessions in the place of the ones before; returns those, and where the table is.
    pub(crate) fn fill(&mut self, sessions: Vec<Arc<Session>>) -> (Vec<Arc<Session>>, *mut c_void) {
        self.table.clear();
        for session in &sessions {
            // SAFETY: what is in there are live sessions, for `self` holds a count of each.
            unsafe { self.table.insert(Arc::as_ptr(session).cast_mut().cast()) };
        }
        let before = std::mem::replace(&mut self.sessions, sessions);
        (before, self.table.as_ptr())
    }
}

unsafe extern "C" fn hash(session: *const c_void) -> c_ulong {
    guard(0, || {
        // SAFETY: what is in the table, or looked for by its user, is a live session.
        let Some(session) = (unsafe { session.cast::<Session>().as_ref() }) else {
            return 0;
        };
        let mut hasher = DefaultHasher::new();
        session.read(|fields| (fields.protocol_version, fields.id).hash(&mut hasher));
        hasher.finish() as c_ulong
    })
}

unsafe extern "C" fn compare(one: *const c_void, other: *const c_void) -> c_int {
    guard(1, || {
        // SAFETY: as above.
        let (one, other) = unsafe {
            (
                one.cast::<Session>().as_ref(),
                other.cast::<Session>().as_ref(),
            )
        };
        let key = |session: &Session| session.read(|fields| (fields.protocol_version, fields.id));
        (one.map(key) != other.map(key)).into()
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Fields, Id};
    use super::*;
    use crate::crypto::sys;

    fn session(id: &[u8]) -> Arc<Session> {
        let fields = Fields {
            id: Id::new(id).unwrap(),
            ..Fields::new(1)
        };
        Session::with(fields).unwrap()
    }

    #[test]
    fn a_table_has_what_it_was_last_filled_with() {
        let mut table = Table::new().unwrap();
        let (first, second) = (session(b"one"), session(b"two"));
        let (before, at) = table.fill(vec![Arc::clone(&first)]);
        assert!(before.is_empty());
        let (before, again) = table.fill(vec![Arc::clone(&second)]);
        assert!(Arc::ptr_eq(&before[0], &first) && at == again);
        // A session that is equal finds it.
        // SAFETY: the table and the sessions live.
        let found = |like: &Arc<Session>| unsafe {
            sys::OPENSSL_LH_retrieve(at.cast(), Arc::as_ptr(like).cast())
        };
        assert_eq!(
            found(&session(b"two")),
            Arc::as_ptr(&second).cast_mut().cast()
        );
        assert!(found(&first).is_null());
    }
}
