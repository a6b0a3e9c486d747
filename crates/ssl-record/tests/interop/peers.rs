//! Ways of running OpenSSL's programs that need more of their reports than the testkit's.
//!
//! Owns the talkative client, and reading what the programs say about a connection.

use std::net::SocketAddr;
use std::process::Command;

use ssl_record::record::ProtocolVersion;
use ssl_testkit::process::{Process, usable};
use ssl_testkit::{curl, openssl};

/// Whether the tests of this binary can run here.
pub(crate) fn has_openssl() -> bool {
    usable(&openssl::available()).unwrap()
}

/// Whether the tests with curl can run here.
pub(crate) fn has_curl() -> bool {
    usable(&curl::available()).unwrap()
}

/// A client that reports all it knows of the connection on its standard output, before the data.
pub(crate) fn talkative_client(addr: SocketAddr, version: ProtocolVersion) -> Command {
    let mut command = openssl::command();
    command
        .args(["s_client", "-nocommands", "-connect"])
        .arg(addr.to_string());
    command.arg(match version {
        ProtocolVersion::Tls12 => "-tls1_2",
        ProtocolVersion::Tls13 => "-tls1_3",
    });
    command.env_remove("SSLKEYLOGFILE");
    command
}

/// The exported keying material in a program's report, in hexadecimal, once it is complete.
pub(crate) fn keying_material(process: &Process) -> String {
    const LABEL: &str = "Keying material: ";
    process.wait_for_stdout(LABEL).unwrap();
    rest_of_line(process, LABEL).to_ascii_lowercase()
}

/// The rest of the line behind `label`, which has begun.
fn rest_of_line(process: &Process, label: &str) -> String {
    let start = process.stdout_text().find(label).unwrap() + label.len();
    let mut len = start;
    loop {
        process.wait_for_stdout_len(len + 1).unwrap();
        let text = process.stdout_text();
        if let Some((line, _)) = text[start..].split_once('\n') {
            return line.trim().to_owned();
        }
        len = text.len();
    }
}
