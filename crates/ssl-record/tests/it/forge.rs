//! Records that no well-behaved peer sends, sealed with the real keys of an established pair.
//!
//! Owns the derivation of traffic keys from the key log. It must not use the crate's own sealing: a
//! fault there would hide itself.

use std::sync::{Arc, Mutex};

use ring::{aead, hkdf, hmac};
use ssl_record::Context;
use ssl_record::config::CipherSuite;
use ssl_record::record::ProtocolVersion;
use ssl_testkit::hello;

use crate::pair::{Pair, configs};

pub(crate) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(crate) const ALERT: u8 = 21;
pub(crate) const HANDSHAKE: u8 = 22;
pub(crate) const DATA: u8 = 23;

/// The KeyUpdate message that asks for none in return.
pub(crate) const KEY_UPDATE: [u8; 5] = [24, 0, 0, 1, 0];

/// A NewSessionTicket of 24 bytes that any client takes; `nonce` tells two apart.
pub(crate) fn ticket(nonce: u8) -> Vec<u8> {
    let mut message = vec![4, 0, 0, 20, 0, 0, 0x0e, 0x10, 1, 2, 3, 4, 1, nonce, 0, 6];
    message.extend_from_slice(b"ticket\0\0");
    message
}

/// A pair whose records can be forged in both directions. A side that was forged for must not write
/// itself any more: its numbers are used up.
pub(crate) struct Forged {
    pub(crate) pair: Pair,
    /// Seals what the client would send.
    pub(crate) client: Forge,
    /// Seals what the server would send.
    pub(crate) server: Forge,
}

/// One direction's key.
pub(crate) struct Forge {
    secret: Vec<u8>,
    key: aead::LessSafeKey,
    iv: Vec<u8>,
    version: ProtocolVersion,
    number: u64,
}

impl Forged {
    /// An established pair without tickets.
    pub(crate) fn established(version: ProtocolVersion) -> Self {
        let suite = match version {
            ProtocolVersion::Tls13 => CipherSuite::Aes128GcmSha256,
            ProtocolVersion::Tls12 => CipherSuite::EcdheEcdsaAes128Gcm,
        };
        let lines = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&lines);
        let (client, server) = configs(version);
        let client = client
            .cipher_suites(&[suite])
            .key_log(Arc::new(move |line| {
                log.lock().unwrap().push(line.to_owned());
            }));
        let client = Context::client(client).unwrap();
        let server = Context::server(server.tls13_tickets(0)).unwrap();
        let pair = Pair::connected(&client, &server);
        let lines = lines.lock().unwrap();
        let (client, server) = match version {
            ProtocolVersion::Tls13 => (
                Forge::tls13(secret(&lines, "CLIENT_TRAFFIC_SECRET_0")),
                Forge::tls13(secret(&lines, "SERVER_TRAFFIC_SECRET_0")),
            ),
            ProtocolVersion::Tls12 => Forge::tls12(&secret(&lines, "CLIENT_RANDOM"), &pair),
        };
        Self {
            pair,
            client,
            server,
        }
    }

    /// Sends the client a record as if the server had.
    pub(crate) fn send_to_client(&mut self, content_type: u8, fragment: &[u8]) {
        let record = self.server.seal(content_type, fragment);
        self.pair.client.end.incoming().push_raw(&record);
    }

    /// Sends the server a record as if the client had.
    pub(crate) fn send_to_server(&mut self, content_type: u8, fragment: &[u8]) {
        let record = self.client.seal(content_type, fragment);
        self.pair.server.end.incoming().push_raw(&record);
    }

    /// Sends the client a TLS 1.3 record with this inner plaintext, type and padding included.
    pub(crate) fn send_inner_to_client(&mut self, inner: &[u8]) {
        let record = self.server.seal_inner(DATA, inner);
        self.pair.client.end.incoming().push_raw(&record);
    }

    /// The descriptions of the alerts that the client has sent and the server not read, opened with
    /// the client's key. In TLS 1.3 it must have sent nothing else since the handshake.
    pub(crate) fn alerts_of_client(&mut self) -> Vec<(u8, u8)> {
        let wire = self.pair.server.end.incoming().take_raw();
        let open = |record: ssl_testkit::wire::WireRecord| {
            let opened = self.client.open(&record.encode());
            assert_eq!(opened.0, ALERT);
            (opened.1[0], opened.1[1])
        };
        ssl_testkit::wire::records(&wire)
            .into_iter()
            .map(open)
            .collect()
    }
}

impl Forge {
    fn tls13(secret: Vec<u8>) -> Self {
        let key = expand_label(&secret, "key", 16);
        Self {
            key: aes(&key),
            iv: expand_label(&secret, "iv", 12),
            secret,
            version: ProtocolVersion::Tls13,
            number: 0,
        }
    }

    /// Both directions from the master secret; record 0 was the Finished message (RFC 5246 section
    /// 6.3).
    fn tls12(master: &[u8], pair: &Pair) -> (Self, Self) {
        let client = hello::first(&pair.client.end.outgoing().wire()).unwrap();
        let server = hello::first(&pair.server.end.outgoing().wire()).unwrap();
        let seed = [
            &b"key expansion"[..],
            &server.random[..],
            &client.random[..],
        ]
        .concat();
        let block = p_sha256(master, &seed, 40);
        let forge = |key: &[u8], iv: &[u8]| Self {
            secret: Vec::new(),
            key: aes(key),
            iv: iv.to_vec(),
            version: ProtocolVersion::Tls12,
            number: 1,
        };
        (
            forge(&block[..16], &block[32..36]),
            forge(&block[16..32], &block[36..]),
        )
    }

    /// Moves on to the next key (RFC 8446 section 7.2).
    pub(crate) fn update(&mut self) {
        *self = Self::tls13(expand_label(&self.secret, "traffic upd", 32));
    }

    /// One protected record.
    pub(crate) fn seal(&mut self, content_type: u8, fragment: &[u8]) -> Vec<u8> {
        match self.version {
            ProtocolVersion::Tls13 => {
                self.seal_inner(DATA, &[fragment, &[content_type][..]].concat())
            }
            ProtocolVersion::Tls12 => self.seal_tls12(content_type, fragment),
        }
    }

    /// One TLS 1.3 record with this outer content type around this inner plaintext.
    pub(crate) fn seal_inner(&mut self, outer: u8, inner: &[u8]) -> Vec<u8> {
        let mut sealed = inner.to_vec();
        let len = (sealed.len() + 16) as u16;
        let header = [outer, 3, 3, (len >> 8) as u8, len as u8];
        let nonce = self.nonce_tls13();
        self.key
            .seal_in_place_append_tag(nonce, aead::Aad::from(header), &mut sealed)
            .unwrap();
        self.number += 1;
        [&header[..], &sealed].concat()
    }

    fn seal_tls12(&mut self, content_type: u8, fragment: &[u8]) -> Vec<u8> {
        let explicit = self.number.to_be_bytes();
        let mut sealed = fragment.to_vec();
        let additional = self.additional_tls12(content_type, fragment.len());
        self.key
            .seal_in_place_append_tag(self.nonce_tls12(&explicit), additional, &mut sealed)
            .unwrap();
        self.number += 1;
        let len = (sealed.len() + 8) as u16;
        let header = [content_type, 3, 3, (len >> 8) as u8, len as u8];
        [&header[..], &explicit, &sealed].concat()
    }

    /// Content type and fragment of a record of this direction.
    fn open(&mut self, record: &[u8]) -> (u8, Vec<u8>) {
        let (header, body) = record.split_at(5);
        match self.version {
            ProtocolVersion::Tls13 => {
                let header: [u8; 5] = header.try_into().unwrap();
                let nonce = self.nonce_tls13();
                let mut sealed = body.to_vec();
                let inner = self
                    .key
                    .open_in_place(nonce, aead::Aad::from(header), &mut sealed)
                    .unwrap();
                self.number += 1;
                let (content_type, fragment) = inner.split_last().unwrap();
                (*content_type, fragment.to_vec())
            }
            ProtocolVersion::Tls12 => {
                let (explicit, sealed) = body.split_at(8);
                let additional = self.additional_tls12(header[0], sealed.len() - 16);
                let nonce = self.nonce_tls12(explicit);
                let mut sealed = sealed.to_vec();
                let fragment = self.key.open_in_place(nonce, additional, &mut sealed);
                let fragment = fragment.unwrap().to_vec();
                self.number += 1;
                (header[0], fragment)
            }
        }
    }

    fn nonce_tls13(&self) -> aead::Nonce {
        let mut nonce: [u8; 12] = self.iv[..].try_into().unwrap();
        for (byte, number) in nonce[4..].iter_mut().zip(self.number.to_be_bytes()) {
            *byte ^= number;
        }
        aead::Nonce::assume_unique_for_key(nonce)
    }

    fn nonce_tls12(&self, explicit: &[u8]) -> aead::Nonce {
        let nonce = [&self.iv[..], explicit].concat();
        aead::Nonce::try_assume_unique_for_key(&nonce).unwrap()
    }

    fn additional_tls12(&self, content_type: u8, len: usize) -> aead::Aad<Vec<u8>> {
        let mut additional = self.number.to_be_bytes().to_vec();
        additional.extend_from_slice(&[content_type, 3, 3, (len >> 8) as u8, len as u8]);
        aead::Aad::from(additional)
    }
}

/// The secret in the key log line with this label.
pub(crate) fn secret(lines: &[String], label: &str) -> Vec<u8> {
    let fields: Vec<&str> = lines
        .iter()
        .map(|line| line.split(' ').collect::<Vec<_>>())
        .find(|fields| fields[0] == label)
        .unwrap_or_else(|| panic!("no {label} in the key log"));
    let hex = fields[2].as_bytes().chunks(2);
    hex.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn aes(key: &[u8]) -> aead::LessSafeKey {
    aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_128_GCM, key).unwrap())
}

struct Len(usize);

impl hkdf::KeyType for Len {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-Expand-Label with an empty context (RFC 8446 section 7.1), SHA-256.
pub(crate) fn expand_label(secret: &[u8], label: &str, len: usize) -> Vec<u8> {
    let label = format!("tls13 {label}");
    let lengths = [0, len as u8, label.len() as u8];
    let info = [&lengths[..], label.as_bytes(), &[0]];
    let mut out = vec![0; len];
    hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, secret)
        .expand(&info, Len(len))
        .and_then(|okm| okm.fill(&mut out))
        .unwrap();
    out
}

/// The PRF of TLS 1.2 (RFC 5246 section 5), label and seed already joined.
fn p_sha256(secret: &[u8], seed: &[u8], len: usize) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let (mut out, mut a) = (Vec::new(), seed.to_vec());
    while out.len() < len {
        a = hmac::sign(&key, &a).as_ref().to_vec();
        out.extend_from_slice(hmac::sign(&key, &[&a[..], seed].concat()).as_ref());
    }
    out.truncate(len);
    out
}
