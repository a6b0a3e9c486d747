//! lighttpd with mod_openssl under the library, against curl and s_client on the system's.

use anyhow::Result;

use super::peers::{CURL_VERSIONS, VERSIONS, curl, reconnects, s_client, url};
use crate::ports;
use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::{Server, Stage};
use crate::tool::Finished;

const LIGHTTPD: Program = Program {
    name: "lighttpd",
    file: "lighttpd",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(LIGHTTPD, "static_64_mib", static_64_mib).holds(&[Lesson::ModeGetter]),
    Scenario::new(LIGHTTPD, "slow_reader_of_50_mb", slow_reader).holds(&[Lesson::SentOnce]),
    Scenario::new(LIGHTTPD, "http2_64_mib", http2_64_mib),
    Scenario::new(LIGHTTPD, "certificate_required", certificate_required)
        .holds(&[Lesson::ClientWithoutCertificate, Lesson::ClientOfAStranger]),
    Scenario::new(LIGHTTPD, "excluded_versions", excluded_versions)
        .holds(&[Lesson::ExcludedVersion, Lesson::CipherStrings]),
    Scenario::new(LIGHTTPD, "server_names", server_names),
    Scenario::new(LIGHTTPD, "sessions_and_stapling", sessions_and_stapling)
        .holds(&[Lesson::SessionsResume]),
    Scenario::new(LIGHTTPD, "key_mismatch", key_mismatch).holds(&[Lesson::KeyMismatch]),
];

fn configuration(stage: &Stage, port: u16, settings: &str) -> String {
    let (data, dir) = (stage.data(), stage.dir());
    let identity = match settings.contains("ssl.pemfile") {
        true => String::new(),
        false => identity(stage, "rsa"),
    };
    format!(
        "server.document-root = \"{data}\"\nserver.port = {port}\nserver.bind = \"127.0.0.1\"\n\
         server.modules = (\"mod_openssl\", \"mod_setenv\")\nserver.errorlog = \"{dir}/error.log\"\nssl.engine = \"enable\"\n\
         {identity}{settings}\n"
    )
}

fn identity(stage: &Stage, name: &str) -> String {
    let pki = stage.pki();
    format!("ssl.pemfile = \"{pki}/{name}.pem\"\nssl.privkey = \"{pki}/{name}.key\"\n")
}

fn serve(stage: &Stage, settings: &str) -> Result<Server<1>> {
    stage.serve(|[port]| {
        let file = stage.write("lighttpd.conf", &configuration(stage, port, settings))?;
        Ok(stage.under_test("lighttpd")?.words("-D -f").arg(file))
    })
}

fn static_64_mib(stage: &Stage) -> Result<()> {
    let (server, payload) = (serve(stage, "")?, stage.payload("64m.bin")?);
    for version in CURL_VERSIONS {
        curl(
            stage,
            &format!("--http1.1 {version} {}", url(server.port(), "64m.bin")),
        )?
        .success()?
        .stdout_hash(&payload.sha256)?;
    }
    Ok(())
}

fn slow_reader(stage: &Stage) -> Result<()> {
    let (server, payload) = (serve(stage, "")?, stage.payload("50m.bin")?);
    for version in CURL_VERSIONS {
        let slow = format!("--http1.1 --limit-rate 40M {version}");
        curl(stage, &format!("{slow} {}", url(server.port(), "50m.bin")))?
            .success()?
            .stdout_hash(&payload.sha256)?;
    }
    Ok(())
}

fn http2_64_mib(stage: &Stage) -> Result<()> {
    let (server, payload) = (
        serve(
            stage,
            "server.feature-flags = (\"server.h2proto\" => \"enable\")",
        )?,
        stage.payload("64m.bin")?,
    );
    curl(stage, &format!("--http2 {}", url(server.port(), "64m.bin")))?
        .success()?
        .stdout_hash(&payload.sha256)?;
    s_client(stage, server.port(), "-alpn h2,http/1.1 -no_ign_eof")?.prints("ALPN protocol: h2")?;
    Ok(())
}

fn get(stage: &Stage, port: u16, options: &str) -> Result<Finished> {
    curl(
        stage,
        &format!("{options} -D - -o got {}", url(port, "1k.bin")),
    )
}

fn certificate_required(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = serve(
        stage,
        &format!(
            "ssl.verifyclient.activate = \"enable\"\nssl.verifyclient.enforce = \"enable\"\nssl.verifyclient.depth = 3\n\
             ssl.verifyclient.ca-file = \"{pki}/root.pem\"\nssl.verifyclient.ca-crl-file = \"{pki}/crls.pem\"\n"
        ),
    )?;
    for version in CURL_VERSIONS {
        get(
            stage,
            server.port(),
            &format!("{version} --cert {pki}/client-both.pem"),
        )?
        .success()?;
        for refused in [
            String::new(),
            format!("--cert {pki}/strange-client-both.pem"),
            format!("--cert {pki}/revoked-both.pem"),
        ] {
            get(stage, server.port(), &format!("{version} {refused}"))?
                .failure()?
                .prints_no("200 OK")?;
        }
    }
    Ok(())
}

fn excluded_versions(stage: &Stage) -> Result<()> {
    for (command, good, bad) in [
        ("\"MinProtocol\" => \"TLSv1.3\"", "-tls1_3", "-tls1_2"),
        ("\"MaxProtocol\" => \"TLSv1.2\"", "-tls1_2", "-tls1_3"),
        (
            "\"CipherString\" => \"ECDHE+AES256:!ECDSA\", \"Ciphersuites\" => \"TLS_AES_128_GCM_SHA256\"",
            "-tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384",
            "-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384",
        ),
    ] {
        let server = serve(stage, &format!("ssl.openssl.ssl-conf-cmd = ({command})"))?;
        s_client(stage, server.port(), good)?.success()?;
        s_client(stage, server.port(), bad)?
            .code(1)?
            .prints(" alert ")?;
        server.process.stop()?;
    }
    Ok(())
}

fn server_names(stage: &Stage) -> Result<()> {
    let hosts: String = ["alpha", "beta"]
        .iter()
        .map(|name| {
            format!(
                "$HTTP[\"host\"] == \"{name}.test\" {{\n{}}}\n",
                identity(stage, name)
            )
        })
        .collect();
    let server = serve(stage, &(identity(stage, "rsa") + &hosts))?;
    for version in VERSIONS {
        for name in ["alpha.test", "beta.test", "localhost"] {
            s_client(
                stage,
                server.port(),
                &format!("{version} -servername {name}"),
            )?
            .success()?
            .prints(&format!("subject=CN = {name}"))?;
        }
    }
    Ok(())
}

fn sessions_and_stapling(stage: &Stage) -> Result<()> {
    let server = serve(
        stage,
        &format!("ssl.stapling-file = \"{}/rsa.ocsp\"", stage.pki()),
    )?;
    for version in VERSIONS {
        reconnects(stage, server.port(), version)?.prints("Reused, TLSv1")?;
        s_client(stage, server.port(), &format!("{version} -status"))?
            .success()?
            .prints("Cert Status: good")?;
    }
    Ok(())
}

fn key_mismatch(stage: &Stage) -> Result<()> {
    let pair = identity(stage, "rsa").replace("rsa.key", "client-rsa.key");
    let [port] = ports::free();
    let file = stage.write("mismatch.conf", &configuration(stage, port, &pair))?;
    let tool = stage.under_test("lighttpd")?.words("-D -f").arg(file);
    tool.run()?
        .failure()?
        .prints("Private key does not match the certificate public key")?;
    Ok(())
}
