//! The ceiling: seal and open records of the same size in place, with no record layer.
//!
//! Once alone, and once with what every candidate pays to the transport: a copy in, a copy out.

use std::io::{Read, Write};

use anyhow::{Result, anyhow, ensure};
#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs::aead;
#[cfg(not(feature = "aws-lc-rs"))]
use ring::aead;

use aead::{
    AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey,
};

use super::Candidate;
use crate::wire::{Wire, Wires};
use crate::{MAX_FRAGMENT, Terms};

const TAG_LEN: usize = 16;
/// As long as a record header, which is what TLS 1.3 authenticates besides.
const ADDITIONAL: [u8; 5] = [23, 3, 3, 0, 0];

struct Aead {
    sealing: LessSafeKey,
    opening: LessSafeKey,
    number: u64,
    record: Vec<u8>,
    wire: Option<Wire>,
}

/// Nothing but seal and open, over and over in the same memory.
pub(super) fn alone(terms: &Terms) -> Result<Box<dyn Candidate>> {
    Ok(Box::new(Aead::new(terms, None)?))
}

/// Seal, copy to the transport, copy from the transport, open.
pub(super) fn over_the_wire(terms: &Terms) -> Result<Box<dyn Candidate>> {
    Ok(Box::new(Aead::new(terms, Some(Wires::new().up))?))
}

impl Aead {
    fn new(terms: &Terms, wire: Option<Wire>) -> Result<Self> {
        let algorithm = algorithm(terms);
        let key = || {
            UnboundKey::new(algorithm, &[7; 32][..algorithm.key_len()])
                .map(LessSafeKey::new)
                .map_err(|_| anyhow!("no key"))
        };
        Ok(Self {
            sealing: key()?,
            opening: key()?,
            number: 0,
            record: vec![0; MAX_FRAGMENT + TAG_LEN],
            wire,
        })
    }

    fn nonce(&self) -> Nonce {
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&self.number.to_be_bytes());
        Nonce::assume_unique_for_key(nonce)
    }

    /// One record: its plaintext is at the front of `record` before and after.
    fn record(&mut self, len: usize) -> Result<()> {
        let nonce = self.nonce();
        let (fragment, rest) = self.record.split_at_mut(len);
        let tag = self
            .sealing
            .seal_in_place_separate_tag(nonce, Aad::from(ADDITIONAL), fragment)
            .map_err(|_| anyhow!("not sealed"))?;
        rest[..TAG_LEN].copy_from_slice(tag.as_ref());
        let nonce = self.nonce();
        let sealed = &mut self.record[..len + TAG_LEN];
        if let Some(wire) = &mut self.wire {
            wire.write_all(sealed)?;
            wire.read_exact(sealed)?;
        }
        self.opening
            .open_in_place(nonce, Aad::from(ADDITIONAL), sealed)
            .map_err(|_| anyhow!("not opened"))?;
        self.number += 1;
        Ok(())
    }
}

impl Candidate for Aead {
    fn carry(&mut self, data: &[u8], _: &mut [u8]) -> Result<()> {
        // What is sealed does not matter to the time it takes; the first bytes prove that it is opened.
        let proof = data.len().min(MAX_FRAGMENT).min(16);
        self.record[..proof].copy_from_slice(&data[..proof]);
        let mut left = data.len();
        while left > 0 {
            let len = left.min(MAX_FRAGMENT);
            self.record(len)?;
            left -= len;
        }
        ensure!(
            self.record[..proof] == data[..proof],
            "opened to other bytes"
        );
        Ok(())
    }

    fn delivers(&self) -> bool {
        false
    }
}

fn algorithm(terms: &Terms) -> &'static Algorithm {
    match terms.suite.number {
        0x1301 | 0xc02b => &AES_128_GCM,
        0x1302 | 0xc02c => &AES_256_GCM,
        _ => &CHACHA20_POLY1305,
    }
}
