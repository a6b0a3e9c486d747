//! Owns the tests of [`openssl`](super): real `openssl` processes talking to each other.
//! It must not know other users of the module.

use super::*;
use crate::certs::{CertificateAuthority, KeyKind, Leaf};
use crate::digest;
use crate::pattern::Pattern;
use crate::throttle::Relay;
use std::io::Read;

fn usable() -> bool {
    process::usable(&available()).unwrap()
}

fn files(kind: KeyKind) -> PemFiles {
    let root = CertificateAuthority::new(kind).unwrap();
    let below = root.intermediate(kind).unwrap();
    below
        .issue(&Leaf::localhost(kind))
        .unwrap()
        .write_files()
        .unwrap()
}

#[test]
fn versions_suites_and_keys_are_as_asked() {
    if !usable() {
        return;
    }
    for (kind, suite) in [
        (KeyKind::EcP256, "ECDHE-ECDSA-AES128-GCM-SHA256"),
        (KeyKind::Rsa2048, "ECDHE-RSA-CHACHA20-POLY1305"),
    ] {
        let files = files(kind);
        let server = server(&files).tls1_2().cipher(suite).start().unwrap();
        let client = client(server.addr())
            .ca(files.root())
            .servername("localhost");
        let client = client.start().unwrap();
        let expected = Connected {
            version: "TLSv1.2".into(),
            suite: suite.into(),
        };
        assert_eq!(client.connected().unwrap(), expected);
        assert_eq!(server.connected().unwrap(), expected);
    }
    let files = files(KeyKind::Ed25519);
    let suite = "TLS_CHACHA20_POLY1305_SHA256";
    let server = server(&files)
        .ciphersuites(suite)
        .alpn("h2,http/1.1")
        .start()
        .unwrap();
    let client = client(server.addr())
        .tls1_3()
        .ca(files.root())
        .alpn("http/1.1");
    let connected = client.start().unwrap().connected().unwrap();
    assert_eq!(
        (connected.version.as_str(), connected.suite.as_str()),
        ("TLSv1.3", suite)
    );
}

#[test]
fn raw_bytes_pass_both_ways_through_a_relay() {
    if !usable() {
        return;
    }
    let files = files(KeyKind::EcP256);
    let mut server = server(&files).max_connections(1).start().unwrap();
    let relay = Relay::start(server.addr(), 777).unwrap();
    let mut client = client(relay.addr()).ca(files.root()).start().unwrap();
    client.connected().unwrap();
    let len = 300_000;
    let down = server.feed(Pattern::new(1).take(len as u64));
    client.wait_for_stdout_len(len).unwrap();
    let up = client.feed_and_close(Pattern::new(2).take(len as u64));
    server.wait_for_stdout_len(len).unwrap();
    assert_eq!(down.join().unwrap().unwrap(), len as u64);
    assert_eq!(up.join().unwrap().unwrap(), len as u64);
    assert_eq!(
        client.stdout_sha256(),
        digest::sha256(&Pattern::bytes(1, len))
    );
    assert_eq!(
        server.stdout_sha256(),
        digest::sha256(&Pattern::bytes(2, len))
    );
    assert!(client.wait().unwrap().success());
    assert!(server.wait().unwrap().success());
}

#[test]
fn lines_come_back_reversed() {
    if !usable() {
        return;
    }
    let files = files(KeyKind::EcP256);
    let server = server(&files).rev().start().unwrap();
    let mut client = client(server.addr()).start().unwrap();
    client.send(b"Q is no command\n").unwrap();
    client.wait_for_stdout("dnammoc on si Q\n").unwrap();
    assert_eq!(server.connected().unwrap().version, "TLSv1.3");
}

#[test]
fn commands_update_keys_and_quit() {
    if !usable() {
        return;
    }
    let files = files(KeyKind::EcP256);
    let mut server = server(&files)
        .commands()
        .max_connections(1)
        .start()
        .unwrap();
    let mut client = client(server.addr()).tls1_3().commands().start().unwrap();
    client.connected().unwrap();
    client.send(b"K\n").unwrap();
    client.wait_for_stderr("KEYUPDATE").unwrap();
    client.send(b"after the update\n").unwrap();
    server.wait_for_stdout("after the update").unwrap();
    client.send(b"Q\n").unwrap();
    assert!(client.wait().unwrap().success());
    server.wait().unwrap();
}

#[test]
fn client_certificates_are_demanded_and_checked() {
    if !usable() {
        return;
    }
    let root = CertificateAuthority::new(KeyKind::EcP256).unwrap();
    let localhost = root.issue(&Leaf::localhost(KeyKind::EcP256)).unwrap();
    let localhost = localhost.write_files().unwrap();
    let alice = root
        .issue(&Leaf::client("alice", KeyKind::Rsa2048))
        .unwrap();
    let alice = alice.write_files().unwrap();
    let server = server(&localhost)
        .tls1_2()
        .ca(alice.root())
        .demand_client_cert();
    let server = server.start().unwrap();
    let refused = client(server.addr()).start().unwrap();
    assert_eq!(
        refused.connected().unwrap_err().kind(),
        ErrorKind::UnexpectedEof
    );
    let welcome = client(server.addr()).identity(&alice).start().unwrap();
    welcome.connected().unwrap();
}

#[test]
fn a_session_is_resumed_and_secrets_are_logged() {
    if !usable() {
        return;
    }
    let files = files(KeyKind::EcP256);
    let (session, keylog) = (files.dir().join("session"), files.dir().join("keylog"));
    let server = server(&files).www().start().unwrap();
    let get = |client: OpenSsl| {
        let mut client = client.ca(files.root()).start().unwrap();
        client.send(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        client.wait_for_stdout("</pre>").unwrap();
        client.wait().unwrap();
        client.stdout_text()
    };
    let first = get(client(server.addr()).sess_out(&session).keylog(&keylog));
    assert!(first.contains("New, TLSv1.3"), "{first}");
    let second = get(client(server.addr()).sess_in(&session));
    assert!(second.contains("Reused, TLSv1.3"), "{second}");
    let secrets = fs::read_to_string(keylog).unwrap();
    assert!(secrets.contains("CLIENT_TRAFFIC_SECRET_0"), "{secrets}");
}

#[test]
fn complaints_are_part_of_the_error() {
    if !usable() {
        return;
    }
    let files = files(KeyKind::EcP256);
    let error = server(&files).arg("-no-such-option").start().unwrap_err();
    assert!(error.to_string().contains("no-such-option"), "{error}");
    let unknown = server(&files).start().unwrap();
    let other = self::files(KeyKind::EcP256);
    let client = client(unknown.addr()).ca(other.root()).start().unwrap();
    let error = client.connected().unwrap_err().to_string();
    assert!(error.contains("certificate verify failed"), "{error}");
}

#[test]
fn lines_count_once_they_are_complete() {
    assert_eq!(line_after("a\nACCEPT x:1\n", "ACCEPT "), Some("x:1".into()));
    assert_eq!(line_after("ACCEPT x:1", "ACCEPT "), None);
    assert_eq!(port_of_address("[::1]:443").unwrap(), 443);
    assert!(port_of_address("nothing").is_err());
}
