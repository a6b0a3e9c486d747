//! Commands on what contexts and connections both have: modes, record sizes, versions, limits.
//!
//! Owns the modes' place in the C API: set and get are command 33, clear is 78, and both return the new
//! mask, zero-extended (statements M4 to M10).

use libc::{c_int, c_long, c_void};
use ssl_mode::SslMode;

use crate::crypto::{queue, reason};
use crate::ctx::Ctx;
use crate::method::Method;
use crate::negotiate::versions::{Bound, BoundFault};
use crate::settings::Settings;
use crate::settings::holder::Holder;
use crate::ssl::Ssl;

/// Commands on a context.
pub(super) fn on_ctx(ctx: &Ctx, cmd: c_int, larg: c_long) -> Option<c_long> {
    let (set, cleared) = asked(cmd, larg);
    crate::report::context_mode(set, cleared);
    on_settings(ctx, ctx.method(), cmd, larg)
}

/// Commands on a connection; the engine learns at once what it keeps for itself.
pub(super) fn on_ssl(ssl: &Ssl, cmd: c_int, larg: c_long) -> Option<c_long> {
    let (set, cleared) = asked(cmd, larg);
    ssl.tally.mode(set, cleared);
    // Its context's method, as in OpenSSL.
    let result = on_settings(ssl, ssl.ctx().method(), cmd, larg)?;
    if matches!(
        cmd,
        SET_READ_AHEAD | SET_MAX_SEND_FRAGMENT | SET_SPLIT_SEND_FRAGMENT | SET_MAX_PIPELINES
    ) {
        ssl.reconfigure();
    }
    Some(result)
}

/// Commands that work without a context.
///
/// # Safety
/// `parg` is a string for the two list commands.
pub(super) unsafe fn without_context(cmd: c_int, parg: *mut c_void) -> c_long {
    // SAFETY: the caller's promise.
    unsafe { super::lists::check(cmd, parg) }.unwrap_or(0)
}

/// Commands that change nothing only look: a connection shares its context's settings until it changes one.
fn on_settings(holder: &impl Holder, method: &Method, cmd: c_int, larg: c_long) -> Option<c_long> {
    Some(match cmd {
        MODE => change_modes(holder, |modes| modes | mask(larg)),
        CLEAR_MODE => change_modes(holder, |modes| modes.difference(mask(larg))),
        GET_READ_AHEAD => holder.look(|settings| settings.records.read_ahead.into()),
        SET_READ_AHEAD => holder.change(|settings| {
            std::mem::replace(&mut settings.records.read_ahead, larg != 0).into()
        }),
        SET_MAX_SEND_FRAGMENT => {
            let max = size(larg).filter(|max| (512..=16384).contains(max));
            max.map_or(0, |max| set_max_send_fragment(holder, max))
        }
        SET_SPLIT_SEND_FRAGMENT => {
            size(larg).map_or(0, |split| set_split_send_fragment(holder, split))
        }
        SET_MAX_PIPELINES => {
            let pipelines = size(larg).filter(|n| (1..=32).contains(n));
            pipelines.map_or(0, |pipelines| set_max_pipelines(holder, pipelines))
        }
        SET_MIN_PROTO_VERSION => {
            let set = bound(Bound::Oldest, method, larg);
            set.map_or(0, |version| keep(holder, version, |to| &mut to.min_version))
        }
        SET_MAX_PROTO_VERSION => {
            let set = bound(Bound::Newest, method, larg);
            set.map_or(0, |version| keep(holder, version, |to| &mut to.max_version))
        }
        GET_MIN_PROTO_VERSION => holder.look(|settings| settings.min_version.into()),
        GET_MAX_PROTO_VERSION => holder.look(|settings| settings.max_version.into()),
        GET_MAX_CERT_LIST => holder.look(|settings| settings.max_cert_list),
        SET_MAX_CERT_LIST if larg < 0 => 0,
        SET_MAX_CERT_LIST => {
            holder.change(|settings| std::mem::replace(&mut settings.max_cert_list, larg))
        }
        CERT_FLAGS => change_cert_flags(holder, |flags| flags | larg as u32),
        CLEAR_CERT_FLAGS => change_cert_flags(holder, |flags| flags & !(larg as u32)),
        _ => return None,
    })
}

/// The new mask.
fn change_modes(holder: &impl Holder, change: impl Fn(SslMode) -> SslMode) -> c_long {
    let now = holder.look(|settings| settings.modes);
    if change(now) == now {
        return now.bits().into();
    }
    holder.change(|settings| {
        settings.modes = change(settings.modes);
        settings.modes.bits().into()
    })
}

fn change_cert_flags(holder: &impl Holder, change: impl FnOnce(u32) -> u32) -> c_long {
    holder.change(|settings| {
        settings.cert_flags = change(settings.cert_flags);
        settings.cert_flags.into()
    })
}

fn set_max_send_fragment(holder: &impl Holder, max: usize) -> c_long {
    holder.change(|settings| {
        let records = &mut settings.records;
        records.max_send_fragment = max;
        records.split_send_fragment = records.split_send_fragment.min(max);
    });
    1
}

fn set_split_send_fragment(holder: &impl Holder, split: usize) -> c_long {
    let is_size = holder.look(|is| (1..=is.records.max_send_fragment).contains(&split));
    if is_size {
        holder.change(|to| to.records.split_send_fragment = split);
    }
    is_size.into()
}

fn set_max_pipelines(holder: &impl Holder, pipelines: usize) -> c_long {
    holder.change(|settings| {
        settings.records.max_pipelines = pipelines;
        settings.records.read_ahead |= pipelines > 1;
    });
    1
}

/// The modes that a command sets and clears, for the report.
fn asked(cmd: c_int, larg: c_long) -> (u32, u32) {
    match cmd {
        MODE => (mask(larg).bits(), 0),
        CLEAR_MODE => (0, mask(larg).bits()),
        _ => (0, 0),
    }
}

/// The bound to keep, if it is one; `Some(None)` if it is one that means nothing to the method.
fn bound(which: Bound, method: &Method, version: c_long) -> Option<Option<i32>> {
    // The C function takes an int of it.
    let version = version as c_int;
    let of_streams = (SSL3..=TLS1_3).contains(&version);
    let of_datagrams = matches!(version, DTLS1_0 | DTLS1_2);
    match which.check(version.into()) {
        _ if method.datagram && (of_streams || of_datagrams) => {
            Some(of_datagrams.then_some(version))
        }
        _ if method.version.is_some() && (version == 0 || of_streams) => Some(None),
        Ok(()) => Some(Some(version)),
        Err(fault) => {
            if fault == BoundFault::TooOld {
                queue::raise(reason::UNSUPPORTED_PROTOCOL);
            }
            None
        }
    }
}

fn keep(
    holder: &impl Holder,
    version: Option<i32>,
    place: impl FnOnce(&mut Settings) -> &mut i32,
) -> c_long {
    if let Some(version) = version {
        holder.change(|settings| *place(settings) = version);
    }
    1
}

/// The low 32 bits; the rest is dropped silently (statement M8).
fn mask(larg: c_long) -> SslMode {
    SslMode::from_bits_retain(larg as u32)
}

fn size(larg: c_long) -> Option<usize> {
    usize::try_from(larg).ok()
}

const SSL3: c_int = 0x0300;
const TLS1_3: c_int = 0x0304;
const DTLS1_0: c_int = 0xfeff;
const DTLS1_2: c_int = 0xfefd;
const MODE: c_int = 33;
const GET_READ_AHEAD: c_int = 40;
const SET_READ_AHEAD: c_int = 41;
const GET_MAX_CERT_LIST: c_int = 50;
const SET_MAX_CERT_LIST: c_int = 51;
const SET_MAX_SEND_FRAGMENT: c_int = 52;
const CLEAR_MODE: c_int = 78;
const CERT_FLAGS: c_int = 99;
const CLEAR_CERT_FLAGS: c_int = 100;
const SET_MIN_PROTO_VERSION: c_int = 123;
const SET_MAX_PROTO_VERSION: c_int = 124;
const SET_SPLIT_SEND_FRAGMENT: c_int = 125;
const SET_MAX_PIPELINES: c_int = 126;
const GET_MIN_PROTO_VERSION: c_int = 130;
const GET_MAX_PROTO_VERSION: c_int = 131;
