//! Sessions in the engine's terms: what a client offers, what a server answers a ticket with.
//!
//! Owns which field is which of the engine's, and what keeps a session from being resumed at all. Does
//! not know the connection that resumes.

use ssl_record::config::CipherSuite;
use ssl_record::record::ProtocolVersion;
use ssl_record::{ClientSession, ServerSession, SessionParts};
use zeroize::Zeroizing;

use super::{Fields, Session};
use crate::crypto::{X509, X509Stack};

impl Session {
    /// What a client offers; `None` if the session lacks something.
    pub(crate) fn to_client(&self) -> Option<ClientSession> {
        // Copied out: encoding a certificate calls libcrypto.
        let fields = self.read(Fields::clone);
        let mut parts = client_parts(&fields)?;
        if let Some(kept) = &fields.resumption
            && is_same(&kept.parts(), &parts)
        {
            return Some(ClientSession::clone(kept));
        }
        parts.chain = certificates(&fields);
        ClientSession::from_parts(&parts).ok()
    }

    /// What a server's handshake resumes from; `None` if the session lacks something. The name is the one
    /// that this handshake is for: whether it may be is decided elsewhere.
    pub(crate) fn to_server(&self, server_name: Option<&[u8]>) -> Option<Zeroizing<Vec<u8>>> {
        let fields = self.read(Fields::clone);
        let server_name = server_name.and_then(|name| std::str::from_utf8(name).ok());
        let session = ServerSession {
            suite: suite(&fields)?,
            secret: fields.secret,
            extended_master_secret: fields.extended_master_secret,
            server_name: server_name.map(str::to_owned),
            // The engine has no use for it; the application finds it in the session.
            chain: Vec::new(),
            alpn: fields.alpn.as_deref().map(<[u8]>::to_vec),
            created: u64::try_from(fields.time).unwrap_or(0),
            age_add: fields.age_add,
        };
        (!session.secret.is_empty()).then(|| session.to_value())
    }
}

impl Fields {
    /// Takes over what a server's engine wants to be stored.
    pub(crate) fn note_stored(&mut self, stored: &ServerSession) {
        self.note_suite(stored.suite);
        self.secret.clone_from(&stored.secret);
        self.extended_master_secret = stored.extended_master_secret;
        self.alpn = stored.alpn.as_deref().map(Box::from);
        self.age_add = stored.age_add;
    }

    /// Takes over what a client was given to resume from. What only the handshake knows is noted before.
    pub(crate) fn note_given(&mut self, given: ClientSession) {
        let parts = given.parts();
        self.note_suite(parts.suite);
        self.secret = parts.secret;
        self.time = parts.received.cast_signed();
        if !parts.ticket.is_empty() {
            self.ticket = Some(parts.ticket.into());
            self.lifetime_hint = parts.lifetime.into();
            self.age_add = parts.age_add;
        }
        self.max_early_data = parts.max_early_data;
        self.extended_master_secret = parts.extended_master_secret;
        self.resumption = Some(Box::new(given));
    }

    fn note_suite(&mut self, suite: CipherSuite) {
        self.suite = Some(suite.wire());
        self.protocol_version = suite.version().wire().into();
    }
}

/// All but the chain.
fn client_parts(fields: &Fields) -> Option<SessionParts> {
    let suite = suite(fields)?;
    let is_tls13 = suite.version() == ProtocolVersion::Tls13;
    if fields.secret.is_empty() || (is_tls13 && !fields.has_ticket()) {
        return None;
    }
    Some(SessionParts {
        suite,
        secret: fields.secret.clone(),
        ticket: fields.ticket.as_deref().unwrap_or_default().to_vec(),
        session_id: fields.id.as_slice().to_vec(),
        lifetime: u32::try_from(fields.lifetime_hint).unwrap_or(u32::MAX),
        age_add: fields.age_add,
        received: u64::try_from(fields.time).unwrap_or(0),
        chain: Vec::new(),
        max_early_data: fields.max_early_data,
        alpn: fields.alpn.as_deref().map(<[u8]>::to_vec),
        extended_master_secret: fields.extended_master_secret,
        server_name: String::new(),
    })
}

/// The suite, if it is one of ours and of the session's version.
fn suite(fields: &Fields) -> Option<CipherSuite> {
    let suite = CipherSuite::from_wire(fields.suite?)?;
    let version = i32::from(suite.version().wire());
    (version == fields.protocol_version).then_some(suite)
}

/// Whether the application has not changed what a handshake rests on.
fn is_same(kept: &SessionParts, now: &SessionParts) -> bool {
    kept.suite == now.suite
        && kept.secret == now.secret
        && kept.ticket == now.ticket
        && kept.received == now.received
        && kept.age_add == now.age_add
        && kept.max_early_data == now.max_early_data
        && (!now.ticket.is_empty() || kept.session_id == now.session_id)
}

fn certificates(fields: &Fields) -> Vec<Vec<u8>> {
    match &fields.chain {
        Some(chain) => X509Stack::iter(chain)
            .filter_map(|one| one.to_der())
            .collect(),
        None => fields
            .peer
            .as_ref()
            .and_then(X509::to_der)
            .into_iter()
            .collect(),
    }
}
