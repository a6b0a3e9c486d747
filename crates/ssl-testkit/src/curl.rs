//! `curl` as an independent HTTPS client.
//!
//! Owns the mapping from what a test wants to curl's options, and the response. It must not know
//! the server.
//!
//! The program is `curl`, or what the environment variable `CURL_PROGRAM` names. Its configuration
//! file and proxies are ignored.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, ExitStatus};

use crate::certs::PemFiles;
use crate::process::{self, Process};
use crate::{DEADLINE, digest};

/// The version line of the program, or why it cannot be run. For [`process::usable`].
///
/// # Errors
/// A sentence for the reader of the test's output.
pub fn available() -> Result<String, String> {
    process::version(&program(), "--version")
}

/// A GET request.
///
/// ```
/// use ssl_testkit::certs::{KeyKind, Leaf, self_signed};
/// use ssl_testkit::{curl, openssl, process};
/// # fn main() -> std::io::Result<()> {
/// # if !process::usable(&openssl::available())? { return Ok(()) }
/// # if !process::usable(&curl::available())? { return Ok(()) }
/// let files = self_signed(&Leaf::localhost(KeyKind::EcP256))?.write_files()?;
/// let server = openssl::server(&files).www().start()?;
/// let url = format!("https://{}/", server.addr());
/// let response = curl::get(&url).ca(files.root()).tls1_3().run()?;
/// assert_eq!((response.exit.code(), response.http_status), (Some(0), 200));
/// # Ok(())
/// # }
/// ```
pub fn get(url: &str) -> Request {
    Request {
        url: url.to_owned(),
        upload: None,
        args: Vec::new(),
    }
}

/// A PUT request with this body.
pub fn put(url: &str, body: Vec<u8>) -> Request {
    Request {
        upload: Some(body),
        ..get(url)
    }
}

/// A request to be made.
#[derive(Clone, Debug)]
pub struct Request {
    url: String,
    upload: Option<Vec<u8>>,
    args: Vec<OsString>,
}

/// What came of a [`Request`].
#[derive(Clone, Debug)]
pub struct Response {
    /// curl's own status: success also for HTTP errors.
    pub exit: ExitStatus,
    /// The HTTP status, 0 if there was no response.
    pub http_status: u16,
    /// The protocol version curl saw, e.g. `1.1`; `0` if there was no response.
    pub http_version: String,
    /// The body.
    pub body: Vec<u8>,
    /// What curl complained about.
    pub stderr: String,
}

impl Response {
    /// The SHA-256 of the body in hexadecimal.
    pub fn sha256(&self) -> String {
        digest::sha256(&self.body)
    }
}

impl Request {
    /// The file of roots to trust, instead of the machine's.
    #[must_use]
    pub fn ca(self, roots: &Path) -> Self {
        self.arg("--cacert").arg(roots)
    }

    /// The client certificate to show.
    #[must_use]
    pub fn identity(self, files: &PemFiles) -> Self {
        self.arg("--cert")
            .arg(files.cert())
            .arg("--key")
            .arg(files.key())
    }

    /// TLS 1.2 only.
    #[must_use]
    pub fn tls1_2(self) -> Self {
        self.arg("--tlsv1.2").arg("--tls-max").arg("1.2")
    }

    /// TLS 1.3 only.
    #[must_use]
    pub fn tls1_3(self) -> Self {
        self.arg("--tlsv1.3").arg("--tls-max").arg("1.3")
    }

    /// The TLS 1.2 suites, in the names of curl's TLS library.
    #[must_use]
    pub fn ciphers(self, list: &str) -> Self {
        self.arg("--ciphers").arg(list)
    }

    /// The TLS 1.3 suites.
    #[must_use]
    pub fn tls13_ciphers(self, list: &str) -> Self {
        self.arg("--tls13-ciphers").arg(list)
    }

    /// HTTP/1.1 only; no other protocol is offered by ALPN.
    #[must_use]
    pub fn http1_1(self) -> Self {
        self.arg("--http1.1")
    }

    /// Connects to `addr` for the URL's name, which stays in the request and in the handshake.
    #[must_use]
    pub fn resolve(self, name: &str, addr: SocketAddr) -> Self {
        let (port, ip) = (addr.port(), addr.ip());
        self.arg("--resolve").arg(format!("{name}:{port}:{ip}"))
    }

    /// Any other option.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.args.push(argument.as_ref().to_owned());
        self
    }

    /// Makes the request and waits for its end. That curl fails is a [`Response`] too.
    ///
    /// # Errors
    /// If curl is missing, hangs, or its files cannot be written.
    pub fn run(&self) -> io::Result<Response> {
        let dir = tempfile::Builder::new().prefix("ssl-testkit-").tempdir()?;
        let (body_file, upload_file) = (dir.path().join("body"), dir.path().join("upload"));
        let mut command = Command::new(program());
        // `--disable` ignores the configuration file, and only as the first option.
        command.args(["--disable", "--silent", "--show-error", "--noproxy", "*"]);
        command
            .arg("--max-time")
            .arg(DEADLINE.as_secs().to_string());
        command
            .args(["--write-out", "%{http_code} %{http_version}", "--output"])
            .arg(&body_file);
        if let Some(upload) = &self.upload {
            fs::write(&upload_file, upload)?;
            command.arg("--upload-file").arg(&upload_file);
        }
        let mut process = Process::spawn(command.args(&self.args).arg(&self.url))?;
        process.close_stdin();
        let exit = process.wait()?;
        let report = process.stdout_text();
        let (http_status, http_version) = report.split_once(' ').unwrap_or_default();
        Ok(Response {
            exit,
            http_status: http_status.parse().unwrap_or_default(),
            http_version: http_version.to_owned(),
            // curl makes no file for a response without a body.
            body: if body_file.exists() {
                fs::read(&body_file)?
            } else {
                Vec::new()
            },
            stderr: process.stderr_text(),
        })
    }
}

fn program() -> String {
    env::var("CURL_PROGRAM").unwrap_or_else(|_| "curl".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certs::{CertificateAuthority, KeyKind, Leaf};
    use crate::openssl;
    use crate::pattern::Pattern;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    fn usable() -> bool {
        process::usable(&available()).unwrap() && process::usable(&openssl::available()).unwrap()
    }

    fn files(kind: KeyKind) -> PemFiles {
        let root = CertificateAuthority::new(kind).unwrap();
        root.issue(&Leaf::localhost(kind))
            .unwrap()
            .write_files()
            .unwrap()
    }

    #[test]
    fn a_file_arrives_whole_with_either_version() {
        if !usable() {
            return;
        }
        let files = files(KeyKind::Rsa2048);
        let body = Pattern::bytes(1, 1_000_000);
        fs::write(files.dir().join("body.bin"), &body).unwrap();
        let server = openssl::server(&files).files(files.dir()).start().unwrap();
        let url = format!("https://localhost:{}/body.bin", server.addr().port());
        let request = get(&url)
            .ca(files.root())
            .resolve("localhost", server.addr())
            .http1_1();
        for request in [
            request
                .clone()
                .tls1_2()
                .ciphers("ECDHE-RSA-AES256-GCM-SHA384"),
            request.tls1_3().tls13_ciphers("TLS_AES_128_GCM_SHA256"),
        ] {
            let response = request.run().unwrap();
            assert!(response.exit.success(), "{response:?}");
            assert_eq!(response.http_status, 200);
            assert_eq!(response.sha256(), digest::sha256(&body));
        }
    }

    #[test]
    fn refusing_a_certificate_is_a_response() {
        if !usable() {
            return;
        }
        let files = files(KeyKind::EcP256);
        let server = openssl::server(&files).www().start().unwrap();
        let other = self::files(KeyKind::EcP256);
        let url = format!("https://{}/", server.addr());
        let response = get(&url).ca(other.root()).run().unwrap();
        assert_eq!(response.exit.code(), Some(60), "{response:?}");
        assert_eq!((response.http_status, response.body.len()), (0, 0));
        assert!(
            response.stderr.contains("certificate"),
            "{}",
            response.stderr
        );
    }

    #[test]
    fn put_uploads_its_body() {
        if !usable() {
            return;
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/place", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\nbody") {
                let mut byte = [0; 1];
                socket.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            socket
                .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                .unwrap();
            String::from_utf8(request).unwrap()
        });
        let response = put(&url, b"body".to_vec()).run().unwrap();
        assert_eq!(
            (response.http_status, response.http_version.as_str()),
            (204, "1.1")
        );
        let request = server.join().unwrap();
        assert!(request.starts_with("PUT /place HTTP/1.1\r\n"), "{request}");
    }
}
