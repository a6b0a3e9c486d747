//! The handshakes of both sides without connections, to see how much of the stacks they need.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::*;
use crate::config::{CipherSuite, NamedGroup};
use crate::handshake::delegate::{ClientAuth, DelegatedIdentity, ServerPlan, SignatureCheck};

/// Signatures are not what these tests are about.
struct Believes;

impl SignatureCheck for Believes {
    fn verify(&self, _: ProtocolVersion, _: u16, _: &[u8], _: &[u8], _: &[u8]) -> bool {
        true
    }
}

fn identity() -> DelegatedIdentity {
    DelegatedIdentity {
        chain: vec![vec![7; 2000]; 3],
        schemes: vec![0x0403],
    }
}

fn client_plan(version: ProtocolVersion) -> ClientPlan {
    ClientPlan {
        min: version,
        max: version,
        suites: CipherSuite::ALL.to_vec(),
        groups: vec![NamedGroup::X25519, NamedGroup::Secp384r1],
        verify_schemes: vec![0x0403],
        server_name: Some("localhost".into()),
        alpn: vec![b"h2".to_vec()],
        session: None,
        fallback_scsv: false,
        hello_time: true,
        key_log: None,
        signature_check: Arc::new(Believes),
        tickets: true,
        early_data: false,
    }
}

fn server_plan() -> ServerPlan {
    ServerPlan {
        min: ProtocolVersion::Tls12,
        max: ProtocolVersion::Tls13,
        suites: CipherSuite::ALL.to_vec(),
        groups: vec![NamedGroup::Secp384r1],
        identity: Some(identity()),
        ocsp: None,
        client_auth: ClientAuth::Requested {
            authorities: vec![],
        },
        verify_schemes: vec![0x0403],
        alpn: Some(b"h2".to_vec()),
        tickets: true,
        ticket_lifetime: 7200,
        tls13_tickets: 2,
        session_ids: false,
        session_id: None,
        hello_time: true,
        key_log: None,
        signature_check: Arc::new(Believes),
        max_early_data: 0,
        early_data: false,
        early_data_limit: 0,
    }
}

fn decide(question: &Question) -> Answer {
    match question {
        Question::ClientHello(_) => Answer::Plan(Box::new(server_plan())),
        Question::Sign { .. } => Answer::Signature(vec![1; 72]),
        Question::PeerCertificate { .. } => Answer::Accepted,
        Question::ClientCertificate { .. } => Answer::Identity(Some(identity())),
        Question::SealTicket(plain) => Answer::Bytes(Some(plain.to_vec())),
        Question::OpenTicket(ticket) => Answer::Bytes(Some(ticket.clone())),
        Question::StoreSession { .. } => Answer::Stored(false),
        Question::FindSession { .. } => Answer::Bytes(None),
    }
}

/// Lets one side work until it waits for the other; whether it is done.
fn work(side: &mut Delegated, incoming: &mut Vec<u8>, out: &mut Vec<u8>) -> bool {
    let arrived = core::mem::take(incoming);
    let mut arrived = records(&arrived);
    loop {
        match side.advance(out).unwrap() {
            Progress::Decide => {
                let answer = decide(side.question().unwrap());
                side.answer(answer);
            }
            Progress::NeedRecord => match arrived.next() {
                Some((header, body)) => side.feed(header, body, out).unwrap(),
                None => return false,
            },
            Progress::Wait => panic!("it has nobody to wait for"),
            Progress::Complete => return true,
        }
    }
}

#[test]
fn the_deepest_handshake_leaves_half_of_the_stack() {
    for version in [ProtocolVersion::Tls12, ProtocolVersion::Tls13] {
        let mut client = Delegated::client(&client_plan(version)).unwrap();
        let mut server = Box::new(Delegated::server());
        let (mut to_client, mut to_server) = (Vec::new(), Vec::new());
        let mut done = false;
        for _ in 0..10 {
            let client = work(&mut client, &mut to_client, &mut to_server);
            done = work(&mut server, &mut to_server, &mut to_client) && client;
            if done {
                break;
            }
        }
        assert!(done);
        assert!(client.finish().is_ok() && server.finish().is_ok());
    }
    let deepest = stack::measure::DEEPEST.load(Ordering::Relaxed);
    assert!(deepest > 1000, "{deepest} bytes: nothing was measured");
    assert!(deepest < stack::STACK_SIZE / 2, "{deepest} bytes");
    println!("{deepest} bytes");
}
