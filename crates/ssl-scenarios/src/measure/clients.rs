//! Clients that keep their connections: this process on rustls, so that they cost the same on both sides and share
//! nothing with the library under test.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::stage::Stage;

/// The clients of one server.
pub(super) struct Clients {
    config: Arc<ClientConfig>,
    port: u16,
    connections: Vec<StreamOwned<ClientConnection, TcpStream>>,
}

impl Clients {
    /// None yet.
    pub(super) fn new(stage: &Stage, port: u16) -> Result<Self> {
        allow_sockets()?;
        let root = CertificateDer::from_pem_file(format!("{}/root.pem", stage.pki()))?;
        let mut roots = RootCertStore::empty();
        roots.add(root)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = rustls::client::Resumption::disabled();
        Ok(Self {
            config: Arc::new(config),
            port,
            connections: Vec::new(),
        })
    }

    /// Adds so many, each of which gets a response.
    pub(super) fn connect(&mut self, count: usize) -> Result<()> {
        for _ in 0..count {
            let number = self.connections.len();
            let socket = TcpStream::connect(("127.0.0.1", self.port))
                .with_context(|| format!("client {number} cannot connect"))?;
            socket.set_read_timeout(Some(PATIENCE))?;
            socket.set_nodelay(true)?;
            let name = ServerName::try_from("localhost")?;
            let connection = ClientConnection::new(Arc::clone(&self.config), name)?;
            let mut stream = StreamOwned::new(connection, socket);
            ask(&mut stream).with_context(|| format!("client {number}"))?;
            self.connections.push(stream);
        }
        Ok(())
    }

    /// Each gets another response.
    pub(super) fn ask_all(&mut self) -> Result<()> {
        self.connections
            .iter_mut()
            .enumerate()
            .try_for_each(|(number, stream)| {
                ask(stream).with_context(|| format!("client {number}, when it asked again"))
            })
    }
}

/// Asks for the file of 1 KiB, and reads all of the response.
fn ask(stream: &mut StreamOwned<ClientConnection, TcpStream>) -> Result<()> {
    stream.write_all(b"GET /1k.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    let (mut response, mut space) = (Vec::new(), [0; 4096]);
    loop {
        let n = stream.read(&mut space)?;
        ensure!(n > 0, "the server closed the connection");
        response.extend_from_slice(&space[..n]);
        let head = response.windows(4).position(|four| four == b"\r\n\r\n");
        if head.is_some_and(|head| response.len() == head + 4 + 1024) {
            break;
        }
    }
    ensure!(response.starts_with(b"HTTP/1.1 200 "), "no such file");
    Ok(())
}

/// As many open files as this process may have.
fn allow_sockets() -> Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: maximum,
        maximum,
    };
    Ok(setrlimit(Resource::Nofile, wanted)?)
}

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);
