//! A blocking client: the shortest real use of the crate.
//!
//! `cargo run -p ssl-record --example blocking_client -- HOST:PORT [CA.pem]` asks a web server for its
//! first page and prints the answer. Without a CA file the platform's roots are trusted.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;

use ssl_record::config::{ClientConfig, Roots};
use ssl_record::io::TlsStream;
use ssl_record::{Connection, Context};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let server = arguments.next().unwrap_or_default();
    let Some((host, _port)) = server.rsplit_once(':') else {
        eprintln!("usage: blocking_client HOST:PORT [CA.pem]");
        return ExitCode::from(2);
    };
    match fetch(&server, host, arguments.next()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{server}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn fetch(server: &str, host: &str, ca_file: Option<String>) -> Result<(), Box<dyn Error>> {
    let roots = match ca_file {
        Some(path) => Roots::from_pem_file(path)?,
        None => Roots::platform()?,
    };
    let context = Context::client(ClientConfig::new(roots).alpn(["http/1.1"]))?;
    let connection = Connection::client(&context, host)?;
    let mut stream = TlsStream::new(connection, TcpStream::connect(server)?);

    // The first write does the handshake; over a blocking socket no want ever comes back.
    let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    if let Some(negotiated) = stream.connection().negotiated() {
        eprintln!("{} with {}", negotiated.version, negotiated.suite);
    }

    // Ends at close_notify. A server that only cuts the connection makes this an error, as it must:
    // the page may be truncated.
    let mut page = Vec::new();
    let result = stream.read_to_end(&mut page);
    io::stdout().write_all(&page)?;
    result?;
    let _ = stream.shutdown_tls()?;
    Ok(())
}
