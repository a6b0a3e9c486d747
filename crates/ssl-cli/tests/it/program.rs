//! The built program as client and as server.
//!
//! Owns starting it and reading the address it prints.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use ssl_testkit::process::Process;

/// The program with these arguments, without the environment's key log.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssl-cli"));
    command.args(args).env_remove("SSLKEYLOGFILE");
    command
}

/// Starts the program.
pub(crate) fn start(args: &[&str]) -> Process {
    Process::spawn(&mut command(args)).unwrap()
}

/// Runs the program to its end without input: exit code and process.
pub(crate) fn finish(args: &[&str]) -> (i32, Process) {
    let mut process = start(args);
    process.close_stdin();
    let status = process.wait().unwrap();
    (status.code().unwrap(), process)
}

/// The lines that begin with the program's name: what went wrong.
pub(crate) fn complaints(process: &Process) -> Vec<String> {
    let text = process.stderr_text();
    let lines = text.lines().filter(|line| line.starts_with("ssl-cli: "));
    lines.map(str::to_owned).collect()
}

/// Our server on a free port.
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) addr: SocketAddr,
    folder: tempfile::TempDir,
}

impl Server {
    /// With a certificate it makes itself.
    pub(crate) fn start(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        let mut all = vec!["--ca-out", ca.to_str().unwrap()];
        all.extend(args);
        Self::spawn(&all, folder)
    }

    /// With the certificate among the arguments.
    pub(crate) fn with_certificate(args: &[&str]) -> Self {
        Self::spawn(args, tempfile::tempdir().unwrap())
    }

    fn spawn(args: &[&str], folder: tempfile::TempDir) -> Self {
        let mut all = vec!["server", "--listen", "127.0.0.1:0"];
        all.extend(args);
        let process = start(&all);
        process.wait_for_stdout("listening on ").unwrap();
        let text = process.stdout_text();
        let addr = text
            .lines()
            .find_map(|line| line.strip_prefix("listening on "));
        Self {
            addr: addr.unwrap().parse().unwrap(),
            process,
            folder,
        }
    }

    /// The authority to trust, if the server made its certificate.
    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// `HOST:PORT`.
    pub(crate) fn target(&self) -> String {
        self.addr.to_string()
    }

    /// Our client connected to it.
    pub(crate) fn client(&self, args: &[&str]) -> Process {
        let (target, ca) = (self.target(), self.ca());
        let mut all = vec!["client", &target, "--ca", path(&ca)];
        all.extend(args);
        start(&all)
    }

    /// Asks the server to stop.
    pub(crate) fn terminate(&self) -> io::Result<()> {
        let id = i32::try_from(self.process.id()).unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        Ok(rustix::process::kill_process(
            id,
            rustix::process::Signal::TERM,
        )?)
    }
}

/// A path as an argument.
pub(crate) fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
