//! What passes on the connection, shown to the application (`SSL_set_msg_callback`) and told of
//! (`SSL_set_info_callback`).
//!
//! Owns when the engine keeps notes and when they are handed over: after each step, with no borrow held.

use ssl_record::{Connection, MessageTap, Tapped};

use super::{Ssl, Stage, story};

impl Ssl {
    /// Makes the engine keep notes exactly while somebody wants them.
    pub(super) fn tap(&self, engine: &mut Connection) {
        let wanted = if self.settings().hooks.message.is_some() {
            MessageTap::Frames
        } else if self.has_listener() || self.settings().hooks.extension.is_some() {
            MessageTap::Messages
        } else {
            MessageTap::Off
        };
        let was = self.tapped.get();
        if wanted == was {
            return;
        }
        if was == MessageTap::Off {
            self.take_up_story();
        }
        self.tapped.set(wanted);
        engine.set_message_tap(wanted);
    }

    /// Whether notes are kept.
    pub(super) fn is_tapped(&self) -> bool {
        self.tapped.get() != MessageTap::Off
    }

    /// Hands over what has passed since the last time. `failed`: the step failed that it passed in.
    pub(super) fn deliver_messages(&self, engine: &mut Connection, failed: bool) {
        if !self.is_tapped() || self.is_given_up() {
            return;
        }
        self.note_progress(engine);
        let messages = engine.take_messages();
        for message in &messages {
            self.expose(message);
            self.expose_extensions(message);
        }
        self.untold.borrow_mut().extend(messages);
        self.tell_story(failed);
    }

    fn expose(&self, message: &Tapped) {
        let hooks = self.settings().hooks;
        let Some(callback) = hooks.message.filter(|_| !self.is_given_up()) else {
            return;
        };
        // SAFETY: the application's function and argument, with a live connection and bytes that live as
        // long as the call.
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

    /// OpenSSL judges a certificate before it looks at the next message; here several may have passed by
    /// then, of which nothing is told before the judgement, and nothing at all if it is bad.
    fn tell_story(&self, failed: bool) {
        let messages = self.untold.take();
        let mut is_undecided = self.story_waits.get() && self.is_peer_unknown();
        for message in messages {
            if is_undecided && !message.outgoing {
                self.untold.borrow_mut().push(message);
                continue;
            }
            self.follow(&message, failed);
            if let Some(shows_some) = story::peer_certificate(&message) {
                is_undecided = failed || (shows_some && self.is_peer_unknown());
            }
        }
        self.story_waits.set(is_undecided);
        if failed {
            self.untold.take();
        }
    }

    fn is_peer_unknown(&self) -> bool {
        self.stage() != Stage::Established && self.facts().peer.is_none()
    }
}
