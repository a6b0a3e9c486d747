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
use crate::ssl::Ssl;

/// Commands on a context.
pub(super) fn on_ctx(ctx: &Ctx, cmd: c_int, larg: c_long) -> Option<c_long> {
    let method = ctx.method();
    let (set, cleared) = asked(cmd, larg);
    crate::report::context_mode(set, cleared);
    let known = ctx.with(|settings| answer(settings, cmd, larg));
    if known.is_some() || !is_about_settings(cmd) {
        return known;
    }
    ctx.change(|settings| on_settings(settings, method, cmd, larg))
}

/// Commands on a connection; the engine learns at once what it keeps for itself.
pub(super) fn on_ssl(ssl: &Ssl, cmd: c_int, larg: c_long) -> Option<c_long> {
    // Its context's, as in OpenSSL.
    let method = ssl.ctx().method();
    let (set, cleared) = asked(cmd, larg);
    ssl.tally.mode(set, cleared);
    let known = answer(&ssl.settings(), cmd, larg);
    if known.is_some() || !is_about_settings(cmd) {
        return known;
    }
    let result = ssl.change(|settings| on_settings(settings, method, cmd, larg))?;
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

/// The result of a command that changes nothing: connections share what nobody changes.
fn answer(settings: &Settings, cmd: c_int, larg: c_long) -> Option<c_long> {
    let mask = mask(larg);
    match cmd {
        MODE if settings.modes.contains(mask) => Some(settings.modes.bits().into()),
        CLEAR_MODE if !settings.modes.intersects(mask) => Some(settings.modes.bits().into()),
        GET_READ_AHEAD => Some(settings.records.read_ahead.into()),
        GET_MIN_PROTO_VERSION => Some(settings.min_version.into()),
        GET_MAX_PROTO_VERSION => Some(settings.max_version.into()),
        GET_MAX_CERT_LIST => Some(settings.max_cert_list),
        _ => None,
    }
}

fn is_about_settings(cmd: c_int) -> bool {
    matches!(
        cmd,
        MODE | CLEAR_MODE
            | SET_READ_AHEAD
            | SET_MAX_SEND_FRAGMENT
            | SET_SPLIT_SEND_FRAGMENT
            | SET_MAX_PIPELINES
            | SET_MIN_PROTO_VERSION
            | SET_MAX_PROTO_VERSION
            | SET_MAX_CERT_LIST
            | CERT_FLAGS
            | CLEAR_CERT_FLAGS
    )
}

fn on_settings(
    settings: &mut Settings,
    method: &Method,
    cmd: c_int,
    larg: c_long,
) -> Option<c_long> {
    let records = &mut settings.records;
    Some(match cmd {
        MODE => {
            settings.modes |= mask(larg);
            c_long::from(settings.modes.bits())
        }
        CLEAR_MODE => {
            settings.modes = settings.modes.difference(mask(larg));
            c_long::from(settings.modes.bits())
        }
        SET_READ_AHEAD => {
            let was = std::mem::replace(&mut records.read_ahead, larg != 0);
            was.into()
        }
        SET_MAX_SEND_FRAGMENT => {
            let Some(max) = size(larg).filter(|max| (512..=16384).contains(max)) else {
                return Some(0);
            };
            records.max_send_fragment = max;
            records.split_send_fragment = records.split_send_fragment.min(max);
            1
        }
        SET_SPLIT_SEND_FRAGMENT => {
            let max = records.max_send_fragment;
            let Some(split) = size(larg).filter(|split| (1..=max).contains(split)) else {
                return Some(0);
            };
            records.split_send_fragment = split;
            1
        }
        SET_MAX_PIPELINES => {
            let Some(pipelines) = size(larg).filter(|n| (1..=32).contains(n)) else {
                return Some(0);
            };
            records.max_pipelines = pipelines;
            records.read_ahead |= pipelines > 1;
            1
        }
        SET_MIN_PROTO_VERSION => {
            let set = bound(Bound::Oldest, method, larg);
            set.map_or(0, |version| keep(&mut settings.min_version, version))
        }
        SET_MAX_PROTO_VERSION => {
            let set = bound(Bound::Newest, method, larg);
            set.map_or(0, |version| keep(&mut settings.max_version, version))
        }
        SET_MAX_CERT_LIST if larg < 0 => 0,
        SET_MAX_CERT_LIST => std::mem::replace(&mut settings.max_cert_list, larg),
        CERT_FLAGS => {
            settings.cert_flags |= larg as u32;
            c_long::from(settings.cert_flags)
        }
        CLEAR_CERT_FLAGS => {
            settings.cert_flags &= !(larg as u32);
            c_long::from(settings.cert_flags)
        }
        _ => return None,
    })
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

fn keep(place: &mut i32, version: Option<i32>) -> c_long {
    if let Some(version) = version {
        *place = version;
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
