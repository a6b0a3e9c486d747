//! An echo server on tokio: one task per connection.
//!
//! `cargo run -p ssl-record --features tokio --example tokio_echo -- CHAIN.pem KEY.pem [ADDRESS:PORT]`
//! sends back whatever it receives, on 127.0.0.1:4433 unless told otherwise.

use std::error::Error;
use std::process::ExitCode;

use ssl_record::config::{Identity, ServerConfig};
use ssl_record::io::tokio::TlsStream;
use ssl_record::{Connection, Context};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (chain, key, address) = match &arguments[..] {
        [chain, key] => (chain, key, "127.0.0.1:4433"),
        [chain, key, address] => (chain, key, address.as_str()),
        _ => {
            eprintln!("usage: tokio_echo CHAIN.pem KEY.pem [ADDRESS:PORT]");
            return ExitCode::from(2);
        }
    };
    match serve(chain, key, address).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tokio_echo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(chain: &str, key: &str, address: &str) -> Result<(), Box<dyn Error>> {
    let identity = Identity::from_pem_files(chain, key)?;
    let context = Context::server(ServerConfig::new(identity))?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (socket, peer) = listener.accept().await?;
        let connection = Connection::server(&context)?;
        tokio::spawn(async move {
            match echo(connection, socket).await {
                Ok(bytes) => println!("{peer}: {bytes} bytes sent back"),
                Err(error) => println!("{peer}: {error}"),
            }
        });
    }
}

/// Reads until close_notify, answering it with our own at the end.
async fn echo(connection: Connection, socket: TcpStream) -> std::io::Result<u64> {
    let stream = TlsStream::new(connection, socket);
    let (mut reader, mut writer) = tokio::io::split(stream);
    let bytes = tokio::io::copy(&mut reader, &mut writer).await?;
    writer.shutdown().await?;
    Ok(bytes)
}
