//! The states of a handshake by OpenSSL's numbers and names (`OSSL_HANDSHAKE_STATE`).
//!
//! Owns the table, and which state a message leads to. Does not know how far a connection is.

use std::ffi::CStr;

use ssl_record::Side;

/// A state; the default is that before anything has happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct State(u8);

/// What passes in a handshake and changes its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// A message of this type.
    Message(u8),
    ChangeCipherSpec,
}

impl State {
    pub(crate) const BEFORE: Self = Self(0);
    pub(crate) const OK: Self = Self(1);
    pub(super) const CLIENT_WROTE_HELLO: Self = Self(12);
    pub(super) const CLIENT_CHANGES_CIPHER: Self = Self(16);
    pub(super) const SERVER_WROTE_DONE: Self = Self(26);
    pub(super) const SERVER_WRITES_TICKET: Self = Self(33);
    pub(super) const EARLY_DATA: Self = Self(46);

    /// The number in `OSSL_HANDSHAKE_STATE`.
    pub(crate) fn number(self) -> i32 {
        self.0.into()
    }

    /// As `SSL_state_string`.
    pub(crate) fn name(self) -> &'static CStr {
        NAMES
            .get(usize::from(self.0))
            .map_or(c"UNKWN", |(short, _)| short)
    }

    /// As `SSL_state_string_long`.
    pub(crate) fn long_name(self) -> &'static CStr {
        NAMES
            .get(usize::from(self.0))
            .map_or(c"unknown state", |(_, long)| long)
    }

    /// Where `passed` leads to, sent or received by `side`; `None` if it has no state.
    pub(super) fn reached(side: Side, outgoing: bool, passed: Passed) -> Option<Self> {
        let rows: &[(Passed, u8)] = match (side, outgoing) {
            (Side::Client, true) => CLIENT_WRITES,
            (Side::Client, false) => CLIENT_READS,
            (Side::Server, true) => SERVER_WRITES,
            (Side::Server, false) => SERVER_READS,
        };
        let row = rows.iter().find(|(what, _)| *what == passed);
        row.map(|&(_, state)| Self(state))
    }
}

use Passed::{ChangeCipherSpec, Message};

/// Types of handshake messages (RFC 8446 section 4, RFC 5246 section 7.4).
pub(super) mod kind {
    pub(crate) const HELLO_REQUEST: u8 = 0;
    pub(crate) const CLIENT_HELLO: u8 = 1;
    pub(crate) const SERVER_HELLO: u8 = 2;
    pub(crate) const NEW_SESSION_TICKET: u8 = 4;
    pub(crate) const END_OF_EARLY_DATA: u8 = 5;
    pub(crate) const ENCRYPTED_EXTENSIONS: u8 = 8;
    pub(crate) const CERTIFICATE: u8 = 11;
    pub(crate) const SERVER_KEY_EXCHANGE: u8 = 12;
    pub(crate) const CERTIFICATE_REQUEST: u8 = 13;
    pub(crate) const SERVER_HELLO_DONE: u8 = 14;
    pub(crate) const CERTIFICATE_VERIFY: u8 = 15;
    pub(crate) const CLIENT_KEY_EXCHANGE: u8 = 16;
    pub(crate) const FINISHED: u8 = 20;
    pub(crate) const CERTIFICATE_STATUS: u8 = 22;
    pub(crate) const KEY_UPDATE: u8 = 24;
}

const CLIENT_READS: &[(Passed, u8)] = &[
    (Message(kind::SERVER_HELLO), 3),
    (Message(kind::CERTIFICATE), 4),
    (Message(kind::CERTIFICATE_STATUS), 5),
    (Message(kind::SERVER_KEY_EXCHANGE), 6),
    (Message(kind::CERTIFICATE_REQUEST), 7),
    (Message(kind::SERVER_HELLO_DONE), 8),
    (Message(kind::NEW_SESSION_TICKET), 9),
    (ChangeCipherSpec, 10),
    (Message(kind::FINISHED), 11),
    (Message(kind::ENCRYPTED_EXTENSIONS), 38),
    (Message(kind::CERTIFICATE_VERIFY), 39),
    (Message(kind::HELLO_REQUEST), 41),
    (Message(kind::KEY_UPDATE), 45),
];

const CLIENT_WRITES: &[(Passed, u8)] = &[
    (Message(kind::CLIENT_HELLO), 12),
    (Message(kind::CERTIFICATE), 13),
    (Message(kind::CLIENT_KEY_EXCHANGE), 14),
    (Message(kind::CERTIFICATE_VERIFY), 15),
    (ChangeCipherSpec, 16),
    (Message(kind::FINISHED), 18),
    (Message(kind::KEY_UPDATE), 43),
    (Message(kind::END_OF_EARLY_DATA), 48),
];

const SERVER_READS: &[(Passed, u8)] = &[
    (Message(kind::CLIENT_HELLO), 20),
    (Message(kind::CERTIFICATE), 27),
    (Message(kind::CLIENT_KEY_EXCHANGE), 28),
    (Message(kind::CERTIFICATE_VERIFY), 29),
    (ChangeCipherSpec, 31),
    (Message(kind::FINISHED), 32),
    (Message(kind::KEY_UPDATE), 44),
    (Message(kind::END_OF_EARLY_DATA), 49),
];

const SERVER_WRITES: &[(Passed, u8)] = &[
    (Message(kind::HELLO_REQUEST), 19),
    (Message(kind::SERVER_HELLO), 22),
    (Message(kind::CERTIFICATE), 23),
    (Message(kind::SERVER_KEY_EXCHANGE), 24),
    (Message(kind::CERTIFICATE_REQUEST), 25),
    (Message(kind::SERVER_HELLO_DONE), 26),
    (Message(kind::NEW_SESSION_TICKET), 33),
    (Message(kind::CERTIFICATE_STATUS), 34),
    (ChangeCipherSpec, 35),
    (Message(kind::FINISHED), 36),
    (Message(kind::ENCRYPTED_EXTENSIONS), 37),
    (Message(kind::CERTIFICATE_VERIFY), 40),
    (Message(kind::KEY_UPDATE), 42),
];

/// Short and long, by number.
static NAMES: [(&CStr, &CStr); 50] = [
    (c"PINIT", c"before SSL initialization"),
    (c"SSLOK", c"SSL negotiation finished successfully"),
    (c"DRCHV", c"DTLS1 read hello verify request"),
    (c"TRSH", c"SSLv3/TLS read server hello"),
    (c"TRSC", c"SSLv3/TLS read server certificate"),
    (c"TRCS", c"SSLv3/TLS read certificate status"),
    (c"TRSKE", c"SSLv3/TLS read server key exchange"),
    (c"TRCR", c"SSLv3/TLS read server certificate request"),
    (c"TRSD", c"SSLv3/TLS read server done"),
    (c"TRST", c"SSLv3/TLS read server session ticket"),
    (c"TRCCS", c"SSLv3/TLS read change cipher spec"),
    (c"TRFIN", c"SSLv3/TLS read finished"),
    (c"TWCH", c"SSLv3/TLS write client hello"),
    (c"TWCC", c"SSLv3/TLS write client certificate"),
    (c"TWCKE", c"SSLv3/TLS write client key exchange"),
    (c"TWCV", c"SSLv3/TLS write certificate verify"),
    (c"TWCCS", c"SSLv3/TLS write change cipher spec"),
    (c"TWNP", c"SSLv3/TLS write next proto"),
    (c"TWFIN", c"SSLv3/TLS write finished"),
    (c"TWHR", c"SSLv3/TLS write hello request"),
    (c"TRCH", c"SSLv3/TLS read client hello"),
    (c"DWCHV", c"DTLS1 write hello verify request"),
    (c"TWSH", c"SSLv3/TLS write server hello"),
    (c"TWSC", c"SSLv3/TLS write certificate"),
    (c"TWSKE", c"SSLv3/TLS write key exchange"),
    (c"TWCR", c"SSLv3/TLS write certificate request"),
    (c"TWSD", c"SSLv3/TLS write server done"),
    (c"TRCC", c"SSLv3/TLS read client certificate"),
    (c"TRCKE", c"SSLv3/TLS read client key exchange"),
    (c"TRCV", c"SSLv3/TLS read certificate verify"),
    (c"TRNP", c"SSLv3/TLS read next proto"),
    (c"TRCCS", c"SSLv3/TLS read change cipher spec"),
    (c"TRFIN", c"SSLv3/TLS read finished"),
    (c"TWST", c"SSLv3/TLS write session ticket"),
    (c"TWCS", c"SSLv3/TLS write certificate status"),
    (c"TWCCS", c"SSLv3/TLS write change cipher spec"),
    (c"TWFIN", c"SSLv3/TLS write finished"),
    (c"TWEE", c"TLSv1.3 write encrypted extensions"),
    (c"TREE", c"TLSv1.3 read encrypted extensions"),
    (c"TRSCV", c"TLSv1.3 read server certificate verify"),
    (c"TWSCV", c"TLSv1.3 write server certificate verify"),
    (c"TRHR", c"SSLv3/TLS read hello request"),
    (c"TWSKU", c"TLSv1.3 write server key update"),
    (c"TWCKU", c"TLSv1.3 write client key update"),
    (c"TRCKU", c"TLSv1.3 read client key update"),
    (c"TRSKU", c"TLSv1.3 read server key update"),
    (c"TED", c"TLSv1.3 early data"),
    (c"TPEDE", c"TLSv1.3 pending early data end"),
    (c"TWEOED", c"TLSv1.3 write end of early data"),
    (c"TWEOED", c"TLSv1.3 read end of early data"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_header() {
        let path = std::env::var("OPENSSL_DIR").unwrap_or_else(|_| "/usr".to_owned());
        let header = std::fs::read_to_string(path + "/include/openssl/ssl.h").unwrap();
        let (_, list) = header.split_once("TLS_ST_BEFORE,").unwrap();
        let (list, _) = list.split_once('}').unwrap();
        let names: Vec<&str> = list.split(',').map(str::trim).collect();
        // The list goes on behind the first.
        let number = |name| names.iter().position(|it| *it == name).unwrap() + 1;
        assert_eq!(names.len() + 1, NAMES.len());
        for (name, state) in [
            ("TLS_ST_OK", State::OK),
            ("TLS_ST_CW_CLNT_HELLO", State::CLIENT_WROTE_HELLO),
            ("TLS_ST_CW_CHANGE", State::CLIENT_CHANGES_CIPHER),
            ("TLS_ST_SW_SRVR_DONE", State::SERVER_WROTE_DONE),
            ("TLS_ST_SW_SESSION_TICKET", State::SERVER_WRITES_TICKET),
            ("TLS_ST_EARLY_DATA", State::EARLY_DATA),
        ] {
            assert_eq!(number(name), usize::from(state.0), "{name}");
        }
    }

    #[test]
    fn each_direction_has_its_own_names() {
        for (rows, prefix) in [
            (CLIENT_READS, "TR"),
            (SERVER_READS, "TR"),
            (CLIENT_WRITES, "TW"),
            (SERVER_WRITES, "TW"),
        ] {
            for &(_, state) in rows {
                let name = State(state).name().to_str().unwrap();
                // OpenSSL calls the end of early data so on either side.
                assert!(name.starts_with(prefix) || name == "TWEOED", "{name}");
            }
        }
    }
}
