//! Key updates that either end begins, with data before and after.

use std::io::Write;

use ssl_record::record::ProtocolVersion::Tls13;
use ssl_record::{Context, KeyUpdateRequest};
use ssl_testkit::certs::KeyKind;
use ssl_testkit::openssl;

use crate::ours::{
    Certificates, Listener, client_config, connected_client, expect_close, expect_data,
    server_config,
};
use crate::peers::has_openssl;

/// `k`: the client changes its keys only.
#[test]
fn the_peers_update_is_followed() {
    updated_by_the_peer(b"k\n", 0);
}

/// `K`: the client asks for ours too.
#[test]
fn w31_the_peers_request_is_answered_by_the_next_write() {
    updated_by_the_peer(b"K\n", 1);
}

fn updated_by_the_peer(command: &[u8], replies: usize) {
    if !has_openssl() {
        return;
    }
    const ROUNDS: usize = 3;
    let certificates = Certificates::server(KeyKind::EcP256);
    let context = Context::server(server_config(Tls13, &certificates)).unwrap();
    let listener = Listener::new();
    let messages = certificates.0.dir().join("messages");
    let client = openssl::client(listener.addr()).tls1_3().commands();
    let client = client.arg("-msg").arg("-msgfile").arg(&messages);
    let mut client = client.start().unwrap();
    let mut ours = listener.connected_server(&context);
    client.connected().unwrap();
    for round in 0..ROUNDS {
        client.send(command).unwrap();
        let done = "KEYUPDATE\n".repeat(round + 1);
        client.wait_for_stderr(&done).unwrap();
        // The update leaves with the client's next write.
        let (up, down) = (format!("up {round}\n"), format!("down {round}\n"));
        client.send(up.as_bytes()).unwrap();
        expect_data(&mut ours, up.as_bytes());
        ours.write_all(down.as_bytes()).unwrap();
        client.wait_for_stdout(&down).unwrap();
    }
    client.send(b"Q\n").unwrap();
    expect_close(&mut ours);
    assert!(client.wait().unwrap().success());
    let messages = std::fs::read_to_string(messages).unwrap();
    assert_eq!(updates(&messages, ">>>"), ROUNDS, "{messages}");
    assert_eq!(updates(&messages, "<<<"), ROUNDS * replies, "{messages}");
}

/// Ours against `s_server`, which answers a request with its next write.
#[test]
fn w29_our_update_leaves_with_the_next_write() {
    for request in [KeyUpdateRequest::NotRequested, KeyUpdateRequest::Requested] {
        updated_by_us(request);
    }
}

fn updated_by_us(request: KeyUpdateRequest) {
    if !has_openssl() {
        return;
    }
    const ROUNDS: usize = 3;
    let certificates = Certificates::server(KeyKind::EcP256);
    let messages = certificates.0.dir().join("messages");
    let server = openssl::server(&certificates.0).tls1_3().rev();
    let server = server.arg("-msg").arg("-msgfile").arg(&messages);
    let server = server.start().unwrap();
    let context = Context::client(client_config(Tls13, &certificates)).unwrap();
    let mut ours = connected_client(&context, server.addr());
    for _ in 0..ROUNDS {
        ours.write_all(b"abc\n").unwrap();
        expect_data(&mut ours, b"cba\n");
        ours.connection_mut().key_update(request).unwrap();
        ours.write_all(b"123\n").unwrap();
        expect_data(&mut ours, b"321\n");
    }
    drop(server);
    let messages = std::fs::read_to_string(messages).unwrap();
    let replies = if request == KeyUpdateRequest::Requested {
        ROUNDS
    } else {
        0
    };
    assert_eq!(
        (updates(&messages, "<<<"), updates(&messages, ">>>")),
        (ROUNDS, replies),
        "{messages}"
    );
}

/// `s_server`'s own commands against our client.
#[test]
fn a_servers_update_reaches_our_client() {
    if !has_openssl() {
        return;
    }
    let certificates = Certificates::server(KeyKind::EcP256);
    let server = openssl::server(&certificates.0).tls1_3().commands();
    let mut server = server.start().unwrap();
    let context = Context::client(client_config(Tls13, &certificates)).unwrap();
    let mut ours = connected_client(&context, server.addr());
    for (round, command) in ["k\n", "K\n", "K\n", "k\n"].into_iter().enumerate() {
        server.send(command.as_bytes()).unwrap();
        // The server looks at its input before the socket: with this it has seen the command, which
        // would swallow what comes in the same read.
        let (up, down) = (format!("up {round}\n"), format!("down {round}\n"));
        ours.write_all(up.as_bytes()).unwrap();
        server.wait_for_stdout(&up).unwrap();
        server.send(down.as_bytes()).unwrap();
        expect_data(&mut ours, down.as_bytes());
    }
    // The last reply we owe is sent, and understood.
    ours.write_all(b"the end\n").unwrap();
    server.wait_for_stdout("the end\n").unwrap();
}

/// Key updates in a program's list of messages, sent by it (`>>>`) or received (`<<<`).
fn updates(messages: &str, direction: &str) -> usize {
    let update = |line: &&str| line.starts_with(direction) && line.ends_with("KeyUpdate");
    messages.lines().filter(update).count()
}
