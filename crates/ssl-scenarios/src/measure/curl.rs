//! curl under the library: one large download from nginx on the system's.

use std::fs::File;

use anyhow::{Result, ensure};

use super::process;
use crate::programs::site;
use crate::stage::Stage;

/// Milliseconds of processor time per GiB, of a file of so many MiB.
pub(super) fn downloads(stage: &Stage, below: &str, mib: u64) -> Result<Vec<f64>> {
    let (dir, pki) = (stage.dir(), stage.pki());
    // Holes, which take no room on the disk.
    File::create(format!("{dir}/large.bin"))?.set_len(mib << 20)?;
    let site = site::nginx(
        stage,
        |stage| stage.peer("nginx"),
        |[port]| {
            format!(
                "server {{ listen {port} ssl; ssl_protocols TLSv1.2 TLSv1.3; root {dir};\n\
             ssl_certificate {pki}/ecdsa.pem; ssl_certificate_key {pki}/ecdsa.key; }}"
            )
        },
    )?;
    let [port] = site.ports;
    let line = format!(
        "-sS --fail --http1.1 --tlsv1.3 --cacert {pki}/root.pem -o /dev/null -w %{{size_download}} \
         https://127.0.0.1:{port}/large.bin"
    );
    let curl = stage.measured("curl", below)?.words(&line).start()?;
    let (spent, finished) = curl.finish_after(|| process::nanoseconds(curl.id()))?;
    let size = finished.success()?.stdout();
    ensure!(
        size == (mib << 20).to_string(),
        "curl downloaded {size} bytes"
    );
    Ok(vec![spent? as f64 / 1e6 * 1024.0 / mib as f64])
}
