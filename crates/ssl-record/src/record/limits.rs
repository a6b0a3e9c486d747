//! Every size and count limit of the record layer, each under the sentence that sets it.

/// Largest fragment: 2^14 bytes (RFC 8446 section 5.1, RFC 5246 section 6.2.1).
pub const MAX_FRAGMENT: usize = 1 << 14;

/// Smallest value accepted for the maximum send fragment (statement W4).
pub const MIN_SEND_FRAGMENT: usize = 512;

/// How much a protected TLS 1.3 fragment may exceed [`MAX_FRAGMENT`]: 256 bytes for content type,
/// padding and tag (RFC 8446 section 5.2).
pub const MAX_EXPANSION_TLS13: usize = 256;

/// How much a protected TLS 1.2 fragment may exceed [`MAX_FRAGMENT`]: 2048 bytes minus the 1024 that
/// only compression could use (RFC 5246 section 6.2.3).
pub const MAX_EXPANSION_TLS12: usize = 1024;

/// The largest expansion of our own suites: TLS 1.2 AES-GCM, an 8-byte explicit nonce and a 16-byte
/// tag (statement W34).
pub const MAX_OVERHEAD: usize = 24;

/// Empty application records tolerated in a row; the next one is fatal (statement R15).
pub const MAX_EMPTY_RECORDS: u32 = 32;

/// Warning alerts tolerated in a row; the next one is fatal (statement R16).
pub const MAX_WARNING_ALERTS: u32 = 4;

/// Longest post-handshake message accepted. A NewSessionTicket holds a ticket and its extensions of
/// at most 2^16 bytes each (RFC 8446 section 4.6.1).
pub const MAX_POST_HANDSHAKE_MESSAGE: usize = (1 << 17) + 1024;

/// Change_cipher_spec records tolerated while a TLS 1.3 handshake runs (statement R58).
pub const MAX_CHANGE_CIPHER_SPEC: u32 = 32;
