//! `openssl s_client` under the library, against `openssl s_server` on the system's.

use anyhow::{Result, ensure};

use super::peers::VERSIONS;
use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::{Server, Stage};
use crate::tool::{Finished, Tool};

const S_CLIENT: Program = Program {
    name: "openssl s_client",
    file: "openssl",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(S_CLIENT, "tls12", |stage| {
        verified(stage, "-tls1_2", "TLSv1.2")
    })
    .holds(&[Lesson::BindNow]),
    Scenario::new(S_CLIENT, "tls13", |stage| {
        verified(stage, "-tls1_3", "TLSv1.3")
    }),
    Scenario::new(
        S_CLIENT,
        "every_kind_of_certificate",
        every_kind_of_certificate,
    ),
    Scenario::new(S_CLIENT, "wrong_authority", |stage| {
        refused(
            stage,
            "rsa",
            "stranger",
            "unable to get local issuer certificate",
        )
    })
    .holds(&[Lesson::WrongAuthority]),
    Scenario::new(S_CLIENT, "expired", |stage| {
        refused(stage, "expired", "root", "certificate has expired")
    })
    .holds(&[Lesson::Expired]),
    Scenario::new(S_CLIENT, "wrong_host", |stage| {
        refused(stage, "wrong-host", "root", "hostname mismatch")
    })
    .holds(&[Lesson::WrongHost]),
    Scenario::new(S_CLIENT, "authorities_in_a_folder", authorities_in_a_folder)
        .holds(&[Lesson::FileAndDirectory]),
    Scenario::new(S_CLIENT, "tls11_is_refused", tls11_is_refused).holds(&[Lesson::ExcludedVersion]),
    Scenario::new(S_CLIENT, "server_name_and_alpn", server_name_and_alpn),
    Scenario::new(S_CLIENT, "resumption_tls12", |stage| {
        resumption(stage, "-tls1_2")
    })
    .holds(&[Lesson::SessionsResume]),
    Scenario::new(S_CLIENT, "resumption_tls13", |stage| {
        resumption(stage, "-tls1_3")
    })
    .holds(&[Lesson::SessionsResume]),
    Scenario::new(S_CLIENT, "reconnect", reconnect).holds(&[Lesson::SessionsResume]),
    Scenario::new(S_CLIENT, "stapled_response", stapled_response),
    Scenario::new(S_CLIENT, "client_certificate", client_certificate),
    Scenario::new(S_CLIENT, "locked_key", locked_key).holds(&[Lesson::PassPhrases]),
    Scenario::new(S_CLIENT, "sends_64_mib", sends_64_mib).holds(&[Lesson::NothingLeftInside]),
    Scenario::new(
        S_CLIENT,
        "sends_64_mib_nonblocking",
        sends_64_mib_nonblocking,
    )
    .holds(&[Lesson::SentOnce]),
    Scenario::new(S_CLIENT, "receives_64_mib", receives_64_mib),
    Scenario::new(S_CLIENT, "key_log", key_log).holds(&[Lesson::KeyLog]),
    Scenario::new(S_CLIENT, "cipher_strings", cipher_strings).holds(&[Lesson::CipherStrings]),
    Scenario::new(S_CLIENT, "groups_and_signatures", groups_and_signatures),
    Scenario::new(S_CLIENT, "keying_material", keying_material),
    Scenario::new(S_CLIENT, "key_update", key_update).holds(&[Lesson::AutoRetryCleared]),
    Scenario::new(S_CLIENT, "states_and_messages", states_and_messages),
    Scenario::new(S_CLIENT, "small_records", small_records),
    Scenario::new(S_CLIENT, "session_file", session_file),
];

const GET: &str = "GET / HTTP/1.0\r\n\r\n";

/// A server that answers with a page about the connection.
fn www<'a>(stage: &'a Stage, certificate: &str, options: &str) -> Result<Server<1>> {
    let pki = stage.pki();
    stage.serve(|[port]| -> Result<Tool<'a>> {
        Ok(stage.peer("openssl")?.words(&format!(
            "s_server -accept {port} -cert {pki}/{certificate}-leaf.pem -key {pki}/{certificate}.key \
             -cert_chain {pki}/intermediate.pem -www {options}"
        )))
    })
}

/// The client asks for that page.
fn client(stage: &Stage, port: u16, options: &str) -> Result<Finished> {
    let line = format!("s_client -connect localhost:{port} -ign_eof {options}");
    stage.under_test("openssl")?.words(&line).input(GET)?.run()
}

/// The options with which a client accepts only the right server.
fn strict(stage: &Stage) -> String {
    let pki = stage.pki();
    format!("-CAfile {pki}/root.pem -verify_return_error -verify_hostname localhost")
}

fn verified(stage: &Stage, version: &str, name: &str) -> Result<()> {
    let server = www(stage, "rsa", "")?;
    let options = format!("{} {version}", strict(stage));
    client(stage, server.port(), &options)?
        .success()?
        .prints(&format!("New, {name}, Cipher is "))?
        .prints("Verification: OK")?
        .prints("Verified peername: localhost")?
        .prints("Verify return code: 0 (ok)")?
        .prints("HTTP/1.0 200 ok")?;
    Ok(())
}

fn every_kind_of_certificate(stage: &Stage) -> Result<()> {
    for (name, signature) in [
        ("rsa", "RSA-PSS"),
        ("ecdsa", "ECDSA"),
        ("p384", "ECDSA"),
        ("ed25519", "ed25519"),
    ] {
        let server = www(stage, name, "")?;
        for version in VERSIONS {
            let options = format!("{} {version}", strict(stage));
            client(stage, server.port(), &options)?
                .success()?
                .prints("Verification: OK")?
                .prints(&format!("Peer signature type: {signature}"))?;
        }
    }
    Ok(())
}

fn refused(stage: &Stage, certificate: &str, authority: &str, reason: &str) -> Result<()> {
    let server = www(stage, certificate, "")?;
    let pki = stage.pki();
    for version in VERSIONS {
        let options = format!(
            "{version} -CAfile {pki}/{authority}.pem -verify_return_error -verify_hostname localhost"
        );
        client(stage, server.port(), &options)?
            .code(1)?
            .prints(reason)?
            .prints("certificate verify failed")?
            .prints_no("HTTP/1.0 200 ok")?;
    }
    Ok(())
}

fn authorities_in_a_folder(stage: &Stage) -> Result<()> {
    let server = www(stage, "rsa", "")?;
    let pki = stage.pki();
    for authorities in [
        format!("-CApath {pki}/ca"),
        format!("-CAfile {pki}/stranger.pem -CApath {pki}/ca"),
        format!("-CAstore {pki}/root.pem"),
    ] {
        client(
            stage,
            server.port(),
            &format!("-verify_return_error {authorities}"),
        )?
        .success()?
        .prints("Verification: OK")?;
    }
    client(
        stage,
        server.port(),
        "-verify_return_error -no-CAfile -no-CApath",
    )?
    .code(1)?;
    Ok(())
}

fn tls11_is_refused(stage: &Stage) -> Result<()> {
    let server = www(stage, "rsa", "-cipher DEFAULT@SECLEVEL=0")?;
    client(stage, server.port(), "-tls1_1")?
        .code(1)?
        .prints_no("HTTP/1.0 200 ok")?;
    Ok(())
}

fn server_name_and_alpn(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let second = format!(
        "-servername alpha.test -cert2 {pki}/alpha-leaf.pem -key2 {pki}/alpha.key -alpn h2,http/1.1"
    );
    let server = www(stage, "rsa", &second)?;
    let names = |name: &str, version: &str| {
        let options = format!("-servername {name} -alpn foo,http/1.1 {version}");
        client(stage, server.port(), &options)?.success()
    };
    for version in VERSIONS {
        // s_server has the protocols in its first context only.
        names("alpha.test", version)?
            .prints("subject=CN = alpha.test")?
            .prints("No ALPN negotiated")?;
        names("localhost", version)?
            .prints("subject=CN = localhost")?
            .prints("ALPN protocol: http/1.1")?;
    }
    Ok(())
}

fn resumption(stage: &Stage, version: &str) -> Result<()> {
    let server = www(stage, "rsa", "")?;
    let dir = stage.dir();
    let options = format!("{} {version}", strict(stage));
    client(
        stage,
        server.port(),
        &format!("{options} -sess_out {dir}/session"),
    )?
    .success()?
    .prints("New, TLSv1")?;
    client(
        stage,
        server.port(),
        &format!("{options} -sess_in {dir}/session"),
    )?
    .success()?
    .prints("Reused, TLSv1")?
    .prints("Verification: OK")?;
    Ok(())
}

fn reconnect(stage: &Stage) -> Result<()> {
    let server = www(stage, "rsa", "")?;
    let finished = client(stage, server.port(), "-tls1_2 -reconnect")?.success()?;
    // Five by the client, and one on the server's page about the last connection.
    let reused = finished.stdout().matches("Reused, TLSv1.2").count();
    ensure!(reused == 6, "{reused} of 6 signs that a connection resumed");
    Ok(())
}

fn stapled_response(stage: &Stage) -> Result<()> {
    let staple = format!("-status_file {}/rsa.ocsp", stage.pki());
    let server = www(stage, "rsa", &staple)?;
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

fn client_certificate(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let demand = format!("-Verify 3 -verify_return_error -CAfile {pki}/root.pem");
    let server = www(stage, "rsa", &demand)?;
    for version in VERSIONS {
        for name in ["client", "client-rsa"] {
            let own = format!("-cert {pki}/{name}.pem -key {pki}/{name}.key");
            let chain = format!("-cert_chain {pki}/intermediate.pem");
            client(stage, server.port(), &format!("{version} {own} {chain}"))?
                .success()?
                .prints("Acceptable client certificate CA names")?
                .prints("CN = Scenario Root")?
                .prints("Client certificate")?;
        }
        let strange = format!("-cert {pki}/strange-client.pem -key {pki}/strange-client.key");
        client(stage, server.port(), &format!("{version} {strange}"))?
            .code(1)?
            .prints("alert unknown ca")?;
        client(stage, server.port(), version)?.code(1)?;
    }
    Ok(())
}

fn locked_key(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = www(stage, "rsa", &format!("-Verify 3 -CAfile {pki}/root.pem"))?;
    let own = format!("-cert {pki}/rsa.pem -key {pki}/rsa-locked.key");
    client(stage, server.port(), &format!("{own} -pass pass:secret"))?.success()?;
    client(stage, server.port(), &format!("{own} -pass pass:wrong"))?.code(1)?;
    Ok(())
}

/// A server that prints what it receives, and one client that sends to it.
fn send(stage: &Stage, options: &str, version: &str) -> Result<()> {
    let pki = stage.pki();
    let payload = stage.payload("64m.bin")?;
    let server = stage.serve(|[port]| {
        Ok(stage.peer("openssl")?.words(&format!(
            "s_server -accept {port} -cert {pki}/ecdsa.pem -key {pki}/ecdsa.key -quiet -naccept 1"
        )).input_open())
    })?;
    let line = format!(
        "s_client -connect localhost:{} -quiet -no_ign_eof -nocommands {version} {options}",
        server.port()
    );
    stage
        .under_test("openssl")?
        .words(&line)
        .input_file(format!("{}/64m.bin", stage.data()))
        .run()?
        .success()?;
    server.process.finish()?.stdout_hash(&payload.sha256)?;
    Ok(())
}

fn sends_64_mib(stage: &Stage) -> Result<()> {
    send(stage, "", "-tls1_3")
}

fn sends_64_mib_nonblocking(stage: &Stage) -> Result<()> {
    send(stage, "-nbio", "-tls1_2")
}

fn receives_64_mib(stage: &Stage) -> Result<()> {
    let (pki, payload) = (stage.pki(), stage.payload("64m.bin")?);
    let data = stage.data();
    let server = stage.serve(|[port]| {
        let line = format!("s_server -accept {port} -cert {pki}/rsa.pem -key {pki}/rsa.key -HTTP");
        Ok(stage.peer("openssl")?.words(&line).within(data.as_ref()))
    })?;
    for version in VERSIONS {
        let line = format!(
            "s_client -connect localhost:{} -quiet {version}",
            server.port()
        );
        stage
            .under_test("openssl")?
            .words(&line)
            .input("GET /64m.bin HTTP/1.0\r\n\r\n")?
            .run()?
            .success()?
            .stdout_hash(&payload.sha256)?;
    }
    Ok(())
}

fn key_log(stage: &Stage) -> Result<()> {
    let dir = stage.dir();
    let server = www(stage, "rsa", &format!("-keylogfile {dir}/server.keys"))?;
    let mine = format!("-keylogfile {dir}/client.keys");
    for (version, label) in [
        ("-tls1_2", "CLIENT_RANDOM "),
        ("-tls1_3", "SERVER_TRAFFIC_SECRET_0 "),
    ] {
        client(stage, server.port(), &format!("{version} {mine}"))?.success()?;
        ensure!(stage.read("client.keys")?.contains(label), "no {label}");
    }
    let secrets = |text: &str| -> std::collections::BTreeSet<String> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(str::to_owned).collect()
    };
    let (mine, theirs) = (stage.read("client.keys")?, stage.read("server.keys")?);
    ensure!(secrets(&mine) == secrets(&theirs), "the key logs differ");
    Ok(())
}

fn cipher_strings(stage: &Stage) -> Result<()> {
    let server = www(stage, "rsa", "")?;
    for (options, cipher) in [
        (
            "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256",
            "ECDHE-RSA-AES128-GCM-SHA256",
        ),
        (
            "-tls1_2 -cipher ECDHE+CHACHA20:!ECDSA",
            "ECDHE-RSA-CHACHA20-POLY1305",
        ),
        (
            "-tls1_2 -cipher NOPE:ECDHE+AES256:!CBC",
            "ECDHE-RSA-AES256-GCM-SHA384",
        ),
        (
            "-tls1_2 -cipher HIGH:!aNULL:!AES256:!CHACHA20:!DH:@STRENGTH",
            "ECDHE-RSA-AES128-GCM-SHA256",
        ),
        (
            "-tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256",
            "TLS_CHACHA20_POLY1305_SHA256",
        ),
        (
            "-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256",
            "TLS_AES_128_GCM_SHA256",
        ),
    ] {
        client(stage, server.port(), options)?
            .success()?
            .prints(&format!("Cipher is {cipher}\n"))?;
    }
    for nothing in [
        "-cipher NOPE",
        "-cipher kRSA+AESCCM8:!ALL",
        "-ciphersuites TLS_NOPE",
    ] {
        client(stage, server.port(), nothing)?
            .code(1)?
            .prints_no("CONNECTED")?;
    }
    Ok(())
}

fn groups_and_signatures(stage: &Stage) -> Result<()> {
    let server = www(stage, "rsa", "")?;
    for (options, expected) in [
        (
            "-tls1_3 -groups P-256",
            "Server Temp Key: ECDH, prime256v1, 256 bits",
        ),
        (
            "-tls1_3 -curves P-384:X25519",
            "Server Temp Key: ECDH, secp384r1, 384 bits",
        ),
        (
            "-tls1_2 -groups P-384",
            "Server Temp Key: ECDH, secp384r1, 384 bits",
        ),
        (
            "-tls1_2 -groups X25519",
            "Server Temp Key: X25519, 253 bits",
        ),
        ("-tls1_2 -sigalgs RSA+SHA384", "Peer signature type: RSA\n"),
        ("-tls1_2 -sigalgs RSA+SHA512", "Peer signing digest: SHA512"),
        (
            "-tls1_3 -sigalgs RSA-PSS+SHA384:ECDSA+SHA256",
            "Peer signing digest: SHA384",
        ),
    ] {
        client(stage, server.port(), options)?
            .success()?
            .prints(expected)?;
    }
    client(stage, server.port(), "-groups NOPE")?.code(1)?;
    // The key share is for the first group; the server asks for the second.
    let picky = www(stage, "rsa", "-groups X25519")?;
    client(stage, picky.port(), "-tls1_3 -groups P-384:X25519")?
        .success()?
        .prints("Server Temp Key: X25519, 253 bits")?;
    client(stage, picky.port(), "-tls1_3 -groups P-384")?.code(1)?;
    Ok(())
}

fn keying_material(stage: &Stage) -> Result<()> {
    let export = "-keymatexport EXPERIMENTAL-scenario -keymatexportlen 24";
    let pki = stage.pki();
    let server = stage.serve(|[port]| {
        Ok(stage
            .peer("openssl")?
            .words(&format!(
                "s_server -accept {port} -cert {pki}/rsa.pem -key {pki}/rsa.key {export}"
            ))
            .input_open())
    })?;
    for version in VERSIONS {
        let line = format!(
            "s_client -connect localhost:{} {version} {export}",
            server.port()
        );
        let client = stage.under_test("openssl")?.words(&line).run()?.success()?;
        let material = |output: &str| -> Vec<String> {
            let lines = output
                .lines()
                .filter(|line| line.contains("Keying material: "));
            lines.map(|line| line.trim().to_owned()).collect()
        };
        let mine = material(&client.output());
        ensure!(mine.len() == 1, "no keying material");
        server
            .process
            .wait_until("the server has the same keying material", || {
                Ok(material(&server.process.output()).contains(&mine[0]))
            })?;
    }
    Ok(())
}

fn key_update(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = stage.serve(|[port]| {
        let line = format!("s_server -accept {port} -cert {pki}/rsa.pem -key {pki}/rsa.key");
        Ok(stage.peer("openssl")?.words(&line).input_open())
    })?;
    let line = format!("s_client -connect localhost:{} -tls1_3", server.port());
    let client = stage
        .under_test("openssl")?
        .words(&line)
        .input_open()
        .start()?;
    client.wait_for("Verify return code")?;
    for round in 1..=3 {
        // Ours asks for new keys of both, then the peer does; data goes both ways after each. The server reads
        // its commands before what arrived.
        client.send(b"K\n")?;
        client.wait_for_times("KEYUPDATE", round)?;
        server.process.send(b"K\n")?;
        client.send(format!("up {round}\n").as_bytes())?;
        server.process.wait_for(&format!("up {round}"))?;
        server
            .process
            .wait_for_times("SSL_do_handshake -> 1", round)?;
        server.process.send(format!("down {round}\n").as_bytes())?;
        client.wait_for(&format!("down {round}"))?;
    }
    client.send(b"Q\n")?;
    client.finish()?.success()?;
    Ok(())
}

fn states_and_messages(stage: &Stage) -> Result<()> {
    let server = www(stage, "rsa", "")?;
    client(
        stage,
        server.port(),
        "-tls1_2 -state -tlsextdebug -showcerts",
    )?
    .success()?
    .prints("SSL_connect:before SSL initialization")?
    .prints("SSL_connect:SSLv3/TLS write client hello")?
    .prints("SSL_connect:SSLv3/TLS read server hello")?
    .prints("TLS server extension \"renegotiation info\"")?
    .prints("CN = Scenario Intermediate")?;
    client(stage, server.port(), "-tls1_3 -state -msg")?
        .success()?
        .prints("SSL_connect:SSLv3/TLS write client hello")?
        .prints(">>> TLS 1.3, Handshake [length")?
        .prints("ClientHello")?
        .prints("<<< TLS 1.3, Handshake [length")?
        .prints("ServerHello")?;
    Ok(())
}

fn small_records(stage: &Stage) -> Result<()> {
    let server = www(stage, "rsa", "")?;
    for options in [
        "-max_send_frag 512",
        "-read_buf 65536",
        "-no_ticket",
        "-maxfraglen 1024",
    ] {
        client(stage, server.port(), options)?
            .success()?
            .prints("HTTP/1.0 200 ok")?;
    }
    Ok(())
}

fn session_file(stage: &Stage) -> Result<()> {
    let server = www(stage, "rsa", "")?;
    let dir = stage.dir();
    for (version, name) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        client(
            stage,
            server.port(),
            &format!("{version} -sess_out {dir}/session"),
        )?
        .success()?;
        let line = format!("sess_id -in {dir}/session -noout -text");
        let printed = stage.under_test("openssl")?.words(&line).run()?;
        printed.success()?.prints(&format!("Protocol  : {name}"))?;
    }
    Ok(())
}
