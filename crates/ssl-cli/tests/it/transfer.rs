//! Our client against our server.

use std::fs::File;
use std::process::{Command, Stdio};

use ssl_testkit::digest::sha256;
use ssl_testkit::pattern::Pattern;
use ssl_testkit::process::Process;

use crate::program::{Server, command, path};

const LEN: usize = 1024 * 1024;

/// Sends 1 MiB through an echo server and expects it back.
fn round_trip(server: &Server, args: &[&str]) -> Process {
    let sent = Pattern::bytes(7, LEN);
    let mut client = server.client(args);
    client.feed_and_close(std::io::Cursor::new(sent.clone()));
    let status = client.wait().unwrap();
    assert!(status.success(), "{args:?}: {}", client.stderr_text());
    assert_eq!(client.stdout_sha256(), sha256(&sent), "{args:?}");
    client
}

#[test]
fn a_mebibyte_comes_back() {
    let server = Server::start(&[]);
    for args in [
        &[][..],
        &["--max", "1.2"],
        &["--key-update"],
        &["--mode", "-auto-retry,+release-buffers"],
        &["--mode", "0x13"],
        &[
            "--suites",
            "TLS_CHACHA20_POLY1305_SHA256",
            "--groups",
            "P-256",
        ],
    ] {
        round_trip(&server, args);
    }
}

#[test]
fn the_servers_modes_do_not_change_the_data() {
    let server = Server::start(&["--mode", "-auto-retry,+release-buffers", "--threads", "2"]);
    round_trip(&server, &["--key-update"]);
}

#[test]
fn what_was_negotiated_is_told() {
    let server = Server::start(&["--alpn", "x,y"]);
    let client = round_trip(&server, &["--min", "1.3", "--alpn", "y,z"]);
    let told = client.stderr_text();
    assert!(told.contains("TLSv1.3, TLS_AES_256_GCM_SHA384"), "{told}");
    assert!(told.contains("ALPN y, resumed no"), "{told}");
    assert!(
        told.contains("server certificate for localhost; 1 in the chain"),
        "{told}"
    );
    let printed = server.process.stdout_text();
    let fingerprint = printed
        .lines()
        .find_map(|line| line.strip_prefix("certificate sha256 "))
        .unwrap();
    assert!(told.contains(fingerprint), "{told}");
    let quiet = round_trip(&server, &["--quiet", "--alpn", "x"]);
    assert_eq!(quiet.stderr_text(), "");
}

#[test]
fn the_second_connection_resumes() {
    let server = Server::start(&[]);
    for version in ["1.2", "1.3"] {
        let client = round_trip(&server, &["--resume", "--min", version, "--max", version]);
        let told = client.stderr_text();
        let (first, second) = (told.find("resumed no"), told.find("resumed yes"));
        assert!(first.unwrap() < second.unwrap(), "{told}");
    }
}

#[test]
fn regular_files_can_be_the_standard_streams() {
    let server = Server::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    let sent = Pattern::bytes(9, LEN);
    std::fs::write(&input, &sent).unwrap();
    let (target, ca) = (server.target(), server.ca());
    let status = command(&["client", &target, "--quiet", "--ca", path(&ca)])
        .stdin(File::open(&input).unwrap())
        .stdout(File::create(&output).unwrap())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(sha256(&std::fs::read(&output).unwrap()), sha256(&sent));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let server = Server::start(&[]);
    let (target, ca) = (server.target(), server.ca());
    let mut client = command(&["client", &target, "--quiet", "--ca", path(&ca)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(client.stdout.take());
    let mut input = client.stdin.take().unwrap();
    // Fails when the client has left, which is what is tested.
    drop(std::io::Write::write_all(
        &mut input,
        &Pattern::bytes(1, LEN),
    ));
    drop(input);
    let output = client.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_proxy_passes_data_both_ways() {
    let upstream = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let target = upstream.local_addr().unwrap().to_string();
    let echo = std::thread::spawn(move || {
        let (mut tcp, _) = upstream.accept().unwrap();
        let mut all = Vec::new();
        std::io::Read::read_to_end(&mut tcp, &mut all).unwrap();
        std::io::Write::write_all(&mut tcp, &all).unwrap();
    });
    let proxy = Server::start(&["--forward", &target]);
    round_trip(&proxy, &[]);
    echo.join().unwrap();
}

#[test]
fn the_key_log_names_the_secrets() {
    let server = Server::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let (option, variable) = (folder.path().join("option"), folder.path().join("variable"));
    round_trip(&server, &["--keylog", path(&option)]);
    let (target, ca) = (server.target(), server.ca());
    let mut by_environment: Command = command(&["client", &target, "--ca", path(&ca)]);
    let status = by_environment
        .env("SSLKEYLOGFILE", &variable)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    for file in [option, variable] {
        let log = std::fs::read_to_string(file).unwrap();
        assert!(
            log.lines()
                .any(|line| line.starts_with("CLIENT_TRAFFIC_SECRET_0 ")),
            "{log}"
        );
    }
}

#[test]
fn a_trace_shows_records_and_wants() {
    let server = Server::start(&["--trace"]);
    let mut client = server.client(&["--trace"]);
    client.send(b"hello").unwrap();
    client.wait_for_stdout("hello").unwrap();
    client.close_stdin();
    client.wait().unwrap();
    let trace = client.stderr_text();
    for expected in [
        "sealed",
        "opened",
        "to be retried want=Read",
        "post-handshake message",
    ] {
        assert!(
            trace.contains(expected),
            "{expected} is missing in\n{trace}"
        );
    }
    server
        .process
        .wait_for_stderr("connection{peer=127.0.0.1:")
        .unwrap();
}
