//! Connections whose owner decides: making them, and the questions of their handshakes.

use super::{Connection, Phase};
use crate::config::ConfigError;
use crate::context::{Context, Side};
use crate::handshake::Handshake;
use crate::handshake::delegate::{Answer, ClientPlan, ProgressFacts, Question};

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

    /// What is known of a delegated handshake, during it and after its success. After a failure there
    /// are none: keep a copy.
    pub fn progress_facts(&self) -> Option<&ProgressFacts> {
        match &self.phase {
            Phase::Handshaking(handshaking) => handshaking.handshake.facts(),
            Phase::Established(session) => session.facts.as_deref(),
            Phase::Failed(_) => None,
        }
    }
}
