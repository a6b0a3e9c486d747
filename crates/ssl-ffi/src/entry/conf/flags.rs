//! Names of bits: what the values of `Protocol`, `Options` and `VerifyMode` are lists of, and the switches
//! of command lines.
//!
//! Numbers and names only.

use super::table::{CLIENT, SERVER};

/// A bit, or several, that a name stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flag {
    pub(super) name: &'static str,
    /// Which of `CLIENT` and `SERVER` may use it.
    pub(super) sides: u32,
    pub(super) bits: Bits,
    /// The name says the opposite: to give it clears the bits.
    pub(super) is_inverse: bool,
}

/// Where the bits are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bits {
    Options(u64),
    Certificates(u32),
    Verify(i32),
}

const BOTH: u32 = CLIENT | SERVER;

const fn option(name: &'static str, bits: u64) -> Flag {
    Flag {
        name,
        sides: BOTH,
        bits: Bits::Options(bits),
        is_inverse: false,
    }
}

const fn no(name: &'static str, bits: u64) -> Flag {
    Flag {
        is_inverse: true,
        ..option(name, bits)
    }
}

const fn of_server(flag: Flag) -> Flag {
    Flag {
        sides: SERVER,
        ..flag
    }
}

const fn verify(name: &'static str, sides: u32, bits: i32) -> Flag {
    Flag {
        name,
        sides,
        bits: Bits::Verify(bits),
        is_inverse: false,
    }
}

/// `Protocol`: each name enables a version.
pub(super) const PROTOCOLS: &[Flag] = &[
    no("ALL", NO_SSL3 | NO_TLS1 | NO_TLS1_1 | NO_TLS1_2 | NO_TLS1_3),
    no("SSLv2", 0),
    no("SSLv3", NO_SSL3),
    no("TLSv1", NO_TLS1),
    no("TLSv1.1", NO_TLS1_1),
    no("TLSv1.2", NO_TLS1_2),
    no("TLSv1.3", NO_TLS1_3),
    // The bits of DTLS are those of TLS.
    no("DTLSv1", NO_TLS1),
    no("DTLSv1.2", NO_TLS1_2),
];

/// `Options`.
pub(super) const OPTIONS: &[Flag] = &[
    no("SessionTicket", NO_TICKET),
    no("EmptyFragments", DONT_INSERT_EMPTY_FRAGMENTS),
    option("Bugs", ALL),
    no("Compression", NO_COMPRESSION),
    of_server(option("ServerPreference", CIPHER_SERVER_PREFERENCE)),
    of_server(option(
        "NoResumptionOnRenegotiation",
        NO_RESUMPTION_ON_RENEGOTIATION,
    )),
    // Keys are always used once.
    of_server(option("DHSingle", 0)),
    of_server(option("ECDHSingle", 0)),
    option(
        "UnsafeLegacyRenegotiation",
        ALLOW_UNSAFE_LEGACY_RENEGOTIATION,
    ),
    option("UnsafeLegacyServerConnect", LEGACY_SERVER_CONNECT),
    option("ClientRenegotiation", ALLOW_CLIENT_RENEGOTIATION),
    no("EncryptThenMac", NO_ENCRYPT_THEN_MAC),
    option("NoRenegotiation", NO_RENEGOTIATION),
    option("AllowNoDHEKEX", ALLOW_NO_DHE_KEX),
    option("PrioritizeChaCha", PRIORITIZE_CHACHA),
    option("MiddleboxCompat", ENABLE_MIDDLEBOX_COMPAT),
    no("AntiReplay", NO_ANTI_REPLAY),
    no("ExtendedMasterSecret", NO_EXTENDED_MASTER_SECRET),
    no("CANames", DISABLE_CA_NAMES),
    option("KTLS", ENABLE_KTLS),
];

/// `VerifyMode`.
pub(super) const VERIFY_MODES: &[Flag] = &[
    verify("Peer", CLIENT, PEER),
    verify("Request", SERVER, PEER),
    verify("Require", SERVER, PEER | FAIL_IF_NO_PEER_CERT),
    verify("Once", SERVER, PEER | CLIENT_ONCE),
    verify("RequestPostHandshake", SERVER, PEER | POST_HANDSHAKE),
    verify(
        "RequirePostHandshake",
        SERVER,
        PEER | POST_HANDSHAKE | FAIL_IF_NO_PEER_CERT,
    ),
];

/// Switches of command lines, which have no value.
pub(super) const SWITCHES: &[Flag] = &[
    option("no_ssl3", NO_SSL3),
    option("no_tls1", NO_TLS1),
    option("no_tls1_1", NO_TLS1_1),
    option("no_tls1_2", NO_TLS1_2),
    option("no_tls1_3", NO_TLS1_3),
    option("bugs", ALL),
    option("no_comp", NO_COMPRESSION),
    no("comp", NO_COMPRESSION),
    of_server(option("ecdh_single", 0)),
    option("no_ticket", NO_TICKET),
    of_server(option("serverpref", CIPHER_SERVER_PREFERENCE)),
    option("legacy_renegotiation", ALLOW_UNSAFE_LEGACY_RENEGOTIATION),
    of_server(option("client_renegotiation", ALLOW_CLIENT_RENEGOTIATION)),
    Flag {
        sides: CLIENT,
        ..option("legacy_server_connect", LEGACY_SERVER_CONNECT)
    },
    option("no_renegotiation", NO_RENEGOTIATION),
    of_server(option(
        "no_resumption_on_reneg",
        NO_RESUMPTION_ON_RENEGOTIATION,
    )),
    Flag {
        sides: CLIENT,
        ..no("no_legacy_server_connect", LEGACY_SERVER_CONNECT)
    },
    option("allow_no_dhe_kex", ALLOW_NO_DHE_KEX),
    of_server(option("prioritize_chacha", PRIORITIZE_CHACHA)),
    Flag {
        name: "strict",
        sides: BOTH,
        bits: Bits::Certificates(TLS_STRICT),
        is_inverse: false,
    },
    no("no_middlebox", ENABLE_MIDDLEBOX_COMPAT),
    of_server(no("anti_replay", NO_ANTI_REPLAY)),
    of_server(option("no_anti_replay", NO_ANTI_REPLAY)),
    option("no_etm", NO_ENCRYPT_THEN_MAC),
];

// `SSL_OP_*`.
const NO_EXTENDED_MASTER_SECRET: u64 = 1;
const LEGACY_SERVER_CONNECT: u64 = 1 << 2;
const ENABLE_KTLS: u64 = 1 << 3;
const ALLOW_CLIENT_RENEGOTIATION: u64 = 1 << 8;
const DISABLE_CA_NAMES: u64 = 1 << 9;
const ALLOW_NO_DHE_KEX: u64 = 1 << 10;
const DONT_INSERT_EMPTY_FRAGMENTS: u64 = 1 << 11;
const NO_TICKET: u64 = 1 << 14;
const NO_RESUMPTION_ON_RENEGOTIATION: u64 = 1 << 16;
const NO_COMPRESSION: u64 = 1 << 17;
const ALLOW_UNSAFE_LEGACY_RENEGOTIATION: u64 = 1 << 18;
const NO_ENCRYPT_THEN_MAC: u64 = 1 << 19;
const ENABLE_MIDDLEBOX_COMPAT: u64 = 1 << 20;
const PRIORITIZE_CHACHA: u64 = 1 << 21;
const CIPHER_SERVER_PREFERENCE: u64 = 1 << 22;
const NO_ANTI_REPLAY: u64 = 1 << 24;
const NO_SSL3: u64 = 1 << 25;
const NO_TLS1: u64 = 1 << 26;
const NO_TLS1_2: u64 = 1 << 27;
const NO_TLS1_1: u64 = 1 << 28;
const NO_TLS1_3: u64 = 1 << 29;
const NO_RENEGOTIATION: u64 = 1 << 30;
/// `SSL_OP_ALL`: workarounds for the bugs of others.
const ALL: u64 = 1 << 31 | 1 << 11 | 1 << 6 | 1 << 4;

// `SSL_CERT_FLAG_*`.
const TLS_STRICT: u32 = 1;

// `SSL_VERIFY_*`.
const PEER: i32 = 1;
const FAIL_IF_NO_PEER_CERT: i32 = 2;
const CLIENT_ONCE: i32 = 4;
const POST_HANDSHAKE: i32 = 8;
