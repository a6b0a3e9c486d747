//! What a context and a connection both have: from `SSL_new` on each changes its own (statements M12 to
//! M14). They share what neither has changed since.
//!
//! Owns plain values. Knows neither contexts nor connections.

pub(crate) mod authorities;
pub(crate) mod callbacks;
pub(crate) mod certificates;
pub(crate) mod chain;
pub(crate) mod files;
pub(crate) mod holder;
pub(crate) mod install;
pub(crate) mod lists;
pub(crate) mod security;

use std::sync::Arc;

use ssl_mode::SslMode;

use self::callbacks::{
    AllowEarlyDataCallback, Arg, AsyncCallback, CertCallback, ExtensionCallback,
    GenerateIdCallback, MessageCallback, NotResumableCallback, PaddingCallback, PasswordCallback,
    VerifyCallback, With,
};
use self::certificates::Certificates;
use self::lists::Lists;
use self::security::Security;

/// Settings of a context, or of one connection.
///
/// Shared as a whole until somebody changes something with `Arc::make_mut`; what is large stays shared then.
#[derive(Clone)]
pub(crate) struct Settings {
    /// The mask of `SSL_CTX_set_mode`.
    pub(crate) modes: SslMode,
    /// `SSL_OP_*`.
    pub(crate) options: u64,
    /// As set: 0 if the default.
    pub(crate) min_version: i32,
    /// As set: 0 if the default.
    pub(crate) max_version: i32,
    /// Suites, groups and signature algorithms.
    pub(crate) lists: Arc<Lists>,
    /// On connections: the suites are its own. Those of others are their context's as it is at the moment.
    pub(crate) has_own_suites: bool,
    pub(crate) certificates: Arc<Certificates>,
    pub(crate) verify: Verification,
    pub(crate) records: Records,
    pub(crate) hooks: Hooks,
    pub(crate) security: Security,
    /// ALPN protocols a client offers, in wire form.
    pub(crate) alpn: Arc<[u8]>,
    /// `SSL_CTX_set_session_id_context`.
    pub(crate) session_id_context: SessionIdContext,
    /// TLS 1.3 tickets a server sends after a full handshake.
    pub(crate) tickets: usize,
    pub(crate) quiet_shutdown: bool,
    /// `SSL_CTX_set_tlsext_status_type`: -1 if none.
    pub(crate) status_type: i32,
    /// What a server allows, or a client session is worth, in early data bytes.
    pub(crate) max_early_data: u32,
    pub(crate) recv_max_early_data: u32,
    pub(crate) post_handshake_auth: bool,
    /// `SSL_CTX_set_max_cert_list`, in bytes.
    pub(crate) max_cert_list: i64,
    /// `SSL_CTX_set_tlsext_max_fragment_length`: 0 if off.
    pub(crate) max_fragment_code: u8,
    /// Certificate flags (`SSL_CERT_FLAG_*`).
    pub(crate) cert_flags: u32,
}

/// How the peer's certificate is judged.
#[derive(Clone, Copy, Default)]
pub(crate) struct Verification {
    /// `SSL_VERIFY_*`.
    pub(crate) mode: i32,
    pub(crate) callback: Option<VerifyCallback>,
}

/// How records are made and read.
#[derive(Clone, Copy)]
pub(crate) struct Records {
    pub(crate) read_ahead: bool,
    pub(crate) max_send_fragment: usize,
    pub(crate) split_send_fragment: usize,
    pub(crate) max_pipelines: usize,
    /// 0 if the default.
    pub(crate) read_buffer_len: usize,
    pub(crate) block_padding: usize,
    pub(crate) padding: Option<PaddingCallback>,
    pub(crate) padding_arg: Arg,
}

/// The application's functions that connections inherit.
#[derive(Clone, Copy, Default)]
pub(crate) struct Hooks {
    pub(crate) message: Option<MessageCallback>,
    pub(crate) message_arg: Arg,
    /// Of connections alone, as is its argument.
    pub(crate) extension: Option<ExtensionCallback>,
    pub(crate) extension_arg: Arg,
    pub(crate) cert: Option<With<CertCallback>>,
    pub(crate) password: Option<PasswordCallback>,
    pub(crate) password_arg: Arg,
    pub(crate) asynchronous: Option<AsyncCallback>,
    pub(crate) asynchronous_arg: Arg,
    pub(crate) not_resumable: Option<NotResumableCallback>,
    pub(crate) generate_id: Option<GenerateIdCallback>,
    pub(crate) allow_early_data: Option<With<AllowEarlyDataCallback>>,
}

impl Settings {
    /// What `SSL_CTX_new` starts with (statement M3).
    pub(crate) fn new() -> Self {
        Self {
            modes: SslMode::default(),
            options: DEFAULT_OPTIONS,
            min_version: 0,
            max_version: 0,
            lists: Arc::new(Lists::default()),
            has_own_suites: false,
            certificates: Arc::new(Certificates::default()),
            verify: Verification::default(),
            records: Records::default(),
            hooks: Hooks::default(),
            security: Security::default(),
            alpn: Arc::new([]),
            session_id_context: SessionIdContext::default(),
            tickets: 2,
            quiet_shutdown: false,
            status_type: -1,
            max_early_data: 0,
            recv_max_early_data: 16384,
            post_handshake_auth: false,
            max_cert_list: 1024 * 100,
            max_fragment_code: 0,
            cert_flags: 0,
        }
    }
}

/// `SSL_CTX_set_session_id_context`: at most 32 bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SessionIdContext {
    len: u8,
    bytes: [u8; 32],
}

impl SessionIdContext {
    /// `None` if longer than 32 bytes.
    pub(crate) fn new(context: &[u8]) -> Option<Self> {
        let mut bytes = [0; 32];
        bytes.get_mut(..context.len())?.copy_from_slice(context);
        let len = u8::try_from(context.len()).ok()?;
        Some(Self { len, bytes })
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl Default for Records {
    fn default() -> Self {
        Self {
            read_ahead: false,
            max_send_fragment: 16384,
            split_send_fragment: 16384,
            max_pipelines: 0,
            read_buffer_len: 0,
            block_padding: 0,
            padding: None,
            padding_arg: Arg::default(),
        }
    }
}

/// `SSL_OP_NO_COMPRESSION | SSL_OP_ENABLE_MIDDLEBOX_COMPAT`, with which a context is made.
pub(crate) const DEFAULT_OPTIONS: u64 = option::NO_COMPRESSION | option::ENABLE_MIDDLEBOX_COMPAT;

/// `SSL_OP_*`, those that act here.
pub(crate) mod option {
    pub(crate) const DISABLE_CA_NAMES: u64 = 1 << 9;
    pub(crate) const IGNORE_UNEXPECTED_EOF: u64 = 1 << 7;
    pub(crate) const NO_TICKET: u64 = 1 << 14;
    pub(crate) const NO_COMPRESSION: u64 = 1 << 17;
    pub(crate) const ENABLE_MIDDLEBOX_COMPAT: u64 = 1 << 20;
    pub(crate) const PRIORITIZE_CHACHA: u64 = 1 << 21;
    pub(crate) const CIPHER_SERVER_PREFERENCE: u64 = 1 << 22;
    pub(crate) const NO_ANTI_REPLAY: u64 = 1 << 24;
    pub(crate) const NO_TLS1_2: u64 = 1 << 27;
    pub(crate) const NO_TLS1_3: u64 = 1 << 29;
}
