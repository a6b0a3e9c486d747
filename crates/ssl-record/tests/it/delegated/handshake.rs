//! Every question answered, in time and late.

use ssl_record::delegate::ClientAuth;
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
fn an_answer_may_take_its_time() {
    for version in VERSIONS {
        let mut pair = mutual(version);
        (pair.client.owner.delay, pair.server.owner.delay) = (3, 2);
        pair.handshake();
        pair.exchange();
    }
}
