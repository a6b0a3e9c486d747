//! The modes that act on hellos, in handshakes that decide by configuration: SEND_FALLBACK_SCSV and the
//! two times.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use ssl_record::config::{ClientConfig, NamedGroup, ServerConfig};
use ssl_record::record::AlertDescription;
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{Context, Error, Outcome, Reason, SslMode, Want};
use ssl_testkit::hello::{self, FALLBACK_SCSV, Hello};
use ssl_testkit::wire::{HANDSHAKE, WireRecord};

use super::pair::{Half, Pair, configs, contexts, tls_error};

const VERSIONS: [ProtocolVersion; 2] = [Tls12, Tls13];

fn sent_by(half: &Half) -> Hello {
    hello::first(&half.end.outgoing().wire()).unwrap()
}

/// A client up to `newest`, with or without the bit, and a server up to `servers`.
fn falling_back(newest: ProtocolVersion, bit: bool, servers: ProtocolVersion) -> Pair {
    let (client, server) = configs(Tls12);
    let mut pair = Pair::of(
        client.versions(Tls12, newest),
        server.versions(Tls12, servers),
    );
    if bit {
        pair.client.connection.set_mode(SslMode::SEND_FALLBACK_SCSV);
    }
    pair
}

#[test]
fn f1_f2_f9_the_signal_is_offered_with_the_bit_alone() {
    for version in VERSIONS {
        for bit in [false, true] {
            let (client, server) = contexts(version);
            if bit {
                client.set_mode(SslMode::SEND_FALLBACK_SCSV);
            }
            let pair = Pair::connected(&client, &server);
            let offers = sent_by(&pair.client).suites.contains(&FALLBACK_SCSV);
            assert_eq!(offers, bit, "{version}");
        }
    }
}

#[test]
fn f2_the_bit_counts_when_the_hello_is_made() {
    let mut pair = falling_back(Tls12, true, Tls12);
    pair.client
        .connection
        .clear_mode(SslMode::SEND_FALLBACK_SCSV);
    pair.handshake();
    assert!(!sent_by(&pair.client).suites.contains(&FALLBACK_SCSV));
    pair.client.connection.set_mode(SslMode::SEND_FALLBACK_SCSV);
    pair.client.connection.clear().unwrap();
    let before = pair.client.end.outgoing().wire().len();
    assert_eq!(pair.client.handshake().unwrap(), Outcome::Want(Want::Read));
    let again = &pair.client.end.outgoing().wire()[before..];
    assert!(hello::first(again).unwrap().suites.contains(&FALLBACK_SCSV));
}

#[test]
fn f4_f5_a_server_that_has_better_refuses_and_says_nothing_else() {
    let mut pair = falling_back(Tls12, true, Tls13);
    let _ = pair.client.handshake().unwrap();
    let error = tls_error(pair.server.handshake());
    let alert = AlertDescription::INAPPROPRIATE_FALLBACK;
    let reason = Reason(373);
    assert_eq!(error, Error::Refused { alert, reason });
    assert!(error.is_final());
    assert_eq!(
        pair.server.end.outgoing().wire(),
        [0x15, 3, 3, 0, 2, 2, 0x56]
    );
    let learnt = tls_error(pair.client.handshake());
    assert_eq!(learnt, Error::AlertReceived(alert));
    assert_eq!(learnt.reason(), Some(Reason(1086)));
}

#[test]
fn f3_f6_f7_no_other_client_is_refused() {
    for (newest, bit, servers) in [
        (Tls13, true, Tls13),
        (Tls12, true, Tls12),
        (Tls12, false, Tls13),
    ] {
        let mut pair = falling_back(newest, bit, servers);
        // On a server the bit means nothing.
        pair.server.connection.set_mode(SslMode::SEND_FALLBACK_SCSV);
        pair.handshake();
    }
}

#[test]
fn f8_a_version_without_a_suite_is_not_enabled() {
    let (client, server) = configs(Tls12);
    let suites: Vec<_> = ssl_record::config::CipherSuite::ALL
        .iter()
        .copied()
        .filter(|suite| suite.version() == Tls12)
        .collect();
    let server = server.versions(Tls12, Tls13).cipher_suites(&suites);
    let mut pair = Pair::of(client, server);
    pair.client.connection.set_mode(SslMode::SEND_FALLBACK_SCSV);
    pair.handshake();
}

/// A ServerHello of TLS 1.2 with the end of its random and its suite chosen, in so many records.
fn server_hello(random_end: &[u8; 8], suite: u16, records: usize) -> Vec<u8> {
    let mut message = vec![2, 0, 0, 38, 3, 3];
    message.extend([7; 24]);
    message.extend(random_end);
    message.push(0);
    message.extend(suite.to_be_bytes());
    message.push(0);
    message
        .chunks(message.len().div_ceil(records))
        .flat_map(|piece| WireRecord::new(HANDSHAKE, 0x0303, piece).encode())
        .collect()
}

#[test]
fn f50_a_client_that_fell_back_heeds_the_sentinel() {
    let suite = 0xc02b;
    for (bit, records) in [(true, 1), (true, 5), (false, 1)] {
        let mut pair = falling_back(Tls12, bit, Tls12);
        assert!(matches!(pair.client.handshake(), Ok(Outcome::Want(_))));
        let answer = server_hello(b"DOWNGRD\x01", suite, records);
        pair.server.end.write_all(&answer).unwrap();
        let result = pair.client.handshake();
        if bit {
            assert_eq!(tls_error(result).reason(), Some(Reason(373)));
            let alert = [21, 3, 3, 0, 2, 2, 47];
            assert!(pair.client.end.outgoing().wire().ends_with(&alert));
        } else {
            assert_eq!(result.unwrap(), Outcome::Want(Want::Read));
        }
    }
}

#[test]
fn f52_a_server_cannot_select_the_signal() {
    for newest in VERSIONS {
        for records in [1, 4] {
            let mut pair = falling_back(newest, true, Tls12);
            assert!(matches!(pair.client.handshake(), Ok(Outcome::Want(_))));
            let answer = server_hello(&[7; 8], FALLBACK_SCSV, records);
            pair.server.end.write_all(&answer).unwrap();
            let error = tls_error(pair.client.handshake());
            assert_eq!(error.reason(), Some(Reason(261)), "{newest}");
            let alert = [21, 3, 3, 0, 2, 2, 47];
            assert!(pair.client.end.outgoing().wire().ends_with(&alert));
        }
    }
}

/// Whether the first four bytes are the time, give or take a minute.
fn is_the_time(random: &[u8]) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let begin = u32::from_be_bytes(random[..4].try_into().unwrap());
    u64::from(begin).abs_diff(now.as_secs()) < 60
}

#[test]
fn n5_to_n8_exactly_the_hello_random_begins_with_the_time() {
    let (clients, servers) = (
        SslMode::SEND_CLIENTHELLO_TIME,
        SslMode::SEND_SERVERHELLO_TIME,
    );
    let both = clients | servers;
    for version in VERSIONS {
        for (modes, client_time, server_time) in [
            (SslMode::empty(), false, false),
            (clients, true, false),
            (servers, false, true),
            (both, true, true),
        ] {
            let (client, server) = contexts(version);
            // Each side heeds its own bit alone.
            client.set_mode(modes);
            server.set_mode(modes);
            let pair = Pair::connected(&client, &server);
            let facts = pair.server.connection.negotiated().unwrap();
            assert_eq!(is_the_time(&facts.client_random), client_time, "{version}");
            assert_eq!(is_the_time(&facts.server_random), server_time, "{version}");
            let sent = [sent_by(&pair.client), sent_by(&pair.server)];
            for hello in sent {
                assert!(hello.session_id.is_empty() || !is_the_time(&hello.session_id));
            }
        }
    }
}

#[test]
fn n6_n7_the_time_survives_a_retry_request() {
    let (client, server) = configs(Tls13);
    let client = client.groups(&[NamedGroup::X25519, NamedGroup::Secp256r1]);
    let server = server.groups(&[NamedGroup::Secp256r1]);
    let mut pair = Pair::of(client, server);
    let modes = SslMode::SEND_CLIENTHELLO_TIME | SslMode::SEND_SERVERHELLO_TIME;
    pair.client.connection.set_mode(modes);
    pair.server.connection.set_mode(modes);
    pair.handshake();
    let facts = pair.client.connection.negotiated().unwrap();
    assert_eq!(facts.group, Some(NamedGroup::Secp256r1));
    assert!(is_the_time(&facts.client_random));
    let facts = pair.server.connection.negotiated().unwrap();
    assert!(is_the_time(&facts.client_random));
}

#[test]
fn sessions_resume_whatever_the_modes() {
    let modes = SslMode::SEND_FALLBACK_SCSV
        | SslMode::SEND_CLIENTHELLO_TIME
        | SslMode::SEND_SERVERHELLO_TIME;
    for version in VERSIONS {
        let (client, server) = configs(version);
        let (client, server) = both(client, server);
        for (round, with_modes) in [false, true, true, false].into_iter().enumerate() {
            for context in [&client, &server] {
                match with_modes {
                    true => context.set_mode(modes),
                    false => context.clear_mode(modes),
                };
            }
            let pair = Pair::connected(&client, &server);
            let facts = pair.client.connection.negotiated().unwrap();
            assert_eq!(facts.resumed, round > 0, "{version} {round}");
        }
    }
}

fn both(client: ClientConfig, server: ServerConfig) -> (Context, Context) {
    (
        Context::client(client).unwrap(),
        Context::server(server).unwrap(),
    )
}
