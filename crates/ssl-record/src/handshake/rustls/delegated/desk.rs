//! Where the trait methods that rustls calls find out on whose behalf, and how they ask.
//!
//! Owns one connection's notes: what was refused, what the peer showed. rustls resumes sessions only
//! under the verifier object that they were made with, so clients share one such object, and it finds
//! its connection in a thread-local variable ([`enter`]). Knows no rustls configuration.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::{Error, SignatureScheme};

use super::super::messages::Shown;
use super::super::refusal::Refusal;
use super::super::stack::{self, Request};
use crate::handshake::delegate::{Answer, Question, SignatureCheck};
use crate::protect::Secret;
use crate::reason::Reason;
use crate::record::{AlertDescription, ProtocolVersion};

/// One delegated connection, as seen by the traits.
pub(super) struct Desk {
    /// Schemes we advertise.
    pub(super) verify_schemes: Vec<SignatureScheme>,
    pub(super) signature_check: Arc<dyn SignatureCheck>,
    notes: Mutex<Notes>,
}

/// A signature of the peer's, with what it is said to be of.
pub(in super::super) struct Signed {
    version: ProtocolVersion,
    scheme: u16,
    certificate: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
}

/// What the traits learnt.
#[derive(Default)]
pub(super) struct Notes {
    /// The handshake is to end with this, whatever rustls makes of it.
    pub(super) refusal: Option<Refusal>,
    pub(super) peer_certificates: Vec<Vec<u8>>,
    pub(super) certificate_requested: bool,
    pub(super) peer_signature_scheme: Option<u16>,
    pub(super) signature_scheme: Option<u16>,
    /// What the server showed, as far as it was read along.
    pub(super) shown: Option<Shown>,
    /// Contents of the Finished messages, server and client in TLS 1.3 as they were computed.
    finished: Finished,
}

/// The Finished messages as far as they were computed.
#[derive(Default)]
struct Finished {
    client: Option<Secret>,
    server: Option<Secret>,
}

impl Desk {
    pub(super) fn new(
        verify_schemes: &[u16],
        signature_check: Arc<dyn SignatureCheck>,
    ) -> Arc<Self> {
        Arc::new(Self {
            verify_schemes: verify_schemes.iter().copied().map(Into::into).collect(),
            signature_check,
            notes: Mutex::default(),
        })
    }

    pub(super) fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the owner; `None` if it refuses, or refused before: nothing is asked after that.
    pub(super) fn ask(&self, question: Question) -> Option<Answer> {
        if self.notes().refusal.is_some() {
            return None;
        }
        match stack::ask(Request::Decision(question)) {
            Some(Answer::Refused { alert, reason }) => {
                self.refuse(Refusal { alert, reason });
                None
            }
            Some(answer) => Some(answer),
            None => {
                self.refuse(Refusal::INTERNAL);
                None
            }
        }
    }

    /// Asks for bytes.
    pub(super) fn ask_bytes(&self, question: Question) -> Option<Vec<u8>> {
        match self.ask(question)? {
            Answer::Bytes(bytes) => bytes,
            _ => self.misfit(),
        }
    }

    /// Contents of the Finished messages of client and server.
    pub(super) fn finished(&self) -> (Option<Secret>, Option<Secret>) {
        let notes = self.notes();
        (notes.finished.client.clone(), notes.finished.server.clone())
    }

    /// Ends the handshake; the first refusal counts.
    pub(super) fn refuse(&self, refusal: Refusal) {
        self.notes().refusal.get_or_insert(refusal);
    }

    /// An answer of another kind than the question.
    pub(super) fn misfit<T>(&self) -> Option<T> {
        self.refuse(Refusal::INTERNAL);
        None
    }

    /// Asks whether these certificates are the right peer's.
    pub(super) fn judge(&self, chain: Vec<Vec<u8>>, ocsp: &[u8]) -> Result<(), Error> {
        if self.notes().peer_certificates == chain {
            return Ok(());
        }
        let ocsp = (!ocsp.is_empty()).then(|| ocsp.to_vec());
        let question = Question::PeerCertificate {
            chain: chain.clone(),
            ocsp,
        };
        match self.ask(question) {
            Some(Answer::Accepted) => {
                self.notes().peer_certificates = chain;
                Ok(())
            }
            Some(_) => Err(self.refused(Refusal::INTERNAL)),
            None => Err(refused()),
        }
    }

    /// Checks the peer's handshake signature.
    pub(super) fn check_signature(
        &self,
        version: ProtocolVersion,
        scheme: SignatureScheme,
        certificate: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        let number = u16::from(scheme);
        if !self.verify_schemes.contains(&scheme) || !may_sign(version, number) {
            return Err(self.refused(Refusal {
                alert: AlertDescription::ILLEGAL_PARAMETER,
                reason: Reason::WRONG_SIGNATURE_TYPE,
            }));
        }
        let signed = Box::new(Signed {
            version,
            scheme: number,
            certificate: certificate.to_vec(),
            message: message.to_vec(),
            signature: signature.to_vec(),
        });
        match stack::ask(Request::Check(signed)) {
            Some(Answer::Accepted) => {
                self.notes().peer_signature_scheme = Some(number);
                Ok(())
            }
            Some(Answer::Refused { alert, reason }) => Err(self.refused(Refusal { alert, reason })),
            _ => Err(self.refused(Refusal::INTERNAL)),
        }
    }

    /// The answer to [`Request::Check`]. Not called on a handshake's stack, nor as the desk of this
    /// thread.
    pub(super) fn check(&self, signed: &Signed) -> Answer {
        let Signed {
            version,
            scheme,
            certificate,
            message,
            signature,
        } = signed;
        let check = &self.signature_check;
        if check.verify(*version, *scheme, certificate, message, signature) {
            Answer::Accepted
        } else {
            Answer::Refused {
                alert: AlertDescription::DECRYPT_ERROR,
                reason: Reason::BAD_SIGNATURE,
            }
        }
    }

    /// Ends the handshake and gives rustls an error to stop at.
    pub(super) fn refused(&self, refusal: Refusal) -> Error {
        self.refuse(refusal);
        refused()
    }
}

/// What rustls is told of a refusal; what the peer and the owner are told is in [`Notes::refusal`].
pub(super) fn refused() -> Error {
    Error::General("refused by the owner".to_owned())
}

/// Whether handshakes of this version may be signed with the scheme (RFC 8446 section 4.2.3).
fn may_sign(version: ProtocolVersion, scheme: u16) -> bool {
    let [hash, signature] = scheme.to_be_bytes();
    match version {
        ProtocolVersion::Tls12 => true,
        // Neither PKCS #1 nor SHA-1 nor SHA-224.
        ProtocolVersion::Tls13 => !(hash <= 3 || (hash <= 6 && signature == 1)),
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Desk>>> = const { RefCell::new(None) };
}

/// Makes `desk` the one that the shared client verifier works for, until the result is dropped.
pub(super) fn enter(desk: &Arc<Desk>) -> Scope {
    Scope(CURRENT.replace(Some(Arc::clone(desk))))
}

/// Gives the desk back to whom it belonged before.
pub(super) struct Scope(Option<Arc<Desk>>);

impl Drop for Scope {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// A Finished of TLS 1.2 was computed for the desk that this thread entered, if it entered one.
pub(in super::super) fn note_tls12_finished(label: &[u8], verify_data: &[u8]) {
    if let Some(desk) = current() {
        let mut notes = desk.notes();
        match label {
            b"client finished" => notes.finished.client = Secret::new(verify_data),
            b"server finished" => notes.finished.server = Secret::new(verify_data),
            _ => {}
        }
    }
}

/// An HMAC of TLS 1.3 was computed: of binders, then of the server's Finished, then of the client's.
pub(in super::super) fn note_tls13_hmac(tag: &[u8]) {
    if let Some(desk) = current() {
        let finished = &mut desk.notes().finished;
        finished.server = finished.client.take();
        finished.client = Secret::new(tag);
    }
}

/// The desk entered by this thread.
#[inline(never)]
pub(super) fn current() -> Option<Arc<Desk>> {
    CURRENT.with_borrow(Clone::clone)
}
