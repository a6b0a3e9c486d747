//! A session for people: what `SSL_SESSION_print` and `SSL_SESSION_print_keylog` show.
//!
//! Owns the wording, which programs parse. Does not write anywhere.

use std::fmt::{self, Write};

use zeroize::Zeroizing;

use super::Fields;
use crate::negotiate::suites::Suite;

/// `SSL_SESSION_print`: what stands before the dump of the ticket and what after it.
pub(crate) struct Description {
    /// With the secret in it.
    pub(crate) before: Zeroizing<String>,
    pub(crate) ticket: Option<Box<[u8]>>,
    pub(crate) after: String,
}

/// Describes a session; `verified` is libcrypto's sentence for the verification's result.
pub(crate) fn describe(fields: &Fields, verified: &str) -> Description {
    let is_tls13 = fields.protocol_version == 0x304;
    let secret = if is_tls13 {
        "Resumption PSK"
    } else {
        "Master-Key"
    };
    let mut before = secret_text(fields);
    // Writing to a string does not fail.
    let _ = write!(
        before,
        "SSL-Session:\n    Protocol  : {}\n    Cipher    : {}\n    Session-ID: {}\n    \
         Session-ID-ctx: {}\n    {secret}: {}\n    PSK identity: None\n    PSK identity hint: None\n    \
         SRP username: None",
        protocol(fields.protocol_version),
        suite(fields.suite),
        Hex(fields.id.as_slice()),
        Hex(fields.context.as_slice()),
        Hex(&fields.secret),
    );
    if fields.lifetime_hint != 0 {
        let seconds = fields.lifetime_hint;
        line(
            &mut before,
            format_args!("    TLS session ticket lifetime hint: {seconds} (seconds)"),
        );
    }
    if fields.ticket.is_some() {
        before.push_str("\n    TLS session ticket:\n");
    }
    let mut after = String::new();
    if fields.time != 0 {
        line(&mut after, format_args!("    Start Time: {}", fields.time));
    }
    if fields.timeout != 0 {
        line(
            &mut after,
            format_args!("    Timeout   : {} (sec)", fields.timeout),
        );
    }
    let result = fields.verify_result;
    line(
        &mut after,
        format_args!("    Verify return code: {result} ({verified})"),
    );
    let extended = if fields.extended_master_secret {
        "yes"
    } else {
        "no"
    };
    line(
        &mut after,
        format_args!("    Extended master secret: {extended}"),
    );
    if is_tls13 {
        line(
            &mut after,
            format_args!("    Max Early Data: {}", fields.max_early_data),
        );
    }
    after.push('\n');
    let ticket = fields.ticket.clone();
    Description {
        before,
        ticket,
        after,
    }
}

/// A line for programs that decrypt captures; `None` for a session without id or secret.
pub(crate) fn key_log(fields: &Fields) -> Option<Zeroizing<String>> {
    let known = !fields.id.is_empty() && !fields.secret.is_empty();
    known.then(|| {
        let (id, secret) = (Hex(fields.id.as_slice()), Hex(&fields.secret));
        let mut line = secret_text(fields);
        let _ = writeln!(line, "RSA Session-ID:{id} Master-Key:{secret}");
        line
    })
}

/// An empty text with room for all that is told of a session: one that grows leaves copies of the secret.
fn secret_text(fields: &Fields) -> Zeroizing<String> {
    Zeroizing::new(String::with_capacity(WORDS + 2 * fields.secret.len()))
}

/// The line that a text goes on with, after a line break.
fn line(text: &mut String, line: fmt::Arguments<'_>) {
    text.push('\n');
    let _ = text.write_fmt(line);
}

fn protocol(version: i32) -> &'static str {
    match version {
        0x304 => "TLSv1.3",
        0x303 => "TLSv1.2",
        0x302 => "TLSv1.1",
        0x301 => "TLSv1",
        0x300 => "SSLv3",
        0x100 => "DTLSv0.9",
        0xfeff => "DTLSv1",
        0xfefd => "DTLSv1.2",
        _ => "unknown",
    }
}

fn suite(number: Option<u16>) -> String {
    let number = number.unwrap_or(0);
    match Suite::from_wire(number) {
        Some(suite) => suite.name.to_string_lossy().into_owned(),
        None => format!("{number:04X}"),
    }
}

/// Bytes as digits, written where they are wanted.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

/// Bytes for all but the secret.
const WORDS: usize = 512;

#[cfg(test)]
mod tests {
    use super::super::Id;
    use super::*;

    /// As OpenSSL 3.0 printed a session with these fields.
    const PRINTED: &str = "SSL-Session:
    Protocol  : TLSv1.3
    Cipher    : TLS_AES_128_GCM_SHA256
    Session-ID: 61626364
    Session-ID-ctx: 637478
    Resumption PSK: 3031
    PSK identity: None
    PSK identity hint: None
    SRP username: None
    Start Time: 1700000000
    Timeout   : 7200 (sec)
    Verify return code: 1 (unspecified certificate verification error)
    Extended master secret: no
    Max Early Data: 16384
";

    fn fields() -> Fields {
        Fields {
            protocol_version: 0x304,
            suite: Some(0x1301),
            id: Id::new(b"abcd").unwrap(),
            context: Id::new(b"ctx").unwrap(),
            secret: Zeroizing::new(b"01".to_vec()),
            timeout: 7200,
            max_early_data: 16384,
            ..Fields::new(1_700_000_000)
        }
    }

    #[test]
    fn it_reads_as_openssls() {
        let text = describe(&fields(), "unspecified certificate verification error");
        assert_eq!(format!("{}{}", *text.before, text.after), PRINTED);
    }

    #[test]
    fn the_text_with_the_secret_does_not_grow() {
        let longest = Fields {
            id: Id::new(&[0xff; 32]).unwrap(),
            context: Id::new(&[0xff; 32]).unwrap(),
            secret: Zeroizing::new(vec![0xff; 512]),
            suite: Some(0xc02c),
            lifetime_hint: u64::MAX,
            ticket: Some(Box::new([1])),
            ..fields()
        };
        let room = secret_text(&longest).capacity();
        assert_eq!(describe(&longest, "").before.capacity(), room);
        assert_eq!(key_log(&longest).unwrap().capacity(), room);
    }

    #[test]
    fn an_unknown_suite_is_a_number() {
        assert_eq!(suite(Some(0x00ff)), "00FF");
        assert_eq!(suite(None), "0000");
    }

    #[test]
    fn the_key_log_needs_id_and_secret() {
        let line = "RSA Session-ID:61626364 Master-Key:3031\n";
        assert_eq!(*key_log(&fields()).unwrap(), line);
        let nameless = Fields {
            id: Id::default(),
            ..fields()
        };
        assert!(key_log(&nameless).is_none());
        assert!(key_log(&Fields::new(1)).is_none());
    }
}
