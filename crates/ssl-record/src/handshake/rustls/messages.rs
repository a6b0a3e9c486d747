//! Handshake messages of a server that are read along: what hellos mean, certificates, tickets.
//!
//! Owns their layout as far as it is needed. What is malformed is left for rustls to refuse.

use crate::config::CipherSuite;
use crate::handshake::delegate::ProgressFacts;
use crate::hello::{
    Malformed, Reader, ServerHello, TLS_EMPTY_RENEGOTIATION_INFO_SCSV, TLS_FALLBACK_SCSV,
};
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
    pub(super) fn parse(version: ProtocolVersion, body: &[u8]) -> Result<Self, Malformed> {
        const STATUS_REQUEST: u16 = 5;
        let mut body = Reader::new(body);
        if version == ProtocolVersion::Tls13 {
            let _context = body.vec8()?;
        }
        let mut list = Reader::new(body.vec24()?);
        let mut shown = Self::default();
        while !list.is_empty() {
            let is_leaf = shown.chain.is_empty();
            shown.chain.push(list.vec24()?.to_vec());
            if version == ProtocolVersion::Tls13 {
                for (kind, value) in extensions(list.vec16()?) {
                    if is_leaf && kind == STATUS_REQUEST {
                        shown.ocsp = status(value)?.to_vec();
                    }
                }
            }
        }
        Ok(shown)
    }
}

/// The OCSP response in the body of a CertificateStatus (RFC 6066 section 8).
pub(super) fn status(body: &[u8]) -> Result<&[u8], Malformed> {
    const OCSP: u8 = 1;
    let mut body = Reader::new(body);
    match body.u8()? {
        OCSP => body.vec24(),
        _ => Err(Malformed),
    }
}

/// Whether EncryptedExtensions accept early data.
pub(super) fn accepts_early_data(body: &[u8]) -> bool {
    let list = body.get(2..).unwrap_or_default();
    extensions(list).any(|(kind, _)| kind == EARLY_DATA)
}

/// Checks that the body of a TLS 1.3 NewSessionTicket is well-formed (RFC 8446 section 4.6.1).
pub(super) fn check_ticket(body: &[u8]) -> Result<(), Malformed> {
    let mut body = Reader::new(body);
    let ticket = ticket(&mut body)?;
    let mut list = Reader::new(body.vec16()?);
    while !list.is_empty() {
        extension(&mut list)?;
    }
    match ticket.is_empty() {
        true => Err(Malformed),
        false => body.end(),
    }
}

/// The body of a TLS 1.3 NewSessionTicket with `most` bytes of early data allowed; `None` if it is none,
/// or has the extension already.
pub(super) fn allow_early_data(body: &[u8], most: u32) -> Option<Vec<u8>> {
    let mut rest = Reader::new(body);
    ticket(&mut rest).ok()?;
    let (front, list) = body.split_at(body.len() - rest.len());
    let list = list.get(2..)?;
    if extensions(list).any(|(kind, _)| kind == EARLY_DATA) {
        return None;
    }
    let mut out = front.to_vec();
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

/// Takes the front of a NewSessionTicket, up to its extensions: the ticket.
fn ticket<'a>(body: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    let _lifetime_and_age: &[u8; 8] = body.array()?;
    let _nonce = body.vec8()?;
    body.vec16()
}

/// Type and contents of each extension, up to one that is cut off.
pub(super) fn extensions(list: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut list = Reader::new(list);
    core::iter::from_fn(move || extension(&mut list).ok())
}

fn extension<'a>(list: &mut Reader<'a>) -> Result<(u16, &'a [u8]), Malformed> {
    Ok((list.u16()?, list.vec16()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_well_formed_whole_or_not_at_all() {
        let front = &[0, 0, 0, 9, 1, 2, 3, 4, 1, 7][..];
        let good = [front, &[0, 2, b't', b't'], &[0, 4, 0, 42, 0, 0]].concat();
        assert_eq!(check_ticket(&good), Ok(()));
        for len in 0..good.len() {
            assert_eq!(check_ticket(&good[..len]), Err(Malformed), "{len}");
        }
        let longer = [&good[..], &[0]].concat();
        assert_eq!(check_ticket(&longer), Err(Malformed));
        let empty = [front, &[0, 0], &[0, 0]].concat();
        assert_eq!(check_ticket(&empty), Err(Malformed));
    }
}
