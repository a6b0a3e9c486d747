//! The commands of SSL_CONF_cmd(3): names, what their values are, and who may use them.
//!
//! Owns the table and the look-up. Does not carry out anything.

use libc::{c_int, c_uint};

use super::flags::{Flag, SWITCHES};

/// What a command does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    Switch(&'static Flag),
    SignatureAlgorithms,
    ClientSignatureAlgorithms,
    Groups,
    OneGroup,
    CipherString,
    Ciphersuites,
    Protocol,
    MinProtocol,
    MaxProtocol,
    Options,
    VerifyMode,
    Certificate,
    PrivateKey,
    ServerInfoFile,
    ChainFolder,
    ChainFile,
    ChainStore,
    VerifyFolder,
    VerifyFile,
    VerifyStore,
    NamesOfFile,
    NamesOfFolder,
    NamesOfStore,
    DhParameters,
    RecordPadding,
    NumTickets,
}

/// A command with a value.
struct Row {
    action: Action,
    /// In files, in any case.
    file: &'static str,
    /// On command lines; empty if it has none.
    line: &'static str,
    /// Flags the caller has to have.
    needs: c_uint,
    kind: c_int,
}

// `SSL_CONF_FLAG_*`.
pub(super) const CMDLINE: c_uint = 1;
pub(super) const FILE: c_uint = 2;
pub(super) const CLIENT: c_uint = 4;
pub(super) const SERVER: c_uint = 8;
pub(super) const SHOW_ERRORS: c_uint = 0x10;
pub(super) const CERTIFICATE: c_uint = 0x20;
pub(super) const REQUIRE_PRIVATE: c_uint = 0x40;

/// `SSL_CONF_TYPE_*`.
pub(super) mod kind {
    use libc::c_int;

    pub(in super::super) const UNKNOWN: c_int = 0;
    pub(super) const STRING: c_int = 1;
    pub(super) const FILE: c_int = 2;
    pub(super) const FOLDER: c_int = 3;
    pub(super) const NONE: c_int = 4;
    pub(super) const STORE: c_int = 5;
}

/// The command that a caller with these flags means, and the kind of its value.
pub(super) fn find(flags: c_uint, name: &str) -> Option<(Action, c_int)> {
    if flags & CMDLINE != 0 {
        let mut switches = SWITCHES.iter();
        let switch = switches.find(|switch| {
            // A switch of one side needs that side; one of both needs neither.
            let needs = if switch.sides == CLIENT | SERVER {
                0
            } else {
                switch.sides
            };
            switch.name == name && needs & flags == needs
        });
        if let Some(switch) = switch {
            return Some((Action::Switch(switch), kind::NONE));
        }
    }
    let on_line = |row: &Row| flags & CMDLINE != 0 && !row.line.is_empty() && row.line == name;
    let in_file = |row: &Row| flags & FILE != 0 && row.file.eq_ignore_ascii_case(name);
    let allowed = COMMANDS.iter().filter(|row| row.needs & flags == row.needs);
    let mut named = allowed.filter(|row| on_line(row) || in_file(row));
    named.next().map(|row| (row.action, row.kind))
}

const fn row(
    action: Action,
    file: &'static str,
    line: &'static str,
    needs: c_uint,
    kind: c_int,
) -> Row {
    Row {
        action,
        file,
        line,
        needs,
        kind,
    }
}

const OF_SERVER: c_uint = SERVER | CERTIFICATE;

const COMMANDS: &[Row] = &[
    row(
        Action::SignatureAlgorithms,
        "SignatureAlgorithms",
        "sigalgs",
        0,
        kind::STRING,
    ),
    row(
        Action::ClientSignatureAlgorithms,
        "ClientSignatureAlgorithms",
        "client_sigalgs",
        0,
        kind::STRING,
    ),
    row(Action::Groups, "Curves", "curves", 0, kind::STRING),
    row(Action::Groups, "Groups", "groups", 0, kind::STRING),
    row(
        Action::OneGroup,
        "ECDHParameters",
        "named_curve",
        SERVER,
        kind::STRING,
    ),
    row(
        Action::CipherString,
        "CipherString",
        "cipher",
        0,
        kind::STRING,
    ),
    row(
        Action::Ciphersuites,
        "Ciphersuites",
        "ciphersuites",
        0,
        kind::STRING,
    ),
    row(Action::Protocol, "Protocol", "", 0, kind::STRING),
    row(
        Action::MinProtocol,
        "MinProtocol",
        "min_protocol",
        0,
        kind::STRING,
    ),
    row(
        Action::MaxProtocol,
        "MaxProtocol",
        "max_protocol",
        0,
        kind::STRING,
    ),
    row(Action::Options, "Options", "", 0, kind::STRING),
    row(Action::VerifyMode, "VerifyMode", "", 0, kind::STRING),
    row(
        Action::Certificate,
        "Certificate",
        "cert",
        CERTIFICATE,
        kind::FILE,
    ),
    row(
        Action::PrivateKey,
        "PrivateKey",
        "key",
        CERTIFICATE,
        kind::FILE,
    ),
    row(
        Action::ServerInfoFile,
        "ServerInfoFile",
        "",
        OF_SERVER,
        kind::FILE,
    ),
    row(
        Action::ChainFolder,
        "ChainCAPath",
        "chainCApath",
        CERTIFICATE,
        kind::FOLDER,
    ),
    row(
        Action::ChainFile,
        "ChainCAFile",
        "chainCAfile",
        CERTIFICATE,
        kind::FILE,
    ),
    row(
        Action::ChainStore,
        "ChainCAStore",
        "chainCAstore",
        CERTIFICATE,
        kind::STORE,
    ),
    row(
        Action::VerifyFolder,
        "VerifyCAPath",
        "verifyCApath",
        CERTIFICATE,
        kind::FOLDER,
    ),
    row(
        Action::VerifyFile,
        "VerifyCAFile",
        "verifyCAfile",
        CERTIFICATE,
        kind::FILE,
    ),
    row(
        Action::VerifyStore,
        "VerifyCAStore",
        "verifyCAstore",
        CERTIFICATE,
        kind::STORE,
    ),
    row(
        Action::NamesOfFile,
        "RequestCAFile",
        "requestCAFile",
        CERTIFICATE,
        kind::FILE,
    ),
    row(
        Action::NamesOfFile,
        "ClientCAFile",
        "",
        OF_SERVER,
        kind::FILE,
    ),
    row(
        Action::NamesOfFolder,
        "RequestCAPath",
        "",
        CERTIFICATE,
        kind::FOLDER,
    ),
    row(
        Action::NamesOfFolder,
        "ClientCAPath",
        "",
        OF_SERVER,
        kind::FOLDER,
    ),
    row(
        Action::NamesOfStore,
        "RequestCAStore",
        "requestCAStore",
        CERTIFICATE,
        kind::STORE,
    ),
    row(
        Action::NamesOfStore,
        "ClientCAStore",
        "",
        OF_SERVER,
        kind::STORE,
    ),
    row(
        Action::DhParameters,
        "DHParameters",
        "dhparam",
        OF_SERVER,
        kind::FILE,
    ),
    row(
        Action::RecordPadding,
        "RecordPadding",
        "record_padding",
        0,
        kind::STRING,
    ),
    row(
        Action::NumTickets,
        "NumTickets",
        "num_tickets",
        SERVER,
        kind::STRING,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(flags: c_uint, name: &str) -> c_int {
        find(flags, name).map_or(kind::UNKNOWN, |(_, kind)| kind)
    }

    #[test]
    fn files_know_no_switches_and_no_case() {
        assert_eq!(kind_of(FILE, "cipherstring"), kind::STRING);
        assert_eq!(kind_of(FILE, "no_tls1_3"), kind::UNKNOWN);
        assert_eq!(kind_of(CMDLINE, "no_tls1_3"), kind::NONE);
        assert_eq!(kind_of(CMDLINE, "cipher"), kind::STRING);
        assert_eq!(kind_of(CMDLINE, "Cipher"), kind::UNKNOWN);
        assert_eq!(kind_of(FILE | CMDLINE, "cipher"), kind::STRING);
        assert_eq!(kind_of(CMDLINE, ""), kind::UNKNOWN);
    }

    #[test]
    fn some_are_for_one_side_or_for_those_who_load_certificates() {
        assert_eq!(kind_of(CMDLINE, "serverpref"), kind::UNKNOWN);
        assert_eq!(kind_of(CMDLINE | SERVER, "serverpref"), kind::NONE);
        assert_eq!(
            kind_of(CMDLINE | SERVER, "legacy_server_connect"),
            kind::UNKNOWN
        );
        assert_eq!(kind_of(FILE, "Certificate"), kind::UNKNOWN);
        assert_eq!(kind_of(FILE | CERTIFICATE, "Certificate"), kind::FILE);
        assert_eq!(kind_of(FILE | CERTIFICATE, "ClientCAPath"), kind::UNKNOWN);
        assert_eq!(
            kind_of(FILE | CERTIFICATE | SERVER, "ClientCAPath"),
            kind::FOLDER
        );
    }
}
