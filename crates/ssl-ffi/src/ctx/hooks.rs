//! The callbacks that a connection looks up in its context when it needs them, as OpenSSL does: a
//! change reaches connections that exist already.
//!
//! Owns the values. Whoever calls one has copied it out of the context first.

use crate::settings::callbacks::{
    AlpnSelectCallback, Arg, CertVerifyCallback, ClientCertCallback, ClientHelloCallback,
    InfoCallback, KeyLogCallback, ServerNameCallback, StatusCallback, With,
};

/// Context-wide callbacks.
#[derive(Clone, Copy, Default)]
pub(crate) struct ContextHooks {
    pub(crate) cert_verify: Option<With<CertVerifyCallback>>,
    pub(crate) client_cert: Option<ClientCertCallback>,
    pub(crate) client_hello: Option<With<ClientHelloCallback>>,
    pub(crate) server_name: Option<ServerNameCallback>,
    pub(crate) server_name_arg: Arg,
    pub(crate) alpn_select: Option<With<AlpnSelectCallback>>,
    pub(crate) status: Option<StatusCallback>,
    pub(crate) status_arg: Arg,
    pub(crate) key_log: Option<KeyLogCallback>,
    /// Of connections that have none of their own.
    pub(crate) info: Option<InfoCallback>,
}
