//! Every question answered, in time and late.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ssl_record::delegate::{ClientAuth, SignatureCheck};
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};

use super::owner::{Pair, client_plan};

const VERSIONS: [ProtocolVersion; 2] = [Tls12, Tls13];

fn mutual(version: ProtocolVersion) -> Pair {
    let mut pair = Pair::fresh(&client_plan(version));
    pair.server.owner.server_plan.client_auth = ClientAuth::Required {
        authorities: Vec::new(),
    };
    pair
}

#[test]
fn every_question_is_asked_once_and_in_order() {
    for version in VERSIONS {
        let mut pair = mutual(version);
        pair.handshake();
        pair.exchange();
        assert_eq!(
            pair.client.owner.asked,
            ["PeerCertificate", "ClientCertificate", "Sign"]
        );
        assert_eq!(
            pair.server.owner.asked,
            ["ClientHello", "Sign", "PeerCertificate", "SealTicket"]
        );
        let negotiated = pair.client.connection.negotiated().unwrap();
        assert_eq!(negotiated.version, version);
        assert_eq!(negotiated.peer_certificates.len(), 1);
    }
}

#[test]
fn both_sides_know_the_keys_they_agreed_by() {
    for version in VERSIONS {
        let mut pair = mutual(version);
        pair.handshake();
        let shares = |connection: &ssl_record::Connection| {
            let facts = connection.progress_facts().unwrap();
            (
                facts.key_share.clone().unwrap(),
                facts.peer_key_share.clone().unwrap(),
            )
        };
        let (own, peer) = shares(&pair.client.connection);
        assert_eq!((peer.clone(), own.clone()), shares(&pair.server.connection));
        assert_eq!(own.group, peer.group);
        assert_ne!(own.public, peer.public);
        let types = &pair
            .client
            .connection
            .progress_facts()
            .unwrap()
            .certificate_types;
        assert_eq!(types.is_empty(), version == Tls13);
    }
}

#[test]
fn an_answer_may_take_its_time() {
    for version in VERSIONS {
        let mut pair = mutual(version);
        (pair.client.owner.delay, pair.server.owner.delay) = (3, 2);
        pair.handshake();
        pair.exchange();
    }
}

/// Checks as another does, and notes on which stack.
struct Noting {
    check: Arc<dyn SignatureCheck>,
    at: AtomicUsize,
}

impl SignatureCheck for Noting {
    fn verify(
        &self,
        version: ProtocolVersion,
        scheme: u16,
        certificate: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let here = 0_u8;
        self.at.store(&raw const here as usize, Ordering::Relaxed);
        self.check
            .verify(version, scheme, certificate, message, signature)
    }
}

#[test]
fn signatures_are_checked_on_the_callers_stack() {
    for version in VERSIONS {
        let mut plan = client_plan(version);
        let noting = Arc::new(Noting {
            check: plan.signature_check,
            at: AtomicUsize::new(0),
        });
        plan.signature_check = Arc::clone(&noting) as _;
        let mut pair = Pair::fresh(&plan);
        pair.handshake();
        let here = 0_u8;
        let distance = noting
            .at
            .load(Ordering::Relaxed)
            .abs_diff(&raw const here as usize);
        // The thread has twice as much, and this function is near the top of it.
        assert!(distance < 1 << 20, "{distance}");
    }
}
