//! Answers of a server of any bytes: the pieces they come in make no difference, and what is lent lies in them.

use ssl_record::hello::{HelloFault, ServerFlight, ServerHello, ServerParams};

/// What a client may answer with: unexpected_message, handshake_failure, illegal_parameter, decode_error.
const ALERTS: [u8; 4] = [10, 40, 47, 50];

/// Takes the bytes as records, as a message and as bodies; the first byte says where the records are cut.
pub fn run(bytes: &[u8]) {
    for hello in [ServerHello::parse_message(bytes), ServerHello::parse(bytes)] {
        if let Some(hello) = checked(hello) {
            read(bytes, &hello);
        }
    }
    params(bytes, ServerParams::parse_ecdhe(bytes));
    params(bytes, ServerParams::parse_dhe(bytes));
    if let Some((&piece, records)) = bytes.split_first() {
        flight(piece.into(), records);
    }
}

fn flight(piece: usize, records: &[u8]) {
    let mut whole = ServerFlight::default();
    let result = whole.receive(records);
    let mut cut = ServerFlight::default();
    let in_pieces = records
        .chunks(piece + 1)
        .try_for_each(|piece| cut.receive(piece));
    assert_eq!(result, in_pieces);
    assert_eq!(whole.state(), cut.state());
    assert_eq!(whole.sizes(), cut.sizes());
    assert!(whole.messages().eq(cut.messages()));

    let sizes = whole.sizes();
    assert!(sizes.bytes <= records.len().min(ServerFlight::MAX_LEN));
    assert!(sizes.records * 5 + sizes.largest <= sizes.bytes || sizes.records == 0);
    let messages = whole.messages().map(|message| 4 + message.body.len());
    assert!(messages.sum::<usize>() <= sizes.bytes);
    assert!(whole.certificates().map(<[u8]>::len).sum::<usize>() <= sizes.bytes);
    if let Some(hello) = whole.server_hello() {
        checked(hello);
    }
    for message in whole.messages() {
        params(message.body, ServerParams::parse_ecdhe(message.body));
    }
}

fn read<'a>(bytes: &'a [u8], hello: &ServerHello<'a>) {
    inside(bytes, hello.session_id());
    assert!(hello.session_id().len() <= 32);
    inside(bytes, hello.random());
    for (kind, contents) in hello.extensions() {
        inside(bytes, contents);
        assert!(hello.extension(kind).is_some());
    }
    match hello.extension(43) {
        Some(_) => drop(checked(hello.selected_version())),
        None => assert_eq!(hello.selected_version(), Ok(hello.legacy_version())),
    }
    if let Some(group) = checked(hello.selected_group()) {
        assert_eq!(group.is_some(), hello.extension(51).is_some());
    }
}

fn params(bytes: &[u8], params: Result<ServerParams<'_>, HelloFault>) {
    match checked(params) {
        None => {}
        Some(ServerParams::NamedGroup { key, .. }) => inside(bytes, key),
        Some(ServerParams::FiniteField {
            prime,
            generator,
            key,
        }) => {
            for part in [prime, generator, key] {
                inside(bytes, part);
            }
        }
    }
}

fn inside(bytes: &[u8], part: &[u8]) {
    let (all, part) = (bytes.as_ptr_range(), part.as_ptr_range());
    assert!(part.is_empty() || (all.start <= part.start && part.end <= all.end));
}

fn checked<T>(result: Result<T, HelloFault>) -> Option<T> {
    result
        .inspect_err(|fault| assert!(ALERTS.contains(&fault.alert.0), "{fault}"))
        .ok()
}
