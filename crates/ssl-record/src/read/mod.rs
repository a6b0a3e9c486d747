//! The read path: raw bytes to application data, one record at a time.
//!
//! Owns the incoming buffer, the plaintext not yet read, and the counters that limit useless records.
//! Does no I/O, stores no mode, and does not know the write path: what has to be answered is returned.

mod deframe;
mod messages;

use core::ops::Range;

pub(crate) use self::deframe::Lent;
use self::deframe::{Deframer, Frame};
pub(crate) use self::messages::Message;
use self::messages::Messages;
use crate::error::{Error, PeerFault};
use crate::pool::BufferPool;
use crate::protect::TrafficKeys;
use crate::record::limits::{MAX_EMPTY_RECORDS, MAX_WARNING_ALERTS};
use crate::record::{
    Alert, AlertDescription, AlertLevel, ContentType, HEADER_LEN, ProtocolVersion, RecordHeader,
};
use crate::tap::TapLog;

/// The incoming direction. Without keys it deframes records for the handshake.
#[derive(Default)]
pub(crate) struct ReadPath {
    keys: Option<TrafficKeys>,
    deframer: Deframer,
    /// The opened record whose plaintext is being read.
    current: Option<Plaintext>,
    messages: Messages,
    /// Empty application records since the last record with content.
    empty_records: u8,
    /// Warning alerts since the last record with content.
    warnings: u8,
    tap: Option<TapLog>,
}

/// Opened but unread application data, in the record at the front of the deframer.
struct Plaintext {
    header: RecordHeader,
    /// Where in the record's body the unread bytes are.
    unread: Range<usize>,
}

/// What became of one look at the incoming bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The transport has to deliver more.
    NeedBytes,
    /// Plaintext waits; possibly none of it (an empty record).
    Plaintext,
    /// A record was handled and nothing came of it.
    Discard,
    /// The peer's close_notify.
    CloseNotify,
    /// The peer gave up.
    FatalAlert(AlertDescription),
    /// A post-handshake message to act on.
    Message(Message),
}

impl ReadPath {
    pub(crate) fn install(&mut self, keys: TrafficKeys) {
        self.deframer.set_lead((keys.lead() - HEADER_LEN) as u8);
        self.keys = Some(keys);
    }

    /// The keys, which the connection folds while there is nothing to do.
    pub(crate) fn keys_mut(&mut self) -> Option<&mut TrafficKeys> {
        self.keys.as_mut()
    }

    /// Moves on to the peer's next key; `None` if there is none.
    pub(crate) fn update_keys(&mut self) -> Option<()> {
        self.keys.as_mut()?.update()
    }

    /// Logs what is received from now on.
    pub(crate) fn set_tap(&mut self, log: Option<TapLog>) {
        self.tap = log;
    }

    pub(crate) fn deframer_mut(&mut self) -> &mut Deframer {
        &mut self.deframer
    }

    pub(crate) fn read_ahead(&self) -> bool {
        self.deframer.read_ahead()
    }

    /// The next complete record for the handshake: header bytes as received, and body. Call
    /// [`ReadPath::discard_raw`] when done with it.
    ///
    /// # Errors
    /// A header that no state allows.
    pub(crate) fn raw_record(&mut self) -> Result<Option<(RecordHeader, &mut [u8])>, PeerFault> {
        match self.deframer.next()? {
            Frame::Incomplete => Ok(None),
            Frame::Record(header) => Ok(Some((header, self.deframer.body_mut(header)))),
        }
    }

    /// The first header bytes, for telling another protocol by (statement R27).
    pub(crate) fn header_bytes(&self) -> [u8; 5] {
        self.deframer.header_bytes()
    }

    pub(crate) fn discard_raw(&mut self, header: RecordHeader) {
        self.deframer.discard(header);
    }

    /// Looks at the next record, opening it if it is complete.
    ///
    /// Must not be called while plaintext is unread.
    ///
    /// # Errors
    /// The peer's fault; final.
    pub(crate) fn next(&mut self, version: ProtocolVersion) -> Result<Event, Error> {
        if let Some(message) = self.messages.take()? {
            self.log_message(version, &message);
            return Ok(Event::Message(message));
        }
        let Frame::Record(header) = self.deframer.next().map_err(PeerFault::from)? else {
            return Ok(Event::NeedBytes);
        };
        let Some(keys) = &mut self.keys else {
            return Err(PeerFault::BadRecordType(header.content_type.wire()).into());
        };
        let opened = keys.open(header, self.deframer.body_mut(header))?;
        tracing::trace!(
            content_type = opened.content_type.wire(),
            fragment = opened.len,
            record = usize::from(header.len) + 5,
            "opened"
        );
        if let Some(tap) = &self.tap {
            let inner = (version == ProtocolVersion::Tls13).then_some(opened.content_type);
            tap.record(false, header, inner);
        }
        let fragment = opened.start..opened.start + opened.len;
        if self.messages.is_partial() && opened.content_type != ContentType::Handshake {
            return Err(PeerFault::InterruptedMessage.into());
        }
        if opened.content_type == ContentType::ApplicationData {
            return self.application_data(header, fragment);
        }
        let fragment = self.deframer.body_part(fragment);
        match opened.content_type {
            ContentType::Alert => {
                if let Some(tap) = &self.tap {
                    tap.message(false, version, ContentType::Alert, fragment);
                }
                let alert = Alert::decode(fragment).ok_or(PeerFault::InvalidAlert)?;
                self.deframer.discard(header);
                self.alert(alert, version)
            }
            ContentType::Handshake => {
                (self.empty_records, self.warnings) = (0, 0);
                self.messages.append(fragment)?;
                self.deframer.discard(header);
                let Some(message) = self.messages.take()? else {
                    return Ok(Event::Discard);
                };
                self.log_message(version, &message);
                Ok(Event::Message(message))
            }
            other => Err(PeerFault::BadRecordType(other.wire()).into()),
        }
    }

    /// Copies unread plaintext into `out` without using it up; the number of bytes copied.
    pub(crate) fn peek(&self, out: &mut [u8]) -> usize {
        let Some(current) = &self.current else {
            return 0;
        };
        let n = out.len().min(current.unread.len());
        let from = current.unread.start;
        out[..n].copy_from_slice(self.deframer.body_part(from..from + n));
        n
    }

    /// The first `n` unread bytes were read.
    pub(crate) fn consume(&mut self, n: usize) {
        if let Some(current) = &mut self.current {
            current.unread.start = (current.unread.start + n).min(current.unread.end);
            if current.unread.is_empty() {
                self.deframer.discard(current.header);
                self.current = None;
            }
        }
    }

    /// Whether an application record is open, even an empty one.
    pub(crate) fn has_plaintext(&self) -> bool {
        self.current.is_some()
    }

    /// Unread bytes of the current record (statement R4).
    pub(crate) fn pending(&self) -> usize {
        self.current
            .as_ref()
            .map_or(0, |current| current.unread.len())
    }

    /// Whether anything received is not handled yet (statements R7, R8).
    pub(crate) fn has_pending(&self) -> bool {
        self.current.is_some() || self.messages.has_complete() || self.deframer.has_raw()
    }

    /// Whether raw bytes beyond the current record are buffered (statements R12, R54).
    pub(crate) fn has_read_ahead(&self) -> bool {
        let in_hand = self
            .current
            .as_ref()
            .map_or(0, |current| current.header.len.into());
        self.deframer.has_read_ahead(in_hand)
    }

    /// Whether a post-handshake message is incomplete (statement R29).
    pub(crate) fn is_amid_message(&self) -> bool {
        self.messages.is_partial() && !self.messages.has_complete()
    }

    /// Whether the buffer could be freed: nothing unread, nothing partial (statement B8).
    pub(crate) fn is_idle(&self) -> bool {
        self.current.is_none() && !self.deframer.is_partial()
    }

    /// As new, but with the same settings.
    pub(crate) fn clear(&mut self, pool: &BufferPool) {
        self.deframer.clear(pool);
        let deframer = core::mem::take(&mut self.deframer);
        *self = Self {
            deframer,
            tap: self.tap.take(),
            ..Self::default()
        };
    }

    /// Gives the buffer up, whatever is in it: the connection is dropped.
    pub(crate) fn release(&mut self, pool: &BufferPool) {
        self.deframer.clear(pool);
    }

    pub(crate) fn buffers_released(&self) -> u64 {
        self.deframer.buffers_released()
    }

    pub(crate) fn free_buffer(&mut self, pool: &BufferPool) {
        self.deframer.free_buffer(pool);
    }

    fn log_message(&self, version: ProtocolVersion, message: &Message) {
        if let Some(tap) = &self.tap {
            tap.message(false, version, ContentType::Handshake, &message.encode());
        }
    }

    fn application_data(
        &mut self,
        header: RecordHeader,
        unread: Range<usize>,
    ) -> Result<Event, Error> {
        if unread.is_empty() {
            if u32::from(self.empty_records) == MAX_EMPTY_RECORDS {
                return Err(PeerFault::TooManyEmptyRecords.into());
            }
            self.empty_records += 1;
        } else {
            (self.empty_records, self.warnings) = (0, 0);
        }
        self.current = Some(Plaintext { header, unread });
        Ok(Event::Plaintext)
    }

    /// What an alert means (statements R16, R17; RFC 8446 section 6, RFC 5246 section 7.2).
    fn alert(&mut self, alert: Alert, version: ProtocolVersion) -> Result<Event, Error> {
        let description = alert.description;
        match (version, alert.level) {
            _ if description == AlertDescription::CLOSE_NOTIFY => {
                return match (version, alert.level) {
                    (ProtocolVersion::Tls12, AlertLevel::Unknown(level)) => {
                        Err(PeerFault::UnknownAlertLevel(level).into())
                    }
                    (ProtocolVersion::Tls12, AlertLevel::Fatal) => {
                        Ok(Event::FatalAlert(description))
                    }
                    _ => Ok(Event::CloseNotify),
                };
            }
            (ProtocolVersion::Tls13, _) if description == AlertDescription::USER_CANCELED => {}
            (ProtocolVersion::Tls13, _) | (ProtocolVersion::Tls12, AlertLevel::Fatal) => {
                return Ok(Event::FatalAlert(description));
            }
            (ProtocolVersion::Tls12, AlertLevel::Unknown(level)) => {
                return Err(PeerFault::UnknownAlertLevel(level).into());
            }
            (ProtocolVersion::Tls12, AlertLevel::Warning) => {
                if description == AlertDescription::NO_RENEGOTIATION {
                    return Err(PeerFault::NoRenegotiation.into());
                }
            }
        }
        if u32::from(self.warnings) == MAX_WARNING_ALERTS {
            return Err(PeerFault::TooManyWarnings.into());
        }
        self.warnings += 1;
        Ok(Event::Discard)
    }
}
