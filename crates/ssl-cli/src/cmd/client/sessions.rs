//! The file that carries a session from one run to the next.
//!
//! Owns the file's form, its safety and the warnings about it. Must not know how a session is made.
//!
//! The file is the library's encoding of a session and its SHA-256: a session whose secret is damaged
//! would still be one, and fail at the server.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use ssl_record::{ClientSession, Connection, Context};
use zeroize::Zeroizing;

use crate::failure::{Failure, note};

/// Longest file that is read: far more than any chain of certificates and ticket.
const MOST: usize = 256 * 1024;

/// The newest session of this run, and the file it goes to.
pub(super) struct Sessions<'a> {
    /// `None` if no session is to be kept.
    file: Option<&'a Path>,
    newest: Option<ClientSession>,
}

impl<'a> Sessions<'a> {
    /// Gives `context` the session in `file`, if there is a file and the session is for this server. If
    /// it cannot be used, a warning says why, and the connection is made without it.
    pub(super) fn open(file: Option<&'a Path>, context: &Context, server_name: &str) -> Self {
        if let Some(path) = file
            && let Err(why) = import(path, context, server_name)
        {
            let path = path.display();
            note(format_args!(
                "ssl-cli: warning: --session-file {path}: {why}; connecting without it"
            ));
        }
        Self { file, newest: None }
    }

    /// Keeps the newest session of a connection.
    pub(super) fn note(&mut self, connection: &Connection) {
        if self.file.is_some()
            && let Some(session) = connection.session()
        {
            self.newest = Some(session);
        }
    }

    /// Keeps the first session of a connection, for the case that its end takes the others along.
    pub(super) fn note_first(&mut self, connection: &Connection) {
        if self.newest.is_none() {
            self.note(connection);
        }
    }

    /// Forgets what was kept: a fatal alert puts the sessions of its connection in doubt (RFC 8446
    /// section 6.2).
    pub(super) fn forget(&mut self) {
        self.newest = None;
    }

    /// Writes the newest session to the file when the last connection is over. Without one the file stays
    /// as it is.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn finish(mut self, last: &Connection) -> Result<(), Failure> {
        self.note(last);
        let Some(path) = self.file else {
            return Ok(());
        };
        let shown = path.display();
        let Some(session) = &self.newest else {
            // A server that resumes need not renew the session, and a failure is told anyway.
            if last.negotiated().is_some_and(|done| !done.resumed) {
                note(format_args!(
                    "ssl-cli: warning: --session-file {shown}: the server gave no session; nothing is written"
                ));
            }
            return Ok(());
        };
        write(path, session).map_err(|error| {
            Failure::line(format_args!(
                "cannot write the session to {shown}: {error}; choose another --session-file"
            ))
        })
    }
}

/// Reads the file, if there is one, and imports what it holds; an error says what is wrong with it.
fn import(path: &Path, context: &Context, server_name: &str) -> Result<(), String> {
    let session = match read(path) {
        Ok(Some(session)) => session,
        Ok(None) => return Err("it is damaged or no session".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(format!("cannot read it: {error}")),
    };
    let made_for = session.server_name();
    if !made_for.eq_ignore_ascii_case(server_name) {
        return Err(format!("its session is for {made_for}, not {server_name}"));
    }
    context.import_session(&session).map_err(|_| {
        let (suite, version) = (session.suite(), session.suite().version());
        format!("its session ({version}, {suite}) does not fit these options")
    })
}

/// The session in a file; `None` if there is something else in it.
fn read(path: &Path) -> io::Result<Option<ClientSession>> {
    // Room for all from the start: growing would leave copies of the secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST + 1));
    File::open(path)?
        .take(MOST as u64)
        .read_to_end(&mut bytes)?;
    Ok(decode(&bytes))
}

fn decode(bytes: &[u8]) -> Option<ClientSession> {
    let (encoded, sum) = bytes.split_last_chunk::<SHA256_OUTPUT_LEN>()?;
    if digest(&SHA256, encoded).as_ref() != sum {
        return None;
    }
    ClientSession::from_bytes(encoded).ok()
}

/// Writes a file beside it, readable by its owner only, which then takes its name: whoever opens it
/// finds a whole session, the old or the new one.
fn write(path: &Path, session: &ClientSession) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let encoded = session.to_bytes();
    let mut file = tempfile::Builder::new()
        .prefix(".ssl-cli-session-")
        .tempfile_in(folder)?;
    file.write_all(&encoded)?;
    file.write_all(digest(&SHA256, &encoded).as_ref())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
