//! `PendingWrite`: a record that is sealed but not fully transmitted, and the retry check.
//!
//! Owns the contract of statement section 2.5. Never looks at application data except, if the caller
//! asked for it, to compare contents.

use ssl_mode::SslMode;

use crate::error::Error;
use crate::protect::Fingerprint;

/// The application record in the outgoing buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PendingWrite {
    /// Bytes of application data sealed in it.
    pub(crate) len: usize,
    /// Where that data stood when it was sealed. Compared, never dereferenced.
    pub(crate) address: usize,
}

/// What a write call has to be a continuation of.
pub(crate) struct Committed<'a> {
    /// Application bytes transmitted in complete records and not yet returned to the caller. Counts
    /// since the write's first call; zero after a result was returned.
    pub(crate) unreported: usize,
    /// The record after those bytes, if it is not transmitted yet.
    pub(crate) pending: Option<PendingWrite>,
    /// The opt-in memory of all those bytes.
    pub(crate) contents: Option<&'a Fingerprint>,
}

impl Committed<'_> {
    /// Checks that `data` may continue the write, in OpenSSL's order: length, address, contents
    /// (statements W9 to W15, W55).
    ///
    /// # Errors
    /// [`Error::BadLength`], [`Error::BufferMoved`] or [`Error::ContentsChanged`]; all final.
    pub(crate) fn check_retry(&self, modes: SslMode, data: &[u8]) -> Result<(), Error> {
        let committed = self.unreported + self.pending.map_or(0, |pending| pending.len);
        if data.len() < committed {
            return Err(Error::BadLength {
                retried: data.len(),
                committed,
            });
        }
        if let Some(pending) = self.pending {
            let address = data.as_ptr().addr() + self.unreported;
            if !modes.contains(SslMode::ACCEPT_MOVING_WRITE_BUFFER) && address != pending.address {
                return Err(Error::BufferMoved);
            }
        }
        match self.contents {
            Some(contents) if !contents.matches(&data[..committed]) => Err(Error::ContentsChanged),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed(data: &[u8], unreported: usize, len: usize) -> Committed<'static> {
        let address = data.as_ptr().addr() + unreported;
        Committed {
            unreported,
            pending: Some(PendingWrite { len, address }),
            contents: None,
        }
    }

    #[test]
    fn w13_w14_length_is_checked_before_the_address() {
        let data = vec![0; 40_000];
        let moved = vec![0; 40_000];
        let state = committed(&data, 16_384, 16_384);
        assert_eq!(state.check_retry(SslMode::empty(), &data[..32_768]), Ok(()));
        let too_short = Error::BadLength {
            retried: 32_767,
            committed: 32_768,
        };
        assert_eq!(
            state.check_retry(SslMode::empty(), &data[..32_767]),
            Err(too_short.clone())
        );
        assert_eq!(
            state.check_retry(SslMode::empty(), &moved[..32_767]),
            Err(too_short)
        );
        assert_eq!(
            state.check_retry(SslMode::empty(), &moved),
            Err(Error::BufferMoved)
        );
    }

    #[test]
    fn w11_the_moving_bit_removes_the_address_check_only() {
        let data = vec![0; 100];
        let moved = vec![1; 200];
        let state = committed(&data, 0, 100);
        let moving = SslMode::ACCEPT_MOVING_WRITE_BUFFER;
        assert_eq!(state.check_retry(moving, &moved), Ok(()));
        assert!(matches!(
            state.check_retry(moving, &moved[..99]),
            Err(Error::BadLength { .. })
        ));
    }

    #[test]
    fn w12_changed_contents_are_found_only_on_request() {
        let (data, changed) = (*b"sealed and rest", *b"SEALED and rest");
        let mut state = committed(&data, 0, 6);
        let moving = SslMode::ACCEPT_MOVING_WRITE_BUFFER;
        assert_eq!(state.check_retry(moving, &changed), Ok(()));
        let mut fingerprint = Fingerprint::new().unwrap();
        fingerprint.update(b"sealed");
        state.contents = Some(&fingerprint);
        assert_eq!(
            state.check_retry(moving, &changed),
            Err(Error::ContentsChanged)
        );
        assert_eq!(
            state.check_retry(moving, b"sealed, longer, and another rest"),
            Ok(())
        );
    }

    #[test]
    fn w55_a_shorter_write_after_complete_records_is_too_short() {
        let state = Committed {
            unreported: 10,
            pending: None,
            contents: None,
        };
        assert!(matches!(
            state.check_retry(SslMode::empty(), &[0; 9]),
            Err(Error::BadLength { .. })
        ));
        assert_eq!(state.check_retry(SslMode::empty(), &[0; 10]), Ok(()));
    }
}
