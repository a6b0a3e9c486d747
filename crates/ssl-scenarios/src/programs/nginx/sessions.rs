//! What nginx keeps between connections: sessions, tickets, and service while it reloads.

use anyhow::Result;
use rustix::process::Signal;

use super::{VERSIONS, certificate, one, serve};
use crate::programs::peers::{self, reconnects, s_client, url};
use crate::programs::site;
use crate::stage::Stage;
use crate::tool::same_hash;

pub(super) fn resumption_from_cache(stage: &Stage) -> Result<()> {
    let certificate = certificate(stage, "rsa");
    // Four processes share one cache: a session is found wherever it was made.
    let http = |port: u16, cache: &str| {
        format!(
            "server {{ listen {port} ssl reuseport; {VERSIONS} {certificate} ssl_session_tickets off; ssl_session_cache {cache};\n\
             location = /tls {{ return 200 \"$pid $ssl_session_reused\"; }} }}\n"
        )
    };
    let server = stage.serve(|[shared, builtin, off]| {
        let http =
            http(shared, "shared:all:1m") + &http(builtin, "builtin:100") + &http(off, "off");
        let main = "worker_processes 4;";
        let text = site::configuration(stage, "", &http).replace("worker_processes 1;", main);
        let file = stage.write("nginx.conf", &text)?;
        let tool = stage.under_test("nginx")?.arg("-c").arg(file);
        Ok(tool.words("-g").arg("daemon off;"))
    })?;
    let [shared, _, off] = server.ports;
    for version in peers::VERSIONS {
        for _ in 0..6 {
            reconnects(stage, shared, version)?.prints("Reused, TLSv1")?;
        }
        reconnects(stage, off, version)?.prints("New, TLSv1")?;
    }
    Ok(())
}

pub(super) fn resumption_by_ticket_key(stage: &Stage) -> Result<()> {
    // Two servers with the same ticket key honour each other's tickets; one with another key does not.
    let keys = ["first", "second"].map(|name| {
        let key: Vec<u8> = name.bytes().cycle().take(80).collect();
        let path = format!("{}/{name}.ticket", stage.dir());
        std::fs::write(&path, key).map(|()| path)
    });
    let [first, second] = keys;
    let (first, second) = (first?, second?);
    let certificate = certificate(stage, "rsa");
    let server = serve(stage, |[a, b, c]: [u16; 3]| {
        let one = |port: u16, keys: &[&str]| {
            let keys: String = keys
                .iter()
                .map(|key| format!("ssl_session_ticket_key {key};"))
                .collect();
            format!(
                "server {{ listen {port} ssl; {VERSIONS} {certificate} {keys} location = /tls {{ return 200 \"$ssl_session_reused\"; }} }}\n"
            )
        };
        one(a, &[&first]) + &one(b, &[&second, &first]) + &one(c, &[&second])
    })?;
    let [a, b, c] = server.ports;
    let file = format!("{}/session", stage.dir());
    for version in peers::VERSIONS {
        reconnects(stage, a, version)?.prints("Reused, TLSv1")?;
        s_client(stage, a, &format!("{version} -sess_out {file}"))?.success()?;
        s_client(stage, b, &format!("{version} -sess_in {file}"))?
            .success()?
            .prints("Reused, TLSv1")?;
        s_client(stage, c, &format!("{version} -sess_in {file}"))?
            .success()?
            .prints("New, TLSv1")?;
    }
    Ok(())
}

pub(super) fn early_data(stage: &Stage) -> Result<()> {
    // Whether it is taken is the server's choice; the request has to be answered in either case.
    let server = one(
        stage,
        "ssl_early_data on; location = /early { return 200 \"early=$ssl_early_data reused=$ssl_session_reused\"; }",
    )?;
    let (dir, port) = (stage.dir(), server.port());
    s_client(stage, port, &format!("-tls1_3 -sess_out {dir}/session"))?.success()?;
    stage.write("early", "GET /early HTTP/1.0\r\n\r\n")?;
    let line = format!(
        "s_client -connect localhost:{port} -tls1_3 -sess_in {dir}/session -early_data {dir}/early"
    );
    let client = stage.peer("openssl")?.words(&line).input_open().start()?;
    client.wait_for("Early data was ")?;
    if client.output().contains("Early data was accepted") {
        client.wait_for("reused=r")?;
    } else {
        client.send(b"GET /early HTTP/1.0\r\n\r\n")?;
        client.wait_for("early= reused=r")?;
    }
    Ok(())
}

pub(super) fn reload_under_load(stage: &Stage) -> Result<()> {
    let (server, payload) = (one(stage, "")?, stage.payload("10m.bin")?);
    let (dir, file) = (stage.dir(), url(server.port(), "10m.bin?[1-40]"));
    let options = format!(
        "-sS --fail --retry 0 --http1.1 --parallel --parallel-max 4 --cacert {}/root.pem -H connection:close -o {dir}/got-#1 {file}",
        stage.pki()
    );
    let client = stage.peer("curl")?.words(&options).start()?;
    for round in 1..=3 {
        // Each time some more requests are done, so that it happens in their midst.
        client.wait_until("some files", || {
            let done = stage.read("access.log").unwrap_or_default().lines().count();
            Ok(done >= round * 4)
        })?;
        server.process.signal(Signal::HUP)?;
        server.process.wait_for_times("reconfiguring", round)?;
    }
    client.finish()?.success()?;
    for number in 1..=40 {
        same_hash(format!("{dir}/got-{number}").as_ref(), &payload.sha256)?;
    }
    Ok(())
}
