//! Session tickets of TLS 1.3, which a server sends when it likes after the handshake.
//!
//! Owns what is left of a client's handshake for them, which is nothing if no session is kept.

use std::sync::Arc;

use pki_types::UnixTime;
use rustls::client::ClientConnectionData;
use rustls::kernel::KernelConnection;

use super::delegated::Mint;
use super::{Stock, messages, tap};
use crate::error::{Error, PeerFault};
use crate::handshake::session::Resumable;
use crate::protect::Secret;

/// Takes TLS 1.3 session tickets on behalf of a client whose handshake is over.
pub(crate) struct Tickets(pub(super) Kernel);

/// What is left of the handshake for that.
pub(super) enum Kernel {
    /// No session is kept: tickets are looked at, no more.
    Ignoring,
    /// Sessions are put into the configuration's store.
    Own {
        kernel: Box<KernelConnection<ClientConnectionData>>,
        export: bool,
    },
    /// Sessions are made from it when they are needed.
    Delegated(Arc<Mint>),
}

impl Tickets {
    /// Stores the ticket in a NewSessionTicket message's body; returns what can be exported of it, if
    /// that was asked for.
    ///
    /// # Errors
    /// [`PeerFault::BadTicket`] if it cannot be parsed.
    pub(crate) fn store(&mut self, body: &[u8]) -> Result<Option<Resumable>, Error> {
        let secret = match &mut self.0 {
            Kernel::Ignoring => {
                messages::check_ticket(body).map_err(|_| PeerFault::BadTicket)?;
                return Ok(None);
            }
            Kernel::Own {
                kernel,
                export: false,
            } => {
                // A secret that nobody asked for is not noted.
                let stored = kernel.handle_new_session_ticket(body);
                stored.map_err(|_| PeerFault::BadTicket)?;
                return Ok(None);
            }
            Kernel::Own { kernel, .. } => {
                let (stored, secret) = tap::noting(|| kernel.handle_new_session_ticket(body));
                stored.map_err(|_| PeerFault::BadTicket)?;
                secret
            }
            Kernel::Delegated(mint) => mint.note(body).map_err(|_| PeerFault::BadTicket)?,
        };
        Ok(secret.map(|secret| resumable(secret, body)))
    }

    /// What sessions of a delegated connection are made from.
    pub(crate) fn stock(&self) -> Option<Stock> {
        match &self.0 {
            Kernel::Ignoring | Kernel::Own { .. } => None,
            Kernel::Delegated(mint) => Some(Stock::Tls13(Arc::clone(mint))),
        }
    }
}

/// What can be exported of a session that the server tells of in `ticket`.
pub(super) fn resumable(secret: Secret, ticket: &[u8]) -> Resumable {
    Resumable {
        secret,
        ticket: ticket.into(),
        received: UnixTime::now().as_secs(),
    }
}
