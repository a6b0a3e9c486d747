//! The write path: application bytes to sealed records, one record at a time unless told to seal ahead.
//!
//! Owns the outgoing buffer, the pending write and everything `ENABLE_PARTIAL_WRITE`,
//! `ACCEPT_MOVING_WRITE_BUFFER` and (for its buffer) `RELEASE_BUFFERS` do. Does no I/O, stores no mode,
//! and does not know the read path.
//!
//! Three kinds of application bytes exist at any time (docs/modes/partial-write.md):
//!
//! ```text
//! |<- reported ->|<- unreported ->|<- pending.len ->|<- untouched ->|
//!                 transmitted      sealed, partly    not looked at
//!                 in full          transmitted
//! ```
//!
//! The pending bytes are those of one record, or with [`WritePath::set_seal_ahead`] of several. Either way
//! they are one unit: transmitted before anything else is sealed, reported and repeated together.

mod fragment;
mod pending;
mod seal;

use ssl_mode::SslMode;

use self::fragment::Fragmenter;
use self::pending::{Committed, PendingWrite};
use crate::buffer::RecordBuffer;
use crate::error::Error;
use crate::pool::{BufferPool, RECORD_CAPACITY};
use crate::protect::{Fingerprint, TrafficKeys};
use crate::record::{Alert, ContentType};
use crate::step::Step;
use crate::tap::TapLog;

/// The two KeyUpdate messages (RFC 8446 section 4.6.3).
const KEY_UPDATE: [[u8; 5]; 2] = [[24, 0, 0, 1, 0], [24, 0, 0, 1, 1]];

/// What the bytes in the outgoing buffer are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Held {
    #[default]
    Nothing,
    Application(PendingWrite),
    /// Alerts or a KeyUpdate, to be flushed once transmitted.
    Control,
}

/// The outgoing direction. Without keys nothing can be sealed; the handshake sends for itself.
#[derive(Default)]
pub(crate) struct WritePath {
    keys: Option<TrafficKeys>,
    buffer: RecordBuffer,
    held: Held,
    /// Application bytes transmitted in complete records since the write's first call and not yet
    /// returned to the caller. Survives every early return; reset only when a result is returned.
    unreported: usize,
    /// A fatal error came while a record was pending.
    is_abandoned: bool,
    /// A control record was transmitted and the transport not yet flushed.
    flush_due: bool,
    /// A warning waiting for the next record boundary (statement W58).
    alert: Option<Alert>,
    fragmenter: Fragmenter,
    /// Several records are sealed before the first is offered to the transport.
    seal_ahead: bool,
    /// TLS 1.3 records are padded to a multiple of this many bytes; 0 and 1 mean no padding.
    block_padding: u16,
    /// Opt-in memory of the bytes committed and unreported.
    contents: Option<Box<Fingerprint>>,
    tap: Option<TapLog>,
}

/// One application write, from its first step to its result or its want.
#[derive(Debug)]
pub(crate) struct WriteCall {
    /// What is pending was sealed by an earlier call: finishing it does not count as this call's one
    /// record (statement W16).
    resuming: bool,
}

impl WritePath {
    pub(crate) fn install(&mut self, keys: TrafficKeys) {
        self.keys = Some(keys);
    }

    /// The keys, which the connection folds while there is nothing to do.
    pub(crate) fn keys_mut(&mut self) -> Option<&mut TrafficKeys> {
        self.keys.as_mut()
    }

    /// How many records were sealed with the keys.
    pub(crate) fn sealed(&self) -> u64 {
        self.keys.as_ref().map_or(0, TrafficKeys::next_number)
    }

    /// Logs what is sealed from now on.
    pub(crate) fn set_tap(&mut self, log: Option<TapLog>) {
        self.tap = log;
    }

    pub(crate) fn fragmenter(&self) -> &Fragmenter {
        &self.fragmenter
    }

    pub(crate) fn fragmenter_mut(&mut self) -> &mut Fragmenter {
        &mut self.fragmenter
    }

    pub(crate) fn set_block_padding(&mut self, block: u16) {
        self.block_padding = block;
    }

    /// Whether several records are sealed before the first is offered to the transport.
    pub(crate) fn set_seal_ahead(&mut self, on: bool) {
        self.seal_ahead = on;
    }

    pub(crate) fn seal_ahead(&self) -> bool {
        self.seal_ahead
    }

    /// Remembers committed bytes from now on, or forgets them.
    pub(crate) fn set_contents_check(&mut self, check: Option<Box<Fingerprint>>) {
        self.contents = check;
    }

    /// Whether application records are sealed but not fully transmitted.
    #[inline]
    pub(crate) fn is_pending(&self) -> bool {
        matches!(self.held, Held::Application(_))
    }

    /// Whether anything is left to transmit or flush.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.held == Held::Nothing && !self.flush_due
    }

    /// Sealed bytes the transport has not taken.
    #[inline]
    pub(crate) fn outgoing(&self) -> &[u8] {
        self.buffer.filled()
    }

    /// Takes the pending record out, so that the transport may take it while others use the rest.
    pub(crate) fn lend(&mut self) -> RecordBuffer {
        core::mem::take(&mut self.buffer)
    }

    /// Takes the record back, of which the transport took `n` bytes. A failure meanwhile has given it up.
    pub(crate) fn give_back(&mut self, lent: RecordBuffer, n: usize, pool: &BufferPool) {
        let mut lent = lent;
        if self.is_abandoned {
            lent.release(pool);
            return;
        }
        self.buffer = lent;
        self.transmitted(n);
    }

    /// The transport took `n` of [`WritePath::outgoing`].
    #[inline]
    pub(crate) fn transmitted(&mut self, n: usize) {
        self.buffer.consume(n);
        if self.buffer.is_empty() && self.held == Held::Control {
            self.held = Held::Nothing;
            self.flush_due = true;
        }
    }

    /// The transport was flushed.
    pub(crate) fn flushed(&mut self) {
        self.flush_due = false;
    }

    /// Checks that `data` may be written now (statement W50, steps 9 and 13).
    ///
    /// # Errors
    /// A violated retry contract; final.
    #[inline]
    pub(crate) fn begin(&self, modes: SslMode, data: &[u8]) -> Result<WriteCall, Error> {
        if self.unreported > 0 || self.is_pending() {
            self.check_retry(modes, data)?;
        }
        Ok(WriteCall {
            resuming: self.is_pending(),
        })
    }

    /// The next step of writing `data`.
    ///
    /// All or nothing, unless `modes` has `ENABLE_PARTIAL_WRITE`: then complete after the first new
    /// record, or the first that were sealed together (statements W3, W6, W16, W54). Never complete amid
    /// those: what is sealed could not be taken back if the caller went on with other bytes.
    ///
    /// # Errors
    /// [`Error::KeysExhausted`] in TLS 1.2; final.
    #[inline]
    pub(crate) fn step(
        &mut self,
        modes: SslMode,
        call: &mut WriteCall,
        data: &[u8],
        pool: &BufferPool,
    ) -> Result<Step<usize>, Error> {
        loop {
            if let Some(step) = self.due() {
                return Ok(step);
            }
            let is_new = self.settle() && !core::mem::take(&mut call.resuming);
            let is_part = modes.contains(SslMode::ENABLE_PARTIAL_WRITE) && is_new;
            if is_part || self.unreported >= data.len() {
                return Ok(Step::Done(self.report(modes, pool)));
            }
            self.seal_next(&data[self.unreported..], pool)?;
        }
    }

    /// The step that empties the buffer and the flush; [`Step::Done`] once nothing is left.
    ///
    /// A pending write found here was given up by `shutdown`: its record is completed, so that the
    /// peer can read on to the close_notify behind it (statement W21, done right).
    pub(crate) fn drain(&mut self, modes: SslMode, pool: &BufferPool) -> Result<Step<()>, Error> {
        loop {
            if let Some(step) = self.due() {
                return Ok(step);
            }
            self.settle();
            match self.alert.take() {
                Some(alert) => self.seal_control(ContentType::Alert, &alert.encode(), pool)?,
                None => {
                    self.release_if(modes, pool);
                    return Ok(Step::Done(()));
                }
            }
        }
    }

    /// Sends `alert` at the next record boundary.
    pub(crate) fn queue_alert(&mut self, alert: Alert) {
        self.alert = Some(alert);
    }

    pub(crate) fn has_queued_alert(&self) -> bool {
        self.alert.is_some()
    }

    /// Seals a fatal alert behind whatever control bytes are held, for one attempt to send it.
    ///
    /// Not while an application record is half sent: the peer would read the alert's bytes as that
    /// record's (statement W20).
    pub(crate) fn seal_last_alert(&mut self, alert: Alert, pool: &BufferPool) {
        if !self.is_pending() {
            // A key that is used up cannot tell the peer anything more.
            let _ = self.seal_control(ContentType::Alert, &alert.encode(), pool);
        }
    }

    /// Gives up on an application record that is half sent: after a fatal error it is never completed.
    pub(crate) fn abandon_pending(&mut self) {
        if self.is_pending() {
            self.buffer.consume(usize::MAX);
            self.is_abandoned = true;
        }
    }

    /// Seals a KeyUpdate under the current key and moves on to the next one.
    ///
    /// # Errors
    /// [`Error::KeysExhausted`] in TLS 1.2, which has no next key.
    pub(crate) fn seal_key_update(
        &mut self,
        request: bool,
        pool: &BufferPool,
    ) -> Result<(), Error> {
        if !self.keys.as_ref().is_some_and(TrafficKeys::can_update) {
            return Err(Error::KeysExhausted);
        }
        self.seal_control(
            ContentType::Handshake,
            &KEY_UPDATE[usize::from(request)],
            pool,
        )?;
        self.keys
            .as_mut()
            .and_then(TrafficKeys::update)
            .ok_or(Error::KeysExhausted)
    }

    /// As new, but with the same settings.
    pub(crate) fn clear(&mut self, pool: &BufferPool) {
        self.release(pool);
        let contents = self.contents.take().map(|mut contents| {
            contents.restart();
            contents
        });
        *self = Self {
            fragmenter: self.fragmenter,
            seal_ahead: self.seal_ahead,
            block_padding: self.block_padding,
            contents,
            tap: self.tap.take(),
            ..Self::default()
        };
    }

    /// Gives the buffer up, whatever is in it: the connection is dropped.
    pub(crate) fn release(&mut self, pool: &BufferPool) {
        self.buffer.release(pool);
    }

    pub(crate) fn buffers_released(&self) -> u64 {
        self.buffer.released()
    }

    /// Makes sure a buffer is held.
    pub(crate) fn alloc_buffer(&mut self, pool: &BufferPool) {
        self.buffer.hold(pool, RECORD_CAPACITY);
    }

    /// Releases the buffer if nothing is left to transmit.
    pub(crate) fn free_buffer(&mut self, pool: &BufferPool) {
        if self.buffer.is_empty() {
            self.buffer.release(pool);
        }
    }

    #[cold]
    fn check_retry(&self, modes: SslMode, data: &[u8]) -> Result<(), Error> {
        let pending = match self.held {
            Held::Application(pending) => Some(pending),
            Held::Nothing | Held::Control => None,
        };
        Committed {
            unreported: self.unreported,
            pending,
            contents: self.contents.as_deref(),
        }
        .check_retry(modes, data)
    }

    /// What the driver has to do before anything else can be sealed.
    #[inline]
    fn due<T>(&self) -> Option<Step<T>> {
        if !self.buffer.is_empty() {
            Some(Step::Transmit)
        } else if self.flush_due {
            Some(Step::Flush)
        } else {
            None
        }
    }

    /// Counts the pending bytes, which have left completely; whether there were any.
    #[inline]
    fn settle(&mut self) -> bool {
        let Held::Application(pending) = self.held else {
            return false;
        };
        self.held = Held::Nothing;
        self.unreported += pending.len;
        true
    }

    /// Takes the count to be returned to the caller; the write is over.
    #[inline]
    fn report(&mut self, modes: SslMode, pool: &BufferPool) -> usize {
        if let Some(contents) = &mut self.contents {
            contents.restart();
        }
        self.release_if(modes, pool);
        core::mem::take(&mut self.unreported)
    }

    /// Gives the empty buffer back, if its time is over; a long one serves one write.
    #[inline]
    fn release_if(&mut self, modes: SslMode, pool: &BufferPool) {
        if modes.contains(SslMode::RELEASE_BUFFERS) && self.buffer.is_empty() {
            self.buffer.release(pool);
        } else {
            self.buffer.give_back_long(pool);
        }
    }
}
