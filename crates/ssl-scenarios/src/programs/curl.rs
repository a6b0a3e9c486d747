//! curl under the library, against nginx on the system's.

use anyhow::{Result, ensure};

use super::peers::{CURL_VERSIONS, url};
use super::site::{self, Site};
use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::Stage;
use crate::tool::{Finished, same_hash};

const CURL: Program = Program {
    name: "curl",
    file: "curl",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(CURL, "versions", versions),
    Scenario::new(CURL, "downloads_64_mib", downloads_64_mib),
    Scenario::new(CURL, "uploads_64_mib", uploads_64_mib).holds(&[Lesson::NothingLeftInside]),
    Scenario::new(CURL, "http2_64_mib", http2_64_mib),
    Scenario::new(CURL, "many_at_once", many_at_once),
    Scenario::new(CURL, "wrong_authority", wrong_authority)
        .holds(&[Lesson::WrongAuthority, Lesson::StoreReadLate]),
    Scenario::new(CURL, "wrong_host", wrong_host).holds(&[Lesson::WrongHost]),
    Scenario::new(CURL, "expired", expired).holds(&[Lesson::Expired]),
    Scenario::new(CURL, "authorities_from_files_and_folders", authorities)
        .holds(&[Lesson::FileAndDirectory, Lesson::StoreReadLate]),
    Scenario::new(CURL, "client_certificate", client_certificate),
    Scenario::new(CURL, "excluded_versions", excluded_versions).holds(&[Lesson::ExcludedVersion]),
    Scenario::new(CURL, "cipher_strings", cipher_strings).holds(&[Lesson::CipherStrings]),
    Scenario::new(CURL, "one_connection_for_two", one_connection_for_two),
    Scenario::new(CURL, "resumption", resumption).holds(&[Lesson::SessionsResume]),
    Scenario::new(CURL, "stapled_response", stapled_response),
    Scenario::new(CURL, "revoked_authority", revoked_authority),
    Scenario::new(CURL, "https_proxy", https_proxy),
    Scenario::new(CURL, "key_log", key_log).holds(&[Lesson::KeyLog]),
    Scenario::new(CURL, "truncated", truncated).holds(&[Lesson::EndOfFile]),
];

/// curl under the library, quiet but for errors, trusting our root.
fn curl(stage: &Stage, options: &str) -> Result<Finished> {
    let root = format!("--cacert {}/root.pem", stage.pki());
    let root = if options.contains("--ca") { "" } else { &root };
    let line = format!("-sS --fail {root} {options}");
    stage.under_test("curl")?.words(&line).run()
}

fn versions(stage: &Stage) -> Result<()> {
    let tls = url(site::start(stage)?.port(), "tls");
    curl(stage, &format!("--http1.1 --tls-max 1.2 {tls}"))?
        .success()?
        .prints("TLSv1.2 ECDHE-")?;
    curl(stage, &format!("--http1.1 --tlsv1.3 {tls}"))?
        .success()?
        .prints("TLSv1.3 TLS_AES_256_GCM_SHA384 . HTTP/1.1")?;
    curl(stage, &format!("-v {tls}"))?
        .success()?
        .prints("HTTP/2.0")?
        .prints("SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384")?
        .prints("ALPN: server accepted h2")?
        .prints("SSL certificate verify ok")?
        .prints("issuer: CN=Scenario Intermediate")?;
    Ok(())
}

fn downloads_64_mib(stage: &Stage) -> Result<()> {
    let (site, payload) = (site::start(stage)?, stage.payload("64m.bin")?);
    for version in CURL_VERSIONS {
        let file = url(site.port(), "64m.bin");
        let finished = curl(stage, &format!("--http1.1 {version} {file}"))?;
        finished.success()?.stdout_hash(&payload.sha256)?;
    }
    Ok(())
}

fn upload(stage: &Stage, site: &Site, options: &str) -> Result<()> {
    let payload = stage.payload("64m.bin")?;
    let (target, data) = (url(site.port(), "upload/file"), stage.data());
    curl(
        stage,
        &format!("{options} --upload-file {data}/64m.bin {target}"),
    )?
    .success()?;
    let arrived = format!("{}/upload/file", stage.dir());
    same_hash(arrived.as_ref(), &payload.sha256)?;
    Ok(std::fs::remove_file(arrived)?)
}

fn uploads_64_mib(stage: &Stage) -> Result<()> {
    let site = site::start(stage)?;
    upload(stage, &site, "--http1.1 --tls-max 1.2")?;
    upload(stage, &site, "--http1.1 --tlsv1.3")
}

fn http2_64_mib(stage: &Stage) -> Result<()> {
    let (site, payload) = (site::start(stage)?, stage.payload("64m.bin")?);
    let file = url(site.port(), "64m.bin");
    let finished = curl(stage, &format!("--http2 {file}"))?;
    finished.success()?.stdout_hash(&payload.sha256)?;
    upload(stage, &site, "--http2")
}

fn many_at_once(stage: &Stage) -> Result<()> {
    let (site, payload) = (site::start(stage)?, stage.payload("1m.bin")?);
    let (dir, file) = (stage.dir(), url(site.port(), "1m.bin?[1-24]"));
    for protocol in ["--http1.1", "--http2"] {
        let options = format!("{protocol} --parallel --parallel-max 8 -o {dir}/got-#1 {file}");
        curl(stage, &options)?.success()?;
        for number in 1..=24 {
            same_hash(format!("{dir}/got-{number}").as_ref(), &payload.sha256)?;
        }
    }
    Ok(())
}

fn wrong_authority(stage: &Stage) -> Result<()> {
    let site = site::start(stage)?;
    let pki = stage.pki();
    for version in CURL_VERSIONS {
        let tls = url(site.port(), "tls");
        curl(
            stage,
            &format!("{version} --cacert {pki}/stranger.pem {tls}"),
        )?
        .code(60)?
        .prints("SSL certificate problem: unable to get local issuer certificate")?
        .stdout_is("")?;
        curl(
            stage,
            &format!("{version} --insecure --cacert {pki}/stranger.pem {tls}"),
        )?
        .success()?;
    }
    Ok(())
}

fn wrong_host(stage: &Stage) -> Result<()> {
    let site = site::start(stage)?;
    for version in CURL_VERSIONS {
        curl(
            stage,
            &format!("{version} {}", url(site.wrong_host(), "tls")),
        )?
        .code(60)?
        .prints(
            "SSL: no alternative certificate subject name matches target host name 'localhost'",
        )?
        .stdout_is("")?;
    }
    Ok(())
}

fn expired(stage: &Stage) -> Result<()> {
    let site = site::start(stage)?;
    for version in CURL_VERSIONS {
        curl(stage, &format!("{version} {}", url(site.expired(), "tls")))?
            .code(60)?
            .prints("SSL certificate problem: certificate has expired")?
            .stdout_is("")?;
    }
    Ok(())
}

fn authorities(stage: &Stage) -> Result<()> {
    let (tls, pki) = (url(site::start(stage)?.port(), "tls"), stage.pki());
    for good in [
        format!("--cacert {pki}/root.pem"),
        format!("--capath {pki}/ca"),
        format!("--cacert {pki}/stranger.pem --capath {pki}/ca"),
    ] {
        curl(stage, &format!("{good} {tls}"))?.success()?;
    }
    curl(
        stage,
        &format!("--capath {} {tls} --cacert {pki}/stranger.pem", stage.dir()),
    )?
    .code(60)?;
    curl(stage, &format!("--cacert {pki}/nothing.pem {tls}"))?
        .code(77)?
        .prints("error setting certificate file")?;
    Ok(())
}

fn client_certificate(stage: &Stage) -> Result<()> {
    let (who, pki) = (url(site::start(stage)?.mutual(), "who"), stage.pki());
    for version in CURL_VERSIONS {
        for own in [
            format!("--cert {pki}/client.pem --key {pki}/client.key"),
            format!("--cert {pki}/client-both.pem"),
            format!("--cert-type P12 --cert {pki}/client.p12:secret"),
        ] {
            let finished = curl(stage, &format!("{version} {own} {who}"))?;
            finished.success()?.stdout_is("CN=client")?;
        }
        let strange = format!("--cert {pki}/strange-client-both.pem");
        curl(stage, &format!("{version} {strange} {who}"))?
            .code(22)?
            .prints("error: 400")?;
        curl(stage, &format!("{version} {who}"))?.code(22)?;
    }
    let locked = format!("--cert {pki}/rsa.pem --key {pki}/rsa-locked.key");
    curl(stage, &format!("{locked} --pass wrong {who}"))?.code(58)?;
    let mismatched = format!("--cert {pki}/client.pem --key {pki}/ecdsa.key");
    curl(stage, &format!("{mismatched} {who}"))?
        .code(58)?
        .stdout_is("")?;
    Ok(())
}

fn excluded_versions(stage: &Stage) -> Result<()> {
    let site = site::start(stage)?;
    curl(
        stage,
        &format!("--tls-max 1.2 {}", url(site.tls12(), "tls")),
    )?
    .success()?;
    curl(stage, &format!("--tlsv1.3 {}", url(site.tls13(), "tls")))?.success()?;
    for (options, port) in [
        ("--tls-max 1.2", site.tls13()),
        ("--tlsv1.3", site.tls12()),
        ("--tls-max 1.1", site.port()),
    ] {
        curl(stage, &format!("{options} {}", url(port, "tls")))?
            .code(35)?
            .stdout_is("")?;
    }
    Ok(())
}

fn cipher_strings(stage: &Stage) -> Result<()> {
    let tls = url(site::start(stage)?.port(), "tls");
    for (options, cipher) in [
        (
            "--tls-max 1.2 --ciphers ECDHE-RSA-AES128-GCM-SHA256",
            "ECDHE-RSA-AES128-GCM-SHA256",
        ),
        (
            "--tls-max 1.2 --ciphers ECDHE+CHACHA20:!aRSA",
            "ECDHE-ECDSA-CHACHA20-POLY1305",
        ),
        (
            "--tls13-ciphers TLS_AES_128_GCM_SHA256",
            "TLS_AES_128_GCM_SHA256",
        ),
        ("--curves P-384", "TLS_AES_256_GCM_SHA384"),
    ] {
        curl(stage, &format!("{options} {tls}"))?
            .success()?
            .prints(cipher)?;
    }
    curl(stage, &format!("--ciphers NOPE {tls}"))?
        .code(59)?
        .prints("failed setting cipher list")?;
    Ok(())
}

fn one_connection_for_two(stage: &Stage) -> Result<()> {
    let tls = url(site::start(stage)?.port(), "tls");
    for protocol in ["--http1.1", "--http2"] {
        let finished = curl(stage, &format!("-v {protocol} {tls} {tls}"))?.success()?;
        let handshakes = finished.output().matches("SSL connection using").count();
        ensure!(handshakes == 1, "{handshakes} handshakes for two requests");
    }
    Ok(())
}

fn resumption(stage: &Stage) -> Result<()> {
    let tls = url(site::start(stage)?.port(), "tls");
    for version in CURL_VERSIONS {
        // The connection is closed after each request, so the second is a new one.
        let root = format!("--cacert {}/root.pem", stage.pki());
        let one = format!("-sS --http1.1 -H connection:close {root} {version} {tls}");
        let tool = stage
            .under_test("curl")?
            .words(&format!("{one} --next {one}"));
        tool.run()?
            .success()?
            .prints(" . HTTP")?
            .prints(" r HTTP")?;
        curl(stage, &format!("--no-sessionid {version} {tls}"))?.success()?;
    }
    Ok(())
}

fn stapled_response(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = site::nginx(
        stage,
        |stage| stage.peer("nginx"),
        |[with, without]| {
            let certificate = format!(
                "ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate {pki}/rsa.pem; ssl_certificate_key {pki}/rsa.key;"
            );
            format!(
                "server {{ listen {with} ssl; {certificate} ssl_stapling on; ssl_stapling_file {pki}/rsa.ocsp; }}\n\
             server {{ listen {without} ssl; {certificate} }}"
            )
        },
    )?;
    let [with, without] = server.ports;
    for version in CURL_VERSIONS {
        curl(
            stage,
            &format!("-v --cert-status {version} {}", url(with, "1k.bin -o got")),
        )?
        .success()?
        .prints("SSL certificate status: good (0)")?;
        curl(
            stage,
            &format!("--cert-status {version} {}", url(without, "1k.bin")),
        )?
        .code(91)?
        .prints("No OCSP response received")?;
    }
    Ok(())
}

fn revoked_authority(stage: &Stage) -> Result<()> {
    let (tls, pki) = (url(site::start(stage)?.port(), "tls"), stage.pki());
    curl(stage, &format!("--crlfile {pki}/crls.pem {tls}"))?.success()?;
    // Only the root's list: nothing is known of the intermediate's certificates.
    curl(stage, &format!("--crlfile {pki}/crl.pem {tls}"))?
        .code(60)?
        .prints("unable to get certificate CRL")?;
    Ok(())
}

fn https_proxy(stage: &Stage) -> Result<()> {
    // TLS inside of TLS: a BIO over an SSL under another SSL. Apache is the proxy, nginx the site.
    let (site, pki) = (site::start(stage)?, stage.pki());
    let proxy = super::apache::proxy(stage)?;
    let through = format!(
        "--proxy https://localhost:{} --proxy-cacert {pki}/root.pem --cacert {pki}/root.pem",
        proxy.port()
    );
    let payload = stage.payload("10m.bin")?;
    curl(stage, &format!("{through} {}", url(site.port(), "10m.bin")))?
        .success()?
        .stdout_hash(&payload.sha256)?;
    let wrong = through
        .replace("--proxy-cacert ", "--proxy-cacert")
        .replace("--proxy-cacert", "--cacert ");
    curl(
        stage,
        &format!(
            "{wrong} --proxy-cacert {pki}/stranger.pem {}",
            url(site.port(), "tls")
        ),
    )?
    .code(60)?;
    Ok(())
}

fn key_log(stage: &Stage) -> Result<()> {
    let tls = url(site::start(stage)?.port(), "tls");
    let file = format!("{}/keys", stage.dir());
    let line = format!("-sS --cacert {}/root.pem", stage.pki());
    for (version, label) in [
        ("--tls-max 1.2", "CLIENT_RANDOM "),
        ("--tlsv1.3", "EXPORTER_SECRET "),
    ] {
        let tool = stage.under_test("curl")?.env("SSLKEYLOGFILE", &file);
        tool.words(&format!("{line} {version} {tls}"))
            .run()?
            .success()?;
        ensure!(
            stage.read("keys")?.contains(label),
            "the key log lacks {label}"
        );
    }
    Ok(())
}

fn truncated(stage: &Stage) -> Result<()> {
    // The server closes the connection without close_notify. curl sets SSL_OP_IGNORE_UNEXPECTED_EOF: to it this is
    // an end, and a mistake only if more was announced.
    for (header, code) in [("", 0), ("Content-Length: 100\n", 18)] {
        let pki = stage.pki();
        let server = stage.serve(|[port]| {
            let certificate = format!("-cert {pki}/ecdsa-leaf.pem -key {pki}/ecdsa.key");
            let line =
                format!("s_server -accept {port} {certificate} -cert_chain {pki}/intermediate.pem");
            Ok(stage.peer("openssl")?.words(&line).input_open())
        })?;
        let line = format!(
            "-sSN --http1.1 --cacert {pki}/root.pem {}",
            url(server.port(), "")
        );
        let curl = stage.under_test("curl")?.words(&line).start()?;
        server.process.wait_for("GET / HTTP/1.1")?;
        let response = format!("HTTP/1.1 200 OK\n{header}\npart of it\n");
        server.process.send(response.as_bytes())?;
        curl.wait_for("part of it")?;
        server.process.kill();
        curl.finish()?.code(code)?;
        server.process.stop()?;
    }
    Ok(())
}
