//! Tests of `protect`: layouts, additional data, padding, and what a forger can try.

use super::*;

const SUITES: [(ProtocolVersion, Algorithm); 6] = [
    (ProtocolVersion::Tls13, Algorithm::Aes128Gcm),
    (ProtocolVersion::Tls13, Algorithm::Aes256Gcm),
    (ProtocolVersion::Tls13, Algorithm::ChaCha20Poly1305),
    (ProtocolVersion::Tls12, Algorithm::Aes128Gcm),
    (ProtocolVersion::Tls12, Algorithm::Aes256Gcm),
    (ProtocolVersion::Tls12, Algorithm::ChaCha20Poly1305),
];

fn key(version: ProtocolVersion, algorithm: Algorithm) -> RecordKey {
    let material = KeyMaterial::new(&[3; 32][..algorithm.key_len()], &[4; NONCE_LEN]).unwrap();
    RecordKey::new(version, algorithm, &material).unwrap()
}

fn sealed(
    key: &RecordKey,
    number: u64,
    content_type: ContentType,
    fragment: &[u8],
    padding: usize,
) -> Vec<u8> {
    let mut out = vec![0; fragment.len() + padding + 64];
    let len = key
        .seal(number, content_type, fragment, padding, &mut out)
        .unwrap();
    out.truncate(len);
    out
}

fn open(
    key: &RecordKey,
    number: u64,
    record: &mut [u8],
) -> Result<(ContentType, Vec<u8>), PeerFault> {
    let (header, body) = record.split_at_mut(HEADER_LEN);
    let header = RecordHeader::decode((&*header).try_into().unwrap())?;
    let opened = key.open(number, header, body)?;
    Ok((
        opened.content_type,
        body[opened.start..][..opened.len].to_vec(),
    ))
}

#[test]
fn w34_overhead_is_the_suites() {
    for (version, algorithm) in SUITES {
        let expected = match (version, algorithm) {
            (ProtocolVersion::Tls13, _) => 5 + 1 + 16,
            (_, Algorithm::ChaCha20Poly1305) => 5 + 16,
            _ => 5 + 8 + 16,
        };
        let key = key(version, algorithm);
        for len in [0, 1, 1000, MAX_FRAGMENT] {
            let record = sealed(&key, 9, ContentType::ApplicationData, &vec![1; len], 0);
            assert_eq!(record.len(), len + expected);
            assert_eq!(key.layout.overhead(), expected);
        }
    }
}

#[test]
fn every_suite_opens_what_it_seals() {
    for (version, algorithm) in SUITES {
        let key = key(version, algorithm);
        for content_type in [
            ContentType::Alert,
            ContentType::Handshake,
            ContentType::ApplicationData,
        ] {
            let mut record = sealed(&key, 3, content_type, b"fragment", 0);
            assert_eq!(
                open(&key, 3, &mut record),
                Ok((content_type, b"fragment".to_vec()))
            );
        }
    }
}

#[test]
fn r25_no_changed_bit_survives() {
    for (version, algorithm) in SUITES {
        let key = key(version, algorithm);
        let record = sealed(&key, 3, ContentType::ApplicationData, b"fragment", 0);
        for bit in 0..record.len() * 8 {
            let mut forged = record.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            if forged[3..5] != record[3..5] {
                continue; // another length: not this record any more
            }
            assert!(
                open(&key, 3, &mut forged).is_err(),
                "{version} {algorithm:?} bit {bit}"
            );
        }
        assert_eq!(
            open(&key, 4, &mut record.clone()),
            Err(PeerFault::BadRecordMac)
        );
    }
}

#[test]
fn w34_padding_is_added_in_tls13_only_and_stripped() {
    for (version, algorithm) in SUITES {
        let key = key(version, algorithm);
        let mut record = sealed(
            &key,
            3,
            ContentType::ApplicationData,
            b"ends in zero\0\0",
            100,
        );
        let padded = if version == ProtocolVersion::Tls13 {
            100
        } else {
            0
        };
        assert_eq!(record.len(), key.layout.overhead() + 14 + padded);
        let (_, fragment) = open(&key, 3, &mut record).unwrap();
        assert_eq!(fragment, b"ends in zero\0\0");
    }
}

#[test]
fn a_tls13_record_of_zeros_has_no_content_type() {
    let key = key(ProtocolVersion::Tls13, Algorithm::Aes128Gcm);
    // The smallest way to make one: a record whose content type byte is itself zero.
    let mut body = [0; 36];
    let zeros = Plain {
        fragment: &[0; 20],
        content_type: None,
        padding: 0,
    };
    let header = RecordHeader {
        content_type: ContentType::ApplicationData,
        version: 0x0303,
        len: 36,
    };
    key.aead
        .seal(key.nonce(0), &header.encode(), zeros, &mut body)
        .unwrap();
    assert_eq!(key.open(0, header, &mut body), Err(PeerFault::EmptyRecord));
}

#[test]
fn r26_only_application_data_may_stand_outside_in_tls13() {
    let key = key(ProtocolVersion::Tls13, Algorithm::Aes128Gcm);
    for outer in [
        ContentType::ChangeCipherSpec,
        ContentType::Alert,
        ContentType::Handshake,
    ] {
        let mut record = sealed(&key, 0, ContentType::Handshake, b"x", 0);
        record[0] = outer.wire();
        assert_eq!(
            open(&key, 0, &mut record),
            Err(PeerFault::BadRecordType(outer.wire()))
        );
    }
}

#[test]
fn the_record_version_is_checked_exactly() {
    for (version, algorithm) in SUITES {
        let key = key(version, algorithm);
        let mut record = sealed(&key, 0, ContentType::ApplicationData, b"x", 0);
        record[2] = 1;
        assert_eq!(
            open(&key, 0, &mut record),
            Err(PeerFault::WrongRecordVersion(0x0301))
        );
    }
}

#[test]
fn a_fragment_beyond_the_limit_is_refused_after_opening() {
    for (version, algorithm) in SUITES {
        let key = key(version, algorithm);
        let mut record = sealed(
            &key,
            0,
            ContentType::ApplicationData,
            &vec![1; MAX_FRAGMENT + 1],
            0,
        );
        assert!(matches!(
            open(&key, 0, &mut record),
            Err(PeerFault::RecordOverflow(_))
        ));
    }
}

#[test]
fn an_empty_protected_alert_or_message_is_refused_in_tls13() {
    let key = key(ProtocolVersion::Tls13, Algorithm::Aes128Gcm);
    for content_type in [ContentType::Alert, ContentType::Handshake] {
        let mut record = sealed(&key, 0, content_type, b"", 0);
        assert_eq!(open(&key, 0, &mut record), Err(PeerFault::EmptyRecord));
    }
}

#[test]
fn a_tls12_body_shorter_than_its_overhead_is_refused() {
    let key = key(ProtocolVersion::Tls12, Algorithm::Aes128Gcm);
    for len in 0..EXPLICIT_NONCE_LEN + TAG_LEN {
        let header = RecordHeader {
            content_type: ContentType::ApplicationData,
            version: 0x0303,
            len: len as u16,
        };
        assert_eq!(
            key.open(0, header, &mut vec![0; len]),
            Err(PeerFault::BadRecordMac)
        );
    }
}
