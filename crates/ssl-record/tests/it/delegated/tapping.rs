//! What passes, as the owner sees it.

use ssl_record::delegate::ClientAuth;
use ssl_record::io::drive;
use ssl_record::record::AlertDescription;
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{KeyUpdateRequest, MessageTap, Outcome, Shutdown, Tapped};
use ssl_testkit::wire;

use super::owner::{Half, Pair, client_plan};

const VERSIONS: [ProtocolVersion; 2] = [Tls12, Tls13];
const CHANGE_CIPHER_SPEC: u16 = 20;
const ALERT: u16 = 21;
const HANDSHAKE: u16 = 22;

fn tapped(version: ProtocolVersion) -> Pair {
    let mut pair = Pair::fresh(&client_plan(version));
    pair.server.owner.server_plan.client_auth = ClientAuth::Requested {
        authorities: Vec::new(),
    };
    pair.client.connection.set_message_tap(MessageTap::Frames);
    pair.server.connection.set_message_tap(MessageTap::Frames);
    pair
}

/// Types of the handshake messages that went one way.
fn kinds(messages: &[Tapped], outgoing: bool) -> Vec<u8> {
    messages
        .iter()
        .filter(|it| it.content_type == HANDSHAKE && it.outgoing == outgoing)
        .map(|it| it.bytes[0])
        .collect()
}

/// Types and bytes of what went one way.
type Way<'a> = Vec<(u16, &'a [u8])>;

/// What one side sent and the other received, as both saw it.
fn sent_and_received<'a>(sender: &'a [Tapped], receiver: &'a [Tapped]) -> (Way<'a>, Way<'a>) {
    let of = |messages: &'a [Tapped], outgoing: bool| -> Way<'a> {
        messages
            .iter()
            .filter(|it| it.outgoing == outgoing && it.content_type != CHANGE_CIPHER_SPEC)
            .map(|it| (it.content_type, it.bytes.as_slice()))
            .collect()
    };
    (of(sender, true), of(receiver, false))
}

#[test]
fn both_sides_see_the_same_messages() {
    for version in VERSIONS {
        let mut pair = tapped(version);
        pair.handshake();
        pair.exchange();
        let client = pair.client.connection.take_messages();
        let server = pair.server.connection.take_messages();
        for (one, other) in [(&client, &server), (&server, &client)] {
            let (sent, received) = sent_and_received(one, other);
            assert_eq!(sent, received, "{version}");
        }
        let (there, back): (&[u8], &[u8]) = match version {
            Tls12 => (&[1, 11, 16, 15, 20], &[2, 11, 12, 13, 14, 4, 20]),
            Tls13 => (&[1, 11, 15, 20], &[2, 8, 13, 11, 15, 20, 4]),
        };
        assert_eq!(kinds(&client, true), there);
        assert_eq!(kinds(&server, true), back);
        for message in client.iter().filter(|it| it.content_type == HANDSHAKE) {
            assert_eq!(message.version, version.wire());
        }
        let sent = client
            .iter()
            .filter(|it| it.content_type == CHANGE_CIPHER_SPEC);
        assert!(sent.clone().all(|it| it.outgoing && it.bytes == [1]));
        assert_eq!(sent.count(), 1);
    }
}

/// The headers of what went one way are those on the wire.
#[test]
fn every_record_has_its_header() {
    for version in VERSIONS {
        let mut pair = tapped(version);
        pair.handshake();
        pair.exchange();
        let of = |half: &mut Half| -> Vec<Vec<u8>> {
            let messages = half.connection.take_messages().into_iter();
            messages
                .filter(|it| it.content_type == Tapped::HEADER && it.outgoing)
                .map(|it| it.bytes)
                .collect()
        };
        for half in [&mut pair.client, &mut pair.server] {
            let records = wire::records(&half.end.outgoing().wire());
            let headers: Vec<_> = records
                .iter()
                .map(|record| record.encode()[..5].to_vec())
                .collect();
            assert_eq!(of(half), headers);
        }
    }
}

#[test]
fn without_frames_nothing_is_noted_of_application_data() {
    for version in VERSIONS {
        let mut pair = tapped(version);
        pair.client.connection.set_message_tap(MessageTap::Messages);
        pair.server.connection.set_message_tap(MessageTap::Messages);
        pair.handshake();
        for half in [&mut pair.client, &mut pair.server] {
            let messages = half.connection.take_messages();
            let frames = messages
                .iter()
                .filter(|it| it.content_type == Tapped::HEADER)
                .all(|it| u16::from(it.bytes[0]) == CHANGE_CIPHER_SPEC);
            assert!(frames && kinds(&messages, true).contains(&20));
        }
        pair.exchange();
        for half in [&mut pair.client, &mut pair.server] {
            let messages = half.connection.take_messages();
            // Tickets may come with the data.
            assert!(messages.iter().all(|it| it.content_type == HANDSHAKE));
        }
    }
}

#[test]
fn the_finished_messages_are_known() {
    for version in VERSIONS {
        for tap in [MessageTap::Off, MessageTap::Messages] {
            let mut plan = client_plan(version);
            // Also of a resumed session, which has a binder in TLS 1.3.
            for round in 0..2 {
                let mut pair = Pair::fresh(&plan);
                pair.client.connection.set_message_tap(tap);
                assert_eq!(pair.client.connection.finished(), None);
                pair.handshake();
                pair.exchange();
                let (local, peer) = pair.client.connection.finished().unwrap();
                assert_eq!(pair.server.connection.finished(), Some((peer, local)));
                assert_ne!(local, peer);
                let (local, peer) = (local.to_vec(), peer.to_vec());
                assert_eq!(local.len() == 12, version == Tls12);
                let messages = pair.client.connection.take_messages();
                let finished = messages
                    .iter()
                    .filter(|it| it.content_type == HANDSHAKE && it.bytes[0] == 20);
                for message in finished {
                    let expected = if message.outgoing { &local } else { &peer };
                    assert_eq!(message.bytes[4..], expected[..]);
                }
                let resumed = pair.client.connection.negotiated().unwrap().resumed;
                assert_eq!(resumed, round > 0);
                plan.session = pair.client.connection.session().or(plan.session);
            }
        }
    }
}

#[test]
fn what_comes_after_the_handshake_is_seen_too() {
    for version in VERSIONS {
        let mut pair = tapped(version);
        pair.handshake();
        pair.exchange();
        pair.client.connection.take_messages();
        pair.server.connection.take_messages();
        if version == Tls13 {
            let client = &mut pair.client.connection;
            client.key_update(KeyUpdateRequest::Requested).unwrap();
            pair.exchange();
            let client = pair.client.connection.take_messages();
            let server = pair.server.connection.take_messages();
            assert_eq!(kinds(&client, true), [24]);
            assert_eq!(kinds(&client, false), [24]);
            let (sent, received) = sent_and_received(&client, &server);
            assert_eq!(sent, received);
        }
        let client = &mut pair.client;
        let closed = drive::shutdown(&mut client.connection, &mut client.end);
        assert_eq!(closed.unwrap(), Outcome::Done(Shutdown::Sent));
        pair.server.read();
        let client = pair.client.connection.take_messages();
        let server = pair.server.connection.take_messages();
        let (sent, received) = sent_and_received(&client, &server);
        assert_eq!(sent, received);
        assert_eq!(sent.last(), Some(&(ALERT, &[1, 0][..])));
    }
}

#[test]
fn the_alert_of_a_refusal_is_seen() {
    for version in VERSIONS {
        for question in ["PeerCertificate", "Sign"] {
            let mut pair = tapped(version);
            pair.client.owner.refuses = Some(question);
            let _ = pair.client.handshake().unwrap();
            let _ = pair.server.handshake().unwrap();
            assert!(pair.client.handshake().is_err());
            assert!(pair.server.handshake().is_err());
            let (AlertDescription(alert), _) = super::owner::REFUSAL;
            let client = pair.client.connection.take_messages();
            let server = pair.server.connection.take_messages();
            let (sent, received) = sent_and_received(&client, &server);
            assert_eq!(sent, received, "{version}");
            assert_eq!(sent.last(), Some(&(ALERT, &[2, alert][..])));
        }
    }
}

#[test]
fn without_a_tap_nothing_is_kept() {
    let mut pair = Pair::fresh(&client_plan(Tls13));
    pair.handshake();
    pair.exchange();
    assert!(pair.client.connection.take_messages().is_empty());
}

#[test]
fn a_forgotten_handshake_leaves_a_connection_that_works() {
    for version in VERSIONS {
        let mut plan = client_plan(version);
        for round in 0..2 {
            let mut pair = Pair::fresh(&plan);
            // Nothing to forget yet.
            pair.client.connection.forget_handshake();
            assert!(pair.client.connection.progress_facts().is_some());
            pair.handshake();
            for half in [&mut pair.client, &mut pair.server] {
                assert!(half.connection.progress_facts().is_some());
                half.connection.forget_handshake();
                assert_eq!(half.connection.progress_facts(), None);
                assert_eq!(half.connection.finished(), None);
            }
            // Tickets that come later are taken in as before.
            pair.exchange();
            let resumed = pair.client.connection.negotiated().unwrap().resumed;
            assert_eq!(resumed, round > 0);
            plan.session = pair.client.connection.session().or(plan.session);
        }
    }
}
