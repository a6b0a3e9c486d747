//! stunnel, both ways: plain text in front of TLS, and TLS in front of plain text. One end is under the library,
//! the other on the system's; between them and curl there is a plain nginx.

use anyhow::Result;

use super::site;
use crate::ports;
use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::{Server, Stage};
use crate::tool::{Finished, same_hash};

const STUNNEL: Program = Program {
    name: "stunnel",
    file: "stunnel4",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(STUNNEL, "both_ways_64_mib", both_ways_64_mib).holds(&[Lesson::SentOnce]),
    Scenario::new(STUNNEL, "client_refuses", client_refuses).holds(&[
        Lesson::WrongAuthority,
        Lesson::WrongHost,
        Lesson::Expired,
    ]),
    Scenario::new(STUNNEL, "certificate_required", certificate_required)
        .holds(&[Lesson::ClientWithoutCertificate, Lesson::ClientOfAStranger]),
    Scenario::new(STUNNEL, "excluded_versions", excluded_versions)
        .holds(&[Lesson::ExcludedVersion]),
    Scenario::new(STUNNEL, "sessions_and_names", sessions_and_names)
        .holds(&[Lesson::SessionsResume]),
    Scenario::new(STUNNEL, "key_mismatch", key_mismatch).holds(&[Lesson::KeyMismatch]),
];

/// One stunnel with one service from a port to `to`.
fn tunnel(stage: &Stage, ours: bool, to: u16, service: &str) -> Result<Server<1>> {
    stage.serve(|[port]| {
        let text = format!(
            "foreground = yes\npid =\ndebug = 7\n[service]\naccept = 127.0.0.1:{port}\nconnect = 127.0.0.1:{to}\n{service}\n"
        );
        let file = stage.new_file("stunnel", "conf");
        std::fs::write(&file, text)?;
        let tool = stage.under_test_if(ours, "stunnel4")?;
        Ok(tool.arg(file))
    })
}

/// The end that speaks TLS to its clients.
fn server(stage: &Stage, ours: bool, to: u16, options: &str) -> Result<Server<1>> {
    let pki = stage.pki();
    let certificate = if options.contains("cert =") {
        ""
    } else {
        &format!("cert = {pki}/rsa.pem\nkey = {pki}/rsa.key\n")
    };
    tunnel(stage, ours, to, &format!("{certificate}{options}"))
}

/// The end that speaks TLS to its server.
fn client(stage: &Stage, ours: bool, to: u16, options: &str) -> Result<Server<1>> {
    let authority = if options.contains("CA") {
        ""
    } else {
        &format!("CAfile = {}/root.pem\n", stage.pki())
    };
    tunnel(
        stage,
        ours,
        to,
        &format!("client = yes\nverifyChain = yes\n{authority}{options}"),
    )
}

fn get(stage: &Stage, port: u16, options: &str) -> Result<Finished> {
    let line = format!("-sS --fail --http1.1 {options} http://localhost:{port}/");
    stage.peer("curl")?.words(&line).run()
}

fn both_ways_64_mib(stage: &Stage) -> Result<()> {
    let (web, payload, data) = (site::plain(stage)?, stage.payload("64m.bin")?, stage.data());
    for (ours, version) in [
        (true, "TLSv1.2"),
        (true, "TLSv1.3"),
        (false, "TLSv1.3"),
        (false, "TLSv1.2"),
    ] {
        let server = server(stage, ours, web.port(), &format!("sslVersion = {version}"))?;
        let client = client(stage, !ours, server.port(), "checkHost = localhost")?;
        let port = client.port();
        let line = format!("-sS --fail http://localhost:{port}/64m.bin");
        let got = stage.peer("curl")?.words(&line).run()?;
        got.success()?.stdout_hash(&payload.sha256)?;
        let line = format!("-sS --fail -T {data}/64m.bin http://localhost:{port}/upload/file");
        stage.peer("curl")?.words(&line).run()?.success()?;
        let arrived = format!("{}/upload/file", stage.dir());
        same_hash(arrived.as_ref(), &payload.sha256)?;
        std::fs::remove_file(arrived)?;
        client.process.stop()?;
        server.process.stop()?;
    }
    Ok(())
}

fn client_refuses(stage: &Stage) -> Result<()> {
    let (web, pki) = (site::plain(stage)?, stage.pki());
    for (certificate, options, reason) in [
        (
            "rsa",
            format!("CAfile = {pki}/stranger.pem"),
            "unable to get local issuer certificate",
        ),
        (
            "rsa",
            format!("CAfile = {pki}/root.pem\ncheckHost = elsewhere.test"),
            "Subject checks failed",
        ),
        (
            "expired",
            format!("CApath = {pki}/ca"),
            "certificate has expired",
        ),
    ] {
        let identity = format!("cert = {pki}/{certificate}.pem\nkey = {pki}/{certificate}.key");
        let server = server(stage, false, web.port(), &identity)?;
        let client = client(stage, true, server.port(), &options)?;
        get(stage, client.port(), "")?.failure()?;
        client.process.wait_for(reason)?;
        client.process.stop()?;
        server.process.stop()?;
    }
    let server = server(stage, false, web.port(), "")?;
    let good = client(stage, true, server.port(), &format!("CApath = {pki}/ca"))?;
    get(stage, good.port(), "-o got -X GET")?
        .code(22)?
        .prints("error: 403")?;
    Ok(())
}

fn certificate_required(stage: &Stage) -> Result<()> {
    let (web, pki) = (site::plain(stage)?, stage.pki());
    let demand = format!("verifyChain = yes\nCAfile = {pki}/root.pem\nCRLfile = {pki}/crls.pem");
    for version in ["TLSv1.2", "TLSv1.3"] {
        let server = server(stage, true, web.port(), &demand)?;
        for (own, is_welcome) in [
            ("client", true),
            ("strange-client", false),
            ("revoked", false),
            ("", false),
        ] {
            let identity = match own {
                "" => String::new(),
                own => format!("cert = {pki}/{own}.pem\nkey = {pki}/{own}.key\n"),
            };
            let client = client(
                stage,
                false,
                server.port(),
                &format!("{identity}sslVersion = {version}"),
            )?;
            let finished = get(stage, client.port(), "")?.failure()?;
            // The page is forbidden, and only who is let in is told so.
            match is_welcome {
                true => finished.prints("error: 403")?,
                false => finished.prints_no("403")?,
            };
            client.process.stop()?;
        }
        server
            .process
            .wait_for("unable to get local issuer certificate")?;
        server.process.wait_for("certificate revoked")?;
        server
            .process
            .wait_for("peer did not return a certificate")?;
        server.process.stop()?;
    }
    Ok(())
}

fn excluded_versions(stage: &Stage) -> Result<()> {
    let web = site::plain(stage)?;
    for (mine, theirs) in [
        ("sslVersionMin = TLSv1.3", "TLSv1.2"),
        ("sslVersionMax = TLSv1.2", "TLSv1.3"),
    ] {
        for ours in [true, false] {
            let server = server(stage, ours, web.port(), mine)?;
            let client = client(
                stage,
                !ours,
                server.port(),
                &format!("sslVersion = {theirs}"),
            )?;
            get(stage, client.port(), "")?.failure()?.prints_no("403")?;
            client.process.wait_for("alert protocol version")?;
            client.process.stop()?;
            server.process.stop()?;
        }
    }
    Ok(())
}

fn sessions_and_names(stage: &Stage) -> Result<()> {
    let (web, pki) = (site::plain(stage)?, stage.pki());
    for (ours, version) in [
        (true, "TLSv1.2"),
        (true, "TLSv1.3"),
        (false, "TLSv1.2"),
        (false, "TLSv1.3"),
    ] {
        let server = server(stage, ours, web.port(), "sessionCacheSize = 100")?;
        let options = format!("sslVersion = {version}\nsni = localhost\ncheckHost = localhost");
        let client = client(stage, !ours, server.port(), &options)?;
        for _ in 0..2 {
            get(stage, client.port(), "-H connection:close")?.prints("error: 403")?;
        }
        client.process.wait_for("previous session reused")?;
        server.process.wait_for("previous session reused")?;
        client.process.stop()?;
        server.process.stop()?;
    }
    // By name to another section with another certificate.
    let server = stage.serve(|[port]| {
        let section = |name: &str, more: &str| {
            format!("[{name}]\n{more}connect = 127.0.0.1:{}\ncert = {pki}/{name}.pem\nkey = {pki}/{name}.key\n", web.port())
        };
        let text = "foreground = yes\npid =\ndebug = 7\n".to_owned()
            + &section("rsa", &format!("accept = 127.0.0.1:{port}\n"))
            + &section("alpha", "sni = rsa:alpha.test\n");
        let file = stage.write("names.conf", &text)?;
        Ok(stage.under_test("stunnel4")?.arg(file))
    })?;
    for (name, subject) in [
        ("alpha.test", "CN = alpha.test"),
        ("localhost", "CN = localhost"),
    ] {
        let line = format!(
            "s_client -connect localhost:{} -servername {name}",
            server.port()
        );
        let seen = stage.peer("openssl")?.words(&line).run()?;
        seen.prints(&format!("subject={subject}"))?;
    }
    Ok(())
}

fn key_mismatch(stage: &Stage) -> Result<()> {
    let [port] = ports::free();
    let pki = stage.pki();
    let text = format!(
        "foreground = yes\npid =\n[service]\naccept = 127.0.0.1:{port}\nconnect = 1\ncert = {pki}/rsa.pem\nkey = {pki}/client-rsa.key\n"
    );
    let file = stage.write("mismatch.conf", &text)?;
    let tool = stage.under_test("stunnel4")?.arg(file);
    tool.run()?.code(1)?.prints("key values mismatch")?;
    Ok(())
}
