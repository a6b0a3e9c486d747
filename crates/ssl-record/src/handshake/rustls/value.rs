//! A server's session in the form that rustls stores it.
//!
//! Owns that form, which rustls keeps to itself: an owner with an encoding of its own takes a session
//! apart and puts it together again. A value that another rustls laid out differently is none.

use pki_types::DnsName;
use zeroize::Zeroizing;

use crate::config::CipherSuite;
use crate::handshake::session::BadSession;
use crate::record::ProtocolVersion;

/// A session of a delegated server, taken apart: what
/// [`Question::SealTicket`](crate::delegate::Question::SealTicket) and
/// [`Question::StoreSession`](crate::delegate::Question::StoreSession) hold, and what the answers to
/// [`Question::OpenTicket`](crate::delegate::Question::OpenTicket) and
/// [`Question::FindSession`](crate::delegate::Question::FindSession) are made of.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerSession {
    /// The suite, and with it the version.
    pub suite: CipherSuite,
    /// TLS 1.3: the ticket's pre-shared key. TLS 1.2: the master secret.
    pub secret: Zeroizing<Vec<u8>>,
    /// Whether TLS 1.2 used the extended master secret (RFC 7627).
    pub extended_master_secret: bool,
    /// The name the client asked for. A session is not resumed for another one, nor for an address or
    /// anything else that is not a name.
    pub server_name: Option<String>,
    /// The client's certificates, DER, leaf first; empty if it showed none.
    pub chain: Vec<Vec<u8>>,
    /// The application protocol.
    pub alpn: Option<Vec<u8>>,
    /// When it was made, seconds since 1970.
    pub created: u64,
    /// What a TLS 1.3 client adds to the age it tells.
    pub age_add: u32,
}

impl ServerSession {
    /// Takes a value apart.
    ///
    /// # Errors
    /// [`BadSession`] if it is not one.
    pub fn from_value(value: &[u8]) -> Result<Self, BadSession> {
        let mut rest = Rest(value);
        let server_name = match rest.present()? {
            true => Some(String::from_utf8(rest.counted(1)?.to_vec()).map_err(|_| BadSession)?),
            false => None,
        };
        let version = rest.number(2)?;
        let suite = u16::try_from(rest.number(2)?).map_err(|_| BadSession)?;
        let suite = CipherSuite::from_wire(suite).ok_or(BadSession)?;
        if version != u64::from(suite.version().wire()) {
            return Err(BadSession);
        }
        let session = Self {
            suite,
            secret: Zeroizing::new(rest.counted(1)?.to_vec()),
            extended_master_secret: rest.present()?,
            server_name,
            chain: match rest.present()? {
                true => chain(rest.counted(3)?)?,
                false => Vec::new(),
            },
            alpn: match rest.present()? {
                true => Some(rest.counted(1)?.to_vec()),
                false => None,
            },
            created: {
                // Data of an application that works on rustls itself: there is none here.
                rest.counted(2)?;
                rest.number(8)?
            },
            age_add: u32::try_from(rest.number(4)?).map_err(|_| BadSession)?,
        };
        if rest.0.is_empty() {
            Ok(session)
        } else {
            Err(BadSession)
        }
    }

    /// Puts a value together.
    pub fn to_value(&self) -> Zeroizing<Vec<u8>> {
        let chain: usize = self.chain.iter().map(|der| der.len() + 3).sum();
        // Enough, so that no copy of the secret is left behind by a vector that grows.
        let mut out = Zeroizing::new(Vec::with_capacity(chain + self.secret.len() + 600));
        let name = self.server_name.as_deref().map(str::to_ascii_lowercase);
        let name = name.filter(|name| DnsName::try_from(name.as_str()).is_ok());
        optional(&mut out, name.as_ref().map(String::as_bytes));
        out.extend_from_slice(&self.suite.version().wire().to_be_bytes());
        out.extend_from_slice(&self.suite.wire().to_be_bytes());
        counted(&mut out, 1, &self.secret);
        out.push(self.extended_master_secret.into());
        out.push((!self.chain.is_empty()).into());
        if !self.chain.is_empty() {
            out.extend_from_slice(&(chain as u32).to_be_bytes()[1..]);
            for der in &self.chain {
                counted(&mut out, 3, der);
            }
        }
        optional(&mut out, self.alpn.as_deref());
        counted(&mut out, 2, &[]);
        out.extend_from_slice(&self.created.to_be_bytes());
        out.extend_from_slice(&self.age_add.to_be_bytes());
        out
    }

    /// The version it was made with.
    pub fn version(&self) -> ProtocolVersion {
        self.suite.version()
    }
}

impl core::fmt::Debug for ServerSession {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ServerSession")
            .field("server_name", &self.server_name)
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}

/// What is left to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], BadSession> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or(BadSession)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self, octets: usize) -> Result<u64, BadSession> {
        let octets = self.take(octets)?.iter();
        Ok(octets.fold(0, |number, &octet| number << 8 | u64::from(octet)))
    }

    /// The mark before what may be missing.
    fn present(&mut self) -> Result<bool, BadSession> {
        match self.number(1)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(BadSession),
        }
    }

    /// Bytes behind a length of that many octets.
    fn counted(&mut self, octets: usize) -> Result<&'a [u8], BadSession> {
        let len = usize::try_from(self.number(octets)?).map_err(|_| BadSession)?;
        self.take(len)
    }
}

fn chain(list: &[u8]) -> Result<Vec<Vec<u8>>, BadSession> {
    let mut rest = Rest(list);
    let mut chain = Vec::new();
    while !rest.0.is_empty() {
        chain.push(rest.counted(3)?.to_vec());
    }
    Ok(chain)
}

/// Bytes that may be missing, with a length of one octet.
fn optional(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    out.push(bytes.is_some().into());
    if let Some(bytes) = bytes {
        counted(out, 1, bytes);
    }
}

/// Bytes behind a length of that many octets; what does not fit is cut off, and no handshake makes it.
fn counted(out: &mut Vec<u8>, octets: usize, bytes: &[u8]) {
    let most = (1 << (8 * octets)) - 1;
    let bytes = &bytes[..bytes.len().min(most)];
    let len = (bytes.len() as u32).to_be_bytes();
    out.extend_from_slice(&len[len.len() - octets..]);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> ServerSession {
        ServerSession {
            suite: CipherSuite::Aes128GcmSha256,
            secret: Zeroizing::new(vec![9; 32]),
            extended_master_secret: false,
            server_name: Some("example.org".into()),
            chain: vec![vec![1, 2, 3], vec![]],
            alpn: Some(b"h2".to_vec()),
            created: 1_700_000_000,
            age_add: 0x1234_5678,
        }
    }

    #[test]
    fn a_session_survives() {
        let bare = ServerSession {
            server_name: None,
            chain: Vec::new(),
            alpn: None,
            ..session()
        };
        for session in [session(), bare] {
            let value = session.to_value();
            assert_eq!(ServerSession::from_value(&value).unwrap(), session);
        }
    }

    #[test]
    fn no_prefix_and_nothing_longer_is_a_session() {
        let mut value = session().to_value().to_vec();
        for end in 0..value.len() {
            assert!(ServerSession::from_value(&value[..end]).is_err(), "{end}");
        }
        value.push(0);
        assert!(ServerSession::from_value(&value).is_err());
    }

    #[test]
    fn what_is_no_name_is_none() {
        for name in ["192.0.2.1", "a b", ""] {
            let session = ServerSession {
                server_name: Some(name.into()),
                ..session()
            };
            let back = ServerSession::from_value(&session.to_value()).unwrap();
            assert_eq!(back.server_name, None, "{name}");
        }
        let session = ServerSession {
            server_name: Some("EXAMPLE.org".into()),
            ..session()
        };
        let back = ServerSession::from_value(&session.to_value()).unwrap();
        assert_eq!(back.server_name.as_deref(), Some("example.org"));
    }

    #[test]
    fn debug_shows_no_secret() {
        assert!(!format!("{:?}", session()).contains('9'));
    }
}
