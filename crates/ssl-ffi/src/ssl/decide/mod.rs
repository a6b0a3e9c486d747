//! The decisions inside a handshake: what the engine asks, answered by the application's callbacks,
//! its keys and libcrypto.
//!
//! Owns the way from a question to an answer. While C runs here the engine waits on a stack of its own,
//! and no borrow is held; a callback that says "not yet" ends the call, and the question is asked again
//! by the next one (statements G10 to G13).

mod certificate;
mod chain;
mod choose;
mod hello;
mod identity;
mod ids;
mod lookup;
mod resumption;
mod sessions;

use ssl_record::delegate::{Answer, Question};
use ssl_record::record::AlertDescription;
use ssl_record::{Connection, Reason, Side};

pub(in crate::ssl) use self::choose::Agreed;
pub(in crate::ssl) use self::hello::{Halt, Progress};
pub(in crate::ssl) use self::resumption::Wish;
pub(in crate::ssl) use self::sessions::SessionPolicy;
use super::drive::Stop;
use super::{Ssl, Want};
use crate::crypto::queue::common;

/// `ERR_R_INTERNAL_ERROR`.
pub(super) const INTERNAL_ERROR: i32 = common::INTERNAL_ERROR;

/// What became of a question.
pub(super) enum Decision {
    Answer(Answer),
    /// The call ends with this; the next one asks again.
    Wait(Want),
}

impl Decision {
    fn refused(alert: AlertDescription, reason: i32) -> Self {
        let reason = compact(reason);
        Self::Answer(Answer::Refused { alert, reason })
    }
}

/// A reason as the engine hands it on: those of every library (`ERR_R_*`) have flags above its 16 bits,
/// and 259 is the engine's own for an internal error.
fn compact(reason: i32) -> Reason {
    let short = u16::try_from(reason & 0xfff).unwrap_or_default();
    Reason(match reason & COMMON {
        0 => short,
        _ if reason & FATAL != 0 => short | SHORT_COMMON | SHORT_FATAL,
        _ => short | SHORT_COMMON,
    })
}

/// The reason that stands behind one from the engine.
pub(in crate::ssl) fn full(reason: Reason) -> i32 {
    let number = i32::from(reason.0 & 0xfff);
    match (reason.0 & SHORT_COMMON != 0, reason.0 & SHORT_FATAL != 0) {
        (false, _) if reason == Reason::INTERNAL_ERROR => INTERNAL_ERROR,
        (false, _) if reason == Reason::MALLOC_FAILURE => common::MALLOC_FAILURE,
        (false, _) => number,
        (true, false) => number | COMMON,
        (true, true) => number | COMMON | FATAL,
    }
}

/// `ERR_RFLAG_COMMON`.
const COMMON: i32 = 2 << 18;
/// `ERR_RFLAG_FATAL`.
const FATAL: i32 = 1 << 18;
const SHORT_COMMON: u16 = 0x8000;
const SHORT_FATAL: u16 = 0x4000;

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
            Question::Sign { scheme, message } => {
                if self.side() == Some(Side::Server) {
                    self.note_full_handshake();
                }
                self.on_sign(scheme, &message)
            }
            Question::SealTicket(plain) => self.on_seal_ticket(&plain),
            Question::OpenTicket(ticket) => self.on_open_ticket(&ticket),
            Question::StoreSession { id, value } => self.on_store_session(&id, &value),
            Question::FindSession { id, .. } => self.on_find_session(&id),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::reason;

    #[test]
    fn reasons_survive_the_engine() {
        for reason in [
            reason::CERTIFICATE_VERIFY_FAILED,
            reason::BAD_PSK,
            common::INTERNAL_ERROR,
            common::ASN1_LIB,
            common::MALLOC_FAILURE,
        ] {
            assert_eq!(full(compact(reason)), reason);
        }
        assert_eq!(full(Reason::INTERNAL_ERROR), common::INTERNAL_ERROR);
        assert_eq!(full(Reason::MALLOC_FAILURE), common::MALLOC_FAILURE);
    }
}
