//! curl as the client of a small HTTP server on this crate: downloads and uploads of 64 MiB.

use std::io::{BufRead, BufReader, Read, Write};
use std::thread;

use ssl_record::Context;
use ssl_testkit::certs::KeyKind;
use ssl_testkit::curl;
use ssl_testkit::digest::Sha256;
use ssl_testkit::pattern::Pattern;
use ssl_testkit::throttle::Relay;

use crate::matrix::{AEADS, Cell, VERSIONS};
use crate::ours::{Certificates, Listener, Ours, pattern_sha256, send_pattern};
use crate::peers::has_curl;

/// Bytes of each body.
const LEN: u64 = 64 << 20;

const DOWNLOAD: u64 = 3;
const UPLOAD: u64 = 4;

#[test]
fn downloads_from_our_server_with_ecdsa() {
    every_suite(KeyKind::EcP256, None, download);
}

#[test]
fn downloads_from_our_server_with_rsa() {
    every_suite(KeyKind::Rsa2048, None, download);
}

#[test]
fn downloads_from_our_server_in_pieces() {
    every_suite(KeyKind::EcP256, Some(777), download);
}

#[test]
fn uploads_to_our_server_with_ecdsa() {
    every_suite(KeyKind::EcP256, None, upload);
}

#[test]
fn uploads_to_our_server_with_rsa() {
    every_suite(KeyKind::Rsa2048, None, upload);
}

#[test]
fn uploads_to_our_server_in_pieces() {
    every_suite(KeyKind::EcP256, Some(777), upload);
}

/// One request per version and AEAD; with `piece`, a relay cuts what travels.
fn every_suite(key: KeyKind, piece: Option<usize>, request: fn(Cell, &str) -> curl::Request) {
    if !has_curl() {
        return;
    }
    let certificates = Certificates::server(key);
    for version in VERSIONS {
        for aead in AEADS {
            let cell = Cell { version, aead, key };
            let context = Context::server(cell.server(&certificates)).unwrap();
            let listener = Listener::new();
            let relay = piece.map(|piece| Relay::start(listener.addr(), piece).unwrap());
            let addr = relay.as_ref().map_or(listener.addr(), Relay::addr);
            let server = thread::spawn(move || respond(listener.server(&context)));

            let url = format!("https://localhost:{}/body", addr.port());
            let request = request(cell, &url).ca(certificates.0.root()).http1_1();
            let response = request.resolve("localhost", addr).run().unwrap();
            let sha256 = server.join().unwrap();
            assert!(response.exit.success(), "{cell:?}: {}", response.stderr);
            assert_eq!(response.http_status, 200);
            // Of a download, the body; of an upload, what the server says it got.
            let reported = String::from_utf8(response.body.clone()).ok();
            let reported = reported.filter(|text| text.len() == sha256.len());
            assert_eq!(reported.unwrap_or_else(|| response.sha256()), sha256);
        }
    }
}

fn download(cell: Cell, url: &str) -> curl::Request {
    cell.request(curl::get(url))
}

fn upload(cell: Cell, url: &str) -> curl::Request {
    cell.request(curl::put(url, Pattern::bytes(UPLOAD, LEN as usize)))
}

/// Answers one request and closes; the SHA-256 of the body that was sent or received.
fn respond(ours: Ours) -> String {
    let mut reader = BufReader::new(ours);
    let head = request_head(&mut reader);
    let sha256 = if head.starts_with("GET ") {
        let ours = reader.get_mut();
        let status = format!("HTTP/1.1 200 OK\r\nContent-Length: {LEN}\r\n\r\n");
        ours.write_all(status.as_bytes()).unwrap();
        send_pattern(ours, DOWNLOAD, LEN)
    } else {
        let expected = format!("content-length: {LEN}\r\n");
        assert!(head.to_ascii_lowercase().contains(&expected), "{head}");
        if head.to_ascii_lowercase().contains("expect: 100-continue") {
            let status = b"HTTP/1.1 100 Continue\r\n\r\n";
            reader.get_mut().write_all(status).unwrap();
        }
        let mut hash = Sha256::new();
        let received = std::io::copy(&mut (&mut reader).take(LEN), &mut hash).unwrap();
        assert_eq!(received, LEN);
        let sha256 = hash.finish();
        assert_eq!(sha256, pattern_sha256(UPLOAD, LEN));
        let len = sha256.len();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n{sha256}");
        reader.get_mut().write_all(answer.as_bytes()).unwrap();
        sha256
    };
    let _ = reader.get_mut().shutdown_tls().unwrap();
    sha256
}

fn request_head(reader: &mut impl BufRead) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
    }
    head
}
