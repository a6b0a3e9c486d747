//! The shortest proof that everything is connected: every suite, both directions, both closes.

use ssl_record::config::CipherSuite;
use ssl_record::record::ProtocolVersion;
use ssl_record::{Outcome, Received, Shutdown};
use ssl_testkit::certs::KeyKind;

use crate::pair::{Pair, contexts_with};

#[test]
fn w3_every_suite_carries_data_both_ways_and_closes() {
    for &suite in CipherSuite::ALL {
        let kind = if suite.name().contains("RSA") {
            KeyKind::Rsa2048
        } else {
            KeyKind::EcP256
        };
        let (client, server) = contexts_with(suite, kind);
        let mut pair = Pair::connected(&client, &server);
        assert_eq!(pair.client.connection.negotiated().unwrap().suite, suite);
        let data = vec![7; 40_000];
        assert_eq!(
            pair.client.write(&data).unwrap(),
            Outcome::Done(40_000),
            "{suite}"
        );
        assert_eq!(pair.server.read_all().unwrap(), data);
        assert_eq!(pair.server.write(b"pong").unwrap(), Outcome::Done(4));
        assert_eq!(pair.client.read_all().unwrap(), b"pong");
        assert_eq!(
            pair.client.shutdown().unwrap(),
            Outcome::Done(Shutdown::Sent)
        );
        assert_eq!(
            pair.server.read(&mut [0; 9]).unwrap(),
            Outcome::Done(Received::Closed)
        );
        assert_eq!(
            pair.server.shutdown().unwrap(),
            Outcome::Done(Shutdown::Complete)
        );
        assert_eq!(
            pair.client.shutdown().unwrap(),
            Outcome::Done(Shutdown::Complete)
        );
    }
}

#[test]
fn exporters_agree() {
    for version in [ProtocolVersion::Tls12, ProtocolVersion::Tls13] {
        let pair = Pair::established(version);
        let (mut client, mut server) = ([0; 40], [0; 40]);
        let context = Some(&b"context"[..]);
        pair.client
            .connection
            .export_keying_material(&mut client, b"EXPORTER-x", context)
            .unwrap();
        pair.server
            .connection
            .export_keying_material(&mut server, b"EXPORTER-x", context)
            .unwrap();
        assert_eq!(client, server);
        assert_ne!(client, [0; 40]);
    }
}
