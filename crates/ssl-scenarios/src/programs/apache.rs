//! Apache with mod_ssl under the library, against curl and s_client on the system's.

use anyhow::Result;

use crate::stage::{Server, Stage, is_root};
use crate::tool::Tool;

/// A forward proxy that is itself reached over TLS, on the system's library.
pub(super) fn proxy(stage: &Stage) -> Result<Server<1>> {
    let pki = stage.pki();
    start(
        stage,
        |stage| stage.peer("apache2"),
        |[port]| {
            format!(
                "Listen {port} https\nSSLEngine on\nSSLCertificateFile {pki}/rsa.pem\nSSLCertificateKeyFile {pki}/rsa.key\n\
             ProxyRequests on\nAllowCONNECT 1-65535\n<Proxy *>\nRequire all granted\n</Proxy>\n"
            )
        },
    )
}

/// Starts an Apache with these settings, made for the ports it gets.
fn start<'a, const N: usize>(
    stage: &'a Stage,
    tool: impl Fn(&'a Stage) -> Result<Tool<'a>>,
    settings: impl Fn([u16; N]) -> String,
) -> Result<Server<N>> {
    stage.serve(|ports| {
        let file = stage.write("apache.conf", &configuration(stage, &settings(ports)))?;
        Ok(tool(stage)?.words("-D FOREGROUND -f").arg(file))
    })
}

fn configuration(stage: &Stage, settings: &str) -> String {
    let (dir, data) = (stage.dir(), stage.data());
    let modules: String = MODULES
        .iter()
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .collect();
    let user = if is_root() {
        "User www-data\nGroup www-data\n"
    } else {
        ""
    };
    format!(
        "ServerRoot {dir}\nDefaultRuntimeDir {dir}\nPidFile {dir}/apache.pid\nServerName localhost\n{modules}{user}\
         Mutex file:{dir}\nErrorLog {dir}/error.log\nLogLevel info\nDocumentRoot {data}\nStartServers 1\n\
         <Directory {data}>\nRequire all granted\n</Directory>\n{settings}"
    )
}

const MODULES: &[&str] = &[
    "mpm_event",
    "authz_core",
    "ssl",
    "socache_shmcb",
    "http2",
    "proxy",
    "proxy_connect",
    "proxy_http",
    "headers",
];
