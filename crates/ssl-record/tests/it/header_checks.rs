//! Record headers while the handshake runs, where rustls alone accepts too much.

use ssl_record::record::ProtocolVersion::{self, Tls12, Tls13};
use ssl_record::{Error, Outcome, PeerFault, Want};
use ssl_testkit::wire::{self, APPLICATION_DATA, HANDSHAKE, WireRecord};

use crate::pair::{Half, Pair, contexts, tls_error};

const VERSIONS: [ProtocolVersion; 2] = [Tls12, Tls13];

/// A pair amid the handshake: the server's first flight is taken off the wire.
fn server_flight(version: ProtocolVersion) -> (Pair, Vec<WireRecord>) {
    let (client, server) = contexts(version);
    let mut pair = Pair::fresh(&client, &server);
    let _ = pair.client.handshake().unwrap();
    let _ = pair.server.handshake().unwrap();
    let records = wire::records(&pair.client.end.incoming().take_raw());
    (pair, records)
}

fn push(half: &Half, records: &[WireRecord]) {
    let link = half.end.incoming();
    records
        .iter()
        .for_each(|record| link.push_raw(&record.encode()));
}

#[test]
fn a_protected_handshake_record_with_its_outer_type_changed_is_refused() {
    // The header is authenticated, but rustls opens the record with the header it expects.
    let (pair, records) = server_flight(Tls13);
    let protected = |record: &WireRecord| record.content_type == APPLICATION_DATA;
    let count = records.iter().filter(|record| protected(record)).count();
    drop(pair);
    for changed in 0..count {
        let (mut pair, mut records) = server_flight(Tls13);
        let record = records
            .iter_mut()
            .filter(|record| protected(record))
            .nth(changed);
        record.unwrap().content_type = HANDSHAKE;
        push(&pair.client, &records);
        let error = tls_error(pair.client.handshake());
        let fault = PeerFault::BadRecordType(HANDSHAKE);
        assert_eq!(error, Error::Peer(fault), "protected record {changed}");
    }
    assert!(count > 0);
}

#[test]
fn the_clients_last_flight_is_checked_too() {
    let (mut pair, records) = server_flight(Tls13);
    push(&pair.client, &records);
    let _ = pair.client.handshake().unwrap();
    let mut records = wire::records(&pair.server.end.incoming().take_raw());
    records.last_mut().unwrap().content_type = HANDSHAKE;
    push(&pair.server, &records);
    let error = tls_error(pair.server.handshake());
    let fault = PeerFault::BadRecordType(HANDSHAKE);
    assert_eq!(error, Error::Peer(fault));
}

#[test]
fn a_protected_handshake_record_with_its_version_changed_is_refused() {
    for version in VERSIONS {
        for minor in [1, 4, 77] {
            let (mut pair, mut records) = server_flight(version);
            if version == Tls12 {
                // Nothing is protected yet; the version is settled once the ServerHello was read.
                assert!(records.len() > 1 || records[0].len() > 100);
                push(&pair.client, &records);
                let _ = pair.client.handshake().unwrap();
                records = wire::records(&pair.server.end.incoming().take_raw());
                records.last_mut().unwrap().version = 0x0300 + minor;
                push(&pair.server, &records);
                let error = tls_error(pair.server.handshake());
                let fault = PeerFault::WrongRecordVersion(0x0300 + minor);
                assert_eq!(error, Error::Peer(fault));
            } else {
                records.last_mut().unwrap().version = 0x0300 + minor;
                push(&pair.client, &records);
                let error = tls_error(pair.client.handshake());
                let fault = PeerFault::WrongRecordVersion(0x0300 + minor);
                assert_eq!(error, Error::Peer(fault));
            }
        }
    }
}

#[test]
fn a_fault_before_the_answer_to_the_hello_gets_an_alert_in_the_clear() {
    for version in VERSIONS {
        let (client, server) = contexts(version);
        for (bytes, fault, alert) in [
            (&[77, 3, 1, 0, 9], PeerFault::UnexpectedMessage(0), 10),
            (
                &[22, 3, 1, 0xff, 0xff],
                PeerFault::PacketTooLong(0xffff),
                22,
            ),
        ] {
            let mut pair = Pair::fresh(&client, &server);
            pair.server.end.incoming().push_raw(bytes);
            let error = tls_error(pair.server.handshake());
            assert_eq!(error, Error::Peer(fault));
            let records = wire::records(&pair.server.end.outgoing().wire());
            assert_eq!(records, [WireRecord::new(21, 0x0303, &[2, alert])]);
            let told = tls_error(pair.client.handshake());
            assert!(matches!(told, Error::AlertReceived(_)), "{told}");
        }
    }
}

#[test]
fn who_does_not_speak_tls_gets_no_alert() {
    for version in VERSIONS {
        let (client, server) = contexts(version);
        for bytes in [&b"SSH-2.0-x\r\n"[..], &[22, 2, 0, 0, 9]] {
            let mut pair = Pair::fresh(&client, &server);
            pair.server.end.incoming().push_raw(bytes);
            let error = tls_error(pair.server.handshake());
            assert_eq!(error, Error::Peer(PeerFault::NotTls));
            assert!(pair.server.end.outgoing().wire().is_empty());
        }
    }
}

#[test]
fn a_client_hello_in_many_records_is_put_together() {
    for version in VERSIONS {
        for size in [1, 2, 5, 60] {
            let (client, server) = contexts(version);
            let mut pair = Pair::fresh(&client, &server);
            let _ = pair.client.handshake().unwrap();
            let link = pair.server.end.incoming();
            let [hello] = &wire::records(&link.take_raw())[..] else {
                panic!("the ClientHello is one record");
            };
            for fragment in hello.body.chunks(size) {
                link.push_raw(&WireRecord::new(HANDSHAKE, 0x0301, fragment).encode());
                // The header of each record may also arrive alone.
                let _ = pair.server.handshake().unwrap();
            }
            pair.handshake();
            let _ = pair.client.write(b"ping").unwrap();
            assert_eq!(pair.server.read_all().unwrap(), b"ping");
        }
    }
}

#[test]
fn a_client_hello_that_never_ends_is_refused_early() {
    for version in VERSIONS {
        let (client, server) = contexts(version);
        let mut pair = Pair::fresh(&client, &server);
        let link = pair.server.end.incoming();
        link.push_raw(&WireRecord::new(HANDSHAKE, 0x0301, &[1, 0xff, 0xff, 0xff]).encode());
        let mut sent = 0;
        let error = loop {
            match pair.server.handshake() {
                Ok(Outcome::Want(Want::Read)) => {}
                other => break tls_error(other),
            }
            assert!(sent < 1 << 20, "a megabyte was taken for one message");
            link.push_raw(&WireRecord::new(HANDSHAKE, 0x0301, &[7; 16_384]).encode());
            sent += 16_384;
        };
        assert!(error.is_final());
    }
}

#[test]
fn garbage_in_a_well_formed_record_is_answered_with_an_alert() {
    for version in VERSIONS {
        for body in [
            &[1, 0, 0, 2, 3, 3][..],
            &[2, 0, 0, 2, 3, 3],
            &[0, 0, 0, 0],
            &[99, 0, 0, 1, 7],
            &[1, 0, 0, 0],
        ] {
            let (client, server) = contexts(version);
            let mut pair = Pair::fresh(&client, &server);
            let _ = pair.client.handshake().unwrap();
            let link = pair.server.end.incoming();
            link.take_raw();
            link.push_raw(&WireRecord::new(HANDSHAKE, 0x0301, body).encode());
            let error = tls_error(pair.server.handshake());
            assert!(error.is_final(), "{body:?}");
            let told = tls_error(pair.client.handshake());
            assert!(matches!(told, Error::AlertReceived(_)), "{told}");
        }
    }
}

#[test]
fn application_data_before_the_handshake_ends_is_refused() {
    for version in VERSIONS {
        let (client, server) = contexts(version);
        let mut pair = Pair::fresh(&client, &server);
        let data = WireRecord::new(APPLICATION_DATA, 0x0303, b"too early");
        push(&pair.server, &[data]);
        let error = tls_error(pair.server.handshake());
        assert!(error.is_final(), "{error}");
    }
}

#[test]
fn a_flipped_bit_in_the_protected_flight_is_found() {
    // Counted from the end for the last: the flight's length varies with the signature in it.
    for (byte, from_end) in [(0, false), (7, false), (1, true)] {
        let (mut pair, mut records) = server_flight(Tls13);
        let body = &mut records.last_mut().unwrap().body;
        let byte = if from_end { body.len() - byte } else { byte };
        body[byte] ^= 1;
        push(&pair.client, &records);
        let error = tls_error(pair.client.handshake());
        assert_eq!(error, Error::Peer(PeerFault::BadRecordMac));
        let told = tls_error(pair.server.handshake());
        assert!(matches!(told, Error::AlertReceived(_)), "{told}");
    }
}

#[test]
fn r58_change_cipher_spec_records_are_limited() {
    let (client, server) = contexts(Tls13);
    let mut pair = Pair::fresh(&client, &server);
    let _ = pair.client.handshake().unwrap();
    let link = pair.server.end.incoming();
    let _ = pair.server.handshake().unwrap();
    let mut taken = 0;
    let error = loop {
        link.push_raw(&WireRecord::new(20, 0x0303, &[1]).encode());
        match pair.server.handshake() {
            Ok(_) => taken += 1,
            failed => break tls_error(failed),
        }
        assert!(taken <= 32);
    };
    assert!(error.is_final());
    assert!(taken >= 1, "one is legal (RFC 8446 appendix D.4)");
}
