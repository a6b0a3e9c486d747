//! What is known of a connection: the peer, what it asked for, what was agreed.
//!
//! Owns a copy of it, filled in as the handshake goes, so that callbacks and accessors find it while
//! the engine is away or gone.

use std::cell::OnceCell;
use std::sync::Arc;

use openssl_sys::OPENSSL_STACK;
use ssl_record::Connection;
use ssl_record::delegate::{EarlyData, KeyShare, ProgressFacts};
use ssl_record::hello::{ClientHello, HelloFault, Numbers};
use ssl_record::record::ProtocolVersion;
use zeroize::Zeroizing;

use super::Ssl;
use crate::crypto::{NameStack, PointerStack, X509, X509Stack};
use crate::negotiate::suites::Suite;

/// See the module.
#[derive(Default)]
pub(crate) struct Facts {
    /// `TLS1_2_VERSION` or `TLS1_3_VERSION`.
    pub(crate) version: Option<u16>,
    pub(crate) suite: Option<&'static Suite>,
    /// The suite that was chosen, from before the ServerHello on.
    pub(crate) pending_suite: Option<&'static Suite>,
    /// Wire number of the key exchange group.
    pub(crate) group: Option<u16>,
    /// The ephemeral keys that were agreed by: ours and the peer's.
    pub(crate) key_share: Option<KeyShare>,
    pub(crate) peer_key_share: Option<KeyShare>,
    pub(crate) alpn: Box<[u8]>,
    pub(crate) resumed: bool,
    pub(crate) client_random: [u8; 32],
    pub(crate) server_random: [u8; 32],
    pub(crate) peer: Option<X509>,
    /// The peer's certificates as it sent them, leaf first.
    pub(crate) peer_chain: Option<Arc<X509Stack>>,
    /// What verification made of them.
    pub(crate) verified_chain: Option<Arc<X509Stack>>,
    /// Scheme numbers of the two handshake signatures.
    pub(crate) peer_scheme: Option<u16>,
    pub(crate) own_scheme: Option<u16>,
    pub(crate) extended_master_secret: bool,
    /// The server's certificate request was sent or received.
    pub(crate) certificate_requested: bool,
    pub(crate) peer_authorities: Option<Arc<NameStack>>,
    /// The schemes in the peer's certificate request or ClientHello.
    pub(crate) peer_schemes: Box<[u16]>,
    /// On servers: what stays of the client's hello.
    pub(crate) offered: Option<Box<Offered>>,
    /// On servers: the client's groups.
    pub(crate) peer_groups: Box<[u16]>,
    /// The version field of the hello.
    pub(crate) client_version: Option<u16>,
    /// The peer binds renegotiations to what came before (RFC 5746).
    pub(crate) secure_renegotiation: bool,
    /// `ClientCertificateType`s of a TLS 1.2 server's request.
    pub(crate) peer_certificate_types: Box<[u8]>,
    /// The OCSP response: on clients the one received, on servers the one to send.
    pub(crate) ocsp: Option<Vec<u8>>,
    pub(crate) status_requested: bool,
    /// On servers: the client wanted to send early data.
    pub(crate) early_data_offered: bool,
    /// What became of it.
    pub(crate) early_data: EarlyData,
    pub(crate) server_name_accepted: bool,
    /// On servers, the ClientHello message until the handshake is over.
    pub(crate) hello: Box<[u8]>,
    /// Until its server has made its first choices.
    pub(crate) is_reading_hello: bool,
    /// `verify_data` of both Finished messages.
    pub(crate) finished: Box<[u8]>,
    pub(crate) peer_finished: Box<[u8]>,
    /// TLS 1.2 master secret, or the TLS 1.3 secret that stands in its place in OpenSSL.
    pub(crate) master_secret: Zeroizing<Vec<u8>>,
}

/// What programs may ask about a hello at any time.
pub(crate) struct Offered {
    /// The suites as they were sent.
    pub(crate) suites: Box<[u8]>,
    pub(crate) point_formats: Option<Box<[u8]>>,
    /// The signature schemes for certificates, if they are others than those for handshakes.
    pub(crate) certificate_schemes: Option<Box<[u16]>>,
    /// The first choices of the server are made.
    is_answered: bool,
    /// How C sees the suites; made when first asked for.
    stack: OnceCell<Option<PointerStack>>,
}

impl Offered {
    fn of(hello: &ClientHello<'_>) -> Self {
        let schemes = hello.signature_algorithms_cert().ok().flatten();
        Self {
            suites: hello.cipher_suites_raw().into(),
            point_formats: hello.ec_point_formats().ok().flatten().map(Box::from),
            certificate_schemes: schemes.map(Iterator::collect),
            is_answered: false,
            stack: OnceCell::new(),
        }
    }

    /// The suites, as far as we have them, once the server has made its first choices.
    pub(crate) fn known(&self) -> Option<impl Iterator<Item = &'static Suite> + '_> {
        let numbers = self.suites.chunks_exact(2);
        let numbers = numbers.map(|number| u16::from_be_bytes([number[0], number[1]]));
        self.is_answered
            .then(|| numbers.filter_map(Suite::from_wire))
    }

    /// The same as C sees them; NULL before, or without memory.
    pub(crate) fn stack(&self) -> *mut OPENSSL_STACK {
        let Some(known) = self.known() else {
            return std::ptr::null_mut();
        };
        let make = || PointerStack::of(known.map(std::ptr::from_ref));
        let stack = self.stack.get_or_init(make).as_ref();
        stack.map_or(std::ptr::null_mut(), PointerStack::as_ptr)
    }
}

impl Facts {
    pub(super) fn note_hello(&mut self, message: &[u8], hello: &ClientHello<'_>) {
        if self.hello.is_empty() {
            self.hello = message.into();
            self.offered = Some(Box::new(Offered::of(hello)));
            self.is_reading_hello = true;
            self.client_random = *hello.random();
            self.early_data_offered = hello.offers_early_data().unwrap_or_default();
            self.client_version = Some(hello.legacy_version());
        }
    }

    /// The server's first choices are made.
    pub(super) fn note_choices(&mut self) {
        self.is_reading_hello = false;
        if let Some(offered) = &mut self.offered {
            offered.is_answered = true;
        }
    }

    /// The handshake is over: what else may be asked of the hello was noted.
    pub(super) fn forget_hello(&mut self) {
        self.hello = Box::default();
    }

    /// What the client can verify and which groups it has.
    pub(super) fn note_extensions(&mut self, hello: &ClientHello<'_>) -> Result<(), HelloFault> {
        let numbers = |list: Option<Numbers<'_>>| list.map(Iterator::collect).unwrap_or_default();
        self.peer_schemes = numbers(hello.signature_algorithms()?);
        self.peer_groups = numbers(hello.supported_groups()?);
        let has_extension = hello.renegotiation_info()?.is_some();
        self.secure_renegotiation = hello.offers_renegotiation_scsv()
            || (has_extension && self.version == Some(crate::method::TLS1_2));
        Ok(())
    }

    fn note(&mut self, progress: &ProgressFacts) {
        if let Some(version) = progress.version {
            self.version = Some(version.wire());
        }
        if let Some(suite) = progress.suite {
            self.suite = Suite::from_wire(suite.wire());
            self.pending_suite = self.suite;
        }
        if let Some(random) = progress.client_random {
            self.client_random = random;
        }
        if let Some(random) = progress.server_random {
            self.server_random = random;
        }
        self.early_data = progress.early_data;
        self.certificate_requested |= progress.certificate_requested;
        self.peer_certificate_types
            .clone_from(&progress.certificate_types);
        self.extended_master_secret = progress.extended_master_secret;
        self.secure_renegotiation |= progress.secure_renegotiation;
        self.peer_scheme = progress.peer_signature_scheme.or(self.peer_scheme);
        self.own_scheme = progress.signature_scheme.or(self.own_scheme);
    }
}

impl Ssl {
    /// Whether TLS 1.3 was agreed on.
    pub(crate) fn is_tls13(&self) -> bool {
        self.facts.borrow().version == Some(crate::method::TLS1_3)
    }

    /// Copies what the engine knows so far.
    pub(super) fn note_progress(&self, engine: &Connection) {
        if let Some(progress) = engine.progress_facts() {
            self.facts.borrow_mut().note(progress);
        }
    }

    /// Copies what was agreed.
    pub(super) fn note_negotiated(&self, engine: &Connection) {
        self.note_progress(engine);
        let Some(negotiated) = engine.negotiated() else {
            return;
        };
        let mut facts = self.facts.borrow_mut();
        if let Some(progress) = engine.progress_facts() {
            // In TLS 1.2 OpenSSL keeps the server's key on clients, and no other.
            let is_tls13 = negotiated.version == ProtocolVersion::Tls13;
            let own = progress.key_share.as_ref().filter(|_| is_tls13);
            let peer = progress.peer_key_share.as_ref();
            facts.key_share = own.cloned();
            facts.peer_key_share = peer.filter(|_| is_tls13 || !self.is_server()).cloned();
        }
        facts.version = Some(negotiated.version.wire());
        facts.suite = Suite::from_wire(negotiated.suite.wire());
        facts.pending_suite = facts.suite;
        facts.group = negotiated.group.map(|group| group.wire());
        facts.resumed = negotiated.resumed;
        let alpn = negotiated.alpn.as_deref().unwrap_or_default();
        // The application may hold a pointer to it.
        if *facts.alpn != *alpn {
            facts.alpn = alpn.into();
        }
        if let Some((own, peer)) = engine.finished() {
            facts.finished = own.into();
            facts.peer_finished = peer.into();
        }
        if let Some(secret) = engine.master_secret() {
            facts.master_secret = secret;
        }
        drop(facts);
        self.note_missing_certificate();
    }

    /// Who the peer is, and its certificates. Those before are freed outside the borrow: that may call back.
    pub(super) fn note_peer(&self, peer: Option<X509>, chain: Option<Arc<X509Stack>>) {
        let mut facts = self.facts.borrow_mut();
        let old = (
            std::mem::replace(&mut facts.peer, peer),
            std::mem::replace(&mut facts.peer_chain, chain),
        );
        drop(facts);
        drop(old);
    }

    /// A client that was asked for a certificate and has none shows an empty list.
    fn note_missing_certificate(&self) {
        let is_missing = {
            let facts = self.facts.borrow();
            facts.certificate_requested && !facts.resumed && facts.peer_chain.is_none()
        };
        if is_missing {
            let empty = X509Stack::new().map(Arc::new);
            self.facts.borrow_mut().peer_chain = empty;
        }
    }
}
