//! `scan` against peers that no TLS server is, and against one that ignores the fallback signal.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use ssl_record::hello::ClientHello;
use ssl_testkit::wire::{ALERT, HANDSHAKE, WireRecord};

use crate::program::{complaints, finish};
use crate::scan::{scan, versions};

/// Answers each connection as told, until it is dropped.
struct Scripted {
    target: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<usize>>,
}

impl Scripted {
    fn start(mut answer: impl FnMut(&mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = listener.local_addr().unwrap().to_string();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut connections = 0;
            loop {
                let (mut tcp, _) = listener.accept().unwrap();
                if stopped.load(Ordering::SeqCst) {
                    return connections;
                }
                connections += 1;
                answer(&mut tcp);
            }
        });
        Self {
            target,
            stop,
            thread: Some(thread),
        }
    }

    /// Stops; how many connections there were.
    fn connections(mut self) -> usize {
        self.end()
    }

    fn end(&mut self) -> usize {
        let Some(thread) = self.thread.take() else {
            return 0;
        };
        self.stop.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(&self.target));
        thread.join().unwrap()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.end();
    }
}

/// The first record of a client.
fn hello(tcp: &mut TcpStream) -> Vec<u8> {
    let mut header = [0; 5];
    tcp.read_exact(&mut header).unwrap();
    let mut body = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
    tcp.read_exact(&mut body).unwrap();
    body
}

/// Sends, and waits until the client leaves, so that nothing is lost.
fn send(tcp: &mut TcpStream, bytes: &[u8]) {
    tcp.write_all(bytes).unwrap();
    drop(tcp.read_to_end(&mut Vec::new()));
}

fn fails(args: &[&str], text: &str) {
    let mut all = vec!["scan"];
    all.extend(args);
    let (code, process) = finish(&all);
    let lines = complaints(&process);
    assert_eq!((code, lines.len()), (1, 1), "{}", process.stderr_text());
    assert!(lines[0].contains(text), "{text:?} is not in {:?}", lines[0]);
    assert_eq!(process.stdout_text(), "");
}

/// A server of TLS 1.1 and 1.2 with two suites, the lower one from `captured` bytes, that knows no fallback signal.
fn ignorant(tcp: &mut TcpStream) {
    let message = hello(tcp);
    let hello = ClientHello::parse_message(&message).unwrap();
    let refuse = |tcp: &mut TcpStream, alert: u8| {
        send(tcp, &WireRecord::new(ALERT, 0x0303, &[2, alert]).encode());
    };
    let suites: [u16; 2] = [0x002f, 0x0035];
    let suite = suites
        .into_iter()
        .find(|&own| hello.cipher_suites().any(|suite| suite == own));
    let version = hello.legacy_version();
    match suite {
        _ if hello.supported_versions().unwrap().is_some() || version < 0x0302 => refuse(tcp, 70),
        None => refuse(tcp, 40),
        Some(suite) => {
            let mut body = version.to_be_bytes().to_vec();
            body.extend([7; 32]);
            body.push(0);
            body.extend(suite.to_be_bytes());
            body.push(0);
            let mut flight = vec![2, 0, 0, u8::try_from(body.len()).unwrap()];
            flight.extend(body);
            // A certificate of four bytes, and ServerHelloDone.
            flight.extend([11, 0, 0, 10, 0, 0, 7, 0, 0, 4, 0x30, 2, 5, 0, 14, 0, 0, 0]);
            send(tcp, &WireRecord::new(HANDSHAKE, version, &flight).encode());
        }
    }
}

#[test]
fn a_server_that_ignores_the_signal_is_told() {
    let server = Scripted::start(ignorant);
    let found = scan(&[&server.target]);
    assert_eq!(versions(&found), ["TLS 1.2", "TLS 1.1"]);
    let fallback = &found["fallback_scsv"];
    assert_eq!(fallback["verdict"], "not enforced");
    assert_eq!(fallback["fallbacks"][0]["version"], "TLS 1.1");
    assert_eq!(fallback["fallbacks"][0]["answer"], "accepted");
    let suites = found["suites"][0]["suites"].as_array().unwrap();
    let numbers: Vec<u64> = suites
        .iter()
        .map(|row| row["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [0x002f, 0x0035]);
    assert_eq!(found["suites"][0]["preference"], "server");
    assert_eq!(found["suites"][0]["complete"], true);
    assert_eq!(found["flights"][0]["certificates"], serde_json::json!([4]));
    assert_eq!(found["flights"][0]["bytes"], 5 + 4 + 38 + 18);
    assert_eq!(found["refusal"], serde_json::Value::Null);
    // What it says about itself is true.
    let connections = found["connections"].as_u64().unwrap();
    assert_eq!(server.connections() as u64, connections);
}

#[test]
fn people_are_warned_of_a_server_that_ignores_the_signal() {
    let server = Scripted::start(ignorant);
    let (code, process) = finish(&["scan", &server.target]);
    assert_eq!(code, 0, "{}", process.stderr_text());
    let text = process.stdout_text();
    assert!(text.contains("TLS_FALLBACK_SCSV  NOT enforced"), "{text}");
    assert!(text.contains("  fallback to TLS 1.1: accepted\n"), "{text}");
}

#[test]
fn a_server_that_chooses_what_nobody_offered_does_not_keep_the_scan_busy() {
    let server = Scripted::start(|tcp| {
        hello(tcp);
        let mut message = vec![2, 0, 0, 38, 3, 3];
        message.extend([7; 32]);
        message.extend([0, 0x56, 0x00, 0]);
        send(tcp, &WireRecord::new(HANDSHAKE, 0x0303, &message).encode());
    });
    let found = scan(&[&server.target, "--timeout", "1"]);
    assert_eq!(versions(&found), ["TLS 1.2"]);
    assert_eq!(found["suites"][0]["suites"], serde_json::json!([]));
    assert!(server.connections() < 12);
}

#[test]
fn a_server_that_wants_a_share_of_tls13_gets_one() {
    let server = Scripted::start(|tcp| {
        let message = hello(tcp);
        let hello = ClientHello::parse_message(&message).unwrap();
        let share = hello
            .key_shares()
            .unwrap()
            .and_then(|mut shares| shares.next());
        let Some((group, key)) = share else {
            return send(tcp, &[21, 3, 3, 0, 2, 2, 50]);
        };
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.push(0);
        body.extend(hello.cipher_suites().next().unwrap().to_be_bytes());
        body.extend([0, 0, 46, 0, 43, 0, 2, 3, 4, 0, 51, 0, 36]);
        body.extend(group.to_be_bytes());
        body.extend([0, 32]);
        body.extend(key);
        let mut message = vec![2, 0, 0, u8::try_from(body.len()).unwrap()];
        message.extend(body);
        send(tcp, &WireRecord::new(HANDSHAKE, 0x0303, &message).encode());
    });
    let found = scan(&[&server.target, "--timeout", "1"]);
    assert_eq!(versions(&found), ["TLS 1.3"]);
    assert_eq!(found["suites"][0]["suites"].as_array().unwrap().len(), 5);
    assert_eq!(found["groups"][0]["groups"][0]["name"], "x25519");
    // Its flight has no end.
    assert!(found["flights"][0]["not_measured"].is_string(), "{found}");
}

#[test]
fn a_server_that_stops_answering_amid_the_scan_is_told() {
    let mut connections = 0;
    let server = Scripted::start(move |tcp| {
        connections += 1;
        // Five versions, the fallback, and the first suite.
        if connections <= 7 {
            ignorant(tcp);
        }
    });
    let found = scan(&[&server.target]);
    let suites = &found["suites"][0];
    assert_eq!(suites["suites"].as_array().unwrap().len(), 1);
    assert_eq!(suites["complete"], false);
}

#[test]
fn a_server_of_plain_text_is_shown() {
    let server = Scripted::start(|tcp| {
        send(tcp, b"220 mail.example ESMTP\x1b[2J\r\n");
    });
    let text =
        "not TLS: \"220 mail.example ESMTP\\x1b[2J\\r\\n\"; is this the port of a TLS server?";
    fails(&[&server.target], text);
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_silent_server_is_asked_twice() {
    let server = Scripted::start(|tcp| send(tcp, &[]));
    fails(
        &[&server.target, "--timeout", "1"],
        "no answer to a hello within 1 s",
    );
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_server_that_closes_at_once() {
    let server = Scripted::start(|_| {});
    fails(
        &[&server.target],
        "closes every connection without an answer",
    );
    assert_eq!(server.connections(), 5);
}

#[test]
fn a_server_that_refuses_everything() {
    let server = Scripted::start(|tcp| {
        hello(tcp);
        send(tcp, &[21, 3, 3, 0, 2, 2, 40]);
    });
    fails(
        &[&server.target],
        "accepts no version of TLS: alert handshake_failure",
    );
}

#[test]
fn a_server_that_breaks_off_amid_a_message() {
    let server = Scripted::start(|tcp| {
        hello(tcp);
        tcp.write_all(&[22, 3, 3, 0, 80, 2, 0, 0, 76, 3, 3])
            .unwrap();
    });
    fails(
        &[&server.target],
        "closes every connection without an answer",
    );
}

#[test]
fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap().to_string();
    drop(listener);
    fails(&[&target], "is a server listening there?");
}
