//! Our client fetching files from OpenSSL's web server.

use std::fs;
use std::io::{BufRead, BufReader, Write};

use ssl_record::Context;
use ssl_testkit::certs::KeyKind;
use ssl_testkit::digest::Sha256;
use ssl_testkit::openssl;
use ssl_testkit::pattern::Pattern;

use crate::matrix::{AEADS, Cell, VERSIONS};
use crate::ours::{Certificates, client, expect_close, pattern_sha256};
use crate::peers::has_openssl;

/// Bytes of the file.
const LEN: u64 = 64 << 20;
const FILE: u64 = 5;

#[test]
fn files_arrive_whole_with_ecdsa() {
    every_suite(KeyKind::EcP256);
}

#[test]
fn files_arrive_whole_with_rsa() {
    every_suite(KeyKind::Rsa2048);
}

/// `-WWW` sends a header of its own.
fn every_suite(key: KeyKind) {
    if !has_openssl() {
        return;
    }
    let certificates = Certificates::server(key);
    let dir = certificates.0.dir();
    fs::write(dir.join("body"), Pattern::bytes(FILE, LEN as usize)).unwrap();
    let expected = pattern_sha256(FILE, LEN);
    let server = openssl::server(&certificates.0).files(dir).start().unwrap();
    for version in VERSIONS {
        for aead in AEADS {
            let cell = Cell { version, aead, key };
            let context = Context::client(cell.client(certificates.roots())).unwrap();
            let (head, len, sha256) = fetch(&context, &server);
            assert!(head.starts_with("HTTP/1.0 200 "), "{head}");
            assert_eq!((len, &sha256), (LEN, &expected), "{cell:?}");
        }
    }
}

/// `-HTTP` sends the file as it is, header included.
#[test]
fn a_file_with_its_own_header_arrives_too() {
    if !has_openssl() {
        return;
    }
    let certificates = Certificates::server(KeyKind::EcP256);
    let mut file = b"HTTP/1.0 203 as stored\r\n\r\n".to_vec();
    file.extend(Pattern::bytes(FILE, 1 << 20));
    fs::write(certificates.0.dir().join("body"), file).unwrap();
    // Of the two options the later decides.
    let dir = certificates.0.dir();
    let server = openssl::server(&certificates.0).files(dir).arg("-HTTP");
    let server = server.start().unwrap();
    for version in VERSIONS {
        let (aead, key) = (AEADS[0], KeyKind::EcP256);
        let cell = Cell { version, aead, key };
        let context = Context::client(cell.client(certificates.roots())).unwrap();
        let (head, len, sha256) = fetch(&context, &server);
        assert_eq!(head, "HTTP/1.0 203 as stored\r\n\r\n");
        assert_eq!((len, sha256), (1 << 20, pattern_sha256(FILE, 1 << 20)));
    }
}

/// Header, length of the body, SHA-256 of the body; the body ends with the server's close_notify.
fn fetch(context: &Context, server: &openssl::Peer) -> (String, u64, String) {
    let mut ours = client(context, server.addr());
    ours.write_all(b"GET /body HTTP/1.0\r\n\r\n").unwrap();
    let mut reader = BufReader::new(ours);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
    }
    let mut hash = Sha256::new();
    let len = std::io::copy(&mut reader, &mut hash).unwrap();
    expect_close(&mut reader.into_inner());
    (head, len, hash.finish())
}
