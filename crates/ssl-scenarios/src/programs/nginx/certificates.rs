//! Certificates in nginx: of clients, of several names, of several kinds, and those that are refused.

use anyhow::Result;

use super::{VERSIONS, certificate, one, serve, test};
use crate::programs::peers::{self, CURL_VERSIONS, curl, s_client, url};
use crate::stage::Stage;

pub(super) fn certificate_required(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = one(
        stage,
        &format!(
            "ssl_verify_client on; ssl_verify_depth 3; ssl_client_certificate {pki}/root.pem;"
        ),
    )?;
    let tls = url(server.port(), "tls");
    for version in CURL_VERSIONS {
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

pub(super) fn certificate_optional(stage: &Stage) -> Result<()> {
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
    for version in CURL_VERSIONS {
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

pub(super) fn certificate_revoked(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = one(
        stage,
        &format!(
            "ssl_verify_client on; ssl_verify_depth 3; ssl_client_certificate {pki}/root.pem; ssl_crl {pki}/crls.pem;"
        ),
    )?;
    let tls = url(server.port(), "tls");
    for version in CURL_VERSIONS {
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

pub(super) fn key_mismatch(stage: &Stage) -> Result<()> {
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

pub(super) fn locked_key(stage: &Stage) -> Result<()> {
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

pub(super) fn server_names(stage: &Stage) -> Result<()> {
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
    for version in CURL_VERSIONS {
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

pub(super) fn certificates_by_variable(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = serve(stage, |[port]| {
        format!(
            "server {{ listen {port} ssl; {VERSIONS} ssl_certificate {pki}/$host_part.pem; ssl_certificate_key {pki}/$host_part.key; }}\n\
             map $ssl_server_name $host_part {{ alpha.test alpha; beta.test beta; default rsa; }}"
        )
    })?;
    for version in peers::VERSIONS {
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

pub(super) fn rsa_and_ecdsa(stage: &Stage) -> Result<()> {
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

pub(super) fn stapled_response(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = one(
        stage,
        &format!("ssl_stapling on; ssl_stapling_file {pki}/rsa.ocsp;"),
    )?;
    for version in peers::VERSIONS {
        s_client(stage, server.port(), &format!("{version} -status"))?
            .success()?
            .prints("Cert Status: good")?;
        s_client(stage, server.port(), version)?
            .success()?
            .prints_no("OCSP Response Status")?;
    }
    Ok(())
}
