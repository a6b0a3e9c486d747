//! The extensions that the peer sends, shown to the application (`SSL_set_tlsext_debug_callback`).
//!
//! Owns where they stand in the messages. Does not judge them: a message that is not well-formed shows
//! nothing, and is the handshake's to refuse.

use ssl_record::{Side, Tapped};

use super::Ssl;
use super::state::kind;
use crate::method::TLS1_3;

impl Ssl {
    /// Shows the extensions of a message that was received, in the order in which they came.
    pub(super) fn expose_extensions(&self, message: &Tapped) {
        const HANDSHAKE: u16 = 22;
        if message.outgoing || message.content_type != HANDSHAKE {
            return;
        }
        let is_tls13 = message.version == TLS1_3;
        for (extension, data) in extensions(&message.bytes, is_tls13).unwrap_or_default() {
            // OpenSSL shows those it knows.
            if KNOWN.contains(&extension) {
                self.expose_extension(extension, data);
            }
        }
    }

    fn expose_extension(&self, extension: u16, data: &[u8]) {
        let hooks = self.settings().hooks;
        let Some(callback) = hooks.extension.filter(|_| !self.is_given_up()) else {
            return;
        };
        let from_server = self.side() == Some(Side::Client);
        let len = i32::try_from(data.len()).unwrap_or_default();
        // SAFETY: the application's function and argument, with a live connection and bytes that live as
        // long as the call.
        unsafe {
            callback(
                self.as_ptr(),
                from_server.into(),
                extension.into(),
                data.as_ptr(),
                len,
                hooks.extension_arg.0,
            );
        }
    }
}

/// The extensions of a handshake message; `None` if it is not well-formed.
fn extensions(message: &[u8], is_tls13: bool) -> Option<Vec<(u16, &[u8])>> {
    let (&[kind, ..], mut rest) = message.split_at_checked(HEADER_LEN)? else {
        return None;
    };
    let rest = &mut rest;
    let mut found = Vec::new();
    match kind {
        kind::CLIENT_HELLO => {
            skip(rest, VERSION_AND_RANDOM_LEN)?;
            vector(rest, 1)?;
            vector(rest, 2)?;
            vector(rest, 1)?;
        }
        kind::SERVER_HELLO => {
            skip(rest, VERSION_AND_RANDOM_LEN)?;
            vector(rest, 1)?;
            // The cipher suite and the compression method.
            skip(rest, 3)?;
        }
        kind::ENCRYPTED_EXTENSIONS => {}
        kind::CERTIFICATE_REQUEST if is_tls13 => {
            vector(rest, 1)?;
        }
        kind::CERTIFICATE if is_tls13 => {
            vector(rest, 1)?;
            let mut entries = vector(rest, 3)?;
            while !entries.is_empty() {
                vector(&mut entries, 3)?;
                read_block(&mut entries, &mut found)?;
            }
            return Some(found);
        }
        kind::NEW_SESSION_TICKET if is_tls13 => {
            // The lifetime and what is added to the age.
            skip(rest, 8)?;
            vector(rest, 1)?;
            vector(rest, 2)?;
        }
        _ => return Some(found),
    }
    // Hellos of TLS 1.2 may end without a block.
    if !rest.is_empty() {
        read_block(rest, &mut found)?;
    }
    Some(found)
}

/// Takes a block of extensions from the front of `rest`.
fn read_block<'a>(rest: &mut &'a [u8], found: &mut Vec<(u16, &'a [u8])>) -> Option<()> {
    let mut block = vector(rest, 2)?;
    while !block.is_empty() {
        let &[high, low] = skip(&mut block, 2)? else {
            return None;
        };
        found.push((u16::from_be_bytes([high, low]), vector(&mut block, 2)?));
    }
    Some(())
}

/// Takes a vector whose length has `width` bytes.
fn vector<'a>(rest: &mut &'a [u8], width: usize) -> Option<&'a [u8]> {
    let len = skip(rest, width)?;
    let len = len
        .iter()
        .fold(0, |len, &byte| len << 8 | usize::from(byte));
    skip(rest, len)
}

/// Takes so many bytes.
fn skip<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(len)?;
    *rest = after;
    Some(taken)
}

const HEADER_LEN: usize = 4;
const VERSION_AND_RANDOM_LEN: usize = 34;

/// The extensions that OpenSSL reads, less that of SRP.
const KNOWN: &[u16] = &[
    0, 1, 5, 10, 11, 13, 14, 16, 18, 21, 22, 23, 35, 41, 42, 43, 44, 45, 47, 49, 50, 51, 13172,
    0xfde8, 0xff01,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
        let body = parts.concat();
        let len = u8::try_from(body.len()).unwrap();
        [&[kind, 0, 0, len], body.as_slice()].concat()
    }

    #[test]
    fn extensions_come_in_their_order() {
        let hello = message(
            kind::SERVER_HELLO,
            &[
                &[0; 34],
                &[0],
                &[0; 3],
                &[0, 9, 0xff, 1, 0, 1, 0, 0, 23, 0, 0],
            ],
        );
        let expected = vec![(0xff01, [0].as_slice()), (23, [].as_slice())];
        assert_eq!(extensions(&hello, false), Some(expected));
    }

    #[test]
    fn each_certificate_has_its_own() {
        let entry = [0, 0, 1, 0x30, 0, 4, 0, 18, 0, 0];
        let certificate = message(kind::CERTIFICATE, &[&[0], &[0, 0, 20], &entry, &entry]);
        let one = (18, [].as_slice());
        assert_eq!(extensions(&certificate, true), Some(vec![one, one]));
        assert_eq!(extensions(&certificate, false), Some(Vec::new()));
    }

    #[test]
    fn what_is_cut_off_shows_nothing() {
        let hello = message(
            kind::SERVER_HELLO,
            &[&[0; 34], &[0], &[0; 3], &[0, 9, 0xff]],
        );
        assert_eq!(extensions(&hello, false), None);
        assert_eq!(extensions(&hello[..20], false), None);
        assert_eq!(extensions(&[], false), None);
    }
}
