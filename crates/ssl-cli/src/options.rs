//! Options that client and server share, and how they become a configuration.
//!
//! Owns their spelling and defaults. Must not know what either side does with a connection.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use clap::ValueEnum;
use ssl_mode::ModeEdit;
use ssl_record::Context;
use ssl_record::config::{CipherSuite, Identity, KeyLog, NamedGroup, Roots};
use ssl_record::record::ProtocolVersion;

use crate::failure::Failure;

/// What both sides can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct TlsOptions {
    /// Modes to change, such as +release-buffers,-auto-retry, or the whole mask, such as 0x13
    #[arg(long, value_name = "EDIT", allow_hyphen_values = true)]
    pub(crate) mode: Option<ModeEdit>,
    /// Oldest version to negotiate
    #[arg(long, value_enum, default_value = "1.2", value_name = "VERSION")]
    pub(crate) min: Version,
    /// Newest version to negotiate
    #[arg(long, value_enum, default_value = "1.3", value_name = "VERSION")]
    pub(crate) max: Version,
    /// Cipher suites by their OpenSSL names, best first
    #[arg(long, value_delimiter = ',', value_parser = suite, value_name = "NAMES")]
    pub(crate) suites: Vec<CipherSuite>,
    /// Key exchange groups, best first
    #[arg(long, value_delimiter = ',', value_parser = group, value_name = "NAMES")]
    pub(crate) groups: Vec<NamedGroup>,
    /// Application protocols, best first, such as h2,http/1.1
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub(crate) alpn: Vec<String>,
    /// Append the secrets of each connection to this file, for packet analysers
    #[arg(long, value_name = "FILE")]
    pub(crate) keylog: Option<PathBuf>,
    /// Print each record and each want or retry to standard error
    #[arg(long)]
    pub(crate) trace: bool,
}

/// A TLS version as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Version {
    /// TLS 1.2
    #[value(name = "1.2")]
    Tls12,
    /// TLS 1.3
    #[value(name = "1.3")]
    Tls13,
}

impl From<Version> for ProtocolVersion {
    fn from(version: Version) -> Self {
        match version {
            Version::Tls12 => Self::Tls12,
            Version::Tls13 => Self::Tls13,
        }
    }
}

/// Applies the shared options to a `ClientConfig` or `ServerConfig`, which have the same builder
/// methods but no trait in common.
macro_rules! configured {
    ($config:expr, $options:expr) => {{
        let options: &$crate::options::TlsOptions = $options;
        let mut config = $config.versions(options.min.into(), options.max.into());
        if !options.suites.is_empty() {
            config = config.cipher_suites(&options.suites);
        }
        if !options.groups.is_empty() {
            config = config.groups(&options.groups);
        }
        if !options.alpn.is_empty() {
            config = config.alpn(options.alpn.iter().map(String::as_str));
        }
        config
    }};
}
pub(crate) use configured;

impl TlsOptions {
    /// Brings the modes of a new context to what was asked for.
    pub(crate) fn set_modes(&self, context: &Context) {
        if let Some(edit) = self.mode {
            context.set_mode(edit.sets());
            context.clear_mode(edit.clears());
        }
    }
}

/// A key log that appends to a file only its owner can read.
///
/// # Errors
/// The file cannot be opened.
pub(crate) fn key_log(path: &Path) -> Result<KeyLog, Failure> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(|error| {
        Failure::line(format_args!(
            "cannot open the key log {}: {error}",
            path.display()
        ))
    })?;
    let file = Mutex::new(file);
    Ok(Arc::new(move |line: &str| {
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk must not end the connection that is being debugged.
        drop(file.write_all(format!("{line}\n").as_bytes()));
    }))
}

/// The roots in a PEM file; `option` is where its name came from.
///
/// # Errors
/// It cannot be read or holds no certificate.
pub(crate) fn roots(option: &str, path: &Path) -> Result<Roots, Failure> {
    Roots::from_pem_file(path)
        .map_err(|error| Failure::config(&format_args!("{option} {}", path.display()), &error))
}

/// The platform's roots.
///
/// # Errors
/// There are none.
pub(crate) fn platform_roots() -> Result<Roots, Failure> {
    Roots::platform().map_err(|error| Failure::config(&"--ca system", &error))
}

/// A certificate chain and its key; both may stand in one file.
///
/// # Errors
/// A file cannot be read or does not hold what it should.
pub(crate) fn identity(cert: &Path, key: Option<&Path>) -> Result<Identity, Failure> {
    let key = key.unwrap_or(cert);
    Identity::from_pem_files(cert, key).map_err(|error| {
        let place = format!("--cert {} --key {}", cert.display(), key.display());
        Failure::config(&place, &error)
    })
}

/// Where the environment asks for a key log.
pub(crate) fn environment_key_log() -> Option<PathBuf> {
    std::env::var_os("SSLKEYLOGFILE")
        .filter(|path| path != OsStr::new(""))
        .map(PathBuf::from)
}

fn suite(name: &str) -> Result<CipherSuite, String> {
    named(name, CipherSuite::ALL)
}

fn group(name: &str) -> Result<NamedGroup, String> {
    named(name, NamedGroup::ALL)
}

/// A name looked up, or what can be written instead.
fn named<T>(name: &str, all: &[T]) -> Result<T, String>
where
    T: FromStr<Err: std::fmt::Display> + std::fmt::Display,
{
    name.parse().map_err(|error| {
        let known: Vec<String> = all.iter().map(ToString::to_string).collect();
        format!("{error}; use one of {}", known.join(", "))
    })
}
