//! The modes that act on hellos, with OpenSSL's programs at the other end.

use std::time::{SystemTime, UNIX_EPOCH};

use ssl_record::config::{ClientConfig, ServerConfig};
use ssl_record::record::AlertDescription;
use ssl_record::record::ProtocolVersion::{Tls12, Tls13};
use ssl_record::{Context, Error, Outcome, Reason, SslMode};
use ssl_testkit::certs::KeyKind;
use ssl_testkit::openssl;
use ssl_testkit::process::Process;

use crate::matrix::{VERSIONS, only};
use crate::ours::{
    Certificates, Listener, client, client_config, connected_client, server_config, tls_error,
};
use crate::peers::{has_openssl, talkative_client};

#[test]
fn f4_to_f6_f9_our_clients_fallback_is_understood() {
    if !has_openssl() {
        return;
    }
    let certificates = Certificates::server(KeyKind::EcP256);
    let server = openssl::server(&certificates.0).start().unwrap();
    let falling_back = |newest| {
        let config = ClientConfig::new(certificates.roots()).versions(Tls12, newest);
        let context = Context::client(config).unwrap();
        context.set_mode(SslMode::SEND_FALLBACK_SCSV);
        context
    };
    let error = tls_error(client(&falling_back(Tls12), server.addr()).handshake());
    assert_eq!(error, Error::AlertReceived(AlertDescription(86)));
    assert_eq!(error.reason(), Some(Reason(1086)));
    connected_client(&falling_back(Tls13), server.addr());
    let older = openssl::server(&certificates.0).tls1_2().start().unwrap();
    connected_client(&falling_back(Tls12), older.addr());
}

#[test]
fn f4_to_f7_our_server_refuses_a_needless_fallback() {
    if !has_openssl() {
        return;
    }
    let certificates = Certificates::server(KeyKind::EcP256);
    for (newest, signal, refused) in [
        (Tls13, true, true),
        (Tls13, false, false),
        (Tls12, true, false),
    ] {
        let config = ServerConfig::new(certificates.identity()).versions(Tls12, newest);
        let context = Context::server(config).unwrap();
        let listener = Listener::new();
        let mut command = talkative_client(listener.addr(), Tls12);
        if signal {
            command.arg("-fallback_scsv");
        }
        let mut peer = Process::spawn(&mut command).unwrap();
        let result = listener.server(&context).handshake();
        if refused {
            assert_eq!(tls_error(result).reason(), Some(Reason(373)));
            assert!(!peer.wait().unwrap().success());
            let report = peer.stderr_text();
            assert!(report.contains("alert inappropriate fallback"), "{report}");
        } else {
            assert_eq!(result.unwrap(), Outcome::Done(()));
        }
    }
}

/// The random that `-trace` shows of a hello, as it is logged: its time and the rest.
fn shown_time(report: &str, hello: &str) -> u64 {
    let hello = &report[report.find(hello).unwrap()..];
    let label = "gmt_unix_time=0x";
    let digits = &hello[hello.find(label).unwrap() + label.len()..][..8];
    u64::from_str_radix(digits, 16).unwrap()
}

fn is_now(time: u64) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    time.abs_diff(now.as_secs()) < 60
}

#[test]
fn n5_to_n8_openssl_sees_our_clients_time() {
    if !has_openssl() {
        return;
    }
    let certificates = Certificates::server(KeyKind::EcP256);
    for version in VERSIONS {
        for bit in [false, true] {
            let server = only(version, openssl::server(&certificates.0));
            let mut server = server.arg("-trace").max_connections(1).start().unwrap();
            let context = Context::client(client_config(version, &certificates)).unwrap();
            if bit {
                context.set_mode(SslMode::SEND_CLIENTHELLO_TIME);
            }
            drop(connected_client(&context, server.addr()));
            server.wait().unwrap();
            let time = shown_time(&server.stdout_text(), "ClientHello");
            assert_eq!(is_now(time), bit, "{version} {time:x}");
        }
    }
}

#[test]
fn n5_to_n8_openssl_sees_our_servers_time() {
    if !has_openssl() {
        return;
    }
    let certificates = Certificates::server(KeyKind::EcP256);
    for version in VERSIONS {
        for bit in [false, true] {
            let context = Context::server(server_config(version, &certificates)).unwrap();
            if bit {
                context.set_mode(SslMode::SEND_SERVERHELLO_TIME);
            }
            let listener = Listener::new();
            let mut command = talkative_client(listener.addr(), version);
            let mut peer = Process::spawn(command.arg("-trace")).unwrap();
            drop(listener.connected_server(&context));
            let _ = peer.wait().unwrap();
            let time = shown_time(&peer.stdout_text(), "ServerHello");
            assert_eq!(is_now(time), bit, "{version} {time:x}");
        }
    }
}
