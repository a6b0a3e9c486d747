//! Early data (RFC 8446 section 4.2.10) between two record layers under one key.
//!
//! Early records are sealed and opened here, so that they obey the same rules as all application data.
//! rustls sees none of them, and takes the EndOfEarlyData behind them for the first record of its key:
//! it is sealed again on its way. So are the tickets of a server that wrote before they were due. Owns
//! that second sealing and what was received early; does not know who may send how much.

use std::collections::VecDeque;

use zeroize::Zeroizing;

use super::super::messages::{self, kind};
use super::super::refusal::Refusal;
use super::wire::records;
use crate::config::CipherSuite;
use crate::error::{Error, PeerFault};
use crate::handshake::MESSAGE_HEADER_LEN;
use crate::protect::{KeyRoot, Layout, Secret, TrafficKeys, TrafficSecret, Usage};
use crate::reason::Reason;
use crate::record::limits::{MAX_EMPTY_RECORDS, MAX_FRAGMENT};
use crate::record::{AlertDescription, ContentType, HEADER_LEN, RecordHeader};

/// Keys of this secret for records from number `next` on.
pub(super) fn keys(
    suite: CipherSuite,
    secret: Secret,
    usage: Usage,
    next: u64,
) -> Option<TrafficKeys> {
    let root = KeyRoot::Secret(TrafficSecret::new(suite.hash(), secret));
    TrafficKeys::new(usage, suite.algorithm(), root, next)
}

/// The same keys twice: as one side counts records, and as the other does.
pub(super) struct Relay {
    open: TrafficKeys,
    seal: TrafficKeys,
}

impl Relay {
    /// Opens records from the first number on, seals them from the second on.
    pub(super) fn new(suite: CipherSuite, secret: &Secret, from: u64, to: u64) -> Option<Self> {
        Some(Self {
            open: keys(suite, secret.clone(), Usage::Open, from)?,
            seal: keys(suite, secret.clone(), Usage::Seal, to)?,
        })
    }

    /// What is in a record; wiped when it is dropped.
    fn open(
        &mut self,
        header: RecordHeader,
        body: &[u8],
    ) -> Result<(ContentType, Zeroizing<Vec<u8>>), PeerFault> {
        let mut copy = Zeroizing::new(body.to_vec());
        let opened = self.open.open(header, &mut copy)?;
        copy.truncate(opened.start + opened.len);
        copy.drain(..opened.start);
        Ok((opened.content_type, copy))
    }

    /// Appends a record with this content.
    fn seal(&mut self, content_type: ContentType, content: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let start = out.len();
        out.resize(start + Layout::Tls13.overhead() + content.len(), 0);
        let sealed = self
            .seal
            .seal(content_type, content, 0, &mut out[start..])
            .ok()?;
        out.truncate(start + sealed);
        Some(())
    }

    /// The flight with its first `most` protected records sealed again, their messages replaced by what
    /// `edit` gives; `None` if one of them is not under these keys.
    pub(super) fn pass_on(
        &mut self,
        flight: &[u8],
        most: usize,
        edit: impl Fn(&[u8]) -> Option<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        let (mut out, mut count) = (Vec::with_capacity(flight.len()), 0);
        for (header, body) in records(flight) {
            if header.content_type != ContentType::ApplicationData || count == most {
                out.extend_from_slice(&header.encode());
                out.extend_from_slice(body);
                continue;
            }
            count += 1;
            let (content_type, content) = self.open(header, body).ok()?;
            let edited = match content_type {
                ContentType::Handshake => edit(&content),
                _ => None,
            };
            self.seal(
                content_type,
                edited.as_deref().unwrap_or(&content),
                &mut out,
            )?;
        }
        Some(out)
    }
}

/// A client's early data on its way to the owner of a server.
pub(super) struct Incoming {
    relay: Relay,
    /// Records not yet taken by the owner, none of them empty.
    data: VecDeque<Zeroizing<Vec<u8>>>,
    /// How much of the first was taken, bytes.
    taken: usize,
    /// Bytes that may still come.
    left: usize,
    /// Empty records since the last with content.
    empty: u32,
    ended: bool,
}

impl Incoming {
    pub(super) fn new(relay: Relay, most: u32) -> Self {
        Self {
            relay,
            data: VecDeque::new(),
            taken: 0,
            left: most as usize,
            empty: 0,
            ended: false,
        }
    }

    /// Whether EndOfEarlyData was received.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Moves what was received to the front of `out`; the number of bytes.
    pub(super) fn take(&mut self, out: &mut [u8]) -> usize {
        let mut n = 0;
        while let Some(record) = self.data.front()
            && n < out.len()
        {
            let rest = &record[self.taken..];
            let len = rest.len().min(out.len() - n);
            out[n..n + len].copy_from_slice(&rest[..len]);
            n += len;
            self.taken += len;
            if self.taken == record.len() {
                self.data.pop_front();
                self.taken = 0;
            }
        }
        n
    }

    pub(super) fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Takes a record and gives its type; of one that is no data, what is for rustls is appended to `on`, and
    /// the message is given too.
    ///
    /// # Errors
    /// It is not under the early keys, or more than is accepted.
    pub(super) fn record(
        &mut self,
        header: RecordHeader,
        body: &[u8],
        on: &mut Vec<u8>,
    ) -> Result<(ContentType, Vec<u8>), Error> {
        let (content_type, content) = self.relay.open(header, body)?;
        if content_type != ContentType::ApplicationData {
            self.ended = content.first() == Some(&kind::END_OF_EARLY_DATA)
                && content_type == ContentType::Handshake;
            let sealed = self.relay.seal(content_type, &content, on);
            return match sealed {
                Some(()) => Ok((content_type, content.to_vec())),
                None => Err(Error::KeysExhausted),
            };
        }
        self.empty = if content.is_empty() {
            self.empty + 1
        } else {
            0
        };
        if self.empty > MAX_EMPTY_RECORDS {
            return Err(PeerFault::TooManyEmptyRecords.into());
        }
        let left = self.left.checked_sub(content.len());
        self.left = left.ok_or(TOO_MUCH)?;
        if !content.is_empty() {
            self.data.push_back(content);
        }
        Ok((content_type, Vec::new()))
    }
}

/// More early data than the server accepts.
pub(super) const TOO_MUCH: Refusal = Refusal {
    alert: AlertDescription::UNEXPECTED_MESSAGE,
    reason: Reason::TOO_MUCH_EARLY_DATA,
};

/// Handshake messages with early data allowed in their tickets; `None` if they are not whole, or do not fit
/// into their record any more.
pub(super) fn with_early_data(content: &[u8], most: u32) -> Option<Vec<u8>> {
    let mut rest = content;
    let mut out = Vec::with_capacity(content.len() + 16);
    while let Some((head, after)) = rest.split_first_chunk::<MESSAGE_HEADER_LEN>() {
        let len = u32::from_be_bytes([0, head[1], head[2], head[3]]) as usize;
        let (body, after) = after.split_at_checked(len)?;
        let allowed = match head[0] {
            kind::NEW_SESSION_TICKET => messages::allow_early_data(body, most),
            _ => None,
        };
        match allowed {
            Some(body) => {
                let [_, len @ ..] = (body.len() as u32).to_be_bytes();
                out.push(head[0]);
                out.extend_from_slice(&len);
                out.extend_from_slice(&body);
            }
            None => {
                out.extend_from_slice(head);
                out.extend_from_slice(body);
            }
        }
        rest = after;
    }
    (rest.is_empty() && out.len() <= MAX_FRAGMENT).then_some(out)
}

/// The first protected record of a flight, and the flight without it.
pub(super) fn split_first(flight: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (mut first, mut rest) = (None, Vec::with_capacity(flight.len()));
    for (header, body) in records(flight) {
        let mut record = header.encode().to_vec();
        record.extend_from_slice(body);
        match first {
            None if header.content_type == ContentType::ApplicationData => first = Some(record),
            _ => rest.append(&mut record),
        }
    }
    debug_assert!(first.as_ref().is_none_or(|it| it.len() > HEADER_LEN));
    first.map(|first| (first, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_taken_in_pieces_across_records() {
        let suite = CipherSuite::Aes128GcmSha256;
        let secret = Secret::new(&[7; 32]).unwrap();
        let mut sender = Relay::new(suite, &secret, 0, 0).unwrap();
        let mut incoming = Incoming::new(Relay::new(suite, &secret, 0, 0).unwrap(), 5);
        for content in [&b"abc"[..], b"", b"de"] {
            let mut sealed = Vec::new();
            let data = ContentType::ApplicationData;
            sender.seal(data, content, &mut sealed).unwrap();
            let (header, body) = records(&sealed).next().unwrap();
            incoming.record(header, body, &mut Vec::new()).unwrap();
        }
        let mut out = [0; 4];
        assert_eq!(incoming.take(&mut []), 0);
        assert_eq!(incoming.take(&mut out[..2]), 2);
        assert_eq!(&out[..2], b"ab");
        assert_eq!(incoming.take(&mut out[..2]), 2);
        assert_eq!(&out[..2], b"cd");
        assert!(!incoming.is_empty());
        assert_eq!(incoming.take(&mut out), 1);
        assert_eq!((out[0], incoming.is_empty()), (b'e', true));
        assert_eq!(incoming.take(&mut out), 0);
    }
}
