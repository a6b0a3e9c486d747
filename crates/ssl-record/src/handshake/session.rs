//! `ClientSession`: what a client needs to resume, as a value that can be stored.
//!
//! Owns the encoding. Does not know how a handshake makes or uses a session.

use zeroize::{Zeroize, Zeroizing};

use super::Negotiated;
use crate::config::CipherSuite;
use crate::protect::Secret;

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
        })
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
