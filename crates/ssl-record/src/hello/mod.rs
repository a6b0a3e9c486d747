//! Hello messages in their sender's bytes: what a client offers, read before anything is decided, and what a
//! server answers, read without a connection.
//!
//! Owns the layout of the messages (RFC 8446 section 4.1, RFC 5246 section 7.4) and of the extensions that
//! the other side looks at. A ClientHello is read as strictly as OpenSSL does. Borrows the messages; only
//! [`ServerFlight`] allocates, for what has arrived. Does not choose: which version, suite or group comes of an
//! offer, and whether an answer fits it, is for the caller.

mod extensions;
mod flight;
mod kind;
mod reader;
mod server;
#[cfg(test)]
mod server_tests;
#[cfg(test)]
mod tests;
mod values;

pub use flight::{FlightFault, FlightState, Message, RecordSizes, ServerFlight};
pub use kind::is_known;
pub use server::{ServerHello, ServerParams};
pub use values::{KeyShares, Names, Numbers, StatusRequest};

pub(crate) use reader::{Malformed, Reader};

use crate::reason::Reason;
use crate::record::AlertDescription;

/// What a client offers, as it stands in its first message.
///
/// The structure and the list of extensions are checked by [`parse`](Self::parse); the contents of an
/// extension by the method that reads it, because OpenSSL judges some only for the version it chose.
///
/// ```
/// use ssl_record::hello::ClientHello;
/// // TLS 1.2, no session, one suite, no compression, no extensions.
/// let mut body = vec![3, 3];
/// body.extend([7; 32]);
/// body.extend([0, 0, 2, 0xc0, 0x2f, 1, 0]);
/// let hello = ClientHello::parse(&body).unwrap();
/// assert_eq!(hello.cipher_suites().collect::<Vec<_>>(), [0xc02f]);
/// assert_eq!(hello.server_name(), Ok(None));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ClientHello<'a> {
    legacy_version: u16,
    random: &'a [u8; 32],
    session_id: &'a [u8],
    cipher_suites: &'a [u8],
    compression_methods: &'a [u8],
    extensions: &'a [u8],
}

/// Why a hello cannot be used: the alert it is answered with, and OpenSSL's reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HelloFault {
    /// To be sent, fatal.
    pub alert: AlertDescription,
    /// For the error queue.
    pub reason: Reason,
}

impl<'a> ClientHello<'a> {
    /// Parses a handshake message with its four bytes of header.
    ///
    /// # Errors
    /// unexpected_message if it is another message, else as [`parse`](Self::parse).
    pub fn parse_message(message: &'a [u8]) -> Result<Self, HelloFault> {
        Self::parse(message_body(message, CLIENT_HELLO)?)
    }

    /// Parses the body of the message, which is all but its header.
    ///
    /// # Errors
    /// decode_error if a length does not fit. illegal_parameter if an extension known to OpenSSL is there
    /// twice, or if pre_shared_key is not the last one.
    pub fn parse(body: &'a [u8]) -> Result<Self, HelloFault> {
        let mut reader = Reader::new(body);
        let legacy_version = reader.u16().map_err(|Malformed| {
            HelloFault::new(AlertDescription::DECODE_ERROR, LENGTH_TOO_SHORT)
        })?;
        let hello =
            Self::parse_rest(legacy_version, reader).map_err(|Malformed| LENGTH_MISMATCH)?;
        extensions::check_list(hello.extensions, true)?;
        Ok(hello)
    }

    fn parse_rest(legacy_version: u16, mut reader: Reader<'a>) -> Result<Self, Malformed> {
        let random = reader.array()?;
        let session_id = reader.vec8()?;
        if session_id.len() > MAX_SESSION_ID {
            return Err(Malformed);
        }
        let cipher_suites = reader.vec16()?;
        let compression_methods = reader.vec8()?;
        let extensions = match reader.is_empty() {
            true => &[],
            false => reader.vec16()?,
        };
        reader.end()?;
        Ok(Self {
            legacy_version,
            random,
            session_id,
            cipher_suites,
            compression_methods,
            extensions,
        })
    }

    /// The version field; the real offer of TLS 1.3 clients is in [`supported_versions`](Self::supported_versions).
    pub fn legacy_version(&self) -> u16 {
        self.legacy_version
    }

    /// The client's random.
    pub fn random(&self) -> &'a [u8; 32] {
        self.random
    }

    /// The session to resume, or what TLS 1.3 wants echoed; at most 32 bytes.
    pub fn session_id(&self) -> &'a [u8] {
        self.session_id
    }

    /// The suites and signalling values, most wanted first. A last odd byte is left out; see
    /// [`check_cipher_suites`](Self::check_cipher_suites).
    pub fn cipher_suites(&self) -> Numbers<'a> {
        Numbers::new(self.cipher_suites)
    }

    /// The list of suites in the client's bytes.
    pub fn cipher_suites_raw(&self) -> &'a [u8] {
        self.cipher_suites
    }

    /// Whether the list of suites is one.
    ///
    /// # Errors
    /// illegal_parameter if it is empty, decode_error if its length is odd.
    pub fn check_cipher_suites(&self) -> Result<(), HelloFault> {
        match self.cipher_suites.len() {
            0 => Err(HelloFault::new(
                AlertDescription::ILLEGAL_PARAMETER,
                NO_CIPHERS_SPECIFIED,
            )),
            len if len % 2 != 0 => Err(HelloFault::new(
                AlertDescription::DECODE_ERROR,
                ERROR_IN_RECEIVED_CIPHER_LIST,
            )),
            _ => Ok(()),
        }
    }

    /// The compression methods in the client's bytes; 0 is none.
    pub fn compression_methods(&self) -> &'a [u8] {
        self.compression_methods
    }

    /// Whether the client says it fell back to an older version on purpose (RFC 7507).
    pub fn offers_fallback_scsv(&self) -> bool {
        self.cipher_suites().any(|suite| suite == TLS_FALLBACK_SCSV)
    }

    /// Whether the client says it knows secure renegotiation by a suite number (RFC 5746 section 3.3).
    pub fn offers_renegotiation_scsv(&self) -> bool {
        self.cipher_suites()
            .any(|suite| suite == TLS_EMPTY_RENEGOTIATION_INFO_SCSV)
    }
}

impl HelloFault {
    const fn new(alert: AlertDescription, reason: Reason) -> Self {
        Self { alert, reason }
    }
}

impl core::fmt::Display for HelloFault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { alert, reason } = self;
        write!(f, "unusable hello: {reason}; answer {alert}")
    }
}

impl core::error::Error for HelloFault {}

/// The body of the one message of this type that the bytes are.
fn message_body(message: &[u8], expected: u8) -> Result<&[u8], HelloFault> {
    let mut reader = Reader::new(message);
    let mut header = || Ok((reader.u8()?, reader.vec24()?));
    let (kind, body) = header().map_err(|Malformed| LENGTH_MISMATCH)?;
    if kind != expected {
        return Err(UNEXPECTED_MESSAGE);
    }
    match reader.is_empty() {
        true => Ok(body),
        false => Err(LENGTH_MISMATCH),
    }
}

/// The type byte of the message (RFC 8446 section 4).
const CLIENT_HELLO: u8 = 1;
/// Longest session ID, bytes (RFC 5246 section 7.4.1.2).
const MAX_SESSION_ID: usize = 32;
/// The suite number by which a client says that it knows secure renegotiation (RFC 5746 section 3.3).
pub const TLS_EMPTY_RENEGOTIATION_INFO_SCSV: u16 = 0x00ff;
/// The suite number by which a client says that it fell back to an older version (RFC 7507 section 2).
pub const TLS_FALLBACK_SCSV: u16 = 0x5600;

const LENGTH_MISMATCH: HelloFault =
    HelloFault::new(AlertDescription::DECODE_ERROR, Reason::LENGTH_MISMATCH);
const UNEXPECTED_MESSAGE: HelloFault = HelloFault::new(
    AlertDescription::UNEXPECTED_MESSAGE,
    Reason::UNEXPECTED_MESSAGE,
);
const ERROR_IN_RECEIVED_CIPHER_LIST: Reason = Reason(151);
const LENGTH_TOO_SHORT: Reason = Reason(160);
const NO_CIPHERS_SPECIFIED: Reason = Reason(183);
