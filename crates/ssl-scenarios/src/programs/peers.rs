//! Clients on the system's library, for servers under test.

use anyhow::Result;

use crate::stage::Stage;
use crate::tool::Finished;

/// curl, quiet but for errors, trusting our root alone; an answer of 400 and more is a failure.
pub(super) fn curl(stage: &Stage, options: &str) -> Result<Finished> {
    let line = format!("-sS --fail --cacert {}/root.pem {options}", stage.pki());
    stage.peer("curl")?.words(&line).run()
}

/// `openssl s_client`, which asks for the page `/tls`.
pub(super) fn s_client(stage: &Stage, port: u16, options: &str) -> Result<Finished> {
    let line = format!("s_client -connect localhost:{port} -ign_eof {options}");
    let tool = stage.peer("openssl")?.words(&line);
    tool.input("GET /tls HTTP/1.0\r\n\r\n")?.run()
}

/// Two connections of s_client, the second with the session of the first, of which it returns the second.
pub(super) fn reconnects(stage: &Stage, port: u16, version: &str) -> Result<Finished> {
    let file = format!("{}/session", stage.dir());
    s_client(stage, port, &format!("{version} -sess_out {file}"))?
        .success()?
        .prints("New, TLSv1")?;
    s_client(stage, port, &format!("{version} -sess_in {file}"))?.success()
}

/// A page of a server of this scenario.
pub(super) fn url(port: u16, path: &str) -> String {
    format!("https://localhost:{port}/{path}")
}

/// curl's options for the two versions.
pub(super) const CURL_VERSIONS: [&str; 2] = ["--tls-max 1.2", "--tlsv1.3"];

/// s_client's options for the two versions.
pub(super) const VERSIONS: [&str; 2] = ["-tls1_2", "-tls1_3"];
