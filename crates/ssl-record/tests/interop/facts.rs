//! What both ends say of one connection: keying material, application protocol, server name, secrets.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::sync::{Arc, Mutex};

use ssl_record::config::KeyLog;
use ssl_record::record::{AlertDescription, ProtocolVersion};
use ssl_record::{Connection, Context, Error, Outcome};
use ssl_testkit::certs::KeyKind;
use ssl_testkit::openssl;
use ssl_testkit::process::Process;

use crate::matrix::{VERSIONS, only};
use crate::ours::{
    Certificates, HOST, Listener, Ours, client, client_config, connect, connected_client,
    expect_data, server_config, tls_error,
};
use crate::peers::{has_openssl, keying_material, talkative_client};

const LABEL: &str = "EXPORTER-interop-test";

#[test]
fn exported_keying_material_is_equal() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        let certificates = Certificates::server(KeyKind::EcP256);
        let server = only(version, openssl::server(&certificates.0)).commands();
        let server = server.arg("-keymatexport").arg(LABEL);
        let server = server.arg("-keymatexportlen").arg("20").start().unwrap();
        let context = Context::client(client_config(version, &certificates)).unwrap();
        let ours = connected_client(&context, server.addr());
        assert_eq!(exported(&ours), keying_material(&server), "{version}");

        let context = Context::server(server_config(version, &certificates)).unwrap();
        let listener = Listener::new();
        let mut command = talkative_client(listener.addr(), version);
        command.args(["-keymatexport", LABEL, "-keymatexportlen", "20"]);
        let client = Process::spawn(&mut command).unwrap();
        let ours = listener.connected_server(&context);
        assert_eq!(exported(&ours), keying_material(&client), "{version}");
    }
}

/// 20 bytes for [`LABEL`], in hexadecimal. OpenSSL's programs export without a context.
fn exported(ours: &Ours) -> String {
    let mut out = [0; 20];
    let connection = ours.connection();
    connection
        .export_keying_material(&mut out, LABEL.as_bytes(), None)
        .unwrap();
    out.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_application_protocol_is_agreed_on() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        let certificates = Certificates::server(KeyKind::EcP256);
        let server = only(version, openssl::server(&certificates.0)).commands();
        let server = server.alpn("h2,http/1.1").start().unwrap();
        let config = client_config(version, &certificates).alpn(["http/1.1", "x"]);
        let ours = connected_client(&Context::client(config).unwrap(), server.addr());
        assert_eq!(alpn(&ours), Some(&b"http/1.1"[..]));
        let report = "ALPN protocols selected: http/1.1\n";
        server.wait_for_stdout(report).unwrap();

        // Our server prefers in its own order.
        let config = server_config(version, &certificates).alpn(["h2", "http/1.1"]);
        let context = Context::server(config).unwrap();
        let listener = Listener::new();
        let mut command = talkative_client(listener.addr(), version);
        let client = Process::spawn(command.args(["-alpn", "http/1.1,h2"])).unwrap();
        let ours = listener.connected_server(&context);
        assert_eq!(alpn(&ours), Some(&b"h2"[..]));
        client.wait_for_stdout("ALPN protocol: h2\n").unwrap();
    }
}

#[test]
fn a_client_without_a_common_application_protocol_is_refused() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        let certificates = Certificates::server(KeyKind::EcP256);
        let server = only(version, openssl::server(&certificates.0)).rev();
        let server = server.alpn("h2").start().unwrap();
        let config = client_config(version, &certificates).alpn(["x"]);
        let mut ours = client(&Context::client(config).unwrap(), server.addr());
        let alert = AlertDescription::NO_APPLICATION_PROTOCOL;
        let error = tls_error(ours.handshake());
        assert_eq!(error, Error::AlertReceived(alert), "{version}");
    }
}

fn alpn(ours: &Ours) -> Option<&[u8]> {
    ours.connection().negotiated().unwrap().alpn.as_deref()
}

#[test]
fn the_peer_chooses_its_certificate_by_our_server_name() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        let (usual, other) = (
            Certificates::server(KeyKind::EcP256),
            Certificates::named("other.example"),
        );
        let server = only(version, openssl::server(&usual.0)).rev();
        let server = server.arg("-servername").arg("other.example");
        let server = server.arg("-cert2").arg(other.0.cert());
        let server = server.arg("-key2").arg(other.0.key()).start().unwrap();
        let config = client_config(version, &usual);
        // Each name's certificate verifies only with its own root.
        for (name, certificates) in [(HOST, &usual), ("other.example", &other)] {
            let context = Context::client(client_config(version, certificates)).unwrap();
            let connection = Connection::client(&context, name).unwrap();
            let socket = connect(server.addr());
            let mut ours = ssl_record::io::TlsStream::new(connection, socket);
            ours.write_all(b"abc\n").unwrap();
            expect_data(&mut ours, b"cba\n");
        }
        // Without the extension, it is the usual one.
        let context = Context::client(config.server_name_indication(false)).unwrap();
        assert_eq!(
            client(&context, server.addr()).handshake().unwrap(),
            Outcome::Done(())
        );
    }
}

#[test]
fn our_server_chooses_its_certificate_by_the_peers_server_name() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        let (usual, other) = (
            Certificates::server(KeyKind::EcP256),
            Certificates::named("other.example"),
        );
        let config = server_config(version, &usual);
        let config = config.identity_for("other.example", other.identity());
        let context = Context::server(config).unwrap();
        let listener = Listener::new();
        for (name, certificates) in [(HOST, &usual), ("other.example", &other)] {
            let client = only(version, openssl::client(listener.addr()));
            let client = client.ca(certificates.0.root()).servername(name);
            let client = client.start().unwrap();
            let mut ours = listener.connected_server(&context);
            let asked = &ours.connection().negotiated().unwrap().server_name;
            assert_eq!(asked.as_deref(), Some(name));
            ours.write_all(b"hello\n").unwrap();
            client.wait_for_stdout("hello\n").unwrap();
        }
    }
}

#[test]
fn our_key_log_is_the_peers() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        let certificates = Certificates::server(KeyKind::EcP256);
        let file = certificates.0.dir().join("client.keys");
        let (lines, key_log) = collected();
        let config = server_config(version, &certificates).key_log(key_log);
        let context = Context::server(config).unwrap();
        let listener = Listener::new();
        let client = only(version, openssl::client(listener.addr())).keylog(&file);
        let client = client.start().unwrap();
        let mut ours = listener.connected_server(&context);
        ours.write_all(b"hello\n").unwrap();
        client.wait_for_stdout("hello\n").unwrap();
        compare(version, &lines, &fs::read_to_string(&file).unwrap());

        let file = certificates.0.dir().join("server.keys");
        let (lines, key_log) = collected();
        let server = only(version, openssl::server(&certificates.0)).keylog(&file);
        let mut server = server.start().unwrap();
        let config = client_config(version, &certificates).key_log(key_log);
        let mut ours = connected_client(&Context::client(config).unwrap(), server.addr());
        server.send(b"hello\n").unwrap();
        expect_data(&mut ours, b"hello\n");
        compare(version, &lines, &fs::read_to_string(&file).unwrap());
    }
}

type Lines = Arc<Mutex<Vec<String>>>;

fn collected() -> (Lines, KeyLog) {
    let lines = Lines::default();
    let into = Arc::clone(&lines);
    let log = move |line: &str| into.lock().unwrap().push(line.to_owned());
    (lines, Arc::new(log))
}

/// The same lines, whatever their order, and all those that the version has.
fn compare(version: ProtocolVersion, ours: &Lines, theirs: &str) {
    let ours: BTreeSet<String> = ours.lock().unwrap().iter().cloned().collect();
    let theirs = theirs.lines().filter(|line| !line.starts_with('#'));
    let theirs: BTreeSet<String> = theirs.map(str::to_owned).collect();
    assert_eq!(ours, theirs);
    let labels = ours.iter().map(|line| line.split(' ').next().unwrap());
    let labels: Vec<&str> = labels.collect();
    let expected: &[&str] = match version {
        ProtocolVersion::Tls12 => &["CLIENT_RANDOM"],
        ProtocolVersion::Tls13 => &[
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            "CLIENT_TRAFFIC_SECRET_0",
            "EXPORTER_SECRET",
            "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            "SERVER_TRAFFIC_SECRET_0",
        ],
    };
    assert_eq!(labels, expected);
}
