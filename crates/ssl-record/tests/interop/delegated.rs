//! Connections whose owner decides, with OpenSSL's programs at the other end.

use std::net::TcpStream;

use ssl_record::io::drive;
use ssl_record::record::AlertDescription;
use ssl_record::record::ProtocolVersion::{Tls12, Tls13};
use ssl_record::{ClientSession, Error, Outcome, Reason, Received, Shutdown};
use ssl_testkit::openssl::{self, Peer};
use ssl_testkit::process::Process;

use crate::matrix::{VERSIONS, only};
use crate::ours::{Listener, connect};
use crate::owner::{Half, client_plan, identity, tls};
use crate::peers::{has_openssl, talkative_client};

/// Reads what the server is told to say; behind its tickets.
fn expect(half: &mut Half<TcpStream>, peer: &mut Peer, text: &str) {
    peer.send(text.as_bytes()).unwrap();
    let mut out = [0; 100];
    let read = drive::read(&mut half.connection, &mut half.end, &mut out).unwrap();
    assert_eq!(read, Outcome::Done(Received::Data(text.len())));
    assert_eq!(&out[..text.len()], text.as_bytes());
}

#[test]
fn f4_to_f6_f9_the_fallback_signal_is_understood() {
    if !has_openssl() {
        return;
    }
    let files = identity().write_files().unwrap();
    let server = openssl::server(&files).commands().start().unwrap();
    let mut plan = client_plan(Tls12);
    plan.fallback_scsv = true;
    let mut fallen = Half::client(&plan, connect(server.addr()));
    let error = tls(fallen.handshake());
    assert_eq!(error, Error::AlertReceived(AlertDescription(86)));
    assert_eq!(error.reason(), Some(Reason(1086)));

    plan = client_plan(Tls13);
    (plan.fallback_scsv, plan.hello_time) = (true, true);
    let mut newest = Half::client(&plan, connect(server.addr()));
    assert_eq!(newest.handshake().unwrap(), Outcome::Done(()));

    let server = openssl::server(&files).tls1_2().start().unwrap();
    let mut plan = client_plan(Tls12);
    (plan.fallback_scsv, plan.hello_time) = (true, true);
    let mut equal = Half::client(&plan, connect(server.addr()));
    assert_eq!(equal.handshake().unwrap(), Outcome::Done(()));
}

#[test]
fn sessions_resume_from_their_parts() {
    if !has_openssl() {
        return;
    }
    let files = identity().write_files().unwrap();
    for version in VERSIONS {
        for arguments in [&[][..], &["-no_ticket"]] {
            let server = arguments.iter().fold(
                only(version, openssl::server(&files)).commands(),
                |server, argument| server.arg(argument),
            );
            let mut server = server.start().unwrap();
            let mut plan = client_plan(version);
            for round in 0..3 {
                let mut half = Half::client(&plan, connect(server.addr()));
                assert_eq!(half.handshake().unwrap(), Outcome::Done(()));
                expect(&mut half, &mut server, "hello\n");
                let resumed = half.connection.negotiated().unwrap().resumed;
                assert_eq!(resumed, round > 0, "{version} {arguments:?} {round}");
                if let Some(session) = half.connection.take_sessions().pop() {
                    let parts = session.parts();
                    plan.session = Some(ClientSession::from_parts(&parts).unwrap());
                }
                let closed = drive::shutdown(&mut half.connection, &mut half.end);
                assert_eq!(closed.unwrap(), Outcome::Done(Shutdown::Sent));
            }
        }
    }
}

#[test]
fn a_client_of_openssl_is_served() {
    if !has_openssl() {
        return;
    }
    for version in VERSIONS {
        let listener = Listener::new();
        let mut command = talkative_client(listener.addr(), version);
        let client = Process::spawn(&mut command).unwrap();
        let mut half = Half::server(listener.socket());
        assert_eq!(half.handshake().unwrap(), Outcome::Done(()));
        half.write(b"from the server");
        client.wait_for_stdout("from the server").unwrap();
    }
}
