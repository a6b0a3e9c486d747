//! `SSL_select_next_proto`: picks a protocol from two lists, for ALPN callbacks.
//!
//! Owns the list format, protocols each behind a byte with their length. Knows no connection.

use std::ffi::{c_int, c_uchar, c_uint};
use std::ptr;

use super::slice::bytes;
use crate::boundary::guard;

/// Picks the first protocol of `server` that `client` has too, else the first of `client`. `out` points
/// into the list it was found in.
///
/// # Safety
/// `out` and `out_len` can be written to; each list is NULL or has as many bytes as its length says.
pub(crate) unsafe extern "C" fn SSL_select_next_proto(
    out: *mut *mut c_uchar,
    out_len: *mut c_uchar,
    server: *const c_uchar,
    server_len: c_uint,
    client: *const c_uchar,
    client_len: c_uint,
) -> c_int {
    guard(OPENSSL_NPN_NO_OVERLAP, || {
        // SAFETY: the caller's promise.
        let (server, client) = unsafe {
            (
                bytes(server, server_len as usize),
                bytes(client, client_len as usize),
            )
        };
        let fallback = first(client);
        // A client without a first protocol is not listened to any further.
        let agreed = fallback.and_then(|_| select(server, client));
        let result = match agreed {
            Some(_) => OPENSSL_NPN_NEGOTIATED,
            None => OPENSSL_NPN_NO_OVERLAP,
        };
        let protocol = agreed.or(fallback);
        let start = protocol.map_or(ptr::null_mut(), |protocol| protocol.as_ptr().cast_mut());
        let length = protocol.map_or(0, |protocol| u8::try_from(protocol.len()).unwrap_or(0));
        // SAFETY: the caller's promise.
        unsafe {
            *out = start;
            *out_len = length;
        }
        result
    })
}

fn select<'a>(server: &'a [u8], client: &[u8]) -> Option<&'a [u8]> {
    protocols(server).find(|wanted| protocols(client).any(|offered| offered == *wanted))
}

/// What stands first, unless it is empty.
fn first(list: &[u8]) -> Option<&[u8]> {
    let (length, rest) = list.split_first()?;
    rest.get(..usize::from(*length))
        .filter(|name| !name.is_empty())
}

/// The protocols of a list up to where it is cut short; empty ones are passed over.
fn protocols(mut list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let all = std::iter::from_fn(move || {
        let (length, rest) = list.split_first()?;
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        list = rest;
        Some(name)
    });
    all.filter(|name| !name.is_empty())
}

const OPENSSL_NPN_NEGOTIATED: c_int = 1;
const OPENSSL_NPN_NO_OVERLAP: c_int = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_first_that_the_client_has() {
        assert_eq!(select(b"\x02h2\x01a", b"\x01a\x02h2"), Some(&b"h2"[..]));
        assert_eq!(select(b"\x01b\x01a", b"\x01a\x02h2"), Some(&b"a"[..]));
        assert_eq!(select(b"\x01b", b"\x01a"), None);
    }

    #[test]
    fn a_list_counts_up_to_where_it_is_cut_short() {
        assert_eq!(select(b"\x01a\x05b", b"\x01a\x01b"), Some(&b"a"[..]));
        assert_eq!(select(b"\x05a", b"\x01a"), None);
        assert_eq!(select(b"\x00\x01a", b"\x00\x01a"), Some(&b"a"[..]));
        assert_eq!(select(b"\x00", b"\x00"), None);
        assert_eq!(select(b"", b""), None);
    }

    #[test]
    fn without_overlap_the_clients_first_if_it_has_one() {
        assert_eq!(first(b"\x01a\x01b"), Some(&b"a"[..]));
        assert_eq!(first(b"\x00\x01b"), None);
        assert_eq!(first(b"\x03a"), None);
        assert_eq!(first(b""), None);
    }
}
