//! A candidate with its buffers, ready to be measured.
//!
//! Owns the renewal of connections before a key is used up. It must not know who the candidate is.

use anyhow::{Result, ensure};

use crate::candidates::{Candidate, Maker};
use crate::{Credentials, MAX_FRAGMENT, SIZES, Terms};

/// Records after which a connection is replaced: half of what an AES-GCM key may seal, which TLS 1.2
/// cannot renew. One handshake in so many records does not show in a measurement.
const RECORDS_PER_CONNECTION: usize = 1 << 23;

/// One candidate on some terms.
pub struct Lane<'a> {
    maker: Maker,
    terms: Terms,
    credentials: &'a Credentials,
    candidate: Box<dyn Candidate>,
    /// Records the current connection may still carry.
    left: usize,
    data: Vec<u8>,
    out: Vec<u8>,
}

impl<'a> Lane<'a> {
    /// Connects the candidate.
    ///
    /// # Errors
    /// The candidate cannot connect.
    pub fn new(maker: Maker, terms: Terms, credentials: &'a Credentials) -> Result<Self> {
        let longest = SIZES[SIZES.len() - 1];
        let mut lane = Self {
            maker,
            terms,
            credentials,
            candidate: maker.connected(&terms, credentials)?,
            left: RECORDS_PER_CONNECTION,
            data: (0..longest).map(|i| (i % 251) as u8).collect(),
            out: vec![0; longest],
        };
        for size in SIZES {
            lane.out.fill(0);
            lane.carry(size)?;
            lane.check(size)?;
        }
        Ok(lane)
    }

    /// The client writes `size` bytes in one call, the server reads them all.
    ///
    /// # Errors
    /// The candidate failed.
    #[inline]
    pub fn carry(&mut self, size: usize) -> Result<()> {
        let records = size.div_ceil(MAX_FRAGMENT);
        if self.left < records {
            self.candidate = self.maker.connected(&self.terms, self.credentials)?;
            self.left = RECORDS_PER_CONNECTION;
        }
        self.left -= records;
        self.candidate
            .carry(&self.data[..size], &mut self.out[..size])
    }

    fn check(&self, size: usize) -> Result<()> {
        ensure!(
            !self.candidate.delivers() || self.out[..size] == self.data[..size],
            "{size} bytes at {} did not arrive as they were sent",
            self.terms.suite.name
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Suite;
    use crate::candidates::ALL;

    #[test]
    fn every_candidate_carries_every_size_at_every_suite() {
        let credentials = Credentials::new().unwrap();
        for (name, maker) in ALL {
            for suite in Suite::ALL {
                let lane = Lane::new(*maker, Terms::of(suite), &credentials);
                assert!(lane.is_ok(), "{name} {}: {:?}", suite.name, lane.err());
            }
        }
    }

    #[test]
    fn connections_are_renewed() {
        let credentials = Credentials::new().unwrap();
        let mut lane = Lane::new(ALL[0].1, Terms::of(Suite::ALL[1]), &credentials).unwrap();
        lane.left = 3;
        lane.carry(MAX_FRAGMENT * 4).unwrap();
        assert_eq!(lane.left, RECORDS_PER_CONNECTION - 4);
    }
}
