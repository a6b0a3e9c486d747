//! nginx under the library, against curl and s_client on the system's.

mod certificates;
mod sessions;
mod upstream;

use anyhow::Result;
use ssl_testkit::throttle::Relay;

use super::peers::{CURL_VERSIONS, curl, s_client, url};
use super::site;
use crate::ports;
use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::{Server, Stage};
use crate::tool::{Finished, same_hash};

const NGINX: Program = Program {
    name: "nginx",
    file: "nginx",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(NGINX, "static_64_mib", static_64_mib).holds(&[Lesson::NothingLeftInside]),
    Scenario::new(NGINX, "slow_reader_of_50_mb", slow_reader).holds(&[Lesson::SentOnce]),
    Scenario::new(NGINX, "slow_readers_over_http2", slow_readers_over_http2)
        .holds(&[Lesson::SentOnce]),
    Scenario::new(NGINX, "http2", http2),
    Scenario::new(NGINX, "uploads_64_mib", uploads_64_mib),
    Scenario::new(
        NGINX,
        "certificate_required",
        certificates::certificate_required,
    )
    .holds(&[Lesson::ClientWithoutCertificate, Lesson::ClientOfAStranger]),
    Scenario::new(
        NGINX,
        "certificate_optional",
        certificates::certificate_optional,
    ),
    Scenario::new(
        NGINX,
        "certificate_revoked",
        certificates::certificate_revoked,
    ),
    Scenario::new(NGINX, "excluded_versions", excluded_versions).holds(&[Lesson::ExcludedVersion]),
    Scenario::new(NGINX, "cipher_strings", cipher_strings)
        .holds(&[Lesson::CipherStrings, Lesson::DhParameters]),
    Scenario::new(
        NGINX,
        "resumption_from_cache",
        sessions::resumption_from_cache,
    )
    .holds(&[Lesson::SessionsResume]),
    Scenario::new(
        NGINX,
        "resumption_by_ticket_key",
        sessions::resumption_by_ticket_key,
    )
    .holds(&[Lesson::SessionsResume]),
    Scenario::new(NGINX, "upstream_64_mib", upstream::upstream_64_mib),
    Scenario::new(
        NGINX,
        "upstream_of_wrong_authority",
        upstream::upstream_refused,
    )
    .holds(&[Lesson::WrongAuthority, Lesson::WrongHost, Lesson::Expired]),
    Scenario::new(
        NGINX,
        "upstream_sessions_and_certificate",
        upstream::upstream_sessions,
    ),
    Scenario::new(NGINX, "key_mismatch", certificates::key_mismatch).holds(&[Lesson::KeyMismatch]),
    Scenario::new(NGINX, "locked_key", certificates::locked_key).holds(&[Lesson::PassPhrases]),
    Scenario::new(NGINX, "server_names", certificates::server_names),
    Scenario::new(
        NGINX,
        "certificates_by_variable",
        certificates::certificates_by_variable,
    ),
    Scenario::new(NGINX, "rsa_and_ecdsa", certificates::rsa_and_ecdsa),
    Scenario::new(NGINX, "stapled_response", certificates::stapled_response),
    Scenario::new(NGINX, "early_data", sessions::early_data),
    Scenario::new(NGINX, "reload_under_load", sessions::reload_under_load),
    Scenario::new(NGINX, "small_buffers", small_buffers),
];

/// nginx under the library with these servers.
fn serve<const N: usize>(stage: &Stage, http: impl Fn([u16; N]) -> String) -> Result<Server<N>> {
    site::nginx(stage, |stage| stage.under_test("nginx"), http)
}

/// One server with the RSA certificate, and these settings in addition.
fn one(stage: &Stage, settings: &str) -> Result<Server<1>> {
    let certificate = certificate(stage, "rsa");
    serve(stage, |[port]| {
        format!(
            "server {{ listen {port} ssl http2; {VERSIONS} {certificate} {settings}\n\
             location = /tls {{ return 200 \"$ssl_protocol $ssl_cipher $ssl_session_reused $ssl_client_verify $ssl_client_s_dn\"; }}\n\
             location /upload/ {{ alias {}/upload/; dav_methods PUT; create_full_put_path on; }} }}",
            stage.dir()
        )
    })
}

fn certificate(stage: &Stage, name: &str) -> String {
    let pki = stage.pki();
    format!("ssl_certificate {pki}/{name}.pem; ssl_certificate_key {pki}/{name}.key;")
}

fn static_64_mib(stage: &Stage) -> Result<()> {
    let (server, payload) = (one(stage, "")?, stage.payload("64m.bin")?);
    for version in CURL_VERSIONS {
        let file = url(server.port(), "64m.bin");
        let finished = curl(stage, &format!("--http1.1 {version} {file}"))?;
        finished.success()?.stdout_hash(&payload.sha256)?;
    }
    Ok(())
}

fn slow_reader(stage: &Stage) -> Result<()> {
    // The client reads slower than the server writes, so that nearly every write blocks; then again through a relay
    // that passes pieces of odd sizes.
    let (server, payload) = (
        one(stage, "output_buffers 4 256k;")?,
        stage.payload("50m.bin")?,
    );
    let file = url(server.port(), "50m.bin");
    for version in CURL_VERSIONS {
        let slow = format!("--http1.1 --limit-rate 40M {version} {file}");
        curl(stage, &slow)?
            .success()?
            .stdout_hash(&payload.sha256)?;
    }
    let relay = Relay::start(([127, 0, 0, 1], server.port()).into(), 7919)?;
    let through = format!(
        "--http1.1 --tlsv1.3 {}",
        url(relay.addr().port(), "50m.bin")
    );
    curl(stage, &through)?
        .success()?
        .stdout_hash(&payload.sha256)?;
    Ok(())
}

fn slow_readers_over_http2(stage: &Stage) -> Result<()> {
    let (server, payload) = (
        one(stage, "http2_chunk_size 16k;")?,
        stage.payload("10m.bin")?,
    );
    let (dir, file) = (stage.dir(), url(server.port(), "10m.bin?[1-4]"));
    let slow = format!("--http2 --parallel --limit-rate 20M -o {dir}/got-#1 {file}");
    curl(stage, &slow)?.success()?;
    for number in 1..=4 {
        same_hash(format!("{dir}/got-{number}").as_ref(), &payload.sha256)?;
    }
    Ok(())
}

fn http2(stage: &Stage) -> Result<()> {
    let (server, payload) = (one(stage, "")?, stage.payload("64m.bin")?);
    let port = server.port();
    curl(stage, &format!("--http2 {}", url(port, "64m.bin")))?
        .success()?
        .stdout_hash(&payload.sha256)?;
    for (offer, answer) in [
        ("-alpn h2", "ALPN protocol: h2"),
        ("-alpn http/1.1", "ALPN protocol: http/1.1"),
        ("", "No ALPN negotiated"),
    ] {
        s_client(stage, port, &format!("{offer} -no_ign_eof"))?.prints(answer)?;
    }
    s_client(stage, port, "-alpn nope")?
        .code(1)?
        .prints("no application protocol")?;
    Ok(())
}

fn uploads_64_mib(stage: &Stage) -> Result<()> {
    let (server, payload) = (one(stage, "")?, stage.payload("64m.bin")?);
    for version in ["--http1.1 --tls-max 1.2", "--http1.1 --tlsv1.3", "--http2"] {
        let (target, data) = (url(server.port(), "upload/file"), stage.data());
        curl(
            stage,
            &format!("{version} --upload-file {data}/64m.bin {target}"),
        )?
        .success()?;
        let arrived = format!("{}/upload/file", stage.dir());
        same_hash(arrived.as_ref(), &payload.sha256)?;
        std::fs::remove_file(arrived)?;
    }
    Ok(())
}

fn excluded_versions(stage: &Stage) -> Result<()> {
    let certificate = certificate(stage, "rsa");
    let server = serve(stage, |[old, new, default]: [u16; 3]| {
        let one = |port, versions| {
            format!(
                "server {{ listen {port} ssl; {certificate} {versions} location = /tls {{ return 200 \"$ssl_protocol\"; }} }}\n"
            )
        };
        one(old, "ssl_protocols TLSv1.2;") + &one(new, "ssl_protocols TLSv1.3;") + &one(default, "")
    })?;
    let [old, new, default] = server.ports;
    curl(stage, &url(old, "tls"))?
        .success()?
        .stdout_is("TLSv1.2")?;
    curl(stage, &url(new, "tls"))?
        .success()?
        .stdout_is("TLSv1.3")?;
    curl(stage, &url(default, "tls"))?
        .success()?
        .stdout_is("TLSv1.2")?;
    for (version, port) in [
        ("--tls-max 1.2", new),
        ("--tlsv1.3", old),
        ("--tlsv1.3", default),
    ] {
        curl(stage, &format!("{version} {}", url(port, "tls")))?
            .code(35)?
            .prints("alert protocol version")?;
    }
    // nginx names TLS 1.0 and 1.1 among its defaults; the library must not serve them.
    s_client(stage, default, "-tls1_1 -cipher DEFAULT@SECLEVEL=0")?
        .code(1)?
        .prints_no("200 OK")?;
    Ok(())
}

fn cipher_strings(stage: &Stage) -> Result<()> {
    let server = one(
        stage,
        &format!(
            "ssl_prefer_server_ciphers on; ssl_ciphers HIGH:!aNULL:!MD5:!AES128:!CHACHA20; ssl_ecdh_curve P-384:X25519; \
             ssl_dhparam {}/dh.pem; ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256;",
            stage.pki()
        ),
    )?;
    let port = server.port();
    s_client(stage, port, "-tls1_2")?
        .success()?
        .prints("Cipher is ECDHE-RSA-AES256-GCM-SHA384")?
        .prints("Server Temp Key: ECDH, secp384r1")?;
    s_client(stage, port, "-tls1_3")?
        .success()?
        .prints("Cipher is TLS_CHACHA20_POLY1305_SHA256")?;
    s_client(stage, port, "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256")?
        .code(1)?
        .prints("alert handshake failure")?;
    s_client(stage, port, "-tls1_3 -groups P-256")?
        .code(1)?
        .prints("alert handshake failure")?;
    test(stage, "ssl_ciphers NOPE;")?
        .code(1)?
        .prints("no cipher match")?;
    test(stage, "ssl_conf_command Nope yes;")?
        .code(1)?
        .prints("SSL_CONF_cmd(\"Nope\", \"yes\") failed")?;
    Ok(())
}

/// What `nginx -t` says of one server with these settings.
fn test(stage: &Stage, settings: &str) -> Result<Finished> {
    let certificate = if settings.contains("ssl_certificate ") {
        String::new()
    } else {
        certificate(stage, "rsa")
    };
    let [port] = ports::free();
    let http = format!("server {{ listen 127.0.0.1:{port} ssl; {certificate} {settings} }}");
    let file = stage.write("test.conf", &site::configuration(stage, "", &http))?;
    stage.under_test("nginx")?.words("-t -c").arg(file).run()
}

fn small_buffers(stage: &Stage) -> Result<()> {
    let (server, payload) = (
        one(
            stage,
            "ssl_buffer_size 1k; output_buffers 1 3k; postpone_output 0;",
        )?,
        stage.payload("10m.bin")?,
    );
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

const VERSIONS: &str = "ssl_protocols TLSv1.2 TLSv1.3;";
