//! The functions that set an application's callback and have no other effect: SSL_CTX_set_cert_cb(3),
//! SSL_CTX_set_client_cert_cb(3), SSL_CTX_set_client_hello_cb(3), SSL_CTX_set_keylog_callback(3),
//! SSL_CTX_set_cert_verify_callback(3), SSL_CTX_set_info_callback(3), SSL_CTX_set_msg_callback(3),
//! SSL_CTX_set_alpn_select_cb(3).

use libc::c_void;

use super::with;
use crate::handle::{SSL, SSL_CTX};
use crate::settings::callbacks::{
    AlpnSelectCallback, Arg, CertCallback, CertVerifyCallback, ClientCertCallback,
    ClientHelloCallback, InfoCallback, KeyLogCallback, MessageCallback, With,
};

/// A callback with its argument; NULL is none.
pub(super) fn pair<F>(function: Option<F>, arg: *mut c_void) -> Option<With<F>> {
    function.map(|function| With {
        function,
        arg: Arg(arg),
    })
}

/// # Safety
/// `ctx` is NULL or live; the callback is one for this place.
pub(crate) unsafe extern "C" fn SSL_CTX_set_cert_cb(
    ctx: *mut SSL_CTX,
    callback: Option<CertCallback>,
    arg: *mut c_void,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.change(|to| to.hooks.cert = pair(callback, arg))
        })
    }
}

/// # Safety
/// As for [`SSL_CTX_set_cert_cb`].
pub(crate) unsafe extern "C" fn SSL_set_cert_cb(
    ssl: *mut SSL,
    callback: Option<CertCallback>,
    arg: *mut c_void,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ssl, (), |ssl| {
            ssl.change(|to| to.hooks.cert = pair(callback, arg))
        })
    }
}

/// # Safety
/// As for [`SSL_CTX_set_cert_cb`].
pub(crate) unsafe extern "C" fn SSL_CTX_set_client_cert_cb(
    ctx: *mut SSL_CTX,
    callback: Option<ClientCertCallback>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.change_hooks(|to| to.client_cert = callback)
        })
    }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_client_cert_cb(
    ctx: *mut SSL_CTX,
) -> Option<ClientCertCallback> {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, None, |ctx| ctx.hooks().client_cert) }
}

/// # Safety
/// As for [`SSL_CTX_set_cert_cb`].
pub(crate) unsafe extern "C" fn SSL_CTX_set_client_hello_cb(
    ctx: *mut SSL_CTX,
    callback: Option<ClientHelloCallback>,
    arg: *mut c_void,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.change_hooks(|to| to.client_hello = pair(callback, arg));
        })
    }
}

/// # Safety
/// As for [`SSL_CTX_set_cert_cb`].
pub(crate) unsafe extern "C" fn SSL_CTX_set_keylog_callback(
    ctx: *mut SSL_CTX,
    callback: Option<KeyLogCallback>,
) {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, (), |ctx| ctx.change_hooks(|to| to.key_log = callback)) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_keylog_callback(
    ctx: *const SSL_CTX,
) -> Option<KeyLogCallback> {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, None, |ctx| ctx.hooks().key_log) }
}

/// # Safety
/// As for [`SSL_CTX_set_cert_cb`].
pub(crate) unsafe extern "C" fn SSL_CTX_set_cert_verify_callback(
    ctx: *mut SSL_CTX,
    callback: Option<CertVerifyCallback>,
    arg: *mut c_void,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.change_hooks(|to| to.cert_verify = pair(callback, arg));
        })
    }
}

/// # Safety
/// As for [`SSL_CTX_set_cert_cb`].
pub(crate) unsafe extern "C" fn SSL_CTX_set_alpn_select_cb(
    ctx: *mut SSL_CTX,
    callback: Option<AlpnSelectCallback>,
    arg: *mut c_void,
) {
    // SAFETY: the caller's promise.
    unsafe {
        with(ctx, (), |ctx| {
            ctx.change_hooks(|to| to.alpn_select = pair(callback, arg));
        })
    }
}

/// # Safety
/// As for [`SSL_CTX_set_cert_cb`].
pub(crate) unsafe extern "C" fn SSL_CTX_set_info_callback(
    ctx: *mut SSL_CTX,
    callback: Option<InfoCallback>,
) {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, (), |ctx| ctx.change_hooks(|to| to.info = callback)) }
}

/// # Safety
/// `ctx` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_CTX_get_info_callback(
    ctx: *mut SSL_CTX,
) -> Option<InfoCallback> {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, None, |ctx| ctx.hooks().info) }
}

/// # Safety
/// As for [`SSL_CTX_set_cert_cb`].
pub(crate) unsafe extern "C" fn SSL_set_info_callback(
    ssl: *mut SSL,
    callback: Option<InfoCallback>,
) {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, (), |ssl| ssl.info.set(callback)) }
}

/// # Safety
/// `ssl` is NULL or live.
pub(crate) unsafe extern "C" fn SSL_get_info_callback(ssl: *const SSL) -> Option<InfoCallback> {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, None, |ssl| ssl.info.get()) }
}

/// # Safety
/// As for [`SSL_CTX_set_cert_cb`].
pub(crate) unsafe extern "C" fn SSL_CTX_set_msg_callback(
    ctx: *mut SSL_CTX,
    callback: Option<MessageCallback>,
) {
    // SAFETY: the caller's promise.
    unsafe { with(ctx, (), |ctx| ctx.change(|to| to.hooks.message = callback)) }
}

/// # Safety
/// As for [`SSL_CTX_set_cert_cb`].
pub(crate) unsafe extern "C" fn SSL_set_msg_callback(
    ssl: *mut SSL,
    callback: Option<MessageCallback>,
) {
    // SAFETY: the caller's promise.
    unsafe { with(ssl, (), |ssl| ssl.change(|to| to.hooks.message = callback)) }
}
