//! Connections whose owner decides: making them, and the questions of their handshakes.

use zeroize::Zeroizing;

use super::{Connection, Phase};
use crate::config::ConfigError;
use crate::context::{Context, Side};
use crate::handshake::delegate::{Answer, ClientPlan, ProgressFacts, Question};
use crate::handshake::session::ClientSession;
use crate::handshake::{Handshake, Noted};
use crate::protect::Secret;
use crate::tap::{MessageTap, TapLog, Tapped};

/// What an established delegated connection keeps besides.
pub(super) struct Kept {
    /// Not yet taken.
    sessions: Vec<ClientSession>,
    /// What the handshake told, unless its owner has it by now.
    told: Option<Box<Told>>,
}

struct Told {
    facts: ProgressFacts,
    /// The contents of our Finished and of the peer's.
    finished: Option<(Secret, Secret)>,
}

/// Sessions kept for an owner that does not take them; older ones are dropped.
const MAX_SESSIONS: usize = 16;

impl Kept {
    pub(super) fn new(noted: Noted) -> Self {
        Self {
            sessions: noted.session.into_iter().collect(),
            told: Some(Box::new(Told {
                facts: noted.facts,
                finished: noted.finished,
            })),
        }
    }

    pub(super) fn add_session(&mut self, session: ClientSession) {
        if self.sessions.len() == MAX_SESSIONS {
            self.sessions.remove(0);
        }
        self.sessions.push(session);
    }

    pub(super) fn newest_session(&self) -> Option<ClientSession> {
        self.sessions.last().cloned()
    }
}

impl Connection {
    /// A delegated client's connection; see [`crate::delegate`].
    ///
    /// # Errors
    /// [`ConfigError`] if the plan leaves nothing to offer or the context is not a client's.
    pub fn delegated_client(context: &Context, plan: &ClientPlan) -> Result<Self, ConfigError> {
        if context.side() != Side::Client {
            return Err(ConfigError::NoPlan);
        }
        let handshake = Handshake::delegated_client(plan)?;
        let server_name = plan.server_name.as_deref().unwrap_or_default();
        Ok(Self::with(context, handshake, server_name))
    }

    /// A delegated server's connection. Its first question is [`Question::ClientHello`].
    ///
    /// # Errors
    /// [`ConfigError::NoPlan`] if the context is not a server's.
    pub fn delegated_server(context: &Context) -> Result<Self, ConfigError> {
        if context.side() != Side::Server {
            return Err(ConfigError::NoPlan);
        }
        Ok(Self::with(context, Handshake::delegated_server(), ""))
    }

    /// What the handshake waits for after [`Step::Decide`](crate::Step::Decide), until it is answered.
    pub fn question(&self) -> Option<&Question> {
        match &self.phase {
            Phase::Handshaking(handshaking) => handshaking.handshake.question(),
            Phase::Established(_) | Phase::Failed(_) => None,
        }
    }

    /// Answers [`Connection::question`]; takes effect with the next step. Without a question, nothing
    /// happens. An answer of another kind than the question ends the handshake with an internal error.
    pub fn answer(&mut self, answer: Answer) {
        if let Phase::Handshaking(handshaking) = &mut self.phase {
            handshaking.handshake.answer(answer);
        }
    }

    /// The sessions that a delegated client was given since the last call, oldest first: of TLS 1.2 with
    /// the end of the handshake, of TLS 1.3 one for each ticket that a read came upon.
    pub fn take_sessions(&mut self) -> Vec<ClientSession> {
        let kept = self
            .established_mut()
            .and_then(|session| session.delegated.as_mut());
        kept.map_or_else(Vec::new, |kept| core::mem::take(&mut kept.sessions))
    }

    /// The contents of the Finished messages, ours and the peer's, once the handshake is complete.
    pub fn finished(&self) -> Option<(&[u8], &[u8])> {
        let (local, peer) = self.told()?.finished.as_ref()?;
        Some((local.bytes(), peer.bytes()))
    }

    /// Frees what an established connection knows of its handshake: from then on there are neither
    /// [`progress_facts`](Connection::progress_facts) nor [`finished`](Connection::finished). For an owner
    /// that has copied what it needs and leaves the connection idle.
    pub fn forget_handshake(&mut self) {
        let kept = self
            .established_mut()
            .and_then(|session| session.delegated.as_mut());
        if let Some(kept) = kept {
            kept.told = None;
        }
    }

    fn told(&self) -> Option<&Told> {
        self.established()?.delegated.as_ref()?.told.as_deref()
    }

    /// What is noted for [`Connection::take_messages`], to be set before the first step. Handshake records
    /// are opened a second time for it.
    pub fn set_message_tap(&mut self, tap: MessageTap) {
        let frames = tap == MessageTap::Frames;
        self.tap = match (tap, self.tap.take()) {
            (MessageTap::Off, _) => None,
            (_, None) => Some(TapLog::new(frames)),
            (_, Some(log)) => {
                log.set_frames(frames);
                Some(log)
            }
        };
        self.share_tap();
    }

    /// Gives the log to those who write to it.
    pub(super) fn share_tap(&mut self) {
        let log = || self.tap.clone();
        self.read.set_tap(log());
        self.write.set_tap(log());
        if let Phase::Handshaking(handshaking) = &mut self.phase {
            handshaking.handshake.set_tap(log());
        }
    }

    /// What was sent or received since the last call, in order; to be taken after each step, as it is
    /// kept until then. Outgoing entries appear when they are made, not when they are transmitted.
    pub fn take_messages(&mut self) -> Vec<Tapped> {
        self.tap.as_ref().map_or_else(Vec::new, TapLog::take)
    }

    /// The master secret of TLS 1.2, once the handshake is complete.
    pub fn master_secret(&self) -> Option<Zeroizing<Vec<u8>>> {
        let secret = self.established()?.exporter.master_secret()?;
        Some(Zeroizing::new(secret.to_vec()))
    }

    /// What is known of a delegated handshake, during it and after its success. After a failure there
    /// are none: keep a copy. Nor are there any after [`forget_handshake`](Connection::forget_handshake).
    pub fn progress_facts(&self) -> Option<&ProgressFacts> {
        match &self.phase {
            Phase::Handshaking(handshaking) => handshaking.handshake.facts(),
            Phase::Established(_) => self.told().map(|told| &told.facts),
            Phase::Failed(_) => None,
        }
    }
}
