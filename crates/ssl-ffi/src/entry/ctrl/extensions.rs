//! Commands on TLS extensions: SNI, OCSP stapling.
//!
//! Owns their C forms; who acts on them is `ssl::decide`.

use std::ffi::{CStr, c_char};

use libc::{c_int, c_long, c_void};

use crate::ctx::Ctx;
use crate::settings::callbacks::{AnyCallback, Arg, ServerNameCallback, StatusCallback};
use crate::ssl::Ssl;

/// # Safety
/// `parg` is what the command demands.
pub(super) unsafe fn on_ctx(
    ctx: &Ctx,
    cmd: c_int,
    larg: c_long,
    parg: *mut c_void,
) -> Option<c_long> {
    Some(match cmd {
        SET_SERVERNAME_ARG => {
            ctx.change_hooks(|hooks| hooks.server_name_arg = Arg(parg));
            1
        }
        SET_STATUS_CB_ARG => {
            ctx.change_hooks(|hooks| hooks.status_arg = Arg(parg));
            1
        }
        SET_STATUS_TYPE => {
            ctx.change(|settings| settings.status_type = larg as i32);
            1
        }
        GET_STATUS_TYPE => ctx.with(|settings| settings.status_type.into()),
        GET_STATUS_CB => {
            let callback = ctx.hooks().status;
            // SAFETY: the command demands a place for the function pointer.
            unsafe { parg.cast::<Option<StatusCallback>>().write(callback) };
            1
        }
        GET_STATUS_CB_ARG => {
            // SAFETY: the command demands a place for the pointer.
            unsafe { parg.cast::<*mut c_void>().write(ctx.hooks().status_arg.0) };
            1
        }
        _ => return None,
    })
}

/// # Safety
/// `parg` is what the command demands.
pub(super) unsafe fn on_ssl(
    ssl: &Ssl,
    cmd: c_int,
    larg: c_long,
    parg: *mut c_void,
) -> Option<c_long> {
    Some(match cmd {
        SET_HOSTNAME => {
            if larg != NAMETYPE_HOST {
                crate::crypto::queue::raise(
                    crate::crypto::reason::SSL3_EXT_INVALID_SERVERNAME_TYPE,
                );
                return Some(0);
            }
            // SAFETY: the command demands NULL or a string.
            let name = (!parg.is_null()).then(|| unsafe { CStr::from_ptr(parg.cast::<c_char>()) });
            ssl.set_host_name(name).into()
        }
        SET_STATUS_TYPE => {
            ssl.change(|settings| settings.status_type = larg as i32);
            1
        }
        GET_STATUS_TYPE => ssl.settings().status_type.into(),
        _ => return None,
    })
}

/// # Safety
/// `callback` is NULL or of the type that the command demands.
pub(super) unsafe fn callback_on_ctx(
    ctx: &Ctx,
    cmd: c_int,
    callback: Option<AnyCallback>,
) -> Option<c_long> {
    match cmd {
        SET_SERVERNAME_CB => {
            // SAFETY: both are nullable function pointers; the command demands this type.
            let callback = unsafe {
                std::mem::transmute::<Option<AnyCallback>, Option<ServerNameCallback>>(callback)
            };
            ctx.change_hooks(|hooks| hooks.server_name = callback);
        }
        SET_STATUS_CB => {
            // SAFETY: as above.
            let callback = unsafe {
                std::mem::transmute::<Option<AnyCallback>, Option<StatusCallback>>(callback)
            };
            ctx.change_hooks(|hooks| hooks.status = callback);
        }
        _ => return None,
    }
    Some(1)
}

/// # Safety
/// `callback` is NULL or of the type that the command demands.
pub(super) unsafe fn callback_on_ssl(
    _ssl: &Ssl,
    _cmd: c_int,
    _callback: Option<AnyCallback>,
) -> Option<c_long> {
    None
}

const NAMETYPE_HOST: c_long = 0;
const SET_SERVERNAME_CB: c_int = 53;
const SET_SERVERNAME_ARG: c_int = 54;
const SET_HOSTNAME: c_int = 55;
const SET_STATUS_CB: c_int = 63;
const SET_STATUS_CB_ARG: c_int = 64;
const SET_STATUS_TYPE: c_int = 65;
const GET_STATUS_TYPE: c_int = 127;
const GET_STATUS_CB: c_int = 128;
const GET_STATUS_CB_ARG: c_int = 129;
