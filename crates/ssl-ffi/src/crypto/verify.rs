//! Certificate verification.
//!
//! Owns the `X509_STORE_CTX` of one verification and the order in which its parts are set, which programs
//! observe through their callbacks. Callbacks run inside: no borrow of a connection may be held here.

use std::ffi::{CStr, c_int, c_long, c_ulong, c_void};
use std::ptr::{NonNull, null_mut};
use std::sync::OnceLock;

use openssl_sys as ffi;

use super::refs::{VerifyParam, X509, X509Store};
use super::stack::X509Stack;
use super::sys;
use super::{queue, sys::VerifyCallback};

/// `SSL_CTX_set_cert_verify_callback`'s function: replaces the verification.
pub(crate) type ReplaceVerification =
    unsafe extern "C" fn(ctx: *mut ffi::X509_STORE_CTX, arg: *mut c_void) -> c_int;

/// Whose certificate is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Server,
    Client,
}

/// Everything that one verification needs.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    /// The trust store, of the certificate settings or else of the context.
    pub(crate) store: &'a X509Store,
    /// What the peer sent, its own certificate first.
    pub(crate) chain: &'a X509Stack,
    pub(crate) peer: Peer,
    /// The connection's parameters; the name that matched is moved into them.
    pub(crate) param: &'a VerifyParam,
    pub(crate) security_level: c_int,
    /// `X509_V_FLAG_SUITEB_*`, or 0.
    pub(crate) flags: c_ulong,
    /// What callbacks get from the slot of [`ssl_ex_index`].
    pub(crate) ssl: *mut c_void,
    /// The `SSL_DANE` to verify by, or NULL.
    pub(crate) dane: *mut c_void,
    pub(crate) callback: Option<VerifyCallback>,
    pub(crate) replacement: Option<(ReplaceVerification, *mut c_void)>,
}

/// What a verification found.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) ok: bool,
    /// What the replacement returned, or `X509_verify_cert` (failures there are 0). Positive is [`ok`](Self::ok).
    pub(crate) result: c_int,
    /// `X509_V_*`: what `SSL_get_verify_result` tells, even when the verification succeeded.
    pub(crate) error: c_int,
    /// The chain that was built, if it came to that.
    pub(crate) chain: Option<X509Stack>,
}

impl Verdict {
    /// Whether there was nothing to object to, nor was anything let pass.
    pub(crate) fn is_trusted(&self) -> bool {
        self.ok && self.error == ffi::X509_V_OK
    }
}

/// Verifies a chain. `None`, with the reason in the queue, if it could not even be tried.
///
/// # Safety
/// `ssl`, `dane` and the functions with their argument are what the application and its callbacks expect.
pub(crate) unsafe fn verify(request: &Request<'_>) -> Option<Verdict> {
    let leaf = request.chain.element(0)?;
    let ctx = StoreCtx::new(request.store, &leaf, Some(request.chain))?;
    // SAFETY: the context is live and keeps the parameters that it lends.
    let param = unsafe { sys::X509_STORE_CTX_get0_param(ctx.raw()) };
    // SAFETY: context and parameters are live; the pointers are the caller's promise.
    unsafe {
        ffi::X509_VERIFY_PARAM_set_auth_level(param, request.security_level);
        sys::X509_STORE_CTX_set_flags(ctx.raw(), request.flags);
        if sys::X509_STORE_CTX_set_ex_data(ctx.raw(), ssl_ex_index(), request.ssl) != 1 {
            return None;
        }
        if !request.dane.is_null() {
            sys::X509_STORE_CTX_set0_dane(ctx.raw(), request.dane);
        }
        sys::X509_STORE_CTX_set_default(ctx.raw(), request.peer.purpose().as_ptr());
        sys::X509_VERIFY_PARAM_set1(param, request.param.as_ptr());
        if request.callback.is_some() {
            sys::X509_STORE_CTX_set_verify_cb(ctx.raw(), request.callback);
        }
    }
    let result = match request.replacement {
        // SAFETY: the function is the application's, and so is its argument.
        Some((replacement, arg)) => unsafe { replacement(ctx.raw(), arg) },
        // SAFETY: the context is live and complete.
        None => unsafe { ffi::X509_verify_cert(ctx.raw()) }.max(0),
    };
    // SAFETY: the context and both parameters are live; the chain is ours to free.
    let (error, chain) = unsafe {
        sys::X509_VERIFY_PARAM_move_peername(request.param.as_ptr(), param);
        (
            ffi::X509_STORE_CTX_get_error(ctx.raw()),
            X509Stack::from_owned(sys::X509_STORE_CTX_get1_chain(ctx.raw())),
        )
    };
    Some(Verdict {
        ok: result > 0,
        result,
        error,
        chain,
    })
}

/// The slot of an `X509_STORE_CTX` in which a callback finds the connection.
pub(crate) fn ssl_ex_index() -> c_int {
    static INDEX: OnceLock<c_int> = OnceLock::new();
    *INDEX.get_or_init(|| {
        // SAFETY: the name is static; there are no callbacks.
        unsafe {
            sys::CRYPTO_get_ex_new_index(
                sys::CRYPTO_EX_INDEX_X509_STORE_CTX,
                0,
                c"SSL for verify callback".as_ptr().cast_mut().cast(),
                None,
                None,
                None,
            )
        }
    })
}

/// The connection that a callback's context belongs to.
///
/// # Safety
/// `ctx` is live.
pub(crate) unsafe fn ssl_of(ctx: *mut ffi::X509_STORE_CTX) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe { ffi::X509_STORE_CTX_get_ex_data(ctx, ssl_ex_index()) }
}

/// What an `X509_V_*` is called.
pub(crate) fn text_of(error: c_long) -> &'static CStr {
    // SAFETY: any number may be asked for; the sentences are constants of libcrypto.
    unsafe { CStr::from_ptr(ffi::X509_verify_cert_error_string(error)) }
}

/// The alert that tells the peer of an `X509_V_ERR_*`.
pub(crate) fn alert_for(error: c_int) -> u8 {
    match error {
        ffi::X509_V_ERR_CERT_SIGNATURE_FAILURE | ffi::X509_V_ERR_CRL_SIGNATURE_FAILURE => {
            DECRYPT_ERROR
        }
        ffi::X509_V_ERR_CERT_HAS_EXPIRED | ffi::X509_V_ERR_CRL_HAS_EXPIRED => CERTIFICATE_EXPIRED,
        ffi::X509_V_ERR_CERT_REVOKED => CERTIFICATE_REVOKED,
        ffi::X509_V_ERR_INVALID_PURPOSE => UNSUPPORTED_CERTIFICATE,
        ffi::X509_V_ERR_APPLICATION_VERIFICATION => HANDSHAKE_FAILURE,
        ffi::X509_V_ERR_UNSPECIFIED
        | ffi::X509_V_ERR_OUT_OF_MEM
        | ffi::X509_V_ERR_INVALID_CALL
        | ffi::X509_V_ERR_STORE_LOOKUP => INTERNAL_ERROR,
        ffi::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT
        | ffi::X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
        | ffi::X509_V_ERR_UNABLE_TO_GET_CRL
        | ffi::X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER
        | ffi::X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE
        | ffi::X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
        | ffi::X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN
        | ffi::X509_V_ERR_CERT_CHAIN_TOO_LONG
        | ffi::X509_V_ERR_PATH_LENGTH_EXCEEDED
        | ffi::X509_V_ERR_INVALID_CA => UNKNOWN_CA,
        ffi::X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE
        | ffi::X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE
        | ffi::X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY
        | ffi::X509_V_ERR_CERT_NOT_YET_VALID
        | ffi::X509_V_ERR_CRL_NOT_YET_VALID
        | ffi::X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD
        | ffi::X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD
        | ffi::X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD
        | ffi::X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD
        | ffi::X509_V_ERR_CERT_UNTRUSTED
        | ffi::X509_V_ERR_CERT_REJECTED
        | ffi::X509_V_ERR_HOSTNAME_MISMATCH
        | ffi::X509_V_ERR_EMAIL_MISMATCH
        | ffi::X509_V_ERR_IP_ADDRESS_MISMATCH
        | ffi::X509_V_ERR_DANE_NO_MATCH
        | ffi::X509_V_ERR_EE_KEY_TOO_SMALL
        | ffi::X509_V_ERR_CA_KEY_TOO_SMALL
        | ffi::X509_V_ERR_CA_MD_TOO_WEAK
        | V_ERR_EC_KEY_EXPLICIT_PARAMS => BAD_CERTIFICATE,
        _ => CERTIFICATE_UNKNOWN,
    }
}

impl Peer {
    /// The name of the parameters that libcrypto has for this kind of peer.
    fn purpose(self) -> &'static CStr {
        match self {
            Self::Server => c"ssl_server",
            Self::Client => c"ssl_client",
        }
    }
}

/// A context that borrows its store and certificates; they must outlive it.
pub(super) struct StoreCtx(NonNull<ffi::X509_STORE_CTX>);

impl StoreCtx {
    pub(super) fn new(
        store: &X509Store,
        leaf: &X509,
        untrusted: Option<&X509Stack>,
    ) -> Option<Self> {
        // SAFETY: no preconditions.
        let Some(ctx) = NonNull::new(unsafe { ffi::X509_STORE_CTX_new() }).map(Self) else {
            queue::raise(queue::common::MALLOC_FAILURE);
            return None;
        };
        let untrusted = untrusted.map_or(null_mut(), X509Stack::as_ptr);
        // SAFETY: all are live and outlive the context, as each caller keeps them to its end.
        let ready = unsafe {
            ffi::X509_STORE_CTX_init(ctx.raw(), store.as_ptr(), leaf.as_ptr(), untrusted)
        };
        if ready != 1 {
            queue::raise(queue::common::X509_LIB);
            return None;
        }
        Some(ctx)
    }

    pub(super) fn raw(&self) -> *mut ffi::X509_STORE_CTX {
        self.0.as_ptr()
    }
}

impl Drop for StoreCtx {
    fn drop(&mut self) {
        // SAFETY: the context is ours, and this is its end.
        unsafe { ffi::X509_STORE_CTX_free(self.0.as_ptr()) }
    }
}

const V_ERR_EC_KEY_EXPLICIT_PARAMS: c_int = 94;

const HANDSHAKE_FAILURE: u8 = 40;
const BAD_CERTIFICATE: u8 = 42;
const UNSUPPORTED_CERTIFICATE: u8 = 43;
const CERTIFICATE_REVOKED: u8 = 44;
const CERTIFICATE_EXPIRED: u8 = 45;
const CERTIFICATE_UNKNOWN: u8 = 46;
const UNKNOWN_CA: u8 = 48;
const DECRYPT_ERROR: u8 = 51;
const INTERNAL_ERROR: u8 = 80;

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
