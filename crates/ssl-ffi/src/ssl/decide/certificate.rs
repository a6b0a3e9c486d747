//! The peer's certificate: judged by libcrypto, with the application's store, parameters and callbacks.
//!
//! Owns when a failed verification ends the handshake, and with which alert. The store is looked up at
//! this moment, not when the connection was made: programs fill it in between.

use std::sync::Arc;

use ssl_record::Side;
use ssl_record::delegate::Answer;
use ssl_record::record::AlertDescription;

use super::{Decision, Halt, INTERNAL_ERROR};
use crate::crypto::verify::{Peer, Request, Verdict, alert_for, verify};
use crate::crypto::{X509, X509Stack, queue, reason};
use crate::settings::certificates::KeyKind;
use crate::settings::chain::SUITE_B_FLAGS;
use crate::ssl::{Ssl, Want};

impl Ssl {
    pub(super) fn on_peer_certificate(&self, chain: &[Vec<u8>], ocsp: Option<Vec<u8>>) -> Decision {
        let judged = match self.side() {
            Some(Side::Client) => self.judge_server(chain, ocsp),
            _ => self.judge_client(chain),
        };
        match judged {
            Ok(()) => Decision::Answer(Answer::Accepted),
            Err(Halt::Refuse(alert, reason)) => Decision::refused(alert, reason),
            Err(Halt::Wait(want)) => Decision::Wait(want),
        }
    }

    /// Without any bit of the mode set, a server may be anybody; what verification found is told all the
    /// same.
    fn judge_server(&self, chain: &[Vec<u8>], ocsp: Option<Vec<u8>>) -> Result<(), Halt> {
        let shown = self.shown_by_peer(chain, AlertDescription::BAD_CERTIFICATE)?;
        self.note_peer(None, Some(Arc::clone(&shown)));
        if ocsp.is_some() {
            self.facts.borrow_mut().ocsp = ocsp;
        }
        if self.want() == Want::RetryVerify {
            self.want.set(Want::Nothing);
        }
        let verdict = self.verify_peer(&shown, Peer::Server)?;
        if verdict.ok && self.want() == Want::RetryVerify {
            return Err(Halt::Wait(Want::RetryVerify));
        }
        if !verdict.ok && self.settings().verify.mode != 0 {
            return Err(untrusted(verdict.error));
        }
        if verdict.is_trusted() {
            self.ctx().peers.note(chain, &shown);
        }
        // What a failure that does not matter left behind is of no use to anybody.
        queue::clear();
        let server = shown.element(0);
        if let Some(server) = &server {
            self.check_type(server)?;
        }
        self.note_peer(server, Some(shown));
        self.ask_about_staple()
    }

    /// A client that shows a certificate has to be trusted, whether it had to show one or not.
    fn judge_client(&self, chain: &[Vec<u8>]) -> Result<(), Halt> {
        let shown = self.shown_by_peer(chain, AlertDescription::DECODE_ERROR)?;
        let verdict = self.verify_peer(&shown, Peer::Client)?;
        if !verdict.ok {
            return Err(untrusted(verdict.error));
        }
        if verdict.is_trusted() {
            self.ctx().peers.note(chain, &shown);
        }
        let client = shown.element(0);
        if client.as_ref().and_then(X509::public_key).is_none() {
            return Err(Halt::Refuse(
                AlertDescription::HANDSHAKE_FAILURE,
                reason::UNKNOWN_CERTIFICATE_TYPE,
            ));
        }
        // Servers have it beside the list, clients in it.
        let rest = shown.duplicate().map(|mut rest| {
            rest.remove(0);
            Arc::new(rest)
        });
        self.note_peer(client, rest);
        Ok(())
    }

    /// The certificates as libcrypto reads them: the first time, as a retry has to find the same.
    fn shown_by_peer(
        &self,
        chain: &[Vec<u8>],
        malformed: AlertDescription,
    ) -> Result<Arc<X509Stack>, Halt> {
        if let Some(known) = &self.progress.borrow().shown_by_peer {
            return Ok(Arc::clone(known));
        }
        self.check_size(chain)?;
        let mut stack = X509Stack::new().ok_or(INTERNAL)?;
        let ctx = self.ctx();
        for der in chain {
            if let Some(known) = ctx.peers.find(der) {
                stack.push(known).then_some(()).ok_or(INTERNAL)?;
                continue;
            }
            let Some((certificate, length)) = X509::from_der_prefix(der) else {
                return Err(Halt::Refuse(malformed, queue::common::ASN1_LIB));
            };
            if length != der.len() {
                return Err(Halt::Refuse(
                    AlertDescription::DECODE_ERROR,
                    reason::CERT_LENGTH_MISMATCH,
                ));
            }
            if !stack.push(certificate) {
                return Err(INTERNAL);
            }
        }
        let stack = Arc::new(stack);
        let mut progress = self.progress.borrow_mut();
        if let Some((der, leaf)) = chain.first().zip(stack.element(0)) {
            progress.signatures.get_or_insert_default().note(der, leaf);
        }
        progress.shown_by_peer = Some(Arc::clone(&stack));
        Ok(stack)
    }

    /// `SSL_CTX_set_max_cert_list`; extensions of the certificates do not count.
    fn check_size(&self, chain: &[Vec<u8>]) -> Result<(), Halt> {
        // Lengths of 24 bits: of the list, of each certificate; in TLS 1.3 one of 16 for extensions.
        let (list, each) = if self.is_tls13() { (4, 5) } else { (3, 3) };
        let size = list + chain.iter().map(|der| each + der.len()).sum::<usize>();
        let limit = self.settings().max_cert_list;
        if i64::try_from(size).is_ok_and(|size| size <= limit) {
            return Ok(());
        }
        Err(Halt::Refuse(
            AlertDescription::ILLEGAL_PARAMETER,
            reason::EXCESSIVE_MESSAGE_SIZE,
        ))
    }

    /// Runs the verification and keeps what it found.
    fn verify_peer(&self, shown: &X509Stack, peer: Peer) -> Result<Verdict, Halt> {
        let ctx = self.ctx();
        let settings = self.shared_settings();
        let own = settings.certificates.verify_store.clone();
        let store = own.unwrap_or_else(|| ctx.store());
        let replacement = ctx.hooks().cert_verify;
        let request = Request {
            store: &store,
            chain: shown,
            peer,
            param: &self.param,
            security_level: settings.security.level,
            flags: (settings.cert_flags & SUITE_B_FLAGS).into(),
            ssl: self.as_ptr().cast(),
            dane: std::ptr::null_mut(),
            callback: settings.verify.callback,
            replacement: replacement.map(|with| (with.function, with.arg.0)),
        };
        // SAFETY: the connection is live, and the functions are the application's own.
        let mut verdict = unsafe { verify(&request) }.ok_or(INTERNAL)?;
        self.verify_result.set(verdict.error.into());
        let built = verdict.chain.take().map(Arc::new);
        let old = std::mem::replace(&mut self.facts.borrow_mut().verified_chain, built);
        drop(old);
        Ok(verdict)
    }

    /// Whether the server's key is of a kind that TLS has, and in TLS 1.2 of the suite's.
    fn check_type(&self, server: &X509) -> Result<(), Halt> {
        let Some(key) = server.public_key().filter(|key| !key.lacks_parameters()) else {
            return Err(Halt::Refuse(
                AlertDescription::INTERNAL_ERROR,
                reason::UNABLE_TO_FIND_PUBLIC_KEY_PARAMETERS,
            ));
        };
        let Some(kind) = KeyKind::of(&key) else {
            return Err(Halt::Refuse(
                AlertDescription::ILLEGAL_PARAMETER,
                reason::UNKNOWN_CERTIFICATE_TYPE,
            ));
        };
        let authentication = self.facts().suite.map(|suite| suite.authentication);
        if authentication.is_some_and(|it| !kind.authenticates(it)) {
            return Err(Halt::Refuse(
                AlertDescription::ILLEGAL_PARAMETER,
                reason::WRONG_CERTIFICATE_TYPE,
            ));
        }
        Ok(())
    }

    /// On clients that asked for a staple, the application judges it, present or not
    /// (`SSL_CTX_set_tlsext_status_cb`).
    fn ask_about_staple(&self) -> Result<(), Halt> {
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
            0 => Err(Halt::Refuse(
                AlertDescription::BAD_CERTIFICATE_STATUS_RESPONSE,
                reason::INVALID_STATUS_RESPONSE,
            )),
            ..0 => Err(INTERNAL),
        }
    }
}

/// The refusal of a peer that is not trusted.
fn untrusted(error: i32) -> Halt {
    Halt::Refuse(
        AlertDescription(alert_for(error)),
        reason::CERTIFICATE_VERIFY_FAILED,
    )
}

const INTERNAL: Halt = Halt::Refuse(AlertDescription::INTERNAL_ERROR, INTERNAL_ERROR);
