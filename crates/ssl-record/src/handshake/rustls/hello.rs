//! The ClientHello, put together from records before anything else is decided.
//!
//! Owns the records until there is a whole message. Does not know what it says.

use super::messages::kind;
use super::refusal::Refusal;
use crate::handshake::MESSAGE_HEADER_LEN;
use crate::reason::Reason;
use crate::record::{AlertDescription, ContentType, HEADER_LEN, RecordHeader};

/// Longest ClientHello accepted, without its header: as OpenSSL.
const MAX_CLIENT_HELLO: usize = 131_396;

/// Empty records tolerated before the hello.
const MAX_USELESS: u8 = 32;

/// Something else came first.
const UNEXPECTED: Refusal = Refusal {
    alert: AlertDescription::UNEXPECTED_MESSAGE,
    reason: Reason::UNEXPECTED_MESSAGE,
};

/// Records that are a ClientHello, or will be.
#[derive(Default)]
pub(super) struct Hello {
    /// As received, for rustls.
    records: Vec<u8>,
    /// The message, once a second record continues it; until then it is in the first.
    message: Vec<u8>,
    useless: u8,
}

impl Hello {
    /// Takes the next record.
    ///
    /// # Errors
    /// It is not one that a client may begin with; it is not kept.
    pub(super) fn feed(&mut self, header: RecordHeader, body: &[u8]) -> Result<(), Refusal> {
        // An alert is not one either: nothing was said yet that could be wrong.
        if header.content_type != ContentType::Handshake {
            return Err(UNEXPECTED);
        }
        if body.is_empty() {
            return self.count_useless();
        }
        if self.records.is_empty() {
            check(body)?;
        } else {
            if self.message.is_empty() {
                self.message = self.so_far().to_vec();
            }
            let before = self.message.len();
            self.message.extend_from_slice(body);
            if let Err(refusal) = check(&self.message) {
                self.message.truncate(before);
                return Err(refusal);
            }
        }
        self.records.reserve(HEADER_LEN + body.len());
        self.records.extend_from_slice(&header.encode());
        self.records.extend_from_slice(body);
        Ok(())
    }

    /// The message, once it is whole.
    pub(super) fn message(&self) -> Option<&[u8]> {
        let so_far = self.so_far();
        so_far.get(..MESSAGE_HEADER_LEN + message_len(so_far)?)
    }

    /// The records, for rustls.
    pub(super) fn into_records(self) -> Vec<u8> {
        self.records
    }

    fn so_far(&self) -> &[u8] {
        match self.message.is_empty() {
            true => self.records.get(HEADER_LEN..).unwrap_or_default(),
            false => &self.message,
        }
    }

    fn count_useless(&mut self) -> Result<(), Refusal> {
        self.useless += 1;
        if self.useless > MAX_USELESS {
            return Err(Refusal {
                alert: AlertDescription::UNEXPECTED_MESSAGE,
                reason: Reason::TOO_MANY_WARN_ALERTS,
            });
        }
        Ok(())
    }
}

/// Whether the message can become a ClientHello.
fn check(message: &[u8]) -> Result<(), Refusal> {
    if message.first() != Some(&kind::CLIENT_HELLO) {
        return Err(UNEXPECTED);
    }
    if message_len(message).is_some_and(|len| len > MAX_CLIENT_HELLO) {
        return Err(Refusal {
            alert: AlertDescription::ILLEGAL_PARAMETER,
            reason: Reason::EXCESSIVE_MESSAGE_SIZE,
        });
    }
    Ok(())
}

/// Bytes of the message without its header.
fn message_len(message: &[u8]) -> Option<usize> {
    match *message {
        [_, high, middle, low, ..] => Some(u32::from_be_bytes([0, high, middle, low]) as usize),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(hello: &mut Hello, body: &[u8]) -> Result<(), Refusal> {
        let header = RecordHeader {
            content_type: ContentType::Handshake,
            version: 0x0301,
            len: body.len() as u16,
        };
        hello.feed(header, body)
    }

    #[test]
    fn a_record_that_is_refused_is_not_kept() {
        // Another message, and one that is too long, told in its second record.
        for [first, second] in [[&[][..], &[2, 0, 0, 0]], [&[1, 0xff], &[0xff, 0xff]]] {
            let mut hello = Hello::default();
            feed(&mut hello, first).unwrap();
            let kept = hello.records.clone();
            assert!(feed(&mut hello, second).is_err());
            assert_eq!(hello.into_records(), kept);
        }
    }
}
