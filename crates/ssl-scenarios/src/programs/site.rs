//! A web site on the system's library, for clients under test: nginx with several servers in one process.

use anyhow::Result;

use crate::stage::{Server, Stage, is_root};
use crate::tool::Tool;

/// The servers of one nginx.
pub(super) struct Site {
    ports: [u16; 6],
}

impl Site {
    /// The RSA and the ECDSA certificate; HTTP/2; uploads to `/upload/NAME`.
    pub(super) fn port(&self) -> u16 {
        self.ports[0]
    }

    /// Asks for client certificates and answers 400 without a good one; tells the name at `/who`.
    pub(super) fn mutual(&self) -> u16 {
        self.ports[1]
    }

    /// The certificate has expired.
    pub(super) fn expired(&self) -> u16 {
        self.ports[2]
    }

    /// The certificate is for another host.
    pub(super) fn wrong_host(&self) -> u16 {
        self.ports[3]
    }

    /// TLS 1.2 only.
    pub(super) fn tls12(&self) -> u16 {
        self.ports[4]
    }

    /// TLS 1.3 only.
    pub(super) fn tls13(&self) -> u16 {
        self.ports[5]
    }
}

/// Starts the site.
pub(super) fn start(stage: &Stage) -> Result<Site> {
    let Server { ports, .. } = nginx(
        stage,
        |stage| stage.peer("nginx"),
        |ports| servers(stage, ports),
    )?;
    Ok(Site { ports })
}

/// A site without TLS: the data, and uploads to `/upload/NAME`.
pub(crate) fn plain(stage: &Stage) -> Result<Server<1>> {
    let dir = stage.dir();
    nginx(
        stage,
        |stage| stage.peer("nginx"),
        |[port]| {
            format!(
                "server {{ listen {port}; location /upload/ {{ alias {dir}/upload/; dav_methods PUT; create_full_put_path on; }} }}"
            )
        },
    )
}

/// Starts an nginx whose `http` block is made for the ports it gets.
pub(crate) fn nginx<'a, const N: usize>(
    stage: &'a Stage,
    tool: impl Fn(&'a Stage) -> Result<Tool<'a>>,
    http: impl Fn([u16; N]) -> String,
) -> Result<Server<N>> {
    stage.serve(|ports| {
        let file = stage.write("nginx.conf", &configuration(stage, "", &http(ports)))?;
        Ok(tool(stage)?
            .arg("-c")
            .arg(file)
            .words("-g")
            .arg("daemon off;"))
    })
}

/// A whole configuration around an `http` block.
pub(crate) fn configuration(stage: &Stage, main: &str, http: &str) -> String {
    let (dir, data) = (stage.dir(), stage.data());
    let user = if is_root() { "user root;" } else { "" };
    format!(
        "{user} pid {dir}/nginx.pid; error_log stderr info; worker_processes 1; {main}\n\
         events {{ worker_connections 512; }}\n\
         http {{\n\
         access_log {dir}/access.log; default_type application/octet-stream; root {data};\n\
         client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;\n\
         uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi; client_max_body_size 0;\n\
         {http}\n}}\n"
    )
}

fn servers(stage: &Stage, ports: [u16; 6]) -> String {
    let (dir, pki) = (stage.dir(), stage.pki());
    let certificate = |name: &str| {
        format!("ssl_certificate {pki}/{name}.pem; ssl_certificate_key {pki}/{name}.key;")
    };
    let both = certificate("rsa") + &certificate("ecdsa");
    let [main, mutual, expired, wrong_host, old, new] = ports;
    let server = |port: u16, settings: &str| {
        let versions = "ssl_protocols TLSv1.2 TLSv1.3;";
        let versions = if settings.contains("ssl_protocols") {
            ""
        } else {
            versions
        };
        format!(
            "server {{ listen {port} ssl http2; ssl_session_cache shared:all:1m; {versions} {settings}\n\
             location /upload/ {{ alias {dir}/upload/; dav_methods PUT; create_full_put_path on; }}\n\
             location = /who {{ return 200 \"$ssl_client_s_dn\"; }}\n\
             location = /tls {{ return 200 \"$ssl_protocol $ssl_cipher $ssl_session_reused $server_protocol\"; }}\n}}\n"
        )
    };
    server(main, &both)
        + &server(
            mutual,
            &format!(
                "{both} ssl_verify_client on; ssl_verify_depth 3; ssl_client_certificate {pki}/root.pem;"
            ),
        )
        + &server(expired, &certificate("expired"))
        + &server(wrong_host, &certificate("wrong-host"))
        + &server(old, &format!("{both} ssl_protocols TLSv1.2;"))
        + &server(new, &format!("{both} ssl_protocols TLSv1.3;"))
}
