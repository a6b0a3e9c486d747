//! What a server does between the ClientHello and its answer.
//!
//! Owns the order of the callbacks, which is OpenSSL's: ClientHello, version, server name, certificate,
//! then suite and signature, OCSP response, ALPN, which in TLS 1.3 comes before the certificate. Each runs once per handshake, except that one that
//! says "not yet" is asked again.

use std::ffi::CString;
use std::sync::Arc;

use ssl_record::delegate::Answer;
use ssl_record::hello::{ClientHello, HelloFault};
use ssl_record::record::{AlertDescription, ProtocolVersion};

use super::Decision;
use crate::crypto::{X509Stack, reason};
use crate::ssl::signature::ByLibcrypto;
use crate::ssl::transient::Blank;
use crate::ssl::{Ssl, Want};

/// Which steps of this handshake are behind it.
#[derive(Default)]
pub(in crate::ssl) struct Progress {
    hello_callback: bool,
    server_name: bool,
    certificate: bool,
    /// What came of the choice of a protocol.
    protocol: Option<Option<Vec<u8>>>,
    /// What was chosen before the server name callback.
    pub(super) early: Option<super::choose::Early>,
    /// What the peer shows, before it is trusted.
    pub(super) shown_by_peer: Option<Arc<X509Stack>>,
    /// Checks its signature.
    pub(in crate::ssl) signatures: Option<Arc<ByLibcrypto>>,
    /// The key of the certificate that is shown.
    pub(super) signing: Option<crate::crypto::EvpPkey>,
}

impl Blank for Progress {
    const BLANK: &'static Self = &Self {
        hello_callback: false,
        server_name: false,
        certificate: false,
        protocol: None,
        early: None,
        shown_by_peer: None,
        signatures: None,
        signing: None,
    };
}

/// Why the steps end here.
pub(in crate::ssl) enum Halt {
    Refuse(AlertDescription, i32),
    Wait(Want),
}

impl From<HelloFault> for Halt {
    fn from(fault: HelloFault) -> Self {
        Self::Refuse(fault.alert, fault.reason.0.into())
    }
}

impl Ssl {
    pub(super) fn on_client_hello(&self, message: &[u8]) -> Decision {
        match self.answer_hello(message) {
            Ok(answer) => Decision::Answer(answer),
            Err(Halt::Refuse(alert, reason)) => {
                self.facts.borrow_mut().is_reading_hello = false;
                Decision::refused(alert, reason)
            }
            Err(Halt::Wait(want)) => Decision::Wait(want),
        }
    }

    fn answer_hello(&self, message: &[u8]) -> Result<Answer, Halt> {
        self.check_server()?;
        let hello = ClientHello::parse_message(message)?;
        self.facts.borrow_mut().note_hello(message, &hello);
        self.ask_hello_callback()?;
        let early = self.choose_early(&hello)?;
        self.facts.borrow_mut().note_extensions(&hello)?;
        self.note_authorities(&hello)?;
        self.ask_server_name_callback(&hello)?;
        let group = self.choose_group13(&hello, early)?;
        if group.is_some() {
            // In TLS 1.3 the suite is known by now, which protocols may depend on.
            self.ask_alpn_callback(&hello)?;
        }
        self.check_schemes(&hello)?;
        self.facts.borrow_mut().note_choices();
        self.find_wish(&hello, early.version)?;
        self.ask_certificate_callback()?;
        let agreed = self.choose_late(&hello, early, group)?;
        let sessions = self.session_policy(agreed.suite)?;
        let staple = self.ask_status_callback(&hello)?;
        let protocol = self.ask_alpn_callback(&hello)?;
        let early = agreed.version == ProtocolVersion::Tls13 && self.admits_early();
        Ok(self.server_plan(agreed, sessions, staple, protocol, early))
    }

    /// `SSL_CTX_set_client_hello_cb`.
    fn ask_hello_callback(&self) -> Result<(), Halt> {
        const RETRY: i32 = -1;
        const ERROR: i32 = 0;
        let callback = self.ctx().hooks().client_hello;
        let Some(callback) = callback.filter(|_| !self.progress.borrow().hello_callback) else {
            return Ok(());
        };
        let mut alert = i32::from(AlertDescription::INTERNAL_ERROR.0);
        // SAFETY: the application's function and argument, with a live connection.
        let result = unsafe { (callback.function)(self.as_ptr(), &raw mut alert, callback.arg.0) };
        match result {
            RETRY => Err(Halt::Wait(Want::ClientHelloCallback)),
            ERROR => Err(Halt::Refuse(description(alert), reason::CALLBACK_FAILED)),
            _ => {
                self.progress.borrow_mut().hello_callback = true;
                Ok(())
            }
        }
    }

    /// `SSL_CTX_set_tlsext_servername_callback`: called without a name too; it may switch the context.
    fn ask_server_name_callback(&self, hello: &ClientHello<'_>) -> Result<(), Halt> {
        if std::mem::replace(&mut self.progress.borrow_mut().server_name, true) {
            return Ok(());
        }
        let name = hello
            .server_name()?
            .and_then(|name| CString::new(name).ok());
        self.host_name.replace(name);
        let (current, first) = (self.ctx().hooks(), self.session_ctx().hooks());
        let hooks = if current.server_name.is_some() {
            current
        } else {
            first
        };
        let Some(callback) = hooks.server_name else {
            return Ok(());
        };
        let mut alert = i32::from(AlertDescription::UNRECOGNIZED_NAME.0);
        // SAFETY: the application's function and argument, with a live connection.
        let result = unsafe { callback(self.as_ptr(), &raw mut alert, hooks.server_name_arg.0) };
        match result {
            verdict::ALERT_FATAL => Err(Halt::Refuse(description(alert), reason::CALLBACK_FAILED)),
            verdict::OK => {
                self.facts.borrow_mut().server_name_accepted = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// `SSL_set_cert_cb` on a server.
    fn ask_certificate_callback(&self) -> Result<(), Halt> {
        if self.progress.borrow().certificate {
            return Ok(());
        }
        match self.certificate_callback() {
            0 => Err(Halt::Refuse(
                AlertDescription::INTERNAL_ERROR,
                reason::CERT_CB_ERROR,
            )),
            ..0 => Err(Halt::Wait(Want::X509Lookup)),
            1.. => {
                self.progress.borrow_mut().certificate = true;
                Ok(())
            }
        }
    }

    /// `SSL_CTX_set_tlsext_status_cb`: the callback leaves the response on the connection.
    fn ask_status_callback(&self, hello: &ClientHello<'_>) -> Result<Option<Vec<u8>>, Halt> {
        if hello.status_request()?.is_none() {
            return Ok(None);
        }
        self.facts.borrow_mut().status_requested = true;
        let hooks = self.ctx().hooks();
        let Some(callback) = hooks.status else {
            return Ok(None);
        };
        // SAFETY: the application's function and argument, with a live connection.
        let result = unsafe { callback(self.as_ptr(), hooks.status_arg.0) };
        match result {
            verdict::OK => Ok(self.facts().ocsp.clone()),
            verdict::NOACK => Ok(None),
            _ => Err(Halt::Refuse(
                AlertDescription::INTERNAL_ERROR,
                reason::CLIENTHELLO_TLSEXT,
            )),
        }
    }

    /// The application protocol, which is asked for once.
    fn ask_alpn_callback(&self, hello: &ClientHello<'_>) -> Result<Option<Vec<u8>>, Halt> {
        let known = self.progress.borrow().protocol.clone();
        if let Some(protocol) = known {
            return Ok(protocol);
        }
        let protocol = self.select_protocol(hello)?;
        self.progress.borrow_mut().protocol = Some(protocol.clone());
        Ok(protocol)
    }

    /// `SSL_CTX_set_alpn_select_cb`.
    fn select_protocol(&self, hello: &ClientHello<'_>) -> Result<Option<Vec<u8>>, Halt> {
        let Some(offered) = hello.alpn_protocols()?.map(|names| names.as_bytes()) else {
            return Ok(None);
        };
        let Some(callback) = self.ctx().hooks().alpn_select else {
            return Ok(None);
        };
        let mut chosen: *const u8 = std::ptr::null();
        let mut len = 0u8;
        let offered_len = libc::c_uint::try_from(offered.len()).unwrap_or_default();
        // SAFETY: the application's function and argument, with a live connection, two places to write
        // to and the client's list.
        let result = unsafe {
            (callback.function)(
                self.as_ptr(),
                &raw mut chosen,
                &raw mut len,
                offered.as_ptr(),
                offered_len,
                callback.arg.0,
            )
        };
        match result {
            verdict::OK => {
                // SAFETY: by the callback's contract `chosen` points to `len` bytes, of the list or of
                // memory that outlives the handshake.
                let name = unsafe { crate::entry::slice::bytes(chosen, len.into()) }.to_vec();
                self.facts.borrow_mut().alpn = name.as_slice().into();
                Ok(Some(name))
            }
            verdict::NOACK => Ok(None),
            _ => Err(Halt::Refuse(
                AlertDescription::NO_APPLICATION_PROTOCOL,
                reason::NO_APPLICATION_PROTOCOL,
            )),
        }
    }
}

/// An alert as a callback left it.
fn description(alert: i32) -> AlertDescription {
    AlertDescription(u8::try_from(alert).unwrap_or(AlertDescription::INTERNAL_ERROR.0))
}

/// What extension callbacks return (`SSL_TLSEXT_ERR_*`).
mod verdict {
    pub(super) const OK: i32 = 0;
    pub(super) const ALERT_FATAL: i32 = 2;
    pub(super) const NOACK: i32 = 3;
}
