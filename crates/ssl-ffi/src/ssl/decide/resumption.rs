//! Which session a ClientHello wants resumed, and whether it may be.
//!
//! Owns the checks, which are OpenSSL's: version, id context, age, extended master secret; and some that
//! are stricter: a session is for one server name, and one without a client certificate is not resumed
//! where one is required. The session is looked up before anything is negotiated, so that later
//! callbacks see it; the engine, when it asks, is told what was found here.

use std::sync::Arc;

use ssl_record::hello::ClientHello;
use ssl_record::record::{AlertDescription, ProtocolVersion};
use zeroize::Zeroizing;

use super::Halt;
use super::lookup::{Candidate, Status};
use crate::crypto::reason;
use crate::negotiate::suites::Suite;
use crate::session::{Counter, Id, Session, now};
use crate::ssl::Ssl;
use crate::ssl::plan::{VERIFY_FAIL_IF_NO_PEER_CERT, VERIFY_PEER};
use crate::ssl::transient::Blank;

/// What a client wants resumed, and what it may get.
#[derive(Default)]
pub(in crate::ssl) struct Wish {
    /// It was looked up.
    pub(in crate::ssl) is_known: bool,
    /// The connection's session is one that may be resumed, and by what the engine asks for it.
    pub(in crate::ssl) found: Option<Found>,
    /// The client is to get a ticket.
    pub(in crate::ssl) expects_ticket: bool,
}

impl Blank for Wish {
    const BLANK: &'static Self = &Self {
        is_known: false,
        found: None,
        expects_ticket: false,
    };
}

/// A session that may be resumed, to the engine.
pub(in crate::ssl) struct Found {
    /// The ticket or the id.
    pub(in crate::ssl) name: Vec<u8>,
    pub(in crate::ssl) value: Zeroizing<Vec<u8>>,
    pub(in crate::ssl) suite: &'static Suite,
    /// It was found by its id.
    pub(in crate::ssl) by_id: bool,
    /// In TLS 1.3: the first ticket of the client's, and as old as the client says, so that early data
    /// under it is not recorded long before it is sent.
    pub(in crate::ssl) is_recent: bool,
}

impl Ssl {
    /// Looks up the session that the client wants resumed, once a handshake.
    pub(super) fn find_wish(
        &self,
        hello: &ClientHello<'_>,
        version: ProtocolVersion,
    ) -> Result<(), Halt> {
        if std::mem::replace(&mut self.sessions.wish.borrow_mut().is_known, true) {
            return Ok(());
        }
        let candidate = match version {
            ProtocolVersion::Tls13 => self.candidate_tls13(hello)?,
            ProtocolVersion::Tls12 => self.candidate_tls12(hello)?,
        };
        let by_ticket = candidate.as_ref().is_some_and(|candidate| !candidate.by_id);
        let found = match candidate {
            Some(candidate) => self.admit(candidate, hello, version)?,
            None => None,
        };
        match found {
            // With early data about, a session is resumed once. Whoever removes it may.
            Some((session, _))
                if version == ProtocolVersion::Tls13
                    && self.guards_replay()
                    && !self.session_ctx().remove_session(&session) =>
            {
                self.begin_server_session(hello, version)?;
            }
            Some((session, found)) => {
                self.session_ctx().sessions.cache.count(Counter::Hits);
                self.facts.borrow_mut().resumed = true;
                self.sessions.wish.borrow_mut().found = Some(found);
                self.replace_session(Some(session));
            }
            None => {
                self.sessions.wish.borrow_mut().expects_ticket |= by_ticket;
                self.begin_server_session(hello, version)?;
            }
        }
        Ok(())
    }

    /// The engine does not resume: whatever was found does not count.
    pub(in crate::ssl) fn note_full_handshake(&self) {
        let found = self.sessions.wish.borrow_mut().found.take();
        if found.is_some() {
            self.sessions.wish.borrow_mut().expects_ticket = true;
            self.facts.borrow_mut().resumed = false;
            self.replace_session(self.fresh_session());
        }
    }

    fn begin_server_session(
        &self,
        hello: &ClientHello<'_>,
        version: ProtocolVersion,
    ) -> Result<(), Halt> {
        let session = self.fresh_session();
        if let Some(session) = &session {
            let extended = hello.offers_extended_master_secret()?;
            session.change(|fields| {
                fields.protocol_version = version.wire().into();
                fields.extended_master_secret = extended && version == ProtocolVersion::Tls12;
            });
        }
        self.replace_session(session);
        Ok(())
    }

    /// By ticket, unless there is none or tickets are off: then by id.
    fn candidate_tls12(&self, hello: &ClientHello<'_>) -> Result<Option<Candidate>, Halt> {
        let allowed = self.uses_tickets();
        let id = hello.session_id();
        if let Some(ticket) = hello.session_ticket().filter(|_| allowed) {
            let (status, session) = self.open_ticket(ticket, id, ProtocolVersion::Tls12)?;
            let new_one = matches!(
                status,
                Status::NoDecrypt | Status::SuccessRenew | Status::Empty
            );
            self.sessions.wish.borrow_mut().expects_ticket = new_one;
            if let Some(session) = session {
                return Ok(Some(Candidate {
                    session,
                    name: ticket.to_vec(),
                    by_id: false,
                    age: None,
                }));
            }
            if !matches!(status, Status::None | Status::Empty) {
                return Ok(None);
            }
        }
        if id.is_empty() {
            return Ok(None);
        }
        Ok(self.look_up(id, ProtocolVersion::Tls12))
    }

    /// The first of the client's tickets that is one.
    fn candidate_tls13(&self, hello: &ClientHello<'_>) -> Result<Option<Candidate>, Halt> {
        const WITH_KEY_EXCHANGE: u8 = 1;
        const PRE_SHARED_KEY: u16 = 41;
        self.sessions.wish.borrow_mut().expects_ticket = true;
        let modes = hello.psk_key_exchange_modes()?.unwrap_or_default();
        let Some(offer) = hello.extension(PRE_SHARED_KEY) else {
            return Ok(None);
        };
        if !modes.contains(&WITH_KEY_EXCHANGE) {
            return Ok(None);
        }
        for (index, (ticket, age)) in identities(offer).enumerate() {
            let (status, candidate) = self.candidate_of_identity(ticket)?;
            let age = (index == 0).then_some(age);
            let candidate = candidate.map(|candidate| Candidate { age, ..candidate });
            let new_one = matches!(status, Status::NoDecrypt | Status::SuccessRenew);
            self.sessions.wish.borrow_mut().expects_ticket = new_one;
            if candidate.is_some() {
                return Ok(candidate);
            }
        }
        Ok(None)
    }

    fn candidate_of_identity(&self, ticket: &[u8]) -> Result<(Status, Option<Candidate>), Halt> {
        if ticket.is_empty() {
            return Err(Halt::Refuse(
                AlertDescription::DECODE_ERROR,
                reason::BAD_EXTENSION,
            ));
        }
        if self.keeps_tls13_sessions() {
            let found = (ticket.len() == Id::MAX)
                .then(|| self.look_up(ticket, ProtocolVersion::Tls13))
                .flatten();
            let status = match found {
                Some(_) => Status::SuccessRenew,
                None => Status::NoDecrypt,
            };
            return Ok((status, found));
        }
        let (status, session) = self.open_ticket(ticket, &[], ProtocolVersion::Tls13)?;
        let candidate = session.map(|session| Candidate {
            session,
            name: ticket.to_vec(),
            by_id: false,
            age: None,
        });
        Ok((status, candidate))
    }

    /// Whether the candidate may be resumed in this handshake.
    fn admit(
        &self,
        candidate: Candidate,
        hello: &ClientHello<'_>,
        version: ProtocolVersion,
    ) -> Result<Option<(Arc<Session>, Found)>, Halt> {
        let session = candidate.session;
        let fields = session.read(crate::session::Fields::clone);
        let context = self.settings().session_id_context;
        let verify_mode = self.settings().verify.mode;
        if fields.protocol_version != i32::from(version.wire())
            || fields.context.as_slice() != context.as_slice()
        {
            return Ok(None);
        }
        if verify_mode & VERIFY_PEER != 0 && context.as_slice().is_empty() {
            // Nobody could tell whether the session was made for this application.
            return Err(Halt::Refuse(
                AlertDescription::INTERNAL_ERROR,
                reason::SESSION_ID_CONTEXT_UNINITIALIZED,
            ));
        }
        if session.is_expired() {
            let ctx = self.session_ctx();
            ctx.sessions.cache.count(Counter::Timeouts);
            if candidate.by_id && version == ProtocolVersion::Tls12 {
                ctx.remove_session(&session);
            }
            return Ok(None);
        }
        if version == ProtocolVersion::Tls12 {
            match (
                fields.extended_master_secret,
                hello.offers_extended_master_secret()?,
            ) {
                (true, false) => {
                    return Err(Halt::Refuse(
                        AlertDescription::ILLEGAL_PARAMETER,
                        reason::INCONSISTENT_EXTMS,
                    ));
                }
                (false, true) => return Ok(None),
                _ => {}
            }
        }
        let demands = VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT;
        let lacks_peer = verify_mode & demands == demands && fields.peer.is_none();
        if lacks_peer || !self.would_verify(&session) || !is_same_name(&fields, hello)? {
            return Ok(None);
        }
        let suite = self.suite_of(&fields, hello, version);
        let value = session.to_server(hello.server_name()?);
        let (Some(suite), Some(value)) = (suite, value) else {
            return Ok(None);
        };
        let found = Found {
            name: candidate.name,
            value,
            suite,
            by_id: candidate.by_id,
            is_recent: candidate.age.is_some_and(|age| is_recent(&fields, age)),
        };
        Ok(Some((session, found)))
    }

    /// The session's suite, if both sides still want it.
    fn suite_of(
        &self,
        fields: &crate::session::Fields,
        hello: &ClientHello<'_>,
        version: ProtocolVersion,
    ) -> Option<&'static Suite> {
        let number = fields.suite?;
        let usable = self.usable_suites();
        let suite = *usable.iter().find(|suite| suite.wire() == number)?;
        let mut offered = hello.cipher_suites();
        let is_offered = offered.any(|offered| offered == number);
        (is_offered && suite.version() == version).then_some(suite)
    }
}

/// Whether the session was made for the name that this hello asks for (RFC 6066 section 3). One that
/// the system's library made may not know.
fn is_same_name(fields: &crate::session::Fields, hello: &ClientHello<'_>) -> Result<bool, Halt> {
    let name = hello.server_name()?.unwrap_or_default();
    Ok(fields
        .host_name
        .as_ref()
        .is_none_or(|made_for| made_for.as_bytes().eq_ignore_ascii_case(name)))
}

/// Whether the session is as old as a client says in this obfuscated form (RFC 8446 section 4.2.11.1),
/// with OpenSSL's tolerance.
fn is_recent(fields: &crate::session::Fields, told: u32) -> bool {
    const TOLERANCE: i64 = 10_000;
    // The client's clock began later and may be read more finely.
    const ROUNDING: i64 = 1_000;
    let age = (now() - fields.time).saturating_mul(1_000) + ROUNDING;
    let told = i64::from(told.wrapping_sub(fields.age_add));
    told <= age && age <= told + TOLERANCE
}

/// The tickets of a pre_shared_key extension (RFC 8446 section 4.2.11) and how old the client says they
/// are, as far as it is well formed.
fn identities(offer: &[u8]) -> impl Iterator<Item = (&[u8], u32)> {
    let list = offer
        .split_first_chunk::<2>()
        .and_then(|(len, rest)| rest.get(..u16::from_be_bytes(*len).into()));
    let mut rest = list.unwrap_or_default();
    std::iter::from_fn(move || {
        let (len, behind) = rest.split_first_chunk::<2>()?;
        let (ticket, behind) = behind.split_at_checked(u16::from_be_bytes(*len).into())?;
        let (age, behind) = behind.split_first_chunk::<4>()?;
        rest = behind;
        Some((ticket, u32::from_be_bytes(*age)))
    })
}
