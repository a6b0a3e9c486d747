//! Commands on TLS extensions: SNI, OCSP stapling.
//!
//! Owns their C forms; who acts on them is `ssl::decide`.

use libc::{c_int, c_long, c_void};

use super::super::slice;
use crate::crypto::{queue, reason};
use crate::ctx::Ctx;
use crate::settings::callbacks::{
    AnyCallback, Arg, ExtensionCallback, MessageCallback, ServerNameCallback, StatusCallback,
};
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
        MSG_CALLBACK_ARG => {
            ctx.change(|settings| settings.hooks.message_arg = Arg(parg));
            1
        }
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
                queue::raise(reason::SSL3_EXT_INVALID_SERVERNAME_TYPE);
                return Some(0);
            }
            // SAFETY: the command demands NULL or a string.
            let name = unsafe { slice::string(parg.cast()) };
            ssl.set_host_name(name).into()
        }
        SET_STATUS_TYPE => {
            ssl.change(|settings| settings.status_type = larg as i32);
            1
        }
        GET_STATUS_TYPE => ssl.status_type().into(),
        // SAFETY: the command demands a place for a pointer.
        GET_STATUS_RESPONSE => unsafe { ssl.lend_staple(parg.cast()) },
        // SAFETY: the command demands `larg` bytes that pass over.
        SET_STATUS_RESPONSE => unsafe { ssl.take_staple(parg.cast(), larg) },
        // Request extensions and responder ids are not sent: the list that a server sees is empty.
        GET_STATUS_EXTS | GET_STATUS_IDS => {
            // SAFETY: the command demands a place for a pointer.
            unsafe { parg.cast::<*mut c_void>().write(std::ptr::null_mut()) };
            1
        }
        SET_STATUS_EXTS | SET_STATUS_IDS => 1,
        MSG_CALLBACK_ARG => {
            ssl.change(|settings| settings.hooks.message_arg = Arg(parg));
            1
        }
        DEBUG_ARG => {
            ssl.change(|settings| settings.hooks.extension_arg = Arg(parg));
            1
        }
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
        MSG_CALLBACK => {
            // SAFETY: as above.
            let callback = unsafe {
                std::mem::transmute::<Option<AnyCallback>, Option<MessageCallback>>(callback)
            };
            ctx.change(|settings| settings.hooks.message = callback);
        }
        _ => return None,
    }
    Some(1)
}

/// # Safety
/// `callback` is NULL or of the type that the command demands.
pub(super) unsafe fn callback_on_ssl(
    ssl: &Ssl,
    cmd: c_int,
    callback: Option<AnyCallback>,
) -> Option<c_long> {
    match cmd {
        MSG_CALLBACK => {
            // SAFETY: both are nullable function pointers; the command demands this type.
            let callback = unsafe {
                std::mem::transmute::<Option<AnyCallback>, Option<MessageCallback>>(callback)
            };
            ssl.change(|settings| settings.hooks.message = callback);
        }
        DEBUG_CB => {
            // SAFETY: as above.
            let callback = unsafe {
                std::mem::transmute::<Option<AnyCallback>, Option<ExtensionCallback>>(callback)
            };
            ssl.change(|settings| settings.hooks.extension = callback);
        }
        _ => return None,
    }
    Some(1)
}

const NAMETYPE_HOST: c_long = 0;
const MSG_CALLBACK: c_int = 15;
const MSG_CALLBACK_ARG: c_int = 16;
const DEBUG_CB: c_int = 56;
const DEBUG_ARG: c_int = 57;
const GET_STATUS_EXTS: c_int = 66;
const SET_STATUS_EXTS: c_int = 67;
const GET_STATUS_IDS: c_int = 68;
const SET_STATUS_IDS: c_int = 69;
const GET_STATUS_RESPONSE: c_int = 70;
const SET_STATUS_RESPONSE: c_int = 71;
const SET_SERVERNAME_CB: c_int = 53;
const SET_SERVERNAME_ARG: c_int = 54;
const SET_HOSTNAME: c_int = 55;
const SET_STATUS_CB: c_int = 63;
const SET_STATUS_CB_ARG: c_int = 64;
const SET_STATUS_TYPE: c_int = 65;
const GET_STATUS_TYPE: c_int = 127;
const GET_STATUS_CB: c_int = 128;
const GET_STATUS_CB_ARG: c_int = 129;
