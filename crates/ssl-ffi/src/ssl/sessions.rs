//! Sessions on their way between a connection, its context's cache and the application.

use ssl_record::{ClientSession, Connection};

use super::Ssl;

/// How a server keeps sessions.
pub(super) struct SessionPolicy {
    pub(super) tickets: bool,
    pub(super) lifetime: u32,
    pub(super) tls13_tickets: usize,
    pub(super) ids: bool,
}

impl Ssl {
    pub(super) fn session_policy(&self) -> SessionPolicy {
        SessionPolicy {
            tickets: false,
            lifetime: 7200,
            tls13_tickets: self.settings().tickets,
            ids: true,
        }
    }

    pub(super) fn session_to_resume(&self) -> Option<ClientSession> {
        None
    }

    pub(super) fn finish_session(&self, _engine: &Connection) {}

    pub(super) fn take_sessions(&self, _engine: &mut Connection) {}
}
