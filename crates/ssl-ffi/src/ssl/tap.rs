//! What passes on the connection, shown to the application (`SSL_set_msg_callback`).
//!
//! Owns when the engine keeps notes and when they are handed over: after each step, with no borrow held.

use ssl_record::Connection;

use super::Ssl;

impl Ssl {
    /// Makes the engine keep notes exactly while somebody wants them.
    pub(super) fn tap(&self, engine: &mut Connection) {
        let wanted = self.settings().hooks.message.is_some();
        if wanted != self.is_tapped.replace(wanted) {
            engine.set_message_tap(wanted);
        }
    }

    /// Hands over what has passed since the last time.
    pub(super) fn deliver_messages(&self, engine: &mut Connection) {
        if !self.is_tapped.get() || self.is_given_up() {
            return;
        }
        for message in engine.take_messages() {
            let hooks = self.settings().hooks;
            let Some(callback) = hooks.message else {
                return;
            };
            // SAFETY: the application's function and argument, with a live connection and bytes that
            // live as long as the call.
            unsafe {
                callback(
                    message.outgoing.into(),
                    message.version.into(),
                    message.content_type.into(),
                    message.bytes.as_ptr().cast(),
                    message.bytes.len(),
                    self.as_ptr(),
                    hooks.message_arg.0,
                );
            }
        }
    }
}
