//! Certificates that peers showed to a context's connections lately and that were trusted, as libcrypto
//! has parsed them.
//!
//! Owns which they are. To parse one costs libcrypto more than to verify its signature, and a peer shows the
//! same again: a proxy's servers to the proxy, an authority's certificate behind each of its own. What
//! is shared is a certificate that nobody has changed, found by all of its bytes; whether it is trusted is
//! asked of libcrypto each time. Sessions share their peer's certificate among connections too.

use std::sync::{Mutex, PoisonError};

use crate::crypto::{X509, X509Stack};

/// See the module.
#[derive(Default)]
pub(crate) struct Peers {
    /// The one that was shown last is the first.
    known: Mutex<Vec<Known>>,
}

struct Known {
    der: Box<[u8]>,
    certificate: X509,
}

impl Peers {
    /// The certificate with this encoding.
    pub(crate) fn find(&self, der: &[u8]) -> Option<X509> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.iter().position(|known| *known.der == *der)?;
        if known[at].certificate.is_untouched() {
            known[..=at].rotate_right(1);
            return Some(known[0].certificate.clone());
        }
        let changed = known.remove(at);
        drop(known);
        // Outside the lock: freeing a certificate may call back.
        drop(changed);
        None
    }

    /// Notes certificates that were trusted, and what they were read from.
    pub(crate) fn note(&self, encoded: &[Vec<u8>], certificates: &X509Stack) {
        // The peer's own last, as it is the likeliest to be shown again.
        let shown: Vec<_> = encoded.iter().zip(certificates.iter()).collect();
        for (der, certificate) in shown.into_iter().rev() {
            if der.len() <= LONGEST {
                self.note_one(der, certificate);
            }
        }
    }

    fn note_one(&self, der: &[u8], certificate: X509) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = known.iter().any(|known| *known.der == *der);
        // Another thread may have been faster.
        if !is_known {
            let der = der.into();
            known.insert(0, Known { der, certificate });
        }
        let oldest = match known.len() > MOST {
            true => known.pop(),
            false => None,
        };
        drop(known);
        drop(oldest);
    }
}

/// How many are kept.
const MOST: usize = 8;
/// Bytes of the longest that is kept; usual ones have 500 to 2000.
const LONGEST: usize = 1 << 12;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::{self, Kind};

    fn shown(name: &str) -> (Vec<Vec<u8>>, X509Stack) {
        let certificate = testing::self_signed(Kind::P256, name).certificate;
        let der = certificate.to_der().unwrap();
        let mut stack = X509Stack::new().unwrap();
        assert!(stack.push(certificate));
        (vec![der], stack)
    }

    #[test]
    fn a_certificate_is_found_by_all_of_its_bytes() {
        let peers = Peers::default();
        let (encoded, certificates) = shown("peer");
        assert!(peers.find(&encoded[0]).is_none());
        peers.note(&encoded, &certificates);
        let found = peers.find(&encoded[0]).unwrap();
        assert_eq!(found.as_ptr(), certificates.element(0).unwrap().as_ptr());
        let mut other = encoded[0].clone();
        *other.last_mut().unwrap() ^= 1;
        assert!(peers.find(&other).is_none());
        assert!(peers.find(&encoded[0][1..]).is_none());
    }

    #[test]
    fn the_one_not_shown_for_longest_goes() {
        let peers = Peers::default();
        let all: Vec<_> = (0..=MOST).map(|at| shown(&format!("{at}"))).collect();
        for (encoded, certificates) in &all[..MOST] {
            peers.note(encoded, certificates);
        }
        assert!(peers.find(&all[0].0[0]).is_some());
        peers.note(&all[MOST].0, &all[MOST].1);
        let is_known = |at: usize| peers.find(&all[at].0[0]).is_some();
        assert!(is_known(0) && !is_known(1) && is_known(2) && is_known(MOST));
    }

    #[test]
    fn what_the_application_changed_is_not_shared() {
        let peers = Peers::default();
        for change in [testing::give_alias, testing::give_data] {
            let (encoded, certificates) = shown("peer");
            peers.note(&encoded, &certificates);
            assert!(peers.find(&encoded[0]).is_some());
            change(&certificates.element(0).unwrap());
            assert!(peers.find(&encoded[0]).is_none());
        }
    }
}
