//! Every question refused, and every question never answered.

use std::sync::Arc;

use ssl_record::delegate::{Answer, ClientAuth};
use ssl_record::record::AlertDescription;
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{Error, Reason};

use super::owner::{Pair, REFUSAL, client_plan, name, tls};

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

/// Runs both sides until this question waits.
#[track_caller]
fn until_asked(pair: &mut Pair, question: &str, of_client: bool) {
    pair.client.owner.waits_at = of_client.then_some(question.to_owned());
    pair.server.owner.waits_at = (!of_client).then_some(question.to_owned());
    for _ in 0..20 {
        let _ = pair.client.handshake().unwrap();
        let _ = pair.server.handshake().unwrap();
        let half = if of_client {
            &pair.client
        } else {
            &pair.server
        };
        if let Some(asked) = half.connection.question() {
            assert_eq!(name(asked), question);
            return;
        }
    }
    panic!("{question} is not asked");
}

#[test]
fn a_connection_dropped_while_a_question_waits_leaves_nothing_behind() {
    for version in VERSIONS {
        for (question, by_client, mut pair) in situations(version) {
            until_asked(&mut pair, question, by_client);
            let checks = [
                pair.client.owner.signature_check.take(),
                Some(pair.server.owner.server_plan.signature_check.clone()),
            ];
            drop(pair);
            for check in checks.into_iter().flatten() {
                // This one only: what the stack held is gone.
                assert_eq!(Arc::strong_count(&check), 1, "{version} {question}");
            }
        }
    }
}

#[test]
fn a_waiting_handshake_goes_on_in_another_thread() {
    for version in VERSIONS {
        for (question, by_client, mut pair) in situations(version) {
            until_asked(&mut pair, question, by_client);
            std::thread::spawn(move || {
                pair.client.owner.waits_at = None;
                pair.server.owner.waits_at = None;
                pair.handshake();
                pair.exchange();
            })
            .join()
            .unwrap();
        }
    }
}

#[test]
fn a_connection_of_two_threads_may_wait_while_another_is_driven() {
    for version in VERSIONS {
        let mut waiting = mutual(version);
        until_asked(&mut waiting, "PeerCertificate", true);
        let mut other = mutual(version);
        other.handshake();
        other.exchange();
        waiting.client.owner.waits_at = None;
        waiting.handshake();
        waiting.exchange();
    }
}

#[test]
fn a_panic_on_the_stack_is_an_internal_error() {
    for version in VERSIONS {
        let mut plan = client_plan(version);
        plan.key_log = Some(Arc::new(|_: &str| panic!("on the stack of a handshake")));
        let mut pair = Pair::fresh(&plan);
        let (error, _) = failures(&mut pair, true);
        assert_eq!(
            error,
            Error::Refused {
                alert: AlertDescription::INTERNAL_ERROR,
                reason: Reason::INTERNAL_ERROR
            }
        );
        assert!(pair.client.connection.is_failed());
    }
}

#[test]
fn an_answer_of_another_kind_ends_the_handshake() {
    for version in VERSIONS {
        for (question, by_client, mut pair) in situations(version) {
            until_asked(&mut pair, question, by_client);
            let half = if by_client {
                &mut pair.client
            } else {
                &mut pair.server
            };
            half.owner.waits_at = None;
            let answer = if question == "PeerCertificate" {
                Answer::Stored(true)
            } else {
                Answer::Accepted
            };
            half.connection.answer(answer);
            let error = tls(half.handshake());
            assert_eq!(error.reason(), Some(Reason::INTERNAL_ERROR), "{question}");
        }
    }
}

#[test]
fn a_required_certificate_that_is_not_shown_has_the_alert_of_its_version() {
    for (version, alert) in [
        (Tls12, AlertDescription::HANDSHAKE_FAILURE),
        (Tls13, AlertDescription::CERTIFICATE_REQUIRED),
    ] {
        let mut pair = mutual(version);
        pair.client.owner.identity = None;
        let (error, learnt) = failures(&mut pair, false);
        assert_eq!(error.reason(), Some(Reason(199)), "{version}");
        assert_eq!(learnt, Error::AlertReceived(alert));
    }
}

#[test]
fn a_server_without_an_identity_has_no_cipher_to_share() {
    for version in VERSIONS {
        let mut pair = mutual(version);
        pair.server.owner.server_plan.identity = None;
        let (error, learnt) = failures(&mut pair, false);
        assert_eq!(error.reason(), Some(Reason(193)), "{version}");
        let expected = Error::AlertReceived(AlertDescription::HANDSHAKE_FAILURE);
        assert_eq!(learnt, expected);
    }
}

#[test]
fn a_signature_that_does_not_verify_is_a_bad_signature() {
    for version in VERSIONS {
        for by_client in [true, false] {
            let mut pair = mutual(version);
            let signer = if by_client {
                &mut pair.server
            } else {
                &mut pair.client
            };
            signer.owner.signs_badly = true;
            let (error, learnt) = failures(&mut pair, by_client);
            assert_eq!(error.reason(), Some(Reason(123)), "{version} {by_client}");
            assert_eq!(
                learnt,
                Error::AlertReceived(AlertDescription::DECRYPT_ERROR)
            );
        }
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
