//! What a server answers in plaintext: the ServerHello, which may be a HelloRetryRequest, and the parameters of
//! the key exchange in TLS 1.2 and before.
//!
//! Owns the layout of both. Does not know what was offered, so it cannot tell whether the answer fits.

use super::reader::{Malformed, Reader};
use super::{HelloFault, LENGTH_MISMATCH, MAX_SESSION_ID, extensions, kind, message_body};
use crate::reason::Reason;
use crate::record::AlertDescription;

/// What a server chose (RFC 8446 section 4.1.3, RFC 5246 section 7.4.1.3).
///
/// ```
/// use ssl_record::hello::ServerHello;
/// // TLS 1.2, no session, one suite, no compression, no extensions.
/// let mut body = vec![3, 3];
/// body.extend([7; 32]);
/// body.extend([0, 0xc0, 0x2f, 0]);
/// let hello = ServerHello::parse(&body).unwrap();
/// assert_eq!((hello.selected_version(), hello.cipher_suite()), (Ok(0x0303), 0xc02f));
/// assert!(!hello.is_retry_request());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ServerHello<'a> {
    legacy_version: u16,
    random: &'a [u8; 32],
    session_id: &'a [u8],
    cipher_suite: u16,
    compression_method: u8,
    extensions: &'a [u8],
}

impl<'a> ServerHello<'a> {
    /// The type byte of the message.
    pub const KIND: u8 = 2;

    /// Parses a handshake message with its four bytes of header.
    ///
    /// # Errors
    /// unexpected_message if it is another message, else as [`parse`](Self::parse).
    pub fn parse_message(message: &'a [u8]) -> Result<Self, HelloFault> {
        Self::parse(message_body(message, Self::KIND)?)
    }

    /// Parses the body of the message, which is all but its header.
    ///
    /// # Errors
    /// decode_error if a length does not fit. illegal_parameter if an extension known to OpenSSL is there twice.
    pub fn parse(body: &'a [u8]) -> Result<Self, HelloFault> {
        let hello = Self::parse_body(Reader::new(body)).map_err(|Malformed| LENGTH_MISMATCH)?;
        extensions::check_list(hello.extensions, false)?;
        Ok(hello)
    }

    fn parse_body(mut reader: Reader<'a>) -> Result<Self, Malformed> {
        let hello = Self {
            legacy_version: reader.u16()?,
            random: reader.array()?,
            session_id: reader.vec8()?,
            cipher_suite: reader.u16()?,
            compression_method: reader.u8()?,
            extensions: match reader.is_empty() {
                true => &[],
                false => reader.vec16()?,
            },
        };
        reader.end()?;
        match hello.session_id.len() <= MAX_SESSION_ID {
            true => Ok(hello),
            false => Err(Malformed),
        }
    }

    /// The version field; TLS 1.3 is in [`selected_version`](Self::selected_version).
    pub fn legacy_version(&self) -> u16 {
        self.legacy_version
    }

    /// The version chosen: that of the supported_versions extension, or else the field's.
    ///
    /// # Errors
    /// decode_error if the extension is not one number.
    pub fn selected_version(&self) -> Result<u16, HelloFault> {
        let Some(contents) = self.extension(kind::SUPPORTED_VERSIONS) else {
            return Ok(self.legacy_version);
        };
        match *contents {
            [high, low] => Ok(u16::from_be_bytes([high, low])),
            _ => Err(LENGTH_MISMATCH),
        }
    }

    /// The server's random.
    pub fn random(&self) -> &'a [u8; 32] {
        self.random
    }

    /// Whether it asks for another ClientHello (RFC 8446 section 4.1.4).
    pub fn is_retry_request(&self) -> bool {
        *self.random == RETRY_REQUEST
    }

    /// The session, or in TLS 1.3 the echo of the client's; at most 32 bytes.
    pub fn session_id(&self) -> &'a [u8] {
        self.session_id
    }

    /// The suite chosen.
    pub fn cipher_suite(&self) -> u16 {
        self.cipher_suite
    }

    /// The compression method chosen; 0 is none.
    pub fn compression_method(&self) -> u8 {
        self.compression_method
    }

    /// The group of the key exchange in TLS 1.3 (RFC 8446 section 4.2.8): of the server's share, or in a
    /// HelloRetryRequest the one it wants a share of.
    ///
    /// # Errors
    /// decode_error if the extension is not of the form that belongs to the message.
    pub fn selected_group(&self) -> Result<Option<u16>, HelloFault> {
        let read = |contents| {
            let mut reader = Reader::new(contents);
            let group = reader.u16()?;
            if !self.is_retry_request() && reader.vec16()?.is_empty() {
                return Err(Malformed);
            }
            reader.end().map(|()| group)
        };
        let contents = self.extension(kind::KEY_SHARE);
        contents
            .map(read)
            .transpose()
            .map_err(|Malformed| LENGTH_MISMATCH)
    }

    /// All extensions, type and contents, in the server's order.
    pub fn extensions(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        extensions::entries(self.extensions).map_while(Result::ok)
    }

    /// The contents of the first extension of this type.
    pub fn extension(&self, kind: u16) -> Option<&'a [u8]> {
        self.extensions()
            .find_map(|(found, contents)| (found == kind).then_some(contents))
    }
}

/// The parameters at the front of a ServerKeyExchange: the suite says which kind they are. The signature behind
/// them is not looked at.
///
/// ```
/// use ssl_record::hello::ServerParams;
/// let body = [3, 0, 29, 2, 0xaa, 0xbb, 4, 3, 0, 0];
/// let params = ServerParams::parse_ecdhe(&body).unwrap();
/// assert_eq!(params, ServerParams::NamedGroup { group: 29, key: &[0xaa, 0xbb] });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerParams<'a> {
    /// ECDHE in a group with a number (RFC 8422 section 5.4).
    NamedGroup {
        /// The group.
        group: u16,
        /// The server's public key.
        key: &'a [u8],
    },
    /// DHE with numbers that the server brings (RFC 5246 section 7.4.3).
    FiniteField {
        /// The prime, big-endian.
        prime: &'a [u8],
        /// The generator, big-endian.
        generator: &'a [u8],
        /// The server's public key.
        key: &'a [u8],
    },
}

impl<'a> ServerParams<'a> {
    /// The type byte of the message.
    pub const KIND: u8 = 12;

    /// Reads the body of a ServerKeyExchange of an ECDHE suite.
    ///
    /// # Errors
    /// decode_error if a length does not fit. handshake_failure if the curve is not given by its number.
    pub fn parse_ecdhe(body: &'a [u8]) -> Result<Self, HelloFault> {
        let mut reader = Reader::new(body);
        match reader.u8().map_err(|Malformed| LENGTH_MISMATCH)? {
            NAMED_CURVE => {}
            _ => {
                return Err(HelloFault::new(
                    AlertDescription::HANDSHAKE_FAILURE,
                    Reason::WRONG_CURVE,
                ));
            }
        }
        let mut params = || {
            Ok(Self::NamedGroup {
                group: reader.u16()?,
                key: reader.vec8()?,
            })
        };
        params().map_err(|Malformed| LENGTH_MISMATCH)
    }

    /// Reads the body of a ServerKeyExchange of a DHE suite.
    ///
    /// # Errors
    /// decode_error if a length does not fit.
    pub fn parse_dhe(body: &'a [u8]) -> Result<Self, HelloFault> {
        let mut reader = Reader::new(body);
        let mut params = || {
            Ok(Self::FiniteField {
                prime: reader.vec16()?,
                generator: reader.vec16()?,
                key: reader.vec16()?,
            })
        };
        params().map_err(|Malformed| LENGTH_MISMATCH)
    }
}

/// The random that makes a ServerHello a HelloRetryRequest (RFC 8446 section 4.1.3).
const RETRY_REQUEST: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];
/// The curve is given by its number (RFC 8422 section 5.4).
const NAMED_CURVE: u8 = 3;
