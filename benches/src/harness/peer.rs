//! A candidate's process, and the questions it is asked.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use super::plan::Candidate;

/// A running candidate. It ends when its standard input does, that is when this is dropped.
pub(super) struct Peer {
    name: String,
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    pub(super) fn start(candidate: &Candidate) -> Result<Self> {
        Self::spawn(candidate, &candidate.command)
    }

    /// With the allocator that counts, if there is such a program.
    pub(super) fn start_counted(candidate: &Candidate) -> Result<Option<Self>> {
        let command = candidate.counted.as_ref();
        command
            .map(|command| Self::spawn(candidate, command))
            .transpose()
    }

    fn spawn(candidate: &Candidate, command: &[String]) -> Result<Self> {
        let (program, arguments) = command
            .split_first()
            .context("a candidate has no program")?;
        let mut child = Command::new(program)
            .args(arguments)
            .envs(&candidate.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {program}"))?;
        let commands = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().context("no standard output")?);
        Ok(Self {
            name: candidate.name.clone(),
            child,
            commands,
            answers,
        })
    }

    /// The candidate's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The numbers of the answer; `None` if the command means nothing to the candidate.
    pub(super) fn ask(&mut self, command: &str) -> Result<Option<Vec<f64>>> {
        self.tell(command)?;
        self.answer(command)
    }

    /// Sends a command, whose answer [`Self::answer`] waits for.
    pub(super) fn tell(&mut self, command: &str) -> Result<()> {
        let commands = self.commands.as_mut().context("no standard input")?;
        writeln!(commands, "{command}").with_context(|| format!("{} ended", self.name))
    }

    /// The answer to the command that was told last.
    pub(super) fn answer(&mut self, command: &str) -> Result<Option<Vec<f64>>> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let mut words = line.split_whitespace();
        match words.next() {
            Some("ok") => {
                let numbers: Result<Vec<f64>, _> = words.map(str::parse).collect();
                let numbers = numbers.with_context(|| format!("{}: {line}", self.name))?;
                ensure!(!numbers.is_empty(), "{}: no numbers", self.name);
                Ok(Some(numbers))
            }
            Some("none") => Ok(None),
            _ => bail!("{} to `{command}`: {}", self.name, line.trim_end()),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.commands = None;
        let _ended = self.child.wait();
    }
}
