//! The settings of a connection in the engine's terms, when a handshake begins.
//!
//! Owns the translation. Which settings are legal is decided where they are set.

use std::ffi::CStr;
use std::net::IpAddr;
use std::sync::Arc;

use ssl_mode::SslMode;
use ssl_record::config::CipherSuite;
use ssl_record::delegate::{Answer, ClientAuth, ClientPlan, ServerPlan, SignatureCheck};
use ssl_record::record::ProtocolVersion;

use super::Ssl;
use super::decide::{Agreed, SessionPolicy};
use super::drive::Stop;
use crate::crypto::{NameStack, X509Name, queue, reason};
use crate::negotiate::sigalgs::Scheme;
use crate::settings::authorities::List;
use crate::settings::holder::Holder;
use crate::settings::option;
use crate::settings::security::Point;

/// `SSL_VERIFY_PEER`.
pub(super) const VERIFY_PEER: i32 = 1;
/// `SSL_VERIFY_FAIL_IF_NO_PEER_CERT`.
pub(super) const VERIFY_FAIL_IF_NO_PEER_CERT: i32 = 2;
/// `SSL_VERIFY_POST_HANDSHAKE`.
const VERIFY_POST_HANDSHAKE: i32 = 8;

impl Ssl {
    /// What a client starts with.
    pub(super) fn client_plan(&self) -> Result<ClientPlan, Stop> {
        // The state machine is entered, and clears the queue, before it looks at the settings (statement
        // G7).
        queue::clear();
        let key_log = self.key_log();
        let Some((min, max)) = self.enabled().range() else {
            queue::raise(reason::NO_PROTOCOLS_AVAILABLE);
            return Err(Stop::FAILED);
        };
        let suites = self.usable_suites();
        if !suites.iter().any(|suite| suite.version() == max) {
            let why = "No ciphers enabled for max supported SSL/TLS version";
            queue::raise_data(reason::NO_CIPHERS_AVAILABLE, why);
            return Err(Stop::FAILED);
        }
        let groups = self.usable_groups(Point::Supported);
        if groups.is_empty() {
            let why = "No groups enabled for max supported SSL/TLS version";
            queue::raise_data(reason::NO_SUITABLE_GROUPS, why);
            return Err(Stop::FAILED);
        }
        let verify_schemes = numbers(&self.schemes_to_accept());
        if verify_schemes.is_empty() {
            queue::raise(reason::NO_SUITABLE_SIGNATURE_ALGORITHM);
            return Err(Stop::FAILED);
        }
        let session = self.session_to_resume();
        let tickets = self.uses_tickets();
        let settings = self.settings();
        Ok(ClientPlan {
            min,
            max,
            suites: suites.iter().map(|suite| suite.engine).collect(),
            groups,
            verify_schemes,
            server_name: self.host_name.borrow().as_deref().and_then(host_name),
            alpn: protocols(&settings.alpn),
            session,
            fallback_scsv: settings.modes.contains(SslMode::SEND_FALLBACK_SCSV),
            hello_time: settings.modes.contains(SslMode::SEND_CLIENTHELLO_TIME),
            key_log,
            signature_check: self.signature_check(),
            tickets,
            early_data: self.announces_early(),
        })
    }

    /// What a server goes on with.
    pub(super) fn server_plan(
        &self,
        agreed: Agreed,
        sessions: SessionPolicy,
        ocsp: Option<Vec<u8>>,
        alpn: Option<Vec<u8>>,
        early_data: bool,
    ) -> Answer {
        let key_log = self.key_log();
        let client_auth = self.client_auth(agreed.version == ProtocolVersion::Tls13);
        self.facts.borrow_mut().certificate_requested = client_auth != ClientAuth::None;
        let verify_schemes = numbers(&self.schemes_to_accept());
        let early_data_limit = self.early_limit(early_data);
        let settings = self.settings();
        let (min, max) = agreed.versions;
        let mut suites = vec![sessions.suite];
        if agreed.version < max {
            // The client has no TLS 1.3, so that this one is not for it: it keeps the version enabled, of
            // which the random of the hello speaks (statement N8).
            suites.push(CipherSuite::Aes128GcmSha256);
        }
        Answer::Plan(Box::new(ServerPlan {
            min,
            max,
            suites,
            groups: vec![agreed.group],
            identity: Some(agreed.identity),
            ocsp,
            client_auth,
            verify_schemes,
            alpn,
            tickets: sessions.tickets,
            ticket_lifetime: sessions.lifetime,
            tls13_tickets: sessions.tls13_tickets,
            session_ids: sessions.ids,
            session_id: sessions.id,
            hello_time: settings.modes.contains(SslMode::SEND_SERVERHELLO_TIME),
            key_log,
            signature_check: self.signature_check(),
            max_early_data: settings.max_early_data,
            early_data,
            early_data_limit,
        }))
    }

    /// Who checks the peer's signature.
    fn signature_check(&self) -> Arc<dyn SignatureCheck> {
        Arc::clone(
            self.progress
                .borrow_mut()
                .signatures
                .get_or_insert_default(),
        ) as _
    }

    /// Whether the client is asked for a certificate, and whose.
    fn client_auth(&self, is_tls13: bool) -> ClientAuth {
        let (mode, options) = {
            let settings = self.settings();
            (settings.verify.mode, settings.options)
        };
        let later = is_tls13 && mode & VERIFY_POST_HANDSHAKE != 0;
        if mode & VERIFY_PEER == 0 || later {
            return ClientAuth::None;
        }
        let names = match options & option::DISABLE_CA_NAMES {
            0 => self.authorities(),
            _ => None,
        };
        let authorities = names.as_deref().map(encoded).unwrap_or_default();
        if mode & VERIFY_FAIL_IF_NO_PEER_CERT == 0 {
            ClientAuth::Requested { authorities }
        } else {
            ClientAuth::Required { authorities }
        }
    }

    /// The names that a server shows with its request: the list for clients unless it is empty, else the
    /// one for both sides; where the connection has none, its context's.
    fn authorities(&self) -> Option<Arc<NameStack>> {
        let ctx = self.ctx();
        let list = |list: List| {
            let own = self.with_names(|names| list.of(names).cloned());
            own.or_else(|| ctx.with_names(|names| list.of(names).cloned()))
        };
        list(List::Client)
            .filter(|names| !names.is_empty())
            .or_else(|| list(List::Common))
    }
}

/// Schemes by number.
fn numbers(schemes: &[&Scheme]) -> Vec<u16> {
    schemes.iter().map(|scheme| scheme.id).collect()
}

/// The name for SNI, which no address is.
fn host_name(name: &CStr) -> Option<String> {
    let name = name.to_str().ok()?;
    (name.parse::<IpAddr>().is_err() && !name.is_empty()).then(|| name.to_owned())
}

/// A protocol list in wire form (RFC 7301), taken apart.
fn protocols(mut wire: &[u8]) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    while let Some((&len, rest)) = wire.split_first() {
        let Some((name, rest)) = rest.split_at_checked(len.into()) else {
            break;
        };
        names.push(name.to_vec());
        wire = rest;
    }
    names
}

fn encoded(names: &NameStack) -> Vec<Vec<u8>> {
    names
        .iter()
        .filter_map(|name| X509Name::to_der(&name))
        .collect()
}
