//! nginx as a client: between curl and an nginx on the system's library.

use anyhow::Result;

use super::{VERSIONS, certificate, serve};
use crate::programs::peers::{curl, url};
use crate::programs::site;
use crate::stage::{Server, Stage};
use crate::tool::same_hash;

/// nginx under the library in front of a server of the site on the system's.
fn in_front(stage: &Stage, settings: &str, upstream: u16) -> Result<Server<1>> {
    let certificate = certificate(stage, "rsa");
    serve(stage, |[port]| {
        format!(
            "server {{ listen {port} ssl; {VERSIONS} {certificate} proxy_buffers 8 64k; proxy_request_buffering off;\n\
             location / {{ proxy_pass https://localhost:{upstream}; proxy_http_version 1.1;\n\
             proxy_ssl_server_name on; proxy_ssl_protocols TLSv1.2 TLSv1.3; {settings} }} }}"
        )
    })
}

fn verified(stage: &Stage, authority: &str) -> String {
    let pki = stage.pki();
    format!(
        "proxy_ssl_verify on; proxy_ssl_verify_depth 3; proxy_ssl_name localhost; proxy_ssl_trusted_certificate {pki}/{authority}.pem;"
    )
}

pub(super) fn upstream_64_mib(stage: &Stage) -> Result<()> {
    let (site, payload) = (site::start(stage)?, stage.payload("64m.bin")?);
    for upstream in [site.tls12(), site.tls13()] {
        let server = in_front(stage, &verified(stage, "root"), upstream)?;
        curl(
            stage,
            &format!("--http1.1 {}", url(server.port(), "64m.bin")),
        )?
        .success()?
        .stdout_hash(&payload.sha256)?;
        let (target, data) = (url(server.port(), "upload/file"), stage.data());
        curl(stage, &format!("-T {data}/64m.bin {target}"))?.success()?;
        let arrived = format!("{}/upload/file", stage.dir());
        same_hash(arrived.as_ref(), &payload.sha256)?;
        std::fs::remove_file(arrived)?;
        server.process.stop()?;
    }
    Ok(())
}

pub(super) fn upstream_refused(stage: &Stage) -> Result<()> {
    let site = site::start(stage)?;
    for (authority, upstream, reason) in [
        (
            "stranger",
            site.tls12(),
            "unable to get local issuer certificate",
        ),
        (
            "stranger",
            site.tls13(),
            "unable to get local issuer certificate",
        ),
        ("root", site.expired(), "certificate has expired"),
        (
            "root",
            site.wrong_host(),
            "upstream SSL certificate does not match \"localhost\"",
        ),
    ] {
        let server = in_front(stage, &verified(stage, authority), upstream)?;
        curl(stage, &url(server.port(), "1k.bin"))?
            .code(22)?
            .prints("error: 502")?;
        server.process.wait_for(reason)?;
        server.process.stop()?;
    }
    Ok(())
}

pub(super) fn upstream_sessions(stage: &Stage) -> Result<()> {
    let (site, pki) = (site::start(stage)?, stage.pki());
    let own = format!(
        "proxy_ssl_certificate {pki}/client.pem; proxy_ssl_certificate_key {pki}/client.key;"
    );
    let server = in_front(stage, &own, site.mutual())?;
    curl(stage, &url(server.port(), "who"))?
        .success()?
        .stdout_is("CN=client")?;
    for upstream in [site.tls12(), site.tls13()] {
        let settings = verified(stage, "root") + "proxy_set_header Connection close;";
        let server = in_front(stage, &settings, upstream)?;
        for reused in [" . HTTP/1.1", " r HTTP/1.1"] {
            curl(stage, &url(server.port(), "tls"))?
                .success()?
                .prints(reused)?;
        }
    }
    Ok(())
}
