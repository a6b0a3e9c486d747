//! Apache with mod_ssl under the library, against curl, s_client and nginx on the system's.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Result, ensure};

use super::peers::{CURL_VERSIONS, VERSIONS, curl, reconnects, s_client, url};
use super::site;
use crate::ports;
use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::{Server, Stage, is_root};
use crate::tool::{Finished, Tool, same_hash};

const APACHE: Program = Program {
    name: "Apache",
    file: "/usr/sbin/apache2",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(APACHE, "static_64_mib", static_64_mib)
        .holds(&[Lesson::NothingLeftInside, Lesson::AutoRetryCleared]),
    Scenario::new(APACHE, "slow_reader_of_50_mb", slow_reader).holds(&[Lesson::SentOnce]),
    Scenario::new(APACHE, "http2_64_mib", http2_64_mib),
    Scenario::new(APACHE, "certificate_required", certificate_required)
        .holds(&[Lesson::ClientWithoutCertificate, Lesson::ClientOfAStranger]),
    Scenario::new(APACHE, "certificate_optional", certificate_optional),
    Scenario::new(APACHE, "excluded_versions", excluded_versions).holds(&[Lesson::ExcludedVersion]),
    Scenario::new(APACHE, "cipher_strings", cipher_strings).holds(&[Lesson::CipherStrings]),
    Scenario::new(APACHE, "server_names", server_names),
    Scenario::new(APACHE, "rsa_and_ecdsa", rsa_and_ecdsa),
    Scenario::new(APACHE, "key_mismatch", key_mismatch).holds(&[Lesson::KeyMismatch]),
    Scenario::new(APACHE, "locked_key", locked_key).holds(&[Lesson::PassPhrases]),
    Scenario::new(APACHE, "resumption", resumption).holds(&[Lesson::SessionsResume]),
    Scenario::new(APACHE, "stapled_response", stapled_response),
    Scenario::new(APACHE, "upstream_64_mib", upstream_64_mib),
    Scenario::new(APACHE, "upstream_refused", upstream_refused).holds(&[
        Lesson::WrongAuthority,
        Lesson::WrongHost,
        Lesson::Expired,
    ]),
];

/// A forward proxy that is itself reached over TLS, on the system's library.
pub(super) fn proxy(stage: &Stage) -> Result<Server<1>> {
    let identity = identity(stage, "rsa");
    start(
        stage,
        |stage| stage.peer(APACHE.file),
        |[port]| {
            format!(
                "Listen {port} https\nSSLEngine on\n{identity}\
             ProxyRequests on\nAllowCONNECT 1-65535\n<Proxy *>\nRequire all granted\n</Proxy>\n"
            )
        },
    )
}

/// Starts an Apache with these settings, made for the ports it gets.
fn start<'a, const N: usize>(
    stage: &'a Stage,
    tool: impl Fn(&'a Stage) -> Result<Tool<'a>>,
    settings: impl Fn([u16; N]) -> String,
) -> Result<Server<N>> {
    stage.serve(|ports| {
        let file = stage.write("apache.conf", &configuration(stage, &settings(ports)))?;
        Ok(tool(stage)?.words("-D FOREGROUND -f").arg(file))
    })
}

/// One under the library, with the RSA certificate unless the settings name another.
fn one(stage: &Stage, settings: &str) -> Result<Server<1>> {
    let identity = match settings.contains("SSLCertificateFile") {
        true => String::new(),
        false => identity(stage, "rsa"),
    };
    start(
        stage,
        |stage| stage.under_test(APACHE.file),
        |[port]| format!("Listen {port}\nSSLEngine on\n{identity}{settings}\n"),
    )
}

fn identity(stage: &Stage, name: &str) -> String {
    let pki = stage.pki();
    format!("SSLCertificateFile {pki}/{name}.pem\nSSLCertificateKeyFile {pki}/{name}.key\n")
}

fn configuration(stage: &Stage, settings: &str) -> String {
    let (dir, data) = (stage.dir(), stage.data());
    let modules: String = MODULES
        .iter()
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .collect();
    let user = if is_root() {
        "User www-data\nGroup www-data\n"
    } else {
        ""
    };
    format!(
        "ServerRoot {dir}\nDefaultRuntimeDir {dir}\nPidFile {dir}/apache.pid\nServerName localhost\n{modules}{user}\
         Mutex file:{dir}\nErrorLog {dir}/error.log\nLogLevel info\nDocumentRoot {data}\nStartServers 1\nServerLimit 1\nThreadsPerChild 25\nMaxRequestWorkers 25\n\
         Header always set X-Tls \"%{{SSL_PROTOCOL}}s %{{SSL_CIPHER}}s resumed=%{{SSL_SESSION_RESUMED}}s \
         client=%{{SSL_CLIENT_VERIFY}}s %{{SSL_CLIENT_S_DN_CN}}s name=%{{SSL_TLS_SNI}}s\"\n\
         <Directory {data}>\nRequire all granted\n</Directory>\nSSLSessionCache shmcb:{dir}/sessions(512000)\n{settings}"
    )
}

/// What the server tells about the connection, in a header.
fn tell(stage: &Stage, options: &str, port: u16) -> Result<Finished> {
    curl(
        stage,
        &format!("-D - -o got {options} {}", url(port, "1k.bin")),
    )
}

fn static_64_mib(stage: &Stage) -> Result<()> {
    let (server, payload) = (one(stage, "")?, stage.payload("64m.bin")?);
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
    let (server, payload) = (
        one(stage, "EnableMMAP off\nEnableSendfile off")?,
        stage.payload("50m.bin")?,
    );
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
        one(stage, "Protocols h2 http/1.1")?,
        stage.payload("64m.bin")?,
    );
    let (dir, small) = (stage.dir(), stage.payload("1m.bin")?);
    curl(stage, &format!("--http2 {}", url(server.port(), "64m.bin")))?
        .success()?
        .stdout_hash(&payload.sha256)?;
    let many = url(server.port(), "1m.bin?[1-20]");
    curl(stage, &format!("--http2 --parallel -o {dir}/got-#1 {many}"))?.success()?;
    for number in 1..=20 {
        same_hash(format!("{dir}/got-{number}").as_ref(), &small.sha256)?;
    }
    s_client(stage, server.port(), "-alpn h2,http/1.1 -no_ign_eof")?.prints("ALPN protocol: h2")?;
    Ok(())
}

fn certificate_required(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = one(
        stage,
        &format!(
            "SSLVerifyClient require\nSSLVerifyDepth 3\nSSLCACertificateFile {pki}/root.pem\n\
             SSLCARevocationFile {pki}/crls.pem\nSSLCARevocationCheck chain"
        ),
    )?;
    for version in CURL_VERSIONS {
        for name in ["client", "client-rsa"] {
            tell(
                stage,
                &format!("{version} --cert {pki}/{name}-both.pem"),
                server.port(),
            )?
            .success()?
            .prints(&format!("client=SUCCESS {name} "))?;
        }
        for refused in [
            String::new(),
            format!("--cert {pki}/strange-client-both.pem"),
            format!("--cert {pki}/revoked-both.pem"),
        ] {
            tell(stage, &format!("{version} {refused}"), server.port())?
                .failure()?
                .prints_no("HTTP/1.1")?
                .prints(" alert ")?;
        }
    }
    s_client(stage, server.port(), "-tls1_2")?
        .prints("Acceptable client certificate CA names\nCN = Scenario Root")?;
    Ok(())
}

fn certificate_optional(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = one(stage, "SSLVerifyClient optional_no_ca\nSSLVerifyDepth 3")?;
    for version in CURL_VERSIONS {
        tell(stage, version, server.port())?
            .success()?
            .prints("client=NONE")?;
        let strange = format!("{version} --cert {pki}/strange-client-both.pem");
        tell(stage, &strange, server.port())?
            .success()?
            .prints(" client name=localhost")?
            .prints_no("client=SUCCESS")?;
    }
    Ok(())
}

fn excluded_versions(stage: &Stage) -> Result<()> {
    for (setting, good, bad) in [
        ("SSLProtocol TLSv1.3", CURL_VERSIONS[1], CURL_VERSIONS[0]),
        (
            "SSLProtocol all -TLSv1.3",
            CURL_VERSIONS[0],
            CURL_VERSIONS[1],
        ),
    ] {
        let server = one(stage, setting)?;
        tell(stage, good, server.port())?.success()?;
        tell(stage, bad, server.port())?
            .code(35)?
            .prints("alert protocol version")?;
        server.process.stop()?;
    }
    Ok(())
}

fn cipher_strings(stage: &Stage) -> Result<()> {
    let server = one(
        stage,
        "SSLHonorCipherOrder on\nSSLCipherSuite HIGH:!aNULL:!AES128:!CHACHA20\n\
         SSLCipherSuite TLSv1.3 TLS_CHACHA20_POLY1305_SHA256\nSSLOpenSSLConfCmd Groups P-384",
    )?;
    s_client(stage, server.port(), "-tls1_2")?
        .success()?
        .prints("Cipher is ECDHE-RSA-AES256-GCM-SHA384")?
        .prints("Server Temp Key: ECDH, secp384r1")?;
    s_client(stage, server.port(), "-tls1_3")?
        .success()?
        .prints("Cipher is TLS_CHACHA20_POLY1305_SHA256")?;
    s_client(
        stage,
        server.port(),
        "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256",
    )?
    .code(1)?;
    fails(stage, "SSLCipherSuite NOPE", "no cipher match")?;
    fails(stage, "SSLOpenSSLConfCmd Nope yes", "Nope")
}

/// Apache does not start with these settings, and says why.
fn fails(stage: &Stage, settings: &str, reason: &str) -> Result<()> {
    let identity = match settings.contains("SSLCertificateFile") {
        true => String::new(),
        false => identity(stage, "rsa"),
    };
    let [port] = ports::free();
    let text = format!("Listen 127.0.0.1:{port}\nSSLEngine on\n{identity}{settings}\n");
    // Beside a server that may still run.
    let text = configuration(stage, &text)
        .replace("/apache.pid", "/fails.pid")
        .replace("/error.log", "/fails.log");
    let file = stage.write("fails.conf", &text)?;
    let tool = stage
        .under_test(APACHE.file)?
        .words("-D FOREGROUND -f")
        .arg(file);
    let output = tool.run()?.failure()?.output();
    let log = output + &stage.read("fails.log").unwrap_or_default();
    ensure!(log.contains(reason), "it did not say: {reason}");
    Ok(())
}

fn server_names(stage: &Stage) -> Result<()> {
    let server = start(
        stage,
        |stage| stage.under_test(APACHE.file),
        |[port]| {
            let host = |name: &str, identity: &str| {
                format!(
                    "<VirtualHost *:{port}>\nServerName {name}\nSSLEngine on\n{identity}</VirtualHost>\n"
                )
            };
            format!("Listen {port}\nSSLStrictSNIVHostCheck off\n")
                + &host("localhost", &identity(stage, "rsa"))
                + &host("alpha.test", &identity(stage, "alpha"))
                + &host("beta.test", &identity(stage, "beta"))
        },
    )?;
    let port = server.port();
    for version in CURL_VERSIONS {
        for name in ["localhost", "alpha.test", "beta.test"] {
            let page = format!("https://{name}:{port}/1k.bin");
            let options = format!("{version} --resolve {name}:{port}:127.0.0.1 -D - -o got");
            curl(stage, &format!("{options} {page}"))?
                .success()?
                .prints(&format!("name={name}"))?;
        }
    }
    Ok(())
}

fn rsa_and_ecdsa(stage: &Stage) -> Result<()> {
    let server = one(stage, &(identity(stage, "rsa") + &identity(stage, "ecdsa")))?;
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

fn key_mismatch(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    for (name, key) in [("rsa", "client-rsa"), ("ecdsa", "alpha")] {
        let pair =
            format!("SSLCertificateFile {pki}/{name}.pem\nSSLCertificateKeyFile {pki}/{key}.key");
        fails(stage, &pair, "AH02565: Certificate and private key")?;
    }
    Ok(())
}

fn locked_key(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let says = |name: &str, phrase: &str| -> Result<String> {
        let script = stage.write(name, &format!("#!/bin/sh\necho {phrase}\n"))?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
        Ok(format!("SSLPassPhraseDialog exec:{}\n", script.display()))
    };
    let locked =
        format!("SSLCertificateFile {pki}/rsa.pem\nSSLCertificateKeyFile {pki}/rsa-locked.key\n");
    fails(
        stage,
        &(says("wrong", "wrong")? + &locked),
        "AH02564: Failed to configure encrypted (?) private key",
    )?;
    let server = one(stage, &(says("right", "secret")? + &locked))?;
    tell(stage, "", server.port())?.success()?;
    Ok(())
}

fn resumption(stage: &Stage) -> Result<()> {
    let key = stage.write("tickets", &"k".repeat(48))?;
    for settings in [
        "SSLSessionTickets off".to_owned(),
        "SSLSessionTickets on".to_owned(),
        format!("SSLSessionTicketKeyFile {}", key.display()),
    ] {
        let server = one(stage, &settings)?;
        for version in VERSIONS {
            reconnects(stage, server.port(), version)?.prints("Reused, TLSv1")?;
        }
        server.process.stop()?;
    }
    Ok(())
}

fn stapled_response(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let responder = stage.serve(|[port]| {
        Ok(stage.peer("openssl")?.words(&format!(
            "ocsp -port {port} -index {pki}/index.txt -CA {pki}/intermediate.pem -rsigner {pki}/intermediate.pem \
             -rkey {pki}/intermediate.key -ndays 1"
        )))
    })?;
    let server = one(
        stage,
        &format!(
            "SSLUseStapling on\nSSLStaplingCache shmcb:{}/stapling(128000)\nSSLStaplingForceURL http://127.0.0.1:{}/",
            stage.dir(),
            responder.port()
        ),
    )?;
    for version in VERSIONS {
        s_client(stage, server.port(), &format!("{version} -status"))?
            .success()?
            .prints("Cert Status: good")?;
    }
    Ok(())
}

/// Apache under the library in front of a server of the site on the system's.
fn in_front(stage: &Stage, upstream: u16, settings: &str) -> Result<Server<1>> {
    one(
        stage,
        &format!(
            "SSLProxyEngine on\nSSLProxyVerify require\nSSLProxyVerifyDepth 3\nProxyPass / https://localhost:{upstream}/\n{settings}"
        ),
    )
}

fn upstream_64_mib(stage: &Stage) -> Result<()> {
    let (site, payload, pki) = (site::start(stage)?, stage.payload("64m.bin")?, stage.pki());
    let trust = format!("SSLProxyCACertificateFile {pki}/root.pem");
    for upstream in [site.tls12(), site.tls13()] {
        let server = in_front(stage, upstream, &trust)?;
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
        fs::remove_file(arrived)?;
        server.process.stop()?;
    }
    let file = |name: &str| fs::read_to_string(format!("{pki}/{name}"));
    let both = stage.write(
        "client-both.pem",
        &(file("client-leaf.pem")? + &file("client.key")?),
    )?;
    let own = format!(
        "{trust}\nSSLProxyMachineCertificateFile {}\nSSLProxyMachineCertificateChainFile {pki}/intermediate.pem",
        both.display()
    );
    let server = in_front(stage, site.mutual(), &own)?;
    curl(stage, &url(server.port(), "who"))?
        .success()?
        .stdout_is("CN=client")?;
    Ok(())
}

fn upstream_refused(stage: &Stage) -> Result<()> {
    let (site, pki) = (site::start(stage)?, stage.pki());
    for (authority, upstream) in [
        ("stranger", site.tls12()),
        ("stranger", site.tls13()),
        ("root", site.expired()),
        ("root", site.wrong_host()),
    ] {
        let trust = format!("SSLProxyCACertificateFile {pki}/{authority}.pem");
        let server = in_front(stage, upstream, &trust)?;
        curl(stage, &url(server.port(), "1k.bin"))?
            .code(22)?
            .prints("error: 50")?;
        server.process.stop()?;
    }
    Ok(())
}

const MODULES: &[&str] = &[
    "mpm_event",
    "authz_core",
    "ssl",
    "socache_shmcb",
    "http2",
    "proxy",
    "proxy_connect",
    "proxy_http",
    "headers",
];
