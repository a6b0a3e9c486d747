//! What was negotiated, on standard error.

use super::connect::Stream;
use crate::certificate;
use crate::failure::note;
use crate::target::Target;

/// Says what both sides agreed on and who the server is.
pub(super) fn negotiated(target: &Target, stream: &Stream) {
    let Some(negotiated) = stream.connection().negotiated() else {
        return;
    };
    let (version, suite) = (negotiated.version, negotiated.suite);
    let group = negotiated.group.map_or("none", |group| group.name());
    let alpn = match &negotiated.alpn {
        Some(protocol) => printable(protocol),
        None => "none".to_owned(),
    };
    let resumed = if negotiated.resumed { "yes" } else { "no" };
    let address = match stream.transport().peer_addr() {
        Ok(address) => format!(" ({address})"),
        Err(_) => String::new(),
    };
    let modes = stream.connection().mode();
    note(format_args!(
        "connected to {target}{address}\n{version}, {suite}, group {group}, ALPN {alpn}, resumed {resumed}\nmodes {modes}"
    ));
    let chain = &negotiated.peer_certificates;
    if let Some(leaf) = chain.first() {
        let names: Vec<String> = certificate::host_names(leaf)
            .iter()
            .map(|name| printable(name.as_bytes()))
            .collect();
        let names = if names.is_empty() {
            "no host name".to_owned()
        } else {
            names.join(", ")
        };
        let (count, fingerprint) = (chain.len(), certificate::fingerprint(leaf));
        note(format_args!(
            "server certificate for {names}; {count} in the chain; sha256 {fingerprint}"
        ));
    }
}

/// Bytes from the peer in a form that cannot play tricks on a terminal.
fn printable(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
