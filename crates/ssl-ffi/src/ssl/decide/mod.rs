//! The decisions inside a handshake: what the engine asks, answered by the application's callbacks,
//! its keys and libcrypto.
//!
//! Owns the way from a question to an answer. While C runs here the engine waits on a stack of its own,
//! and no borrow is held; a callback that says "not yet" ends the call, and the question is asked again
//! by the next one (statements G10 to G13).

mod certificate;
mod chain;
mod hello;
mod identity;
mod sessions;

use ssl_record::delegate::{Answer, Question};
use ssl_record::record::AlertDescription;
use ssl_record::{Connection, Reason};

pub(in crate::ssl) use self::hello::{Halt, Progress};
use super::drive::Stop;
use super::{Ssl, Want};

/// `ERR_R_INTERNAL_ERROR` without its flags.
pub(super) const INTERNAL_ERROR: i32 = 259;

/// What became of a question.
pub(super) enum Decision {
    Answer(Answer),
    /// The call ends with this; the next one asks again.
    Wait(Want),
}

impl Decision {
    fn refused(alert: AlertDescription, reason: i32) -> Self {
        // Every reason fits; they are numbered below 4096.
        let reason = Reason(u16::try_from(reason).unwrap_or_default());
        Self::Answer(Answer::Refused { alert, reason })
    }
}

impl Ssl {
    /// Answers the engine's question, or ends the call.
    pub(super) fn decide(&self, engine: &mut Connection) -> Result<(), Stop> {
        let Some(question) = engine.question().cloned() else {
            return Ok(());
        };
        self.note_progress(engine);
        let decision = match question {
            Question::ClientHello(message) => self.on_client_hello(&message),
            Question::PeerCertificate { chain, ocsp } => self.on_peer_certificate(&chain, ocsp),
            Question::ClientCertificate {
                authorities,
                schemes,
            } => self.on_certificate_request(&authorities, &schemes),
            Question::Sign { scheme, message } => self.on_sign(scheme, &message),
            Question::SealTicket(plain) => self.on_seal_ticket(&plain),
            Question::OpenTicket(ticket) => self.on_open_ticket(&ticket),
            Question::StoreSession { id, value } => self.on_store_session(&id, &value),
            Question::FindSession { id, remove } => self.on_find_session(&id, remove),
            // A question that this library does not know yet has no good answer.
            _ => Decision::refused(AlertDescription::INTERNAL_ERROR, INTERNAL_ERROR),
        };
        match decision {
            Decision::Answer(answer) => {
                engine.answer(answer);
                Ok(())
            }
            Decision::Wait(want) => {
                self.want.set(want);
                Err(Stop::FAILED)
            }
        }
    }
}
