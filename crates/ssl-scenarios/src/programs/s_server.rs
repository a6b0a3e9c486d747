//! `openssl s_server` under the library, against `openssl s_client` and curl on the system's.

use anyhow::{Result, ensure};

use super::peers::VERSIONS;
use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::{Server, Stage};
use crate::tool::Finished;

const S_SERVER: Program = Program {
    name: "openssl s_server",
    file: "openssl",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(S_SERVER, "www", www),
    Scenario::new(S_SERVER, "files_of_64_mib", files_of_64_mib).holds(&[Lesson::NothingLeftInside]),
    Scenario::new(S_SERVER, "receives_64_mib", receives_64_mib),
    Scenario::new(S_SERVER, "certificate_required", certificate_required)
        .holds(&[Lesson::ClientWithoutCertificate, Lesson::ClientOfAStranger]),
    Scenario::new(S_SERVER, "certificate_revoked", certificate_revoked),
    Scenario::new(S_SERVER, "certificate_requested", certificate_requested)
        .holds(&[Lesson::ClientAuthorities]),
    Scenario::new(S_SERVER, "names_and_protocols", names_and_protocols),
    Scenario::new(S_SERVER, "rsa_and_ecdsa", rsa_and_ecdsa),
    Scenario::new(S_SERVER, "resumption", resumption).holds(&[Lesson::SessionsResume]),
    Scenario::new(S_SERVER, "stapled_response", stapled_response),
    Scenario::new(S_SERVER, "excluded_versions", excluded_versions)
        .holds(&[Lesson::ExcludedVersion]),
    Scenario::new(S_SERVER, "key_mismatch", key_mismatch).holds(&[Lesson::KeyMismatch]),
    Scenario::new(S_SERVER, "ciphers_and_groups", ciphers_and_groups)
        .holds(&[Lesson::CipherStrings, Lesson::DhParameters]),
    Scenario::new(S_SERVER, "renegotiation_refused", renegotiation_refused),
    Scenario::new(
        S_SERVER,
        "keying_material_and_key_log",
        keying_material_and_key_log,
    )
    .holds(&[Lesson::KeyLog]),
    Scenario::new(S_SERVER, "key_update", key_update),
];

/// The server under the library, with the RSA certificate unless the options name another.
fn serve(stage: &Stage, options: &str) -> Result<Server<1>> {
    let (pki, data) = (stage.pki(), stage.data());
    let certificate = if options.contains("-cert ") {
        String::new()
    } else {
        format!("-cert {pki}/rsa-leaf.pem -key {pki}/rsa.key -cert_chain {pki}/intermediate.pem")
    };
    stage.serve(|[port]| {
        let line = format!("s_server -accept {port} {certificate} {options}");
        let tool = stage.under_test("openssl")?.words(&line);
        Ok(tool.within(data.as_ref()).input_open())
    })
}

fn client(stage: &Stage, port: u16, options: &str) -> Result<Finished> {
    let line = format!(
        "s_client -connect localhost:{port} -ign_eof -CAfile {}/root.pem -verify_return_error {options}",
        stage.pki()
    );
    let tool = stage.peer("openssl")?.words(&line);
    tool.input("GET / HTTP/1.0\r\n\r\n")?.run()
}

fn www(stage: &Stage) -> Result<()> {
    let server = serve(stage, "-www")?;
    for (version, name) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        client(stage, server.port(), version)?
            .success()?
            .prints("Verification: OK")?
            .prints(&format!("New, {name}, Cipher is "))?
            .prints("HTTP/1.0 200 ok")?
            .prints("s_server -accept")?
            .prints("no client certificate available")?;
    }
    Ok(())
}

fn files_of_64_mib(stage: &Stage) -> Result<()> {
    let (payload, pki) = (stage.payload("64m.bin")?, stage.pki());
    for (mode, version) in [
        ("-WWW", "--tls-max 1.2"),
        ("-WWW", "--tlsv1.3"),
        ("-WWW -nbio", ""),
    ] {
        let server = serve(stage, mode)?;
        let url = format!("https://localhost:{}/64m.bin", server.port());
        let line = format!("-sS --fail --http1.0 --cacert {pki}/root.pem {version} {url}");
        let curl = stage.peer("curl")?.words(&line).run()?;
        curl.success()?.stdout_hash(&payload.sha256)?;
        server.process.stop()?;
    }
    Ok(())
}

fn receives_64_mib(stage: &Stage) -> Result<()> {
    let payload = stage.payload("64m.bin")?;
    for (version, options) in [("-tls1_2", ""), ("-tls1_3", "-nbio")] {
        let server = serve(stage, &format!("-quiet -naccept 1 {options}"))?;
        let port = server.port();
        let line =
            format!("s_client -connect localhost:{port} -quiet -no_ign_eof -nocommands {version}");
        let file = format!("{}/64m.bin", stage.data());
        let client = stage.peer("openssl")?.words(&line).input_file(file).run()?;
        client.success()?;
        server.process.finish()?.stdout_hash(&payload.sha256)?;
    }
    Ok(())
}

fn certificate_required(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = serve(
        stage,
        &format!("-www -Verify 3 -verify_return_error -CAfile {pki}/root.pem"),
    )?;
    for version in VERSIONS {
        for (name, is_welcome) in [
            ("client", true),
            ("client-rsa", true),
            ("strange-client", false),
        ] {
            let own = format!("-cert {pki}/{name}-leaf.pem -key {pki}/{name}.key");
            let chain = format!("-cert_chain {pki}/intermediate.pem");
            let finished = client(stage, server.port(), &format!("{version} {own} {chain}"))?;
            if is_welcome {
                finished.success()?.prints("HTTP/1.0 200 ok")?;
            } else {
                let finished = finished.code(1)?.prints_no("HTTP/1.0 200 ok")?;
                finished.prints("alert unknown ca")?;
            }
        }
        let alert = if version == "-tls1_2" {
            "handshake failure"
        } else {
            "certificate required"
        };
        client(stage, server.port(), version)?
            .code(1)?
            .prints_no("HTTP/1.0 200 ok")?
            .prints(&format!("alert {alert}"))?;
    }
    Ok(())
}

fn certificate_revoked(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = serve(
        stage,
        &format!(
            "-www -Verify 3 -verify_return_error -CAfile {pki}/root.pem -CRL {pki}/crl.pem -crl_check"
        ),
    )?;
    for version in VERSIONS {
        let own = |name: &str| {
            let options = format!("{version} -cert {pki}/{name}.pem -key {pki}/{name}.key");
            client(
                stage,
                server.port(),
                &format!("{options} -cert_chain {pki}/intermediate.pem"),
            )
        };
        own("client")?.success()?.prints("HTTP/1.0 200 ok")?;
        own("revoked")?
            .code(1)?
            .prints("alert certificate revoked")?
            .prints_no("HTTP/1.0 200 ok")?;
    }
    Ok(())
}

fn certificate_requested(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = serve(stage, &format!("-www -verify 3 -CAfile {pki}/root.pem"))?;
    for version in VERSIONS {
        client(stage, server.port(), version)?
            .success()?
            .prints("Acceptable client certificate CA names\nCN = Scenario Root")?
            .prints("no client certificate available")?;
        let own = format!("-cert {pki}/client.pem -key {pki}/client.key");
        let chain = format!("-cert_chain {pki}/intermediate.pem");
        client(stage, server.port(), &format!("{version} {own} {chain}"))?
            .success()?
            .prints("Subject: CN=client")?;
    }
    Ok(())
}

fn names_and_protocols(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let second =
        format!("-servername alpha.test -cert2 {pki}/alpha-leaf.pem -key2 {pki}/alpha.key");
    let server = serve(stage, &format!("-www {second} -alpn h2,http/1.1"))?;
    // s_server sends no chain with its second certificate.
    let client = |stage, port, options: &str| {
        client(stage, port, &format!("{options} -CAfile {pki}/chain.pem"))
    };
    for version in VERSIONS {
        client(
            stage,
            server.port(),
            &format!("{version} -servername alpha.test -alpn http/1.1,h2"),
        )?
        .success()?
        .prints("subject=CN = alpha.test")?
        // s_server has the protocols in its first context only.
        .prints("No ALPN negotiated")?;
        client(
            stage,
            server.port(),
            &format!("{version} -servername other.test -alpn http/1.1,h2"),
        )?
        .success()?
        .prints("subject=CN = localhost")?
        .prints("ALPN protocol: h2")?;
    }
    let strict = serve(stage, &format!("-www {second} -servername_fatal"))?;
    client(stage, strict.port(), "-servername other.test")?
        .code(1)?
        .prints("unrecognized name")?;
    Ok(())
}

fn rsa_and_ecdsa(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = serve(
        stage,
        &format!(
            "-www -cert {pki}/rsa-leaf.pem -key {pki}/rsa.key -cert_chain {pki}/intermediate.pem \
             -dcert {pki}/ecdsa-leaf.pem -dkey {pki}/ecdsa.key -dcert_chain {pki}/intermediate.pem"
        ),
    )?;
    for (options, expected) in [
        (
            "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256",
            "Peer signature type: RSA-PSS",
        ),
        (
            "-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256",
            "Peer signature type: ECDSA",
        ),
        (
            "-tls1_3 -sigalgs RSA-PSS+SHA256:ECDSA+SHA384",
            "Peer signature type: RSA-PSS",
        ),
        (
            "-tls1_3 -sigalgs ECDSA+SHA256",
            "Peer signature type: ECDSA",
        ),
    ] {
        client(stage, server.port(), options)?
            .success()?
            .prints(expected)?;
    }
    Ok(())
}

fn resumption(stage: &Stage) -> Result<()> {
    let dir = stage.dir();
    // With tickets, with the cache alone, and with neither.
    for (options, resumes) in [
        ("", true),
        ("-no_ticket", true),
        ("-no_ticket -no_cache", false),
    ] {
        let server = serve(stage, &format!("-www {options}"))?;
        for version in VERSIONS {
            let file = format!("{dir}/session");
            client(stage, server.port(), &format!("{version} -sess_out {file}"))?.success()?;
            let again =
                client(stage, server.port(), &format!("{version} -sess_in {file}"))?.success()?;
            again.prints(if resumes {
                "Reused, TLSv1"
            } else {
                "New, TLSv1"
            })?;
        }
        server.process.stop()?;
    }
    Ok(())
}

fn stapled_response(stage: &Stage) -> Result<()> {
    let server = serve(
        stage,
        &format!("-www -status_file {}/rsa.ocsp", stage.pki()),
    )?;
    for version in VERSIONS {
        client(stage, server.port(), &format!("{version} -status"))?
            .success()?
            .prints("OCSP Response Status: successful")?
            .prints("Cert Status: good")?;
        client(stage, server.port(), version)?
            .success()?
            .prints_no("OCSP Response Status")?;
    }
    Ok(())
}

fn excluded_versions(stage: &Stage) -> Result<()> {
    let old = "-tls1_1 -cipher DEFAULT@SECLEVEL=0";
    for (only, refused) in [("-tls1_3", "-tls1_2"), ("-tls1_2", "-tls1_3"), ("", old)] {
        let server = serve(stage, &format!("-www {only}"))?;
        client(stage, server.port(), only)?.success()?;
        client(stage, server.port(), refused)?
            .code(1)?
            .prints("alert ")?
            .prints_no("HTTP/1.0 200 ok")?;
    }
    Ok(())
}

fn key_mismatch(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    for (certificate, key) in [("ecdsa", "alpha"), ("rsa", "client-rsa"), ("rsa", "ecdsa")] {
        let line = format!("s_server -accept 0 -cert {pki}/{certificate}.pem -key {pki}/{key}.key");
        let tool = stage.under_test("openssl")?.words(&line);
        tool.run()?.code(1)?.prints("key")?.prints_no("ACCEPT")?;
    }
    Ok(())
}

fn ciphers_and_groups(stage: &Stage) -> Result<()> {
    let server = serve(
        stage,
        &format!(
            "-www -serverpref -cipher ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384 \
             -ciphersuites TLS_AES_256_GCM_SHA384 -groups P-384 -dhparam {}/dh.pem",
            stage.pki()
        ),
    )?;
    let both = "-cipher ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305";
    client(stage, server.port(), &format!("-tls1_2 {both}"))?
        .success()?
        .prints("Cipher is ECDHE-RSA-CHACHA20-POLY1305")?
        .prints("Server Temp Key: ECDH, secp384r1")?;
    client(stage, server.port(), "-tls1_3")?
        .success()?
        .prints("Cipher is TLS_AES_256_GCM_SHA384")?
        .prints("Server Temp Key: ECDH, secp384r1")?;
    client(
        stage,
        server.port(),
        "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256",
    )?
    .code(1)?
    .prints("alert handshake failure")?;
    client(stage, server.port(), "-tls1_3 -groups X25519")?
        .code(1)?
        .prints("alert handshake failure")?;
    let line = "s_server -accept 0 -nocert -cipher NOPE";
    let tool = stage.under_test("openssl")?.words(line);
    tool.run()?.code(1)?.prints("no cipher match")?;
    Ok(())
}

fn renegotiation_refused(stage: &Stage) -> Result<()> {
    let server = serve(stage, "-no_renegotiation")?;
    let line = format!("s_client -connect localhost:{} -tls1_2", server.port());
    let client = stage.peer("openssl")?.words(&line).input_open().start()?;
    client.wait_for("Verify return code")?;
    client.send(b"R\n")?;
    client.finish()?.failure()?.prints("no renegotiation")?;
    Ok(())
}

fn keying_material_and_key_log(stage: &Stage) -> Result<()> {
    let export = "-keymatexport EXPERIMENTAL-scenario -keymatexportlen 24";
    let dir = stage.dir();
    let server = serve(stage, &format!("{export} -keylogfile {dir}/server.keys"))?;
    for version in VERSIONS {
        let line = format!(
            "s_client -connect localhost:{} {version} {export} -keylogfile {dir}/client.keys",
            server.port()
        );
        let client = stage
            .peer("openssl")?
            .words(&line)
            .run()?
            .success()?
            .output();
        let material = client
            .lines()
            .find(|line| line.contains("Keying material: "));
        let material = material.map(str::trim).unwrap_or("no keying material");
        server.process.wait_for(material)?;
    }
    let (theirs, mine) = (stage.read("client.keys")?, stage.read("server.keys")?);
    for secret in theirs.lines().filter(|line| !line.starts_with('#')) {
        ensure!(mine.contains(secret), "the server's key log lacks {secret}");
    }
    Ok(())
}

fn key_update(stage: &Stage) -> Result<()> {
    let server = serve(stage, "")?;
    let line = format!("s_client -connect localhost:{} -tls1_3", server.port());
    let client = stage.peer("openssl")?.words(&line).input_open().start()?;
    client.wait_for("Verify return code")?;
    for round in 1..=3 {
        // The server reads its commands before what arrived.
        server.process.send(b"K\n")?;
        client.send(format!("up {round}\n").as_bytes())?;
        server.process.wait_for(&format!("up {round}"))?;
        server
            .process
            .wait_for_times("SSL_do_handshake -> 1", round)?;
        client.send(b"K\n")?;
        client.wait_for_times("KEYUPDATE", round)?;
        server.process.send(format!("down {round}\n").as_bytes())?;
        client.wait_for(&format!("down {round}"))?;
    }
    Ok(())
}
