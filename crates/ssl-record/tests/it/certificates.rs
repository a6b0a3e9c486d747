//! Whose certificates are shown, whose are believed, and the words for each refusal.

use ssl_record::config::{ClientConfig, ClientTrust, Identity, Roots, ServerConfig, ServerTrust};
use ssl_record::record::AlertDescription;
use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{CertificateFault, Connection, Context, Error, Outcome, Reason, Received};
use ssl_testkit::certs::{self, CertificateAuthority, KeyKind, Leaf};
use ssl_testkit::pipe::pipe;

use crate::pair::{HOST, Half, Pair, configs, identity, tls_error};

const VERSIONS: [ProtocolVersion; 2] = [Tls12, Tls13];

fn ours(identity: &certs::Identity) -> Identity {
    Identity::from_pem(
        identity.chain_pem().as_bytes(),
        identity.key_pem().as_bytes(),
    )
    .unwrap()
}

fn roots(pem: &str) -> Roots {
    Roots::from_pem(pem.as_bytes()).unwrap()
}

fn authority() -> CertificateAuthority {
    CertificateAuthority::new(KeyKind::EcP256).unwrap()
}

/// An authority of another name. One of the same name but another key is taken for the right one
/// until its signature fails.
fn stranger() -> CertificateAuthority {
    CertificateAuthority::named("strangers", KeyKind::EcP256).unwrap()
}

/// Runs both sides until one fails: its error, and what the other then learns.
#[track_caller]
fn failure(pair: &mut Pair) -> (Error, Error) {
    for _ in 0..20 {
        for client_first in [true, false] {
            let (half, peer) = if client_first {
                (&mut pair.client, &mut pair.server)
            } else {
                (&mut pair.server, &mut pair.client)
            };
            let failed = half.handshake();
            if failed.is_err() {
                return (tls_error(failed), tls_error(peer.read(&mut [0; 9])));
            }
        }
    }
    panic!("the handshake does not fail");
}

/// A client that believes `trusted` and a server that shows `shown`.
fn refused(version: ProtocolVersion, shown: &certs::Identity, trusted: &str) -> (Error, Error) {
    let client = ClientConfig::new(roots(trusted)).versions(version, version);
    let server = ServerConfig::new(ours(shown)).versions(version, version);
    failure(&mut Pair::of(client, server))
}

#[test]
fn each_bad_certificate_has_its_own_error_and_alert() {
    let ca = authority();
    let local = || Leaf::localhost(KeyKind::EcP256);
    let elsewhere = Leaf::server("elsewhere.example", KeyKind::EcP256);
    let self_signed = certs::self_signed(&local()).unwrap();
    let unknown = CertificateFault::UnknownIssuer;
    let cases = [
        (stranger().issue(&local()).unwrap(), unknown.clone(), 48),
        (
            authority().issue(&local()).unwrap(),
            CertificateFault::BadSignature,
            51,
        ),
        (self_signed, unknown, 48),
        (
            ca.issue(&local().expired()).unwrap(),
            CertificateFault::Expired,
            45,
        ),
        (
            ca.issue(&local().not_yet_valid()).unwrap(),
            CertificateFault::NotYetValid,
            45,
        ),
        (
            ca.issue(&elsewhere).unwrap(),
            CertificateFault::WrongName(HOST.into()),
            42,
        ),
        (
            ca.issue(&Leaf::client("a client", KeyKind::EcP256))
                .unwrap(),
            CertificateFault::WrongPurpose,
            43,
        ),
    ];
    for version in VERSIONS {
        for (shown, fault, alert) in &cases {
            let (found, told) = refused(version, shown, ca.cert_pem());
            assert_eq!(found, Error::Certificate(fault.clone()));
            assert_eq!(found.reason(), Some(Reason::CERTIFICATE_VERIFY_FAILED));
            let Error::AlertReceived(description) = told else {
                panic!("the server should see an alert, not {told}");
            };
            assert_eq!(description, AlertDescription(*alert), "{found}");
        }
    }
}

#[test]
fn an_intermediate_is_followed_and_its_absence_noticed() {
    let root = authority();
    let intermediate = root.intermediate(KeyKind::EcP384).unwrap();
    let leaf = intermediate
        .issue(&Leaf::localhost(KeyKind::EcP256))
        .unwrap();
    for version in VERSIONS {
        let client = ClientConfig::new(roots(root.cert_pem())).versions(version, version);
        let mut pair = Pair::of(client.clone(), ServerConfig::new(ours(&leaf)));
        pair.handshake();
        let negotiated = pair.client.connection.negotiated().unwrap();
        let chain: Vec<Vec<u8>> = negotiated
            .peer_certificates
            .iter()
            .map(|der| der.to_vec())
            .collect();
        assert_eq!(chain, leaf.chain_der());
        assert_eq!(chain.len(), 2);

        let pem = leaf.chain_pem();
        let end = pem.find("-----END CERTIFICATE-----").unwrap() + 25;
        let alone = Identity::from_pem(&pem.as_bytes()[..end], leaf.key_pem().as_bytes()).unwrap();
        let (found, _) = failure(&mut Pair::of(client, ServerConfig::new(alone)));
        assert_eq!(found, Error::Certificate(CertificateFault::UnknownIssuer));
    }
}

#[test]
fn a_client_that_trusts_anyone_still_checks_the_key() {
    for version in VERSIONS {
        let stranger = certs::self_signed(&Leaf::server("nobody", KeyKind::EcP256)).unwrap();
        let client = ClientConfig::with_trust(ServerTrust::Anyone).versions(version, version);
        let mut pair = Pair::of(client, ServerConfig::new(ours(&stranger)));
        pair.handshake();
        let negotiated = pair.client.connection.negotiated().unwrap();
        assert_eq!(negotiated.peer_certificates[0][..], stranger.chain_der()[0]);
    }
}

#[test]
fn every_key_kind_serves_both_versions() {
    for version in VERSIONS {
        for kind in KeyKind::ALL {
            let (identity, roots) = identity(kind);
            let client = ClientConfig::new(roots).versions(version, version);
            let mut pair = Pair::of(client, ServerConfig::new(identity));
            pair.handshake();
            let _ = pair.client.write(b"ping").unwrap();
            assert_eq!(pair.server.read_all().unwrap(), b"ping", "{kind:?}");
        }
    }
}

#[test]
fn an_address_is_verified_as_an_address_and_not_sent_as_a_name() {
    let (identity, roots) = identity(KeyKind::EcP256);
    let client = Context::client(ClientConfig::new(roots)).unwrap();
    let server = Context::server(ServerConfig::new(identity)).unwrap();
    let mut pair = Pair::fresh(&client, &server);
    pair.client.connection = Connection::client(&client, "127.0.0.1").unwrap();
    pair.handshake();
    assert_eq!(
        pair.server.connection.negotiated().unwrap().server_name,
        None
    );
    let mut pair = Pair::fresh(&client, &server);
    pair.client.connection = Connection::client(&client, "127.0.0.2").unwrap();
    let (found, _) = failure(&mut pair);
    let fault = CertificateFault::WrongName("127.0.0.2".into());
    assert_eq!(found, Error::Certificate(fault));
}

/// The leaf a server shows to a client that asks for `name`.
fn shown(client: &Context, server: &Context, name: &str) -> Vec<u8> {
    let (client_end, server_end) = pipe();
    let mut pair = Pair {
        client: Half {
            connection: Connection::client(client, name).unwrap(),
            end: client_end,
        },
        server: Half {
            connection: Connection::server(server).unwrap(),
            end: server_end,
        },
    };
    pair.handshake();
    let negotiated = pair.client.connection.negotiated().unwrap();
    negotiated.peer_certificates[0].to_vec()
}

#[test]
fn sni_chooses_exact_then_wildcard_then_default() {
    let leaf = |name| {
        authority()
            .issue(&Leaf::server(name, KeyKind::EcP256))
            .unwrap()
    };
    let (default, exact, wild) = (leaf("default"), leaf("a.example"), leaf("*.example"));
    let der = |identity: &certs::Identity| identity.chain_der()[0].clone();
    for version in VERSIONS {
        let anyone = || ClientConfig::with_trust(ServerTrust::Anyone).versions(version, version);
        let client = Context::client(anyone()).unwrap();
        let silent = Context::client(anyone().server_name_indication(false)).unwrap();
        let server = ServerConfig::new(ours(&default))
            .identity_for("A.example", ours(&exact))
            .identity_for("*.example", ours(&wild));
        let server = Context::server(server).unwrap();
        for (context, name, expected) in [
            (&client, "a.example", &exact),
            (&client, "A.EXAMPLE", &exact),
            (&client, "b.example", &wild),
            (&client, "c.b.example", &default),
            (&client, "example", &default),
            (&client, "other.test", &default),
            (&client, "127.0.0.1", &default),
            (&silent, "a.example", &default),
        ] {
            assert_eq!(shown(context, &server, name), der(expected), "{name}");
        }
    }
}

#[test]
fn of_two_defaults_the_client_gets_one_it_can_verify() {
    use ssl_record::config::CipherSuite;
    let leaf = |kind| authority().issue(&Leaf::localhost(kind)).unwrap();
    let (ec, rsa) = (leaf(KeyKind::EcP256), leaf(KeyKind::Rsa2048));
    let anyone = || ClientConfig::with_trust(ServerTrust::Anyone);
    let server = ServerConfig::new(ours(&ec)).identity(ours(&rsa));
    let server = Context::server(server).unwrap();
    let able = Context::client(anyone()).unwrap();
    assert_eq!(shown(&able, &server, HOST), ec.chain_der()[0]);
    // In TLS 1.2 the suite says which kind of key a client can take.
    let rsa_only = anyone()
        .versions(Tls12, Tls12)
        .cipher_suites(&[CipherSuite::EcdheRsaAes128Gcm]);
    let rsa_only = Context::client(rsa_only).unwrap();
    assert_eq!(shown(&rsa_only, &server, HOST), rsa.chain_der()[0]);
}

/// A server that asks for certificates of `ca`, in one version.
fn demanding(version: ProtocolVersion, trust: ClientTrust) -> (ClientConfig, ServerConfig) {
    let (client, server) = configs(version);
    (client, server.client_trust(trust))
}

#[test]
fn a_client_certificate_is_shown_to_whoever_asks() {
    let ca = authority();
    let alice = ca.issue(&Leaf::client("alice", KeyKind::EcP256)).unwrap();
    let trusted = || roots(ca.cert_pem());
    for version in VERSIONS {
        for (trust, seen) in [
            (ClientTrust::None, 0),
            (ClientTrust::Requested(trusted()), 1),
            (ClientTrust::Required(trusted()), 1),
        ] {
            let (client, server) = demanding(version, trust);
            let mut pair = Pair::of(client.identity(ours(&alice)), server);
            pair.handshake();
            let negotiated = pair.server.connection.negotiated().unwrap();
            let chain: Vec<_> = negotiated
                .peer_certificates
                .iter()
                .map(|der| der.to_vec())
                .collect();
            assert_eq!(chain, alice.chain_der()[..seen]);
            let _ = pair.client.write(b"ping").unwrap();
            assert_eq!(pair.server.read_all().unwrap(), b"ping");
        }
    }
}

#[test]
fn a_requested_certificate_may_be_missing_and_a_required_one_may_not() {
    let ca = authority();
    for version in VERSIONS {
        let (client, server) = demanding(version, ClientTrust::Requested(roots(ca.cert_pem())));
        let mut pair = Pair::of(client, server);
        pair.handshake();
        let negotiated = pair.server.connection.negotiated().unwrap();
        assert!(negotiated.peer_certificates.is_empty());

        let (client, server) = demanding(version, ClientTrust::Required(roots(ca.cert_pem())));
        let (found, told) = failure(&mut Pair::of(client, server));
        assert_eq!(found, Error::Certificate(CertificateFault::Missing));
        let reason = Reason::PEER_DID_NOT_RETURN_A_CERTIFICATE;
        assert_eq!(found.reason(), Some(reason));
        let Error::AlertReceived(description) = told else {
            panic!("the client should see an alert, not {told}");
        };
        assert_eq!(description, AlertDescription::CERTIFICATE_REQUIRED);
    }
}

#[test]
fn a_strangers_certificate_is_refused_even_if_only_requested() {
    let (ca, other) = (authority(), stranger());
    let mallory = other
        .issue(&Leaf::client("mallory", KeyKind::EcP256))
        .unwrap();
    for version in VERSIONS {
        for trust in [ClientTrust::Requested, ClientTrust::Required] {
            let (client, server) = demanding(version, trust(roots(ca.cert_pem())));
            let mut pair = Pair::of(client.identity(ours(&mallory)), server);
            let (found, told) = failure(&mut pair);
            assert_eq!(found, Error::Certificate(CertificateFault::UnknownIssuer));
            let description = AlertDescription::UNKNOWN_CA;
            assert_eq!(told, Error::AlertReceived(description));
        }
    }
}

#[test]
fn a_tls13_client_that_is_refused_learns_it_by_reading() {
    // Its handshake is complete before the server looks: what it wrote by then is lost.
    let ca = authority();
    let (client, server) = demanding(Tls13, ClientTrust::Required(roots(ca.cert_pem())));
    let mut pair = Pair::of(client, server);
    let _ = pair.client.handshake().unwrap();
    let _ = pair.server.handshake().unwrap();
    assert_eq!(pair.client.write(b"hello").unwrap(), Outcome::Done(5));
    let error = tls_error(pair.server.read(&mut [0; 9]));
    assert_eq!(error, Error::Certificate(CertificateFault::Missing));
    let told: Result<Outcome<Received>, _> = pair.client.read(&mut [0; 9]);
    let description = AlertDescription::CERTIFICATE_REQUIRED;
    assert_eq!(tls_error(told), Error::AlertReceived(description));
}
