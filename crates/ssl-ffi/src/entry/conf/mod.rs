//! SSL_CONF_CTX_new(3), SSL_CONF_cmd(3), SSL_CTX_config(3): configuration by names and values, from command
//! lines and files.
//!
//! Owns the object behind `SSL_CONF_CTX`, which holds no reference to what it configures. The commands are
//! in the files beside this one.

mod apply;
mod flags;
mod system;
mod table;
mod target;

use std::ffi::{CStr, CString, c_char};

use libc::{c_int, c_uint};

pub(super) use self::system::*;

use self::apply::Outcome;
use self::table::{Action, CMDLINE, FILE, SHOW_ERRORS, kind};
use self::target::Target;
use super::slice;
use crate::boundary::guard;
use crate::crypto::{NameStack, queue, reason};
use crate::handle::{SSL, SSL_CTX};
use crate::settings::certificates::KeyKind;

/// `SSL_CONF_CTX`.
#[derive(Default)]
pub(crate) struct ConfContext {
    flags: c_uint,
    /// What commands begin with, instead of a dash.
    prefix: Option<CString>,
    target: Target,
    /// Where the certificates came from that may lack keys.
    certificate_files: Vec<(KeyKind, CString)>,
    names: Option<NameStack>,
}

pub(crate) unsafe extern "C" fn SSL_CONF_CTX_new() -> *mut ConfContext {
    guard(std::ptr::null_mut(), || {
        Box::into_raw(Box::<ConfContext>::default())
    })
}

/// # Safety
/// `conf` is NULL or from [`SSL_CONF_CTX_new`], and not used again.
pub(crate) unsafe extern "C" fn SSL_CONF_CTX_free(conf: *mut ConfContext) {
    guard((), || {
        if !conf.is_null() {
            // SAFETY: the caller's promise.
            drop(unsafe { Box::from_raw(conf) });
        }
    });
}

/// # Safety
/// `conf` is NULL or live, and so is its target.
pub(crate) unsafe extern "C" fn SSL_CONF_CTX_finish(conf: *mut ConfContext) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { on(conf, 0, |conf| conf.finish().into()) }
}

/// # Safety
/// `conf` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CONF_CTX_set_flags(
    conf: *mut ConfContext,
    flags: c_uint,
) -> c_uint {
    // SAFETY: the caller's promise.
    unsafe {
        on(conf, 0, |conf| {
            conf.flags |= flags;
            conf.flags
        })
    }
}

/// # Safety
/// `conf` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CONF_CTX_clear_flags(
    conf: *mut ConfContext,
    flags: c_uint,
) -> c_uint {
    // SAFETY: the caller's promise.
    unsafe {
        on(conf, 0, |conf| {
            conf.flags &= !flags;
            conf.flags
        })
    }
}

/// # Safety
/// `conf` is NULL or live; `prefix` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_CONF_CTX_set1_prefix(
    conf: *mut ConfContext,
    prefix: *const c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        on(conf, 0, |conf| {
            conf.prefix = slice::string(prefix).map(CStr::to_owned);
            1
        })
    }
}

/// # Safety
/// `conf` is NULL or live; `ssl` is NULL or stays live while the configuration is used.
pub(crate) unsafe extern "C" fn SSL_CONF_CTX_set_ssl(conf: *mut ConfContext, ssl: *mut SSL) {
    let target = Target::of_ssl(ssl);
    // SAFETY: the caller's promise.
    unsafe { on(conf, (), |conf| conf.target = target) }
}

/// # Safety
/// `conf` is NULL or live; `ctx` is NULL or stays live while the configuration is used.
pub(crate) unsafe extern "C" fn SSL_CONF_CTX_set_ssl_ctx(
    conf: *mut ConfContext,
    ctx: *mut SSL_CTX,
) {
    let target = Target::of_ctx(ctx);
    // SAFETY: the caller's promise.
    unsafe { on(conf, (), |conf| conf.target = target) }
}

/// 2 if the value was used, 1 if none was needed, 0 for a bad one, -2 for an unknown command, -3 for a
/// value that is missing.
///
/// # Safety
/// `conf` is NULL or live, and so is its target; the strings are NULL or strings.
pub(crate) unsafe extern "C" fn SSL_CONF_cmd(
    conf: *mut ConfContext,
    command: *const c_char,
    value: *const c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        on(conf, 0, |conf| {
            conf.run(slice::string(command), slice::string(value))
        })
    }
}

/// How many arguments of a command line were used; 0 if the first is no command, negative if it is bad.
///
/// # Safety
/// `conf` is NULL or live, and so is its target; `count` is NULL or says how many strings there are at
/// `arguments`; without it they end with NULL.
pub(crate) unsafe extern "C" fn SSL_CONF_cmd_argv(
    conf: *mut ConfContext,
    count: *mut c_int,
    arguments: *mut *mut *mut c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        on(conf, 0, |conf| {
            let left = count.as_ref().copied().unwrap_or(c_int::MAX);
            let list = *arguments;
            let command = if left > 0 { slice::string(*list) } else { None };
            let Some(command) = command else { return 0 };
            let value = if left > 1 {
                slice::string(*list.add(1))
            } else {
                None
            };
            conf.flags = conf.flags & !FILE | CMDLINE;
            match conf.run(Some(command), value) {
                used @ 1.. => {
                    // One or two.
                    *arguments = list.add(used.unsigned_abs() as usize);
                    if let Some(count) = count.as_mut() {
                        *count -= used;
                    }
                    used
                }
                -2 => 0,
                0 => -1,
                error => error,
            }
        })
    }
}

/// What a command's value is.
///
/// # Safety
/// `conf` is NULL or live; `command` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_CONF_cmd_value_type(
    conf: *mut ConfContext,
    command: *const c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        on(conf, kind::UNKNOWN, |conf| {
            let kind = slice::string(command).and_then(|command| conf.kind_of(command));
            kind.unwrap_or(kind::UNKNOWN)
        })
    }
}

impl ConfContext {
    /// Carries out a command by its name.
    ///
    /// # Safety
    /// The target is live.
    unsafe fn run(&mut self, command: Option<&CStr>, value: Option<&CStr>) -> c_int {
        let Some(command) = command else {
            queue::raise(reason::INVALID_NULL_CMD_NAME);
            return 0;
        };
        let shows_errors = self.flags & SHOW_ERRORS != 0;
        let Some((action, name)) = self.find(command) else {
            if shows_errors {
                let command = self.without_prefix(command).unwrap_or(command);
                let command = command.to_string_lossy();
                queue::raise_data(reason::UNKNOWN_CMD_NAME, &format!("cmd={command}"));
            }
            return -2;
        };
        let outcome = match (action, value) {
            (Action::Switch(_), _) => {
                // SAFETY: the caller's promise.
                unsafe { self.apply(action, c"") };
                return 1;
            }
            // SAFETY: the caller's promise.
            (_, Some(value)) => unsafe { self.apply(action, value) },
            (_, None) => Outcome::MissingValue,
        };
        let failure = match outcome {
            Outcome::Done => return 2,
            Outcome::Unknown => return -2,
            Outcome::BadValue => 0,
            Outcome::MissingValue => -3,
        };
        if shows_errors {
            let value = value.map_or("<EMPTY>".into(), CStr::to_string_lossy);
            let name = name.to_string_lossy();
            queue::raise_data(reason::BAD_VALUE, &format!("cmd={name}, value={value}"));
        }
        failure
    }

    /// What a command means, and its name behind the prefix.
    fn find<'a>(&self, command: &'a CStr) -> Option<(Action, &'a CStr)> {
        let name = self.without_prefix(command)?;
        let (action, _) = table::find(self.flags, name.to_str().ok()?)?;
        Some((action, name))
    }

    fn kind_of(&self, command: &CStr) -> Option<c_int> {
        let name = self.without_prefix(command)?;
        table::find(self.flags, name.to_str().ok()?).map(|(_, kind)| kind)
    }

    /// The name behind the prefix, or behind the dash of a command line; `None` if it has none.
    fn without_prefix<'a>(&self, command: &'a CStr) -> Option<&'a CStr> {
        let all = command.to_bytes_with_nul();
        let prefix = match &self.prefix {
            Some(prefix) => prefix.to_bytes(),
            None if self.flags & CMDLINE != 0 => b"-",
            None => return Some(command),
        };
        let (start, name) = all.split_at_checked(prefix.len())?;
        let is_same = (self.flags & CMDLINE == 0 || start == prefix)
            && (self.flags & FILE == 0 || start.eq_ignore_ascii_case(prefix));
        let name = CStr::from_bytes_with_nul(name).ok()?;
        (is_same && !name.is_empty()).then_some(name)
    }
}

/// Runs the body of an entry point on a configuration that one thread uses.
///
/// # Safety
/// `conf` is NULL or live.
unsafe fn on<R>(conf: *mut ConfContext, fallback: R, body: impl FnOnce(&mut ConfContext) -> R) -> R
where
    R: Copy,
{
    guard(fallback, || {
        // SAFETY: the caller's promise.
        unsafe { conf.as_mut() }.map_or(fallback, body)
    })
}
