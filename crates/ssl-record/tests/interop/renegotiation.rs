//! Renegotiation, which is refused whoever asks for it; OpenSSL's programs then give up.

use std::io::Write;

use ssl_record::record::AlertDescription;
use ssl_record::record::ProtocolVersion::Tls12;
use ssl_record::{Context, Error};
use ssl_testkit::certs::KeyKind;
use ssl_testkit::openssl;

use crate::ours::{
    Certificates, Listener, client_config, connected_client, expect_data, server_config, tls_error,
};
use crate::peers::has_openssl;

#[test]
fn r30_a_clients_renegotiation_is_refused() {
    if !has_openssl() {
        return;
    }
    let certificates = Certificates::server(KeyKind::EcP256);
    let context = Context::server(server_config(Tls12, &certificates)).unwrap();
    let listener = Listener::new();
    let messages = certificates.0.dir().join("messages");
    let client = openssl::client(listener.addr()).tls1_2().commands();
    let client = client.arg("-msg").arg("-msgfile").arg(&messages);
    let mut client = client.start().unwrap();
    let mut ours = listener.connected_server(&context);
    client.connected().unwrap();
    ours.write_all(b"before\n").unwrap();
    client.wait_for_stdout("before\n").unwrap();
    client.send(b"R\n").unwrap();
    // Our warning leaves with this read; the client's answer to it is fatal.
    let error = tls_error(ours.read_tls(&mut [0; 9]));
    let alert = AlertDescription::HANDSHAKE_FAILURE;
    assert_eq!(error, Error::AlertReceived(alert));
    client.wait_for_stderr("no renegotiation").unwrap();
    client.wait().unwrap();
    let messages = std::fs::read_to_string(messages).unwrap();
    let refusal = |line: &str| line.starts_with("<<<") && line.ends_with("no_renegotiation");
    assert!(messages.lines().any(refusal), "{messages}");
}

#[test]
fn r30_a_servers_renegotiation_is_refused() {
    if !has_openssl() {
        return;
    }
    let certificates = Certificates::server(KeyKind::EcP256);
    let messages = certificates.0.dir().join("messages");
    let server = openssl::server(&certificates.0).tls1_2().commands();
    let server = server.arg("-msg").arg("-msgfile").arg(&messages);
    let mut server = server.max_connections(1).start().unwrap();
    let context = Context::client(client_config(Tls12, &certificates)).unwrap();
    let mut ours = connected_client(&context, server.addr());
    server.send(b"before\n").unwrap();
    expect_data(&mut ours, b"before\n");
    server.send(b"r\n").unwrap();
    let error = tls_error(ours.read_tls(&mut [0; 9]));
    let alert = AlertDescription::HANDSHAKE_FAILURE;
    assert_eq!(error, Error::AlertReceived(alert));
    server.wait_for_stderr("no renegotiation").unwrap();
    drop(ours);
    server.wait().unwrap();
    let messages = std::fs::read_to_string(messages).unwrap();
    let refusal = |line: &str| line.starts_with("<<<") && line.ends_with("no_renegotiation");
    assert!(messages.lines().any(refusal), "{messages}");
}
