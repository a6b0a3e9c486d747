//! nginx under the library, against curl and s_client on the system's.

use anyhow::Result;
use rustix::process::Signal;
use ssl_testkit::throttle::Relay;

use super::site;
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
    Scenario::new(NGINX, "certificate_required", certificate_required)
        .holds(&[Lesson::ClientWithoutCertificate, Lesson::ClientOfAStranger]),
    Scenario::new(NGINX, "certificate_optional", certificate_optional),
    Scenario::new(NGINX, "certificate_revoked", certificate_revoked),
    Scenario::new(NGINX, "excluded_versions", excluded_versions).holds(&[Lesson::ExcludedVersion]),
    Scenario::new(NGINX, "cipher_strings", cipher_strings)
        .holds(&[Lesson::CipherStrings, Lesson::DhParameters]),
    Scenario::new(NGINX, "resumption_from_cache", resumption_from_cache)
        .holds(&[Lesson::SessionsResume]),
    Scenario::new(NGINX, "resumption_by_ticket_key", resumption_by_ticket_key)
        .holds(&[Lesson::SessionsResume]),
    Scenario::new(NGINX, "upstream_64_mib", upstream_64_mib),
    Scenario::new(NGINX, "upstream_of_wrong_authority", upstream_refused).holds(&[
        Lesson::WrongAuthority,
        Lesson::WrongHost,
        Lesson::Expired,
    ]),
    Scenario::new(
        NGINX,
        "upstream_sessions_and_certificate",
        upstream_sessions,
    ),
    Scenario::new(NGINX, "key_mismatch", key_mismatch).holds(&[Lesson::KeyMismatch]),
    Scenario::new(NGINX, "locked_key", locked_key).holds(&[Lesson::PassPhrases]),
    Scenario::new(NGINX, "server_names", server_names),
    Scenario::new(NGINX, "certificates_by_variable", certificates_by_variable),
    Scenario::new(NGINX, "rsa_and_ecdsa", rsa_and_ecdsa),
    Scenario::new(NGINX, "stapled_response", stapled_response),
    Scenario::new(NGINX, "early_data", early_data),
    Scenario::new(NGINX, "reload_under_load", reload_under_load),
    Scenario::new(NGINX, "small_buffers", small_buffers),
];

const BOTH: [&str; 2] = ["--tls-max 1.2", "--tlsv1.3"];

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

/// curl on the system's library.
fn curl(stage: &Stage, options: &str) -> Result<Finished> {
    let line = format!("-sS --fail --cacert {}/root.pem {options}", stage.pki());
    stage.peer("curl")?.words(&line).run()
}

fn s_client(stage: &Stage, port: u16, options: &str) -> Result<Finished> {
    let line = format!("s_client -connect localhost:{port} -ign_eof {options}");
    let tool = stage.peer("openssl")?.words(&line);
    tool.input("GET /tls HTTP/1.0\r\n\r\n")?.run()
}

fn url(port: u16, path: &str) -> String {
    format!("https://localhost:{port}/{path}")
}

fn static_64_mib(stage: &Stage) -> Result<()> {
    let (server, payload) = (one(stage, "")?, stage.payload("64m.bin")?);
    for version in BOTH {
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
    for version in BOTH {
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

fn certificate_required(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = one(
        stage,
        &format!(
            "ssl_verify_client on; ssl_verify_depth 3; ssl_client_certificate {pki}/root.pem;"
        ),
    )?;
    let tls = url(server.port(), "tls");
    for version in BOTH {
        for name in ["client", "client-rsa"] {
            curl(
                stage,
                &format!("{version} --cert {pki}/{name}-both.pem {tls}"),
            )?
            .success()?
            .prints(&format!("SUCCESS CN={name}"))?;
        }
        for refused in ["", &format!("--cert {pki}/strange-client-both.pem")] {
            curl(stage, &format!("{version} {refused} {tls}"))?
                .code(22)?
                .prints("error: 400")?;
        }
    }
    s_client(stage, server.port(), "-tls1_2")?
        .prints("Acceptable client certificate CA names\nCN = Scenario Root")?;
    Ok(())
}

fn certificate_optional(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = one(
        stage,
        &format!(
            "ssl_verify_client optional; ssl_verify_depth 3; ssl_client_certificate {pki}/root.pem;"
        ),
    )?;
    let tls = url(server.port(), "tls");
    let open = one(stage, "ssl_verify_client optional_no_ca;")?;
    let open = url(open.port(), "tls");
    for version in BOTH {
        curl(stage, &format!("{version} {tls}"))?
            .success()?
            .prints(" NONE ")?;
        let strange = format!("{version} --cert {pki}/strange-client-both.pem");
        curl(stage, &format!("{strange} {tls}"))?.code(22)?;
        curl(stage, &format!("{strange} {open}"))?
            .success()?
            .prints("FAILED:unable to verify the first certificate")?;
    }
    Ok(())
}

fn certificate_revoked(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = one(
        stage,
        &format!(
            "ssl_verify_client on; ssl_verify_depth 3; ssl_client_certificate {pki}/root.pem; ssl_crl {pki}/crls.pem;"
        ),
    )?;
    let tls = url(server.port(), "tls");
    for version in BOTH {
        curl(
            stage,
            &format!("{version} --cert {pki}/client-both.pem {tls}"),
        )?
        .success()?;
        curl(
            stage,
            &format!("{version} --cert {pki}/revoked-both.pem {tls}"),
        )?
        .code(22)?;
    }
    server.process.wait_for("certificate revoked")
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
    let http = format!("server {{ listen 127.0.0.1:1 ssl; {certificate} {settings} }}");
    let file = stage.write("test.conf", &site::configuration(stage, "", &http))?;
    stage.under_test("nginx")?.words("-t -c").arg(file).run()
}

/// Two connections of s_client, the second with the session of the first.
fn reconnects(stage: &Stage, port: u16, version: &str) -> Result<Finished> {
    let file = format!("{}/session", stage.dir());
    s_client(stage, port, &format!("{version} -sess_out {file}"))?
        .success()?
        .prints("New, TLSv1")?;
    s_client(stage, port, &format!("{version} -sess_in {file}"))?.success()
}

fn resumption_from_cache(stage: &Stage) -> Result<()> {
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
    for version in ["-tls1_2", "-tls1_3"] {
        for _ in 0..6 {
            reconnects(stage, shared, version)?.prints("Reused, TLSv1")?;
        }
        reconnects(stage, off, version)?.prints("New, TLSv1")?;
    }
    Ok(())
}

fn resumption_by_ticket_key(stage: &Stage) -> Result<()> {
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
    for version in ["-tls1_2", "-tls1_3"] {
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

/// nginx under the library in front of a server of the site on the system's.
fn in_front(stage: &Stage, settings: &str, upstream: u16) -> Result<Server<1>> {
    let certificate = certificate(stage, "rsa");
    serve(stage, |[port]| {
        format!(
            "server {{ listen {port} ssl; {VERSIONS} {certificate} proxy_buffers 8 64k; proxy_request_buffering off;\n\
             location / {{ proxy_pass https://localhost:{upstream}; proxy_http_version 1.1;\n\
             proxy_ssl_server_name on; proxy_ssl_protocols TLSv1.2 TLSv1.3; {settings} }} }}"
        )
    })
}

fn verified(stage: &Stage, authority: &str) -> String {
    let pki = stage.pki();
    format!(
        "proxy_ssl_verify on; proxy_ssl_verify_depth 3; proxy_ssl_name localhost; proxy_ssl_trusted_certificate {pki}/{authority}.pem;"
    )
}

fn upstream_64_mib(stage: &Stage) -> Result<()> {
    let (site, payload) = (site::start(stage)?, stage.payload("64m.bin")?);
    for upstream in [site.old(), site.new()] {
        let server = in_front(stage, &verified(stage, "root"), upstream)?;
        curl(
            stage,
            &format!("--http1.1 {}", url(server.port(), "64m.bin")),
        )?
        .success()?
        .stdout_hash(&payload.sha256)?;
        let (target, data) = (url(server.port(), "upload/file"), stage.data());
        curl(stage, &format!("-T {data}/64m.bin {target}"))?.success()?;
        let arrived = format!("{}/upload/file", stage.dir());
        same_hash(arrived.as_ref(), &payload.sha256)?;
        std::fs::remove_file(arrived)?;
        server.process.stop()?;
    }
    Ok(())
}

fn upstream_refused(stage: &Stage) -> Result<()> {
    let site = site::start(stage)?;
    for (authority, upstream, reason) in [
        (
            "stranger",
            site.old(),
            "unable to get local issuer certificate",
        ),
        (
            "stranger",
            site.new(),
            "unable to get local issuer certificate",
        ),
        ("root", site.expired(), "certificate has expired"),
        (
            "root",
            site.wrong_host(),
            "upstream SSL certificate does not match \"localhost\"",
        ),
    ] {
        let server = in_front(stage, &verified(stage, authority), upstream)?;
        curl(stage, &url(server.port(), "1k.bin"))?
            .code(22)?
            .prints("error: 502")?;
        server.process.wait_for(reason)?;
        server.process.stop()?;
    }
    Ok(())
}

fn upstream_sessions(stage: &Stage) -> Result<()> {
    let (site, pki) = (site::start(stage)?, stage.pki());
    let own = format!(
        "proxy_ssl_certificate {pki}/client.pem; proxy_ssl_certificate_key {pki}/client.key;"
    );
    let server = in_front(stage, &own, site.mutual())?;
    curl(stage, &url(server.port(), "who"))?
        .success()?
        .stdout_is("CN=client")?;
    for upstream in [site.old(), site.new()] {
        let settings = verified(stage, "root") + "proxy_set_header Connection close;";
        let server = in_front(stage, &settings, upstream)?;
        for reused in [" . HTTP/1.1", " r HTTP/1.1"] {
            curl(stage, &url(server.port(), "tls"))?
                .success()?
                .prints(reused)?;
        }
    }
    Ok(())
}

fn key_mismatch(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    // A key of another type is kept for a certificate of its type, and refused by nobody.
    for (name, key) in [("rsa", "client-rsa"), ("ecdsa", "alpha"), ("p384", "ecdsa")] {
        let pair =
            format!("ssl_certificate {pki}/{name}.pem; ssl_certificate_key {pki}/{key}.key;");
        test(stage, &pair)?
            .code(1)?
            .prints("SSL_CTX_use_PrivateKey")?
            .prints("mismatch")?;
    }
    test(stage, &certificate(stage, "rsa"))?
        .success()?
        .prints("test is successful")?;
    Ok(())
}

fn locked_key(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    stage.write("phrases", "wrong\nsecret\n")?;
    stage.write("wrong-phrases", "wrong\n")?;
    let with = |phrases: &str| {
        format!(
            "ssl_certificate {pki}/rsa.pem; ssl_certificate_key {pki}/rsa-locked.key; ssl_password_file {}/{phrases};",
            stage.dir()
        )
    };
    test(stage, &with("wrong-phrases"))?.code(1)?;
    test(stage, &with("phrases"))?.success()?;
    let server = serve(stage, |[port]| {
        format!("server {{ listen {port} ssl; {} }}", with("phrases"))
    })?;
    curl(stage, &url(server.port(), "1k.bin -o got"))?.success()?;
    Ok(())
}

fn server_names(stage: &Stage) -> Result<()> {
    let one = |port: u16, name: &str, certificate: &str, settings: &str| {
        format!(
            "server {{ listen {port} ssl; server_name {name}; {VERSIONS} {certificate} {settings}\n\
             location = /tls {{ return 200 \"{name} $ssl_server_name\"; }} }}\n"
        )
    };
    let server = serve(stage, |[port]| {
        one(port, "localhost", &certificate(stage, "rsa"), "")
            + &one(port, "alpha.test", &certificate(stage, "alpha"), "")
            + &one(port, "beta.test", &certificate(stage, "beta"), "")
            + &one(port, "no.test", "", "ssl_reject_handshake on;")
    })?;
    let port = server.port();
    for version in BOTH {
        for name in ["localhost", "alpha.test", "beta.test"] {
            let site = format!("--resolve {name}:{port}:127.0.0.1 https://{name}:{port}/tls");
            curl(stage, &format!("{version} {site}"))?
                .success()?
                .stdout_is(&format!("{name} {name}"))?;
        }
        let site = format!("--resolve no.test:{port}:127.0.0.1 https://no.test:{port}/tls");
        curl(stage, &format!("{version} {site}"))?
            .code(35)?
            .prints("unrecognized name")?;
    }
    Ok(())
}

fn certificates_by_variable(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = serve(stage, |[port]| {
        format!(
            "server {{ listen {port} ssl; {VERSIONS} ssl_certificate {pki}/$host_part.pem; ssl_certificate_key {pki}/$host_part.key; }}\n\
             map $ssl_server_name $host_part {{ alpha.test alpha; beta.test beta; default rsa; }}"
        )
    })?;
    for version in ["-tls1_2", "-tls1_3"] {
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

fn rsa_and_ecdsa(stage: &Stage) -> Result<()> {
    let server = one(stage, &certificate(stage, "ecdsa"))?;
    for (options, signature) in [
        ("-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256", "RSA-PSS"),
        ("-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256", "ECDSA"),
        ("-tls1_3 -sigalgs RSA-PSS+SHA256:ECDSA+SHA384", "RSA-PSS"),
        ("-tls1_3", "ECDSA"),
    ] {
        s_client(stage, server.port(), options)?
            .success()?
            .prints(&format!("Peer signature type: {signature}"))?;
    }
    Ok(())
}

fn stapled_response(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = one(
        stage,
        &format!("ssl_stapling on; ssl_stapling_file {pki}/rsa.ocsp;"),
    )?;
    for version in ["-tls1_2", "-tls1_3"] {
        s_client(stage, server.port(), &format!("{version} -status"))?
            .success()?
            .prints("Cert Status: good")?;
        s_client(stage, server.port(), version)?
            .success()?
            .prints_no("OCSP Response Status")?;
    }
    Ok(())
}

fn early_data(stage: &Stage) -> Result<()> {
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

fn reload_under_load(stage: &Stage) -> Result<()> {
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

fn small_buffers(stage: &Stage) -> Result<()> {
    let (server, payload) = (
        one(
            stage,
            "ssl_buffer_size 1k; output_buffers 1 3k; postpone_output 0;",
        )?,
        stage.payload("10m.bin")?,
    );
    for version in BOTH {
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
