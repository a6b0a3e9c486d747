//! nginx under the library: files on connections that are kept or not, and clients that do nothing.

use anyhow::{Result, ensure};

use super::clients::Clients;
use super::load::Load;
use super::process;
use crate::programs::site;
use crate::stage::{Server, Stage};

/// A server with one worker. Its records and its way of sending are nginx's defaults: `ssl_buffer_size 16k`, and the
/// kernel leaves TLS to the library (OpenSSL's option KTLS is off).
fn serve(stage: &Stage, below: &str, key: &str) -> Result<Server<1>> {
    let pki = stage.pki();
    stage.serve(|[port]| {
        let http = format!(
            "keepalive_timeout 600s; keepalive_requests 100000000; access_log off; ssl_session_cache shared:all:10m;\n\
             server {{ listen {port} ssl; ssl_protocols TLSv1.2 TLSv1.3;\n\
             ssl_certificate {pki}/{key}.pem; ssl_certificate_key {pki}/{key}.key; }}"
        );
        let limits = format!("worker_rlimit_nofile {};", MOST_CLIENTS + 1000);
        let text = site::configuration(stage, &limits, &http).replace(
            "worker_connections 512;",
            &format!("worker_connections {};", MOST_CLIENTS + 100),
        );
        let file = stage.write("nginx.conf", &text.replace("error_log stderr info", "error_log stderr warn"))?;
        let tool = stage.measured("nginx", below)?.arg("-c").arg(file);
        Ok(tool.words("-g").arg("daemon off;"))
    })
}

/// Microseconds of processor time per response.
pub(super) fn serves(stage: &Stage, below: &str, load: &Load) -> Result<Vec<f64>> {
    let server = serve(stage, below, &load.key)?;
    load.measure(stage, &server)
}

/// KiB resident in the worker with so many clients, its proportional share, and bytes that each client added.
pub(super) fn idle(stage: &Stage, below: &str, count: usize) -> Result<Vec<f64>> {
    ensure!(count <= MOST_CLIENTS, "{count} clients are too many");
    let server = serve(stage, below, "ecdsa")?;
    let worker = process::child(server.process.id())?;
    let mut clients = Clients::new(stage, server.port())?;
    // What the first clients bring about is no other's.
    clients.connect(WARM)?;
    let (before, _) = process::resident(worker)?;
    clients.connect(count - WARM.min(count))?;
    let (rss, pss) = process::resident(worker)?;
    // They are no good if they cannot go on.
    clients.ask_all()?;
    let each = 1024.0 * (rss - before) / (count - WARM.min(count)).max(1) as f64;
    Ok(vec![rss, pss, each])
}

/// Clients of nginx at a time, at the most.
const MOST_CLIENTS: usize = 12_000;

const WARM: usize = 10;
