//! HAProxy under the library, between curl and nginx on the system's.

use anyhow::{Result, ensure};

use super::peers::{self, CURL_VERSIONS, curl, s_client, url};
use super::site;
use crate::ports;
use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::{Server, Stage};
use crate::tool::{Finished, same_hash};

const HAPROXY: Program = Program {
    name: "HAProxy",
    file: "haproxy",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(HAPROXY, "reencrypts_64_mib", |stage| {
        reencrypts_64_mib(stage, "http")
    })
    .holds(&[Lesson::NothingLeftInside, Lesson::ModeGetter]),
    Scenario::new(HAPROXY, "reencrypts_64_mib_as_tcp", |stage| {
        reencrypts_64_mib(stage, "tcp")
    }),
    Scenario::new(HAPROXY, "slow_reader_of_50_mb", slow_reader).holds(&[Lesson::SentOnce]),
    Scenario::new(HAPROXY, "http2_64_mib", http2_64_mib),
    Scenario::new(HAPROXY, "asynchronous_mode", asynchronous_mode).holds(&[Lesson::ModeGetter]),
    Scenario::new(HAPROXY, "certificate_required", certificate_required)
        .holds(&[Lesson::ClientWithoutCertificate, Lesson::ClientOfAStranger]),
    Scenario::new(HAPROXY, "certificate_optional", certificate_optional),
    Scenario::new(HAPROXY, "upstream_refused", upstream_refused).holds(&[
        Lesson::WrongAuthority,
        Lesson::WrongHost,
        Lesson::Expired,
    ]),
    Scenario::new(
        HAPROXY,
        "upstream_sessions_and_certificate",
        upstream_sessions,
    )
    .holds(&[Lesson::SessionsResume]),
    Scenario::new(HAPROXY, "excluded_versions", excluded_versions)
        .holds(&[Lesson::ExcludedVersion]),
    Scenario::new(HAPROXY, "cipher_strings", cipher_strings)
        .holds(&[Lesson::CipherStrings, Lesson::DhParameters]),
    Scenario::new(
        HAPROXY,
        "certificates_in_a_folder",
        certificates_in_a_folder,
    ),
    Scenario::new(HAPROXY, "rsa_and_ecdsa", rsa_and_ecdsa),
    Scenario::new(HAPROXY, "key_mismatch", key_mismatch).holds(&[Lesson::KeyMismatch]),
    Scenario::new(HAPROXY, "resumption", resumption).holds(&[Lesson::SessionsResume]),
    Scenario::new(HAPROXY, "stapled_response", stapled_response),
    Scenario::new(HAPROXY, "what_the_client_offered", what_the_client_offered)
        .holds(&[Lesson::KeyLog]),
];

/// What a front end tells about its connection, at `/tls`.
const TELL: &str = "http-request return status 200 content-type text/plain lf-string \
    \"%[ssl_fc_protocol] %[ssl_fc_cipher] resumed=%[ssl_fc_is_resumed] name=%[ssl_fc_sni] alpn=%[ssl_fc_alpn] \
    used=%[ssl_c_used] verify=%[ssl_c_verify] subject=%[ssl_c_s_dn]\" if { path /tls }";

/// HAProxy under the library; the sections are made for the ports it gets.
fn serve<const N: usize>(
    stage: &Stage,
    global: &str,
    sections: impl Fn([u16; N]) -> String,
) -> Result<Server<N>> {
    stage.serve(|ports| {
        let text = configuration(global, &sections(ports));
        let file = stage.write("haproxy.cfg", &text)?;
        Ok(stage.under_test("haproxy")?.words("-db -f").arg(file))
    })
}

fn configuration(global: &str, sections: &str) -> String {
    format!(
        "global\n  maxconn 100\n  nbthread 2\n{global}\n\
         defaults\n  mode http\n  log stdout format raw local0 debug\n  option httplog\n  retries 0\n\
         \x20 timeout connect 10s\n  timeout client 30s\n  timeout server 30s\n{sections}\n"
    )
}

/// One front end without a back end.
fn front(stage: &Stage, bind: &str) -> Result<Server<1>> {
    let pki = stage.pki();
    let certificate = format!("crt {pki}/rsa-both.pem");
    let certificate = if bind.contains("crt ") {
        ""
    } else {
        &certificate
    };
    serve(stage, "", |[port]| {
        format!("frontend in\n  bind :{port} ssl {certificate} {bind}\n  {TELL}")
    })
}

/// A front end and a back end over TLS, with these options of the server.
fn between(
    stage: &Stage,
    mode: &str,
    bind: &str,
    upstream: u16,
    server: &str,
) -> Result<Server<1>> {
    let pki = stage.pki();
    serve(stage, "", |[port]| {
        format!(
            "frontend in\n  mode {mode}\n  bind :{port} ssl crt {pki}/rsa-both.pem {bind}\n  default_backend out\n\
             backend out\n  mode {mode}\n  server one 127.0.0.1:{upstream} ssl {server}\n"
        )
    })
}

fn verified(stage: &Stage, authority: &str) -> String {
    format!(
        "verify required verifyhost localhost sni str(localhost) ca-file {}/{authority}.pem",
        stage.pki()
    )
}

fn reencrypts_64_mib(stage: &Stage, mode: &str) -> Result<()> {
    let (site, payload) = (site::start(stage)?, stage.payload("64m.bin")?);
    for (upstream, version) in [
        (site.tls12(), CURL_VERSIONS[1]),
        (site.tls13(), CURL_VERSIONS[0]),
    ] {
        let server = between(stage, mode, "", upstream, &verified(stage, "root"))?;
        curl(
            stage,
            &format!("--http1.1 {version} {}", url(server.port(), "64m.bin")),
        )?
        .success()?
        .stdout_hash(&payload.sha256)?;
        let (target, data) = (url(server.port(), "upload/file"), stage.data());
        curl(
            stage,
            &format!("--http1.1 {version} -T {data}/64m.bin {target}"),
        )?
        .success()?;
        let arrived = format!("{}/upload/file", stage.dir());
        same_hash(arrived.as_ref(), &payload.sha256)?;
        std::fs::remove_file(arrived)?;
        server.process.stop()?;
    }
    Ok(())
}

fn slow_reader(stage: &Stage) -> Result<()> {
    let (site, payload) = (site::start(stage)?, stage.payload("50m.bin")?);
    let server = between(stage, "http", "", site.port(), &verified(stage, "root"))?;
    for version in CURL_VERSIONS {
        let file = url(server.port(), "50m.bin");
        let slow = format!("--http1.1 --limit-rate 40M {version} {file}");
        curl(stage, &slow)?
            .success()?
            .stdout_hash(&payload.sha256)?;
    }
    Ok(())
}

fn http2_64_mib(stage: &Stage) -> Result<()> {
    let (site, payload) = (site::start(stage)?, stage.payload("64m.bin")?);
    let upstream = verified(stage, "root") + " alpn h2";
    let server = between(stage, "http", "alpn h2,http/1.1", site.port(), &upstream)?;
    curl(stage, &format!("--http2 {}", url(server.port(), "64m.bin")))?
        .success()?
        .stdout_hash(&payload.sha256)?;
    curl(stage, &url(server.port(), "tls"))?
        .success()?
        .prints("HTTP/2.0")?;
    s_client(stage, server.port(), "-alpn h2,http/1.1 -no_ign_eof")?.prints("ALPN protocol: h2")?;
    Ok(())
}

fn asynchronous_mode(stage: &Stage) -> Result<()> {
    let (site, payload) = (site::start(stage)?, stage.payload("10m.bin")?);
    let (pki, options) = (stage.pki(), verified(stage, "root"));
    let server = serve(stage, "  ssl-mode-async", |[port]| {
        format!(
            "frontend in\n  bind :{port} ssl crt {pki}/rsa-both.pem\n  default_backend out\n\
             backend out\n  server one 127.0.0.1:{} ssl {options}\n",
            site.port()
        )
    })?;
    for version in CURL_VERSIONS {
        curl(
            stage,
            &format!("{version} {}", url(server.port(), "10m.bin")),
        )?
        .success()?
        .stdout_hash(&payload.sha256)?;
    }
    Ok(())
}

fn certificate_required(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = front(
        stage,
        &format!("verify required ca-file {pki}/root.pem crl-file {pki}/crls.pem"),
    )?;
    let tls = url(server.port(), "tls");
    for version in CURL_VERSIONS {
        curl(
            stage,
            &format!("{version} --cert {pki}/client-both.pem {tls}"),
        )?
        .success()?
        .prints("used=1 verify=0 subject=/CN=client")?;
        for refused in [
            String::new(),
            format!("--cert {pki}/strange-client-both.pem"),
            format!("--cert {pki}/revoked-both.pem"),
        ] {
            // 35 if the handshake fails, 56 if the client had finished its part of it.
            let finished = curl(stage, &format!("{version} {refused} {tls}"))?.failure()?;
            finished.stdout_is("")?.prints(" alert ")?;
        }
    }
    Ok(())
}

fn certificate_optional(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = front(
        stage,
        &format!("verify optional ca-file {pki}/root.pem crt-ignore-err all ca-ignore-err all"),
    )?;
    let tls = url(server.port(), "tls");
    for version in CURL_VERSIONS {
        curl(stage, &format!("{version} {tls}"))?
            .success()?
            .prints("used=0 verify=0")?;
        curl(
            stage,
            &format!("{version} --cert {pki}/client-both.pem {tls}"),
        )?
        .success()?
        .prints("used=1 verify=0")?;
        let strange = curl(
            stage,
            &format!("{version} --cert {pki}/strange-client-both.pem {tls}"),
        )?;
        let output = strange.success()?.stdout();
        ensure!(
            output.contains("used=1") && !output.contains("verify=0"),
            "{output}"
        );
    }
    Ok(())
}

fn upstream_refused(stage: &Stage) -> Result<()> {
    let site = site::start(stage)?;
    for (authority, upstream) in [
        ("stranger", site.tls12()),
        ("stranger", site.tls13()),
        ("root", site.expired()),
        ("root", site.wrong_host()),
    ] {
        let server = between(stage, "http", "", upstream, &verified(stage, authority))?;
        curl(stage, &url(server.port(), "1k.bin"))?
            .code(22)?
            .prints("error: 503")?;
        server.process.stop()?;
    }
    Ok(())
}

fn upstream_sessions(stage: &Stage) -> Result<()> {
    let (site, pki) = (site::start(stage)?, stage.pki());
    let own = format!("{} crt {pki}/client-both.pem", verified(stage, "root"));
    let server = between(stage, "http", "", site.mutual(), &own)?;
    curl(stage, &url(server.port(), "who"))?
        .success()?
        .stdout_is("CN=client")?;
    for upstream in [site.tls12(), site.tls13()] {
        // One thread, or the second connection may be made by one that has no session yet.
        let (options, pki) = (verified(stage, "root"), stage.pki());
        let server = serve(stage, "  nbthread 1", |[port]| {
            format!(
                "frontend in\n  bind :{port} ssl crt {pki}/rsa-both.pem\n  default_backend out\n\
                 backend out\n  option httpclose\n  server one 127.0.0.1:{upstream} ssl {options} pool-max-conn 0\n"
            )
        })?;
        for reused in [" . HTTP/1.1", " r HTTP/1.1"] {
            curl(stage, &url(server.port(), "tls"))?
                .success()?
                .prints(reused)?;
        }
    }
    Ok(())
}

fn excluded_versions(stage: &Stage) -> Result<()> {
    for (bind, good, bad) in [
        ("ssl-min-ver TLSv1.3", CURL_VERSIONS[1], CURL_VERSIONS[0]),
        ("ssl-max-ver TLSv1.2", CURL_VERSIONS[0], CURL_VERSIONS[1]),
        ("force-tlsv13", CURL_VERSIONS[1], CURL_VERSIONS[0]),
        ("no-tlsv13", CURL_VERSIONS[0], CURL_VERSIONS[1]),
    ] {
        let server = front(stage, bind)?;
        let tls = url(server.port(), "tls");
        curl(stage, &format!("{good} {tls}"))?.success()?;
        curl(stage, &format!("{bad} {tls}"))?
            .code(35)?
            .prints("alert protocol version")?;
        server.process.stop()?;
    }
    Ok(())
}

fn cipher_strings(stage: &Stage) -> Result<()> {
    let server = front(
        stage,
        "ciphers ECDHE+AES256:!ECDSA ciphersuites TLS_CHACHA20_POLY1305_SHA256 curves P-384",
    )?;
    let port = server.port();
    s_client(stage, port, "-tls1_2")?
        .success()?
        .prints("Cipher is ECDHE-RSA-AES256-GCM-SHA384")?
        .prints("Server Temp Key: ECDH, secp384r1")?;
    s_client(stage, port, "-tls1_3")?
        .success()?
        .prints("Cipher is TLS_CHACHA20_POLY1305_SHA256")?
        .prints("Server Temp Key: ECDH, secp384r1")?;
    s_client(stage, port, "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256")?.code(1)?;
    check(stage, "ciphers NOPE")?
        .code(1)?
        .prints("unable to set SSL cipher list")?;
    check(stage, "ciphersuites TLS_NOPE")?.code(1)?;
    check(stage, "curves NOPE")?.code(1)?;
    Ok(())
}

/// What `haproxy -c` says of a front end with these options.
fn check(stage: &Stage, bind: &str) -> Result<Finished> {
    let certificate = format!("crt {}/rsa-both.pem", stage.pki());
    let certificate = if bind.contains("crt ") {
        ""
    } else {
        &certificate
    };
    let [port] = ports::free();
    let sections = format!("frontend in\n  bind :{port} ssl {certificate} {bind}\n  {TELL}");
    let file = stage.write("check.cfg", &configuration("", &sections))?;
    stage.under_test("haproxy")?.words("-c -f").arg(file).run()
}

fn certificates_in_a_folder(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    for name in ["alpha", "beta", "rsa"] {
        let file = std::fs::read_to_string(format!("{pki}/{name}-both.pem"))?;
        stage.write(&format!("certificates/{name}.pem"), &file)?;
    }
    let server = front(
        stage,
        &format!("crt {}/certificates/ strict-sni", stage.dir()),
    )?;
    for version in peers::VERSIONS {
        for name in ["alpha.test", "beta.test", "localhost"] {
            s_client(
                stage,
                server.port(),
                &format!("{version} -servername {name}"),
            )?
            .success()?
            .prints(&format!("subject=CN = {name}"))?
            .prints(&format!("name={name} "))?;
        }
        s_client(
            stage,
            server.port(),
            &format!("{version} -servername no.test"),
        )?
        .code(1)?;
    }
    Ok(())
}

fn rsa_and_ecdsa(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    for kind in ["rsa", "ecdsa"] {
        let file = std::fs::read_to_string(format!("{pki}/{kind}-both.pem"))?;
        stage.write(&format!("pair.pem.{kind}"), &file)?;
    }
    let server = front(stage, &format!("crt {}/pair.pem", stage.dir()))?;
    for (options, signature) in [
        ("-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256", "RSA-PSS"),
        ("-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256", "ECDSA"),
        ("-tls1_3 -sigalgs RSA-PSS+SHA256:RSA+SHA256", "RSA-PSS"),
        ("-tls1_3 -sigalgs ECDSA+SHA256", "ECDSA"),
    ] {
        s_client(
            stage,
            server.port(),
            &format!("{options} -servername localhost"),
        )?
        .success()?
        .prints(&format!("Peer signature type: {signature}"))?;
    }
    Ok(())
}

fn key_mismatch(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    for (name, key) in [("rsa", "client-rsa"), ("ecdsa", "alpha"), ("rsa", "ecdsa")] {
        let file = |name: &str| std::fs::read_to_string(format!("{pki}/{name}"));
        let pair = file(&format!("{name}.pem"))? + &file(&format!("{key}.key"))?;
        let pair = stage.write("mismatch.pem", &pair)?;
        check(stage, &format!("crt {}", pair.display()))?
            .code(1)?
            .prints("inconsistencies between private key and certificate")?;
    }
    check(stage, "")?.success()?;
    Ok(())
}

fn resumption(stage: &Stage) -> Result<()> {
    let key = |text: &str| base64(&text.bytes().cycle().take(48).collect::<Vec<_>>());
    let keys = format!("{}\n{}\n{}\n", key("first"), key("second"), key("third"));
    let keys = stage.write("tickets", &keys)?;
    let file = format!("{}/session", stage.dir());
    for (bind, resumes) in [
        (String::new(), true),
        ("no-tls-tickets".to_owned(), true),
        (format!("tls-ticket-keys {}", keys.display()), true),
    ] {
        let server = front(stage, &bind)?;
        let port = server.port();
        for version in peers::VERSIONS {
            s_client(stage, port, &format!("{version} -sess_out {file}"))?
                .success()?
                .prints("resumed=0")?;
            let again = s_client(stage, port, &format!("{version} -sess_in {file}"))?.success()?;
            again.prints(if resumes { "resumed=1" } else { "resumed=0" })?;
        }
        server.process.stop()?;
    }
    Ok(())
}

fn stapled_response(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let certificate = stage.write(
        "rsa.pem",
        &std::fs::read_to_string(format!("{pki}/rsa-both.pem"))?,
    )?;
    std::fs::copy(
        format!("{pki}/rsa.ocsp"),
        format!("{}/rsa.pem.ocsp", stage.dir()),
    )?;
    let server = front(stage, &format!("crt {}", certificate.display()))?;
    for version in peers::VERSIONS {
        s_client(stage, server.port(), &format!("{version} -status"))?
            .success()?
            .prints("Cert Status: good")?;
    }
    Ok(())
}

fn what_the_client_offered(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let global = "  tune.ssl.capture-buffer-size 128\n  tune.ssl.keylog on";
    let server = serve(stage, global, |[port]| {
        format!(
            "frontend in\n  bind :{port} ssl crt {pki}/rsa-both.pem\n\
             \x20 http-request return status 200 content-type text/plain lf-string \
             \"ciphers=%[ssl_fc_cipherlist_hex] random=%[ssl_fc_client_random,hex] secret=%[ssl_fc_server_traffic_secret_0] \
             id=%[ssl_fc_session_id,hex] bits=%[ssl_fc_use_keysize]\""
        )
    })?;
    let offer = "-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256";
    let log = format!("-keylogfile {}/keys", stage.dir());
    let page = s_client(stage, server.port(), &format!("{offer} {log}"))?
        .success()?
        .prints("ciphers=1301")?
        .prints("bits=128")?
        .stdout();
    for line in stage.read("keys")?.lines() {
        if let Some(secret) = line.strip_prefix("SERVER_TRAFFIC_SECRET_0 ") {
            let (random, secret) = secret.split_once(' ').unwrap_or_default();
            ensure!(
                page.contains(&format!("random={}", random.to_uppercase())),
                "another random"
            );
            ensure!(page.contains(&format!("secret={secret}")), "another secret");
            return Ok(());
        }
    }
    anyhow::bail!("the client's key log has no secret of the server")
}

fn base64(bytes: &[u8]) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    // Whole groups of three only: that is what is asked for here.
    for group in bytes.chunks_exact(3) {
        let bits = group
            .iter()
            .fold(0_usize, |bits, &byte| bits << 8 | usize::from(byte));
        for shift in [18, 12, 6, 0] {
            text.push(char::from(alphabet[bits >> shift & 63]));
        }
    }
    text
}
