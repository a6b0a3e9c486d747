//! `openssl s_server` and `openssl s_client` as independent peers on loopback.
//!
//! Owns the mapping from what a test wants to the program's options, and how to see that it is
//! ready. It must not know the code under test.
//!
//! The program is `openssl`, or what the environment variable `OPENSSL_PROGRAM` names. It reads the
//! machine's `openssl.cnf`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::certs::PemFiles;
use crate::process::{self, Process};

/// The version line of the program, or why it cannot be run. For [`process::usable`].
///
/// # Errors
/// A sentence for the reader of the test's output.
pub fn available() -> Result<String, String> {
    process::version(&program(), "version")
}

/// A bare command for the program, e.g. for `openssl verify`.
pub fn command() -> Command {
    Command::new(program())
}

/// A server with this certificate chain and key, on a free port of 127.0.0.1.
///
/// Unless another way of serving is chosen, what it receives is its standard output and what it is
/// sent on standard input goes to the client, both unchanged. It serves one connection after the
/// other. The end of its input ends the connection with a close_notify, and the server.
///
/// ```
/// use ssl_testkit::certs::{CertificateAuthority, KeyKind, Leaf};
/// use ssl_testkit::{openssl, process};
/// # fn main() -> std::io::Result<()> {
/// # if !process::usable(&openssl::available())? { return Ok(()) }
/// let files = CertificateAuthority::new(KeyKind::EcP256)?
///     .issue(&Leaf::localhost(KeyKind::EcP256))?
///     .write_files()?;
/// let server = openssl::server(&files).tls1_3().start()?;
/// let mut client = openssl::client(server.addr()).ca(files.root()).start()?;
/// assert_eq!(client.connected()?.version, "TLSv1.3");
/// client.send(b"hello\n")?;
/// server.wait_for_stdout("hello\n")?;
/// # Ok(())
/// # }
/// ```
pub fn server(files: &PemFiles) -> OpenSsl {
    let options = OpenSsl::new(Role::Server(Serving::Raw))
        .arg("-accept")
        .arg("127.0.0.1:0");
    options.identity(files)
}

/// A client of the server at `addr`. Standard input goes to the server, what the server sends is
/// standard output, both unchanged. The end of its input ends the connection with a close_notify.
///
/// It does not verify the server's certificate unless [`OpenSsl::ca`] is used.
pub fn client(addr: SocketAddr) -> OpenSsl {
    OpenSsl::new(Role::Client(addr))
        .arg("-connect")
        .arg(addr.to_string())
}

/// Options of a [`server`] or [`client`] to be started.
#[derive(Clone, Debug)]
pub struct OpenSsl {
    role: Role,
    commands: bool,
    args: Vec<OsString>,
    dir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Server(Serving),
    Client(SocketAddr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Serving {
    Raw,
    Chatty,
    Rev,
    Www,
    Files,
}

impl OpenSsl {
    /// TLS 1.2 only.
    #[must_use]
    pub fn tls1_2(self) -> Self {
        self.arg("-tls1_2")
    }

    /// TLS 1.3 only.
    #[must_use]
    pub fn tls1_3(self) -> Self {
        self.arg("-tls1_3")
    }

    /// The TLS 1.2 suites, in OpenSSL's names, e.g. `ECDHE-ECDSA-AES128-GCM-SHA256`.
    #[must_use]
    pub fn cipher(self, list: &str) -> Self {
        self.arg("-cipher").arg(list)
    }

    /// The TLS 1.3 suites, e.g. `TLS_AES_128_GCM_SHA256`.
    #[must_use]
    pub fn ciphersuites(self, list: &str) -> Self {
        self.arg("-ciphersuites").arg(list)
    }

    /// The certificate chain and key to show; servers have one from the start.
    #[must_use]
    pub fn identity(self, files: &PemFiles) -> Self {
        let with_cert = self
            .arg("-cert")
            .arg(files.cert())
            .arg("-cert_chain")
            .arg(files.cert());
        with_cert.arg("-key").arg(files.key())
    }

    /// The file of roots to verify the peer with; a client then refuses an unknown certificate.
    #[must_use]
    pub fn ca(self, roots: &Path) -> Self {
        self.arg("-CAfile").arg(roots).arg("-verify_return_error")
    }

    /// A server demands a certificate that verifies with [`ca`](Self::ca).
    #[must_use]
    pub fn demand_client_cert(self) -> Self {
        self.arg("-Verify").arg("5")
    }

    /// A client sends this server name, and with [`ca`](Self::ca) refuses a certificate for others.
    #[must_use]
    pub fn servername(self, name: &str) -> Self {
        self.arg("-servername")
            .arg(name)
            .arg("-verify_hostname")
            .arg(name)
    }

    /// Application protocols, most wanted first, separated by commas.
    #[must_use]
    pub fn alpn(self, protocols: &str) -> Self {
        self.arg("-alpn").arg(protocols)
    }

    /// Writes the secrets to this file.
    #[must_use]
    pub fn keylog(self, file: &Path) -> Self {
        self.arg("-keylogfile").arg(file)
    }

    /// A client writes its session to this file: in TLS 1.3, as soon as a ticket arrives.
    #[must_use]
    pub fn sess_out(self, file: &Path) -> Self {
        self.arg("-sess_out").arg(file)
    }

    /// A client resumes the session in this file.
    #[must_use]
    pub fn sess_in(self, file: &Path) -> Self {
        self.arg("-sess_in").arg(file)
    }

    /// Ends a server after this many connections.
    #[must_use]
    pub fn max_connections(self, count: u32) -> Self {
        self.arg("-naccept").arg(count.to_string())
    }

    /// A server answers every HTTP request with a page about the connection.
    #[must_use]
    pub fn www(self) -> Self {
        self.serving(Serving::Www).arg("-www")
    }

    /// A server answers HTTP GET requests with the files of this directory.
    #[must_use]
    pub fn files(self, dir: &Path) -> Self {
        let options = self
            .serving(Serving::Files)
            .arg("-WWW")
            .arg("-http_server_binmode");
        Self {
            dir: Some(dir.to_owned()),
            ..options
        }
    }

    /// A server sends each line back reversed.
    #[must_use]
    pub fn rev(self) -> Self {
        self.serving(Serving::Rev).arg("-rev")
    }

    /// Lines of one letter are commands: for a client `Q` (quit), `k` and `K` (update keys, and ask
    /// for the peer's update), `R` (renegotiate); a server knows these and more, and then mixes
    /// reports about the connection into its output.
    #[must_use]
    pub fn commands(self) -> Self {
        Self {
            commands: true,
            ..self
        }
        .serving(Serving::Chatty)
    }

    /// Any other option.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.args.push(argument.as_ref().to_owned());
        self
    }

    /// Starts the program. A server is ready for connections on return; a client has only begun to
    /// connect: see [`Peer::connected`].
    ///
    /// # Errors
    /// If the program is missing or ends with a complaint, which is then part of the error.
    pub fn start(&self) -> io::Result<Peer> {
        let mut command = command();
        command.env_remove("SSLKEYLOGFILE");
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        match self.role {
            Role::Client(addr) => {
                command.args(["s_client", "-brief"]);
                command.args((!self.commands).then_some("-nocommands"));
                let process = Process::spawn(command.args(&self.args))?;
                Ok(Peer { process, addr })
            }
            Role::Server(serving) => {
                command.arg("s_server");
                if serving == Serving::Raw {
                    command.args(["-quiet", "-brief"]);
                }
                let process = Process::spawn(command.args(&self.args))?;
                let port = listening_port(&process, serving)?;
                Ok(Peer {
                    process,
                    addr: (Ipv4Addr::LOCALHOST, port).into(),
                })
            }
        }
    }

    fn new(role: Role) -> Self {
        Self {
            role,
            commands: false,
            args: Vec::new(),
            dir: None,
        }
    }

    fn serving(self, serving: Serving) -> Self {
        match self.role {
            Role::Server(_) => Self {
                role: Role::Server(serving),
                ..self
            },
            Role::Client(_) => self,
        }
    }
}

/// A running `openssl` peer; the pipes and waits are those of [`Process`].
#[derive(Debug)]
pub struct Peer {
    process: Process,
    addr: SocketAddr,
}

/// What was negotiated, in OpenSSL's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// For example `TLSv1.3`.
    pub version: String,
    /// For example `TLS_AES_256_GCM_SHA384` or `ECDHE-RSA-AES128-GCM-SHA256`.
    pub suite: String,
}

impl Peer {
    /// Where the server listens, or where the client connected to.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Waits for the end of the first handshake and tells what was negotiated. For clients, and for
    /// servers that serve raw bytes or [`rev`](OpenSsl::rev).
    ///
    /// # Errors
    /// As for [`Process::wait_for_stdout`]; the output tells why the handshake failed.
    pub fn connected(&self) -> io::Result<Connected> {
        self.process.wait_for("a connection", || {
            let text = self.process.stderr_text();
            let version = line_after(&text, "Protocol version: ");
            let suite = line_after(&text, "Ciphersuite: ");
            Ok(version
                .zip(suite)
                .map(|(version, suite)| Connected { version, suite }))
        })
    }
}

impl Deref for Peer {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl DerefMut for Peer {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}

fn program() -> String {
    env::var("OPENSSL_PROGRAM").unwrap_or_else(|_| "openssl".to_owned())
}

/// Waits for a server and finds its port: it prints `ACCEPT address:port`, unless it is to print
/// nothing but the data. Then its listening socket tells, which needs Linux.
fn listening_port(process: &Process, serving: Serving) -> io::Result<u16> {
    process.wait_for("a listening port", || {
        if serving == Serving::Raw {
            return port_of_process(process.id());
        }
        let accept = line_after(&process.stdout_text(), "ACCEPT ");
        accept.map(|text| port_of_address(&text)).transpose()
    })
}

fn port_of_address(text: &str) -> io::Result<u16> {
    text.rsplit(':')
        .next()
        .and_then(|port| port.trim().parse().ok())
        .ok_or_else(|| {
            io::Error::new(
                ErrorKind::InvalidData,
                format!("no port in `ACCEPT {text}`"),
            )
        })
}

/// The port of a TCP socket that this process listens on, `None` as long as there is none.
fn port_of_process(id: u32) -> io::Result<Option<u16>> {
    if !Path::new("/proc/self/net/tcp").exists() {
        let text = "this way of serving needs Linux's /proc; use `rev`, `www` or `commands`";
        return Err(io::Error::new(ErrorKind::Unsupported, text));
    }
    // From here on, what cannot be read belongs to a process that ends, or to a descriptor that was
    // closed since: the caller notices the former by itself.
    let sockets = fs::read_to_string(format!("/proc/{id}/net/tcp")).unwrap_or_default();
    let descriptors = fs::read_dir(format!("/proc/{id}/fd")).into_iter().flatten();
    let targets = descriptors.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    let open: Vec<PathBuf> = targets.collect();
    Ok(sockets.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, local, _, LISTENING, _, _, _, _, _, inode, ..] = fields[..] else {
            return None;
        };
        let (_, port) = local.split_once(':')?;
        let owned = open.contains(&PathBuf::from(format!("socket:[{inode}]")));
        u16::from_str_radix(port, 16).ok().filter(|_| owned)
    }))
}

/// The state of a listening socket in `/proc/net/tcp`.
const LISTENING: &str = "0A";

/// What follows `label` in its line, once the line is complete.
fn line_after(text: &str, label: &str) -> Option<String> {
    let mut lines = text.split_inclusive('\n');
    let line = lines.find_map(|line| line.strip_prefix(label))?;
    line.strip_suffix('\n').map(str::to_owned)
}

#[cfg(test)]
mod tests;
