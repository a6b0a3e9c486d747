//! How a command ends: exit code and the one line on standard error.
//!
//! Owns the wording that is added to the library's errors. Must not know who failed.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use ssl_record::config::ConfigError;
use ssl_record::io::CallError;
use ssl_record::record::AlertDescription;
use ssl_record::{CertificateFault, Error, Reason};

/// Why a command did not do all it was asked for.
#[derive(Debug)]
pub(crate) enum Failure {
    /// TLS or I/O failed; one line for a person. Exit code 1.
    Line(String),
    /// The arguments cannot be obeyed. Exit code 2.
    Usage(String),
    /// Whoever read standard output went away, and nobody is left to be told. Exit code 0.
    OutputClosed,
}

impl Failure {
    /// A failure described by its line.
    pub(crate) fn line(line: impl Display) -> Self {
        Self::Line(line.to_string())
    }

    /// A mistake in the arguments.
    pub(crate) fn usage(line: impl Display) -> Self {
        Self::Usage(line.to_string())
    }

    /// Writing to standard output failed.
    pub(crate) fn output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::line(format_args!("cannot write to standard output: {error}")),
        }
    }

    /// A call of the TLS library failed; `whom` is the peer.
    pub(crate) fn call(whom: &impl Display, error: &CallError) -> Self {
        Self::Line(format!("{whom}: {error}{}", advice(error)))
    }

    /// A configuration is impossible; `what` says where it came from.
    pub(crate) fn config(what: &impl Display, error: &ConfigError) -> Self {
        match error {
            ConfigError::VersionRange { .. } | ConfigError::NothingEnabled => Self::usage(error),
            _ => Self::Line(format!("{what}: {error}")),
        }
    }
}

/// Commands print to standard output with `?`; every other I/O is translated where it happens.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::output(&error)
    }
}

/// What this program's user can do about an error beyond what the library can know.
fn advice(error: &CallError) -> &'static str {
    match error {
        CallError::Tls(Error::Certificate(CertificateFault::UnknownIssuer)) => " with --ca FILE",
        CallError::Tls(Error::Certificate(CertificateFault::WrongName(_))) => {
            " or give the name with --servername"
        }
        CallError::Tls(Error::UnexpectedEof) => "; repeat the transfer",
        CallError::Tls(Error::AlertReceived(AlertDescription::INAPPROPRIATE_FALLBACK)) => {
            ": the server supports a newer version than the one offered here and refuses the fallback; \
             raise --max, or leave SEND_FALLBACK_SCSV out of --mode"
        }
        CallError::Tls(error) if error.reason() == Some(Reason::INAPPROPRIATE_FALLBACK) => {
            ": the server supports a newer version than the one it answered with, so somebody on the path may \
             have forced the fallback; raise --max, or leave SEND_FALLBACK_SCSV out of --mode"
        }
        CallError::Transport(_) => "; the connection broke, try again",
        CallError::Tls(_) => "",
    }
}

/// Prints a line to standard error; nothing can be done if that fails.
pub(crate) fn note(line: impl Display) {
    drop(writeln!(io::stderr(), "{line}"));
}

/// The end of the program.
pub(crate) fn exit_code(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) | Err(Failure::OutputClosed) => ExitCode::SUCCESS,
        Err(Failure::Line(line)) => {
            note(format_args!("ssl-cli: {line}"));
            ExitCode::from(1)
        }
        Err(Failure::Usage(line)) => {
            note(format_args!("ssl-cli: {line}"));
            ExitCode::from(2)
        }
    }
}
