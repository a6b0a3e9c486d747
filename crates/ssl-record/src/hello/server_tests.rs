//! Answers of OpenSSL, as captured, and what must not pass for one.

use super::*;
use crate::record::HeaderFault;

/// A HelloRetryRequest that asks for X25519, and a change_cipher_spec: `openssl s_server` asked for
/// TLS 1.3 with no key share, OpenSSL 3.0.
const RETRY: &str = "\
    1603030058020000540303cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c203d342513\
    69a057b876074e3103dca3186d4409c0a8abcc72c3ce3886a57e6ca0130100000c002b0002030400330002001d140303\
    000101";

/// A whole flight of TLS 1.2, ECDHE-ECDSA in X25519: `openssl s_server -tls1_2`, OpenSSL 3.0.
const FLIGHT: &str = "\
    160303005402000050030354b0d5c1e14579f87562326a992f74afd89af4f62eb53747c7085b709f58aa5620d9ca3e28\
    44befae1c9ac720684e2435912bf6ab0f6978d7d6f9d2fb85eff1927c02b000008000b000403000102160303017c0b00\
    01780001750001723082016e30820113a0030201020214259b371a9485ae88ff5f2dfc2ae862b655fbde15300a06082a\
    8648ce3d040302300c310a300806035504030c0174301e170d3236313132353035323830325a170d3236313232353035\
    323830325a300c310a300806035504030c01743059301306072a8648ce3d020106082a8648ce3d030107034200041345\
    5468d2eaa739b836f1f0bd31939a9f0c2134a8806c5c4c6e42e683a727d3c401d893f4de9ac01d1f6e3f16a1a659d947\
    c64ed22d640a6f07d5ecc60e12cca3533051301d0603551d0e041604142a89cbad526f58ab36a266d9b65fd28ec6bee1\
    c7301f0603551d230418301680142a89cbad526f58ab36a266d9b65fd28ec6bee1c7300f0603551d130101ff04053003\
    0101ff300a06082a8648ce3d040302034900304602210091dfb3399ebb3046aae525286b00004dd136f4c2808b1527db\
    db2cef57127f56022100bb9549a8c5c84401ba7e0861e5fdb9504a07128745c258825302d76ce4ffe11116030300730c\
    00006f03001d20bc5566c38583b00747da4130c76236981ba7747957688316755d55287a202d3a04030047304502203d\
    a2f791e7b7bf31165bc2f725070fb0acc4edbe2c5bdc07c76e6893fe18f180022100b708101ed760051c4bad394ae924\
    d45070ce098b45157e6ba25ae7d0a339dbef16030300040e000000";

/// To a TLS 1.2 hello with 0x5600, of a server that knows TLS 1.3.
const FALLBACK_REFUSED: [u8; 7] = [21, 3, 3, 0, 2, 2, 86];

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
        .collect()
}

fn received(bytes: &[u8]) -> ServerFlight {
    let mut flight = ServerFlight::default();
    flight.receive(bytes).unwrap();
    flight
}

fn alert<T: core::fmt::Debug>(result: Result<T, HelloFault>) -> u8 {
    result.unwrap_err().alert.0
}

/// The body of a ServerHello with these extensions, type and contents.
fn with(random: &[u8; 32], extensions: &[(u16, &[u8])]) -> Vec<u8> {
    let mut list = Vec::new();
    for (kind, contents) in extensions {
        list.extend(kind.to_be_bytes());
        list.extend(u16::try_from(contents.len()).unwrap().to_be_bytes());
        list.extend(*contents);
    }
    let mut body = vec![3, 3];
    body.extend(random);
    body.extend([0, 0x13, 1, 0]);
    body.extend(u16::try_from(list.len()).unwrap().to_be_bytes());
    body.extend(list);
    body
}

#[test]
fn a_retry_request_names_suite_and_group() {
    let flight = received(&unhex(RETRY));
    assert_eq!(flight.state(), FlightState::Complete);
    let hello = flight.server_hello().unwrap().unwrap();
    assert!(hello.is_retry_request());
    assert_eq!(hello.legacy_version(), 0x0303);
    assert_eq!(hello.selected_version(), Ok(0x0304));
    assert_eq!(hello.cipher_suite(), 0x1301);
    assert_eq!(hello.selected_group(), Ok(Some(29)));
    assert_eq!(hello.session_id().len(), 32);
    assert_eq!(hello.compression_method(), 0);
    let kinds: Vec<u16> = hello.extensions().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [43, 51]);
}

#[test]
fn a_flight_of_tls12_reads_back_in_pieces_of_any_size() {
    let bytes = unhex(FLIGHT);
    for piece in [1, 2, 4, 5, 6, 88, 89, 90, 512, bytes.len()] {
        let mut flight = ServerFlight::default();
        for piece in bytes.chunks(piece) {
            assert_eq!(flight.state(), FlightState::Open);
            flight.receive(piece).unwrap();
        }
        assert_eq!(flight.state(), FlightState::Complete);
        let sizes = RecordSizes {
            records: 4,
            bytes: bytes.len(),
            largest: 0x17c,
        };
        assert_eq!(flight.sizes(), sizes);
        let kinds: Vec<u8> = flight.messages().map(|message| message.kind).collect();
        assert_eq!(kinds, [2, 11, 12, 14]);
        let hello = flight.server_hello().unwrap().unwrap();
        assert_eq!(hello.selected_version(), Ok(0x0303));
        assert_eq!(hello.cipher_suite(), 0xc02b);
        assert_eq!(hello.random()[..4], [0x54, 0xb0, 0xd5, 0xc1]);
        assert_eq!(hello.selected_group(), Ok(None));
        assert!(!hello.is_retry_request());
        let chain: Vec<usize> = flight.certificates().map(<[u8]>::len).collect();
        assert_eq!(chain, [0x172]);
        let params = flight.message(ServerParams::KIND).unwrap();
        let params = ServerParams::parse_ecdhe(params).unwrap();
        assert!(
            matches!(params, ServerParams::NamedGroup { group: 29, key } if key.len() == 32 && key[0] == 0xbc)
        );
    }
}

#[test]
fn the_refusal_of_a_fallback_is_one_alert() {
    let mut bytes = FALLBACK_REFUSED.to_vec();
    // What follows a fatal alert is not even looked at.
    bytes.extend(b"not a record");
    let flight = received(&bytes);
    let refused = FlightState::Refused(AlertDescription::INAPPROPRIATE_FALLBACK);
    assert_eq!(flight.state(), refused);
    assert_eq!(flight.sizes().records, 1);
    assert!(flight.server_hello().is_none());
}

#[test]
fn a_warning_does_not_end_a_flight_and_a_goodbye_does() {
    let mut bytes = vec![21, 3, 3, 0, 2, 1, 112];
    bytes.extend(unhex(RETRY));
    assert_eq!(received(&bytes).state(), FlightState::Complete);
    let goodbye = FlightState::Refused(AlertDescription::CLOSE_NOTIFY);
    assert_eq!(received(&[21, 3, 3, 0, 2, 1, 0]).state(), goodbye);
}

#[test]
fn what_is_no_flight() {
    let fault = |bytes: &[u8]| ServerFlight::default().receive(bytes).unwrap_err();
    let http = FlightFault::Header(HeaderFault::ContentType(b'H'));
    assert_eq!(fault(b"HTTP/1.1 400 Bad Request"), http);
    assert_eq!(fault(&[21, 3, 3, 0, 1, 2]), FlightFault::Alert);
    let overflow = FlightFault::Header(HeaderFault::Overflow(0xffff));
    assert_eq!(fault(&[22, 3, 3, 0xff, 0xff]), overflow);
    let mut record = vec![22, 3, 3, 0x40, 0];
    record.extend([0; 0x4000]);
    let mut flight = ServerFlight::default();
    let count = (0..100).take_while(|_| flight.receive(&record).is_ok());
    assert_eq!(count.count(), ServerFlight::MAX_LEN / record.len());
    assert_eq!(flight.receive(&record), Err(FlightFault::TooLong));
}

#[test]
fn another_message_first_is_not_a_server_hello() {
    let flight = received(&[22, 3, 3, 0, 4, 14, 0, 0, 0]);
    assert_eq!(alert(flight.server_hello().unwrap()), 10);
    assert_eq!(alert(ServerHello::parse_message(&[1, 0, 0, 0])), 10);
}

#[test]
fn every_shorter_hello_is_refused() {
    let bytes = unhex(RETRY);
    let message = &bytes[5..5 + 0x58];
    assert!(ServerHello::parse_message(message).is_ok());
    for len in 0..message.len() {
        let fault = alert(ServerHello::parse_message(&message[..len]));
        assert_eq!(fault, 50, "{len} bytes");
    }
    // Of a body, the extensions can be left out, and nothing else.
    let body = &message[4..];
    let whole: Vec<usize> = (0..body.len())
        .filter(|&len| ServerHello::parse(&body[..len]).is_ok())
        .collect();
    assert_eq!(whole, [2 + 32 + 33 + 3]);
}

#[test]
fn extensions_and_ids_that_do_not_fit_are_refused() {
    let (plain, retry) = ([7; 32], {
        let bytes = unhex(RETRY);
        <[u8; 32]>::try_from(&bytes[11..43]).unwrap()
    });
    let twice = with(&plain, &[(43, &[3, 4]), (43, &[3, 4])]);
    assert_eq!(alert(ServerHello::parse(&twice)), 47);
    // A server's need not be the last one.
    let psk_first = with(&plain, &[(41, &[0, 0]), (43, &[3, 4])]);
    assert!(ServerHello::parse(&psk_first).is_ok());
    for contents in [&[3][..], &[3, 4, 0], &[]] {
        let body = with(&plain, &[(43, contents)]);
        let hello = ServerHello::parse(&body).unwrap();
        assert_eq!(alert(hello.selected_version()), 50);
    }
    for (random, contents) in [
        (plain, &[0, 29][..]),
        (plain, &[0, 29, 0, 0]),
        (plain, &[0, 29, 0, 1, 9, 9]),
        (retry, &[0, 29, 0, 1, 9]),
        (retry, &[0]),
    ] {
        let body = with(&random, &[(51, contents)]);
        let hello = ServerHello::parse(&body).unwrap();
        assert_eq!(alert(hello.selected_group()), 50, "{contents:?}");
    }
    let mut long_id = vec![3, 3];
    long_id.extend([7; 32]);
    long_id.push(33);
    long_id.extend([9; 33]);
    long_id.extend([0x13, 1, 0]);
    assert_eq!(alert(ServerHello::parse(&long_id)), 50);
}

#[test]
fn key_exchange_parameters_of_either_kind() {
    let dhe = [0, 2, 0xff, 0xfb, 0, 1, 2, 0, 1, 7, 4, 1];
    let expected = ServerParams::FiniteField {
        prime: &[0xff, 0xfb],
        generator: &[2],
        key: &[7],
    };
    assert_eq!(ServerParams::parse_dhe(&dhe), Ok(expected));
    for len in 0..10 {
        assert_eq!(alert(ServerParams::parse_dhe(&dhe[..len])), 50);
    }
    let ecdhe = [3, 0, 23, 1, 4];
    for len in 0..ecdhe.len() {
        assert_eq!(alert(ServerParams::parse_ecdhe(&ecdhe[..len])), 50);
    }
    // A curve in explicit numbers.
    assert_eq!(alert(ServerParams::parse_ecdhe(&[1, 0, 0])), 40);
}
