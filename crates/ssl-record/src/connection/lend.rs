//! Buffers on loan: a transport that may block for ever fills or empties one while the connection stays
//! usable, so that one thread can read while another writes.
//!
//! Owns the two kinds of loan. At most one of each kind is out at a time, and what was lent comes back
//! before the same direction is used again; the driver sees to it.

use super::{Connection, Phase};
use crate::buffer::RecordBuffer;
use crate::read::Lent;

/// The place for the transport's next bytes.
pub struct LentIncoming(Lent);

/// A sealed record on its way out. It is wiped when it is dropped.
pub struct LentOutgoing(RecordBuffer);

impl LentIncoming {
    /// What the transport is to fill; what [`Connection::incoming`] would have been.
    pub fn space(&mut self) -> &mut [u8] {
        self.0.space()
    }
}

impl LentOutgoing {
    /// What the transport is to take; what [`Connection::outgoing`] was.
    pub fn bytes(&self) -> &[u8] {
        self.0.filled()
    }
}

impl Connection {
    /// Whether an application record is sealed and not fully transmitted.
    pub fn has_pending_write(&self) -> bool {
        self.write.is_pending()
    }

    /// Takes the place for the next bytes out; reading has to wait until it is back.
    pub fn lend_incoming(&mut self) -> LentIncoming {
        LentIncoming(self.read.deframer_mut().lend(self.context.pool()))
    }

    /// Takes the place back, its first `n` bytes filled: as [`Connection::received`].
    pub fn return_incoming(&mut self, lent: LentIncoming, n: usize) {
        self.read.deframer_mut().give_back(lent.0, n);
        self.wake_opening();
    }

    /// Takes a pending application record out; writing has to wait until it is back. `None` if none is
    /// pending.
    pub fn lend_outgoing(&mut self) -> Option<LentOutgoing> {
        let lends = matches!(self.phase, Phase::Established(_)) && self.write.is_pending();
        lends.then(|| LentOutgoing(self.write.lend()))
    }

    /// Takes the record back, its first `n` bytes transmitted: as [`Connection::transmitted`].
    pub fn return_outgoing(&mut self, lent: LentOutgoing, n: usize) {
        self.write.give_back(lent.0, n, self.context.pool());
    }
}
