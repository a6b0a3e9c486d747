//! Sessions that leave the process: exported as bytes, imported by another context, resumed.

use ssl_record::config::{CipherSuite, ClientConfig, ConfigError, Roots, ServerConfig};
use ssl_record::{ClientSession, Context};
use ssl_testkit::certs::KeyKind;

use crate::pair::{Pair, identity};

const SUITES: [(CipherSuite, KeyKind); 5] = [
    (CipherSuite::Aes128GcmSha256, KeyKind::EcP256),
    (CipherSuite::Aes256GcmSha384, KeyKind::Rsa2048),
    (CipherSuite::Chacha20Poly1305Sha256, KeyKind::Ed25519),
    (CipherSuite::EcdheEcdsaAes128Gcm, KeyKind::EcP256),
    (CipherSuite::EcdheRsaAes256Gcm, KeyKind::Rsa2048),
];

/// A client context as another process with the same configuration would have.
fn client(roots: &Roots, suite: CipherSuite) -> Context {
    let config = ClientConfig::new(roots.clone())
        .versions(suite.version(), suite.version())
        .cipher_suites(&[suite])
        .export_sessions(true);
    Context::client(config).unwrap()
}

fn server(suite: CipherSuite, kind: KeyKind) -> (Context, Roots) {
    let (identity, roots) = identity(kind);
    let config = ServerConfig::new(identity)
        .versions(suite.version(), suite.version())
        .session_cache(0);
    (Context::server(config).unwrap(), roots)
}

#[test]
fn a_stored_session_resumes_in_another_context() {
    for (suite, kind) in SUITES {
        let (server, roots) = server(suite, kind);
        let first = Pair::connected(&client(&roots, suite), &server);
        assert!(!first.client.connection.negotiated().unwrap().resumed);
        let stored = first
            .client
            .connection
            .session()
            .expect("a session")
            .to_bytes();

        let elsewhere = client(&roots, suite);
        elsewhere
            .import_session(&ClientSession::from_bytes(&stored).unwrap())
            .unwrap();
        let mut second = Pair::connected(&elsewhere, &server);
        for half in [&second.client, &second.server] {
            assert!(half.connection.negotiated().unwrap().resumed, "{suite}");
        }
        let shown = |pair: &Pair| {
            pair.client
                .connection
                .negotiated()
                .unwrap()
                .peer_certificates
                .clone()
        };
        assert_eq!(shown(&second), shown(&first), "the stored chain is shown");
        second.client.write(b"resumed").unwrap().done().unwrap();
        assert_eq!(second.server.read_all().unwrap(), b"resumed");
        assert!(
            second.client.connection.session().is_some(),
            "resuming gives a new session"
        );
    }
}

#[test]
fn a_session_with_a_wrong_secret_does_not_resume_silently() {
    let (suite, kind) = SUITES[0];
    let (server, roots) = server(suite, kind);
    let first = Pair::connected(&client(&roots, suite), &server);
    let mut stored = first.client.connection.session().unwrap().to_bytes();
    stored[6 + 2 + 8 + 4 + "localhost".len() + 4] ^= 1; // the first byte of the secret
    let elsewhere = client(&roots, suite);
    elsewhere
        .import_session(&ClientSession::from_bytes(&stored).unwrap())
        .unwrap();
    let mut second = Pair::fresh(&elsewhere, &server);
    assert!(second.client.handshake().is_ok());
    assert!(
        second.server.handshake().is_err(),
        "the binder cannot verify"
    );
}

#[test]
fn a_session_of_a_suite_that_is_not_enabled_is_refused() {
    let (suite, kind) = SUITES[0];
    let (server, roots) = server(suite, kind);
    let first = Pair::connected(&client(&roots, suite), &server);
    let session = first.client.connection.session().unwrap();
    let elsewhere = client(&roots, CipherSuite::Aes256GcmSha384);
    assert_eq!(
        elsewhere.import_session(&session),
        Err(ConfigError::UnusableSession)
    );
}

#[test]
fn an_import_never_makes_a_stranger_trusted() {
    let (suite, kind) = SUITES[0];
    let (first_server, roots) = server(suite, kind);
    let first = Pair::connected(&client(&roots, suite), &first_server);
    let elsewhere = client(&roots, suite);
    elsewhere
        .import_session(&first.client.connection.session().unwrap())
        .unwrap();
    // Another server, of another authority, cannot resume, so it has to show its certificate.
    let (stranger, _) = server(suite, KeyKind::Ed25519);
    let mut pair = Pair::fresh(&elsewhere, &stranger);
    let refused = (0..4).any(|_| {
        let _ = pair.server.handshake();
        pair.client.handshake().is_err()
    });
    assert!(refused);
}

#[test]
fn nothing_is_kept_unless_asked_for() {
    let (suite, kind) = SUITES[0];
    let (server, roots) = server(suite, kind);
    let config = ClientConfig::new(roots).versions(suite.version(), suite.version());
    let pair = Pair::connected(&Context::client(config).unwrap(), &server);
    assert!(pair.client.connection.session().is_none());
}

#[test]
fn a_session_of_a_server_that_is_not_trusted_here_is_refused() {
    for (suite, kind) in SUITES {
        let (server, roots) = server(suite, kind);
        let first = Pair::connected(&client(&roots, suite), &server);
        let session = first.client.connection.session().unwrap();
        let other_kind = if kind == KeyKind::EcP256 {
            KeyKind::EcP384
        } else {
            KeyKind::EcP256
        };
        let (_, other_roots) = identity(other_kind);
        let refused = client(&other_roots, suite).import_session(&session);
        assert_eq!(refused, Err(ConfigError::UnusableSession), "{suite}");
    }
}
