//! Dovecot under the library, against curl and s_client on the system's.

use anyhow::Result;

use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::{Server, Stage};
use crate::tool::Finished;

const DOVECOT: Program = Program {
    name: "Dovecot",
    file: "dovecot",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(DOVECOT, "imaps_and_starttls", imaps_and_starttls),
    Scenario::new(DOVECOT, "certificate_required", certificate_required)
        .holds(&[Lesson::ClientWithoutCertificate, Lesson::ClientOfAStranger]),
    Scenario::new(DOVECOT, "excluded_versions", excluded_versions)
        .holds(&[Lesson::ExcludedVersion, Lesson::CipherStrings]),
    Scenario::new(DOVECOT, "server_names", server_names),
    Scenario::new(DOVECOT, "key_mismatch", key_mismatch)
        .holds(&[Lesson::KeyMismatch, Lesson::PassPhrases]),
];

/// Dovecot with IMAP over STARTTLS and over TLS from the start. Every user's password is `secret`.
pub(super) fn dovecot(stage: &Stage, ours: bool, settings: &str) -> Result<Server<2>> {
    stage.serve(|[starttls, imaps]| {
        // Started by Dovecot's master with an environment of its own.
        let variables = if ours { stage.variables() } else { Vec::new() };
        let environment: String = variables
            .iter()
            .map(|(name, value)| format!(" {name}={value}"))
            .collect();
        let (dir, pki) = (stage.dir(), stage.pki());
        let identity = match settings.lines().any(|line| line.starts_with("ssl_cert ")) {
            true => String::new(),
            false => format!("ssl_cert = <{pki}/rsa.pem\nssl_key = <{pki}/rsa.key\n"),
        };
        let text = format!(
            "base_dir = {dir}/r\nstate_dir = {dir}/r\nlog_path = /dev/stderr\nprotocols = imap\nlisten = 127.0.0.1\n\
             import_environment = TZ{environment}\nssl = required\n{identity}auth_verbose = yes\nverbose_ssl = yes\n\
             mail_location = maildir:{dir}/mail\nmail_uid = nobody\nmail_gid = nogroup\nfirst_valid_uid = 1\nfirst_valid_gid = 1\n\
             passdb {{\n driver = static\n args = password=secret\n}}\n\
             userdb {{\n driver = static\n args = uid=nobody gid=nogroup home={dir}\n}}\n\
             service imap-login {{\n chroot =\n inet_listener imap {{\n port = {starttls}\n }}\n inet_listener imaps {{\n port = {imaps}\n ssl = yes\n }}\n}}\n\
             {settings}\n"
        );
        let file = stage.write("dovecot.conf", &text)?;
        let tool = stage.under_test_if(ours, "dovecot")?;
        Ok(tool.words("-F -c").arg(file))
    })
}

fn curl(stage: &Stage, options: &str) -> Result<Finished> {
    let line = format!(
        "-sS --cacert {}/root.pem -u user:secret {options}",
        stage.pki()
    );
    stage.peer("curl")?.words(&line).run()
}

fn imaps_and_starttls(stage: &Stage) -> Result<()> {
    let server = dovecot(stage, true, "")?;
    let [starttls, imaps] = server.ports;
    let lines =
        (0..150_000).map(|n| format!("line {n} of a long message that is not compressed\r\n"));
    let message = format!(
        "From: a@here.test\r\nSubject: long\r\n\r\n{}",
        lines.collect::<String>()
    );
    let file = stage.write("message", &message)?;
    let first = format!("imaps://localhost:{imaps}/INBOX");
    let second = format!("--ssl-reqd imap://localhost:{starttls}/INBOX");
    for (uid, (to, from)) in (1..).zip([(&first, &second), (&second, &first)]) {
        for version in ["--tls-max 1.2", "--tlsv1.3"] {
            curl(stage, &format!("{version} -T {} {to}", file.display()))?.success()?;
        }
        let got = curl(stage, &format!("{from};UID={}", uid * 2))?;
        got.success()?.stdout_is(&message)?;
    }
    Ok(())
}

fn certificate_required(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    stage.write(
        "ca.pem",
        &(std::fs::read_to_string(format!("{pki}/chain.pem"))?
            + &std::fs::read_to_string(format!("{pki}/crls.pem"))?),
    )?;
    let server = dovecot(
        stage,
        true,
        &format!(
            "ssl_ca = <{}/ca.pem\nssl_verify_client_cert = yes\nauth_ssl_require_client_cert = yes",
            stage.dir()
        ),
    )?;
    let [_, imaps] = server.ports;
    for version in ["--tls-max 1.2", "--tlsv1.3"] {
        let list = |own: &str| {
            curl(
                stage,
                &format!("{version} {own} imaps://localhost:{imaps}/"),
            )
        };
        list(&format!("--cert {pki}/client-both.pem"))?
            .success()?
            .prints("INBOX")?;
        for refused in ["", "strange-client", "revoked"] {
            let own = match refused {
                "" => String::new(),
                own => format!("--cert {pki}/{own}-both.pem"),
            };
            list(&own)?.failure()?.prints_no("INBOX")?;
        }
    }
    Ok(())
}

fn excluded_versions(stage: &Stage) -> Result<()> {
    for (setting, good, bad) in [
        ("ssl_min_protocol = TLSv1.3", "-tls1_3", "-tls1_2"),
        (
            "ssl_cipher_list = ECDHE+AES256:!ECDSA\nssl_curve_list = P-384",
            "-tls1_2 -groups P-384",
            "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256",
        ),
        (
            "ssl_cipher_suites = TLS_AES_128_GCM_SHA256",
            "-tls1_3",
            "-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384",
        ),
    ] {
        let server = dovecot(stage, true, setting)?;
        let [starttls, imaps] = server.ports;
        let connect = |port: u16, options: &str| {
            let line = format!("s_client -connect localhost:{port} {options}");
            stage.peer("openssl")?.words(&line).run()
        };
        connect(imaps, good)?.success()?;
        connect(starttls, &format!("-starttls imap {good}"))?.success()?;
        connect(imaps, bad)?
            .code(1)?
            .prints("New, (NONE), Cipher is (NONE)")?;
        server.process.stop()?;
    }
    Ok(())
}

fn server_names(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let names: String = ["alpha", "beta"]
        .iter()
        .map(|name| format!("local_name {name}.test {{\n ssl_cert = <{pki}/{name}.pem\n ssl_key = <{pki}/{name}.key\n}}\n"))
        .collect();
    let connect = |imaps: u16, options: &str| {
        let line = format!("s_client -connect localhost:{imaps} {options}");
        stage.peer("openssl")?.words(&line).run()
    };
    let server = dovecot(stage, true, &names)?;
    for version in super::peers::VERSIONS {
        for name in ["alpha.test", "beta.test", "localhost"] {
            connect(server.ports[1], &format!("{version} -servername {name}"))?
                .success()?
                .prints(&format!("subject=CN = {name}"))?;
        }
    }
    server.process.stop()?;
    let both = dovecot(
        stage,
        true,
        &format!("ssl_alt_cert = <{pki}/ecdsa.pem\nssl_alt_key = <{pki}/ecdsa.key\n"),
    )?;
    for (cipher, signature) in [
        ("ECDHE-RSA-AES128-GCM-SHA256", "RSA-PSS"),
        ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDSA"),
    ] {
        connect(both.ports[1], &format!("-tls1_2 -cipher {cipher}"))?
            .success()?
            .prints(&format!("Peer signature type: {signature}"))?;
    }
    Ok(())
}

fn key_mismatch(stage: &Stage) -> Result<()> {
    // Dovecot reads them when the first client comes.
    let pki = stage.pki();
    for (identity, reason) in [
        (
            format!("ssl_cert = <{pki}/rsa.pem\nssl_key = <{pki}/client-rsa.key"),
            "Key is for a different cert than ssl_cert",
        ),
        (
            format!(
                "ssl_cert = <{pki}/rsa.pem\nssl_key = <{pki}/rsa-locked.key\nssl_key_password = wrong"
            ),
            "Couldn't parse private SSL key",
        ),
    ] {
        let server = dovecot(stage, true, &identity)?;
        let [_, imaps] = server.ports;
        let line = format!("s_client -connect localhost:{imaps}");
        let refused = stage.peer("openssl")?.words(&line).run()?;
        refused.code(1)?.prints_no("BEGIN CERTIFICATE")?;
        server.process.wait_for(reason)?;
        server.process.stop()?;
    }
    let server = dovecot(
        stage,
        true,
        &format!(
            "ssl_cert = <{pki}/rsa.pem\nssl_key = <{pki}/rsa-locked.key\nssl_key_password = secret"
        ),
    )?;
    let [_, imaps] = server.ports;
    let line = format!("s_client -connect localhost:{imaps}");
    stage.peer("openssl")?.words(&line).run()?.success()?;
    Ok(())
}
