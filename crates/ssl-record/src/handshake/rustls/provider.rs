//! The cryptography of one handshake: suites and groups as configured or planned, the signals among them,
//! and random values that may begin with the time.
//!
//! Knows neither questions nor connections.

use std::cell::Cell;
use std::sync::{Arc, OnceLock};

use pki_types::UnixTime;
use rustls::crypto::cipher::{
    AeadKey, KeyBlockShape, MessageDecrypter, MessageEncrypter, Tls12AeadAlgorithm,
    UnsupportedOperationError,
};
use rustls::crypto::tls12::Prf;
use rustls::crypto::{
    ActiveKeyExchange, CipherSuiteCommon, CryptoProvider, GetRandomFailed, KeyExchangeAlgorithm,
    SecureRandom,
};
use rustls::{
    ConnectionTrafficSecrets, Error, SupportedCipherSuite, SupportedProtocolVersion,
    Tls12CipherSuite, version,
};

use super::setup::backend;
use super::tap::tapped;
use crate::config::{CipherSuite, NamedGroup};
use crate::hello::TLS_FALLBACK_SCSV;
use crate::record::ProtocolVersion;

/// What a plan says of cryptography.
pub(super) struct Choice<'a> {
    pub(super) min: ProtocolVersion,
    pub(super) max: ProtocolVersion,
    pub(super) suites: &'a [CipherSuite],
    pub(super) groups: &'a [NamedGroup],
    pub(super) fallback_scsv: bool,
    /// The signal of RFC 5746, which rustls adds by itself to a hello that offers TLS 1.2.
    pub(super) renegotiation_scsv: bool,
    pub(super) hello_time: bool,
}

impl Choice<'_> {
    /// The provider reduced to the choice; suites or groups may be none.
    pub(super) fn provider(&self) -> Arc<CryptoProvider> {
        let whole = whole();
        let mut cipher_suites: Vec<_> = self
            .suites
            .iter()
            .filter(|suite| (self.min..=self.max).contains(&suite.version()))
            .filter_map(|wanted| {
                let theirs = whole.cipher_suites.iter();
                let mut found = theirs.filter(|have| u16::from(have.suite()) == wanted.wire());
                found.next().map(|&suite| tapped(suite))
            })
            .collect();
        if self.renegotiation_scsv {
            cipher_suites.push(SupportedCipherSuite::Tls12(&RENEGOTIATION));
        }
        if self.fallback_scsv {
            cipher_suites.push(SupportedCipherSuite::Tls12(&FALLBACK));
        }
        let kx_groups = self.groups.iter().filter_map(|wanted| {
            let mut theirs = whole.kx_groups.iter();
            theirs.find(|have| u16::from(have.name()) == wanted.wire())
        });
        Arc::new(CryptoProvider {
            cipher_suites,
            kx_groups: kx_groups.copied().collect(),
            signature_verification_algorithms: whole.signature_verification_algorithms,
            secure_random: if self.hello_time {
                &TIMED
            } else {
                whole.secure_random
            },
            key_provider: whole.key_provider,
        })
    }

    /// The enabled versions that have at least one suite.
    pub(super) fn versions(&self) -> Vec<&'static SupportedProtocolVersion> {
        [
            (ProtocolVersion::Tls13, &version::TLS13),
            (ProtocolVersion::Tls12, &version::TLS12),
        ]
        .into_iter()
        .filter(|(ours, _)| (self.min..=self.max).contains(ours))
        .filter(|(ours, _)| self.suites.iter().any(|suite| suite.version() == *ours))
        .map(|(_, theirs)| theirs)
        .collect()
    }
}

fn whole() -> &'static CryptoProvider {
    static WHOLE: OnceLock<CryptoProvider> = OnceLock::new();
    WHOLE.get_or_init(backend::default_provider)
}

static FALLBACK: Tls12CipherSuite = signal(rustls::CipherSuite::Unknown(TLS_FALLBACK_SCSV));
static RENEGOTIATION: Tls12CipherSuite =
    signal(rustls::CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);

/// A signal in the shape of a suite, which no handshake can use: rustls offers what its provider lists
/// (statement F52). A server that selects it is stopped before rustls sees its hello.
const fn signal(suite: rustls::CipherSuite) -> Tls12CipherSuite {
    Tls12CipherSuite {
        common: CipherSuiteCommon {
            suite,
            hash_provider: backend_hash(),
            confidentiality_limit: 0,
        },
        kx: KeyExchangeAlgorithm::ECDHE,
        sign: &[],
        prf_provider: &Nothing,
        aead_alg: &Nothing,
    }
}

const fn backend_hash() -> &'static dyn rustls::crypto::hash::Hash {
    match backend::cipher_suite::TLS13_AES_128_GCM_SHA256 {
        SupportedCipherSuite::Tls13(suite) => suite.common.hash_provider,
        SupportedCipherSuite::Tls12(suite) => suite.common.hash_provider,
    }
}

struct Nothing;

impl Prf for Nothing {
    fn for_key_exchange(
        &self,
        _output: &mut [u8; 48],
        _kx: Box<dyn ActiveKeyExchange>,
        _peer_pub_key: &[u8],
        _label: &[u8],
        _seed: &[u8],
    ) -> Result<(), Error> {
        Err(Error::General("a signal, not a suite".to_owned()))
    }

    fn for_secret(&self, _output: &mut [u8], _secret: &[u8], _label: &[u8], _seed: &[u8]) {}
}

impl Tls12AeadAlgorithm for Nothing {
    fn encrypter(&self, _key: AeadKey, _iv: &[u8], _extra: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(Self)
    }

    fn decrypter(&self, _key: AeadKey, _iv: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(Self)
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        KeyBlockShape {
            enc_key_len: 0,
            fixed_iv_len: 0,
            explicit_nonce_len: 0,
        }
    }

    fn extract_keys(
        &self,
        _key: AeadKey,
        _iv: &[u8],
        _explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

impl MessageEncrypter for Nothing {
    fn encrypt(
        &mut self,
        _msg: rustls::crypto::cipher::OutboundPlainMessage<'_>,
        _seq: u64,
    ) -> Result<rustls::crypto::cipher::OutboundOpaqueMessage, Error> {
        Err(Error::EncryptError)
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        payload_len
    }
}

impl MessageDecrypter for Nothing {
    fn decrypt<'a>(
        &mut self,
        _msg: rustls::crypto::cipher::InboundOpaqueMessage<'a>,
        _seq: u64,
    ) -> Result<rustls::crypto::cipher::InboundPlainMessage<'a>, Error> {
        Err(Error::DecryptError)
    }
}

thread_local! {
    static NEXT: Cell<Next> = const { Cell::new(Next::Anything) };
}

/// What the next value drawn on this thread is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Anything,
    /// A client is being made: a value of two bytes comes just before its hello's random.
    AfterTwoBytes,
    /// The next value of 32 bytes is a hello's random.
    HelloRandom,
    /// The next value of 32 bytes is a session identifier, to be this one.
    Identifier([u8; 32]),
}

/// Says what will be drawn next; heeded where hello times or identifiers are chosen.
#[inline(never)]
pub(super) fn expect(next: Next) {
    // Mostly there is nothing to change, and a value to copy is longer than what tells it.
    if next != Next::Anything || NEXT.get() != Next::Anything {
        NEXT.set(next);
    }
}

/// Random values that heed [`Next::Identifier`], and with `hello_time` [`Next::HelloRandom`].
pub(super) fn chosen(hello_time: bool) -> &'static dyn SecureRandom {
    if hello_time { &TIMED } else { &UNTIMED }
}

static TIMED: ChosenRandom = ChosenRandom { hello_time: true };
static UNTIMED: ChosenRandom = ChosenRandom { hello_time: false };

/// The backend's random values, with the time at the front of hello randoms, and identifiers as told.
#[derive(Debug)]
struct ChosenRandom {
    hello_time: bool,
}

impl SecureRandom for ChosenRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        whole().secure_random.fill(bytes)?;
        match (NEXT.get(), bytes.len()) {
            (Next::AfterTwoBytes, 2) => NEXT.set(Next::HelloRandom),
            (Next::HelloRandom, 32) => {
                NEXT.set(Next::Anything);
                if self.hello_time {
                    let now = UnixTime::now().as_secs() as u32;
                    bytes[..4].copy_from_slice(&now.to_be_bytes());
                }
            }
            (Next::Identifier(identifier), 32) => {
                NEXT.set(Next::Anything);
                bytes.copy_from_slice(&identifier);
            }
            _ => {}
        }
        Ok(())
    }
}
