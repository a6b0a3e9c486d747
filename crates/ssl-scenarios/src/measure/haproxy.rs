//! HAProxy under the library: it ends TLS before a plain nginx.

use anyhow::Result;

use super::load::Load;
use crate::programs::site;
use crate::stage::Stage;

/// Microseconds of processor time per response.
pub(super) fn ends_tls(stage: &Stage, below: &str, load: &Load) -> Result<Vec<f64>> {
    let web = site::plain(stage)?;
    let pki = stage.pki();
    let server = stage.serve(|[port]| {
        let text = format!(
            "global\n  maxconn 1000\n  nbthread 1\n\
             defaults\n  mode http\n  timeout connect 10s\n  timeout client 600s\n  timeout server 600s\n\
             frontend in\n  bind :{port} ssl crt {pki}/{}-both.pem\n  default_backend out\n\
             backend out\n  http-reuse always\n  server one 127.0.0.1:{}\n",
            load.key,
            web.port()
        );
        let file = stage.write("haproxy.cfg", &text)?;
        Ok(stage.measured("haproxy", below)?.words("-db -f").arg(file))
    })?;
    load.measure(stage, &server)
}
