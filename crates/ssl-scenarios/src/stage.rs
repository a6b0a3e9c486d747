//! `Stage`: the surroundings of one scenario: a folder, a deadline, processes, and which library each gets.
//!
//! Must not know any program. Everything it started ends with it, and then it looks for evidence that the
//! programs under test ran under the library, and none of them crashed.

use std::cell::{Cell, RefCell};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::evidence;
use crate::ports;
use crate::tool::{Running, Tool, tail};
use crate::world::{Payload, World};

/// Where one scenario takes place.
pub(crate) struct Stage {
    world: &'static World,
    folder: PathBuf,
    deadline: Instant,
    files: Cell<usize>,
    processes: RefCell<Vec<Running>>,
}

/// A server that accepts connections.
pub(crate) struct Server<const N: usize> {
    pub(crate) process: Running,
    pub(crate) ports: [u16; N],
}

impl Server<1> {
    /// Its only port.
    pub(crate) fn port(&self) -> u16 {
        self.ports[0]
    }
}

impl Stage {
    /// An empty stage in a folder of its own.
    pub(crate) fn open(world: &'static World, name: &str, limit: Duration) -> Result<Self> {
        let folder = world.folder().join("stages").join(name);
        fs::create_dir_all(&folder)?;
        // Servers that give up root still have to get here.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777))?;
        Ok(Self {
            world,
            folder,
            deadline: Instant::now() + limit,
            files: Cell::new(0),
            processes: RefCell::default(),
        })
    }

    /// The folder of this scenario, for format strings.
    pub(crate) fn dir(&self) -> String {
        self.folder.display().to_string()
    }

    /// The folder with certificates and keys, for format strings; `pki` says what is in it.
    pub(crate) fn pki(&self) -> String {
        self.world.pki().display().to_string()
    }

    /// The folder with the files to be transferred, for format strings; `world` says which.
    pub(crate) fn data(&self) -> String {
        self.world.data().display().to_string()
    }

    /// A file to be transferred.
    pub(crate) fn payload(&self, name: &str) -> Result<&'static Payload> {
        self.world.payload(name)
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Writes a file into the folder of this scenario.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, text)?;
        Ok(path)
    }

    /// Reads a file of this scenario's folder.
    pub(crate) fn read(&self, name: &str) -> Result<String> {
        let path = self.folder.join(name);
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A file name in this folder that is not used yet.
    pub(crate) fn new_file(&self, name: &str, extension: &str) -> PathBuf {
        let number = self.files.get();
        self.files.set(number + 1);
        let name = Path::new(name).file_name().unwrap_or_default().display();
        self.folder.join(format!("{number:02}-{name}.{extension}"))
    }

    /// The program, with the library under test.
    pub(crate) fn under_test(&self, program: &str) -> Result<Tool<'_>> {
        self.tool(program, None, &self.variables())
    }

    /// The same for a program that closes descriptors it did not open, and would have the loader write its log
    /// into another file. It has to run until the end of the scenario, to be seen with the library.
    pub(crate) fn under_test_unlogged(&self, program: &str) -> Result<Tool<'_>> {
        let mut variables = self.variables();
        variables.retain(|(name, _)| !name.starts_with("LD_DEBUG"));
        self.tool(program, None, &variables)
    }

    /// The program as another user, if this is root, with the library under test.
    pub(crate) fn under_test_as(&self, user: &str, program: &str) -> Result<Tool<'_>> {
        self.tool(program, Some(user), &self.variables())
    }

    /// The program, with the library under test, to be measured: nobody asks the library for reports. It may run
    /// below another program.
    pub(crate) fn measured(&self, program: &str, below: &str) -> Result<Tool<'_>> {
        let mut variables = self.variables();
        variables.retain(|(name, _)| *name != "SSL_MODE_REPORT");
        self.tool_below(program, None, &variables, below)
    }

    /// The program, with the system's library.
    pub(crate) fn peer(&self, program: &str) -> Result<Tool<'_>> {
        self.tool(program, None, &[])
    }

    /// The program, with the library under test on one of two sides and with the system's on the other.
    pub(crate) fn under_test_if(&self, ours: bool, program: &str) -> Result<Tool<'_>> {
        match ours {
            true => self.under_test(program),
            false => self.peer(program),
        }
    }

    /// The program as another user, if this is root, with the system's library.
    pub(crate) fn peer_as(&self, user: &str, program: &str) -> Result<Tool<'_>> {
        self.tool(program, Some(user), &[])
    }

    /// The environment that makes a program use the library under test, and tell that it did.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![(
            "LD_LIBRARY_PATH",
            self.world.library().display().to_string(),
        )];
        variables.extend(evidence::variables(&self.folder));
        variables
    }

    /// Starts a server that `command` makes for the ports it is given, and waits until it listens on all.
    pub(crate) fn serve<'a, const N: usize>(
        &'a self,
        command: impl Fn([u16; N]) -> Result<Tool<'a>>,
    ) -> Result<Server<N>> {
        let mut attempts = 3;
        loop {
            let ports = ports::free::<N>();
            let process = command(ports)?.start()?;
            let ready = process.wait_until("it listens", || {
                Ok(ports.iter().all(|&port| is_listening(port)))
            });
            match ready {
                Ok(()) => return Ok(Server { process, ports }),
                Err(_) if attempts > 1 && is_taken(&process.output()) => attempts -= 1,
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn remember(&self, process: Running) {
        self.processes.borrow_mut().push(process);
    }

    /// Ends everything, and says what is wrong with how it ended.
    pub(crate) fn close(&self) -> Result<()> {
        let library = self.world.library();
        let running = self
            .processes
            .borrow()
            .iter()
            .any(|process| evidence::maps(process.id(), &library));
        let mut problem = Ok(());
        for process in self.processes.borrow().iter().rev() {
            problem = problem.and(process.stop());
        }
        self.end_leftovers();
        problem?;
        for process in self.processes.borrow().iter() {
            if let Some(sign) = evidence::crash(&process.last_words()) {
                bail!("a process of it crashed: {sign}");
            }
        }
        evidence::library_was_used(&self.folder, &library, running)
    }

    /// Ends processes that left the group they were started in: those that work in this folder.
    fn end_leftovers(&self) {
        let patience = Instant::now() + Duration::from_secs(2);
        loop {
            let left = processes_in(&self.folder);
            if left.is_empty() {
                return;
            }
            if Instant::now() > patience {
                for pid in left {
                    // Fails if it is gone by now, which is what is wanted.
                    let _gone = kill_process(pid, Signal::KILL);
                }
                return;
            }
            std::thread::sleep(crate::tool::POLL);
        }
    }

    /// Modes that the library saw set, from its report.
    pub(crate) fn modes(&self) -> Vec<String> {
        evidence::modes(&self.folder)
    }

    /// What every process of it printed, and its log files.
    pub(crate) fn logs(&self) -> String {
        let mut logs: String = self
            .processes
            .borrow()
            .iter()
            .map(Running::report)
            .collect();
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            if path.extension().is_some_and(|extension| extension == "log") {
                logs += &format!("--- {}\n{}\n", path.display(), tail(&path));
            }
        }
        logs
    }

    fn tool(
        &self,
        program: &str,
        user: Option<&str>,
        variables: &[(&str, String)],
    ) -> Result<Tool<'_>> {
        self.tool_below(program, user, variables, "")
    }

    fn tool_below(
        &self,
        program: &str,
        user: Option<&str>,
        variables: &[(&str, String)],
        below: &str,
    ) -> Result<Tool<'_>> {
        let path = find(program)?;
        // Dies with this process, even if that one is killed.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if let Some(user) = user
            && is_root()
        {
            let switch = ["--reuid", user, "--regid", user, "--clear-groups"];
            command.args(switch);
        }
        // Set for the program alone: what the loader writes about setpriv would be root's.
        command.args(["--", "env"]);
        command.args(
            variables
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        );
        command.args(below.split_whitespace());
        command.arg(path).current_dir(&self.folder);
        for name in ["LD_LIBRARY_PATH", "SSL_MODE_REPORT", "SSLKEYLOGFILE"] {
            command.env_remove(name);
        }
        command.env("HOME", &self.folder).env("LC_ALL", "C");
        Ok(Tool::new(self, program, command))
    }
}

/// True if this process may become any user, and must for servers that refuse to be root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Where a program is: like the shell, and in the folders for administrators as well.
pub(crate) fn find(program: &str) -> Result<PathBuf> {
    if program.contains('/') {
        return Ok(PathBuf::from(program));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .chain(postgresql_folder())
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .with_context(|| {
            format!("{program} is not installed; `ssl-scenarios --packages` lists all")
        })
}

/// A program of PostgreSQL itself. What is in the path by that name is a wrapper of Debian's.
pub(crate) fn postgresql(program: &str) -> Result<String> {
    let folder = postgresql_folder().context("PostgreSQL is not installed")?;
    Ok(folder.join(program).display().to_string())
}

/// They are in a folder of their version.
fn postgresql_folder() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    versions.map(|entry| entry.path().join("bin")).max()
}

/// True if a socket listens on the port, as the kernel tells: no connection is made to find out.
fn is_listening(port: u16) -> bool {
    let ending = format!(":{port:04X}");
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().any(|table| {
        let table = fs::read_to_string(table).unwrap_or_default();
        table.lines().any(|line| {
            let mut words = line.split_whitespace().skip(1);
            let is_port = words.next().is_some_and(|local| local.ends_with(&ending));
            is_port && words.nth(1) == Some(LISTEN)
        })
    })
}

/// Processes whose current folder or whose HOME is in `folder`.
fn processes_in(folder: &Path) -> Vec<Pid> {
    let home = format!("HOME={}", folder.display()).into_bytes();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let cwd = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        let is_ours = cwd.starts_with(folder) || environment.split(|&b| b == 0).any(|v| v == home);
        if is_ours { Pid::from_raw(pid) } else { None }
    });
    pids.collect()
}

fn is_taken(output: &str) -> bool {
    ["in use", "EADDRINUSE", "errno=98"]
        .iter()
        .any(|sign| output.contains(sign))
}

/// TCP_LISTEN in /proc/net/tcp.
const LISTEN: &str = "0A";
