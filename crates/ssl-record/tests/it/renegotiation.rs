//! TLS 1.2: requests to renegotiate are refused with a warning and the connection goes on.

use ssl_record::record::ProtocolVersion::Tls12;
use ssl_record::{Error, Outcome, PeerFault, Received, Shutdown, SslMode, Want};

use crate::forge::{ALERT, DATA, Forged, HANDSHAKE};
use crate::pair::{Half, tls_error};

const WANT_READ: Outcome<Received> = Outcome::Want(Want::Read);
const HELLO_REQUEST: [u8; 4] = [0, 0, 0, 0];
/// The warning no_renegotiation.
const REFUSAL: (u8, u8) = (1, 100);

fn data(n: usize) -> Outcome<Received> {
    Outcome::Done(Received::Data(n))
}

fn read(half: &mut Half) -> Outcome<Received> {
    half.read(&mut [0; 10]).unwrap()
}

/// A ClientHello, as far as a server looks that refuses it anyway.
fn client_hello() -> Vec<u8> {
    [&[1, 0, 0, 38, 3, 3][..], &[7; 32], &[0, 0, 0, 0]].concat()
}

#[test]
fn r31_on_a_hello_request_is_refused_and_reading_goes_on() {
    let mut forged = Forged::established(Tls12);
    forged.send_to_client(HANDSHAKE, &HELLO_REQUEST);
    forged.send_to_client(DATA, b"abc");
    assert_eq!(read(&mut forged.pair.client), data(3));
    assert!(!forged.pair.client.connection.in_init());
    assert_eq!(forged.alerts_of_client(), [REFUSAL]);
}

#[test]
fn r31_off_the_refusal_interrupts_the_read() {
    let mut forged = Forged::established(Tls12);
    forged
        .pair
        .client
        .connection
        .clear_mode(SslMode::AUTO_RETRY);
    forged.send_to_client(HANDSHAKE, &HELLO_REQUEST);
    forged.send_to_client(DATA, b"abc");
    assert_eq!(read(&mut forged.pair.client), WANT_READ);
    assert_eq!(forged.pair.client.end.outgoing().counts().blocked_writes, 0);
    assert_eq!(forged.alerts_of_client(), [REFUSAL]);
    assert_eq!(read(&mut forged.pair.client), data(3));
}

#[test]
fn r12_r31_off_with_bytes_read_ahead_the_refusal_does_not_interrupt() {
    let mut forged = Forged::established(Tls12);
    let connection = &mut forged.pair.client.connection;
    connection.clear_mode(SslMode::AUTO_RETRY);
    connection.set_read_ahead(true);
    forged.send_to_client(HANDSHAKE, &HELLO_REQUEST);
    forged.send_to_client(DATA, b"abc");
    assert_eq!(read(&mut forged.pair.client), data(3));
    assert_eq!(forged.alerts_of_client(), [REFUSAL]);
}

#[test]
fn r31_r33_whoever_asked_treats_the_refusal_as_fatal() {
    // The client asks, the server refuses, and the refusal reaches the client.
    let mut forged = Forged::established(Tls12);
    forged.send_to_server(HANDSHAKE, &client_hello());
    assert_eq!(read(&mut forged.pair.server), WANT_READ);
    assert!(!forged.pair.server.connection.in_init());
    let error = tls_error(forged.pair.client.read(&mut [0; 10]));
    assert_eq!(error, Error::Peer(PeerFault::NoRenegotiation));
    assert_eq!(error.reason().unwrap().packed(), 0x0A00_0153);
    // The server asked.
    let mut forged = Forged::established(Tls12);
    forged.send_to_server(ALERT, &[1, 100]);
    let error = tls_error(forged.pair.server.read(&mut [0; 10]));
    assert_eq!(error, Error::Peer(PeerFault::NoRenegotiation));
}

#[test]
fn r33_a_refused_client_hello_does_not_end_the_data() {
    let mut forged = Forged::established(Tls12);
    forged.send_to_server(HANDSHAKE, &client_hello());
    forged.send_to_server(DATA, b"abc");
    assert_eq!(read(&mut forged.pair.server), data(3));
    let written = forged.pair.server.write(b"still here").unwrap();
    assert_eq!(written, Outcome::Done(10));
}

#[test]
fn r34_after_our_close_a_hello_request_is_dropped() {
    for auto_retry in [true, false] {
        let mut forged = Forged::established(Tls12);
        if !auto_retry {
            let connection = &mut forged.pair.client.connection;
            connection.clear_mode(SslMode::AUTO_RETRY);
        }
        let sent = forged.pair.client.shutdown().unwrap();
        assert_eq!(sent, Outcome::Done(Shutdown::Sent));
        forged.send_to_client(HANDSHAKE, &HELLO_REQUEST);
        forged.send_to_client(DATA, b"abc");
        if !auto_retry {
            assert_eq!(read(&mut forged.pair.client), WANT_READ);
        }
        assert!(!forged.pair.client.connection.in_init());
        assert_eq!(read(&mut forged.pair.client), data(3));
        assert_eq!(forged.alerts_of_client(), [(1, 0)]);
    }
}

#[test]
fn r56_a_blocked_refusal_is_a_want_to_write_and_the_repeated_read_completes_it() {
    for budget in [0, 1, 20] {
        let mut forged = Forged::established(Tls12);
        forged.send_to_client(HANDSHAKE, &HELLO_REQUEST);
        forged.send_to_client(DATA, b"abc");
        let link = forged.pair.client.end.outgoing();
        link.set_budget(Some(budget));
        for _ in 0..2 {
            let blocked = Outcome::Want(Want::Write);
            assert_eq!(read(&mut forged.pair.client), blocked, "budget {budget}");
        }
        link.set_budget(None);
        assert_eq!(read(&mut forged.pair.client), data(3));
        assert_eq!(forged.alerts_of_client(), [REFUSAL]);
    }
}

#[test]
fn r56_a_refusal_waits_for_a_pending_write() {
    let mut forged = Forged::established(Tls12);
    let link = forged.pair.client.end.outgoing();
    let sent = [9; 1000];
    link.set_budget(Some(100));
    let client = &mut forged.pair.client;
    assert_eq!(client.write(&sent).unwrap(), Outcome::Want(Want::Write));
    forged.send_to_client(HANDSHAKE, &HELLO_REQUEST);
    forged.send_to_client(DATA, b"abc");
    assert_eq!(read(&mut forged.pair.client), data(3));
    link.set_budget(None);
    let client = &mut forged.pair.client;
    assert_eq!(client.write(&sent).unwrap(), Outcome::Done(1000));
    let _ = client.write(b"more").unwrap();
    // The server did not ask, so to it the warning is fatal; the data before it arrives whole.
    let mut out = [0; 2000];
    assert_eq!(forged.pair.server.read(&mut out).unwrap(), data(1000));
    let error = tls_error(forged.pair.server.read(&mut out));
    assert_eq!(error, Error::Peer(PeerFault::NoRenegotiation));
}
