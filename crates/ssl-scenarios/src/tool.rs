//! `Tool`: a command line of a scenario; `Running` and `Finished`: what becomes of it.
//!
//! Owns the process: its group, its output in files, its end. Must not know which library it was given; see
//! `stage`.

use std::cell::{Cell, RefCell};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use ssl_testkit::digest;

use crate::stage::Stage;

/// A command that is not started yet.
pub(crate) struct Tool<'a> {
    stage: &'a Stage,
    name: String,
    command: Command,
    input: Input,
}

enum Input {
    Nothing,
    File(PathBuf),
    Open,
}

impl<'a> Tool<'a> {
    pub(crate) fn new(stage: &'a Stage, name: &str, command: Command) -> Self {
        Self {
            stage,
            name: name.to_owned(),
            command,
            input: Input::Nothing,
        }
    }

    /// Adds arguments, separated by blanks; nothing is quoted.
    pub(crate) fn words(mut self, arguments: &str) -> Self {
        self.command.args(arguments.split_whitespace());
        self
    }

    /// Adds one argument, blanks and all.
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it in this folder rather than in the scenario's.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Standard input is this file.
    pub(crate) fn input_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.input = Input::File(path.into());
        self
    }

    /// Standard input is this text.
    pub(crate) fn input(mut self, text: &str) -> Result<Self> {
        let path = self.stage.write("input", text)?;
        self.input = Input::File(path);
        Ok(self)
    }

    /// Standard input stays open, for [`Running::send`].
    pub(crate) fn input_open(mut self) -> Self {
        self.input = Input::Open;
        self
    }

    /// Starts it. The stage ends it at the latest with the scenario.
    pub(crate) fn start(mut self) -> Result<Running> {
        let stdout = self.stage.new_file(&self.name, "out");
        let stderr = self.stage.new_file(&self.name, "err");
        let input = match &self.input {
            Input::Nothing => Stdio::null(),
            Input::File(path) => File::open(path)
                .with_context(|| format!("cannot open {}", path.display()))?
                .into(),
            Input::Open => Stdio::piped(),
        };
        self.command
            .stdin(input)
            .stdout(File::create(&stdout)?)
            .stderr(File::create(&stderr)?)
            .process_group(0);
        let mut child = self
            .command
            .spawn()
            .with_context(|| format!("cannot run {}", self.name))?;
        let running = Running(Rc::new(Inner {
            line: line(&self.command),
            stdin: RefCell::new(child.stdin.take()),
            child: RefCell::new(child),
            name: self.name,
            stdout,
            stderr,
            deadline: self.stage.deadline(),
            stopped: Cell::new(false),
        }));
        self.stage.remember(running.clone());
        Ok(running)
    }

    /// Starts it and waits for its end.
    pub(crate) fn run(self) -> Result<Finished> {
        self.start()?.finish()
    }
}

/// A process of a scenario, running or not. Copies are of the same process.
#[derive(Clone)]
pub(crate) struct Running(Rc<Inner>);

struct Inner {
    name: String,
    /// The command line, to be repeated by hand.
    line: String,
    child: RefCell<Child>,
    stdin: RefCell<Option<ChildStdin>>,
    stdout: PathBuf,
    stderr: PathBuf,
    deadline: Instant,
    /// We ended it: then a signal is no surprise.
    stopped: Cell<bool>,
}

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.0.child.borrow().id()
    }

    /// Waits until standard output or error contains `text`.
    pub(crate) fn wait_for(&self, text: &str) -> Result<()> {
        self.wait_until(&format!("`{text}` in its output"), || {
            Ok(self.output().contains(text))
        })
    }

    /// Waits until it printed `text` as often as this.
    pub(crate) fn wait_for_times(&self, text: &str, times: usize) -> Result<()> {
        self.wait_until(&format!("`{text}`, {times} times"), || {
            Ok(self.output().matches(text).count() >= times)
        })
    }

    /// Waits until it printed as many bytes to standard output.
    pub(crate) fn wait_for_bytes(&self, count: usize) -> Result<()> {
        self.wait_until(&format!("{count} bytes of output"), || {
            Ok(fs::metadata(&self.0.stdout)?.len() >= count as u64)
        })
    }

    /// Waits until `reached`; fails if the process ends before.
    pub(crate) fn wait_until(
        &self,
        what: &str,
        mut reached: impl FnMut() -> Result<bool>,
    ) -> Result<()> {
        loop {
            // Asked first: what it did before its end counts.
            let ended = self.ended()?;
            if reached()? {
                return Ok(());
            }
            if let Some(status) = ended {
                bail!("{} ended ({status}) before: {what}", self.0.name);
            }
            self.pause(what)?;
        }
    }

    /// Writes to its standard input.
    pub(crate) fn send(&self, bytes: &[u8]) -> Result<()> {
        let mut stdin = self.0.stdin.borrow_mut();
        let stdin = stdin.as_mut().context("its input is not open")?;
        stdin
            .write_all(bytes)
            .with_context(|| format!("{} does not read its input", self.0.name))?;
        Ok(stdin.flush()?)
    }

    /// Ends its standard input.
    pub(crate) fn close_input(&self) {
        drop(self.0.stdin.borrow_mut().take());
    }

    /// Waits for its end.
    pub(crate) fn finish(&self) -> Result<Finished> {
        self.close_input();
        loop {
            if let Some(status) = self.ended()? {
                return Ok(Finished {
                    running: self.clone(),
                    status,
                });
            }
            self.pause("its end")?;
        }
    }

    /// Waits for its end as [`Self::finish`] does, and calls `look` before what the system knows of it is gone.
    pub(crate) fn finish_after<T>(&self, look: impl FnOnce() -> T) -> Result<(T, Finished)> {
        self.close_input();
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.pid()?), options)?;
        let seen = look();
        Ok((seen, self.finish()?))
    }

    /// All it printed so far, standard output first, as text.
    pub(crate) fn output(&self) -> String {
        read_text(&self.0.stdout) + &read_text(&self.0.stderr)
    }

    /// The end of what it printed, where servers complain.
    pub(crate) fn last_words(&self) -> String {
        tail(&self.0.stdout) + &tail(&self.0.stderr)
    }

    /// What it printed to standard output so far, as text.
    pub(crate) fn stdout(&self) -> String {
        read_text(&self.0.stdout)
    }

    /// Sends a signal to it alone.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        rustix::process::kill_process(self.pid()?, signal)?;
        Ok(())
    }

    /// Ends it at once, so that it can say goodbye to nobody.
    pub(crate) fn kill(&self) {
        self.0.stopped.set(true);
        self.signal_group(Signal::KILL);
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&self) -> Result<Option<ExitStatus>> {
        Ok(self.0.child.borrow_mut().try_wait()?)
    }

    /// Ends it: politely, then by force. Fails if it had crashed.
    pub(crate) fn stop(&self) -> Result<()> {
        self.close_input();
        if self.ended()?.is_none() {
            self.0.stopped.set(true);
            self.signal_group(Signal::TERM);
            let patience = Instant::now() + PATIENCE;
            while self.ended()?.is_none() && Instant::now() < patience {
                thread::sleep(POLL);
            }
        }
        self.signal_group(Signal::KILL);
        let status = self.0.child.borrow_mut().wait()?;
        self.crashed(status)
    }

    /// Its command line, its end and what it printed last.
    pub(crate) fn report(&self) -> String {
        let end = match self.ended() {
            Ok(Some(status)) => status.to_string(),
            _ => "running".to_owned(),
        };
        let mut report = format!("$ {}\n[{end}]\n", self.0.line);
        for (name, path) in [("stdout", &self.0.stdout), ("stderr", &self.0.stderr)] {
            let text = tail(path);
            if !text.is_empty() {
                report += &format!("--- {name}\n{text}\n");
            }
        }
        report
    }

    fn crashed(&self, status: ExitStatus) -> Result<()> {
        let Some(signal) = status.signal() else {
            return Ok(());
        };
        let is_ours = self.0.stopped.get() && !CRASHES.contains(&signal);
        ensure!(is_ours, "{} died of signal {signal}", self.0.name);
        Ok(())
    }

    fn signal_group(&self, signal: Signal) {
        if let Ok(pid) = self.pid() {
            // Fails if the whole group is gone, which is what is wanted.
            let _gone = kill_process_group(pid, signal);
        }
    }

    fn pid(&self) -> Result<Pid> {
        let id = i32::try_from(self.id())?;
        Pid::from_raw(id).context("no process id")
    }

    fn pause(&self, what: &str) -> Result<()> {
        ensure!(
            Instant::now() < self.0.deadline,
            "{}: out of time waiting for {what}",
            self.0.name
        );
        thread::sleep(POLL);
        Ok(())
    }
}

/// A process that ended, and its output. The checks return it, so that they can be chained.
pub(crate) struct Finished {
    running: Running,
    status: ExitStatus,
}

impl Finished {
    pub(crate) fn stdout(&self) -> String {
        self.running.stdout()
    }

    pub(crate) fn stdout_bytes(&self) -> Result<Vec<u8>> {
        Ok(fs::read(&self.running.0.stdout)?)
    }

    /// Standard output and standard error.
    pub(crate) fn output(&self) -> String {
        self.running.output()
    }

    /// It ended with status 0.
    pub(crate) fn success(self) -> Result<Self> {
        self.code(0)
    }

    /// It ended with this status.
    pub(crate) fn code(self, code: i32) -> Result<Self> {
        let name = &self.running.0.name;
        let status = self.status;
        ensure!(
            status.code() == Some(code),
            "{name} ended with {status}, not with {code}"
        );
        Ok(self)
    }

    /// It failed by itself: not with status 0, and not by a signal.
    pub(crate) fn failure(self) -> Result<Self> {
        let (name, status) = (&self.running.0.name, self.status);
        ensure!(
            status.code().is_some_and(|code| code != 0),
            "{name} ended with {status}, though it should have failed"
        );
        Ok(self)
    }

    /// Standard output or error contains `text`.
    pub(crate) fn prints(self, text: &str) -> Result<Self> {
        let name = &self.running.0.name;
        ensure!(self.output().contains(text), "{name} did not print: {text}");
        Ok(self)
    }

    /// Neither standard output nor error contains `text`.
    pub(crate) fn prints_no(self, text: &str) -> Result<Self> {
        let name = &self.running.0.name;
        ensure!(!self.output().contains(text), "{name} printed: {text}");
        Ok(self)
    }

    /// Standard output is these bytes and no others.
    pub(crate) fn stdout_is(self, expected: &str) -> Result<Self> {
        let stdout = self.stdout();
        ensure!(
            stdout == expected,
            "{} printed {:?}, not {expected:?}",
            self.running.0.name,
            stdout.chars().take(200).collect::<String>()
        );
        Ok(self)
    }

    /// Standard output has this SHA-256.
    pub(crate) fn stdout_hash(self, expected: &str) -> Result<Self> {
        same_hash(&self.running.0.stdout, expected)?;
        Ok(self)
    }
}

/// The file has this SHA-256.
pub(crate) fn same_hash(path: &Path, expected: &str) -> Result<()> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let found = digest::sha256(&bytes);
    ensure!(
        found == expected,
        "{}: {} bytes with SHA-256 {found}, not {expected}",
        path.display(),
        bytes.len()
    );
    Ok(())
}

/// The end of a file, short enough to print; nothing if it is not text.
pub(crate) fn tail(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let end = &bytes[bytes.len().saturating_sub(TAIL)..];
    let text = String::from_utf8_lossy(end);
    if text
        .chars()
        .filter(|&c| c == char::REPLACEMENT_CHARACTER)
        .count()
        > 16
    {
        return format!("({} bytes that are not text)", bytes.len());
    }
    text.trim_end().to_owned()
}

fn read_text(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

fn line(command: &Command) -> String {
    let variables = command
        .get_envs()
        .filter(|(name, _)| *name != "HOME" && *name != "LC_ALL")
        .filter_map(|(name, value)| Some(format!("{}={}", name.display(), value?.display())));
    let program = [command.get_program().display().to_string()];
    let arguments = command.get_args().map(|a| match a.to_string_lossy() {
        word if word.contains([' ', '\n', '"', ';']) => format!("{word:?}"),
        word => word.into_owned(),
    });
    let words: Vec<_> = variables.chain(program).chain(arguments).collect();
    words.join(" ")
}

/// How often a condition without an event is looked at.
pub(crate) const POLL: Duration = Duration::from_millis(5);

/// How long a process has to end after it was asked to.
const PATIENCE: Duration = Duration::from_secs(4);

/// How much of an output is printed when a scenario fails, in bytes.
const TAIL: usize = 6000;

/// Signals that no stop of ours sends: SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS.
const CRASHES: &[i32] = &[4, 5, 6, 7, 8, 11, 31];
