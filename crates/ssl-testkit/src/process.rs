//! External programs as children: their input, their output, their end.
//!
//! Owns the pipes and the waiting, all with a deadline. It must not know which program runs: see
//! [`openssl`](crate::openssl) and [`curl`](crate::curl).

use std::env;
use std::io::{self, ErrorKind, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::DEADLINE;
use crate::digest;

/// Whether a test that needs an external program can run. Pass it what `available()` returned.
///
/// Prints the reason if not, and is an error where the environment variable `CI` is set: there,
/// a test that silently does not run would go unnoticed.
///
/// # Errors
/// The program is missing although `CI` is set.
///
/// ```
/// use ssl_testkit::{openssl, process};
/// fn test() -> std::io::Result<()> {
///     if !process::usable(&openssl::available())? {
///         return Ok(());
///     }
///     // ... the test
///     Ok(())
/// }
/// # test().unwrap();
/// ```
pub fn usable(available: &Result<String, String>) -> io::Result<bool> {
    match available {
        Ok(_) => Ok(true),
        Err(reason) if env::var_os("CI").is_some() => Err(io::Error::new(
            ErrorKind::NotFound,
            format!("{reason}; CI needs it"),
        )),
        Err(reason) => {
            eprintln!("not run: {reason}");
            Ok(false)
        }
    }
}

/// The first line that `program argument` prints, or why it cannot be run.
pub(crate) fn version(program: &str, argument: &str) -> Result<String, String> {
    match Command::new(program)
        .arg(argument)
        .stdin(Stdio::null())
        .output()
    {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            Ok(text.lines().next().unwrap_or_default().to_owned())
        }
        Ok(output) => Err(format!("`{program} {argument}` failed: {}", output.status)),
        Err(error) => Err(format!("cannot run `{program}`: {error}")),
    }
}

/// A running child whose output is collected in the background. Dropping it kills it.
///
/// Errors of the waiting functions contain what the child printed so far.
///
/// ```
/// use ssl_testkit::process::Process;
/// use std::process::Command;
///
/// let mut cat = Process::spawn(&mut Command::new("cat")).unwrap();
/// cat.send(b"hello\n").unwrap();
/// cat.wait_for_stdout("hello").unwrap();
/// cat.close_stdin();
/// assert!(cat.wait().unwrap().success());
/// assert_eq!(cat.stdout(), b"hello\n");
/// ```
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    stdin: Stdin,
    output: Arc<Output>,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    /// Starts the command with all three standard streams piped.
    ///
    /// # Errors
    /// If the program cannot be run.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("cannot run {name}: {error}")))?;
        let output = Arc::new(Output::default());
        let stdin = Arc::new(Mutex::new(child.stdin.take()));
        let mut readers = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            readers.push(collect(stdout, Arc::clone(&output), Stream::Stdout));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.push(collect(stderr, Arc::clone(&output), Stream::Stderr));
        }
        Ok(Self {
            name,
            child,
            stdin,
            output,
            readers,
        })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes to the child's standard input; waits while its pipe is full, so use
    /// [`feed`](Self::feed) for more than a pipe holds.
    ///
    /// # Errors
    /// [`ErrorKind::BrokenPipe`] if the child or its input is closed.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut stdin = lock(&self.stdin);
        let stdin = stdin.as_mut().ok_or(ErrorKind::BrokenPipe)?;
        stdin.write_all(bytes)?;
        stdin.flush()
    }

    /// Copies `source` to the child's standard input on a thread of its own, which returns how many
    /// bytes were copied; joining it is up to the caller. The input stays open. Meanwhile
    /// [`send`](Self::send) and [`close_stdin`](Self::close_stdin) wait for the copy.
    pub fn feed(&mut self, source: impl Read + Send + 'static) -> JoinHandle<io::Result<u64>> {
        self.copy_in(source, false)
    }

    /// Like [`feed`](Self::feed), and closes the input when everything is copied.
    pub fn feed_and_close(
        &mut self,
        source: impl Read + Send + 'static,
    ) -> JoinHandle<io::Result<u64>> {
        self.copy_in(source, true)
    }

    /// Closes the child's standard input.
    pub fn close_stdin(&mut self) {
        *lock(&self.stdin) = None;
    }

    /// What the child printed to standard output so far.
    pub fn stdout(&self) -> Vec<u8> {
        self.output.streams().stdout.bytes.clone()
    }

    /// What the child printed to standard output so far, as text.
    pub fn stdout_text(&self) -> String {
        text(&self.output.streams().stdout.bytes)
    }

    /// What the child printed to standard error so far, as text.
    pub fn stderr_text(&self) -> String {
        text(&self.output.streams().stderr.bytes)
    }

    /// How many bytes the child printed to standard output so far.
    pub fn stdout_len(&self) -> usize {
        self.output.streams().stdout.bytes.len()
    }

    /// The SHA-256 of what the child printed to standard output so far, in hexadecimal.
    pub fn stdout_sha256(&self) -> String {
        digest::sha256(&self.output.streams().stdout.bytes)
    }

    /// Waits until standard output contains `needle`.
    ///
    /// # Errors
    /// [`ErrorKind::UnexpectedEof`] if the child ends without it, [`ErrorKind::TimedOut`] after
    /// [`DEADLINE`].
    pub fn wait_for_stdout(&self, needle: &str) -> io::Result<()> {
        let mut search = Search::new(needle);
        self.wait_until(needle, |streams| search.found_in(&streams.stdout.bytes))
    }

    /// Waits until standard error contains `needle`.
    ///
    /// # Errors
    /// As for [`wait_for_stdout`](Self::wait_for_stdout).
    pub fn wait_for_stderr(&self, needle: &str) -> io::Result<()> {
        let mut search = Search::new(needle);
        self.wait_until(needle, |streams| search.found_in(&streams.stderr.bytes))
    }

    /// Waits until standard output is at least `len` bytes long.
    ///
    /// # Errors
    /// As for [`wait_for_stdout`](Self::wait_for_stdout).
    pub fn wait_for_stdout_len(&self, len: usize) -> io::Result<()> {
        let what = format!("{len} bytes of output");
        self.wait_until(&what, |streams| streams.stdout.bytes.len() >= len)
    }

    /// Waits until the child has exited and its output is complete. Close its input first if it
    /// reads to the end.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`] after [`DEADLINE`].
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let complete = self.output.streams().complete();
            if let Some(status) = self.child.try_wait()?
                && complete
            {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                return Err(self.failure(ErrorKind::TimedOut, "does not exit"));
            }
            self.pause();
        }
    }

    /// Repeats `probe` until it returns a value: for conditions that no output announces.
    ///
    /// # Errors
    /// As for [`wait_for_stdout`](Self::wait_for_stdout), or what `probe` returns.
    pub(crate) fn wait_for<T>(
        &self,
        what: &str,
        mut probe: impl FnMut() -> io::Result<Option<T>>,
    ) -> io::Result<T> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let complete = self.output.streams().complete();
            if let Some(value) = probe()? {
                return Ok(value);
            }
            if complete {
                return Err(self.failure(ErrorKind::UnexpectedEof, &format!("ended before {what}")));
            }
            if Instant::now() >= deadline {
                return Err(self.failure(ErrorKind::TimedOut, &format!("not seen: {what}")));
            }
            self.pause();
        }
    }

    /// Kills the child, if it still runs, and waits for its end.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn kill(&mut self) -> io::Result<ExitStatus> {
        self.child.kill()?;
        self.child.wait()
    }

    fn copy_in(
        &self,
        mut source: impl Read + Send + 'static,
        close: bool,
    ) -> JoinHandle<io::Result<u64>> {
        let stdin = Arc::clone(&self.stdin);
        thread::spawn(move || {
            let mut stdin = lock(&stdin);
            let copied = match stdin.as_mut() {
                Some(stdin) => io::copy(&mut source, stdin),
                None => Err(ErrorKind::BrokenPipe.into()),
            };
            if close {
                *stdin = None;
            }
            copied
        })
    }

    fn wait_until(&self, what: &str, mut reached: impl FnMut(&Streams) -> bool) -> io::Result<()> {
        let deadline = Instant::now() + DEADLINE;
        let mut streams = self.output.streams();
        loop {
            if reached(&streams) {
                return Ok(());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let (kind, problem) = match (streams.complete(), left.is_zero()) {
                (true, _) => (ErrorKind::UnexpectedEof, "ended before"),
                (false, true) => (ErrorKind::TimedOut, "not seen:"),
                (false, false) => {
                    let waited = self.output.changed.wait_timeout(streams, left);
                    streams = waited.unwrap_or_else(PoisonError::into_inner).0;
                    continue;
                }
            };
            drop(streams);
            return Err(self.failure(kind, &format!("{problem} {what}")));
        }
    }

    /// Until there is output, or for a moment: what is waited for has no event of its own.
    fn pause(&self) {
        // Which of the two it was makes no difference to the caller's loop.
        drop(
            self.output
                .changed
                .wait_timeout(self.output.streams(), POLL),
        );
    }

    fn failure(&self, kind: ErrorKind, problem: &str) -> io::Error {
        let (name, streams) = (&self.name, self.output.streams());
        let (stdout, stderr) = (tail(&streams.stdout.bytes), tail(&streams.stderr.bytes));
        let text = format!("{name}: {problem}\n--- stdout\n{stdout}\n--- stderr\n{stderr}");
        io::Error::new(kind, text)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails only if the child is gone already, which is what is wanted.
        drop(self.kill());
        // Ends the child's own children that read its input. Not while a copy holds it: that one
        // notices the end by itself.
        if let Ok(mut stdin) = self.stdin.try_lock() {
            *stdin = None;
        }
        for reader in self.readers.drain(..) {
            drop(reader.join());
        }
    }
}

/// Shared with the thread that feeds it.
type Stdin = Arc<Mutex<Option<ChildStdin>>>;

#[derive(Debug, Default)]
struct Output {
    streams: Mutex<Streams>,
    changed: Condvar,
}

impl Output {
    fn streams(&self) -> MutexGuard<'_, Streams> {
        lock(&self.streams)
    }
}

#[derive(Debug, Default)]
struct Streams {
    stdout: Collected,
    stderr: Collected,
}

impl Streams {
    fn complete(&self) -> bool {
        self.stdout.ended && self.stderr.ended
    }
}

#[derive(Debug, Default)]
struct Collected {
    bytes: Vec<u8>,
    ended: bool,
}

#[derive(Clone, Copy, Debug)]
enum Stream {
    Stdout,
    Stderr,
}

/// A needle, and how far the haystack is known not to contain it.
struct Search<'a> {
    needle: &'a [u8],
    searched: usize,
}

impl<'a> Search<'a> {
    fn new(needle: &'a str) -> Self {
        Self {
            needle: needle.as_bytes(),
            searched: 0,
        }
    }

    fn found_in(&mut self, haystack: &[u8]) -> bool {
        let fresh = &haystack[self.searched.min(haystack.len())..];
        let width = self.needle.len().max(1);
        let found = self.needle.is_empty() || fresh.windows(width).any(|part| part == self.needle);
        self.searched = (haystack.len() + 1).saturating_sub(width);
        found
    }
}

fn collect(
    mut source: impl Read + Send + 'static,
    output: Arc<Output>,
    stream: Stream,
) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut space = vec![0; 64 * 1024];
        loop {
            let len = match source.read(&mut space) {
                Ok(len) => len,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => 0,
            };
            let mut streams = output.streams();
            let collected = match stream {
                Stream::Stdout => &mut streams.stdout,
                Stream::Stderr => &mut streams.stderr,
            };
            collected.bytes.extend_from_slice(&space[..len]);
            collected.ended = len == 0;
            output.changed.notify_all();
            if len == 0 {
                return;
            }
        }
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The end of an output, short enough for an error message.
fn tail(bytes: &[u8]) -> String {
    text(&bytes[bytes.len().saturating_sub(4096)..])
}

/// How often conditions without an event are looked at.
const POLL: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests;
