//! Files over HTTP/1.1.
//!
//! Owns the joining of three libraries: hyper speaks HTTP, tower-http finds files and keeps paths inside
//! the directory, and TLS is ours.

use std::io;
use std::path::Path;
use std::pin::pin;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use ssl_record::io::tokio::TlsStream;
use tokio::net::TcpStream;
use tower_http::services::ServeDir;

use super::accept::{Stop, stopping};

/// Serves requests until the client or the server ends; a response that is begun is finished.
pub(super) async fn serve(
    stream: TlsStream<TcpStream>,
    directory: &Path,
    mut stop: Stop,
) -> io::Result<()> {
    let service = TowerToHyperService::new(ServeDir::new(directory));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new());
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let served = tokio::select! {
        biased;
        served = connection.as_mut() => served,
        () = stopping(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    served.map_err(io::Error::other)
}
