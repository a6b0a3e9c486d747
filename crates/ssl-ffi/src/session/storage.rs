//! Sessions to and from their encoding.
//!
//! Owns which field of the object is which of the encoding, and what a field that is missing means.

use std::ffi::CString;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::encoding::{BadEncoding, Encoded};
use super::{Fields, Id, Session, now};
use crate::crypto::X509;

/// The session as bytes; `None` if it has no suite, or a certificate that cannot be written.
pub(crate) fn encode(fields: &Fields) -> Option<Zeroizing<Vec<u8>>> {
    let peer = match &fields.peer {
        Some(peer) => Some(peer.to_der()?),
        None => None,
    };
    let encoded = Encoded {
        protocol_version: fields.protocol_version,
        suite: fields.suite?,
        id: fields.id.as_slice(),
        secret: &fields.secret,
        time: fields.time,
        timeout: fields.timeout,
        peer: peer.as_deref(),
        context: fields.context.as_slice(),
        verify_result: fields.verify_result as i32,
        host_name: fields.host_name.as_ref().map(|name| name.as_bytes()),
        lifetime_hint: fields.lifetime_hint,
        ticket: fields.ticket.as_deref(),
        flags: u64::from(fields.extended_master_secret) * EXTENDED_MASTER_SECRET,
        age_add: fields.age_add,
        max_early_data: fields.max_early_data,
        alpn: fields.alpn.as_deref(),
        fragment_mode: fields.fragment_mode.into(),
        ticket_appdata: fields.ticket_appdata.as_deref(),
        group: fields.group,
    };
    Some(Zeroizing::new(encoded.to_der()))
}

/// Reads one session from the start of `bytes`; also how many bytes it took.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Fields, usize), BadEncoding> {
    let (encoded, length) = Encoded::from_der(bytes)?;
    let peer = match encoded.peer {
        Some(der) => Some(X509::from_der(der).ok_or(BadEncoding::Malformed)?),
        None => None,
    };
    let time = if encoded.time == 0 {
        now()
    } else {
        encoded.time
    };
    let timeout = match encoded.timeout {
        0 => TIMEOUT_IF_NOT_WRITTEN,
        seconds => seconds.max(0),
    };
    let fields = Fields {
        protocol_version: encoded.protocol_version,
        suite: Some(encoded.suite),
        id: Id::new(encoded.id).ok_or(BadEncoding::TooLong)?,
        context: Id::new(encoded.context).ok_or(BadEncoding::TooLong)?,
        secret: Zeroizing::new(encoded.secret.to_vec()),
        timeout,
        verify_result: encoded.verify_result.into(),
        peer,
        host_name: encoded.host_name.map(until_nul),
        alpn: encoded.alpn.map(Box::from),
        ticket: encoded.ticket.map(Box::from),
        lifetime_hint: encoded.lifetime_hint,
        age_add: encoded.age_add,
        ticket_appdata: encoded.ticket_appdata.map(Box::from),
        max_early_data: encoded.max_early_data,
        fragment_mode: encoded.fragment_mode as u8,
        extended_master_secret: encoded.flags & EXTENDED_MASTER_SECRET != 0,
        group: encoded.group,
        ..Fields::new(time)
    };
    Ok((fields, length))
}

impl Session {
    /// The session as bytes, if it is one that can be written.
    pub(crate) fn to_bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        // Copied first: writing a certificate calls into libcrypto.
        encode(&self.read(Fields::clone))
    }

    /// Reads what [`Session::to_bytes`] wrote, with nothing behind it.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Arc<Self>> {
        let (fields, length) = decode(bytes).ok()?;
        if length == bytes.len() {
            Self::with(fields)
        } else {
            None
        }
    }
}

/// A name ends at its first NUL.
fn until_nul(bytes: &[u8]) -> CString {
    let end = bytes.iter().position(|&byte| byte == 0);
    CString::new(&bytes[..end.unwrap_or(bytes.len())]).unwrap_or_default()
}

/// The bit of OpenSSL's flags for the extended master secret.
const EXTENDED_MASTER_SECRET: u64 = 1;
/// Seconds, as OpenSSL has it.
const TIMEOUT_IF_NOT_WRITTEN: i64 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Fields {
        Fields {
            protocol_version: 0x303,
            suite: Some(0xc02f),
            id: Id::new(&[3; 32]).unwrap(),
            secret: Zeroizing::new(vec![5; 48]),
            host_name: Some(c"example.org".into()),
            ticket: Some(Box::new([8; 200])),
            extended_master_secret: true,
            ..Fields::new(1_700_000_000)
        }
    }

    #[test]
    fn a_session_survives_storage() {
        let session = Session::with(fields()).unwrap();
        let bytes = session.to_bytes().unwrap();
        let back = Session::from_bytes(&bytes).unwrap();
        assert_eq!(back.to_bytes().unwrap(), bytes);
        back.read(|back| {
            assert_eq!(back.host_name.as_deref(), Some(c"example.org"));
            assert!(back.extended_master_secret);
        });
    }

    #[test]
    fn a_session_without_a_suite_is_not_written() {
        assert!(Session::new().unwrap().to_bytes().is_none());
    }

    #[test]
    fn times_that_were_not_written_have_openssls_meaning() {
        let mut fields = fields();
        (fields.time, fields.timeout) = (0, 0);
        let (back, _) = decode(&encode(&fields).unwrap()).unwrap();
        assert_eq!(back.timeout, 3);
        assert!(back.time >= 1_700_000_000);
    }

    #[test]
    fn a_certificate_that_is_none_is_refused() {
        let der = [0x30, 3, 2, 1, 5];
        let encoded = Encoded {
            protocol_version: 0x304,
            peer: Some(&der),
            ..Encoded::default()
        };
        assert_eq!(
            decode(&encoded.to_der()).err(),
            Some(BadEncoding::Malformed)
        );
    }

    #[test]
    fn bytes_behind_a_session_spoil_it() {
        let session = Session::with(fields()).unwrap();
        let mut bytes = session.to_bytes().unwrap();
        bytes.push(0);
        assert!(Session::from_bytes(&bytes).is_none());
    }
}
