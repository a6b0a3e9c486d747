//! What the info callback is told (`SSL_CTX_set_info_callback`): the steps of OpenSSL's state machine, put
//! together from the messages that passed.
//!
//! Owns the order of the events and the state that goes with each. A step is told of when its message
//! passes the engine, which may be some records before OpenSSL would; no borrow is held while the
//! callback runs.

use ssl_record::{Side, Tapped};

use super::state::{Passed, State, kind};
use super::{Ssl, Stage};
use crate::method::TLS1_3;

/// How far the telling has come.
#[derive(Clone, Copy, Default)]
pub(super) struct Story {
    state: State,
    /// The last step was a message of ours.
    is_writing: bool,
    /// rustls changes ciphers of a TLS 1.3 client earlier than OpenSSL; it is told of later.
    owes_change: bool,
    /// The end of the handshake was told of.
    is_done: bool,
    /// What `SSL_in_init` says while the callback runs.
    pub(super) in_init: Option<bool>,
}

impl Ssl {
    /// `SSL_get_state`. Where nobody follows the messages, it is the state in which a connection that is
    /// as far as this one waits.
    pub(crate) fn state(&self) -> State {
        if self.is_tapped() {
            return self.story.get().state;
        }
        match (self.stage(), self.side()) {
            (Stage::Before, _) | (_, None) => State::BEFORE,
            (Stage::Established, _) => State::OK,
            (Stage::Handshaking | Stage::Dead, Some(Side::Client)) => State::CLIENT_WROTE_HELLO,
            (Stage::Handshaking | Stage::Dead, Some(Side::Server)) => match self.facts().version {
                None => State::BEFORE,
                Some(TLS1_3) => State::EARLY_DATA,
                Some(_) => State::SERVER_WROTE_DONE,
            },
        }
    }

    /// Whether somebody wants to be told.
    pub(super) fn has_listener(&self) -> bool {
        self.info.get().is_some() || self.ctx().hooks().info.is_some()
    }

    /// Begins to follow the messages, from where the connection is.
    pub(super) fn take_up_story(&self) {
        self.story.set(Story {
            state: self.state(),
            is_done: self.stage() == Stage::Established,
            ..Story::default()
        });
    }

    /// The state machine begins.
    pub(super) fn tell_start(&self) {
        self.tell(event::HANDSHAKE_START, 1);
    }

    /// A server looks first whether it has something to write.
    pub(super) fn tell_first_look(&self) {
        if self.side() == Some(Side::Server) {
            self.tell_step();
        }
    }

    /// A call in which the state machine ran ends.
    pub(super) fn tell_exit(&self, value: i32) {
        self.tell(self.directed(event::EXIT), value);
    }

    /// Something passed. `failed`: it led to the end of the connection.
    pub(super) fn follow(&self, message: &Tapped, failed: bool) {
        const CHANGE_CIPHER_SPEC: u16 = 20;
        const ALERT: u16 = 21;
        const HANDSHAKE: u16 = 22;
        let first = message.bytes.first().copied().unwrap_or_default();
        match message.content_type {
            ALERT => self.follow_alert(message.outgoing, &message.bytes, failed),
            HANDSHAKE => self.follow_message(message.outgoing, Passed::Message(first)),
            CHANGE_CIPHER_SPEC => self.follow_message(true, Passed::ChangeCipherSpec),
            // Received ones are seen by their header; TLS 1.3 ignores them.
            Tapped::HEADER if u16::from(first) == CHANGE_CIPHER_SPEC => {
                let counts = !message.outgoing && !self.is_tls13();
                if counts {
                    self.follow_message(false, Passed::ChangeCipherSpec);
                }
            }
            _ => {}
        }
    }

    /// The flight is out, and the peer's turn has come.
    pub(super) fn tell_end_of_flight(&self) {
        let story = self.story.get();
        if !story.is_writing || self.stage() != Stage::Handshaking {
            return;
        }
        self.tell_step();
        if self.side() == Some(Side::Server) && self.is_tls13() {
            self.reach(State::EARLY_DATA, true);
            self.tell_step();
        }
        self.reach(self.story.get().state, false);
    }

    /// The handshake is over.
    pub(super) fn tell_completion(&self) {
        self.tell_step();
        self.reach(State::OK, false);
        self.tell_done();
        self.tell_exit(1);
    }

    fn follow_message(&self, outgoing: bool, passed: Passed) {
        let Some(side) = self.side() else { return };
        let Some(state) = State::reached(side, outgoing, passed) else {
            return;
        };
        let story = self.story.get();
        if story.is_done && story.state == State::OK {
            return self.follow_later_message(outgoing, state);
        }
        if side == Side::Client && outgoing && self.is_tls13() {
            if passed == Passed::ChangeCipherSpec {
                let owes_change = true;
                return self.story.set(Story {
                    owes_change,
                    ..story
                });
            }
            if story.owes_change {
                self.tell_step();
                self.reach(State::CLIENT_CHANGES_CIPHER, true);
            }
        }
        self.tell_step();
        self.reach(state, outgoing);
        if state == State::SERVER_WRITES_TICKET && self.is_tls13() {
            // The handshake is over as soon as the first ticket is due.
            self.tell_done();
        }
    }

    /// A message of TLS 1.3 behind the handshake has a round of the state machine for itself.
    fn follow_later_message(&self, outgoing: bool, state: State) {
        if !self.is_tls13() {
            return;
        }
        self.tell_step();
        if !outgoing {
            self.tell_step();
        }
        self.reach(state, outgoing);
        self.tell_step();
        self.reach(State::OK, false);
        self.tell_exit(1);
    }

    fn follow_alert(&self, outgoing: bool, bytes: &[u8], failed: bool) {
        let &[level, description] = bytes else { return };
        if outgoing && failed {
            self.stage.set(Stage::Dead);
        }
        let direction = if outgoing { event::WRITE } else { event::READ };
        let value = u16::from_be_bytes([level, description]);
        self.tell(event::ALERT | direction, value.into());
    }

    /// The state is about to change.
    fn tell_step(&self) {
        self.tell_as(Some(true), self.directed(event::LOOP), 1);
    }

    fn tell_done(&self) {
        let story = self.story.get();
        if !story.is_done {
            let is_done = true;
            self.story.set(Story { is_done, ..story });
            self.tell_as(Some(false), event::HANDSHAKE_DONE, 1);
        }
    }

    fn reach(&self, state: State, is_writing: bool) {
        let story = self.story.get();
        let owes_change = story.owes_change && state != State::CLIENT_CHANGES_CIPHER;
        self.story.set(Story {
            state,
            is_writing,
            owes_change,
            ..story
        });
    }

    /// The event of our side's state machine.
    fn directed(&self, event: i32) -> i32 {
        match self.side() {
            Some(Side::Client) => event | event::CONNECT,
            _ => event | event::ACCEPT,
        }
    }

    fn tell(&self, event: i32, value: i32) {
        self.tell_as(None, event, value);
    }

    /// Calls the info callback, the connection's own or else its context's; no borrow is held.
    fn tell_as(&self, in_init: Option<bool>, event: i32, value: i32) {
        let callback = self.info.get().or_else(|| self.ctx().hooks().info);
        let Some(callback) = callback.filter(|_| !self.is_given_up()) else {
            return;
        };
        let pretend = |in_init| {
            self.story.set(Story {
                in_init,
                ..self.story.get()
            });
        };
        pretend(in_init);
        // SAFETY: the application's function, with a live connection of its own.
        unsafe { callback(self.as_ptr(), event, value) };
        pretend(None);
    }
}

/// Whether this is the peer's Certificate message, and whether certificates are in it.
pub(super) fn peer_certificate(message: &Tapped) -> Option<bool> {
    /// Of a message without any.
    const LONGEST_EMPTY: usize = 8;
    const HANDSHAKE: u16 = 22;
    let is_one = !message.outgoing
        && message.content_type == HANDSHAKE
        && message.bytes.first() == Some(&kind::CERTIFICATE);
    is_one.then_some(message.bytes.len() > LONGEST_EMPTY)
}

/// Events of the info callback (`SSL_CB_*`).
mod event {
    pub(super) const LOOP: i32 = 0x01;
    pub(super) const EXIT: i32 = 0x02;
    pub(super) const READ: i32 = 0x04;
    pub(super) const WRITE: i32 = 0x08;
    pub(super) const HANDSHAKE_START: i32 = 0x10;
    pub(super) const HANDSHAKE_DONE: i32 = 0x20;
    pub(super) const CONNECT: i32 = 0x1000;
    pub(super) const ACCEPT: i32 = 0x2000;
    pub(super) const ALERT: i32 = 0x4000;
}
