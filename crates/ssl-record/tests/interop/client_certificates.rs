//! Client certificates, accepted and refused, on both sides.

use std::io::Write;
use std::net::SocketAddr;

use ssl_record::config::ClientTrust;
use ssl_record::record::{AlertDescription, ProtocolVersion};
use ssl_record::{CertificateFault, Context, Error, Outcome};
use ssl_testkit::certs::KeyKind;
use ssl_testkit::openssl::{self, Peer};

use crate::matrix::{VERSIONS, only};
use crate::ours::{
    Certificates, Listener, client, client_config, connected_client, expect_close, expect_data,
    server_config, tls_error,
};
use crate::peers::has_openssl;

const KINDS: [KeyKind; 2] = [KeyKind::EcP256, KeyKind::Rsa2048];

/// Whose certificate a refused client shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    None,
    Strange,
}

#[test]
fn our_server_accepts_the_right_client() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        for kind in KINDS {
            let right = Certificates::client("a client", kind);
            let certificates = Certificates::server(KeyKind::EcP256);
            let config = server_config(version, &certificates);
            let config = config.client_trust(ClientTrust::Required(right.roots()));
            let context = Context::server(config).unwrap();
            let listener = Listener::new();
            let client = only(version, openssl::client(listener.addr())).identity(&right.0);
            let mut client = client.start().unwrap();
            let mut ours = listener.connected_server(&context);
            let shown = ours.connection().negotiated().unwrap();
            let leaf = shown.peer_certificates.first().map(|leaf| &leaf[..]);
            assert_eq!(leaf, right.identity().chain().next());
            ours.write_all(b"welcome").unwrap();
            client.wait_for_stdout("welcome").unwrap();
            client.send(b"thanks").unwrap();
            client.close_stdin();
            expect_data(&mut ours, b"thanks");
            expect_close(&mut ours);
            assert!(client.wait().unwrap().success());
        }
    }
}

#[test]
fn our_server_refuses_a_client_without_certificate() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        let error = refused_by_our_server(version, Shown::None);
        assert_eq!(error, CertificateFault::Missing.into(), "{version}");
    }
}

#[test]
fn our_server_refuses_a_stranger() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        let error = refused_by_our_server(version, Shown::Strange);
        assert_eq!(error, CertificateFault::UnknownIssuer.into(), "{version}");
    }
}

/// What our server says; the client has to learn of it by an alert.
fn refused_by_our_server(version: ProtocolVersion, shown: Shown) -> Error {
    let right = Certificates::client("a client", KeyKind::EcP256);
    let strange = Certificates::stranger();
    let certificates = Certificates::server(KeyKind::EcP256);
    let config = server_config(version, &certificates);
    let config = config.client_trust(ClientTrust::Required(right.roots()));
    let context = Context::server(config).unwrap();
    let listener = Listener::new();
    let mut client = only(version, openssl::client(listener.addr()));
    if shown == Shown::Strange {
        client = client.identity(&strange.0);
    }
    let mut client = client.start().unwrap();
    let mut ours = listener.server(&context);
    let error = tls_error(ours.handshake());
    let alert = match shown {
        // OpenSSL's own server says handshake_failure in TLS 1.2 (RFC 5246 section 7.4.6).
        Shown::None => "alert certificate required",
        Shown::Strange => "alert unknown ca",
    };
    client.wait_for_stderr(alert).unwrap();
    assert!(!client.wait().unwrap().success());
    error
}

#[test]
fn our_server_lets_a_client_without_certificate_pass_if_it_only_asks() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        let right = Certificates::client("a client", KeyKind::EcP256);
        let certificates = Certificates::server(KeyKind::EcP256);
        let config = server_config(version, &certificates);
        let config = config.client_trust(ClientTrust::Requested(right.roots()));
        let context = Context::server(config).unwrap();
        let listener = Listener::new();
        let client = only(version, openssl::client(listener.addr()));
        let client = client.start().unwrap();
        let mut ours = listener.connected_server(&context);
        let negotiated = ours.connection().negotiated().unwrap();
        assert!(negotiated.peer_certificates.is_empty());
        ours.write_all(b"welcome").unwrap();
        client.wait_for_stdout("welcome").unwrap();
    }
}

#[test]
fn our_client_is_accepted_with_the_right_certificate() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        for kind in KINDS {
            let right = Certificates::client("a client", kind);
            let demanding = Demanding::start(version, &right);
            let mut ours = connected_client(&demanding.context(Some(&right)), demanding.addr());
            ours.write_all(b"abc\n").unwrap();
            expect_data(&mut ours, b"cba\n");
        }
    }
}

#[test]
fn our_client_is_refused_without_certificate() {
    if !has_openssl() {
        return;
    }
    let right = Certificates::client("a client", KeyKind::EcP256);
    for version in VERSIONS {
        let demanding = Demanding::start(version, &right);
        let expected = match version {
            ProtocolVersion::Tls13 => AlertDescription::CERTIFICATE_REQUIRED,
            ProtocolVersion::Tls12 => AlertDescription::HANDSHAKE_FAILURE,
        };
        let error = demanding.refuses(&demanding.context(None));
        assert_eq!(error, Error::AlertReceived(expected), "{version}");
    }
}

#[test]
fn our_client_is_refused_with_a_strangers_certificate() {
    if !has_openssl() {
        return;
    }
    let right = Certificates::client("a client", KeyKind::EcP256);
    let strange = Certificates::stranger();
    for version in VERSIONS {
        let demanding = Demanding::start(version, &right);
        let error = demanding.refuses(&demanding.context(Some(&strange)));
        let alert = AlertDescription::UNKNOWN_CA;
        assert_eq!(error, Error::AlertReceived(alert), "{version}");
    }
}

/// An `s_server` that demands a client certificate.
struct Demanding {
    version: ProtocolVersion,
    certificates: Certificates,
    server: Peer,
}

impl Demanding {
    fn start(version: ProtocolVersion, client: &Certificates) -> Self {
        let certificates = Certificates::server(KeyKind::EcP256);
        let server = only(version, openssl::server(&certificates.0)).rev();
        let demanding = server.ca(client.0.root()).demand_client_cert();
        Self {
            version,
            server: demanding.start().unwrap(),
            certificates,
        }
    }

    fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    fn context(&self, shown: Option<&Certificates>) -> Context {
        let config = client_config(self.version, &self.certificates);
        let config = match shown {
            Some(shown) => config.identity(shown.identity()),
            None => config,
        };
        Context::client(config).unwrap()
    }

    /// How the connection fails: in TLS 1.3 after our handshake, as the server judges later.
    fn refuses(&self, context: &Context) -> Error {
        let mut ours = client(context, self.addr());
        match self.version {
            ProtocolVersion::Tls12 => tls_error(ours.handshake()),
            ProtocolVersion::Tls13 => {
                assert_eq!(ours.handshake().unwrap(), Outcome::Done(()));
                tls_error(ours.read_tls(&mut [0; 9]))
            }
        }
    }
}
