//! `Deframer`: raw bytes to one complete record, or how many more are needed.
//!
//! Owns the incoming buffer and the rule that nothing beyond the record in hand is asked for unless
//! read-ahead is on (statement R3). Does not open records.

use core::ops::Range;

use crate::buffer::RecordBuffer;
use crate::pool::{BufferPool, RECORD_CAPACITY};
use crate::record::{HEADER_LEN, HeaderFault, RecordHeader};

/// Collects records.
///
/// A header is collected in place, so that a connection that waits for one holds no buffer. Invariant:
/// the body of the current record, as far as received, is at the front of `raw`; bytes behind it are
/// there only because read-ahead was on.
#[derive(Default)]
pub(crate) struct Deframer {
    header: [u8; HEADER_LEN],
    /// Bytes of `header` received.
    have: u8,
    raw: RecordBuffer,
    read_ahead: bool,
    /// Bytes of a body before its ciphertext.
    lead: u8,
    /// Memory for read-ahead, bytes, if more than one record's worth (statement B11).
    read_ahead_capacity: usize,
}

/// What the deframer has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// Not a whole record yet.
    Incomplete,
    /// The record at the front, header as received.
    Record(RecordHeader),
}

/// The place for the next bytes, out of its deframer.
pub(crate) enum Lent {
    Header { bytes: [u8; HEADER_LEN], len: usize },
    Body { buffer: RecordBuffer, len: usize },
}

impl Lent {
    /// What is to be filled; as long as [`Deframer::incoming`] would have been.
    pub(crate) fn space(&mut self) -> &mut [u8] {
        match self {
            Self::Header { bytes, len } => &mut bytes[..*len],
            Self::Body { buffer, len } => buffer.room(*len),
        }
    }
}

impl Deframer {
    pub(crate) fn set_read_ahead(&mut self, on: bool) {
        self.read_ahead = on;
    }

    pub(crate) fn read_ahead(&self) -> bool {
        self.read_ahead
    }

    /// Bodies begin with `lead` bytes that are not ciphertext: a matter of alignment only.
    pub(crate) fn set_lead(&mut self, lead: u8) {
        self.lead = lead;
    }

    /// Enlarges what read-ahead asks for at once; smaller than a record is ignored (statement B11).
    pub(crate) fn set_read_buffer_len(&mut self, n: usize) {
        self.read_ahead_capacity = n;
    }

    /// The record at the front, if it is complete. It stays there until [`Deframer::discard`].
    ///
    /// # Errors
    /// A header that no state allows; the connection cannot go on.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Frame, HeaderFault> {
        if usize::from(self.have) < HEADER_LEN && !self.raw.is_empty() {
            self.take_header();
        }
        match self.current_header()? {
            Some(header) if self.raw.len() >= header.len.into() => Ok(Frame::Record(header)),
            _ => Ok(Frame::Incomplete),
        }
    }

    /// Where the next bytes from the transport belong; never empty.
    ///
    /// Without read-ahead exactly the rest of the header or of the body.
    pub(crate) fn incoming(&mut self, pool: &BufferPool) -> &mut [u8] {
        // A faulty header was reported by `next`; its caller does not come here.
        let header = self.current_header().ok().flatten();
        if self.read_ahead {
            self.raw
                .hold(pool, RECORD_CAPACITY.max(self.read_ahead_capacity));
            self.raw.compact();
            return self.raw.room(usize::MAX);
        }
        match header {
            None => &mut self.header[self.have.into()..],
            Some(header) => {
                self.raw.hold(pool, RECORD_CAPACITY);
                self.raw.place(self.lead.into());
                if self.raw.spare() + self.raw.len() < header.len.into() {
                    self.raw.compact();
                }
                let missing = usize::from(header.len).saturating_sub(self.raw.len());
                self.raw.room(missing)
            }
        }
    }

    /// Takes the place for the next bytes out, so that the transport may fill it while others use the
    /// rest; [`Deframer::give_back`] is due before anything else is done with the deframer.
    pub(crate) fn lend(&mut self, pool: &BufferPool) -> Lent {
        let len = self.incoming(pool).len();
        if self.read_ahead || usize::from(self.have) == HEADER_LEN {
            let buffer = core::mem::take(&mut self.raw);
            Lent::Body { buffer, len }
        } else {
            Lent::Header {
                bytes: [0; HEADER_LEN],
                len,
            }
        }
    }

    /// Takes the place back, its first `n` bytes filled.
    pub(crate) fn give_back(&mut self, lent: Lent, n: usize) {
        match lent {
            Lent::Body { buffer, .. } => self.raw = buffer,
            Lent::Header { bytes, len } => {
                let have = usize::from(self.have);
                let n = n.min(len);
                self.header[have..have + n].copy_from_slice(&bytes[..n]);
            }
        }
        self.received(n);
    }

    /// The transport filled `n` bytes of [`Deframer::incoming`].
    pub(crate) fn received(&mut self, n: usize) {
        if self.read_ahead || usize::from(self.have) == HEADER_LEN {
            self.raw.commit(n);
        } else {
            self.have += n.min(HEADER_LEN - usize::from(self.have)) as u8;
        }
    }

    /// The body of the complete record at the front.
    pub(crate) fn body_mut(&mut self, header: RecordHeader) -> &mut [u8] {
        &mut self.raw.filled_mut()[..header.len.into()]
    }

    /// A part of the current record's body.
    pub(crate) fn body_part(&self, part: Range<usize>) -> &[u8] {
        self.raw.part(part)
    }

    /// The header bytes as received.
    pub(crate) fn header_bytes(&self) -> [u8; HEADER_LEN] {
        self.header
    }

    /// The record at the front is done with.
    pub(crate) fn discard(&mut self, header: RecordHeader) {
        self.raw.consume(header.len.into());
        self.have = 0;
    }

    /// Undecoded bytes beyond a bare header: what `has_pending` counts (statement R8).
    pub(crate) fn has_raw(&self) -> bool {
        !self.raw.is_empty() || (1..HEADER_LEN).contains(&self.have.into())
    }

    /// Undecoded bytes, a bare header included: what pins the buffer (statement B8).
    pub(crate) fn is_partial(&self) -> bool {
        self.have > 0 || !self.raw.is_empty()
    }

    /// Bytes read ahead of the record in hand.
    pub(crate) fn has_read_ahead(&self, in_hand: usize) -> bool {
        self.raw.len() > in_hand
    }

    /// Makes sure a buffer is held.
    pub(crate) fn alloc_buffer(&mut self, pool: &BufferPool) {
        self.raw.hold(pool, RECORD_CAPACITY);
    }

    pub(crate) fn buffers_released(&self) -> u64 {
        self.raw.released()
    }

    /// Releases the buffer if nothing is in it.
    pub(crate) fn free_buffer(&mut self, pool: &BufferPool) {
        if self.raw.is_empty() {
            self.raw.release(pool);
        }
    }

    /// Drops whatever was received and gives the buffer up; the settings stay.
    pub(crate) fn clear(&mut self, pool: &BufferPool) {
        self.raw.release(pool);
        self.have = 0;
    }

    /// Takes what has arrived of the header out of the buffer: mostly all of it.
    #[inline]
    fn take_header(&mut self) {
        if self.have == 0
            && let Some(header) = self.raw.filled().first_chunk()
        {
            (self.header, self.have) = (*header, HEADER_LEN as u8);
            self.raw.consume(HEADER_LEN);
        } else {
            self.take_part_of_header();
        }
    }

    #[cold]
    fn take_part_of_header(&mut self) {
        while usize::from(self.have) < HEADER_LEN && !self.raw.is_empty() {
            self.header[usize::from(self.have)] = self.raw.part(0..1)[0];
            self.have += 1;
            self.raw.consume(1);
        }
    }

    fn current_header(&self) -> Result<Option<RecordHeader>, HeaderFault> {
        if usize::from(self.have) < HEADER_LEN {
            return Ok(None);
        }
        RecordHeader::decode(self.header).map(Some)
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    /// Feeds `wire` as a transport would that always has more, counting what each read asked for.
    fn asked(deframer: &mut Deframer, mut wire: &[u8]) -> (Vec<usize>, Vec<Vec<u8>>) {
        let pool = BufferPool::new(1);
        let (mut reads, mut bodies) = (Vec::new(), Vec::new());
        loop {
            if let Frame::Record(header) = deframer.next().unwrap() {
                bodies.push(deframer.body_mut(header).to_vec());
                deframer.discard(header);
                continue;
            }
            if wire.is_empty() {
                return (reads, bodies);
            }
            let space = deframer.incoming(&pool);
            let n = space.len().min(wire.len());
            space[..n].copy_from_slice(&wire[..n]);
            reads.push(space.len());
            wire = &wire[n..];
            deframer.received(n);
        }
    }

    const TWO: &[u8] = &[23, 3, 3, 0, 2, b'a', b'b', 21, 3, 3, 0, 1, b'c'];

    #[test]
    fn r3_a_record_is_read_as_5_and_n() {
        let (reads, bodies) = asked(&mut Deframer::default(), TWO);
        assert_eq!(reads, [5, 2, 5, 1]);
        assert_eq!(bodies, [b"ab".to_vec(), b"c".to_vec()]);
    }

    #[test]
    fn r7_b11_read_ahead_asks_for_all_its_memory() {
        for (len, expected) in [
            (0, RECORD_CAPACITY),
            (10, RECORD_CAPACITY),
            (60_000, 60_000),
        ] {
            let mut deframer = Deframer::default();
            deframer.set_read_ahead(true);
            deframer.set_read_buffer_len(len);
            let (reads, bodies) = asked(&mut deframer, TWO);
            assert_eq!(reads, [expected]);
            assert_eq!(bodies, [b"ab".to_vec(), b"c".to_vec()]);
        }
    }

    #[test]
    fn read_ahead_can_be_turned_off_with_bytes_buffered() {
        let pool = BufferPool::new(1);
        let mut deframer = Deframer::default();
        deframer.set_read_ahead(true);
        deframer.incoming(&pool)[..9].copy_from_slice(&TWO[..9]);
        deframer.received(9);
        deframer.set_read_ahead(false);
        let (reads, bodies) = asked(&mut deframer, &TWO[9..]);
        assert_eq!(reads, [3, 1]);
        assert_eq!(bodies, [b"ab".to_vec(), b"c".to_vec()]);
    }

    #[test]
    fn r8_a_bare_header_is_partial_but_not_pending() {
        let pool = BufferPool::new(1);
        let mut deframer = Deframer::default();
        for (n, raw, partial) in [
            (0, false, false),
            (3, true, true),
            (5, false, true),
            (6, true, true),
        ] {
            deframer = Deframer::default();
            for &byte in &TWO[..n] {
                deframer.incoming(&pool)[0] = byte;
                deframer.received(1);
                deframer.next().unwrap();
            }
            assert_eq!(
                (deframer.has_raw(), deframer.is_partial()),
                (raw, partial),
                "{n} bytes"
            );
        }
        assert_eq!(deframer.next(), Ok(Frame::Incomplete));
    }

    #[test]
    fn b5_no_buffer_is_held_for_a_header() {
        let pool = BufferPool::new(1);
        let mut deframer = Deframer::default();
        deframer.incoming(&pool)[..4].copy_from_slice(&TWO[..4]);
        deframer.received(4);
        assert!(!deframer.raw.is_held());
    }
}
