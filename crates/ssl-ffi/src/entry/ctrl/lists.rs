//! Commands on preference lists, groups and signature schemes, and on the parameters of key exchanges
//! that were ones once.

use std::ffi::CStr;

use libc::{c_int, c_long, c_void};
use ssl_record::Side;

use super::super::slice;
use crate::crypto::{legacy, queue, reason};
use crate::ctx::Ctx;
use crate::negotiate::groups::{self, GroupList};
use crate::negotiate::list::ListFault;
use crate::negotiate::sigalgs::SchemeList;
use crate::settings::Settings;
use crate::settings::lists::Lists;
use crate::settings::security::Judge;
use crate::ssl::Ssl;

/// # Safety
/// `parg` is what the command demands.
pub(super) unsafe fn on_ctx(
    ctx: &Ctx,
    cmd: c_int,
    larg: c_long,
    parg: *mut c_void,
) -> Option<c_long> {
    if cmd == SET_TMP_DH {
        let judge = Judge::of_ctx(ctx.with(|settings| settings.security), ctx);
        // SAFETY: the caller's promise.
        return Some(unsafe { set_dh(judge, parg) });
    }
    // SAFETY: the caller's promise.
    let set = unsafe { read(cmd, larg, parg) }?;
    Some(set.map_or(0, |set| ctx.change(|settings| set.keep(settings))))
}

/// # Safety
/// `parg` is what the command demands.
pub(super) unsafe fn on_ssl(
    ssl: &Ssl,
    cmd: c_int,
    larg: c_long,
    parg: *mut c_void,
) -> Option<c_long> {
    match cmd {
        // SAFETY: the caller's promise.
        SET_TMP_DH => return Some(unsafe { set_dh(ssl.strength(), parg) }),
        // SAFETY: the caller's promise.
        GET_GROUPS => return Some(unsafe { peer_groups(ssl, parg) }),
        GET_SHARED_GROUP => return Some(shared_group(ssl, larg)),
        GET_NEGOTIATED_GROUP => {
            let group = ssl.facts().group;
            return Some(group.map_or(0, |id| groups::nid_of(id).into()));
        }
        _ => {}
    }
    // SAFETY: the caller's promise.
    let set = unsafe { read(cmd, larg, parg) }?;
    Some(set.map_or(0, |set| ssl.change(|settings| set.keep(settings))))
}

/// Checks a list without keeping it, as the commands do when there is no object.
///
/// # Safety
/// `parg` is NULL or a string.
pub(super) unsafe fn check(cmd: c_int, parg: *mut c_void) -> Option<c_long> {
    if !matches!(
        cmd,
        SET_GROUPS_LIST | SET_SIGALGS_LIST | SET_CLIENT_SIGALGS_LIST
    ) {
        return None;
    }
    // SAFETY: the caller's promise.
    unsafe { read(cmd, 0, parg) }.map(|set| set.is_some().into())
}

/// A list that was read and has its place in the settings.
pub(in crate::entry) enum Set {
    Groups(GroupList),
    Schemes(SchemeList),
    ClientSchemes(SchemeList),
    /// Nothing that anything here depends on.
    Nothing,
}

impl Set {
    pub(in crate::entry) fn keep(self, settings: &mut Settings) -> c_long {
        let lists: &mut Lists = std::sync::Arc::make_mut(&mut settings.lists);
        match self {
            Self::Groups(list) => lists.groups = list,
            Self::Schemes(list) => lists.schemes = list,
            Self::ClientSchemes(list) => lists.client_schemes = Some(list),
            Self::Nothing => {}
        }
        1
    }
}

/// `None` if the command is not about a list; `Some(None)` if the list is refused, and the reason queued.
///
/// # Safety
/// `parg` is what the command demands.
unsafe fn read(cmd: c_int, larg: c_long, parg: *mut c_void) -> Option<Option<Set>> {
    Some(match cmd {
        SET_DH_AUTO => Some(Set::Nothing),
        // SAFETY: the command demands a string.
        SET_GROUPS_LIST => unsafe { text(parg) }.and_then(groups_named),
        // SAFETY: as above.
        SET_SIGALGS_LIST => unsafe { text(parg) }
            .and_then(schemes_named)
            .map(Set::Schemes),
        // SAFETY: as above.
        SET_CLIENT_SIGALGS_LIST => unsafe { text(parg) }
            .and_then(schemes_named)
            .map(Set::ClientSchemes),
        SET_GROUPS => {
            // SAFETY: the command demands `larg` numbers.
            let nids = unsafe { numbers(larg, parg) };
            kept(GroupList::from_nids(&nids)).map(Set::Groups)
        }
        SET_SIGALGS | SET_CLIENT_SIGALGS => {
            // SAFETY: the command demands `larg` numbers.
            let nids = unsafe { numbers(larg, parg) };
            let list = kept(SchemeList::from_nids(&nids));
            list.map(match cmd {
                SET_SIGALGS => Set::Schemes,
                _ => Set::ClientSchemes,
            })
        }
        SET_TMP_ECDH => {
            if parg.is_null() {
                queue::raise(queue::common::PASSED_NULL_PARAMETER);
                return Some(None);
            }
            // SAFETY: the command demands an EC_KEY.
            match unsafe { legacy::curve_of(parg) } {
                Some(curve) => kept(GroupList::from_nids(&[curve])).map(Set::Groups),
                None => {
                    queue::raise(reason::MISSING_PARAMETERS);
                    None
                }
            }
        }
        _ => return None,
    })
}

/// Groups from a text; an unknown one is named in the error queue.
pub(in crate::entry) fn groups_named(text: &[u8]) -> Option<Set> {
    match GroupList::from_names(text) {
        Err(ListFault::Unknown(name)) => {
            queue::raise_data(
                queue::common::PASSED_INVALID_ARGUMENT,
                &format!("group '{name}' cannot be set"),
            );
            None
        }
        result => kept(result).map(Set::Groups),
    }
}

/// Schemes from a text; OpenSSL says nothing of unknown ones.
pub(in crate::entry) fn schemes_named(text: &[u8]) -> Option<SchemeList> {
    SchemeList::from_names(text).ok()
}

/// Queues that a list of numbers is empty.
fn kept<T>(result: Result<T, ListFault>) -> Option<T> {
    if let Err(ListFault::Empty) = result {
        queue::raise(reason::BAD_LENGTH);
    }
    result.ok()
}

/// Diffie-Hellman parameters have to be strong enough, and then nothing uses them.
///
/// # Safety
/// `parg` is NULL or a live `DH*`.
unsafe fn set_dh(judge: Judge, parg: *mut c_void) -> c_long {
    if parg.is_null() {
        queue::raise(queue::common::PASSED_NULL_PARAMETER);
        return 0;
    }
    // SAFETY: the caller's promise.
    let Some(key) = (unsafe { legacy::dh_key(parg) }) else {
        queue::raise(queue::common::MALLOC_FAILURE);
        return 0;
    };
    if !judge.diffie_hellman(key.security_bits(), key.as_ptr().cast()) {
        queue::raise(reason::DH_KEY_TOO_SMALL);
        return 0;
    }
    1
}

/// The client's groups, as NIDs or marked numbers; how many there are.
///
/// # Safety
/// `parg` is NULL or has room for all of them.
unsafe fn peer_groups(ssl: &Ssl, parg: *mut c_void) -> c_long {
    let facts = ssl.facts();
    let groups = &facts.peer_groups;
    if !parg.is_null() {
        for (at, &id) in groups.iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { parg.cast::<c_int>().add(at).write(groups::nid_of(id)) };
        }
    }
    c_long::try_from(groups.len()).unwrap_or(0)
}

/// A server's group `n` that the client has too; for -1 how many there are.
fn shared_group(ssl: &Ssl, n: c_long) -> c_long {
    if ssl.side() != Some(Side::Server) {
        return 0;
    }
    let shared = ssl.shared_groups();
    match n {
        -1 => c_long::try_from(shared.len()).unwrap_or(0),
        _ => {
            let at = usize::try_from(if n == -2 { 0 } else { n }).ok();
            at.and_then(|at| shared.get(at))
                .map_or(0, |&id| groups::nid_of(id).into())
        }
    }
}

/// # Safety
/// `parg` is NULL or a string that lives for `'a`.
unsafe fn text<'a>(parg: *mut c_void) -> Option<&'a [u8]> {
    // SAFETY: the caller's promise.
    unsafe { slice::string(parg.cast()) }.map(CStr::to_bytes)
}

/// # Safety
/// `parg` is NULL or has `len` numbers.
unsafe fn numbers(len: c_long, parg: *mut c_void) -> Vec<i32> {
    let len = usize::try_from(len).unwrap_or(0);
    let size = len.saturating_mul(size_of::<c_int>());
    // SAFETY: the caller's promise, in bytes.
    let bytes = unsafe { slice::bytes(parg.cast(), size) };
    let (numbers, _) = bytes.as_chunks();
    numbers.iter().copied().map(c_int::from_ne_bytes).collect()
}

const SET_TMP_DH: c_int = 3;
const SET_TMP_ECDH: c_int = 4;
const GET_GROUPS: c_int = 90;
const SET_GROUPS: c_int = 91;
const SET_GROUPS_LIST: c_int = 92;
const GET_SHARED_GROUP: c_int = 93;
const SET_SIGALGS: c_int = 97;
const SET_SIGALGS_LIST: c_int = 98;
const SET_CLIENT_SIGALGS: c_int = 101;
const SET_CLIENT_SIGALGS_LIST: c_int = 102;
const SET_DH_AUTO: c_int = 118;
const GET_NEGOTIATED_GROUP: c_int = 134;
