//! A session as bytes, in the layout that OpenSSL writes and reads.
//!
//! Owns the order, the tags and the limits of the fields. Pure values: it knows neither the object
//! behind `SSL_SESSION` nor libcrypto, so that the decoder, which reads untrusted bytes, can be fuzzed
//! alone. A certificate is a slice here.
//!
//! ```text
//! SEQUENCE { INTEGER 1, INTEGER protocol version, OCTET STRING suite, OCTET STRING id,
//!            OCTET STRING master secret or, in TLS 1.3, resumption secret,
//!            [1] time, [2] timeout, [3] Certificate, [4] id context,
//!            [5] verify result, [6] host name, [9] lifetime hint, [10] ticket, [13] flags,
//!            [14] age add, [15] max early data, [16] ALPN, [17] fragment length mode,
//!            [18] application data of the ticket, [19] group }
//! ```
//!
//! Nothing of ours is in it: a server that runs on the system's library resumes what we made, and we what
//! it made.

use super::der::{
    self, BadDer, CONTEXT_CONSTRUCTED, CONTEXT_PRIMITIVE, OCTET_STRING, Reader, SEQUENCE,
};

/// The fields of an encoded session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Encoded<'a> {
    pub(crate) protocol_version: i32,
    pub(crate) suite: u16,
    /// At most [`ID_MAX`] bytes.
    pub(crate) id: &'a [u8],
    /// At most [`SECRET_MAX`] bytes.
    pub(crate) secret: &'a [u8],
    /// Seconds since 1970; 0 is not written and means the time of decoding.
    pub(crate) time: i64,
    /// Seconds; 0 is not written.
    pub(crate) timeout: i64,
    /// A certificate in DER, not looked into.
    pub(crate) peer: Option<&'a [u8]>,
    /// At most [`ID_MAX`] bytes.
    pub(crate) context: &'a [u8],
    pub(crate) verify_result: i32,
    pub(crate) host_name: Option<&'a [u8]>,
    /// Seconds.
    pub(crate) lifetime_hint: u64,
    pub(crate) ticket: Option<&'a [u8]>,
    pub(crate) flags: u64,
    pub(crate) age_add: u32,
    pub(crate) max_early_data: u32,
    pub(crate) alpn: Option<&'a [u8]>,
    pub(crate) fragment_mode: u32,
    pub(crate) ticket_appdata: Option<&'a [u8]>,
    pub(crate) group: u32,
}

/// Why bytes are no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadEncoding {
    /// Not the layout above.
    Malformed,
    /// A layout that is not ours.
    LayoutVersion,
    /// Neither TLS nor DTLS.
    ProtocolVersion,
    /// The suite is not two bytes.
    SuiteLength,
    /// An id, a context or a secret longer than there is room for.
    TooLong,
}

impl From<BadDer> for BadEncoding {
    fn from(_: BadDer) -> Self {
        Self::Malformed
    }
}

/// Bytes of a session id and of an id context, at most.
pub(crate) const ID_MAX: usize = 32;
/// Bytes of a secret, at most: OpenSSL's room for TLS 1.3 pre-shared keys.
pub(crate) const SECRET_MAX: usize = 512;
/// OpenSSL's version of the layout.
const LAYOUT_VERSION: i128 = 1;

impl<'a> Encoded<'a> {
    /// The session as bytes.
    pub(crate) fn to_der(&self) -> Vec<u8> {
        // Enough, so that no copy of the secret is left behind by a vector that grows.
        let mut body = Vec::with_capacity(self.most());
        der::write_integer(&mut body, LAYOUT_VERSION);
        der::write_integer(&mut body, self.protocol_version.into());
        der::write(&mut body, OCTET_STRING, &self.suite.to_be_bytes());
        der::write(&mut body, OCTET_STRING, self.id);
        der::write(&mut body, OCTET_STRING, self.secret);
        integer_unless_zero(&mut body, 1, self.time.into());
        integer_unless_zero(&mut body, 2, self.timeout.into());
        if let Some(peer) = self.peer {
            der::write(&mut body, CONTEXT_CONSTRUCTED | 3, peer);
        }
        der::write_explicit_octets(&mut body, 4, self.context);
        integer_unless_zero(&mut body, 5, self.verify_result.into());
        optional_octets(&mut body, 6, self.host_name);
        integer_unless_zero(&mut body, 9, self.lifetime_hint.into());
        optional_octets(&mut body, 10, self.ticket);
        integer_unless_zero(&mut body, 13, self.flags.into());
        integer_unless_zero(&mut body, 14, self.age_add.into());
        integer_unless_zero(&mut body, 15, self.max_early_data.into());
        optional_octets(&mut body, 16, self.alpn);
        integer_unless_zero(&mut body, 17, self.fragment_mode.into());
        optional_octets(&mut body, 18, self.ticket_appdata);
        // The one optional integer that OpenSSL writes even if it is 0.
        der::write_explicit_integer(&mut body, 19, self.group.into());

        let mut out = Vec::with_capacity(body.len() + 6);
        der::write(&mut out, SEQUENCE, &body);
        zeroize::Zeroize::zeroize(&mut body);
        out
    }

    /// Reads one session from the start of `bytes`; also how many bytes it took.
    pub(crate) fn from_der(bytes: &'a [u8]) -> Result<(Self, usize), BadEncoding> {
        let mut outer = Reader::new(bytes);
        let mut body = Reader::new(outer.contents(SEQUENCE)?);
        let length = bytes.len() - outer.rest().len();

        let layout = body.integer()?;
        let protocol_version = narrow(body.integer()?)?;
        let suite = body.octets()?;
        let mut session = Encoded {
            protocol_version,
            id: body.octets()?,
            secret: body.octets()?,
            ..Encoded::default()
        };
        session.read_optional(&mut body)?;
        if !body.is_empty() {
            return Err(BadEncoding::Malformed);
        }
        // Judged in this order only after all was read, as OpenSSL does.
        if layout != LAYOUT_VERSION {
            return Err(BadEncoding::LayoutVersion);
        }
        if !is_tls(protocol_version) {
            return Err(BadEncoding::ProtocolVersion);
        }
        let suite = suite.try_into().map_err(|_| BadEncoding::SuiteLength)?;
        session.suite = u16::from_be_bytes(suite);
        let fits = session.id.len() <= ID_MAX
            && session.secret.len() <= SECRET_MAX
            && session.context.len() <= ID_MAX;
        if !fits {
            return Err(BadEncoding::TooLong);
        }
        Ok((session, length))
    }

    /// An upper bound of the body's length.
    fn most(&self) -> usize {
        // Tags, lengths and integers of all fields.
        const REST: usize = 256;
        let optional = [
            self.peer,
            self.host_name,
            self.ticket,
            self.alpn,
            self.ticket_appdata,
        ];
        let optional: usize = optional.into_iter().flatten().map(<[u8]>::len).sum();
        REST + self.id.len() + self.secret.len() + self.context.len() + optional
    }

    /// The fields with a tag, which come in the order of their tags or not at all.
    fn read_optional(&mut self, body: &mut Reader<'a>) -> Result<(), BadEncoding> {
        if body.tag() == Some(CONTEXT_PRIMITIVE) {
            // What SSL 2.0 kept a key argument in.
            body.contents(CONTEXT_PRIMITIVE)?;
        }
        self.time = integer(body, 1)?;
        self.timeout = integer(body, 2)?;
        self.peer = certificate(body)?;
        self.context = octets(body, 4)?.unwrap_or_default();
        self.verify_result = integer(body, 5)?;
        self.host_name = octets(body, 6)?;
        // Pre-shared keys and SRP, which this library has not.
        octets(body, 7)?;
        octets(body, 8)?;
        self.lifetime_hint = integer(body, 9)?;
        self.ticket = octets(body, 10)?;
        // A compression method, which nothing here uses.
        octets(body, 11)?;
        octets(body, 12)?;
        self.flags = integer(body, 13)?;
        self.age_add = integer(body, 14)?;
        self.max_early_data = integer(body, 15)?;
        self.alpn = octets(body, 16)?;
        self.fragment_mode = integer(body, 17)?;
        self.ticket_appdata = octets(body, 18)?;
        self.group = integer(body, 19)?;
        // A raw public key, which later versions write.
        octets(body, 20)?;
        Ok(())
    }
}

fn is_tls(version: i32) -> bool {
    const DTLS_BEFORE_ITS_TIME: i32 = 0x100;
    matches!(version >> 8, 0x03 | 0xfe) || version == DTLS_BEFORE_ITS_TIME
}

fn integer_unless_zero(out: &mut Vec<u8>, number: u8, value: i128) {
    if value != 0 {
        der::write_explicit_integer(out, number, value);
    }
}

fn optional_octets(out: &mut Vec<u8>, number: u8, contents: Option<&[u8]>) {
    if let Some(contents) = contents {
        der::write_explicit_octets(out, number, contents);
    }
}

/// An optional integer that fits into `T`; 0 if it is not there.
fn integer<T>(body: &mut Reader<'_>, number: u8) -> Result<T, BadEncoding>
where
    T: TryFrom<i128> + Default,
{
    let Some(mut inner) = body.explicit(number)? else {
        return Ok(T::default());
    };
    let value = narrow(inner.integer()?)?;
    alone(inner, value)
}

fn octets<'a>(body: &mut Reader<'a>, number: u8) -> Result<Option<&'a [u8]>, BadEncoding> {
    let Some(mut inner) = body.explicit(number)? else {
        return Ok(None);
    };
    let value = inner.octets()?;
    alone(inner, Some(value))
}

/// The peer's certificate: one sequence, with its tag.
fn certificate<'a>(body: &mut Reader<'a>) -> Result<Option<&'a [u8]>, BadEncoding> {
    let Some(mut inner) = body.explicit(3)? else {
        return Ok(None);
    };
    let whole = inner.rest();
    inner.contents(SEQUENCE)?;
    alone(inner, Some(whole))
}

/// `value`, if nothing stands behind it in its tag.
fn alone<T>(inner: Reader<'_>, value: T) -> Result<T, BadEncoding> {
    if inner.is_empty() {
        Ok(value)
    } else {
        Err(BadEncoding::Malformed)
    }
}

fn narrow<T: TryFrom<i128>>(value: i128) -> Result<T, BadEncoding> {
    value.try_into().map_err(|_| BadEncoding::Malformed)
}

#[cfg(test)]
#[path = "encoding_tests.rs"]
mod tests;
