//! Against the `openssl` program, as client and as server.

use std::io::Cursor;

use ssl_testkit::certs::{CertificateAuthority, KeyKind, Leaf};
use ssl_testkit::digest::sha256;
use ssl_testkit::openssl;
use ssl_testkit::pattern::Pattern;
use ssl_testkit::process::usable;

use crate::program::{Server, path, start};

const LEN: usize = 200_000;

#[test]
fn our_client_reads_from_openssl() {
    if !usable(&openssl::available()).unwrap() {
        return;
    }
    let authority = CertificateAuthority::new(KeyKind::Rsa2048).unwrap();
    let identity = authority.issue(&Leaf::localhost(KeyKind::Rsa2048)).unwrap();
    let files = identity.write_files().unwrap();
    for version in ["1.2", "1.3"] {
        let mut server = openssl::server(&files).start().unwrap();
        let target = server.addr().to_string();
        let mut client = start(&[
            "client",
            &target,
            "--ca",
            path(files.root()),
            "--min",
            version,
            "--max",
            version,
        ]);
        let (up, down) = (Pattern::bytes(1, LEN), Pattern::bytes(2, LEN));
        client.feed(Cursor::new(up.clone()));
        server.feed(Cursor::new(down.clone()));
        server.wait_for_stdout_len(LEN).unwrap();
        client.wait_for_stdout_len(LEN).unwrap();
        client.close_stdin();
        let status = client.wait().unwrap();
        assert!(status.success(), "{version}: {}", client.stderr_text());
        assert_eq!(client.stdout_sha256(), sha256(&down));
        assert!(server.stdout().starts_with(&up), "{version}");
    }
}

#[test]
fn openssl_gets_its_bytes_back_from_our_server() {
    if !usable(&openssl::available()).unwrap() {
        return;
    }
    let server = Server::start(&[]);
    for tls in [openssl::OpenSsl::tls1_2, openssl::OpenSsl::tls1_3] {
        let mut client = tls(openssl::client(server.addr))
            .ca(&server.ca())
            .servername("localhost")
            .start()
            .unwrap();
        let sent = Pattern::bytes(4, LEN);
        client.feed(Cursor::new(sent.clone()));
        client.wait_for_stdout_len(LEN).unwrap();
        client.close_stdin();
        assert!(client.wait().unwrap().success(), "{}", client.stderr_text());
        assert_eq!(client.stdout_sha256(), sha256(&sent));
    }
}

#[test]
fn a_session_of_openssl_is_resumed() {
    if !usable(&openssl::available()).unwrap() {
        return;
    }
    let authority = CertificateAuthority::new(KeyKind::EcP256).unwrap();
    let identity = authority.issue(&Leaf::localhost(KeyKind::EcP256)).unwrap();
    let files = identity.write_files().unwrap();
    let server = openssl::server(&files).www().start().unwrap();
    let target = server.addr().to_string();
    let mut client = start(&["client", &target, "--ca", path(files.root()), "--resume"]);
    client.send(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    client.wait_for_stdout("HTTP/1.0 200").unwrap();
    client.close_stdin();
    client.wait().unwrap();
    let told = client.stderr_text();
    assert!(told.contains("resumed yes"), "{told}");
}
