//! Proxies with a few scenarios each: hitch, nghttpx, Squid and pgbouncer, between clients and servers on the
//! system's library.

use anyhow::Result;

use super::peers::{CURL_VERSIONS, curl, reconnects, s_client, url};
use super::postgresql::{Cluster, own_key, psql};
use super::site;
use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::{Server, Stage, is_root};
use crate::tool::same_hash;

const HITCH: Program = Program {
    name: "hitch",
    file: "hitch",
};

const NGHTTPX: Program = Program {
    name: "nghttpx",
    file: "nghttpx",
};

const SQUID: Program = Program {
    name: "Squid",
    file: "squid",
};

const PGBOUNCER: Program = Program {
    name: "pgbouncer",
    file: "pgbouncer",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(HITCH, "terminates_64_mib", hitch_64_mib).holds(&[Lesson::SentOnce]),
    Scenario::new(HITCH, "certificate_required", hitch_certificate_required)
        .holds(&[Lesson::ClientWithoutCertificate, Lesson::ClientOfAStranger]),
    Scenario::new(NGHTTPX, "reencrypts_64_mib", nghttpx_64_mib),
    Scenario::new(NGHTTPX, "certificates", nghttpx_certificates).holds(&[
        Lesson::ClientWithoutCertificate,
        Lesson::ClientOfAStranger,
        Lesson::WrongAuthority,
    ]),
    Scenario::new(SQUID, "reencrypts_64_mib", squid_64_mib),
    Scenario::new(SQUID, "certificates", squid_certificates).holds(&[
        Lesson::ClientWithoutCertificate,
        Lesson::ClientOfAStranger,
        Lesson::WrongAuthority,
    ]),
    Scenario::new(PGBOUNCER, "both_sides", pgbouncer_both_sides),
    Scenario::new(PGBOUNCER, "certificates", pgbouncer_certificates).holds(&[
        Lesson::ClientWithoutCertificate,
        Lesson::ClientOfAStranger,
        Lesson::WrongAuthority,
    ]),
];

/// hitch in front of a plain nginx.
fn hitch(stage: &Stage, settings: &str) -> Result<Server<1>> {
    let web = site::plain(stage)?;
    stage.serve(|[port]| {
        let (dir, pki) = (stage.dir(), stage.pki());
        stage.write("identity.pem", &std::fs::read_to_string(format!("{pki}/rsa-both.pem"))?)?;
        let user = if is_root() { "user = \"nobody\"\ngroup = \"nogroup\"\n" } else { "" };
        let text = format!(
            "frontend = \"[127.0.0.1]:{port}\"\nbackend = \"[127.0.0.1]:{}\"\npem-file = \"{dir}/identity.pem\"\n\
             daemon = off\nworkers = 1\nsyslog = off\nlog-level = 1\n{user}{settings}\n",
            web.port()
        );
        let file = stage.write("hitch.conf", &text)?;
        Ok(stage.under_test("hitch")?.arg(format!("--config={}", file.display())))
    })
}

fn hitch_64_mib(stage: &Stage) -> Result<()> {
    let (server, payload) = (
        hitch(stage, "alpn-protos = \"http/1.1\"")?,
        stage.payload("64m.bin")?,
    );
    for version in CURL_VERSIONS {
        curl(
            stage,
            &format!("{version} {}", url(server.port(), "64m.bin")),
        )?
        .success()?
        .stdout_hash(&payload.sha256)?;
        let (target, data) = (url(server.port(), "upload/file"), stage.data());
        curl(stage, &format!("{version} -T {data}/10m.bin {target}"))?.success()?;
        let arrived = format!("{}/upload/file", stage.dir());
        same_hash(arrived.as_ref(), &stage.payload("10m.bin")?.sha256)?;
        std::fs::remove_file(arrived)?;
    }
    let slow = format!("--limit-rate 60M {}", url(server.port(), "50m.bin"));
    let expected = &stage.payload("50m.bin")?.sha256;
    curl(stage, &slow)?.success()?.stdout_hash(expected)?;
    reconnects(stage, server.port(), "-tls1_2")?.prints("Reused, TLSv1")?;
    s_client(stage, server.port(), "-alpn http/1.1")?.prints("ALPN protocol: http/1.1")?;
    Ok(())
}

fn hitch_certificate_required(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let settings = format!(
        "client-verify = required\nclient-verify-ca = \"{pki}/chain.pem\"\ntls-protos = TLSv1.2 TLSv1.3"
    );
    let server = hitch(stage, &settings)?;
    for version in CURL_VERSIONS {
        let get = |own: &str| {
            curl(
                stage,
                &format!("{version} {own} {}", url(server.port(), "1k.bin -o got")),
            )
        };
        get(&format!("--cert {pki}/client-both.pem"))?.success()?;
        get(&format!("--cert {pki}/strange-client-both.pem"))?.failure()?;
        get("")?.failure()?;
    }
    Ok(())
}

/// nghttpx with these options, in front of a server of the site.
fn nghttpx(stage: &Stage, upstream: u16, options: &str) -> Result<Server<1>> {
    let pki = stage.pki();
    stage.serve(|[port]| {
        let backend = format!("--backend=127.0.0.1,{upstream};;tls;sni=localhost;proto=h2");
        Ok(stage
            .under_test("nghttpx")?
            .words(&format!("-f 127.0.0.1,{port} --no-ocsp --workers 2 --conf=/dev/null --errorlog-file=/dev/stderr"))
            .arg(backend)
            .words(&format!("{options} {pki}/rsa.key {pki}/rsa.pem")))
    })
}

fn nghttpx_64_mib(stage: &Stage) -> Result<()> {
    let (site, payload, pki) = (site::start(stage)?, stage.payload("64m.bin")?, stage.pki());
    let server = nghttpx(
        stage,
        site.port(),
        &format!("--cacert={pki}/root.pem --subcert={pki}/ecdsa.key:{pki}/ecdsa.pem"),
    )?;
    for options in ["--http2 --tlsv1.3", "--http1.1 --tls-max 1.2"] {
        curl(
            stage,
            &format!("{options} {}", url(server.port(), "64m.bin")),
        )?
        .success()?
        .stdout_hash(&payload.sha256)?;
    }
    for version in super::peers::VERSIONS {
        reconnects(stage, server.port(), version)?.prints("Reused, TLSv1")?;
    }
    s_client(
        stage,
        server.port(),
        "-tls1_2 -servername localhost -cipher ECDHE-ECDSA-AES128-GCM-SHA256",
    )?
    .prints("Peer signature type: ECDSA")?;
    Ok(())
}

fn nghttpx_certificates(stage: &Stage) -> Result<()> {
    let (site, pki) = (site::start(stage)?, stage.pki());
    let demand =
        format!("--cacert={pki}/root.pem --verify-client --verify-client-cacert={pki}/chain.pem");
    let server = nghttpx(stage, site.port(), &demand)?;
    for version in CURL_VERSIONS {
        let get = |own: &str| {
            curl(
                stage,
                &format!("{version} {own} {}", url(server.port(), "1k.bin -o got")),
            )
        };
        get(&format!("--cert {pki}/client-both.pem"))?.success()?;
        get(&format!("--cert {pki}/strange-client-both.pem"))?.failure()?;
        get("")?.failure()?;
    }
    for (authority, upstream) in [
        ("stranger", site.port()),
        ("root", site.expired()),
        ("root", site.wrong_host()),
    ] {
        let server = nghttpx(stage, upstream, &format!("--cacert={pki}/{authority}.pem"))?;
        curl(stage, &url(server.port(), "1k.bin"))?
            .code(22)?
            .prints("error: 50")?;
        server.process.stop()?;
    }
    Ok(())
}

/// Squid as a reverse proxy for a server of the site.
fn squid(stage: &Stage, upstream: u16, authority: &str, settings: &str) -> Result<Server<1>> {
    stage.serve(|[port]| {
        let (dir, pki) = (stage.dir(), stage.pki());
        let user = if is_root() { "cache_effective_user proxy\n" } else { "" };
        let text = format!(
            "https_port 127.0.0.1:{port} accel defaultsite=localhost tls-cert={pki}/rsa.pem tls-key={pki}/rsa.key {settings}\n\
             cache_peer localhost parent {upstream} 0 no-query originserver tls tls-cafile={pki}/{authority}.pem tls-default-ca=off ssldomain=localhost name=site\n\
             http_access allow all\ncache deny all\npid_filename {dir}/squid.pid\ncache_log {dir}/cache.log\naccess_log none\n\
             cache_store_log none\ncoredump_dir {dir}\nvisible_hostname localhost\nshutdown_lifetime 0 seconds\n\
             pinger_enable off\nnetdb_filename none\nlogfile_rotate 0\nmax_filedescriptors 1024\n{user}"
        );
        let file = stage.new_file("squid", "conf");
        std::fs::write(&file, text)?;
        Ok(stage.under_test("squid")?.words("-N -d 1 -f").arg(file))
    })
}

fn squid_64_mib(stage: &Stage) -> Result<()> {
    let (site, payload) = (site::start(stage)?, stage.payload("64m.bin")?);
    for (upstream, version) in [
        (site.tls12(), CURL_VERSIONS[1]),
        (site.tls13(), CURL_VERSIONS[0]),
    ] {
        let server = squid(stage, upstream, "root", "")?;
        curl(
            stage,
            &format!("--http1.1 {version} {}", url(server.port(), "64m.bin")),
        )?
        .success()?
        .stdout_hash(&payload.sha256)?;
        reconnects(stage, server.port(), "-tls1_2")?.prints("Reused, TLSv1")?;
        server.process.stop()?;
    }
    Ok(())
}

fn squid_certificates(stage: &Stage) -> Result<()> {
    let (site, pki) = (site::start(stage)?, stage.pki());
    let demand = format!("clientca={pki}/root.pem tls-cafile={pki}/chain.pem");
    let server = squid(stage, site.port(), "root", &demand)?;
    for version in CURL_VERSIONS {
        let get = |own: &str| {
            curl(
                stage,
                &format!(
                    "--http1.1 {version} {own} {}",
                    url(server.port(), "1k.bin -o got")
                ),
            )
        };
        get(&format!("--cert {pki}/client-both.pem"))?.success()?;
        get(&format!("--cert {pki}/strange-client-both.pem"))?.failure()?;
        get("")?.failure()?;
    }
    server.process.stop()?;
    for (authority, upstream) in [
        ("stranger", site.port()),
        ("root", site.expired()),
        ("root", site.wrong_host()),
    ] {
        let server = squid(stage, upstream, authority, "")?;
        curl(
            stage,
            &format!("--http1.1 {}", url(server.port(), "1k.bin")),
        )?
        .code(22)?
        .prints("error: 50")?;
        server.process.stop()?;
    }
    Ok(())
}

/// pgbouncer between psql and PostgreSQL.
fn pgbouncer(stage: &Stage, upstream: u16, settings: &str) -> Result<Server<1>> {
    stage.serve(|[port]| {
        let (dir, pki) = (stage.dir(), stage.pki());
        stage.write("users", "\"admin\" \"\"\n\"client\" \"\"\n")?;
        let text = format!(
            "[databases]\npostgres = host=localhost port={upstream}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = trust\nauth_file = {dir}/users\nserver_login_retry = 1\nclient_login_timeout = 3\nignore_startup_parameters = extra_float_digits\n\
             client_tls_sslmode = require\nclient_tls_cert_file = {pki}/rsa.pem\nclient_tls_key_file = {pki}/rsa.key\n\
             server_tls_sslmode = verify-full\n{settings}\n"
        );
        let file = stage.write("pgbouncer.ini", &text)?;
        Ok(stage.under_test_as("postgres", "pgbouncer")?.arg(file))
    })
}

fn pgbouncer_both_sides(stage: &Stage) -> Result<()> {
    let (cluster, pki) = (Cluster::create(stage)?, stage.pki());
    let database = cluster.serve(false, &[])?;
    let server = pgbouncer(
        stage,
        database.port(),
        &format!("server_tls_ca_file = {pki}/root.pem"),
    )?;
    let verified = format!("sslmode=verify-full sslrootcert={pki}/root.pem");
    for version in ["TLSv1.2", "TLSv1.3"] {
        let connection = format!("{verified} ssl_max_protocol_version={version}");
        let row = "SELECT repeat('0123456789', 300000)";
        let expected = "0123456789".repeat(300_000) + "\n";
        psql(stage, false, server.port(), &connection, row)?
            .success()?
            .stdout_is(&expected)?;
    }
    Ok(())
}

fn pgbouncer_certificates(stage: &Stage) -> Result<()> {
    let (cluster, pki) = (Cluster::create(stage)?, stage.pki());
    let database = cluster.serve(false, &[])?;
    let demand = format!(
        "server_tls_ca_file = {pki}/root.pem\nclient_tls_ca_file = {pki}/chain.pem\nclient_tls_sslmode = verify-full"
    );
    let server = pgbouncer(stage, database.port(), &demand)?;
    for name in ["client", "strange-client"] {
        let own = own_key(stage, name)?;
        let connection = format!("sslmode=require sslcert={pki}/{name}.pem sslkey={own}");
        let finished = psql(stage, false, server.port(), &connection, "SELECT 41 + 1")?;
        match name {
            "client" => finished.success()?.stdout_is("42\n")?,
            _ => finished.code(2)?.stdout_is("")?,
        };
    }
    psql(stage, false, server.port(), "sslmode=require", "SELECT 1")?.code(2)?;
    server.process.stop()?;
    let trust = format!("server_tls_ca_file = {pki}/stranger.pem");
    let server = pgbouncer(stage, database.port(), &trust)?;
    let finished = psql(stage, false, server.port(), "sslmode=require", "SELECT 1")?;
    finished.code(2)?.stdout_is("")?;
    server.process.wait_for("certificate verify failed")
}
