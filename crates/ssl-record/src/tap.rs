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

impl Tapped {
    /// A record's header: `SSL3_RT_HEADER`.
    pub const HEADER: u16 = 256;
    /// The content type inside of a TLS 1.3 record: `SSL3_RT_INNER_CONTENT_TYPE`.
    pub const INNER_TYPE: u16 = 257;
}

/// A log shared by those who write to it.
#[derive(Clone, Default)]
pub(crate) struct TapLog(Arc<Log>);

struct Log(Mutex<Vec<Tapped>>);

impl Default for Log {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl TapLog {
    /// Takes what was logged.
    pub(crate) fn take(&self) -> Vec<Tapped> {
        core::mem::take(&mut self.0.0.lock())
    }

    /// A record's frame, `inner` if it is one of TLS 1.3.
    pub(crate) fn record(&self, outgoing: bool, header: RecordHeader, inner: Option<ContentType>) {
        let mut log = self.0.0.lock();
        log.push(Tapped {
            outgoing,
            version: header.version,
            content_type: Tapped::HEADER,
            bytes: header.encode().to_vec(),
        });
        if let Some(inner) = inner {
            log.push(Tapped {
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
        self.0.0.lock().push(Tapped {
            outgoing,
            version: version.wire(),
            content_type: content_type.wire().into(),
            bytes: bytes.to_vec(),
        });
    }
}
