//! The types of extensions (IANA registry "TLS ExtensionType Values") that a server has to do with.
//!
//! Numbers only; what is in an extension is read elsewhere.

/// Whether OpenSSL 3.0 has a place for extensions of this type.
pub fn is_known(kind: u16) -> bool {
    KNOWN.contains(&kind)
}

pub(super) const SERVER_NAME: u16 = 0;
pub(super) const MAX_FRAGMENT_LENGTH: u16 = 1;
pub(super) const STATUS_REQUEST: u16 = 5;
pub(super) const SUPPORTED_GROUPS: u16 = 10;
pub(super) const EC_POINT_FORMATS: u16 = 11;
pub(super) const SIGNATURE_ALGORITHMS: u16 = 13;
pub(super) const ALPN: u16 = 16;
pub(super) const PADDING: u16 = 21;
pub(super) const EXTENDED_MASTER_SECRET: u16 = 23;
pub(super) const SESSION_TICKET: u16 = 35;
pub(super) const PRE_SHARED_KEY: u16 = 41;
pub(super) const EARLY_DATA: u16 = 42;
pub(super) const SUPPORTED_VERSIONS: u16 = 43;
pub(super) const PSK_KEY_EXCHANGE_MODES: u16 = 45;
pub(super) const POST_HANDSHAKE_AUTH: u16 = 49;
pub(super) const SIGNATURE_ALGORITHMS_CERT: u16 = 50;
pub(super) const KEY_SHARE: u16 = 51;
pub(super) const RENEGOTIATION_INFO: u16 = 0xff01;

/// Those OpenSSL 3.0 has a place for, and accepts only once, in a build without SRP and DTLS.
pub(super) const KNOWN: [u16; 24] = [
    SERVER_NAME,
    MAX_FRAGMENT_LENGTH,
    STATUS_REQUEST,
    SUPPORTED_GROUPS,
    EC_POINT_FORMATS,
    SIGNATURE_ALGORITHMS,
    ALPN,
    SIGNED_CERTIFICATE_TIMESTAMP,
    PADDING,
    ENCRYPT_THEN_MAC,
    EXTENDED_MASTER_SECRET,
    SESSION_TICKET,
    PRE_SHARED_KEY,
    EARLY_DATA,
    SUPPORTED_VERSIONS,
    COOKIE,
    PSK_KEY_EXCHANGE_MODES,
    CERTIFICATE_AUTHORITIES,
    POST_HANDSHAKE_AUTH,
    SIGNATURE_ALGORITHMS_CERT,
    KEY_SHARE,
    NEXT_PROTOCOL_NEGOTIATION,
    CRYPTOPRO,
    RENEGOTIATION_INFO,
];

const SIGNED_CERTIFICATE_TIMESTAMP: u16 = 18;
const ENCRYPT_THEN_MAC: u16 = 22;
const COOKIE: u16 = 44;
const CERTIFICATE_AUTHORITIES: u16 = 47;
const NEXT_PROTOCOL_NEGOTIATION: u16 = 13172;
const CRYPTOPRO: u16 = 0xfde8;
