//! A tap on the key derivations that resumption and the hand-over rest on.
//!
//! rustls neither shows a session's secret nor takes one, but it derives secrets through its provider.
//! The suites here derive as the provider's do, except that on the one thread and during the one call
//! where a tap is set, the resumption secret is noted or replaced, or keys that are known by then are not
//! derived again (`hand_over`). Off, it costs one thread-local read per derivation.

use std::cell::RefCell;
use std::sync::Mutex;

use rustls::crypto::tls12::Prf;
use rustls::crypto::tls13::{Hkdf, HkdfExpander, OkmBlock, OutputLengthError};
use rustls::crypto::{ActiveKeyExchange, CipherSuiteCommon, hmac};
use rustls::{Error, SignatureScheme, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite};

use super::delegated;
use super::hand_over::{self, KeyBlock, NoKeys};
use crate::protect::Secret;

/// What happens to the next resumption secret derived on this thread.
enum Tap {
    Off,
    Note(Option<Secret>),
    Replace(Secret),
}

thread_local! {
    static TAP: RefCell<Tap> = const { RefCell::new(Tap::Off) };
}

/// Turns the tap off however its scope is left.
struct Scope;

impl Drop for Scope {
    fn drop(&mut self) {
        TAP.set(Tap::Off);
    }
}

/// Runs `work` and returns, with its result, the resumption secret that it derived.
pub(super) fn noting<T>(work: impl FnOnce() -> T) -> (T, Option<Secret>) {
    TAP.set(Tap::Note(None));
    let _scope = Scope;
    let result = work();
    let noted = match TAP.replace(Tap::Off) {
        Tap::Note(secret) => secret,
        Tap::Off | Tap::Replace(_) => None,
    };
    (result, noted)
}

/// Runs `work` with every resumption secret that it derives replaced by `secret`.
pub(super) fn replacing<T>(secret: &Secret, work: impl FnOnce() -> T) -> T {
    TAP.set(Tap::Replace(secret.clone()));
    let _scope = Scope;
    work()
}

/// Whether this thread is inside [`replacing`]: a rehearsal, whose peer is ourselves.
///
/// Not inlined: verifiers that may wait, and go on in another thread, ask this.
#[inline(never)]
pub(super) fn is_replacing() -> bool {
    TAP.with_borrow(|tap| matches!(tap, Tap::Replace(_)))
}

/// The suite with its derivations tapped.
///
/// Suites have to be `'static`; each is made once per process.
pub(super) fn tapped(suite: SupportedCipherSuite) -> SupportedCipherSuite {
    static MADE: Mutex<Vec<SupportedCipherSuite>> = Mutex::new(Vec::new());
    let mut made = MADE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(tapped) = made.iter().find(|tapped| tapped.suite() == suite.suite()) {
        return *tapped;
    }
    let tapped = match suite {
        SupportedCipherSuite::Tls13(suite) => {
            SupportedCipherSuite::Tls13(Box::leak(Box::new(Tls13CipherSuite {
                common: common(&suite.common),
                hkdf_provider: Box::leak(Box::new(TappedHkdf(suite.hkdf_provider))),
                aead_alg: suite.aead_alg,
                quic: suite.quic,
            })))
        }
        SupportedCipherSuite::Tls12(suite) => {
            SupportedCipherSuite::Tls12(Box::leak(Box::new(Tls12CipherSuite {
                common: common(&suite.common),
                prf_provider: Box::leak(Box::new(TappedPrf(suite.prf_provider))),
                kx: suite.kx,
                sign: signatures(suite.sign),
                aead_alg: suite.aead_alg,
            })))
        }
    };
    made.push(tapped);
    tapped
}

/// Where a key on a curve of Edwards may sign, one on either of the two may (RFC 8422 section 5.10).
fn signatures(theirs: &'static [SignatureScheme]) -> &'static [SignatureScheme] {
    if !theirs.contains(&SignatureScheme::ED25519) || theirs.contains(&SignatureScheme::ED448) {
        return theirs;
    }
    let mut both = theirs.to_vec();
    both.push(SignatureScheme::ED448);
    both.leak()
}

fn common(theirs: &CipherSuiteCommon) -> CipherSuiteCommon {
    CipherSuiteCommon {
        suite: theirs.suite,
        hash_provider: theirs.hash_provider,
        confidentiality_limit: theirs.confidentiality_limit,
    }
}

struct TappedHkdf(&'static dyn Hkdf);

impl Hkdf for TappedHkdf {
    fn extract_from_zero_ikm(&self, salt: Option<&[u8]>) -> Box<dyn HkdfExpander> {
        self.0.extract_from_zero_ikm(salt)
    }

    fn extract_from_secret(&self, salt: Option<&[u8]>, secret: &[u8]) -> Box<dyn HkdfExpander> {
        self.0.extract_from_secret(salt, secret)
    }

    fn extract_from_kx_shared_secret(
        &self,
        salt: Option<&[u8]>,
        kx: Box<dyn ActiveKeyExchange>,
        peer_pub_key: &[u8],
    ) -> Result<Box<dyn HkdfExpander>, Error> {
        self.0.extract_from_kx_shared_secret(salt, kx, peer_pub_key)
    }

    /// Ticket secrets are derived from the resumption master secret, which comes through here.
    fn expander_for_okm(&self, okm: &OkmBlock) -> Box<dyn HkdfExpander> {
        if hand_over::needs_no_keys() {
            return Box::new(NoKeys::of(okm));
        }
        let expander = self.0.expander_for_okm(okm);
        if TAP.with_borrow(|tap| matches!(tap, Tap::Off)) {
            expander
        } else {
            Box::new(TappedExpander(expander))
        }
    }

    /// Makes Finished messages and binders, which delegated handshakes keep.
    fn hmac_sign(&self, key: &OkmBlock, message: &[u8]) -> hmac::Tag {
        let tag = self.0.hmac_sign(key, message);
        delegated::note_tls13_hmac(tag.as_ref());
        tag
    }

    fn fips(&self) -> bool {
        self.0.fips()
    }
}

struct TappedExpander(Box<dyn HkdfExpander>);

impl HkdfExpander for TappedExpander {
    fn expand_slice(&self, info: &[&[u8]], output: &mut [u8]) -> Result<(), OutputLengthError> {
        self.0.expand_slice(info, output)
    }

    /// `info` is an HkdfLabel; that of a ticket's secret is "tls13 resumption" (RFC 8446 section 4.6.1).
    fn expand_block(&self, info: &[&[u8]]) -> OkmBlock {
        const LABEL: &[u8] = b"\x10tls13 resumption";
        let block = self.0.expand_block(info);
        if info.concat().get(2..2 + LABEL.len()) != Some(LABEL) {
            return block;
        }
        let mut secret = block.as_ref().to_vec();
        through_the_tap(&mut secret);
        let block = OkmBlock::new(&secret);
        zeroize::Zeroize::zeroize(&mut secret);
        block
    }

    fn hash_len(&self) -> usize {
        self.0.hash_len()
    }
}

struct TappedPrf(&'static dyn Prf);

impl Prf for TappedPrf {
    /// The master secret of TLS 1.2.
    fn for_key_exchange(
        &self,
        output: &mut [u8; 48],
        kx: Box<dyn ActiveKeyExchange>,
        peer_pub_key: &[u8],
        label: &[u8],
        seed: &[u8],
    ) -> Result<(), Error> {
        self.0
            .for_key_exchange(output, kx, peer_pub_key, label, seed)?;
        through_the_tap(output);
        Ok(())
    }

    fn for_secret(&self, output: &mut [u8], secret: &[u8], label: &[u8], seed: &[u8]) {
        if label == KeyBlock::LABEL {
            return hand_over::note_key_block(output, seed, |output| {
                self.0.for_secret(output, secret, label, seed);
            });
        }
        self.0.for_secret(output, secret, label, seed);
        delegated::note_tls12_finished(label, output);
    }

    fn fips(&self) -> bool {
        self.0.fips()
    }
}

fn through_the_tap(secret: &mut [u8]) {
    TAP.with_borrow_mut(|tap| match tap {
        Tap::Off => {}
        Tap::Note(noted) => *noted = Secret::new(secret),
        // Another length is another hash: the rehearsal then fails to resume, and harms nothing.
        Tap::Replace(stored) if stored.bytes().len() == secret.len() => {
            secret.copy_from_slice(stored.bytes());
        }
        Tap::Replace(_) => {}
    });
}
