//! What two sides agree on, and how they tell each other that they cannot.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use ssl_record::config::{CipherSuite, ClientConfig, NamedGroup, ServerConfig};
use ssl_record::record::AlertDescription;
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{Context, Error, Outcome, PeerFault, Reason};
use ssl_testkit::certs::KeyKind;
use ssl_testkit::{hello, wire};

use crate::forge::{expand_label, secret};
use crate::pair::{HOST, Half, Pair, configs, identity, tls_error};

const VERSIONS: [ProtocolVersion; 2] = [Tls12, Tls13];

/// Runs a handshake that must fail: the error of the side that found the fault and the other's.
#[track_caller]
fn failure(pair: &mut Pair) -> (Error, Error) {
    let step = |half: &mut Half| match half.handshake() {
        Ok(_) => None,
        failed => Some(tls_error(failed)),
    };
    for _ in 0..20 {
        // A TLS 1.3 client is done before the server is; it learns of the failure by reading.
        if let Some(found) = step(&mut pair.client) {
            return (found, other(&mut pair.server));
        }
        if let Some(found) = step(&mut pair.server) {
            return (found, other(&mut pair.client));
        }
    }
    panic!("the handshake does not fail");
}

fn other(half: &mut Half) -> Error {
    tls_error(half.read(&mut [0; 10]))
}

/// Both configurations with every version.
fn any_version() -> (ClientConfig, ServerConfig) {
    let (identity, roots) = identity(KeyKind::EcP256);
    (ClientConfig::new(roots), ServerConfig::new(identity))
}

#[test]
fn both_sides_agree_on_what_was_negotiated() {
    for version in VERSIONS {
        let (client, server) = configs(version);
        let mut pair = Pair::of(client.alpn(["h2", "http/1.1"]), server.alpn(["http/1.1"]));
        assert_eq!(pair.client.connection.negotiated(), None);
        pair.handshake();
        let client = pair.client.connection.negotiated().unwrap();
        let server = pair.server.connection.negotiated().unwrap();
        for side in [client, server] {
            assert_eq!(side.version, version);
            assert_eq!(side.suite.version(), version);
            assert_eq!(side.alpn.as_deref(), Some(&b"http/1.1"[..]));
            assert!(!side.resumed);
        }
        assert_eq!(client.suite, server.suite);
        assert_eq!(client.group, server.group);
        assert!(client.group.is_some());
        assert_eq!(client.client_random, server.client_random);
        let sent = hello::first(&pair.client.end.outgoing().wire()).unwrap();
        assert_eq!(client.client_random, sent.random);
        assert_eq!(server.server_name.as_deref(), Some(HOST));
        assert_eq!(client.server_name, None);
        assert_eq!(client.peer_certificates.len(), 1);
        assert!(server.peer_certificates.is_empty());
    }
}

#[test]
fn the_newest_version_in_common_is_used() {
    for (client_max, server_max, expected) in [
        (Tls13, Tls13, Tls13),
        (Tls12, Tls13, Tls12),
        (Tls13, Tls12, Tls12),
    ] {
        let (client, server) = any_version();
        let mut pair = Pair::of(
            client.versions(Tls12, client_max),
            server.versions(Tls12, server_max),
        );
        pair.handshake();
        for half in [&pair.client, &pair.server] {
            assert_eq!(half.connection.negotiated().unwrap().version, expected);
        }
    }
}

#[test]
fn no_version_in_common_is_said_by_both() {
    for (client_version, server_version) in [(Tls12, Tls13), (Tls13, Tls12)] {
        let (client, server) = any_version();
        let mut pair = Pair::of(
            client.versions(client_version, client_version),
            server.versions(server_version, server_version),
        );
        let (found, told) = failure(&mut pair);
        assert_eq!(
            found.reason(),
            Some(Reason::UNSUPPORTED_PROTOCOL),
            "{found}"
        );
        assert!(found.to_string().contains("TLS version"), "{found}");
        let description = AlertDescription::PROTOCOL_VERSION;
        assert_eq!(told, Error::AlertReceived(description));
    }
}

#[test]
fn no_suite_in_common_is_said_by_both() {
    for (version, ours, theirs) in [
        (
            Tls12,
            CipherSuite::EcdheEcdsaAes128Gcm,
            CipherSuite::EcdheEcdsaAes256Gcm,
        ),
        (
            Tls13,
            CipherSuite::Aes128GcmSha256,
            CipherSuite::Aes256GcmSha384,
        ),
    ] {
        let (client, server) = configs(version);
        let mut pair = Pair::of(
            client.cipher_suites(&[ours]),
            server.cipher_suites(&[theirs]),
        );
        let (found, told) = failure(&mut pair);
        assert_eq!(found.reason(), Some(Reason::NO_SHARED_CIPHER), "{found}");
        let description = AlertDescription::HANDSHAKE_FAILURE;
        assert_eq!(told, Error::AlertReceived(description));
    }
}

#[test]
fn the_servers_order_of_suites_decides_among_the_clients() {
    let suites = [
        CipherSuite::Chacha20Poly1305Sha256,
        CipherSuite::Aes128GcmSha256,
    ];
    let (client, server) = configs(Tls13);
    let mut pair = Pair::of(
        client.cipher_suites(&suites[1..]),
        server.cipher_suites(&suites),
    );
    pair.handshake();
    let negotiated = pair.server.connection.negotiated().unwrap();
    assert_eq!(negotiated.suite, suites[1]);
}

#[test]
fn alpn_is_optional_for_either_side() {
    for version in VERSIONS {
        for (ours, theirs) in [(&[][..], &["h2"][..]), (&["h2"], &[]), (&[], &[])] {
            let (client, server) = configs(version);
            let (ours, theirs) = (ours.iter().copied(), theirs.iter().copied());
            let mut pair = Pair::of(client.alpn(ours), server.alpn(theirs));
            pair.handshake();
            for half in [&pair.client, &pair.server] {
                assert_eq!(half.connection.negotiated().unwrap().alpn, None);
            }
        }
    }
}

#[test]
fn no_protocol_in_common_is_said_by_both() {
    for version in VERSIONS {
        let (client, server) = configs(version);
        let mut pair = Pair::of(client.alpn(["h2"]), server.alpn(["http/1.1"]));
        let (found, told) = failure(&mut pair);
        assert_eq!(
            found.reason(),
            Some(Reason::NO_APPLICATION_PROTOCOL),
            "{found}"
        );
        let description = AlertDescription::NO_APPLICATION_PROTOCOL;
        assert_eq!(told, Error::AlertReceived(description));
    }
}

#[test]
fn every_group_can_be_agreed_on() {
    for version in VERSIONS {
        for group in [
            NamedGroup::X25519,
            NamedGroup::Secp256r1,
            NamedGroup::Secp384r1,
        ] {
            let (client, server) = configs(version);
            let mut pair = Pair::of(client, server.groups(&[group]));
            pair.handshake();
            for half in [&pair.client, &pair.server] {
                let negotiated = half.connection.negotiated().unwrap();
                assert_eq!(negotiated.group, Some(group));
            }
        }
    }
}

#[test]
fn no_group_in_common_is_said_by_both() {
    let (client, server) = configs(Tls13);
    let mut pair = Pair::of(
        client.groups(&[NamedGroup::X25519]),
        server.groups(&[NamedGroup::Secp384r1]),
    );
    let (found, told) = failure(&mut pair);
    assert_eq!(
        found.reason(),
        Some(Reason::NO_SUITABLE_KEY_SHARE),
        "{found}"
    );
    let description = AlertDescription::HANDSHAKE_FAILURE;
    assert_eq!(told, Error::AlertReceived(description));
}

#[test]
fn a_hello_retry_request_is_followed() {
    let groups = [NamedGroup::X25519, NamedGroup::Secp384r1];
    let (client, server) = configs(Tls13);
    let mut pair = Pair::of(client.groups(&groups), server.groups(&groups[1..]));
    pair.handshake();
    let hellos = |wire: &[u8], kind: u8| {
        let records = wire::records(wire);
        let hello =
            |record: &&wire::WireRecord| record.content_type == 22 && record.body[0] == kind;
        records.iter().filter(hello).count()
    };
    assert_eq!(hellos(&pair.client.end.outgoing().wire(), 1), 2);
    assert_eq!(hellos(&pair.server.end.outgoing().wire(), 2), 2);
    let _ = pair.client.write(b"ping").unwrap();
    assert_eq!(pair.server.read_all().unwrap(), b"ping");
    let negotiated = pair.client.connection.negotiated().unwrap();
    assert_eq!(negotiated.group, Some(NamedGroup::Secp384r1));
    assert_exporters_agree(&pair);
}

fn assert_exporters_agree(pair: &Pair) {
    for context in [None, Some(&b""[..]), Some(b"context")] {
        let export = |half: &Half| {
            let mut out = [0; 77];
            let connection = &half.connection;
            connection
                .export_keying_material(&mut out, b"EXPORTER-test", context)
                .unwrap();
            out
        };
        let (client, server) = (export(&pair.client), export(&pair.server));
        assert_eq!(client, server);
        assert_ne!(client, [0; 77]);
    }
}

#[test]
fn exporters_agree_and_exist_only_after_the_handshake() {
    for version in VERSIONS {
        for &suite in CipherSuite::ALL {
            if suite.version() != version || suite.name().contains("RSA") {
                continue;
            }
            let (client, server) = configs(version);
            let mut pair = Pair::of(client.cipher_suites(&[suite]), server);
            let early = pair
                .client
                .connection
                .export_keying_material(&mut [0; 9], b"x", None);
            assert!(early.is_err());
            pair.handshake();
            assert_exporters_agree(&pair);
            let connection = &pair.client.connection;
            let too_much = &mut vec![0; 255 * 48 + 1];
            let refused = connection.export_keying_material(too_much, b"x", None);
            assert!(version == Tls12 || refused.is_err());
        }
    }
}

/// Connections of one configuration share its key log, which tells them apart by whose turn it is.
#[test]
fn handshakes_within_a_handshake_keep_their_secrets_apart() {
    for version in VERSIONS {
        // Not the log's own: it belongs to the contexts.
        let contexts = Arc::new(OnceLock::<(Context, Context)>::new());
        let (inside, within) = (AtomicBool::new(false), Arc::new(AtomicUsize::new(0)));
        let (shared, count) = (Arc::downgrade(&contexts), Arc::clone(&within));
        // Called while rustls works for the outer connection.
        let log = Arc::new(move |_: &str| {
            if inside.swap(true, Ordering::Relaxed) {
                return;
            }
            let shared = shared.upgrade().unwrap();
            let (client, server) = shared.get().unwrap();
            assert_exporters_agree(&Pair::connected(client, server));
            count.fetch_add(1, Ordering::Relaxed);
            inside.store(false, Ordering::Relaxed);
        });
        let (client, server) = configs(version);
        let client = Context::client(client.key_log(Arc::clone(&log) as _)).unwrap();
        let server = Context::server(server.key_log(log)).unwrap();
        let mut pair = Pair::fresh(&client, &server);
        contexts.set((client, server)).unwrap();
        pair.handshake();
        assert_exporters_agree(&pair);
        let random = |half: &Half| half.connection.negotiated().unwrap().client_random;
        assert_eq!(random(&pair.client), random(&pair.server));
        let name = |half: &Half| half.connection.negotiated().unwrap().server_name.clone();
        assert_eq!(name(&pair.server).as_deref(), Some(HOST));
        assert!(within.load(Ordering::Relaxed) >= 2);
    }
}

#[test]
fn key_log_lines_are_those_that_other_tools_read() {
    for version in VERSIONS {
        let lines = Arc::new(Mutex::new(Vec::<String>::new()));
        let log = |side: &'static str| {
            let lines = Arc::clone(&lines);
            Arc::new(move |line: &str| lines.lock().unwrap().push(format!("{side} {line}")))
        };
        let (client, server) = configs(version);
        let mut pair = Pair::of(client.key_log(log("c")), server.key_log(log("s")));
        pair.handshake();
        let random = pair.client.connection.negotiated().unwrap().client_random;
        let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let lines = lines.lock().unwrap();
        let of = |side: &str| {
            let mut lines: Vec<String> = lines
                .iter()
                .filter_map(|line| line.strip_prefix(side).map(str::to_owned))
                .collect();
            lines.sort();
            lines.dedup();
            lines
        };
        assert_eq!(of("c "), of("s "));
        let labels: Vec<String> = of("c ")
            .iter()
            .map(|line| {
                let fields: Vec<&str> = line.split(' ').collect();
                assert_eq!(fields.len(), 3, "{line}");
                assert_eq!(fields[1], random);
                fields[0].to_owned()
            })
            .collect();
        if version == Tls12 {
            assert_eq!(labels, ["CLIENT_RANDOM"]);
            assert_eq!(secret(&of("c "), "CLIENT_RANDOM").len(), 48);
        } else {
            assert_eq!(
                labels,
                [
                    "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                    "CLIENT_TRAFFIC_SECRET_0",
                    "EXPORTER_SECRET",
                    "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                    "SERVER_TRAFFIC_SECRET_0",
                ]
            );
            // A secret that a tool can go on from: the key schedule's next step has a result.
            let traffic = secret(&of("c "), "CLIENT_TRAFFIC_SECRET_0");
            assert_eq!(expand_label(&traffic, "key", 16).len(), 16);
        }
    }
}

#[test]
fn r27_plain_http_is_recognised_and_gets_no_alert() {
    for (request, fault, reason) in [
        ("GET / HTTP/1.0\r\n\r\n", PeerFault::HttpRequest, 156),
        ("POST /x HTTP/1.1\r\n", PeerFault::HttpRequest, 156),
        ("HEAD / HTTP/1.0\r\n", PeerFault::HttpRequest, 156),
        ("PUT /x HTTP/1.0\r\n", PeerFault::HttpRequest, 156),
        (
            "CONNECT a:1 HTTP/1.1\r\n",
            PeerFault::HttpsProxyRequest,
            155,
        ),
    ] {
        let (client, server) = any_version();
        let mut pair = Pair::of(client, server);
        pair.server.end.incoming().push_raw(request.as_bytes());
        let error = tls_error(pair.server.handshake());
        assert_eq!(error, Error::Peer(fault));
        assert_eq!(error.reason(), Some(Reason(reason)));
        assert_eq!(pair.server.end.outgoing().counts().writes, 0);
    }
}

#[test]
fn r27_a_client_does_not_take_an_answer_for_a_request() {
    let (client, server) = any_version();
    let mut pair = Pair::of(client, server);
    let _ = pair.client.handshake().unwrap();
    let link = pair.client.end.incoming();
    link.push_raw(b"HTTP/1.0 400 Bad Request\r\n\r\n");
    let error = tls_error(pair.client.handshake());
    assert_eq!(error, Error::Peer(PeerFault::NotTls));
    assert_eq!(error.reason(), Some(Reason::WRONG_VERSION_NUMBER));
    assert!(error.to_string().contains("may not speak TLS"), "{error}");
}

#[test]
fn a_connection_can_be_used_again_after_clear() {
    for version in VERSIONS {
        let mut pair = Pair::established(version);
        let _ = pair.client.write(b"unread").unwrap();
        for half in [&mut pair.client, &mut pair.server] {
            half.end.incoming().take_raw();
            half.connection.clear().unwrap();
            assert!(half.connection.in_init());
        }
        pair.handshake();
        assert_eq!(pair.client.write(b"again").unwrap(), Outcome::Done(5));
        assert_eq!(pair.server.read_all().unwrap(), b"again");
    }
}
