//! What passed on a connection, in plaintext, for owners that want to see it.
//!
//! Owns the log that the handshake and both paths write to in turn. Does not know what the entries mean.

use std::sync::Arc;

use crate::record::{ContentType, ProtocolVersion, RecordHeader};
use crate::sync::Mutex;

/// A message, or the frame of a record, that was sent or received: what `SSL_CTX_set_msg_callback`
/// reports.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tapped {
    /// Whether we sent it.
    pub outgoing: bool,
    /// The version: of the record for a frame, else of the connection.
    pub version: u16,
    /// 20 to 22 as in records: a change_cipher_spec (sent ones only), an alert, a whole handshake message;
    /// [`Tapped::HEADER`] or [`Tapped::INNER_TYPE`].
    pub content_type: u16,
    /// The message, the record's header, or its inner content type.
    pub bytes: Vec<u8>,
}

/// How much of what passes is noted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MessageTap {
    /// Nothing.
    #[default]
    Off,
    /// Messages and alerts, and of frames those of a change_cipher_spec: nothing of application data.
    Messages,
    /// The frame of each record as well.
    Frames,
}

impl Tapped {
    /// A record's header: `SSL3_RT_HEADER`.
    pub const HEADER: u16 = 256;
    /// The content type inside of a TLS 1.3 record: `SSL3_RT_INNER_CONTENT_TYPE`.
    pub const INNER_TYPE: u16 = 257;
}

/// A log shared by those who write to it.
#[derive(Clone)]
pub(crate) struct TapLog(Arc<Mutex<Log>>);

struct Log {
    entries: Vec<Tapped>,
    /// Whether frames are noted other than those of a change_cipher_spec.
    frames: bool,
}

impl TapLog {
    pub(crate) fn new(frames: bool) -> Self {
        Self(Arc::new(Mutex::new(Log {
            entries: Vec::new(),
            frames,
        })))
    }

    /// Whether frames are noted from now on.
    pub(crate) fn set_frames(&self, frames: bool) {
        self.0.lock().frames = frames;
    }

    /// Takes what was logged.
    pub(crate) fn take(&self) -> Vec<Tapped> {
        core::mem::take(&mut self.0.lock().entries)
    }

    /// A record's frame, `inner` if it is one of TLS 1.3.
    pub(crate) fn record(&self, outgoing: bool, header: RecordHeader, inner: Option<ContentType>) {
        let mut log = self.0.lock();
        if !log.frames && header.content_type != ContentType::ChangeCipherSpec {
            return;
        }
        log.entries.push(Tapped {
            outgoing,
            version: header.version,
            content_type: Tapped::HEADER,
            bytes: header.encode().to_vec(),
        });
        if let Some(inner) = inner {
            log.entries.push(Tapped {
                outgoing,
                // As OpenSSL has it.
                version: if outgoing { header.version } else { 0x0304 },
                content_type: Tapped::INNER_TYPE,
                bytes: vec![inner.wire()],
            });
        }
    }

    /// A message.
    pub(crate) fn message(
        &self,
        outgoing: bool,
        version: ProtocolVersion,
        content_type: ContentType,
        bytes: &[u8],
    ) {
        self.0.lock().entries.push(Tapped {
            outgoing,
            version: version.wire(),
            content_type: content_type.wire().into(),
            bytes: bytes.to_vec(),
        });
    }
}
