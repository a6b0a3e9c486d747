//! Sessions: resumed from tickets and from the server's cache, or not.

use std::sync::{Arc, Mutex};

use ssl_record::config::{ClientConfig, ServerConfig};
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{Connection, Context};

use crate::pair::{HOST, Pair, configs};

const VERSIONS: [ProtocolVersion; 2] = [Tls12, Tls13];

/// Contexts, so that connections can share sessions.
fn shared(client: ClientConfig, server: ServerConfig) -> (Context, Context) {
    (
        Context::client(client).unwrap(),
        Context::server(server).unwrap(),
    )
}

/// Connects, uses and closes; whether each side says it resumed.
fn resumed(client: &Context, server: &Context) -> (bool, bool) {
    let mut pair = Pair::connected(client, server);
    let _ = pair.client.write(b"ping").unwrap();
    assert_eq!(pair.server.read_all().unwrap(), b"ping");
    let _ = pair.server.write(b"pong").unwrap();
    assert_eq!(pair.client.read_all().unwrap(), b"pong");
    let said = |connection: &Connection| connection.negotiated().unwrap().resumed;
    let said = (said(&pair.client.connection), said(&pair.server.connection));
    let _ = pair.client.shutdown().unwrap();
    said
}

#[test]
fn tickets_resume_sessions() {
    for version in VERSIONS {
        let (client, server) = configs(version);
        let (client, server) = shared(client, server.session_cache(0));
        assert_eq!(resumed(&client, &server), (false, false));
        for _ in 0..3 {
            assert_eq!(resumed(&client, &server), (true, true), "{version}");
        }
    }
}

#[test]
fn the_servers_cache_resumes_sessions_without_tickets() {
    for version in VERSIONS {
        let (client, server) = configs(version);
        let (client, server) = shared(client, server.tickets(false));
        assert_eq!(resumed(&client, &server), (false, false));
        for _ in 0..3 {
            assert_eq!(resumed(&client, &server), (true, true), "{version}");
        }
    }
}

#[test]
fn without_either_or_without_sessions_nothing_is_resumed() {
    for version in VERSIONS {
        let (client, server) = configs(version);
        let nowhere = server.clone().tickets(false).session_cache(0);
        for (client, server) in [
            (client.clone(), nowhere),
            (client.clone().sessions(0), server.clone()),
        ] {
            let (client, server) = shared(client, server);
            for _ in 0..2 {
                assert_eq!(resumed(&client, &server), (false, false), "{version}");
            }
        }
    }
}

#[test]
fn a_server_without_tls13_tickets_resumes_nothing() {
    let (client, server) = configs(Tls13);
    let (client, server) = shared(client, server.tls13_tickets(0));
    for _ in 0..2 {
        assert_eq!(resumed(&client, &server), (false, false));
    }
}

#[test]
fn another_server_does_not_know_the_session() {
    for version in VERSIONS {
        let (client, server) = configs(version);
        let other = Context::server(server.clone()).unwrap();
        let (client, server) = shared(client, server);
        assert_eq!(resumed(&client, &server), (false, false));
        assert_eq!(resumed(&client, &other), (false, false), "{version}");
    }
}

#[test]
fn a_session_belongs_to_one_server_name() {
    for version in VERSIONS {
        let (client, server) = configs(version);
        let (client, server) = shared(client, server);
        assert_eq!(resumed(&client, &server), (false, false));
        let mut pair = Pair::fresh(&client, &server);
        pair.client.connection = Connection::client(&client, "127.0.0.1").unwrap();
        pair.handshake();
        assert!(!pair.client.connection.negotiated().unwrap().resumed);
    }
}

#[test]
fn a_resumed_connection_knows_what_the_first_one_knew() {
    for version in VERSIONS {
        let (client, server) = configs(version);
        let (client, server) = shared(client.alpn(["h2"]), server.alpn(["h2"]));
        let first = Pair::connected(&client, &server);
        let second = Pair::connected(&client, &server);
        for (first, second) in [
            (&first.client.connection, &second.client.connection),
            (&first.server.connection, &second.server.connection),
        ] {
            let (first, second) = (first.negotiated().unwrap(), second.negotiated().unwrap());
            assert!(!first.resumed && second.resumed);
            assert_eq!(first.suite, second.suite);
            assert_eq!(first.alpn, second.alpn);
            assert_eq!(first.server_name, second.server_name);
            assert_eq!(first.peer_certificates, second.peer_certificates);
            assert_ne!(first.client_random, second.client_random);
            // TLS 1.3 exchanges keys again, TLS 1.2 does not.
            assert_eq!(second.group.is_some(), version == Tls13);
        }
        let exported = [&second.client, &second.server].map(|half| {
            let mut out = [0; 32];
            let connection = &half.connection;
            connection
                .export_keying_material(&mut out, b"EXPORTER-x", None)
                .unwrap();
            out
        });
        assert_eq!(exported[0], exported[1], "{version}");
    }
}

#[test]
fn a_tls12_session_does_not_resume_in_tls13() {
    let (client, server) = configs(Tls12);
    let client = Context::client(client.versions(Tls12, Tls13)).unwrap();
    let old = Context::server(server.clone()).unwrap();
    let new = Context::server(server.versions(Tls12, Tls13)).unwrap();
    assert_eq!(resumed(&client, &old), (false, false));
    let pair = Pair::connected(&client, &new);
    let negotiated = pair.client.connection.negotiated().unwrap();
    assert_eq!(negotiated.version, Tls13);
    assert!(!negotiated.resumed);
}

#[test]
fn a_resumed_session_logs_its_secrets_too() {
    for version in VERSIONS {
        let lines = Arc::new(Mutex::new(Vec::<String>::new()));
        let log = Arc::clone(&lines);
        let (client, server) = configs(version);
        let client = client.key_log(Arc::new(move |line: &str| {
            log.lock().unwrap().push(line.to_owned());
        }));
        let (client, server) = shared(client, server);
        let mut randoms = Vec::new();
        for _ in 0..2 {
            let pair = Pair::connected(&client, &server);
            randoms.push(pair.client.connection.negotiated().unwrap().client_random);
        }
        let lines = lines.lock().unwrap();
        for random in randoms {
            let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(
                lines.iter().any(|line| line.contains(&random)),
                "{HOST} {version}"
            );
        }
    }
}
