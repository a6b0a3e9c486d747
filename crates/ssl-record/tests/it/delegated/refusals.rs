//! Every question refused, and every question never answered.

use ssl_record::Error;
use ssl_record::delegate::ClientAuth;
use ssl_record::io::CallError;
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};

use super::owner::{Pair, REFUSAL, client_plan};

const VERSIONS: [ProtocolVersion; 2] = [Tls12, Tls13];

/// Both sides authenticated; sessions kept on both sides.
fn mutual(version: ProtocolVersion) -> Pair {
    let mut pair = Pair::fresh(&client_plan(version));
    let plan = &mut pair.server.owner.server_plan;
    plan.client_auth = ClientAuth::Required {
        authorities: Vec::new(),
    };
    pair
}

/// A pair whose server stores sessions, the second time with a session to find.
fn stored(version: ProtocolVersion) -> Pair {
    let mut plan = client_plan(version);
    for _ in 0..2 {
        let mut pair = Pair::fresh(&plan);
        let server_plan = &mut pair.server.owner.server_plan;
        (server_plan.tickets, server_plan.session_ids) = (false, true);
        if plan.session.is_some() {
            return pair;
        }
        pair.handshake();
        pair.exchange();
        plan.session = pair.client.connection.take_sessions().pop();
    }
    panic!("no session was made");
}

fn resuming(version: ProtocolVersion) -> Pair {
    let mut plan = client_plan(version);
    let mut pair = Pair::fresh(&plan);
    pair.handshake();
    pair.exchange();
    plan.session = pair.client.connection.take_sessions().pop();
    assert!(plan.session.is_some());
    Pair::fresh(&plan)
}

/// Every question there is, with a pair in which it comes up.
fn situations(version: ProtocolVersion) -> Vec<(&'static str, bool, Pair)> {
    vec![
        ("ClientHello", false, mutual(version)),
        ("Sign", false, mutual(version)),
        ("PeerCertificate", true, mutual(version)),
        ("ClientCertificate", true, mutual(version)),
        ("Sign", true, mutual(version)),
        ("PeerCertificate", false, mutual(version)),
        ("SealTicket", false, mutual(version)),
        ("OpenTicket", false, resuming(version)),
        ("StoreSession", false, {
            let mut pair = mutual(version);
            let plan = &mut pair.server.owner.server_plan;
            (plan.tickets, plan.session_ids) = (false, true);
            pair
        }),
        ("FindSession", false, stored(version)),
    ]
}

fn tls<T: core::fmt::Debug>(result: Result<T, CallError>) -> Error {
    match result {
        Err(CallError::Tls(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// Runs both sides until one fails, which must be the client or not: its error and the other's.
#[track_caller]
fn failures(pair: &mut Pair, client_fails: bool) -> (Error, Error) {
    for _ in 0..20 {
        for is_client in [true, false] {
            let (half, peer) = if is_client {
                (&mut pair.client, &mut pair.server)
            } else {
                (&mut pair.server, &mut pair.client)
            };
            if let Err(error) = half.handshake() {
                assert_eq!(is_client, client_fails, "{error}");
                return (tls::<()>(Err(error)), tls(peer.read_or_finish()));
            }
        }
    }
    panic!("the handshake does not fail");
}

#[test]
fn a_refusal_sends_its_alert_and_fails_with_its_reason() {
    let (alert, reason) = REFUSAL;
    for version in VERSIONS {
        for (question, by_client, mut pair) in situations(version) {
            let refuser = if by_client {
                &mut pair.client
            } else {
                &mut pair.server
            };
            refuser.owner.refuses = Some(question);
            let (error, learnt) = failures(&mut pair, by_client);
            assert_eq!(
                error,
                Error::Refused { alert, reason },
                "{version} {question}"
            );
            assert_eq!(learnt, Error::AlertReceived(alert), "{version} {question}");
        }
    }
}
