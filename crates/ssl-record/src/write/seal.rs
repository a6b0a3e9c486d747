//! Sealing: what comes next, into the outgoing buffer.
//!
//! Owns how many records are sealed together and the memory they need. Does not know what has become of
//! earlier ones.

use super::pending::PendingWrite;
use super::{Held, WritePath};
use crate::error::Error;
use crate::pool::{BufferPool, CACHE_LINE, LONG_CAPACITY, LONG_RECORDS, RECORD_CAPACITY};
use crate::protect::TrafficKeys;
use crate::record::limits::{MAX_FRAGMENT, MAX_OVERHEAD};
use crate::record::{ContentType, HEADER_LEN, ProtocolVersion, RecordHeader};
use crate::tap::TapLog;

impl WritePath {
    /// Seals what leaves next of a write whose untouched bytes are `rest`: an alert or a KeyUpdate that is
    /// due, else a record, or several.
    ///
    /// # Errors
    /// [`Error::KeysExhausted`] in TLS 1.2; final.
    pub(super) fn seal_next(&mut self, rest: &[u8], pool: &BufferPool) -> Result<(), Error> {
        if self.alert.is_some()
            && let Some(alert) = self.alert.take()
        {
            return self.seal_control(ContentType::Alert, &alert.encode(), pool);
        }
        if self.keys.as_ref().is_some_and(TrafficKeys::nearly_used_up) {
            return self.seal_key_update(false, pool);
        }
        let most = self.hold_for(rest.len(), pool);
        let (mut records, mut len) = (0, 0);
        while records < most && len < rest.len() && self.may_seal() {
            let rest = &rest[len..];
            let fragment = &rest[..self.fragmenter.next(rest.len())];
            self.seal(ContentType::ApplicationData, fragment)?;
            if let Some(contents) = &mut self.contents {
                contents.update(fragment);
            }
            records += 1;
            len += fragment.len();
        }
        let address = rest.as_ptr().addr();
        self.held = Held::Application(PendingWrite { len, address });
        Ok(())
    }

    /// Seals a message that is not the caller's, behind whatever control records are held.
    ///
    /// # Errors
    /// [`Error::KeysExhausted`]; final.
    pub(super) fn seal_control(
        &mut self,
        content_type: ContentType,
        message: &[u8],
        pool: &BufferPool,
    ) -> Result<(), Error> {
        let record = self.most_of_record(message.len());
        if self.buffer.is_held() && self.buffer.spare() < record {
            self.buffer.compact();
        }
        self.buffer.hold(pool, capacity(self.buffer.len() + record));
        self.seal(content_type, message)?;
        self.held = Held::Control;
        Ok(())
    }

    /// Makes sure that the empty buffer has room for what is sealed next of so many bytes; how many records
    /// that are at most.
    fn hold_for(&mut self, rest: usize, pool: &BufferPool) -> usize {
        let fragment = self.fragmenter.next(rest);
        if !self.seal_ahead || fragment == rest {
            self.buffer.hold(pool, RECORD_CAPACITY);
            return 1;
        }
        let records = LONG_RECORDS * self.most_of_record(fragment);
        self.buffer.hold(pool, capacity(records));
        LONG_RECORDS
    }

    /// Bytes that the record of such a fragment has at most.
    fn most_of_record(&self, fragment: usize) -> usize {
        HEADER_LEN + fragment + self.padding(fragment) + MAX_OVERHEAD
    }

    /// Whether the key has numbers for more than a KeyUpdate and an alert.
    fn may_seal(&self) -> bool {
        !self.keys.as_ref().is_some_and(TrafficKeys::nearly_used_up)
    }

    fn seal(&mut self, content_type: ContentType, fragment: &[u8]) -> Result<(), Error> {
        let padding = self.padding(fragment.len());
        let record = self.most_of_record(fragment.len());
        let keys = self.keys.as_mut().ok_or(Error::KeysExhausted)?;
        self.buffer.place(keys.lead());
        let sealed = keys
            .seal(content_type, fragment, padding, self.buffer.room(record))
            .map_err(|_| Error::KeysExhausted)?;
        if let Some(tap) = &self.tap {
            log(
                tap,
                self.buffer.room(sealed),
                keys.is_tls13(),
                content_type,
                fragment,
            );
        }
        self.buffer.commit_sealed(sealed);
        tracing::trace!(
            content_type = content_type.wire(),
            fragment = fragment.len(),
            record = sealed,
            "sealed"
        );
        Ok(())
    }

    /// Zero bytes that bring a fragment to a multiple of the block, within the maximum fragment.
    fn padding(&self, len: usize) -> usize {
        match usize::from(self.block_padding) {
            0 | 1 => 0,
            block => (len.next_multiple_of(block).min(MAX_FRAGMENT)).saturating_sub(len),
        }
    }
}

/// Memory that has room for so many sealed bytes.
fn capacity(sealed: usize) -> usize {
    if sealed + CACHE_LINE <= RECORD_CAPACITY {
        RECORD_CAPACITY
    } else {
        LONG_CAPACITY
    }
}

/// Logs a record that was sealed, and the message in it.
fn log(tap: &TapLog, record: &[u8], is_tls13: bool, content_type: ContentType, fragment: &[u8]) {
    let Some(Ok(header)) = record
        .first_chunk()
        .map(|&bytes| RecordHeader::decode(bytes))
    else {
        return;
    };
    tap.record(true, header, is_tls13.then_some(content_type));
    if content_type != ContentType::ApplicationData {
        let version = if is_tls13 {
            ProtocolVersion::Tls13
        } else {
            ProtocolVersion::Tls12
        };
        tap.message(true, version, content_type, fragment);
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use ssl_mode::SslMode;

    use super::*;
    use crate::protect::{Algorithm, Hash, KeyRoot, Secret, TrafficSecret, Usage};
    use crate::step::Step;

    /// A path that seals ahead and whose key may seal so many records yet, before the last two.
    fn path(left: u64) -> WritePath {
        let secret = TrafficSecret::new(Hash::Sha256, Secret::new(&[5; 32]).unwrap());
        let next = (1 << 24) - 2 - left;
        let root = KeyRoot::Secret(secret);
        let keys = TrafficKeys::new(Usage::Seal, Algorithm::Aes128Gcm, root, next);
        let mut path = WritePath::default();
        path.install(keys.unwrap());
        path.set_seal_ahead(true);
        assert!(path.fragmenter_mut().set_split(100));
        path
    }

    #[test]
    fn records_sealed_together_leave_the_last_numbers_of_a_key_to_the_key_update() {
        let pool = BufferPool::new(1);
        let data = [7; 1000];
        let mut path = path(2);
        let mut call = path.begin(SslMode::empty(), &data).unwrap();
        let mut sent = Vec::new();
        let step = loop {
            match path
                .step(SslMode::empty(), &mut call, &data, &pool)
                .unwrap()
            {
                Step::Transmit => {
                    sent.push(path.outgoing().len());
                    path.transmitted(usize::MAX);
                }
                Step::Flush => path.flushed(),
                step => break step,
            }
        };
        assert_eq!(step, Step::Done(1000));
        assert_eq!(sent, [2 * 122, 5 + 22, 4 * 122, 4 * 122]);
    }
}
