//! A delegated server in rustls's terms: its configuration, verifier, certificate choice and stores.

use std::sync::Arc;

use pki_types::{CertificateDer, UnixTime};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{
    ClientHello, ProducesTickets, ResolvesServerCert, StoresServerSessions,
    UnbufferedServerConnection,
};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme};
use zeroize::Zeroizing;

use super::super::Direct;
use super::super::capture::{Capture, Log};
use super::super::provider::{self, Choice, Next};
use super::super::refusal::Refusal;
use super::desk::Desk;
use super::identity;
use crate::handshake::delegate::{Answer, ClientAuth, Question, ServerPlan};
use crate::reason::Reason;
use crate::record::{AlertDescription, ProtocolVersion};

/// Starts a server whose first record is yet to be fed.
///
/// # Errors
/// What the client is refused with if the plan leaves nothing to negotiate.
pub(super) fn start(plan: ServerPlan, desk: &Arc<Desk>) -> Result<Box<Direct>, Refusal> {
    let capture = Arc::new(Capture::with_handshake_secrets());
    let log = Log::of(&capture, plan.key_log.clone());
    let mut config = configuration(plan, desk, &capture).ok_or(Refusal {
        alert: AlertDescription::HANDSHAKE_FAILURE,
        reason: Reason::NO_SHARED_CIPHER,
    })?;
    config.key_log = log;
    let connection =
        UnbufferedServerConnection::new(Arc::new(config)).map_err(|_| Refusal::INTERNAL)?;
    Ok(Direct::server(connection, capture))
}

fn configuration(
    plan: ServerPlan,
    desk: &Arc<Desk>,
    capture: &Arc<Capture>,
) -> Option<ServerConfig> {
    let choice = Choice {
        min: plan.min,
        max: plan.max,
        suites: &plan.suites,
        groups: &plan.groups,
        fallback_scsv: false,
        renegotiation_scsv: false,
        hello_time: plan.hello_time,
    };
    let mut provider = CryptoProvider::clone(&choice.provider());
    if plan.session_id.is_some() {
        provider.secure_random = provider::chosen(plan.hello_time);
    }
    let builder = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&choice.versions())
        .ok()?
        .with_client_cert_verifier(Arc::new(Verifier::new(plan.client_auth, desk)));
    let identity = plan
        .identity
        .map(|identity| Arc::new(identity::certified(identity, plan.ocsp, true, desk)));
    let mut config = builder.with_cert_resolver(Arc::new(Chosen {
        identity,
        desk: Arc::clone(desk),
        capture: Arc::clone(capture),
    }));
    config.ticketer = Arc::new(Ticketer {
        enabled: plan.tickets,
        lifetime: plan.ticket_lifetime,
        desk: Arc::clone(desk),
        early: plan.early_data.then(|| Arc::clone(capture)),
    });
    if plan.tickets && plan.early_data {
        // It is counted by us, accepted or not.
        config.max_early_data_size = u32::MAX;
    }
    config.session_storage = Arc::new(Storage {
        enabled: plan.session_ids,
        identifier: plan.session_id,
        desk: Arc::clone(desk),
    });
    config.send_tls13_tickets = plan.tls13_tickets;
    config.alpn_protocols = plan.alpn.into_iter().collect();
    config.enable_secret_extraction = true;
    Some(config)
}

/// The certificate of the plan.
struct Chosen {
    identity: Option<Arc<CertifiedKey>>,
    desk: Arc<Desk>,
    capture: Arc<Capture>,
}

impl ResolvesServerCert for Chosen {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.capture.captured().server_name = hello.server_name().map(Into::into);
        if self.identity.is_none() {
            self.desk.refuse(Refusal {
                alert: AlertDescription::HANDSHAKE_FAILURE,
                reason: Reason::NO_SHARED_CIPHER,
            });
        }
        // rustls draws the hello's random next.
        provider::expect(Next::HelloRandom);
        self.identity.clone()
    }
}

struct Verifier {
    auth: ClientAuth,
    authorities: Vec<DistinguishedName>,
    desk: Arc<Desk>,
}

impl Verifier {
    fn new(auth: ClientAuth, desk: &Arc<Desk>) -> Self {
        let authorities = match &auth {
            ClientAuth::None => &[][..],
            ClientAuth::Requested { authorities } | ClientAuth::Required { authorities } => {
                authorities
            }
        };
        let names = authorities.iter().filter_map(|der| contents(der));
        Self {
            authorities: names.map(DistinguishedName::in_sequence).collect(),
            auth,
            desk: Arc::clone(desk),
        }
    }

    fn check(
        &self,
        version: ProtocolVersion,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.desk
            .check_signature(version, signed.scheme, leaf, message, signed.signature())?;
        Ok(HandshakeSignatureValid::assertion())
    }
}

/// What is inside of a DER SEQUENCE; rustls makes the outside again.
fn contents(der: &[u8]) -> Option<&[u8]> {
    let [0x30, first, rest @ ..] = der else {
        return None;
    };
    match usize::from(first & 0x7f) {
        len if first & 0x80 == 0 => rest.get(..len),
        octets => {
            let (len, rest) = rest.split_at_checked(octets)?;
            let len = len.iter().try_fold(0usize, |len, &octet| {
                len.checked_mul(256)?.checked_add(octet.into())
            })?;
            rest.get(..len)
        }
    }
}

impl ClientCertVerifier for Verifier {
    fn offer_client_auth(&self) -> bool {
        self.auth != ClientAuth::None
    }

    fn client_auth_mandatory(&self) -> bool {
        matches!(self.auth, ClientAuth::Required { .. })
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.authorities
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let chain = core::iter::once(leaf).chain(rest);
        let chain = chain.map(|der| der.to_vec()).collect();
        self.desk.judge(chain, &[])?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check(ProtocolVersion::Tls12, message, leaf, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check(ProtocolVersion::Tls13, message, leaf, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.desk.verify_schemes.clone()
    }
}

struct Ticketer {
    enabled: bool,
    lifetime: u32,
    desk: Arc<Desk>,
    /// Early data is accepted.
    early: Option<Arc<Capture>>,
}

impl ProducesTickets for Ticketer {
    /// rustls accepts early data only of sessions that it takes out of a store itself, lest it be
    /// replayed. Whoever opens our tickets judges that instead, so none are admitted to at the moment
    /// when rustls asks on account of it: between the keys of the handshake and those of traffic.
    fn enabled(&self) -> bool {
        let is_about_early_data = self.early.as_ref().is_some_and(|capture| {
            let captured = capture.captured();
            captured.handshake_keys && captured.client_traffic.is_none()
        });
        self.enabled && !is_about_early_data
    }

    fn lifetime(&self) -> u32 {
        self.lifetime
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let plain = Zeroizing::new(plain.to_vec());
        self.desk.ask_bytes(Question::SealTicket(plain))
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        self.desk.ask_bytes(Question::OpenTicket(ticket.to_vec()))
    }
}

struct Storage {
    enabled: bool,
    /// What the next session of TLS 1.2 is called.
    identifier: Option<[u8; 32]>,
    desk: Arc<Desk>,
}

impl Storage {
    fn find(&self, id: &[u8], remove: bool) -> Option<Vec<u8>> {
        let id = self.enabled.then(|| id.to_vec())?;
        self.desk.ask_bytes(Question::FindSession { id, remove })
    }
}

impl StoresServerSessions for Storage {
    fn put(&self, id: Vec<u8>, value: Vec<u8>) -> bool {
        let value = Zeroizing::new(value);
        if !self.enabled {
            return false;
        }
        match self.desk.ask(Question::StoreSession { id, value }) {
            Some(Answer::Stored(stored)) => stored,
            Some(_) => {
                self.desk.refuse(Refusal::INTERNAL);
                false
            }
            None => false,
        }
    }

    fn get(&self, id: &[u8]) -> Option<Vec<u8>> {
        self.find(id, false)
    }

    fn take(&self, id: &[u8]) -> Option<Vec<u8>> {
        self.find(id, true)
    }

    fn can_cache(&self) -> bool {
        if let Some(identifier) = self.identifier {
            // rustls asks this just before it draws one.
            provider::expect(Next::Identifier(identifier));
        }
        self.enabled
    }
}

macro_rules! opaque_debug {
    ($($name:ident)*) => {$(
        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}
opaque_debug! { Chosen Verifier Ticketer Storage }
