//! What OpenSSL writes, byte for byte; and what the decoder makes of anything else.

use super::*;

/// As OpenSSL 3.0 wrote a TLS 1.3 session with these fields.
const FULL: &str = "307e020101020203040402130104046162636404203031323334353637383961626364656630\
    313233343536373839616263646566a10602046553f100a20402021c20a4050403637478a503020101a60d040b65\
    78616d706c652e6f7267af0402024000b00404026832b104020200ffb209040761707064617461b303020100";

fn full() -> Encoded<'static> {
    Encoded {
        protocol_version: 0x304,
        suite: 0x1301,
        id: b"abcd",
        secret: b"0123456789abcdef0123456789abcdef",
        time: 1_700_000_000,
        timeout: 7200,
        context: b"ctx",
        verify_result: 1,
        host_name: Some(b"example.org"),
        max_early_data: 16384,
        alpn: Some(b"h2"),
        fragment_mode: 255,
        ticket_appdata: Some(b"appdata"),
        ..Encoded::default()
    }
}

/// Every field there is.
fn everything() -> Encoded<'static> {
    Encoded {
        peer: Some(&[0x30, 3, 2, 1, 5]),
        lifetime_hint: u64::MAX,
        ticket: Some(&[9; 300]),
        flags: 1,
        age_add: u32::MAX,
        group: 29,
        ..full()
    }
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .chars()
        .filter_map(|c| c.to_digit(16))
        .map(|digit| digit as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

#[test]
fn what_openssl_writes_is_read_and_written_alike() {
    let bytes = bytes_of(FULL);
    assert_eq!(full().to_der(), bytes);
    assert_eq!(Encoded::from_der(&bytes), Ok((full(), bytes.len())));
}

#[test]
fn an_empty_session_is_what_openssl_writes() {
    let session = Encoded {
        suite: 0x1301,
        time: 1_700_000_000,
        timeout: 304,
        verify_result: 1,
        fragment_mode: 255,
        ..Encoded::default()
    };
    let written = bytes_of(
        "30300201010201000402130104000400a10602046553f100a20402020130a4020400a503020101b104020200ffb303020100",
    );
    assert_eq!(session.to_der(), written);
    // It has no protocol version, so it cannot be read back: neither by OpenSSL.
    assert_eq!(
        Encoded::from_der(&written),
        Err(BadEncoding::ProtocolVersion)
    );
}

#[test]
fn every_field_survives() {
    let bytes = everything().to_der();
    assert_eq!(Encoded::from_der(&bytes), Ok((everything(), bytes.len())));
}

#[test]
fn bytes_behind_the_session_are_left() {
    let mut bytes = full().to_der();
    let length = bytes.len();
    bytes.extend_from_slice(b"more");
    assert_eq!(Encoded::from_der(&bytes), Ok((full(), length)));
}

#[test]
fn no_prefix_is_a_session() {
    let bytes = everything().to_der();
    for end in 0..bytes.len() {
        let cut = Encoded::from_der(&bytes[..end]);
        assert_eq!(cut, Err(BadEncoding::Malformed), "{end} bytes");
    }
}

#[test]
fn a_changed_byte_never_breaks_the_decoder_and_what_it_accepts_survives() {
    let bytes = everything().to_der();
    for at in 0..bytes.len() {
        for flip in [1, 0x20, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            if let Ok((session, _)) = Encoded::from_der(&changed) {
                let again = session.to_der();
                assert_eq!(Encoded::from_der(&again), Ok((session, again.len())));
            }
        }
    }
}

#[test]
fn each_refusal_names_its_reason() {
    let cases = [
        // As OpenSSL: the layout, then the protocol, then the suite.
        (
            "3013020102020203040402130104000400a4020400",
            BadEncoding::LayoutVersion,
        ),
        (
            "3013020101020201040402130104000400a4020400",
            BadEncoding::ProtocolVersion,
        ),
        (
            "30120201010202030404011304000400a4020400",
            BadEncoding::SuiteLength,
        ),
        // Tags out of order, twice, unknown.
        (
            "3018020101020203040402130104000400a4020400a103020101",
            BadEncoding::Malformed,
        ),
        (
            "3017020101020203040402130104000400a4020400a4020400",
            BadEncoding::Malformed,
        ),
        (
            "3019020101020203040402130104000400a4020400be0404020101",
            BadEncoding::Malformed,
        ),
        // Two values in one tag; a time that is no integer.
        (
            "3015020101020203040402130104000400a40404000400",
            BadEncoding::Malformed,
        ),
        (
            "3013020101020203040402130104000400a1020400",
            BadEncoding::Malformed,
        ),
    ];
    for (hex, reason) in cases {
        assert_eq!(Encoded::from_der(&bytes_of(hex)), Err(reason), "{hex}");
    }
}

#[test]
fn what_has_no_room_is_refused() {
    let long = [0; SECRET_MAX + 1];
    for session in [
        Encoded {
            id: &long[..33],
            ..full()
        },
        Encoded {
            context: &long[..33],
            ..full()
        },
        Encoded {
            secret: &long,
            ..full()
        },
    ] {
        assert_eq!(
            Encoded::from_der(&session.to_der()),
            Err(BadEncoding::TooLong)
        );
    }
    let most = Encoded {
        id: &long[..32],
        secret: &long[..512],
        ..full()
    };
    assert!(Encoded::from_der(&most.to_der()).is_ok());
}

#[test]
fn a_key_argument_of_old_is_skipped() {
    let bytes = full().to_der();
    let mut body = bytes[2..].to_vec();
    let fields = [3, 4, 4, 2 + full().id.len(), 2 + full().secret.len()];
    let at: usize = fields.iter().sum();
    assert_eq!(body[at], CONTEXT_CONSTRUCTED | 1);
    body.splice(at..at, [CONTEXT_PRIMITIVE, 2, 7, 7]);
    let mut longer = Vec::new();
    der::write(&mut longer, SEQUENCE, &body);
    assert_eq!(Encoded::from_der(&longer), Ok((full(), longer.len())));
}
