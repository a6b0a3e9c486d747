//! `ClientSession`: what a client needs to resume, as a value that can be stored.
//!
//! Owns the encoding. Does not know how a handshake makes or uses a session.

use std::sync::{Arc, OnceLock};

use zeroize::{Zeroize, Zeroizing};

use super::Negotiated;
use super::rustls::Stock;
use crate::config::CipherSuite;
use crate::protect::Secret;
use crate::record::ProtocolVersion;

/// First bytes of an encoded session: a name and a version of the encoding.
const MAGIC: &[u8; 6] = b"SSLR\x00\x01";

/// A session of a client, to be resumed later, possibly by another process.
///
/// It holds the secret that resumption rests on: whoever has it can resume the session and, in TLS
/// 1.2, read what was sent under it. Keep it as safe as a private key. It is wiped when dropped.
#[derive(Clone)]
pub struct ClientSession {
    pub(crate) server_name: Box<str>,
    pub(crate) suite: CipherSuite,
    pub(crate) chain: Box<[Box<[u8]>]>,
    pub(crate) resumable: Resumable,
    /// TLS 1.2; not part of the encoding.
    pub(crate) session_id: Box<[u8]>,
    /// TLS 1.2; not part of the encoding.
    pub(crate) extended_master_secret: bool,
    alpn: Option<Box<[u8]>>,
    /// What delegated handshakes resume from, made when it is first needed.
    stock: Arc<OnceLock<Option<Stock>>>,
}

/// The parts of a session, for owners with an encoding of their own.
#[derive(Clone)]
pub struct SessionParts {
    /// The suite, and with it the version.
    pub suite: CipherSuite,
    /// TLS 1.3: the ticket's pre-shared key. TLS 1.2: the master secret.
    pub secret: Zeroizing<Vec<u8>>,
    /// The ticket; empty for a TLS 1.2 session that has none.
    pub ticket: Vec<u8>,
    /// The session identifier in TLS 1.2.
    pub session_id: Vec<u8>,
    /// How long the ticket may be used, seconds; in TLS 1.2 a hint, and 0 for unknown.
    pub lifetime: u32,
    /// What is added to the ticket's age in TLS 1.3.
    pub age_add: u32,
    /// When it was received, seconds since 1970.
    pub received: u64,
    /// The server's certificates, DER, leaf first.
    pub chain: Vec<Vec<u8>>,
    /// Early data the server accepts with this ticket, bytes.
    pub max_early_data: u32,
    /// The application protocol.
    pub alpn: Option<Vec<u8>>,
    /// Whether TLS 1.2 used the extended master secret (RFC 7627). One that did not is only resumed in
    /// the process that made it.
    pub extended_master_secret: bool,
    /// The server it is for.
    pub server_name: String,
}

/// What the key schedule and the server's ticket contribute to a session.
#[derive(Clone)]
pub(crate) struct Resumable {
    /// TLS 1.3: the ticket's pre-shared key. TLS 1.2: the master secret.
    pub(crate) secret: Secret,
    /// The body of the NewSessionTicket message.
    pub(crate) ticket: Box<[u8]>,
    /// When it was received, in seconds since 1970.
    pub(crate) received: u64,
}

/// Bytes that are not an encoded session of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a stored session; delete the file and connect without it")]
pub struct BadSession;

impl ClientSession {
    pub(crate) fn new(server_name: &str, negotiated: &Negotiated, resumable: Resumable) -> Self {
        Self {
            server_name: server_name.into(),
            suite: negotiated.suite,
            chain: negotiated.peer_certificates.clone(),
            resumable,
            session_id: negotiated.session_id.clone(),
            extended_master_secret: negotiated.extended_master_secret,
            alpn: negotiated.alpn.clone(),
            stock: Arc::default(),
        }
    }

    /// The same with what delegated handshakes resume from.
    pub(crate) fn with_stock(self, stock: Stock) -> Self {
        Self {
            stock: Arc::new(OnceLock::from(Some(stock))),
            ..self
        }
    }

    /// What delegated handshakes resume from; `make` is used once, and may fail.
    pub(crate) fn stock(&self, make: impl FnOnce() -> Option<Stock>) -> Option<&Stock> {
        self.stock.get_or_init(make).as_ref()
    }

    /// Puts a session together.
    ///
    /// # Errors
    /// [`BadSession`] if a secret or ticket is longer than any.
    pub fn from_parts(parts: &SessionParts) -> Result<Self, BadSession> {
        let mut body = parts.lifetime.to_be_bytes().to_vec();
        let is_tls13 = parts.suite.version() == ProtocolVersion::Tls13;
        if is_tls13 {
            body.extend_from_slice(&parts.age_add.to_be_bytes());
            body.push(0); // No nonce: the secret is known.
        }
        let len = u16::try_from(parts.ticket.len()).map_err(|_| BadSession)?;
        body.extend_from_slice(&len.to_be_bytes());
        body.extend_from_slice(&parts.ticket);
        if is_tls13 && parts.max_early_data > 0 {
            body.extend_from_slice(&[0, 8, 0, EARLY_DATA, 0, 4]);
            body.extend_from_slice(&parts.max_early_data.to_be_bytes());
        } else if is_tls13 {
            body.extend_from_slice(&[0, 0]);
        }
        Ok(Self {
            server_name: parts.server_name.as_str().into(),
            suite: parts.suite,
            chain: parts
                .chain
                .iter()
                .map(|der| der.as_slice().into())
                .collect(),
            resumable: Resumable {
                secret: Secret::new(&parts.secret).ok_or(BadSession)?,
                ticket: body.into(),
                received: parts.received,
            },
            session_id: parts.session_id.as_slice().into(),
            extended_master_secret: parts.extended_master_secret,
            alpn: parts.alpn.as_deref().map(Into::into),
            stock: Arc::default(),
        })
    }

    /// Takes the session apart.
    pub fn parts(&self) -> SessionParts {
        let is_tls13 = self.suite.version() == ProtocolVersion::Tls13;
        let body = Body::parse(&self.resumable.ticket, is_tls13).unwrap_or_default();
        SessionParts {
            suite: self.suite,
            secret: Zeroizing::new(self.resumable.secret.bytes().to_vec()),
            ticket: body.ticket.to_vec(),
            session_id: self.session_id.to_vec(),
            lifetime: body.lifetime,
            age_add: body.age_add,
            received: self.resumable.received,
            chain: self.chain.iter().map(|der| der.to_vec()).collect(),
            max_early_data: body.max_early_data,
            alpn: self.alpn.as_deref().map(Into::into),
            extended_master_secret: self.extended_master_secret,
            server_name: self.server_name.clone().into(),
        }
    }

    /// The server it is for.
    pub fn server_name(&self) -> &str {
        &self.server_name
    }

    /// The suite it was made with.
    pub fn suite(&self) -> CipherSuite {
        self.suite
    }

    /// The session as bytes; see the warning above.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(MAGIC.to_vec());
        out.extend_from_slice(&self.suite.wire().to_be_bytes());
        out.extend_from_slice(&self.resumable.received.to_be_bytes());
        let texts = [
            self.server_name.as_bytes(),
            self.resumable.secret.bytes(),
            &self.resumable.ticket,
        ];
        for bytes in texts
            .into_iter()
            .chain(self.chain.iter().map(AsRef::as_ref))
        {
            out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
            out.extend_from_slice(bytes);
        }
        out
    }

    /// Reads what [`ClientSession::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`BadSession`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadSession> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(BadSession)?;
        let suite =
            CipherSuite::from_wire(u16::from_be_bytes(take_array(&mut rest)?)).ok_or(BadSession)?;
        let received = u64::from_be_bytes(take_array(&mut rest)?);
        let name = core::str::from_utf8(take_counted(&mut rest)?).map_err(|_| BadSession)?;
        let secret = Secret::new(take_counted(&mut rest)?).ok_or(BadSession)?;
        let ticket = take_counted(&mut rest)?.into();
        let mut chain = Vec::new();
        while !rest.is_empty() {
            chain.push(take_counted(&mut rest)?.into());
        }
        let resumable = Resumable {
            secret,
            ticket,
            received,
        };
        Ok(Self {
            server_name: name.into(),
            suite,
            chain: chain.into(),
            resumable,
            session_id: Box::default(),
            // All that were ever stored did.
            extended_master_secret: true,
            alpn: None,
            stock: Arc::default(),
        })
    }
}

impl core::fmt::Debug for SessionParts {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SessionParts")
            .field("server_name", &self.server_name)
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}

impl core::fmt::Debug for ClientSession {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ClientSession")
            .field("server_name", &self.server_name)
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}

impl Drop for Resumable {
    fn drop(&mut self) {
        self.ticket.zeroize();
    }
}

/// The early_data extension of a ticket (RFC 8446 section 4.6.1).
const EARLY_DATA: u8 = 42;

/// The body of a NewSessionTicket (RFC 5077 section 3.3, RFC 8446 section 4.6.1).
#[derive(Default)]
struct Body<'a> {
    lifetime: u32,
    age_add: u32,
    ticket: &'a [u8],
    max_early_data: u32,
}

impl<'a> Body<'a> {
    fn parse(body: &'a [u8], is_tls13: bool) -> Result<Self, BadSession> {
        let mut rest = body;
        let mut parsed = Self {
            lifetime: u32::from_be_bytes(take_array(&mut rest)?),
            ..Self::default()
        };
        if is_tls13 {
            parsed.age_add = u32::from_be_bytes(take_array(&mut rest)?);
            let [nonce] = take_array(&mut rest)?;
            take(&mut rest, nonce.into())?;
        }
        let len = u16::from_be_bytes(take_array(&mut rest)?);
        parsed.ticket = take(&mut rest, len.into())?;
        if is_tls13 {
            let _len: [u8; 2] = take_array(&mut rest)?;
            while !rest.is_empty() {
                let [_, kind, high, low] = take_array(&mut rest)?;
                let value = take(&mut rest, u16::from_be_bytes([high, low]).into())?;
                if let (EARLY_DATA, Ok(size)) = (kind, value.try_into()) {
                    parsed.max_early_data = u32::from_be_bytes(size);
                }
            }
        }
        Ok(parsed)
    }
}

fn take<'a>(rest: &mut &'a [u8], n: usize) -> Result<&'a [u8], BadSession> {
    let (taken, left) = rest.split_at_checked(n).ok_or(BadSession)?;
    *rest = left;
    Ok(taken)
}

fn take_array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], BadSession> {
    take(rest, N)?.try_into().map_err(|_| BadSession)
}

fn take_counted<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], BadSession> {
    let n = u32::from_be_bytes(take_array(rest)?);
    take(rest, usize::try_from(n).map_err(|_| BadSession)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> ClientSession {
        ClientSession {
            server_name: "example.org".into(),
            suite: CipherSuite::Aes128GcmSha256,
            chain: Box::new([Box::new([1, 2, 3]), Box::new([])]),
            resumable: Resumable {
                secret: Secret::new(&[9; 32]).unwrap(),
                ticket: Box::new([4; 200]),
                received: 1_700_000_000,
            },
            session_id: Box::default(),
            extended_master_secret: true,
            alpn: None,
            stock: Arc::default(),
        }
    }

    #[test]
    fn a_session_survives_storage() {
        let bytes = session().to_bytes();
        let back = ClientSession::from_bytes(&bytes).unwrap();
        assert_eq!(back.to_bytes(), bytes);
        assert_eq!(back.server_name(), "example.org");
    }

    #[test]
    fn no_prefix_and_no_lie_about_lengths_is_accepted() {
        let session = session();
        let bytes = session.to_bytes();
        let first_certificate = bytes.len() - 4 - 3 - 4;
        for end in 0..bytes.len() {
            let cut = ClientSession::from_bytes(&bytes[..end]);
            // Without its last certificates the encoding is still one, of a shorter chain.
            let whole = [first_certificate, first_certificate + 7].contains(&end);
            assert_eq!(cut.is_ok(), whole, "{end} bytes");
        }
        let mut lie = bytes.clone();
        lie[16..20].copy_from_slice(&u32::MAX.to_be_bytes());
        assert!(ClientSession::from_bytes(&lie).is_err());
    }

    #[test]
    fn debug_shows_no_secret() {
        assert!(!format!("{:?}", session()).contains('9'));
    }
}
