//! Sessions that a server stores, with its clients or here.

use ssl_record::delegate::Answer;

use super::Decision;
use crate::ssl::Ssl;

impl Ssl {
    pub(super) fn on_seal_ticket(&self, _plain: &[u8]) -> Decision {
        Decision::Answer(Answer::Bytes(None))
    }

    pub(super) fn on_open_ticket(&self, _ticket: &[u8]) -> Decision {
        Decision::Answer(Answer::Bytes(None))
    }

    pub(super) fn on_store_session(&self, _id: &[u8], _value: &[u8]) -> Decision {
        Decision::Answer(Answer::Stored(true))
    }

    pub(super) fn on_find_session(&self, _id: &[u8], _remove: bool) -> Decision {
        Decision::Answer(Answer::Bytes(None))
    }
}
