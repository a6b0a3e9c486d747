//! Two ClientHellos of OpenSSL, as captured, and what must not pass for one.

use super::*;

/// Of `openssl s_client -servername example.org -alpn h2,http/1.1 -status`, OpenSSL 3.0.
const TLS13: &str = "\
    0100014f0303fd39b6229b4df8a87d08531ea7cc41ea9bce52816647fdc9f6e1a15dbb6d588320c560b1781af79ea38f\
    7d9d8ac2ef445febb2266279249a647a41710ebcb2f192003e130213031301c02cc030009fcca9cca8ccaac02bc02f00\
    9ec024c028006bc023c0270067c00ac0140039c009c0130033009d009c003d003c0035002f00ff010000c80000001000\
    0e00000b6578616d706c652e6f7267000b000403000102000a00160014001d0017001e00190018010001010102010301\
    04002300000005000501000000000010000e000c02683208687474702f312e310016000000170000000d002a00280403\
    05030603080708080809080a080b080408050806040105010601030303010302040205020602002b0009080304030303\
    020301002d00020101003300260024001d002079610407b82f3a148f2e7ac2cba4b9852e897bfe504f874f263d33fea4\
    f0994a";

/// Of `openssl s_client -tls1_2 -fallback_scsv -noservername`, OpenSSL 3.0.
const TLS12: &str = "\
    010000b50303176527fd62a8992cd23e70ed39c025e11d9f62d6b17f220ded78adcaa0d5753d00003ac02cc030009fcc\
    a9cca8ccaac02bc02f009ec024c028006bc023c0270067c00ac0140039c009c0130033009d009c003d003c0035002f00\
    ff560001000052000b000403000102000a000c000a001d0017001e00190018002300000016000000170000000d002a00\
    28040305030603080708080809080a080b080408050806040105010601030303010302040205020602";

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
        .collect()
}

fn alert<T: core::fmt::Debug>(result: Result<T, HelloFault>) -> (u8, u16) {
    let fault = result.unwrap_err();
    (fault.alert.0, fault.reason.0)
}

/// The body of a hello with these extensions, type and contents.
fn with(extensions: &[(u16, &[u8])]) -> Vec<u8> {
    let mut list = Vec::new();
    for (kind, contents) in extensions {
        list.extend(kind.to_be_bytes());
        list.extend(u16::try_from(contents.len()).unwrap().to_be_bytes());
        list.extend(*contents);
    }
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0xc0, 0x2f, 1, 0]);
    body.extend(u16::try_from(list.len()).unwrap().to_be_bytes());
    body.extend(list);
    body
}

#[test]
fn a_captured_tls13_hello_reads_back() {
    let message = unhex(TLS13);
    let hello = ClientHello::parse_message(&message).unwrap();
    assert_eq!(hello.legacy_version(), 0x0303);
    assert_eq!(hello.random()[..4], [0xfd, 0x39, 0xb6, 0x22]);
    assert_eq!(hello.session_id().len(), 32);
    let suites: Vec<u16> = hello.cipher_suites().collect();
    assert_eq!((suites.len(), suites[0], suites[30]), (31, 0x1302, 0x00ff));
    assert!(hello.offers_renegotiation_scsv() && !hello.offers_fallback_scsv());
    assert_eq!(hello.check_cipher_suites(), Ok(()));
    assert_eq!(hello.compression_methods(), [0]);
    let kinds: Vec<u16> = hello.extensions().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [0, 11, 10, 35, 5, 16, 22, 23, 13, 43, 45, 51]);

    assert_eq!(hello.server_name(), Ok(Some(&b"example.org"[..])));
    assert_eq!(hello.ec_point_formats(), Ok(Some(&[0, 1, 2][..])));
    let groups: Vec<u16> = hello.supported_groups().unwrap().unwrap().collect();
    assert_eq!(groups[..5], [29, 23, 30, 25, 24]);
    assert_eq!(hello.session_ticket(), Some(&[][..]));
    let status = hello.status_request().unwrap().unwrap();
    assert!(status.responder_ids.is_empty() && status.request_extensions.is_empty());
    let names = hello.alpn_protocols().unwrap().unwrap();
    assert_eq!(names.as_bytes(), b"\x02h2\x08http/1.1");
    assert_eq!(names.collect::<Vec<_>>(), [&b"h2"[..], b"http/1.1"]);
    assert_eq!(hello.offers_extended_master_secret(), Ok(true));
    let schemes = hello.signature_algorithms().unwrap().unwrap();
    assert_eq!(schemes.len(), 20);
    let versions: Vec<u16> = hello.supported_versions().unwrap().unwrap().collect();
    assert_eq!(versions, [0x0304, 0x0303, 0x0302, 0x0301]);
    assert_eq!(hello.psk_key_exchange_modes(), Ok(Some(&[1][..])));
    let shares: Vec<_> = hello.key_shares().unwrap().unwrap().collect();
    assert!(matches!(shares[..], [(29, key)] if key.len() == 32 && key[0] == 0x79));

    assert!(!hello.offers_psk());
    assert_eq!(hello.offers_early_data(), Ok(false));
    assert_eq!(hello.offers_post_handshake_auth(), Ok(false));
    assert_eq!(hello.renegotiation_info(), Ok(None));
    assert_eq!(hello.max_fragment_length(), Ok(None));
    assert!(hello.signature_algorithms_cert().unwrap().is_none());
    assert_eq!(hello.padding(), None);
}

#[test]
fn a_captured_fallback_hello_shows_the_signal() {
    let message = unhex(TLS12);
    let hello = ClientHello::parse_message(&message).unwrap();
    assert!(hello.offers_fallback_scsv());
    assert_eq!(hello.cipher_suites().last(), Some(0x5600));
    assert!(hello.supported_versions().unwrap().is_none());
    assert_eq!(hello.server_name(), Ok(None));
}

#[test]
fn every_shorter_message_is_refused() {
    let message = unhex(TLS13);
    for len in 0..message.len() {
        let (alert, _) = alert(ClientHello::parse_message(&message[..len]));
        assert_eq!(alert, 50, "{len} bytes");
    }
    // The body alone: what ends before the extensions has none.
    let body = &message[4..];
    let whole: Vec<usize> = (0..body.len())
        .filter(|&len| ClientHello::parse(&body[..len]).is_ok())
        .collect();
    assert_eq!(whole, [2 + 32 + 33 + 64 + 2]);
    assert_eq!(alert(ClientHello::parse(&[3])), (50, 160));
}

#[test]
fn a_byte_too_many_or_another_message_is_refused() {
    let mut message = unhex(TLS12);
    message.push(0);
    assert_eq!(alert(ClientHello::parse_message(&message)), (50, 159));
    assert_eq!(alert(ClientHello::parse(&message[4..])), (50, 159));
    message.pop();
    message[0] = 2;
    assert_eq!(alert(ClientHello::parse_message(&message)), (10, 244));
}

#[test]
fn a_long_session_id_and_bad_suite_lists_are_refused() {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    let suites = |id: u8, suites: &[u8]| {
        let mut body = body.clone();
        body.push(id);
        body.extend(vec![9; id.into()]);
        body.extend([0, suites.len().try_into().unwrap()]);
        body.extend(suites);
        body.extend([1, 0]);
        body
    };
    assert!(ClientHello::parse(&suites(32, &[0xc0, 0x2f])).is_ok());
    assert_eq!(
        alert(ClientHello::parse(&suites(33, &[0xc0, 0x2f]))),
        (50, 159)
    );
    let checked = |bytes: &[u8]| ClientHello::parse(bytes).unwrap().check_cipher_suites();
    assert_eq!(alert(checked(&suites(0, &[]))), (47, 183));
    assert_eq!(alert(checked(&suites(0, &[0xc0, 0x2f, 0]))), (50, 151));
}

#[test]
fn the_list_of_extensions_is_checked() {
    let known_twice = with(&[(23, &[]), (23, &[])]);
    assert_eq!(alert(ClientHello::parse(&known_twice)), (47, 110));
    let unknown_twice = with(&[(0x0a0a, &[]), (0x0a0a, &[1])]);
    assert!(ClientHello::parse(&unknown_twice).is_ok());
    let psk_last = with(&[(45, &[1, 1]), (41, &[0])]);
    assert!(ClientHello::parse(&psk_last).unwrap().offers_psk());
    let psk_first = with(&[(41, &[0]), (45, &[1, 1])]);
    assert_eq!(alert(ClientHello::parse(&psk_first)), (47, 110));
    // An extension longer than the list that holds it.
    let mut too_long = with(&[(23, &[])]);
    *too_long.last_mut().unwrap() = 1;
    assert_eq!(alert(ClientHello::parse(&too_long)), (50, 110));
}

#[test]
fn contents_that_do_not_fit_are_refused() {
    macro_rules! refused {
        ($method:ident, $kind:literal, $expected:expr, $($contents:expr),+) => {$(
            let contents: &[u8] = &$contents;
            let body = with(&[($kind, contents)]);
            let hello = ClientHello::parse(&body).unwrap();
            assert_eq!(alert(hello.$method()), $expected, "{contents:?}");
        )+};
    }
    let name = |len: u8| [&[0, len + 3, 0, 0, len][..], &vec![b'a'; len.into()]].concat();
    refused!(
        server_name,
        0,
        (50, 110),
        [0, 0],
        [0, 4, 1, 0, 1, b'a'],
        [0, 4, 0, 0, 2, b'a'],
        []
    );
    refused!(server_name, 0, (112, 110), [0, 4, 0, 0, 1, 0]);
    let body = with(&[(0, &name(200))]);
    assert!(ClientHello::parse(&body).unwrap().server_name().is_ok());
    let long = [&[1, 3, 0, 1, 0][..], &[b'a'; 256]].concat();
    refused!(server_name, 0, (112, 110), long);
    refused!(
        supported_versions,
        43,
        (70, 159),
        [3, 3, 4, 3],
        [2, 3],
        [2, 3, 4, 0]
    );
    refused!(
        alpn_protocols,
        16,
        (50, 110),
        [0, 0],
        [0, 1, 0],
        [0, 3, 2, b'h', b'2', 0],
        [0, 2, 0, 0],
        [0, 4, 2, b'h', b'2', 0]
    );
    refused!(
        supported_groups,
        10,
        (50, 110),
        [0, 0],
        [0, 3, 0, 23, 0],
        [0, 2, 0, 23, 0]
    );
    refused!(signature_algorithms, 13, (50, 110), [0, 0], [0, 1, 4]);
    refused!(signature_algorithms_cert, 50, (50, 110), [0, 0], [0, 1, 4]);
    refused!(
        key_shares,
        51,
        (50, 159),
        [0, 4, 0, 29, 0, 0],
        [0, 5, 0, 29, 0, 2, 9],
        [0]
    );
    refused!(psk_key_exchange_modes, 45, (50, 110), [0], [2, 1], []);
    refused!(ec_point_formats, 11, (50, 110), [0], [1, 0, 0]);
    refused!(
        status_request,
        5,
        (50, 110),
        [],
        [1, 0, 0],
        [1, 0, 2, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, 0]
    );
    refused!(offers_early_data, 42, (50, 110), [0]);
    refused!(offers_extended_master_secret, 23, (50, 110), [0]);
    refused!(offers_post_handshake_auth, 49, (50, 278), [0]);
    refused!(renegotiation_info, 0xff01, (50, 336), [], [1]);
    refused!(max_fragment_length, 1, (50, 110), [], [1, 1]);
    refused!(max_fragment_length, 1, (47, 232), [0], [5]);
}

#[test]
fn what_is_unusual_and_allowed() {
    let body = with(&[
        (0, &[0, 3, 0, 0, 0]),
        (5, &[2, 9, 9]),
        (1, &[4]),
        (0xff01, &[0]),
        (51, &[0, 0]),
        (21, &[0; 40]),
    ]);
    let hello = ClientHello::parse(&body).unwrap();
    assert_eq!(hello.server_name(), Ok(Some(&[][..])));
    assert_eq!(hello.status_request(), Ok(None));
    assert_eq!(hello.max_fragment_length(), Ok(Some(4)));
    assert_eq!(hello.renegotiation_info(), Ok(Some(&[][..])));
    assert_eq!(hello.key_shares().unwrap().unwrap().count(), 0);
    assert_eq!(hello.padding(), Some(40));
}
