//! What a scenario is: a program, a name, steps, and the lesson it holds. Must not know how it is run.

use std::time::Duration;

use anyhow::Result;

use crate::stage::Stage;

/// A program that is linked against libssl.so.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    /// As people call it.
    pub(crate) name: &'static str,
    /// A file of the Debian package whose version is reported: a program's name, or a path.
    pub(crate) file: &'static str,
}

/// One thing a program does over TLS, and how one sees that it went well.
pub(crate) struct Scenario {
    /// The program that runs under the library.
    pub(crate) program: Program,
    /// Unique within the program.
    pub(crate) name: &'static str,
    /// The steps. Fails with what was expected and what came instead.
    pub(crate) run: fn(&Stage) -> Result<()>,
    /// What a drop-in got wrong before, and this would show.
    pub(crate) lessons: &'static [Lesson],
    /// How long it may take, from the first step to the last.
    pub(crate) limit: Duration,
}

impl Scenario {
    /// A scenario with the usual limit.
    pub(crate) const fn new(
        program: Program,
        name: &'static str,
        run: fn(&Stage) -> Result<()>,
    ) -> Self {
        Self {
            program,
            name,
            run,
            lessons: &[],
            limit: LIMIT,
        }
    }

    /// The same, marked as one to fail if these lessons are forgotten.
    pub(crate) const fn holds(mut self, lessons: &'static [Lesson]) -> Self {
        self.lessons = lessons;
        self
    }

    /// `program/name`, by which it is chosen on the command line.
    pub(crate) fn id(&self) -> String {
        format!("{}/{}", self.program.name.replace(' ', "-"), self.name)
    }
}

/// A way in which drop-ins for libssl went wrong with real programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lesson {
    /// Plaintext handed over, then WANT_WRITE: the retry sends it a second time.
    SentOnce,
    /// Success reported while ciphertext is still inside the library.
    NothingLeftInside,
    /// A server that requires certificates serves clients without one.
    ClientWithoutCertificate,
    /// A server that requires certificates serves clients with a stranger's.
    ClientOfAStranger,
    /// A server certificate signed by the wrong authority is accepted.
    WrongAuthority,
    /// A server certificate for another host is accepted.
    WrongHost,
    /// An expired certificate is accepted.
    Expired,
    /// A version that the configuration excludes is negotiated.
    ExcludedVersion,
    /// A key that does not match its certificate is accepted at configuration.
    KeyMismatch,
    /// The store of authorities is read when the connection is made, not when it is verified.
    StoreReadLate,
    /// Authorities from a file, from a directory, and from both.
    FileAndDirectory,
    /// Cipher strings are a language; what selects nothing is refused.
    CipherStrings,
    /// Parameters of DH and ECDH are accepted.
    DhParameters,
    /// Pass phrases come from a callback.
    PassPhrases,
    /// The names in a certificate request are those configured.
    ClientAuthorities,
    /// A session that was stored resumes.
    SessionsResume,
    /// The key log is written.
    KeyLog,
    /// Every symbol is there: programs linked BIND_NOW load.
    BindNow,
    /// The end of the stream without close_notify is told from the end with it.
    EndOfFile,
    /// The mode getter is read and ORed into.
    ModeGetter,
    /// Modes are toggled on a live connection.
    ModeToggled,
    /// A program that clears AUTO_RETRY gets control back after a ticket.
    AutoRetryCleared,
}

impl Lesson {
    /// Those that are about security: each needs a scenario in which something is refused.
    pub(crate) const SECURITY: &[Self] = &[
        Self::ClientWithoutCertificate,
        Self::ClientOfAStranger,
        Self::WrongAuthority,
        Self::WrongHost,
        Self::Expired,
        Self::ExcludedVersion,
        Self::KeyMismatch,
    ];

    /// The others.
    pub(crate) const COMPATIBILITY: &[Self] = &[
        Self::SentOnce,
        Self::NothingLeftInside,
        Self::StoreReadLate,
        Self::FileAndDirectory,
        Self::CipherStrings,
        Self::DhParameters,
        Self::PassPhrases,
        Self::ClientAuthorities,
        Self::SessionsResume,
        Self::KeyLog,
        Self::BindNow,
        Self::EndOfFile,
        Self::ModeGetter,
        Self::ModeToggled,
        Self::AutoRetryCleared,
    ];

    /// What must not happen, or must work, in a line of a table.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::SentOnce => "bytes of a blocked write are sent once",
            Self::NothingLeftInside => "nothing stays inside the library after success",
            Self::ClientWithoutCertificate => "a client without certificate is refused",
            Self::ClientOfAStranger => "a client with a stranger's certificate is refused",
            Self::WrongAuthority => "a server signed by the wrong authority is refused",
            Self::WrongHost => "a certificate for another host is refused",
            Self::Expired => "an expired certificate is refused",
            Self::ExcludedVersion => "an excluded version is refused",
            Self::KeyMismatch => "a key that does not match its certificate is refused",
            Self::StoreReadLate => "authorities added after the connection was made count",
            Self::FileAndDirectory => "authorities from a file, a directory, and both",
            Self::CipherStrings => "cipher strings select, and are refused if nothing is left",
            Self::DhParameters => "parameters of DH and ECDH are accepted",
            Self::PassPhrases => "pass phrases come from a callback",
            Self::ClientAuthorities => "the certificate request names the authorities",
            Self::SessionsResume => "stored sessions resume",
            Self::KeyLog => "the key log is written",
            Self::BindNow => "programs linked BIND_NOW load",
            Self::EndOfFile => "an end without close_notify is told apart",
            Self::ModeGetter => "modes read are the modes set",
            Self::ModeToggled => "modes change on a live connection",
            Self::AutoRetryCleared => "without AUTO_RETRY a ticket returns control",
        }
    }
}

/// Enough for 64 MiB on a busy machine, and short enough to wait for.
const LIMIT: Duration = Duration::from_secs(90);
