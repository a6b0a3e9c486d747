//! Ids of new sessions: random, or as the application's function says.
//!
//! Owns what makes one unusable. Does not know where sessions are kept.

use ssl_record::record::AlertDescription;

use super::sessions::{Failure, INTERNAL};
use crate::crypto::{random, reason};
use crate::session::Id;
use crate::settings::callbacks::GenerateIdCallback;
use crate::ssl::Ssl;

impl Ssl {
    /// An id that no session here has, by the application's function if there is one.
    pub(super) fn new_session_id(&self) -> Result<Id, Failure> {
        match self.id_callback() {
            Some(callback) => self.session_id_by(callback),
            None => self.random_session_id().ok_or((
                AlertDescription::INTERNAL_ERROR,
                reason::SSL_SESSION_ID_CALLBACK_FAILED,
            )),
        }
    }

    /// The id that the application wants for a session of TLS 1.2. One that is shorter than the engine's
    /// is filled up with random bytes.
    pub(super) fn chosen_session_id(&self) -> Result<Option<[u8; Id::MAX]>, Failure> {
        let Some(callback) = self.id_callback() else {
            return Ok(None);
        };
        let id = self.session_id_by(callback)?;
        let mut bytes = [0; Id::MAX];
        if !random::fill(&mut bytes) {
            return Err(INTERNAL);
        }
        let given = id.as_slice();
        bytes[..given.len()].copy_from_slice(given);
        Ok(Some(bytes))
    }

    fn id_callback(&self) -> Option<GenerateIdCallback> {
        let own = self.settings().hooks.generate_id;
        own.or_else(|| self.session_ctx().with(|is| is.hooks.generate_id))
    }

    fn random_session_id(&self) -> Option<Id> {
        const ATTEMPTS: usize = 10;
        (0..ATTEMPTS).find_map(|_| {
            let mut bytes = [0; Id::MAX];
            let id = random::fill(&mut bytes).then(|| Id::new(&bytes))??;
            (!self.has_session_id(id.as_slice())).then_some(id)
        })
    }

    fn session_id_by(&self, callback: GenerateIdCallback) -> Result<Id, Failure> {
        let failed = |reason| (AlertDescription::INTERNAL_ERROR, reason);
        let mut bytes = [0; Id::MAX];
        let mut length = Id::MAX as u32;
        // SAFETY: the application's function, with a live connection and room for as many bytes as told.
        let made = unsafe { callback(self.as_ptr(), bytes.as_mut_ptr(), &raw mut length) };
        if made == 0 {
            return Err(failed(reason::SSL_SESSION_ID_CALLBACK_FAILED));
        }
        let id = bytes
            .get(..length as usize)
            .filter(|id| !id.is_empty())
            .and_then(Id::new)
            .ok_or(failed(reason::SSL_SESSION_ID_HAS_BAD_LENGTH))?;
        if self.has_session_id(id.as_slice()) {
            return Err(failed(reason::SSL_SESSION_ID_CONFLICT));
        }
        Ok(id)
    }
}
