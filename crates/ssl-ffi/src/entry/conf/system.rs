//! The sections of openssl.cnf that are meant for TLS: by name, and the one that every context begins with.

use std::ffi::{CStr, c_char};

use libc::c_int;
use ssl_record::Side;

use super::table::{CERTIFICATE, CLIENT, FILE, REQUIRE_PRIVATE, SERVER};
use super::target::Target;
use super::{ConfContext, slice};
use crate::boundary::guard;
use crate::crypto::conf::{self, Command};
use crate::crypto::{queue, reason};
use crate::handle::{SSL, SSL_CTX};

/// # Safety
/// `ctx` is NULL or live; `name` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_CTX_config(ctx: *mut SSL_CTX, name: *const c_char) -> c_int {
    let target = Target::of_ctx(ctx);
    guard(0, || {
        // SAFETY: the caller's promise.
        let name = unsafe { slice::string(name) };
        configure(target, name).into()
    })
}

/// # Safety
/// `ssl` is NULL or live; `name` is NULL or a string.
pub(crate) unsafe extern "C" fn SSL_config(ssl: *mut SSL, name: *const c_char) -> c_int {
    let target = Target::of_ssl(ssl);
    guard(0, || {
        // SAFETY: the caller's promise.
        let name = unsafe { slice::string(name) };
        configure(target, name).into()
    })
}

/// Nothing to do: libcrypto reads the section by itself.
pub(crate) unsafe extern "C" fn SSL_add_ssl_module() {}

/// What the system wants of every context, as far as it can be done.
///
/// # Safety
/// `ctx` is live.
pub(in crate::entry) unsafe fn apply_system_default(ctx: *mut SSL_CTX) {
    const NAME: &CStr = c"system_default";
    if let Some(commands) = conf::commands(NAME) {
        carry_out(Target::of_ctx(ctx), &commands, FILE);
    }
}

fn configure(target: Target, name: Option<&CStr>) -> bool {
    if matches!(target, Target::None) {
        queue::raise(queue::common::PASSED_NULL_PARAMETER);
        return false;
    }
    let Some(commands) = name.and_then(conf::commands) else {
        let name = name.map_or("(null)".into(), CStr::to_string_lossy);
        queue::raise_data(reason::INVALID_CONFIGURATION_NAME, &format!("name={name}"));
        return false;
    };
    let flags = FILE | CERTIFICATE | REQUIRE_PRIVATE;
    carry_out(target, &commands, flags)
}

/// Whether all commands could be carried out; one that could not leaves the others be.
fn carry_out(target: Target, commands: &[Command], flags: u32) -> bool {
    let side = match target.ssl() {
        Some(ssl) => ssl.method().side,
        None => target.method().and_then(|method| method.side),
    };
    let sides = match side {
        None => CLIENT | SERVER,
        Some(Side::Client) => CLIENT,
        Some(Side::Server) => SERVER,
    };
    let mut context = ConfContext {
        flags: flags | sides,
        target,
        ..ConfContext::default()
    };
    let mut is_right = true;
    for Command { name, value } in commands {
        // SAFETY: targets are live.
        is_right &= unsafe { context.run(Some(name), Some(value)) } > 0;
    }
    // SAFETY: as above.
    unsafe { context.finish() && is_right }
}
