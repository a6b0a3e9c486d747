//! Any bytes as a stored session of the C library: refused, or read into what survives being written.
//!
//! The decoder is included as source: the crate around it links libcrypto, which a fuzz target does not.

#[allow(dead_code, reason = "the crate around it uses the rest")]
#[path = "../../crates/ssl-ffi/src/session/der.rs"]
mod der;
#[allow(dead_code, reason = "as above")]
#[path = "../../crates/ssl-ffi/src/session/encoding.rs"]
mod encoding;

use encoding::Encoded;

/// Decodes, and checks what came of it.
pub fn run(bytes: &[u8]) {
    let Ok((session, length)) = Encoded::from_der(bytes) else {
        return;
    };
    assert!(length <= bytes.len());
    let written = session.to_der();
    assert_eq!(Encoded::from_der(&written), Ok((session, written.len())));
    // One form only: what OpenSSL wrote is written again, but for fields of features that are not here.
    assert!(written.len() <= length + NOT_WRITTEN_BY_ALL);
}

/// The context and the group, which a decoder does without and OpenSSL always writes; and a length that
/// takes a byte more because of them.
const NOT_WRITTEN_BY_ALL: usize = 4 + 5 + 2;
