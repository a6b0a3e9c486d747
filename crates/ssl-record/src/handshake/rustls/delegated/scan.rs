//! What the plaintext part of a handshake says: hellos and TLS 1.2 tickets.
//!
//! Owns the reassembly of messages from plaintext records of one direction. Only reads along; what is
//! malformed is left for rustls to refuse.

use super::provider::FALLBACK_SCSV;
use crate::config::CipherSuite;
use crate::handshake::MESSAGE_HEADER_LEN;
use crate::handshake::delegate::ProgressFacts;
use crate::record::{ContentType, ProtocolVersion};

/// Longest message read along, which is more than rustls takes.
const MAX_MESSAGE: usize = 1 << 17;

/// Random of a ServerHello that is a HelloRetryRequest (RFC 8446 section 4.1.3).
const RETRY_REQUEST: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// End of the random of a TLS 1.3 server that chose TLS 1.2 (RFC 8446 section 4.1.3).
const DOWNGRADE_TO_TLS12: &[u8] = b"DOWNGRD\x01";

/// Handshake types.
const SERVER_HELLO: u8 = 2;
const NEW_SESSION_TICKET: u8 = 4;

/// The plaintext handshake records of one direction.
#[derive(Default)]
pub(super) struct Scan {
    partial: Vec<u8>,
    /// Keys are in use, or something is wrong: nothing more is read.
    over: bool,
    /// A ServerHello of TLS 1.3 was seen: change_cipher_spec means nothing.
    is_tls13: bool,
}

/// What a plaintext message says.
pub(super) enum Said {
    ServerHello(ServerHello),
    /// Body of a TLS 1.2 NewSessionTicket.
    Ticket(Vec<u8>),
}

/// A ServerHello or HelloRetryRequest.
pub(super) struct ServerHello {
    random: [u8; 32],
    session_id: Box<[u8]>,
    suite: u16,
    is_tls13: bool,
    extended_master_secret: bool,
}

impl Scan {
    /// Reads a record; what its messages say is appended to `said`.
    pub(super) fn record(&mut self, content_type: ContentType, body: &[u8], said: &mut Vec<Said>) {
        match content_type {
            ContentType::Handshake if !self.over => {}
            ContentType::ChangeCipherSpec if self.is_tls13 => return,
            ContentType::ChangeCipherSpec | ContentType::ApplicationData => {
                return self.stop();
            }
            ContentType::Handshake | ContentType::Alert => return,
        }
        self.partial.extend_from_slice(body);
        while let [kind, high, middle, low, ref rest @ ..] = self.partial[..] {
            let len = u32::from_be_bytes([0, high, middle, low]) as usize;
            if len > MAX_MESSAGE {
                return self.stop();
            }
            let Some(message) = rest.get(..len) else {
                return;
            };
            match kind {
                SERVER_HELLO => {
                    if let Some(hello) = server_hello(message) {
                        self.is_tls13 = hello.is_tls13;
                        said.push(Said::ServerHello(hello));
                    }
                }
                NEW_SESSION_TICKET => said.push(Said::Ticket(message.to_vec())),
                _ => {}
            }
            self.partial.drain(..MESSAGE_HEADER_LEN + len);
        }
    }

    fn stop(&mut self) {
        self.over = true;
        self.partial = Vec::new();
    }
}

impl ServerHello {
    /// Whether the server selected the fallback signal as if it were a suite.
    pub(super) fn selects_a_signal(&self) -> bool {
        self.suite == FALLBACK_SCSV || self.suite == 0x00ff
    }

    /// Whether a TLS 1.3 server says that it was made to choose TLS 1.2.
    pub(super) fn has_downgrade_sentinel(&self) -> bool {
        !self.is_tls13 && self.random.ends_with(DOWNGRADE_TO_TLS12)
    }

    /// Adds what it says to the facts.
    pub(super) fn tell(self, facts: &mut ProgressFacts) {
        facts.suite = CipherSuite::from_wire(self.suite);
        facts.version = Some(if self.is_tls13 {
            ProtocolVersion::Tls13
        } else {
            ProtocolVersion::Tls12
        });
        if self.random != RETRY_REQUEST {
            facts.server_random = Some(self.random);
        }
        if !self.is_tls13 {
            facts.session_id = self.session_id;
            facts.extended_master_secret = self.extended_master_secret;
        }
    }
}

fn server_hello(body: &[u8]) -> Option<ServerHello> {
    const EXTENDED_MASTER_SECRET: u16 = 23;
    const SUPPORTED_VERSIONS: u16 = 43;
    let (_version, rest) = body.split_at_checked(2)?;
    let (random, rest) = rest.split_first_chunk::<32>()?;
    let (&id_len, rest) = rest.split_first()?;
    let (session_id, rest) = rest.split_at_checked(id_len.into())?;
    let (suite, rest) = rest.split_first_chunk::<2>()?;
    let (_compression, rest) = rest.split_first()?;
    let mut hello = ServerHello {
        random: *random,
        session_id: session_id.into(),
        suite: u16::from_be_bytes(*suite),
        is_tls13: false,
        extended_master_secret: false,
    };
    let mut extensions = rest.get(2..).unwrap_or_default();
    while let Some((head, rest)) = extensions.split_first_chunk::<4>() {
        let len = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let (value, rest) = rest.split_at_checked(len)?;
        match u16::from_be_bytes([head[0], head[1]]) {
            EXTENDED_MASTER_SECRET => hello.extended_master_secret = true,
            SUPPORTED_VERSIONS => hello.is_tls13 = value == [3, 4],
            _ => {}
        }
        extensions = rest;
    }
    Some(hello)
}
