//! A delegated client in rustls's terms: its configuration, verifier and certificate choice.

use std::sync::{Arc, OnceLock};

use pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption, Tls12Resumption, UnbufferedClientConnection};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

use super::super::capture::{Capture, Log};
use super::super::provider::{self, Choice, Next};
use super::super::{Direct, Sessions, rehearse, tap};
use super::desk::{self, Desk, refused};
use super::identity;
use super::stock::{Clock, Stock};
use super::store::OneSession;
use crate::config::{CipherSuite, ConfigError, NamedGroup};
use crate::handshake::delegate::{Answer, ClientPlan, Question};
use crate::record::ProtocolVersion;

/// Starts a client: its hello is ready.
///
/// # Errors
/// [`ConfigError`] if the plan leaves nothing to offer.
pub(super) fn start(plan: &ClientPlan, desk: &Arc<Desk>) -> Result<Started, ConfigError> {
    let capture = Arc::new(Capture::with_handshake_secrets());
    let (mut config, store) = configuration(plan)?;
    let name = server_name(plan.server_name.as_deref());
    config.enable_sni = matches!(name, ServerName::DnsName(_));
    if let Some(session) = &plan.session
        && (plan.min..=plan.max).contains(&session.suite().version())
        && let Some(stock) = session.stock(|| Stock::rehearsed(session))
    {
        stock.offer(&session.resumable, &store);
    }
    let clock = Arc::new(Clock::default());
    config.time_provider = Arc::clone(&clock) as _;
    config.key_log = Log::of(&capture, plan.key_log.clone());
    let _desk = desk::enter(desk);
    provider::expect(Next::AfterTwoBytes);
    let connection = UnbufferedClientConnection::new(Arc::new(config), name);
    provider::expect(Next::Anything);
    let connection = connection.map_err(|error| ConfigError::Crypto(error.to_string()))?;
    let mut direct = Direct::client(connection, capture);
    direct.sessions = Sessions::Exported;
    Ok(Started {
        direct,
        store,
        clock,
    })
}

/// A client whose hello is ready.
pub(super) struct Started {
    pub(super) direct: Box<Direct>,
    pub(super) store: Arc<OneSession>,
    pub(super) clock: Arc<Clock>,
}

/// The configuration of a handshake that could make a session of this suite.
///
/// # Errors
/// The suite is not available.
pub(super) fn bare_configuration(
    suite: CipherSuite,
) -> Result<(ClientConfig, Arc<OneSession>), ConfigError> {
    let choice = Choice {
        min: suite.version(),
        max: suite.version(),
        suites: &[suite],
        groups: NamedGroup::ALL,
        fallback_scsv: false,
        renegotiation_scsv: false,
        hello_time: false,
    };
    base(&choice)
}

fn configuration(plan: &ClientPlan) -> Result<(ClientConfig, Arc<OneSession>), ConfigError> {
    let choice = Choice {
        min: plan.min,
        max: plan.max,
        suites: &plan.suites,
        groups: &plan.groups,
        fallback_scsv: plan.fallback_scsv,
        renegotiation_scsv: plan.min == ProtocolVersion::Tls13,
        hello_time: plan.hello_time,
    };
    let (mut config, store) = base(&choice)?;
    if !plan.tickets {
        config.resumption = config
            .resumption
            .tls12_resumption(Tls12Resumption::SessionIdOnly);
    }
    config.alpn_protocols.clone_from(&plan.alpn);
    config.enable_early_data = plan.early_data;
    Ok((config, store))
}

fn base(choice: &Choice<'_>) -> Result<(ClientConfig, Arc<OneSession>), ConfigError> {
    let ambient = ambient();
    let mut config = ClientConfig::builder_with_provider(choice.provider())
        .with_protocol_versions(&choice.versions())
        .map_err(|_| ConfigError::NothingEnabled)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(ambient) as _)
        .with_client_cert_resolver(Arc::clone(ambient) as _);
    let store = Arc::new(OneSession::default());
    config.resumption = Resumption::store(Arc::clone(&store) as _);
    config.enable_secret_extraction = true;
    Ok((config, store))
}

/// The name rustls works with. Without one it is an address, which is never sent; nor is what rustls
/// does not take for the name of a host: its connection works, as it does with OpenSSL, which sends it.
pub(super) fn server_name(name: Option<&str>) -> ServerName<'static> {
    let name = name.and_then(|name| ServerName::try_from(name.to_owned()).ok());
    name.unwrap_or_else(|| ServerName::from(core::net::IpAddr::from([0; 4])))
}

/// The verifier and certificate choice of every delegated client: one object, so that a session resumes
/// in another connection. It works for the desk that the thread has entered.
fn ambient() -> &'static Arc<Ambient> {
    static AMBIENT: OnceLock<Arc<Ambient>> = OnceLock::new();
    AMBIENT.get_or_init(|| Arc::new(Ambient))
}

#[derive(Debug)]
struct Ambient;

impl Ambient {
    fn check(
        version: ProtocolVersion,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if !tap::is_replacing() {
            let desk = desk::current().ok_or_else(refused)?;
            desk.check_signature(version, signed.scheme, leaf, message, signed.signature())?;
        }
        Ok(HandshakeSignatureValid::assertion())
    }
}

impl ServerCertVerifier for Ambient {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // In a rehearsal the chain is the session's, which was judged when it was made.
        if !tap::is_replacing() {
            let chain = core::iter::once(leaf).chain(rest);
            let chain = chain.map(|der| der.to_vec()).collect();
            desk::current().ok_or_else(refused)?.judge(chain, ocsp)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Self::check(ProtocolVersion::Tls12, message, leaf, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Self::check(ProtocolVersion::Tls13, message, leaf, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        if tap::is_replacing() {
            return rehearse::SCHEMES.to_vec();
        }
        desk::current().map_or_else(Vec::new, |desk| desk.verify_schemes.clone())
    }
}

impl ResolvesClientCert for Ambient {
    fn resolve(
        &self,
        authorities: &[&[u8]],
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        let desk = desk::current()?;
        let shown = {
            let mut notes = desk.notes();
            notes.certificate_requested = true;
            notes.shown.take()
        };
        // An owner shows itself only to a server that it has accepted.
        if let Some(shown) = shown {
            desk.judge(shown.chain, &shown.ocsp).ok()?;
        }
        let question = Question::ClientCertificate {
            authorities: authorities.iter().map(|name| name.to_vec()).collect(),
            schemes: schemes.iter().copied().map(u16::from).collect(),
        };
        match desk.ask(question)? {
            Answer::Identity(identity) => {
                let certified = identity::certified(identity?, None, false, &desk);
                Some(Arc::new(certified))
            }
            _ => desk.misfit(),
        }
    }

    fn has_certs(&self) -> bool {
        true
    }
}
