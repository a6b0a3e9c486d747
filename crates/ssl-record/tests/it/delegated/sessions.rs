//! Sessions that the owner keeps, of both sides.

use ssl_record::delegate::{ClientAuth, ClientPlan, Question};
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{ClientSession, ServerSession};

use super::owner::{Pair, client_plan};

const VERSIONS: [ProtocolVersion; 2] = [Tls12, Tls13];

/// A handshake with this plan; `stored`: the server keeps its sessions itself.
fn connect(plan: &ClientPlan, stored: bool) -> Pair {
    let mut pair = Pair::fresh(plan);
    let server_plan = &mut pair.server.owner.server_plan;
    (server_plan.tickets, server_plan.session_ids) = (!stored, stored);
    pair.handshake();
    pair.exchange();
    pair
}

/// A plan with the session of a first handshake.
fn with_session(version: ProtocolVersion, stored: bool) -> ClientPlan {
    let mut plan = client_plan(version);
    let mut pair = connect(&plan, stored);
    let mut sessions = pair.client.connection.take_sessions();
    assert_eq!(sessions.len(), 1, "{version} {stored}");
    assert!(pair.client.connection.take_sessions().is_empty());
    plan.session = sessions.pop();
    plan
}

#[track_caller]
fn assert_resumed(pair: &Pair, expected: bool) {
    for half in [&pair.client, &pair.server] {
        let negotiated = half.connection.negotiated().unwrap();
        assert_eq!(negotiated.resumed, expected);
    }
    let judged = pair.client.owner.asked.contains(&"PeerCertificate");
    assert_eq!(judged, !expected);
}

#[test]
fn a_session_resumes_again_and_again() {
    for version in VERSIONS {
        // TLS 1.3 sessions that are stored can be found once: that is the server's decision.
        let plan = with_session(version, false);
        for _ in 0..3 {
            assert_resumed(&connect(&plan, false), true);
        }
    }
    let plan = with_session(Tls12, true);
    for _ in 0..3 {
        assert_resumed(&connect(&plan, true), true);
    }
    let plan = with_session(Tls13, true);
    assert_resumed(&connect(&plan, true), true);
    assert_resumed(&connect(&plan, true), false);
}

#[test]
fn a_session_from_its_parts_resumes_again_and_again() {
    for version in VERSIONS {
        for stored in [false, true] {
            let mut plan = with_session(version, stored);
            let parts = plan.session.take().unwrap().parts();
            assert_eq!(parts.suite.version(), version);
            assert_eq!(parts.ticket.is_empty(), version == Tls12 && stored);
            assert_eq!(parts.chain.len(), 1);
            plan.session = Some(ClientSession::from_parts(&parts).unwrap());
            let again = plan.session.as_ref().unwrap().parts();
            assert_eq!(again.ticket, parts.ticket);
            assert_eq!(again.secret, parts.secret);
            for _ in 0..if stored && version == Tls13 { 1 } else { 3 } {
                assert_resumed(&connect(&plan, stored), true);
            }
        }
    }
}

#[test]
fn a_session_of_a_version_that_is_not_enabled_is_not_offered() {
    let session = with_session(Tls13, false).session;
    let mut plan = client_plan(Tls12);
    plan.session = session;
    assert_resumed(&connect(&plan, false), false);
}

#[test]
fn the_master_secret_is_the_same_on_both_sides() {
    let pair = connect(&client_plan(Tls12), false);
    let secret = pair.client.connection.master_secret().unwrap();
    assert_eq!(secret.len(), 48);
    assert_eq!(Some(secret), pair.server.connection.master_secret());
}

#[test]
fn a_server_session_can_be_taken_apart_and_put_together() {
    for version in VERSIONS {
        for stored in [false, true] {
            let mut pair = Pair::fresh(&client_plan(version));
            let plan = &mut pair.server.owner.server_plan;
            (plan.tickets, plan.session_ids) = (!stored, stored);
            plan.alpn = Some(b"http/1.1".to_vec());
            plan.client_auth = ClientAuth::Required {
                authorities: Vec::new(),
            };
            pair.handshake();
            let questions = pair.server.owner.questions.iter();
            let mut values = questions.filter_map(|question| match question {
                Question::SealTicket(value) | Question::StoreSession { value, .. } => Some(value),
                _ => None,
            });
            let value = values.next().unwrap();
            let session = ServerSession::from_value(value).unwrap();
            assert_eq!(session.to_value(), *value);
            assert_eq!(session.version(), version);
            assert_eq!(session.server_name.as_deref(), Some("localhost"));
            assert_eq!(session.chain.len(), 1);
            assert_eq!(session.extended_master_secret, version == Tls12);
            if let Some(secret) = pair.server.connection.master_secret() {
                assert_eq!(session.secret, secret);
            }
        }
    }
}

#[test]
fn a_stored_session_gets_the_identifier_of_the_plan() {
    for hello_time in [false, true] {
        let plan = client_plan(Tls12);
        let mut pair = Pair::fresh(&plan);
        let server_plan = &mut pair.server.owner.server_plan;
        (server_plan.tickets, server_plan.session_ids) = (false, true);
        server_plan.hello_time = hello_time;
        server_plan.session_id = Some([7; 32]);
        pair.handshake();
        pair.exchange();
        for half in [&pair.client, &pair.server] {
            let negotiated = half.connection.negotiated().unwrap();
            assert_eq!(*negotiated.session_id, [7; 32]);
            assert_ne!(negotiated.server_random, [7; 32]);
        }
    }
}
