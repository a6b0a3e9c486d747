//! Post-handshake messages, put together from handshake records.
//!
//! Owns the bytes of messages that are incomplete or not yet handled. Does not know what they mean.

use crate::error::PeerFault;
use crate::record::limits::MAX_POST_HANDSHAKE_MESSAGE;

/// Bytes of a handshake message header: type and 24-bit length (RFC 8446 section 4).
const MESSAGE_HEADER_LEN: usize = 4;

/// Handshake bytes received after the handshake.
#[derive(Default)]
pub(crate) struct Messages {
    bytes: Vec<u8>,
}

/// One complete message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The handshake type.
    pub(crate) kind: u8,
    /// The body, without type and length.
    pub(crate) body: Vec<u8>,
    /// Whether more handshake bytes of the same record follow it.
    pub(crate) followed: bool,
}

impl Message {
    /// The message with its header.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let [_, high, middle, low] = (self.body.len() as u32).to_be_bytes();
        [&[self.kind, high, middle, low], self.body.as_slice()].concat()
    }
}

impl Messages {
    /// Appends the fragment of a handshake record.
    ///
    /// # Errors
    /// [`PeerFault::MessageTooLong`] as soon as a length says so, before the bytes arrive.
    pub(crate) fn append(&mut self, fragment: &[u8]) -> Result<(), PeerFault> {
        self.bytes.extend_from_slice(fragment);
        match self.next_len() {
            Some(len) if len > MAX_POST_HANDSHAKE_MESSAGE => Err(PeerFault::MessageTooLong(len)),
            _ => Ok(()),
        }
    }

    /// Takes the first message if it is complete.
    ///
    /// # Errors
    /// [`PeerFault::MessageTooLong`] if the message behind the one taken claims to be.
    pub(crate) fn take(&mut self) -> Result<Option<Message>, PeerFault> {
        let Some(end) = self.next_len().map(|len| MESSAGE_HEADER_LEN + len) else {
            return Ok(None);
        };
        if self.bytes.len() < end {
            return Ok(None);
        }
        let kind = self.bytes[0];
        let body = self.bytes[MESSAGE_HEADER_LEN..end].to_vec();
        self.bytes.drain(..end);
        if self.bytes.is_empty() {
            self.bytes = Vec::new(); // an idle connection keeps no message memory
        }
        self.append(&[])?;
        Ok(Some(Message {
            kind,
            body,
            followed: !self.bytes.is_empty(),
        }))
    }

    /// Whether a message has begun and is not handled.
    pub(crate) fn is_partial(&self) -> bool {
        !self.bytes.is_empty()
    }

    /// Whether a complete message waits to be handled.
    pub(crate) fn has_complete(&self) -> bool {
        self.next_len()
            .is_some_and(|len| self.bytes.len() >= MESSAGE_HEADER_LEN + len)
    }

    fn next_len(&self) -> Option<usize> {
        match self.bytes[..] {
            [_, high, middle, low, ..] => Some(u32::from_be_bytes([0, high, middle, low]) as usize),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_whole_however_they_were_cut() {
        let wire = [4, 0, 0, 2, 7, 8, 24, 0, 0, 1, 0];
        for cut in 0..wire.len() {
            let mut messages = Messages::default();
            let mut taken = Vec::new();
            for piece in [&wire[..cut], &wire[cut..]] {
                messages.append(piece).unwrap();
                while let Some(message) = messages.take().unwrap() {
                    taken.push((message.kind, message.body));
                }
            }
            assert_eq!(taken, [(4, vec![7, 8]), (24, vec![0])]);
            assert!(!messages.is_partial());
        }
    }

    #[test]
    fn a_lie_about_length_is_found_at_once() {
        let mut messages = Messages::default();
        assert_eq!(
            messages.append(&[4, 255, 255, 255]),
            Err(PeerFault::MessageTooLong(0xff_ffff))
        );
    }
}
