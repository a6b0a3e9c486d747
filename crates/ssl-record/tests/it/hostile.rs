//! Protected records that break RFC 8446 or RFC 5246: each has its error and its alert.

use ssl_record::record::ProtocolVersion::{Tls12, Tls13};
use ssl_record::{Error, Outcome, PeerFault, Received};

use crate::forge::{ALERT, CHANGE_CIPHER_SPEC, DATA, Forged, HANDSHAKE, KEY_UPDATE, ticket};
use crate::pair::tls_error;

const UNEXPECTED_MESSAGE: u8 = 10;
const RECORD_OVERFLOW: u8 = 22;
const ILLEGAL_PARAMETER: u8 = 47;
const DECODE_ERROR: u8 = 50;
const PROTOCOL_VERSION: u8 = 70;

/// The client must fail with this fault and send this alert.
#[track_caller]
fn refused(mut forged: Forged, fault: PeerFault, alert: u8) {
    let client = &mut forged.pair.client;
    let error = loop {
        match client.read(&mut [0; 100]) {
            Ok(Outcome::Done(Received::Data(_))) => {}
            other => break tls_error(other),
        }
    };
    assert_eq!(error, Error::Peer(fault));
    assert_eq!(forged.alerts_of_client(), [(2, alert)]);
}

#[test]
fn tls13_inner_content_types_other_than_three_are_refused() {
    for inner in [CHANGE_CIPHER_SPEC, 24, 1, 99, 255] {
        let mut forged = Forged::established(Tls13);
        forged.send_to_client(inner, b"\x01");
        let fault = PeerFault::BadRecordType(inner);
        refused(forged, fault, UNEXPECTED_MESSAGE);
    }
}

#[test]
fn tls13_records_without_content_are_refused() {
    for inner in [&[][..], &[0], &[0; 300], &[HANDSHAKE], &[ALERT, 0, 0]] {
        let mut forged = Forged::established(Tls13);
        forged.send_inner_to_client(inner);
        refused(forged, PeerFault::EmptyRecord, UNEXPECTED_MESSAGE);
    }
}

#[test]
fn tls13_outer_content_types_other_than_data_are_refused() {
    for outer in [CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE] {
        let mut forged = Forged::established(Tls13);
        let record = forged.server.seal_inner(outer, b"abc\x17");
        forged.pair.client.end.incoming().push_raw(&record);
        let fault = PeerFault::BadRecordType(outer);
        refused(forged, fault, UNEXPECTED_MESSAGE);
    }
}

#[test]
fn faulty_headers_are_refused_before_the_body_arrives() {
    for version in [Tls12, Tls13] {
        for (header, fault, alert) in [
            (
                [24, 3, 3, 0, 40],
                PeerFault::UnknownContentType(24),
                UNEXPECTED_MESSAGE,
            ),
            (
                [23, 2, 3, 0, 40],
                PeerFault::WrongRecordVersion(0x0203),
                PROTOCOL_VERSION,
            ),
            (
                [23, 3, 3, 255, 255],
                PeerFault::RecordOverflow(0xffff),
                RECORD_OVERFLOW,
            ),
        ] {
            let forged = Forged::established(version);
            forged.pair.client.end.incoming().push_raw(&header);
            refused(forged, fault, alert);
        }
    }
}

#[test]
fn another_record_version_is_refused() {
    for version in [Tls12, Tls13] {
        for minor in [1, 4] {
            let mut forged = Forged::established(version);
            let mut record = forged.server.seal(DATA, b"abc");
            record[2] = minor;
            forged.pair.client.end.incoming().push_raw(&record);
            let fault = PeerFault::WrongRecordVersion(0x0300 + u16::from(minor));
            refused(forged, fault, PROTOCOL_VERSION);
        }
    }
}

#[test]
fn tls13_oversized_records_are_refused() {
    // An inner plaintext one byte too long, all padding but one byte.
    let mut forged = Forged::established(Tls13);
    forged.send_inner_to_client(&[&b"a\x17"[..], &[0; 16_384]].concat());
    refused(forged, PeerFault::RecordOverflow(16_386), RECORD_OVERFLOW);
    // A record beyond 2^14 + 256, not even opened.
    let mut forged = Forged::established(Tls13);
    forged.send_inner_to_client(&[7; 16_384 + 256]);
    refused(forged, PeerFault::RecordOverflow(16_656), RECORD_OVERFLOW);
}

#[test]
fn tls13_a_message_interrupted_by_another_content_type_is_refused() {
    for content_type in [DATA, ALERT] {
        let mut forged = Forged::established(Tls13);
        forged.send_to_client(HANDSHAKE, &ticket(1)[..10]);
        forged.send_to_client(content_type, &[1, 0]);
        refused(forged, PeerFault::InterruptedMessage, UNEXPECTED_MESSAGE);
    }
}

#[test]
fn tls13_a_key_update_must_end_its_record() {
    for after in [&KEY_UPDATE[..], &ticket(1), &[4]] {
        let mut forged = Forged::established(Tls13);
        forged.send_to_client(HANDSHAKE, &[&KEY_UPDATE[..], after].concat());
        refused(forged, PeerFault::NotOnRecordBoundary, UNEXPECTED_MESSAGE);
    }
    // Behind another message, at the end, it is fine.
    let mut forged = Forged::established(Tls13);
    forged.send_to_client(HANDSHAKE, &[&ticket(1)[..], &KEY_UPDATE].concat());
    forged.server.update();
    forged.send_to_client(DATA, b"abc");
    let read = forged.pair.client.read(&mut [0; 9]).unwrap();
    assert_eq!(read, Outcome::Done(Received::Data(3)));
}

#[test]
fn tls13_malformed_key_updates_are_refused() {
    for malformed in [
        &[24, 0, 0, 1, 2][..],
        &[24, 0, 0, 1, 255],
        &[24, 0, 0, 0],
        &[24, 0, 0, 2, 0, 0],
    ] {
        let mut forged = Forged::established(Tls13);
        forged.send_to_client(HANDSHAKE, malformed);
        refused(forged, PeerFault::BadKeyUpdate, ILLEGAL_PARAMETER);
    }
}

#[test]
fn tls13_old_keys_are_not_accepted_after_a_key_update() {
    let mut forged = Forged::established(Tls13);
    forged.send_to_client(HANDSHAKE, &KEY_UPDATE);
    forged.send_to_client(DATA, b"abc");
    refused(forged, PeerFault::BadRecordMac, 20);
}

#[test]
fn tls13_malformed_tickets_are_refused() {
    for body in [&[][..], &[0; 4], &ticket(1)[4..14]] {
        let mut forged = Forged::established(Tls13);
        let message = [&[4, 0, 0, body.len() as u8][..], body].concat();
        forged.send_to_client(HANDSHAKE, &message);
        refused(forged, PeerFault::BadTicket, DECODE_ERROR);
    }
}

#[test]
fn messages_that_have_no_place_after_the_handshake_are_refused() {
    // HelloRequest, ClientHello, ServerHello, EndOfEarlyData, Certificate, CertificateRequest, unknown.
    for kind in [0, 1, 2, 5, 11, 13, 14, 20, 99] {
        let mut forged = Forged::established(Tls13);
        forged.send_to_client(HANDSHAKE, &[kind, 0, 0, 0]);
        let fault = PeerFault::UnexpectedMessage(kind);
        refused(forged, fault, UNEXPECTED_MESSAGE);
    }
    for kind in [1, 2, 4, 11, 20, 24] {
        let mut forged = Forged::established(Tls12);
        forged.send_to_client(HANDSHAKE, &[kind, 0, 0, 0]);
        let fault = PeerFault::UnexpectedMessage(kind);
        refused(forged, fault, UNEXPECTED_MESSAGE);
    }
}

#[test]
fn a_server_takes_no_tickets_and_no_hello_requests() {
    for (version, message) in [
        (Tls13, ticket(1)),
        (Tls12, ticket(1)),
        (Tls12, vec![0; 4]),
        (Tls13, vec![1, 0, 0, 0]),
    ] {
        let mut forged = Forged::established(version);
        forged.send_to_server(HANDSHAKE, &message);
        let error = tls_error(forged.pair.server.read(&mut [0; 9]));
        let fault = PeerFault::UnexpectedMessage(message[0]);
        assert_eq!(error, Error::Peer(fault));
    }
}

#[test]
fn a_message_too_long_is_refused_before_it_arrives() {
    for version in [Tls12, Tls13] {
        let mut forged = Forged::established(version);
        forged.send_to_client(HANDSHAKE, &[4, 2, 4, 1]);
        let fault = PeerFault::MessageTooLong(0x02_0401);
        refused(forged, fault, ILLEGAL_PARAMETER);
    }
}

#[test]
fn tls13_a_long_ticket_over_many_records_is_taken() {
    // The ticket's length is 16-bit: the longest message spans five records.
    let ticket_len = 65_535_u16;
    let mut body = vec![0, 0, 0x0e, 0x10, 1, 2, 3, 4, 1, 9];
    body.extend_from_slice(&ticket_len.to_be_bytes());
    body.resize(body.len() + usize::from(ticket_len), 7);
    body.extend_from_slice(&[0, 0]);
    let len = (body.len() as u32).to_be_bytes();
    let message = [&[4][..], &len[1..], &body].concat();
    let mut forged = Forged::established(Tls13);
    for fragment in message.chunks(16_384) {
        forged.send_to_client(HANDSHAKE, fragment);
    }
    forged.send_to_client(DATA, b"abc");
    let read = forged.pair.client.read(&mut [0; 9]).unwrap();
    assert_eq!(read, Outcome::Done(Received::Data(3)));
}

#[test]
fn tls12_a_change_cipher_spec_after_the_handshake_is_refused() {
    let mut forged = Forged::established(Tls12);
    forged.send_to_client(CHANGE_CIPHER_SPEC, &[1]);
    let fault = PeerFault::BadRecordType(CHANGE_CIPHER_SPEC);
    refused(forged, fault, UNEXPECTED_MESSAGE);
}

#[test]
fn w57_post_handshake_authentication_is_refused_and_never_meets_a_pending_record() {
    const CERTIFICATE_REQUEST: [u8; 7] = [13, 0, 0, 3, 0, 0, 0];
    let mut forged = Forged::established(Tls13);
    let link = forged.pair.client.end.outgoing();
    link.set_budget(Some(10));
    let data = [7; 1000];
    let blocked = forged.pair.client.write(&data).unwrap();
    assert_eq!(blocked, Outcome::Want(ssl_record::Want::Write));
    link.set_budget(None);
    forged.send_to_client(HANDSHAKE, &CERTIFICATE_REQUEST);
    let error = tls_error(forged.pair.client.read(&mut [0; 100]));
    assert_eq!(error, Error::Peer(PeerFault::UnexpectedMessage(13)));
    // An alert now would be read as the rest of the record: nothing may follow the ten bytes.
    assert_eq!(link.take_raw().len(), 10);
}
