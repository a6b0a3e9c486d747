//! An owner for tests: it answers every question from memory, later, or with a refusal.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair,
    UnparsedPublicKey,
};
use ssl_record::config::{CipherSuite, NamedGroup};
use ssl_record::delegate::{
    Answer, ClientAuth, ClientPlan, DelegatedIdentity, Question, ServerPlan, SignatureCheck,
};
use ssl_record::io::{CallError, Transport, drive};
use ssl_record::record::{AlertDescription, ProtocolVersion};
use ssl_record::{Connection, Context, Error, Outcome, Reason, Received, Side};
use ssl_testkit::certs::{CertificateAuthority, Identity, KeyKind, Leaf};
use ssl_testkit::pipe::{End, pipe};

/// ecdsa_secp256r1_sha256.
pub(crate) const P256: u16 = 0x0403;

/// The alert and reason of every refusal.
pub(crate) const REFUSAL: (AlertDescription, Reason) = (AlertDescription(113), Reason(4321));

/// Answers questions.
pub(crate) struct Owner {
    pub(crate) identity: Option<DelegatedIdentity>,
    key: EcdsaKeyPair,
    pub(crate) server_plan: ServerPlan,
    /// The names of the questions, in order.
    pub(crate) asked: Vec<&'static str>,
    /// The questions themselves.
    pub(crate) questions: Vec<Question>,
    /// Which question is refused.
    pub(crate) refuses: Option<&'static str>,
    /// How many steps each question waits.
    pub(crate) delay: usize,
    waited: usize,
    /// Which question is not answered.
    pub(crate) waits_at: Option<String>,
    /// Whether signatures are spoilt.
    pub(crate) signs_badly: bool,
    /// The client plan's.
    pub(crate) signature_check: Option<Arc<dyn SignatureCheck>>,
}

/// One delegated end.
pub(crate) struct Half<T = End> {
    pub(crate) connection: Connection,
    pub(crate) end: T,
    pub(crate) owner: Owner,
}

/// Both ends.
pub(crate) struct Pair {
    pub(crate) client: Half,
    pub(crate) server: Half,
}

/// Accepts signatures of the one key that these tests sign with.
struct OneKey;

impl SignatureCheck for OneKey {
    fn verify(
        &self,
        _version: ProtocolVersion,
        scheme: u16,
        certificate: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, public_key());
        scheme == P256
            && certificate == identity().chain_der()[0]
            && key.verify(message, signature).is_ok()
    }
}

/// The one identity of these tests.
pub(crate) fn identity() -> &'static Identity {
    static MADE: OnceLock<Identity> = OnceLock::new();
    MADE.get_or_init(|| {
        let authority = CertificateAuthority::new(KeyKind::EcP256).unwrap();
        authority.issue(&Leaf::localhost(KeyKind::EcP256)).unwrap()
    })
}

fn key() -> EcdsaKeyPair {
    EcdsaKeyPair::from_pkcs8(
        &ECDSA_P256_SHA256_ASN1_SIGNING,
        &identity().key_der(),
        &SystemRandom::new(),
    )
    .unwrap()
}

fn public_key() -> Vec<u8> {
    key().public_key().as_ref().to_vec()
}

/// What the one identity shows.
pub(crate) fn shown() -> DelegatedIdentity {
    DelegatedIdentity {
        chain: identity().chain_der(),
        schemes: vec![P256],
    }
}

/// A client's plan with one version.
pub(crate) fn client_plan(version: ProtocolVersion) -> ClientPlan {
    ClientPlan {
        min: version,
        max: version,
        suites: CipherSuite::ALL.to_vec(),
        groups: vec![NamedGroup::X25519, NamedGroup::Secp256r1],
        verify_schemes: vec![P256, 0x0804, 0x0807],
        server_name: Some("localhost".into()),
        alpn: Vec::new(),
        session: None,
        fallback_scsv: false,
        hello_time: false,
        key_log: None,
        signature_check: Arc::new(OneKey),
        tickets: true,
        early_data: false,
    }
}

/// A server's plan for both versions.
pub(crate) fn server_plan() -> ServerPlan {
    ServerPlan {
        min: ProtocolVersion::Tls12,
        max: ProtocolVersion::Tls13,
        suites: CipherSuite::ALL.to_vec(),
        groups: vec![NamedGroup::X25519, NamedGroup::Secp256r1],
        identity: Some(shown()),
        ocsp: None,
        client_auth: ClientAuth::None,
        verify_schemes: vec![P256, 0x0804],
        alpn: None,
        tickets: true,
        ticket_lifetime: 7200,
        tls13_tickets: 1,
        session_ids: false,
        session_id: None,
        hello_time: false,
        key_log: None,
        signature_check: Arc::new(OneKey),
        max_early_data: 0,
        early_data: false,
        early_data_limit: 0,
    }
}

impl Owner {
    pub(crate) fn new() -> Self {
        Self {
            identity: Some(shown()),
            key: key(),
            server_plan: server_plan(),
            asked: Vec::new(),
            questions: Vec::new(),
            refuses: None,
            delay: 0,
            waited: 0,
            waits_at: None,
            signs_badly: false,
            signature_check: None,
        }
    }

    /// The answer, unless this question has to wait longer.
    pub(crate) fn decide(&mut self, question: &Question) -> Option<Answer> {
        let name = name(question);
        if self.waits_at.as_deref() == Some(name) {
            return None;
        }
        if self.waited == 0 {
            self.asked.push(name);
            self.questions.push(question.clone());
        }
        if self.waited < self.delay {
            self.waited += 1;
            return None;
        }
        self.waited = 0;
        if self.refuses == Some(name) {
            let (alert, reason) = REFUSAL;
            return Some(Answer::Refused { alert, reason });
        }
        Some(match question {
            Question::ClientHello(_) => Answer::Plan(Box::new(self.server_plan.clone())),
            Question::Sign { message, .. } => {
                let signature = self.key.sign(&SystemRandom::new(), message).unwrap();
                let mut signature = signature.as_ref().to_vec();
                let last = signature.len() - 1;
                signature[last] ^= u8::from(self.signs_badly);
                Answer::Signature(signature)
            }
            Question::PeerCertificate { .. } => Answer::Accepted,
            Question::ClientCertificate { .. } => Answer::Identity(self.identity.clone()),
            // A ticket that anyone can read does for tests.
            Question::SealTicket(plain) => Answer::Bytes(Some(plain.to_vec())),
            Question::OpenTicket(ticket) => Answer::Bytes(Some(ticket.clone())),
            Question::StoreSession { id, value } => {
                store().lock().unwrap().insert(id.clone(), value.to_vec());
                Answer::Stored(true)
            }
            Question::FindSession { id, remove: true } => {
                Answer::Bytes(store().lock().unwrap().remove(id))
            }
            Question::FindSession { id, remove: false } => {
                Answer::Bytes(store().lock().unwrap().get(id).cloned())
            }
            other => panic!("{other:?}"),
        })
    }
}

/// Sessions of all test servers; identifiers are random.
fn store() -> &'static Mutex<HashMap<Vec<u8>, Vec<u8>>> {
    static STORE: OnceLock<Mutex<HashMap<Vec<u8>, Vec<u8>>>> = OnceLock::new();
    STORE.get_or_init(Mutex::default)
}

/// The TLS error of a call that must have failed.
#[track_caller]
pub(crate) fn tls<T: core::fmt::Debug>(result: Result<T, CallError>) -> Error {
    match result {
        Err(CallError::Tls(error)) => error,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn name(question: &Question) -> &'static str {
    match question {
        Question::ClientHello(_) => "ClientHello",
        Question::Sign { .. } => "Sign",
        Question::PeerCertificate { .. } => "PeerCertificate",
        Question::ClientCertificate { .. } => "ClientCertificate",
        Question::SealTicket(_) => "SealTicket",
        Question::OpenTicket(_) => "OpenTicket",
        Question::StoreSession { .. } => "StoreSession",
        Question::FindSession { .. } => "FindSession",
        _ => "unknown",
    }
}

impl<T: Transport> Half<T> {
    /// A client.
    pub(crate) fn client(plan: &ClientPlan, end: T) -> Self {
        let context = Context::delegated(Side::Client, 4);
        Self {
            connection: Connection::delegated_client(&context, plan).unwrap(),
            end,
            owner: Owner {
                signature_check: Some(Arc::clone(&plan.signature_check)),
                ..Owner::new()
            },
        }
    }

    /// A server.
    pub(crate) fn server(end: T) -> Self {
        let context = Context::delegated(Side::Server, 4);
        Self {
            connection: Connection::delegated_server(&context).unwrap(),
            end,
            owner: Owner::new(),
        }
    }

    /// Runs the handshake until the transport blocks, a question waits or it is over.
    pub(crate) fn handshake(&mut self) -> Result<Outcome<()>, CallError> {
        loop {
            let outcome = drive::handshake(&mut self.connection, &mut self.end)?;
            let Some(question) = self.connection.question() else {
                return Ok(outcome);
            };
            match self.owner.decide(question) {
                Some(answer) => self.connection.answer(answer),
                None => return Ok(outcome),
            }
        }
    }

    pub(crate) fn write(&mut self, data: &[u8]) {
        let written = drive::write(&mut self.connection, &mut self.end, data).unwrap();
        assert_eq!(written, Outcome::Done(data.len()));
    }

    /// Everything that has arrived.
    pub(crate) fn read(&mut self) -> Vec<u8> {
        self.try_read().unwrap()
    }

    /// Goes on with the handshake, then reads.
    pub(crate) fn read_or_finish(&mut self) -> Result<Vec<u8>, CallError> {
        match self.handshake()? {
            Outcome::Done(()) => self.try_read(),
            Outcome::Want(_) => Ok(Vec::new()),
        }
    }

    /// Everything that has arrived, or why nothing more can.
    pub(crate) fn try_read(&mut self) -> Result<Vec<u8>, CallError> {
        let (mut all, mut piece) = (Vec::new(), [0; 1000]);
        loop {
            match drive::read(&mut self.connection, &mut self.end, &mut piece)? {
                Outcome::Done(Received::Data(n)) => all.extend_from_slice(&piece[..n]),
                _ => return Ok(all),
            }
        }
    }
}

impl Pair {
    /// A pair that has not started.
    pub(crate) fn fresh(plan: &ClientPlan) -> Self {
        let (client, server) = pipe();
        Self {
            client: Half::client(plan, client),
            server: Half::server(server),
        }
    }

    /// Runs both sides to the end.
    #[track_caller]
    pub(crate) fn handshake(&mut self) {
        for _ in 0..200 {
            let client = self.client.handshake().unwrap();
            let server = self.server.handshake().unwrap();
            if client == Outcome::Done(()) && server == Outcome::Done(()) {
                return;
            }
        }
        panic!("handshake does not end");
    }

    /// One message each way.
    #[track_caller]
    pub(crate) fn exchange(&mut self) {
        self.client.write(b"ping");
        assert_eq!(self.server.read(), b"ping");
        self.server.write(b"pong");
        assert_eq!(self.client.read(), b"pong");
    }
}
