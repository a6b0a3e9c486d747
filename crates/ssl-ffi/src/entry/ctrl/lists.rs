//! Commands on preference lists: groups and signature algorithms.

use std::ffi::{CStr, c_char};

use libc::{c_int, c_long, c_void};

/// Checks a list without keeping it, as the commands do when there is no object.
///
/// # Safety
/// `parg` is NULL or a string.
pub(super) unsafe fn check(cmd: c_int, parg: *mut c_void) -> Option<c_long> {
    let is_list = matches!(
        cmd,
        SET_GROUPS_LIST | SET_SIGALGS_LIST | SET_CLIENT_SIGALGS_LIST
    );
    if !is_list || parg.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    let _list = unsafe { CStr::from_ptr(parg.cast::<c_char>()) };
    None
}

const SET_GROUPS_LIST: c_int = 92;
const SET_SIGALGS_LIST: c_int = 98;
const SET_CLIENT_SIGALGS_LIST: c_int = 102;
