//! libcrypto's initialisation, and the commands that it read from the section `ssl_conf` of its configuration
//! file.
//!
//! Owns the calls; what the commands mean is not libcrypto's business.

use std::ffi::{CStr, CString, c_void};
use std::ptr::{null, null_mut};

use super::sys;

/// A command and its argument.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) name: CString,
    pub(crate) value: CString,
}

/// `OPENSSL_init_crypto`; false with an entry in the queue.
///
/// # Safety
/// `settings` is NULL or from `OPENSSL_INIT_new`.
pub(crate) unsafe fn init(options: u64, settings: *const c_void) -> bool {
    // SAFETY: the caller's promise.
    unsafe { sys::OPENSSL_init_crypto(options, settings) == 1 }
}

/// The commands under this name, copied: the file may be read anew. `None` if there are none.
pub(crate) fn commands(name: &CStr) -> Option<Vec<Command>> {
    let mut index = 0;
    // SAFETY: the name is a string, the place is live.
    if unsafe { sys::conf_ssl_name_find(name.as_ptr(), &raw mut index) } != 1 {
        return None;
    }
    let (mut count, mut found) = (0, null());
    // SAFETY: the index was found just now, the places are live.
    let list = unsafe { sys::conf_ssl_get(index, &raw mut found, &raw mut count) };
    let command = |at| {
        let (mut name, mut value) = (null_mut(), null_mut());
        // SAFETY: the list has `count` commands, each with two strings.
        unsafe {
            sys::conf_ssl_get_cmd(list, at, &raw mut name, &raw mut value);
            Command {
                name: CStr::from_ptr(name).to_owned(),
                value: CStr::from_ptr(value).to_owned(),
            }
        }
    };
    Some((0..count).map(command).collect())
}
