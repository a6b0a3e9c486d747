//! One direction of a handshake, read along.
//!
//! Owns the reassembly of messages and, where protected records are to be read too, copies of the keys.
//! Does not know what messages mean, but for the one that changes keys.

use super::messages::kind;
use crate::handshake::MESSAGE_HEADER_LEN;
use crate::protect::TrafficKeys;
use crate::record::{ContentType, ProtocolVersion, RecordHeader};

/// Longest message read along, which is more than rustls takes.
const MAX_MESSAGE: usize = 1 << 17;

/// What has passed so far.
#[derive(Default)]
pub(super) struct Ear {
    partial: Vec<u8>,
    stage: Stage,
    /// Records since the keys of this stage came into use.
    count: u64,
    keys: Option<TrafficKeys>,
    /// Something was not read, or could not be: messages are no longer whole.
    lost: bool,
}

/// How records are protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    #[default]
    Clear,
    Handshake,
    /// TLS 1.3, behind a Finished.
    Application,
}

/// What a record says.
#[derive(Default)]
pub(super) struct Heard {
    /// The content type inside, of a TLS 1.3 record that was opened.
    pub(super) inner: Option<ContentType>,
    /// Whole handshake messages.
    pub(super) messages: Vec<Vec<u8>>,
    pub(super) alert: Option<Vec<u8>>,
}

impl Ear {
    /// Reads a record. `version` is the negotiated one. Protected ones are opened if `keys` gives keys
    /// for their stage that count from the given number.
    pub(super) fn record(
        &mut self,
        version: Option<ProtocolVersion>,
        header: RecordHeader,
        body: &[u8],
        keys: impl FnOnce(Stage, u64) -> Option<TrafficKeys>,
    ) -> Heard {
        let mut heard = Heard::default();
        let is_tls13 = version == Some(ProtocolVersion::Tls13);
        let content_type = header.content_type;
        match content_type {
            ContentType::ChangeCipherSpec => {
                if !is_tls13 {
                    (self.stage, self.count) = (Stage::Handshake, 0);
                }
                return heard;
            }
            ContentType::ApplicationData if self.stage == Stage::Clear => {
                self.stage = Stage::Handshake;
            }
            _ => {}
        }
        // In TLS 1.3 what does not look like application data is in the clear.
        let is_clear = self.stage == Stage::Clear
            || (is_tls13 && content_type != ContentType::ApplicationData);
        if is_clear {
            self.content(content_type, body, &mut heard);
            return heard;
        }
        let number = self.count;
        self.count += 1;
        if self.keys.is_none() && !self.lost {
            self.keys = keys(self.stage, number);
        }
        let Some(sealed) = &mut self.keys else {
            self.lose();
            return heard;
        };
        let mut copy = body.to_vec();
        match sealed.open(header, &mut copy) {
            Ok(opened) => {
                heard.inner = is_tls13.then_some(opened.content_type);
                let fragment = &copy[opened.start..opened.start + opened.len];
                self.content(opened.content_type, fragment, &mut heard);
            }
            Err(_) => self.lose(),
        }
        heard
    }

    /// Whether records are protected by now.
    pub(super) fn is_protected(&self) -> bool {
        self.stage != Stage::Clear
    }

    /// Reads no more protected records.
    pub(super) fn lose(&mut self) {
        self.lost = true;
        self.keys = None;
        self.partial = Vec::new();
    }

    /// Whether protected records are not read any more.
    pub(super) fn is_lost(&self) -> bool {
        self.lost
    }

    fn content(&mut self, content_type: ContentType, fragment: &[u8], heard: &mut Heard) {
        match content_type {
            ContentType::Handshake if !self.lost => {}
            ContentType::Alert => {
                heard.alert = Some(fragment.to_vec());
                return;
            }
            _ => return,
        }
        self.partial.extend_from_slice(fragment);
        while let [kind, high, middle, low, ..] = self.partial[..] {
            let len = u32::from_be_bytes([0, high, middle, low]) as usize;
            if len > MAX_MESSAGE {
                return self.lose();
            }
            if self.partial.len() < MESSAGE_HEADER_LEN + len {
                return;
            }
            let rest = self.partial.split_off(MESSAGE_HEADER_LEN + len);
            let message = core::mem::replace(&mut self.partial, rest);
            heard.messages.push(message);
            if kind == kind::FINISHED && self.stage == Stage::Handshake {
                (self.stage, self.count, self.keys) = (Stage::Application, 0, None);
            }
        }
    }
}
