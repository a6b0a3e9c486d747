//! What stands in hellos: the fallback signal, the time, names and protocols.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use ssl_record::record::AlertDescription;
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{Error, Outcome, Reason};
use ssl_testkit::hello::{self, FALLBACK_SCSV, Hello};
use ssl_testkit::wire::{HANDSHAKE, WireRecord};

use super::owner::{Half, Pair, client_plan, tls};

/// TLS_EMPTY_RENEGOTIATION_INFO_SCSV, which OpenSSL sends for every range of versions.
const RENEGOTIATION_SCSV: u16 = 0x00ff;

const VERSIONS: [ProtocolVersion; 2] = [Tls12, Tls13];

fn sent_by(half: &Half) -> Hello {
    hello::first(&half.end.outgoing().wire()).unwrap()
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

#[test]
fn f1_f2_f9_the_fallback_signal_is_offered_if_wanted() {
    for version in VERSIONS {
        for wanted in [false, true] {
            let mut plan = client_plan(version);
            plan.fallback_scsv = wanted;
            let mut pair = Pair::fresh(&plan);
            // Only what the client supports, so that no fallback is taken for one (F6).
            let server = &mut pair.server.owner.server_plan;
            (server.min, server.max) = (version, version);
            pair.handshake();
            pair.exchange();
            let suites = sent_by(&pair.client).suites;
            assert_eq!(suites.contains(&FALLBACK_SCSV), wanted, "{version}");
            let is_there = |suite: &&u16| **suite == RENEGOTIATION_SCSV;
            assert_eq!(suites.iter().filter(is_there).count(), 1, "{version}");
        }
    }
}

#[test]
fn f50_a_client_that_fell_back_heeds_the_sentinel() {
    let mut plan = client_plan(Tls12);
    plan.fallback_scsv = true;
    let mut pair = Pair::fresh(&plan);
    let _ = pair.client.handshake().unwrap();
    let _ = pair.server.handshake().unwrap();
    let error = tls(pair.client.handshake());
    assert_eq!(error.reason(), Some(Reason(373)));
    let learnt = tls(pair.server.read_or_finish());
    let expected = Error::AlertReceived(AlertDescription::ILLEGAL_PARAMETER);
    assert_eq!(learnt, expected);
}

#[test]
fn f52_a_server_cannot_select_the_signal() {
    let signals = [FALLBACK_SCSV, RENEGOTIATION_SCSV].map(u16::to_be_bytes);
    for (version, selected) in VERSIONS.into_iter().flat_map(|it| signals.map(|s| (it, s))) {
        let mut plan = client_plan(version);
        plan.fallback_scsv = true;
        let mut pair = Pair::fresh(&plan);
        assert!(matches!(pair.client.handshake(), Ok(Outcome::Want(_))));
        let mut message = vec![2, 0, 0, 38, 3, 3];
        message.extend([7; 32]);
        message.extend([0, selected[0], selected[1], 0]);
        let record = WireRecord::new(HANDSHAKE, 0x0303, &message).encode();
        pair.server.end.write_all(&record).unwrap();
        let error = tls(pair.client.handshake());
        assert_eq!(error.reason(), Some(Reason(261)));
        let alert = [21, 3, 3, 0, 2, 2, 47];
        assert!(pair.client.end.outgoing().wire().ends_with(&alert));
    }
}

#[test]
fn n5_n6_n7_n8_a_random_begins_with_the_time_if_wanted() {
    for version in VERSIONS {
        for wanted in [false, true] {
            let mut plan = client_plan(version);
            plan.hello_time = wanted;
            let mut pair = Pair::fresh(&plan);
            pair.server.owner.server_plan.hello_time = wanted;
            let before = now();
            pair.handshake();
            let after = now();
            let server = sent_by(&pair.server);
            for hello in [sent_by(&pair.client), server.clone()] {
                let time = u64::from(hello.random_time());
                assert_eq!((before..=after).contains(&time), wanted, "{version}");
            }
            let is_marked = server.random.ends_with(b"DOWNGRD\x01");
            assert_eq!(is_marked, version == Tls12);
            for half in [&pair.client, &pair.server] {
                let negotiated = half.connection.negotiated().unwrap();
                assert_eq!(negotiated.client_random, sent_by(&pair.client).random);
                assert_eq!(negotiated.server_random, server.random);
                assert_eq!(negotiated.extended_master_secret, version == Tls12);
            }
        }
    }
}

#[test]
fn after_a_retry_the_second_random_begins_with_the_time() {
    use ssl_record::config::NamedGroup;
    let mut plan = client_plan(Tls13);
    plan.hello_time = true;
    let mut pair = Pair::fresh(&plan);
    let server = &mut pair.server.owner.server_plan;
    (server.hello_time, server.groups) = (true, vec![NamedGroup::Secp256r1]);
    let before = now();
    pair.handshake();
    pair.exchange();
    let negotiated = pair.client.connection.negotiated().unwrap();
    assert_eq!(negotiated.group, Some(NamedGroup::Secp256r1));
    let random = negotiated.server_random;
    let time = u32::from_be_bytes([random[0], random[1], random[2], random[3]]);
    assert!((before..=now()).contains(&u64::from(time)));
    assert_eq!(
        pair.server.connection.negotiated().unwrap().server_random,
        random
    );
    assert_eq!(
        pair.server.owner.asked,
        ["ClientHello", "Sign", "SealTicket"]
    );
}

#[test]
fn names_and_protocols_arrive() {
    for version in VERSIONS {
        let not_hosts = ["192.0.2.1", "two..dots", "-.org", "white space"].map(Some);
        let hosts = ["example.org", "my_host.example"].map(Some);
        for name in hosts.into_iter().chain(not_hosts).chain([None]) {
            let mut plan = client_plan(version);
            plan.server_name = name.map(Into::into);
            plan.alpn = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            let mut pair = Pair::fresh(&plan);
            pair.server.owner.server_plan.alpn = Some(b"http/1.1".to_vec());
            pair.handshake();
            let negotiated = pair.server.connection.negotiated().unwrap();
            let sent = name.filter(|_| hosts.contains(&name));
            assert_eq!(negotiated.server_name.as_deref(), sent);
            for half in [&pair.client, &pair.server] {
                let negotiated = half.connection.negotiated().unwrap();
                assert_eq!(negotiated.alpn.as_deref(), Some(&b"http/1.1"[..]));
            }
        }
    }
}
