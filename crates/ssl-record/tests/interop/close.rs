//! The end of a connection: close_notify either way, and a peer that dies without one.

use std::io::{ErrorKind, Read, Write};

use ssl_record::record::AlertDescription;
use ssl_record::{Context, Error, Outcome, Received, Shutdown, ShutdownState};
use ssl_testkit::certs::KeyKind;
use ssl_testkit::openssl;
use ssl_testkit::process::Process;

use crate::matrix::{VERSIONS, only};
use crate::ours::{
    Certificates, Listener, client_config, connected_client, expect_close, expect_data,
    server_config, tls_error,
};
use crate::peers::{has_openssl, talkative_client};

/// `s_client` prints this for a close_notify, and another text for a bare end of the transport.
const CLOSED: &str = "closed\n";

#[test]
fn our_servers_close_notify_is_seen() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        let certificates = Certificates::server(KeyKind::EcP256);
        let context = Context::server(server_config(version, &certificates)).unwrap();
        let listener = Listener::new();
        let mut command = talkative_client(listener.addr(), version);
        let mut client = Process::spawn(command.arg("-msg")).unwrap();
        let mut ours = listener.connected_server(&context);
        ours.write_all(b"goodbye\n").unwrap();
        let sent = Outcome::Done(Shutdown::Sent);
        assert_eq!(ours.shutdown_tls().unwrap(), sent);
        // Answered by its own.
        let complete = Outcome::Done(Shutdown::Complete);
        assert_eq!(ours.shutdown_tls().unwrap(), complete);
        assert!(client.wait().unwrap().success());
        let report = client.stdout_text();
        assert!(report.contains("goodbye\n"), "{report}");
        assert!(report.contains(CLOSED), "{report}");
        assert!(report.contains("warning close_notify"), "{report}");
        let errors = client.stderr_text();
        assert!(!errors.contains("unexpected eof"), "{errors}");
    }
}

#[test]
fn our_clients_close_notify_is_seen() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        let certificates = Certificates::server(KeyKind::EcP256);
        let server = only(version, openssl::server(&certificates.0)).commands();
        let mut server = server.arg("-msg").max_connections(1).start().unwrap();
        let context = Context::client(client_config(version, &certificates)).unwrap();
        let mut ours = connected_client(&context, server.addr());
        ours.write_all(b"goodbye\n").unwrap();
        let sent = Outcome::Done(Shutdown::Sent);
        assert_eq!(ours.shutdown_tls().unwrap(), sent);
        let complete = Outcome::Done(Shutdown::Complete);
        assert_eq!(ours.shutdown_tls().unwrap(), complete);
        drop(ours);
        assert!(server.wait().unwrap().success());
        let report = server.stdout_text();
        assert!(report.contains("goodbye\n"), "{report}");
        // Received and sent.
        assert_eq!(
            report.matches("warning close_notify").count(),
            2,
            "{report}"
        );
        assert!(!server.stderr_text().contains("unexpected eof"));
    }
}

#[test]
fn r18_the_peers_close_notify_follows_its_data() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        let certificates = Certificates::server(KeyKind::EcP256);
        let context = Context::server(server_config(version, &certificates)).unwrap();
        let listener = Listener::new();
        let client = only(version, openssl::client(listener.addr()));
        let mut client = client.start().unwrap();
        let mut ours = listener.connected_server(&context);
        client.send(b"last words").unwrap();
        client.close_stdin();
        expect_data(&mut ours, b"last words");
        expect_close(&mut ours);
        let closed = ShutdownState {
            sent: true,
            received: true,
        };
        assert_eq!(ours.connection().shutdown_state(), closed);
        assert!(client.wait().unwrap().success());
    }
}

#[test]
fn r20_a_killed_client_is_an_unexpected_end() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        let certificates = Certificates::server(KeyKind::EcP256);
        let context = Context::server(server_config(version, &certificates)).unwrap();
        let listener = Listener::new();
        let client = only(version, openssl::client(listener.addr()));
        let mut client = client.start().unwrap();
        let mut ours = listener.connected_server(&context);
        // It has read all we sent, or its end would be a reset.
        ours.write_all(b"hello\n").unwrap();
        client.wait_for_stdout("hello\n").unwrap();
        client.send(b"cut off").unwrap();
        expect_data(&mut ours, b"cut off");
        client.kill().unwrap();
        let end = tls_error(ours.read_tls(&mut [0; 9]));
        assert_eq!(end, Error::UnexpectedEof);
        assert_eq!(tls_error(ours.read_tls(&mut [0; 9])), Error::AlreadyFailed);
    }
}

#[test]
fn r20_a_killed_server_is_an_unexpected_end() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        let certificates = Certificates::server(KeyKind::EcP256);
        let mut server = only(version, openssl::server(&certificates.0))
            .start()
            .unwrap();
        let context = Context::client(client_config(version, &certificates)).unwrap();
        let mut ours = connected_client(&context, server.addr());
        ours.write_all(b"hello\n").unwrap();
        server.wait_for_stdout("hello\n").unwrap();
        server.send(b"cut off").unwrap();
        expect_data(&mut ours, b"cut off");
        server.kill().unwrap();
        let error = ours.read(&mut [0; 9]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{error}");
    }
}

#[test]
fn r21_a_killed_peer_passes_as_closed_if_that_is_wanted() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        let certificates = Certificates::server(KeyKind::EcP256);
        let mut server = only(version, openssl::server(&certificates.0))
            .start()
            .unwrap();
        let context = Context::client(client_config(version, &certificates)).unwrap();
        let mut ours = connected_client(&context, server.addr());
        ours.connection_mut().set_ignore_unexpected_eof(true);
        ours.write_all(b"hello\n").unwrap();
        server.wait_for_stdout("hello\n").unwrap();
        // Behind the tickets, so that nothing is unread when it dies.
        server.send(b"cut off").unwrap();
        expect_data(&mut ours, b"cut off");
        server.kill().unwrap();
        let closed = Outcome::Done(Received::Closed);
        assert_eq!(ours.read_tls(&mut [0; 9]).unwrap(), closed);
    }
}

/// A client that does not trust our certificate says so.
#[test]
fn r19_the_peers_fatal_alert_is_reported() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        let certificates = Certificates::server(KeyKind::EcP256);
        let stranger = Certificates::server(KeyKind::EcP256);
        let context = Context::server(server_config(version, &certificates)).unwrap();
        let listener = Listener::new();
        let client = only(version, openssl::client(listener.addr()));
        let mut client = client.ca(stranger.0.root()).start().unwrap();
        let mut ours = listener.server(&context);
        let error = tls_error(ours.handshake());
        let alert = AlertDescription::UNKNOWN_CA;
        assert_eq!(error, Error::AlertReceived(alert), "{version}");
        assert!(!client.wait().unwrap().success());
    }
}
