//! Each failure: exit code and exactly one line that says what to do.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use ssl_record::config::{Identity, ServerConfig};
use ssl_record::io::TlsStream;
use ssl_record::{Connection, Context};
use ssl_testkit::certs::{CertificateAuthority, KeyKind, Leaf, PemFiles};
use ssl_testkit::openssl;
use ssl_testkit::process::usable;

use crate::program::{Server, complaints, finish, path};

/// Runs the program and expects this exit code and one line with this text.
fn fails(args: &[&str], code: i32, text: &str) {
    let (found, process) = finish(args);
    let lines = complaints(&process);
    assert_eq!(found, code, "{args:?}: {}", process.stderr_text());
    assert_eq!(lines.len(), 1, "{args:?}: {}", process.stderr_text());
    assert!(lines[0].contains(text), "{text:?} is not in {:?}", lines[0]);
}

/// Our server with a certificate from the test tools.
fn server_with(leaf: &Leaf, args: &[&str]) -> (Server, PemFiles) {
    let files = CertificateAuthority::new(KeyKind::EcP256)
        .and_then(|authority| authority.issue(leaf))
        .and_then(|identity| identity.write_files())
        .unwrap();
    let (cert, key) = (path(files.cert()).to_owned(), path(files.key()).to_owned());
    let mut all = vec!["--cert", &cert, "--key", &key];
    all.extend(args);
    (Server::with_certificate(&all), files)
}

#[test]
fn certificates_that_do_not_verify() {
    let (server, files) = server_with(&Leaf::localhost(KeyKind::EcP256), &[]);
    let target = server.target();
    let text = "add the right CA with --ca FILE";
    fails(&["client", &target], 1, text);
    let wrong = [
        "client",
        &target,
        "--ca",
        path(files.root()),
        "--servername",
        "other.example",
    ];
    fails(&wrong, 1, "not valid for the name \"other.example\"");
    let (server, files) = server_with(&Leaf::localhost(KeyKind::EcP256).expired(), &[]);
    let expired = ["client", &server.target(), "--ca", path(files.root())];
    fails(&expired, 1, "it has expired; the owner must renew it");
}

#[test]
fn insecure_connects_with_a_loud_warning() {
    let (server, _files) = server_with(&Leaf::localhost(KeyKind::EcP256).expired(), &[]);
    let (code, process) = finish(&["client", &server.target(), "--insecure", "-q"]);
    assert_eq!(code, 0);
    assert!(
        complaints(&process)[0].contains("WARNING"),
        "{}",
        process.stderr_text()
    );
}

#[test]
fn a_missing_client_certificate_is_told() {
    let authority = CertificateAuthority::new(KeyKind::EcP256).unwrap();
    let client = authority
        .issue(&Leaf::client("alice", KeyKind::EcP256))
        .unwrap();
    let client = client.write_files().unwrap();
    let demanding = ["--client-ca", path(client.root()), "--require-client-cert"];
    let (server, files) = server_with(&Leaf::localhost(KeyKind::EcP256), &demanding);
    let target = server.target();
    let without = ["client", &target, "--ca", path(files.root())];
    fails(&without, 1, "peer sent alert: certificate_required");
    let mut with = without.to_vec();
    with.extend(["--cert", path(client.cert()), "--key", path(client.key())]);
    let (code, process) = finish(&with);
    assert_eq!(code, 0, "{}", process.stderr_text());
    server
        .process
        .wait_for_stderr("1 client certificates")
        .unwrap();
}

#[test]
fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap().to_string();
    drop(listener);
    fails(&["client", &target], 1, "is a server listening there?");
}

#[test]
fn the_server_speaks_plain_http() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap().to_string();
    let http = thread::spawn(move || {
        let (mut tcp, _) = listener.accept().unwrap();
        let mut hello = [0; 5];
        tcp.read_exact(&mut hello).unwrap();
        tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        // Until the client leaves, so that the answer is not lost.
        drop(tcp.read_to_end(&mut Vec::new()));
    });
    fails(&["client", &target], 1, "the peer may not speak TLS");
    http.join().unwrap();
}

#[test]
fn the_server_says_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap().to_string();
    fails(
        &["client", &target, "--timeout", "1"],
        1,
        "does the server speak TLS?",
    );
}

#[test]
fn an_inappropriate_fallback_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap().to_string();
    let server = thread::spawn(move || {
        let (mut tcp, _) = listener.accept().unwrap();
        tcp.read_exact(&mut [0; 5]).unwrap();
        tcp.write_all(&[21, 3, 3, 0, 2, 2, 86]).unwrap();
        // Until the client leaves, so that the answer is not lost.
        drop(tcp.read_to_end(&mut Vec::new()));
    });
    let mode = "+send-fallback-scsv";
    fails(
        &["client", &target, "--mode", mode, "--max", "1.2"],
        1,
        "the server supports a newer version than the one offered here and refuses the fallback",
    );
    server.join().unwrap();
}

#[test]
fn f4_f6_a_fallback_before_our_server_and_openssls() {
    const REFUSED: &str =
        "the server supports a newer version than the one offered here and refuses the fallback";
    let fall_back = |target: &str, refused: bool| {
        let args = [
            "client",
            target,
            "--insecure",
            "-q",
            "--mode",
            "+send-fallback-scsv",
        ];
        let args = [&args[..], &["--max", "1.2"]].concat();
        let (code, process) = finish(&args);
        assert_eq!(code, i32::from(refused), "{}", process.stderr_text());
        assert_eq!(process.stderr_text().contains(REFUSED), refused);
    };
    fall_back(&Server::start(&[]).target(), true);
    fall_back(&Server::start(&["--max", "1.2"]).target(), false);
    if !usable(&openssl::available()).unwrap() {
        return;
    }
    let authority = CertificateAuthority::new(KeyKind::EcP256).unwrap();
    let issued = authority.issue(&Leaf::localhost(KeyKind::EcP256)).unwrap();
    let files = issued.write_files().unwrap();
    let newest = openssl::server(&files).start().unwrap();
    fall_back(&newest.addr().to_string(), true);
    let older = openssl::server(&files).tls1_2().start().unwrap();
    fall_back(&older.addr().to_string(), false);
}

#[test]
fn a_truncated_stream_is_an_error_and_its_data_is_printed() {
    let authority = CertificateAuthority::new(KeyKind::EcP256).unwrap();
    let issued = authority.issue(&Leaf::localhost(KeyKind::EcP256)).unwrap();
    let files = issued.write_files().unwrap();
    let identity =
        Identity::from_pem(issued.chain_pem().as_bytes(), issued.key_pem().as_bytes()).unwrap();
    let context = Context::server(ServerConfig::new(identity)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap().to_string();
    let server = thread::spawn(move || {
        let (tcp, _) = listener.accept().unwrap();
        let mut stream = TlsStream::new(Connection::server(&context).unwrap(), tcp);
        stream.write_all(b"the beginning").unwrap();
        let tcp = stream.transport();
        tcp.shutdown(std::net::Shutdown::Write).unwrap();
        // Until the client leaves.
        while matches!(stream.read(&mut [0; 64]), Ok(n) if n > 0) {}
    });
    let (code, process) = finish(&["client", &target, "--ca", path(files.root())]);
    assert_eq!(code, 1);
    assert_eq!(process.stdout_text(), "the beginning");
    let lines = complaints(&process);
    assert!(
        lines[0].contains("may be truncated; repeat the transfer"),
        "{lines:?}"
    );
    server.join().unwrap();
}

#[test]
fn files_that_are_not_what_they_should_be() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.pem");
    std::fs::write(&bad, "no PEM").unwrap();
    let (bad, missing) = (path(&bad), folder.path().join("missing.pem"));
    let pem = "BEGIN CERTIFICATE";
    fails(&["client", "localhost:1", "--ca", bad], 1, pem);
    fails(
        &["client", "localhost:1", "--ca", path(&missing)],
        1,
        "cannot read",
    );
    fails(&["server", "--cert", bad, "--key", bad], 1, pem);
    fails(
        &["client", "localhost:1", "--keylog", path(folder.path())],
        1,
        "key log",
    );
    fails(&["server", "--www", bad], 2, "not a directory");
}

#[test]
fn an_address_in_use() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    fails(
        &["server", "--listen", &addr],
        1,
        "choose another --listen address",
    );
}
