//! ClientHellos of any bytes: every reader answers, and what it lends lies in the message.

use ssl_record::hello::{ClientHello, HelloFault};

/// What a server may answer a malformed ClientHello with: unexpected_message, illegal_parameter,
/// decode_error, protocol_version, unrecognized_name.
const ALERTS: [u8; 5] = [10, 47, 50, 70, 112];

/// Parses the bytes as a message and as a body.
pub fn run(bytes: &[u8]) {
    for hello in [ClientHello::parse_message(bytes), ClientHello::parse(bytes)] {
        if let Some(hello) = checked(hello) {
            read(bytes, &hello);
        }
    }
}

fn read<'a>(bytes: &'a [u8], hello: &ClientHello<'a>) {
    let inside = |part: &[u8]| {
        let (all, part) = (bytes.as_ptr_range(), part.as_ptr_range());
        assert!(part.is_empty() || (all.start <= part.start && part.end <= all.end));
    };
    inside(hello.session_id());
    inside(hello.cipher_suites_raw());
    inside(hello.compression_methods());
    let mut len = 0;
    for (kind, contents) in hello.extensions() {
        inside(contents);
        assert!(hello.extension(kind).is_some());
        len += 4 + contents.len();
    }
    assert_eq!(len, hello.extensions_raw().len(), "an extension was lost");
    assert_eq!(
        hello.check_cipher_suites().is_ok(),
        hello.cipher_suites().len() * 2 == hello.cipher_suites_raw().len()
            && hello.cipher_suites().len() > 0
    );
    let signals = [
        (hello.offers_fallback_scsv(), 0x5600),
        (hello.offers_renegotiation_scsv(), 0x00ff),
    ];
    for (offered, number) in signals {
        assert_eq!(offered, hello.cipher_suites().any(|suite| suite == number));
    }
    extensions(hello, inside);
}

fn extensions(hello: &ClientHello<'_>, inside: impl Fn(&[u8])) {
    if let Some(Some(name)) = checked(hello.server_name()) {
        assert!(name.len() <= 255 && !name.contains(&0));
        inside(name);
    }
    if let Some(Some(names)) = checked(hello.alpn_protocols()) {
        let len: usize = names.clone().map(|name| 1 + name.len()).sum();
        assert_eq!(len, names.as_bytes().len());
        assert!(names.clone().all(|name| !name.is_empty()));
        inside(names.as_bytes());
    }
    for numbers in [
        hello.supported_groups(),
        hello.signature_algorithms(),
        hello.signature_algorithms_cert(),
    ] {
        if let Some(Some(numbers)) = checked(numbers) {
            assert!(numbers.len() > 0);
        }
    }
    checked(hello.supported_versions());
    if let Some(Some(shares)) = checked(hello.key_shares()) {
        for (_, key) in shares {
            assert!(!key.is_empty());
            inside(key);
        }
    }
    if let Some(Some(status)) = checked(hello.status_request()) {
        inside(status.responder_ids);
        inside(status.request_extensions);
    }
    for bytes in [
        hello.psk_key_exchange_modes(),
        hello.ec_point_formats(),
        hello.renegotiation_info(),
    ] {
        if let Some(Some(bytes)) = checked(bytes) {
            inside(bytes);
        }
    }
    for flag in [
        hello.offers_early_data(),
        hello.offers_post_handshake_auth(),
        hello.offers_extended_master_secret(),
    ] {
        checked(flag);
    }
    checked(hello.max_fragment_length());
    assert_eq!(hello.offers_psk(), hello.extension(41).is_some());
    assert_eq!(hello.padding(), hello.extension(21).map(<[u8]>::len));
    assert_eq!(hello.session_ticket(), hello.extension(35));
}

fn checked<T>(result: Result<T, HelloFault>) -> Option<T> {
    result
        .inspect_err(|fault| assert!(ALERTS.contains(&fault.alert.0), "{fault}"))
        .ok()
}
