//! DNS over TLS and over HTTPS: unbound as a server and as a forwarder, and dig as their client.

use anyhow::Result;

use crate::ports;
use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::{Server, Stage};
use crate::tool::Finished;

const UNBOUND: Program = Program {
    name: "unbound",
    file: "unbound",
};

const DIG: Program = Program {
    name: "dig",
    file: "dig",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(UNBOUND, "answers_over_tls", answers_over_tls),
    Scenario::new(UNBOUND, "answers_over_https", answers_over_https),
    Scenario::new(UNBOUND, "forwards_over_tls", forwards_over_tls)
        .holds(&[Lesson::WrongAuthority, Lesson::WrongHost]),
    Scenario::new(UNBOUND, "key_mismatch", key_mismatch).holds(&[Lesson::KeyMismatch]),
    Scenario::new(DIG, "asks_over_tls_and_https", asks_over_tls_and_https),
    Scenario::new(DIG, "refuses", refuses).holds(&[
        Lesson::WrongAuthority,
        Lesson::WrongHost,
        Lesson::Expired,
    ]),
];

/// unbound with a zone of its own over TLS and HTTPS, and with a plain port.
fn unbound(stage: &Stage, ours: bool, name: &str, more: &str) -> Result<Server<3>> {
    stage.serve(|ports| {
        let file = stage.new_file("unbound", "conf");
        std::fs::write(&file, configuration(stage, ports, name, more))?;
        let tool = stage.under_test_if(ours, "unbound")?;
        Ok(tool.words("-d -d -p -c").arg(file))
    })
}

fn configuration(stage: &Stage, [tls, https, plain]: [u16; 3], name: &str, more: &str) -> String {
    let (pki, dir) = (stage.pki(), stage.dir());
    let long = (0..40)
        .map(|n| format!("\"{}\"", format!("{n:02}").repeat(120)))
        .collect::<Vec<_>>()
        .join(" ");
    format!(
        "server:\n interface: 127.0.0.1@{tls}\n interface: 127.0.0.1@{https}\n interface: 127.0.0.1@{plain}\n\
         \x20tls-port: {tls}\n https-port: {https}\n tls-service-pem: {pki}/{name}.pem\n tls-service-key: {pki}/{name}.key\n\
         \x20chroot: \"\"\n username: \"\"\n directory: \"{dir}\"\n pidfile: \"\"\n use-syslog: no\n verbosity: 2\n\
         \x20do-not-query-localhost: no\n module-config: \"iterator\"\n incoming-num-tcp: 50\n\
         \x20local-zone: \"here.test.\" static\n local-data: 'a.here.test. A 192.0.2.1'\n local-data: 'long.here.test. TXT {long}'\n\
         {more}\nremote-control:\n control-enable: no\n"
    )
}

fn dig(stage: &Stage, ours: bool, port: u16, options: &str) -> Result<Finished> {
    let tool = stage.under_test_if(ours, "dig")?;
    tool.words(&format!(
        "@127.0.0.1 -p {port} +tries=1 +timeout=20 {options}"
    ))
    .run()
}

/// The options with which dig accepts only the right server.
fn strict(stage: &Stage) -> String {
    format!(
        "+tls +tls-ca={}/root.pem +tls-hostname=localhost",
        stage.pki()
    )
}

fn answers_over_tls(stage: &Stage) -> Result<()> {
    let server = unbound(stage, true, "rsa", "")?;
    let [tls, ..] = server.ports;
    let strict = strict(stage);
    dig(stage, false, tls, &format!("{strict} a.here.test"))?
        .success()?
        .prints("192.0.2.1")?;
    // Several questions over one connection, one with a long answer.
    dig(
        stage,
        false,
        tls,
        &format!("{strict} +keepopen +short a.here.test long.here.test TXT a.here.test"),
    )?
    .success()?
    .prints(&"39".repeat(120))?;
    for version in super::peers::VERSIONS {
        let line = format!(
            "s_client -connect localhost:{tls} {version} -alpn dot -CAfile {}/root.pem",
            stage.pki()
        );
        let seen = stage.peer("openssl")?.words(&line).run()?;
        seen.success()?.prints("Verification: OK")?;
    }
    Ok(())
}

fn answers_over_https(stage: &Stage) -> Result<()> {
    let server = unbound(stage, true, "ecdsa", "")?;
    let [_, https, _] = server.ports;
    let strict = strict(stage).replace("+tls ", "+https ");
    dig(stage, false, https, &format!("{strict} long.here.test TXT"))?
        .success()?
        .prints(&"17".repeat(120))?;
    Ok(())
}

fn forwards_over_tls(stage: &Stage) -> Result<()> {
    let (upstream, pki) = (unbound(stage, false, "rsa", "")?, stage.pki());
    let [tls, ..] = upstream.ports;
    for (bundle, name, status) in [
        ("root", "localhost", "NOERROR"),
        ("stranger", "localhost", "SERVFAIL"),
        ("root", "elsewhere.test", "SERVFAIL"),
    ] {
        let forward = format!(
            " tls-cert-bundle: {pki}/{bundle}.pem\nforward-zone:\n name: \"here.test.\"\n forward-tls-upstream: yes\n forward-addr: 127.0.0.1@{tls}#{name}"
        );
        let server = stage.serve(|ports| {
            // It has no such zone of its own.
            let text = configuration(stage, ports, "rsa", &forward);
            let text: String = text
                .lines()
                .filter(|line| !line.contains("local-"))
                .map(|line| format!("{line}\n"))
                .collect();
            let file = stage.new_file("unbound", "conf");
            std::fs::write(
                &file,
                text.replace(
                    "verbosity: 2",
                    "verbosity: 2\n local-zone: \"test.\" nodefault",
                ),
            )?;
            Ok(stage.under_test("unbound")?.words("-d -d -p -c").arg(file))
        })?;
        let [_, _, plain] = server.ports;
        dig(stage, false, plain, "+timeout=60 a.here.test")?
            .success()?
            .prints(&format!("status: {status}"))?;
        server.process.stop()?;
    }
    Ok(())
}

fn key_mismatch(stage: &Stage) -> Result<()> {
    let text =
        configuration(stage, ports::free(), "rsa", "").replace("/rsa.key", "/client-rsa.key");
    let file = stage.write("mismatch.conf", &text)?;
    let tool = stage.under_test("unbound")?.words("-d -d -p -c").arg(file);
    tool.run()?.failure()?.prints("key values mismatch")?;
    Ok(())
}

fn asks_over_tls_and_https(stage: &Stage) -> Result<()> {
    for certificate in ["rsa", "ecdsa"] {
        let server = unbound(stage, false, certificate, "")?;
        let [tls, https, _] = server.ports;
        let strict = strict(stage);
        dig(stage, true, tls, &format!("{strict} long.here.test TXT"))?
            .success()?
            .prints(&"39".repeat(120))?;
        dig(
            stage,
            true,
            tls,
            &format!("{strict} +keepopen +short a.here.test a.here.test"),
        )?
        .success()?
        .stdout_is("192.0.2.1\n192.0.2.1\n")?;
        dig(
            stage,
            true,
            https,
            &format!("{} long.here.test TXT", strict.replace("+tls ", "+https ")),
        )?
        .success()?
        .prints(&"39".repeat(120))?;
        server.process.stop()?;
    }
    Ok(())
}

fn refuses(stage: &Stage) -> Result<()> {
    for (certificate, authority) in [
        ("rsa", "stranger"),
        ("wrong-host", "root"),
        ("expired", "root"),
    ] {
        let server = unbound(stage, false, certificate, "")?;
        let [tls, ..] = server.ports;
        let strict = strict(stage).replace("/root.pem", &format!("/{authority}.pem"));
        dig(stage, true, tls, &format!("{strict} +short a.here.test"))?
            .prints_no("192.0.2.1")?
            .prints("TLS peer certificate verification for ")?;
        server.process.stop()?;
    }
    Ok(())
}
