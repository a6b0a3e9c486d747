//! SIGTERM: what is begun is finished, then everything is closed.

use std::io::{Read, Write};
use std::net::TcpStream;

use ssl_record::config::{ClientConfig, Roots};
use ssl_record::io::TlsStream;
use ssl_record::{Connection, Context};
use ssl_testkit::digest::sha256;
use ssl_testkit::pattern::Pattern;

use crate::program::{Server, path};

#[test]
fn an_idle_server_stops_at_once() {
    let mut server = Server::start(&[]);
    server.terminate().unwrap();
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
}

#[test]
fn an_echo_is_delivered_and_closed() {
    let mut server = Server::start(&[]);
    let sent = Pattern::bytes(3, 300_000);
    let mut client = server.client(&["-q"]);
    client.send(&sent).unwrap();
    client.wait_for_stdout_len(1).unwrap();
    server.terminate().unwrap();
    // The client's input stays open: it ends because of the server's close_notify.
    let status = client.wait().unwrap();
    assert_eq!(status.code(), Some(0), "{}", client.stderr_text());
    assert!(sent.starts_with(&client.stdout()));
    assert_eq!(
        server.process.wait().unwrap().code(),
        Some(0),
        "{}",
        server.process.stderr_text()
    );
}

#[test]
fn a_response_that_is_begun_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    // More than sockets buffer, so that most of it is not sent when the signal comes.
    let content = Pattern::bytes(5, 16 * 1024 * 1024);
    std::fs::write(folder.path().join("big"), &content).unwrap();
    let mut server = Server::start(&["--www", path(folder.path()), "--grace", "60"]);
    let roots = Roots::from_pem_file(server.ca()).unwrap();
    let context = Context::client(ClientConfig::new(roots)).unwrap();
    let connection = Connection::client(&context, "localhost").unwrap();
    let tcp = TcpStream::connect(server.addr).unwrap();
    let mut stream = TlsStream::new(connection, tcp);
    stream
        .write_all(b"GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let mut answer = vec![0; 1000];
    stream.read_exact(&mut answer).unwrap();
    server.terminate().unwrap();
    // Ends with the server's close_notify; without it this is an error.
    stream.read_to_end(&mut answer).unwrap();
    let head = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    assert_eq!(sha256(&answer[head + 4..]), sha256(&content));
    drop(stream);
    assert_eq!(
        server.process.wait().unwrap().code(),
        Some(0),
        "{}",
        server.process.stderr_text()
    );
    assert!(TcpStream::connect(server.addr).is_err(), "still listening");
}
