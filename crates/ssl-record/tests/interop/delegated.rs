//! Connections whose owner decides, with OpenSSL's programs at the other end.

use std::net::TcpStream;

use ssl_record::io::drive;
use ssl_record::record::AlertDescription;
use ssl_record::record::ProtocolVersion::{Tls12, Tls13};
use ssl_record::{ClientSession, Error, MessageTap, Outcome, Reason, Received, Shutdown};
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
fn f4_f5_f6_f9_the_fallback_signal_is_understood() {
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

/// OpenSSL puts each message in a record of its own and asks before it shows itself.
#[test]
fn the_server_is_judged_before_our_certificate_is_asked_for() {
    if !has_openssl() {
        return;
    }
    let files = identity().write_files().unwrap();
    for version in VERSIONS {
        for tap in [MessageTap::Off, MessageTap::Messages] {
            let server = only(version, openssl::server(&files)).commands();
            let server = server.arg("-verify").arg("1");
            let server = server.start().unwrap();
            let mut half = Half::client(&client_plan(version), connect(server.addr()));
            half.connection.set_message_tap(tap);
            assert_eq!(half.handshake().unwrap(), Outcome::Done(()));
            assert_eq!(
                half.owner.asked,
                ["PeerCertificate", "ClientCertificate", "Sign"]
            );
            assert_finished(&mut half, tap != MessageTap::Off);
        }
    }
}

/// The Finished messages that passed are the ones that the connection knows.
fn assert_finished(half: &mut Half<TcpStream>, is_tapped: bool) {
    let messages = half.connection.take_messages();
    let passed = |outgoing| {
        let mut finished = messages
            .iter()
            .filter(|it| it.content_type == 22 && it.bytes[0] == 20 && it.outgoing == outgoing);
        finished.next().map(|message| &message.bytes[4..])
    };
    let (local, peer) = half.connection.finished().unwrap();
    assert_eq!(passed(true), is_tapped.then_some(local));
    assert_eq!(passed(false), is_tapped.then_some(peer));
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
