//! Sessions resumed, by the peer's own report.

use std::io::Write;

use ssl_record::config::ServerConfig;
use ssl_record::record::ProtocolVersion;
use ssl_record::{Context, Outcome, Shutdown};
use ssl_testkit::certs::KeyKind;
use ssl_testkit::openssl;
use ssl_testkit::process::Process;

use crate::matrix::{VERSIONS, only};
use crate::ours::{
    Certificates, Listener, client_config, connected_client, expect_close, expect_data,
    server_config,
};
use crate::peers::{has_openssl, talkative_client};

/// What `s_server` prints for a resumed session.
const REUSED: &str = "Reused session-id";

#[test]
fn our_client_resumes_with_tickets() {
    our_client_resumes(&[]);
}

#[test]
fn our_client_resumes_from_the_peers_cache() {
    our_client_resumes(&["-no_ticket"]);
}

fn our_client_resumes(arguments: &[&str]) {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        let certificates = Certificates::server(KeyKind::EcP256);
        let server = arguments.iter().fold(
            only(version, openssl::server(&certificates.0)).commands(),
            |server, argument| server.arg(argument),
        );
        let mut server = server.start().unwrap();
        let context = Context::client(client_config(version, &certificates)).unwrap();
        for round in 0..3 {
            let mut ours = connected_client(&context, server.addr());
            // Data from the server comes behind its tickets.
            let hello = format!("hello {round}\n");
            server.send(hello.as_bytes()).unwrap();
            expect_data(&mut ours, hello.as_bytes());
            let resumed = ours.connection().negotiated().unwrap().resumed;
            assert_eq!(resumed, round > 0, "{version}, round {round}");
            assert_eq!(ours.shutdown_tls().unwrap(), Outcome::Done(Shutdown::Sent));
            // At the close all its reports are out.
            wait_for_count(&server, "DONE\n", round + 1);
            assert_eq!(server.stdout_text().matches(REUSED).count(), round);
        }
    }
}

#[test]
fn our_server_resumes_with_tickets() {
    for version in VERSIONS {
        our_server_resumes(version, |config| config);
    }
}

#[test]
fn our_server_resumes_from_its_cache() {
    for version in VERSIONS {
        our_server_resumes(version, |config| config.tickets(false));
    }
}

fn our_server_resumes(version: ProtocolVersion, change: fn(ServerConfig) -> ServerConfig) {
    if !has_openssl() {
        return;
    }
    let certificates = Certificates::server(KeyKind::EcP256);
    let config = change(server_config(version, &certificates));
    let context = Context::server(config).unwrap();
    let listener = Listener::new();
    let session = certificates.0.dir().join("session");
    for round in 0..3 {
        let mut command = talkative_client(listener.addr(), version);
        command.arg("-sess_out").arg(&session);
        if round > 0 {
            command.arg("-sess_in").arg(&session);
        }
        let mut client = Process::spawn(&mut command).unwrap();
        let mut ours = listener.connected_server(&context);
        // Behind our tickets, so that the client has stored one once it prints this.
        ours.write_all(b"a line of data\n").unwrap();
        client.wait_for_stdout("a line of data").unwrap();
        let report = client.stdout_text();
        let expected = if round == 0 {
            "\nNew, TLSv1."
        } else {
            "\nReused, TLSv1."
        };
        assert!(
            report.contains(expected),
            "{version}, round {round}: {report}"
        );
        let resumed = ours.connection().negotiated().unwrap().resumed;
        assert_eq!(resumed, round > 0);
        client.close_stdin();
        expect_close(&mut ours);
        assert!(client.wait().unwrap().success());
    }
}

#[test]
fn nothing_is_resumed_with_both_ways_off() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        let certificates = Certificates::server(KeyKind::EcP256);
        let server = only(version, openssl::server(&certificates.0)).commands();
        let mut server = server.start().unwrap();
        let config = client_config(version, &certificates).sessions(0);
        let context = Context::client(config).unwrap();
        for round in 0..2 {
            let mut ours = connected_client(&context, server.addr());
            server.send(b"hello\n").unwrap();
            expect_data(&mut ours, b"hello\n");
            assert_eq!(ours.shutdown_tls().unwrap(), Outcome::Done(Shutdown::Sent));
            wait_for_count(&server, "DONE\n", round + 1);
            assert!(!ours.connection().negotiated().unwrap().resumed);
        }
        assert!(!server.stdout_text().contains(REUSED));
    }
}

/// Waits until the output contains `needle` so many times.
fn wait_for_count(process: &Process, needle: &str, count: usize) {
    loop {
        let output = process.stdout();
        let seen = String::from_utf8_lossy(&output).matches(needle).count();
        if seen >= count {
            return;
        }
        process.wait_for_stdout_len(output.len() + 1).unwrap();
    }
}
