//! The peer's certificate: judged by libcrypto, with the application's store, parameters and callbacks.
//!
//! Owns when a failed verification ends the handshake, and with which alert. The store is looked up at
//! this moment, not when the connection was made: programs fill it in between.

use std::sync::Arc;

use ssl_record::Side;
use ssl_record::delegate::Answer;
use ssl_record::record::AlertDescription;

use super::{Decision, INTERNAL_ERROR};
use crate::crypto::verify::{Peer, Request, Verdict, alert_for, verify};
use crate::crypto::{X509, X509Stack, queue, reason};
use crate::ssl::{Ssl, Want};

impl Ssl {
    pub(super) fn on_peer_certificate(&self, chain: &[Vec<u8>], ocsp: Option<Vec<u8>>) -> Decision {
        let Some(stack) = self.note_peer(chain, ocsp) else {
            return Decision::refused(AlertDescription::DECODE_ERROR, queue::common::ASN1_LIB);
        };
        if self.want() == Want::RetryVerify {
            self.want.set(Want::Nothing);
        }
        let Some(verdict) = self.judge(&stack) else {
            return Decision::refused(AlertDescription::INTERNAL_ERROR, INTERNAL_ERROR);
        };
        self.verify_result.set(verdict.error.into());
        self.facts.borrow_mut().verified_chain = verdict.chain.map(Arc::new);
        if verdict.ok && self.want() == Want::RetryVerify {
            return Decision::Wait(Want::RetryVerify);
        }
        let is_optional = self.side() == Some(Side::Client) && self.settings().verify.mode == 0;
        if !verdict.ok && !is_optional {
            return Decision::refused(
                AlertDescription(alert_for(verdict.error)),
                reason::CERTIFICATE_VERIFY_FAILED,
            );
        }
        // What a failure that does not matter left behind is of no use to anybody.
        queue::clear();
        match self.ask_about_staple() {
            Ok(()) => Decision::Answer(Answer::Accepted),
            Err(decision) => decision,
        }
    }

    fn judge(&self, chain: &X509Stack) -> Option<Verdict> {
        let ctx = self.ctx();
        let (store, callback, security_level) = {
            let settings = self.settings();
            let own = settings.certificates.verify_store.clone();
            (
                own.unwrap_or_else(|| ctx.store()),
                settings.verify.callback,
                settings.security.level,
            )
        };
        let replacement = ctx
            .hooks()
            .cert_verify
            .map(|with| (with.function, with.arg.0));
        let peer = match self.side() {
            Some(Side::Client) => Peer::Server,
            _ => Peer::Client,
        };
        let request = Request {
            store: &store,
            chain,
            peer,
            param: &self.param,
            security_level,
            flags: 0,
            ssl: self.as_ptr().cast(),
            dane: std::ptr::null_mut(),
            callback,
            replacement,
        };
        // SAFETY: the connection is live, and the functions are the application's own.
        unsafe { verify(&request) }
    }

    /// Keeps what the peer showed, where the callbacks can see it; `None` if it is no certificate.
    fn note_peer(&self, chain: &[Vec<u8>], ocsp: Option<Vec<u8>>) -> Option<Arc<X509Stack>> {
        if let Some(known) = &self.facts().peer_chain {
            return Some(Arc::clone(known));
        }
        let mut stack = X509Stack::new()?;
        for der in chain {
            if !stack.push(X509::from_der(der)?) {
                return None;
            }
        }
        let stack = Arc::new(stack);
        let mut facts = self.facts.borrow_mut();
        facts.peer = stack.element(0);
        facts.peer_chain = Some(Arc::clone(&stack));
        if ocsp.is_some() {
            facts.ocsp = ocsp;
        }
        Some(stack)
    }

    /// On clients that asked for a staple, the application judges it, present or not
    /// (`SSL_CTX_set_tlsext_status_cb`).
    fn ask_about_staple(&self) -> Result<(), Decision> {
        let asked = self.settings().status_type != -1;
        if self.side() != Some(Side::Client) || !asked {
            return Ok(());
        }
        let hooks = self.ctx().hooks();
        let Some(callback) = hooks.status else {
            return Ok(());
        };
        // SAFETY: the application's function and argument, with a live connection.
        let result = unsafe { callback(self.as_ptr(), hooks.status_arg.0) };
        match result {
            1.. => Ok(()),
            0 => Err(Decision::refused(
                AlertDescription::BAD_CERTIFICATE_STATUS_RESPONSE,
                reason::INVALID_STATUS_RESPONSE,
            )),
            ..0 => Err(Decision::refused(
                AlertDescription::INTERNAL_ERROR,
                INTERNAL_ERROR,
            )),
        }
    }
}
