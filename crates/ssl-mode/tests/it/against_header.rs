//! Compares every bit with the `openssl/ssl.h` of this machine, so that no one has to trust a
//! hand-copied constant. Without OpenSSL's header there is nothing to compare with, and the tests
//! say so.

use std::env;
use std::fs;
use std::path::PathBuf;

use ssl_mode::{MODES, ModeRow};

#[test]
fn m1_every_mode_of_the_header_has_our_bit() {
    let Some(header) = Header::find() else { return };
    let defines = header.modes();
    assert!(
        !defines.is_empty(),
        "{} defines no SSL_MODE_*",
        header.path.display()
    );
    for (name, value) in defines {
        let row = MODES.iter().find(|row| row.name == name);
        assert_eq!(
            row.map(|row| row.bit.bits()),
            Some(value),
            "SSL_MODE_{name}"
        );
    }
}

#[test]
fn m1_every_row_is_in_the_header() {
    let Some(header) = Header::find() else { return };
    if header.major < 3 {
        println!("skipped: OpenSSL {} may lack later modes", header.major);
        return;
    }
    let defines = header.modes();
    for ModeRow { name, .. } in &MODES {
        assert!(
            defines.iter().any(|(defined, _)| defined == name),
            "SSL_MODE_{name}"
        );
    }
}

/// An `ssl.h` that is OpenSSL's own.
struct Header {
    path: PathBuf,
    text: String,
    major: u32,
}

impl Header {
    /// The first header found. LibreSSL and BoringSSL install theirs at the same place; they are
    /// no oracle, so the version text decides.
    fn find() -> Option<Self> {
        for include in include_dirs() {
            let path = include.join("openssl/ssl.h");
            let version = include.join("openssl/opensslv.h");
            let (Ok(text), Ok(version)) = (fs::read_to_string(&path), fs::read_to_string(version))
            else {
                continue;
            };
            if let Some(major) = openssl_major(&version) {
                println!("comparing with {}", path.display());
                return Some(Self { path, text, major });
            }
        }
        println!("skipped: no openssl/ssl.h of OpenSSL found; set OPENSSL_DIR to its prefix");
        None
    }

    /// Each `#define SSL_MODE_<name> <value>`. An unreadable value fails the test.
    fn modes(&self) -> Vec<(String, u32)> {
        self.text.lines().filter_map(mode_define).collect()
    }
}

/// Where the usual packages put their headers, the user's choice first.
fn include_dirs() -> Vec<PathBuf> {
    let chosen = env::var_os("OPENSSL_INCLUDE_DIR").map(PathBuf::from);
    let prefix = env::var_os("OPENSSL_DIR").map(|dir| PathBuf::from(dir).join("include"));
    let usual = [
        "/usr/include",
        "/usr/local/include",
        "/opt/homebrew/opt/openssl@3/include",
        "/usr/local/opt/openssl@3/include",
    ];
    chosen
        .into_iter()
        .chain(prefix)
        .chain(usual.map(PathBuf::from))
        .collect()
}

/// The 3 of `# define OPENSSL_VERSION_TEXT "OpenSSL 3.0.19 27 Jan 2026"`.
fn openssl_major(opensslv: &str) -> Option<u32> {
    let line = opensslv
        .lines()
        .find(|line| line.contains("define OPENSSL_VERSION_TEXT"))?;
    let version = line.split_once("\"OpenSSL ")?.1;
    version.split_once('.')?.0.parse().ok()
}

/// Name and value of one `# define SSL_MODE_X 0x00000001U`; nothing for any other line.
fn mode_define(line: &str) -> Option<(String, u32)> {
    let mut words = line.trim_start().strip_prefix('#')?.split_whitespace();
    if words.next()? != "define" {
        return None;
    }
    let name = words.next()?.strip_prefix("SSL_MODE_")?;
    let value = words.next().unwrap_or_default();
    let digits = value.trim_end_matches(['U', 'L']).strip_prefix("0x");
    let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    Some((
        name.to_owned(),
        value.unwrap_or_else(|| panic!("cannot read: {line}")),
    ))
}

#[test]
fn defines_are_read_in_both_styles_of_the_header() {
    let expected = Some(("ASYNC".to_owned(), 0x100));
    assert_eq!(mode_define("#define SSL_MODE_ASYNC 0x00000100U"), expected);
    assert_eq!(mode_define("# define SSL_MODE_ASYNC 0x00000100L"), expected);
    assert_eq!(mode_define("#define SSL_MODE_ASYNC 0x100"), expected);
    assert_eq!(mode_define("# define SSL_CTRL_MODE 33"), None);
    assert_eq!(mode_define(" * SSL_MODE_ASYNC is a mode"), None);
    assert_eq!(
        openssl_major("# define OPENSSL_VERSION_TEXT \"OpenSSL 3.0.19 x\""),
        Some(3)
    );
    assert_eq!(
        openssl_major("#define OPENSSL_VERSION_TEXT LIBRESSL_VERSION_TEXT"),
        None
    );
}
