//! A server's first flight as far as it is plaintext: records in, messages out.
//!
//! Owns the deframing of an answer that nobody means to complete a handshake with. Must not know what was asked,
//! and opens nothing: protected records are counted by their headers.

use super::reader::{Malformed, Reader};
use super::{HelloFault, ServerHello};
use crate::record::{
    Alert, AlertDescription, AlertLevel, ContentType, HEADER_LEN, HeaderFault, RecordHeader,
};

/// Collects a flight from bytes in any pieces.
///
/// ```
/// use ssl_record::hello::{FlightState, ServerFlight};
/// use ssl_record::record::AlertDescription;
/// let mut flight = ServerFlight::default();
/// flight.receive(&[21, 3, 3, 0]).unwrap();
/// assert_eq!(flight.state(), FlightState::Open);
/// flight.receive(&[2, 2, 86]).unwrap();
/// assert_eq!(flight.state(), FlightState::Refused(AlertDescription::INAPPROPRIATE_FALLBACK));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ServerFlight {
    /// The front of a record that is not complete.
    partial: Vec<u8>,
    /// The contents of the handshake records.
    handshake: Vec<u8>,
    sizes: RecordSizes,
    refusal: Option<AlertDescription>,
}

/// How the records of a flight were cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordSizes {
    /// Complete records.
    pub records: usize,
    /// Bytes on the wire, headers included.
    pub bytes: usize,
    /// Bytes of the largest record's body.
    pub largest: usize,
}

/// How far a flight is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlightState {
    /// There may be more.
    Open,
    /// The last message of the flight is there: ServerHelloDone, or a HelloRetryRequest.
    Complete,
    /// The server gave up with this alert, or said goodbye.
    Refused(AlertDescription),
}

/// Why bytes are no server's flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlightFault {
    /// They are no records.
    Header(HeaderFault),
    /// An alert that is not two bytes.
    Alert,
    /// More than [`ServerFlight::MAX_LEN`] bytes.
    TooLong,
}

/// A handshake message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// The type byte.
    pub kind: u8,
    /// What follows the four bytes of header.
    pub body: &'a [u8],
}

impl ServerFlight {
    /// Most bytes of a flight, headers included: twice what OpenSSL accepts as a certificate chain.
    pub const MAX_LEN: usize = 200 * 1024;

    /// Takes what arrived. Nothing is looked at behind a fatal alert.
    ///
    /// # Errors
    /// A [`FlightFault`]; the messages before it can still be read.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), FlightFault> {
        let mut rest = bytes;
        while self.refusal.is_none() {
            rest = self.fill(rest, HEADER_LEN);
            let Some(&header) = self.partial.first_chunk() else {
                return Ok(());
            };
            let header = RecordHeader::decode(header).map_err(FlightFault::Header)?;
            let len = HEADER_LEN + usize::from(header.len);
            if self.sizes.bytes + len > Self::MAX_LEN {
                return Err(FlightFault::TooLong);
            }
            rest = self.fill(rest, len);
            if self.partial.len() < len {
                return Ok(());
            }
            self.record(header)?;
        }
        Ok(())
    }

    /// How far the flight is.
    pub fn state(&self) -> FlightState {
        if let Some(refusal) = self.refusal {
            return FlightState::Refused(refusal);
        }
        let ends = |message: Message<'_>| match message.kind {
            SERVER_HELLO_DONE => true,
            ServerHello::KIND => {
                ServerHello::parse(message.body).is_ok_and(|hello| hello.is_retry_request())
            }
            _ => false,
        };
        match self.messages().any(ends) {
            true => FlightState::Complete,
            false => FlightState::Open,
        }
    }

    /// The complete messages, in their order.
    pub fn messages(&self) -> impl Iterator<Item = Message<'_>> {
        let mut reader = Reader::new(&self.handshake);
        core::iter::from_fn(move || {
            let mut next = || -> Result<Message<'_>, Malformed> {
                Ok(Message {
                    kind: reader.u8()?,
                    body: reader.vec24()?,
                })
            };
            next().ok()
        })
    }

    /// The body of the first message of this type, if it is complete.
    pub fn message(&self, kind: u8) -> Option<&[u8]> {
        self.messages()
            .find_map(|message| (message.kind == kind).then_some(message.body))
    }

    /// The first message as a ServerHello, once it is complete.
    ///
    /// # Errors
    /// As for [`ServerHello::parse`], or unexpected_message if it is another message.
    pub fn server_hello(&self) -> Option<Result<ServerHello<'_>, HelloFault>> {
        let first = self.messages().next()?;
        Some(match first.kind {
            ServerHello::KIND => ServerHello::parse(first.body),
            _ => Err(super::UNEXPECTED_MESSAGE),
        })
    }

    /// The certificates in the Certificate message of TLS 1.2 and before, leaf first, up to a malformed one.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        let list = self
            .message(CERTIFICATE)
            .and_then(|body| Reader::new(body).vec24().ok());
        let mut reader = Reader::new(list.unwrap_or_default());
        core::iter::from_fn(move || reader.vec24().ok())
    }

    /// The records so far; an incomplete one does not count.
    pub fn sizes(&self) -> RecordSizes {
        self.sizes
    }

    /// Moves bytes to the partial record until it is `len` bytes long; returns those behind.
    fn fill<'b>(&mut self, bytes: &'b [u8], len: usize) -> &'b [u8] {
        let lacking = len.saturating_sub(self.partial.len());
        let (taken, rest) = bytes.split_at(lacking.min(bytes.len()));
        self.partial.extend_from_slice(taken);
        rest
    }

    /// Takes the partial record, which is complete.
    fn record(&mut self, header: RecordHeader) -> Result<(), FlightFault> {
        let body = &self.partial[HEADER_LEN..];
        match header.content_type {
            ContentType::Handshake => self.handshake.extend_from_slice(body),
            ContentType::Alert => {
                let alert = Alert::decode(body).ok_or(FlightFault::Alert)?;
                let ends = alert.level != AlertLevel::Warning
                    || alert.description == AlertDescription::CLOSE_NOTIFY;
                self.refusal = ends.then_some(alert.description);
            }
            ContentType::ChangeCipherSpec | ContentType::ApplicationData => {}
        }
        self.sizes.records += 1;
        self.sizes.bytes += self.partial.len();
        self.sizes.largest = self.sizes.largest.max(body.len());
        self.partial.clear();
        Ok(())
    }
}

impl core::fmt::Display for FlightFault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Header(HeaderFault::Overflow(len)) => {
                write!(f, "a record of {len} bytes is longer than allowed")
            }
            Self::Header(_) => f.write_str("the answer is no TLS record"),
            Self::Alert => f.write_str("an alert is not two bytes long"),
            Self::TooLong => write!(f, "a flight of more than {} bytes", ServerFlight::MAX_LEN),
        }
    }
}

impl core::error::Error for FlightFault {}

/// Type bytes of messages (RFC 5246 section 7.4).
const CERTIFICATE: u8 = 11;
const SERVER_HELLO_DONE: u8 = 14;
