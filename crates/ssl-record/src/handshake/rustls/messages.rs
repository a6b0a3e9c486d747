//! Handshake messages of a server that are read along: what hellos mean, certificates, tickets.
//!
//! Owns their layout as far as it is needed. What is malformed is left for rustls to refuse.

use crate::config::CipherSuite;
use crate::handshake::delegate::ProgressFacts;
use crate::hello::{ServerHello, TLS_EMPTY_RENEGOTIATION_INFO_SCSV, TLS_FALLBACK_SCSV};
use crate::record::ProtocolVersion;

/// Handshake types.
pub(super) mod kind {
    pub(in super::super) const CLIENT_HELLO: u8 = 1;
    pub(in super::super) const SERVER_HELLO: u8 = 2;
    pub(in super::super) const NEW_SESSION_TICKET: u8 = 4;
    pub(in super::super) const END_OF_EARLY_DATA: u8 = 5;
    pub(in super::super) const ENCRYPTED_EXTENSIONS: u8 = 8;
    pub(in super::super) const CERTIFICATE: u8 = 11;
    pub(in super::super) const SERVER_KEY_EXCHANGE: u8 = 12;
    pub(in super::super) const CERTIFICATE_REQUEST: u8 = 13;
    pub(in super::super) const CLIENT_KEY_EXCHANGE: u8 = 16;
    pub(in super::super) const FINISHED: u8 = 20;
    pub(in super::super) const CERTIFICATE_STATUS: u8 = 22;
}

/// End of the random of a TLS 1.3 server that chose TLS 1.2 (RFC 8446 section 4.1.3).
const DOWNGRADE_TO_TLS12: &[u8] = b"DOWNGRD\x01";

/// Whether the server selected a signal as if it were a suite.
pub(super) fn selects_a_signal(hello: &ServerHello<'_>) -> bool {
    [TLS_FALLBACK_SCSV, TLS_EMPTY_RENEGOTIATION_INFO_SCSV].contains(&hello.cipher_suite())
}

/// Whether a TLS 1.3 server says that it was made to choose TLS 1.2.
pub(super) fn has_downgrade_sentinel(hello: &ServerHello<'_>) -> bool {
    !is_tls13(hello) && hello.random().ends_with(DOWNGRADE_TO_TLS12)
}

/// Adds what a ServerHello or HelloRetryRequest says to the facts.
pub(super) fn tell(hello: &ServerHello<'_>, facts: &mut ProgressFacts) {
    const EXTENDED_MASTER_SECRET: u16 = 23;
    const RENEGOTIATION_INFO: u16 = 0xff01;
    facts.suite = CipherSuite::from_wire(hello.cipher_suite());
    if !hello.is_retry_request() {
        facts.server_random = Some(*hello.random());
    }
    if is_tls13(hello) {
        facts.version = Some(ProtocolVersion::Tls13);
        return;
    }
    facts.version = Some(ProtocolVersion::Tls12);
    facts.session_id = hello.session_id().into();
    facts.extended_master_secret = hello.extension(EXTENDED_MASTER_SECRET).is_some();
    facts.secure_renegotiation = hello.extension(RENEGOTIATION_INFO).is_some();
}

fn is_tls13(hello: &ServerHello<'_>) -> bool {
    hello.selected_version() == Ok(ProtocolVersion::Tls13.wire())
}

/// What a server shows of itself.
#[derive(Clone, Default)]
pub(super) struct Shown {
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) ocsp: Vec<u8>,
}

impl Shown {
    /// Reads the body of a Certificate message.
    pub(super) fn parse(version: ProtocolVersion, body: &[u8]) -> Option<Self> {
        const STATUS_REQUEST: u16 = 5;
        let mut rest = body;
        if version == ProtocolVersion::Tls13 {
            let [context] = take_array(&mut rest)?;
            take(&mut rest, context.into())?;
        }
        let mut list = take_counted(&mut rest)?;
        let mut shown = Self::default();
        while !list.is_empty() {
            let is_leaf = shown.chain.is_empty();
            shown.chain.push(take_counted(&mut list)?.to_vec());
            if version == ProtocolVersion::Tls13 {
                let len = u16::from_be_bytes(take_array(&mut list)?);
                for (kind, value) in extensions(take(&mut list, len.into())?) {
                    if is_leaf && kind == STATUS_REQUEST {
                        shown.ocsp = status(value)?.to_vec();
                    }
                }
            }
        }
        Some(shown)
    }
}

/// The OCSP response in the body of a CertificateStatus (RFC 6066 section 8).
pub(super) fn status(mut body: &[u8]) -> Option<&[u8]> {
    const OCSP: u8 = 1;
    let [kind] = take_array(&mut body)?;
    (kind == OCSP).then(|| take_counted(&mut body))?
}

/// Whether EncryptedExtensions accept early data.
pub(super) fn accepts_early_data(mut body: &[u8]) -> bool {
    let Some(_len): Option<[u8; 2]> = take_array(&mut body) else {
        return false;
    };
    extensions(body).any(|(kind, _)| kind == EARLY_DATA)
}

/// The body of a TLS 1.3 NewSessionTicket with `most` bytes of early data allowed; `None` if it is none,
/// or has the extension already.
pub(super) fn allow_early_data(body: &[u8], most: u32) -> Option<Vec<u8>> {
    let mut rest = body;
    take(&mut rest, 4 + 4)?; // Lifetime and what is added to the age.
    let [nonce] = take_array(&mut rest)?;
    take(&mut rest, nonce.into())?;
    let ticket = u16::from_be_bytes(take_array(&mut rest)?);
    take(&mut rest, ticket.into())?;
    let front = body.len() - rest.len();
    let list = rest.get(2..)?;
    if extensions(list).any(|(kind, _)| kind == EARLY_DATA) {
        return None;
    }
    let mut out = body[..front].to_vec();
    let len = u16::try_from(list.len() + 8).ok()?;
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(list);
    out.extend_from_slice(&EARLY_DATA.to_be_bytes());
    out.extend_from_slice(&[0, 4]);
    out.extend_from_slice(&most.to_be_bytes());
    Some(out)
}

/// The extension early_data (RFC 8446 section 4.2.10).
const EARLY_DATA: u16 = 42;

/// Type and contents of each extension, up to one that is cut off.
pub(super) fn extensions(mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    core::iter::from_fn(move || {
        let kind = u16::from_be_bytes(take_array(&mut rest)?);
        let len = u16::from_be_bytes(take_array(&mut rest)?);
        Some((kind, take(&mut rest, len.into())?))
    })
}

fn take<'a>(rest: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(n)?;
    *rest = left;
    Some(taken)
}

fn take_array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    take(rest, N)?.try_into().ok()
}

/// Bytes behind their 24-bit count.
fn take_counted<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let [high, middle, low] = take_array(rest)?;
    take(rest, u32::from_be_bytes([0, high, middle, low]) as usize)
}
