//! More servers: ProFTPD, rsyslog, MariaDB, memcached and nghttpd.

use std::fs;

use anyhow::{Result, ensure};
use ssl_testkit::digest;

use super::peers::{CURL_VERSIONS, VERSIONS, curl, s_client, url};
use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::{Server, Stage, is_root};
use crate::tool::same_hash;

const PROFTPD: Program = Program {
    name: "ProFTPD",
    file: "proftpd",
};

const RSYSLOG: Program = Program {
    name: "rsyslog",
    file: "rsyslogd",
};

const MARIADB: Program = Program {
    name: "MariaDB",
    file: "mariadbd",
};

const MEMCACHED: Program = Program {
    name: "memcached",
    file: "memcached",
};

const NGHTTPD: Program = Program {
    name: "nghttpd",
    file: "nghttpd",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(PROFTPD, "files_of_64_mib", proftpd_files).holds(&[Lesson::SessionsResume]),
    Scenario::new(
        PROFTPD,
        "certificate_required",
        proftpd_certificate_required,
    )
    .holds(&[Lesson::ClientWithoutCertificate, Lesson::ClientOfAStranger]),
    Scenario::new(RSYSLOG, "forwards", rsyslog_forwards),
    Scenario::new(RSYSLOG, "refuses", rsyslog_refuses).holds(&[
        Lesson::WrongAuthority,
        Lesson::ClientWithoutCertificate,
        Lesson::ClientOfAStranger,
    ]),
    Scenario::new(MARIADB, "rows", mariadb_rows).holds(&[
        Lesson::ClientWithoutCertificate,
        Lesson::ClientOfAStranger,
        Lesson::ExcludedVersion,
    ]),
    Scenario::new(MEMCACHED, "values", memcached_values).holds(&[Lesson::SentOnce]),
    Scenario::new(
        MEMCACHED,
        "certificate_required",
        memcached_certificate_required,
    )
    .holds(&[Lesson::ClientWithoutCertificate, Lesson::ClientOfAStranger]),
    Scenario::new(NGHTTPD, "static_64_mib", nghttpd_static),
];

fn proftpd(stage: &Stage, settings: &str) -> Result<Server<1>> {
    ensure!(
        is_root(),
        "ProFTPD becomes other users, which is for root only"
    );
    let (dir, pki) = (stage.dir(), stage.pki());
    // Password: secret.
    let hash = stage
        .peer("openssl")?
        .words("passwd -6 secret")
        .run()?
        .success()?
        .stdout();
    fs::create_dir_all(format!("{dir}/files"))?;
    stage
        .peer("chown")?
        .words(&format!("nobody {dir}/files"))
        .run()?
        .success()?;
    // It takes no file of its own from a folder where others can write.
    let users = stage.write(
        "run/users",
        &format!("user:{}:65534:65534::{dir}/files:/bin/sh\n", hash.trim()),
    )?;
    fs::set_permissions(&users, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    stage.serve(|[port]| {
        let text = format!(
            "ModulePath /usr/lib/proftpd\nLoadModule mod_tls.c\nServerType standalone\nServerName scenario\nPort {port}\n\
             DefaultAddress 127.0.0.1\nUseIPv6 off\nUser nobody\nGroup nogroup\nPidFile {dir}/run/pid\nScoreboardFile {dir}/run/scoreboard\n\
             DelayEngine off\nUseReverseDNS off\nRequireValidShell off\nAuthUserFile {dir}/run/users\nAuthOrder mod_auth_file.c\n\
             SystemLog {dir}/run/system.log\nTransferLog none\nWtmpLog off\nAllowOverwrite on\nUmask 022\n<IfModule mod_tls.c>\n\
             TLSEngine on\nTLSRequired on\nTLSLog {dir}/run/tls.log\nTLSRSACertificateFile {pki}/rsa.pem\nTLSRSACertificateKeyFile {pki}/rsa.key\nTLSCertificateChainFile {pki}/intermediate.pem\n\
             TLSProtocol TLSv1.2 TLSv1.3\n{settings}\n</IfModule>\n"
        );
        let file = stage.write("proftpd.conf", &text)?;
        Ok(stage.under_test_unlogged("proftpd")?.words("-n -q -c").arg(file))
    })
}

fn proftpd_files(stage: &Stage) -> Result<()> {
    // The data connection has to resume the session of the control connection, or it is refused.
    let (server, payload) = (
        proftpd(stage, "TLSVerifyClient off")?,
        stage.payload("64m.bin")?,
    );
    let (data, pki) = (stage.data(), stage.pki());
    for version in CURL_VERSIONS {
        let options = format!("-sS --ssl-reqd -u user:secret --cacert {pki}/root.pem {version}");
        let to = format!("ftp://localhost:{}/file", server.port());
        let sent = stage
            .peer("curl")?
            .words(&format!("{options} -T {data}/64m.bin {to}"))
            .run()?;
        sent.success()?;
        let arrived = format!("{}/files/file", stage.dir());
        same_hash(arrived.as_ref(), &payload.sha256)?;
        let got = stage
            .peer("curl")?
            .words(&format!("{options} {to}"))
            .run()?;
        got.success()?.stdout_hash(&payload.sha256)?;
    }
    Ok(())
}

fn proftpd_certificate_required(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = proftpd(
        stage,
        &format!("TLSVerifyClient on\nTLSCACertificateFile {pki}/chain.pem\nTLSVerifyDepth 3"),
    )?;
    for version in CURL_VERSIONS {
        let list = |own: &str| {
            let line = format!(
                "-sS --ssl-reqd -u user:secret --cacert {pki}/root.pem {version} {own} ftp://localhost:{}/",
                server.port()
            );
            stage.peer("curl")?.words(&line).run()
        };
        list(&format!("--cert {pki}/client-both.pem"))?.success()?;
        list(&format!("--cert {pki}/strange-client-both.pem"))?.failure()?;
        list("")?.failure()?;
    }
    Ok(())
}

/// rsyslog that writes what it gets to `received`, and one that sends to it what a socket tells it.
fn rsyslog(
    stage: &Stage,
    ours: bool,
    name: &str,
    identity: &str,
    authority: &str,
    body: &str,
) -> Result<crate::tool::Running> {
    let (pki, dir) = (stage.pki(), stage.dir());
    let own = match identity {
        "" => String::new(),
        own => format!(
            "defaultNetstreamDriverCertFile=\"{pki}/{own}.pem\" defaultNetstreamDriverKeyFile=\"{pki}/{own}.key\""
        ),
    };
    let text = format!(
        "global(workDirectory=\"{dir}\" defaultNetstreamDriver=\"ossl\" defaultNetstreamDriverCAFile=\"{pki}/{authority}.pem\" {own})\n{body}\n"
    );
    let file = stage.write(&format!("{name}.conf"), &text)?;
    let tool = stage.under_test_if(ours, "rsyslogd")?;
    tool.words(&format!("-n -i {dir}/{name}.pid -f"))
        .arg(file)
        .start()
}

fn receiver(stage: &Stage, ours: bool, port: u16) -> Result<crate::tool::Running> {
    let body = format!(
        "module(load=\"imtcp\" streamdriver.name=\"ossl\" streamdriver.mode=\"1\" streamdriver.authmode=\"x509/name\" permittedpeer=[\"client\"])\n\
         input(type=\"imtcp\" port=\"{port}\" address=\"127.0.0.1\")\n\
         template(name=\"bare\" type=\"string\" string=\"%msg%\\n\")\nif $programname == \"scenario\" then action(type=\"omfile\" file=\"{}/received\" template=\"bare\")",
        stage.dir()
    );
    rsyslog(stage, ours, "receiver", "rsa", "chain", &body)
}

fn sender(
    stage: &Stage,
    ours: bool,
    port: u16,
    identity: &str,
    authority: &str,
) -> Result<crate::tool::Running> {
    let body = format!(
        "module(load=\"imfile\")\ninput(type=\"imfile\" file=\"{}/lines\" tag=\"scenario\" readTimeout=\"0\" freshStartTail=\"off\")\n\
         if $programname == \"scenario\" then action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{port}\" protocol=\"tcp\" streamdriver=\"ossl\" streamdrivermode=\"1\"\n\
         streamdriverauthmode=\"x509/name\" streamdriverpermittedpeers=\"localhost\" action.resumeRetryCount=\"-1\" action.resumeInterval=\"1\")",
        stage.dir()
    );
    rsyslog(stage, ours, "sender", identity, authority, &body)
}

fn lines(count: usize) -> String {
    (0..count)
        .map(|n| format!("line {n} {}\n", "x".repeat(n % 700)))
        .collect()
}

fn rsyslog_forwards(stage: &Stage) -> Result<()> {
    for ours in [true, false] {
        let [port] = crate::ports::free();
        stage.write("lines", &lines(4000))?;
        let receiver = receiver(stage, ours, port)?;
        let sender = sender(stage, !ours, port, "client", "chain")?;
        receiver.wait_until("all lines", || {
            Ok(stage.read("received").unwrap_or_default().lines().count() >= 4000)
        })?;
        let received: String = stage
            .read("received")?
            .lines()
            .map(|line| format!("{}\n", line.trim_start()))
            .collect();
        ensure!(received == lines(4000), "the lines arrived changed");
        sender.stop()?;
        receiver.stop()?;
        forget(stage)?;
    }
    Ok(())
}

/// Removes what arrived and what the sender knows to have sent.
fn forget(stage: &Stage) -> Result<()> {
    for entry in fs::read_dir(stage.dir())?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == "received" || name.starts_with("imfile-state") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn rsyslog_refuses(stage: &Stage) -> Result<()> {
    for (receiver_is_ours, identity, authority) in [
        (true, "strange-client", "chain"),
        (true, "", "chain"),
        (false, "client", "stranger"),
    ] {
        let [port] = crate::ports::free();
        stage.write("lines", &lines(3))?;
        let receiver = receiver(stage, receiver_is_ours, port)?;
        let sender = sender(stage, !receiver_is_ours, port, identity, authority)?;
        let refuses = if receiver_is_ours { &receiver } else { &sender };
        refuses.wait_until("a complaint", || {
            let said = refuses.output();
            Ok(["certificate", "Certificate", "not permitted", "error"]
                .iter()
                .any(|word| said.contains(word)))
        })?;
        ensure!(
            stage.read("received").unwrap_or_default().is_empty(),
            "received all the same"
        );
        sender.stop()?;
        receiver.stop()?;
        forget(stage)?;
    }
    Ok(())
}

fn mariadb_rows(stage: &Stage) -> Result<()> {
    let (dir, pki) = (stage.dir(), stage.pki());
    let user = if is_root() { "--user=root" } else { "" };
    let install = format!(
        "--no-defaults --datadir={dir}/data --auth-root-authentication-method=normal --skip-test-db {user}"
    );
    stage
        .peer("mariadb-install-db")?
        .words(&install)
        .run()?
        .success()?;
    let client = |ours: bool, port: u16, options: &str, command: &str| {
        let tool = stage.under_test_if(ours, "mariadb")?;
        let line = format!(
            "--no-defaults -h 127.0.0.1 -P {port} --ssl --ssl-ca={pki}/root.pem --batch --skip-column-names {options} -e"
        );
        tool.words(&line).arg(command).run()
    };
    let serve = |ours: bool, options: &str| {
        stage.serve(|[port]| {
            let tool = stage.under_test_if(ours, "mariadbd")?;
            Ok(tool.words(&format!(
                "--no-defaults --datadir={dir}/data --port={port} --bind-address=127.0.0.1 --socket={dir}/s.{port} --pid-file={dir}/pid {user} \
                 --ssl-cert={pki}/rsa.pem --ssl-key={pki}/rsa.key --ssl-ca={pki}/chain.pem --require-secure-transport=on \
                 --skip-log-bin --innodb-flush-log-at-trx-commit=0 {options}"
            )))
        })
    };
    for ours in [true, false] {
        let server = serve(ours, "--tls-version=TLSv1.2,TLSv1.3")?;
        let port = server.port();
        for version in ["TLSv1.2", "TLSv1.3"] {
            client(
                !ours,
                port,
                &format!("-u root --tls-version={version}"),
                "SHOW STATUS LIKE 'Ssl_version'",
            )?
            .success()?
            .prints(version)?;
        }
        let row = "SELECT REPEAT('0123456789', 300000)";
        let expected = "0123456789".repeat(300_000) + "\n";
        client(!ours, port, "-u root", row)?
            .success()?
            .stdout_is(&expected)?;
        let demand = "CREATE OR REPLACE USER client@'127.0.0.1' REQUIRE X509";
        client(!ours, port, "-u root", demand)?.success()?;
        let own = |name: &str| {
            format!("-u client --ssl-cert={pki}/{name}.pem --ssl-key={pki}/{name}.key")
        };
        client(!ours, port, &own("client"), "SELECT 41 + 1")?
            .success()?
            .stdout_is("42\n")?;
        client(!ours, port, &own("strange-client"), "SELECT 1")?.failure()?;
        client(!ours, port, "-u client", "SELECT 1")?
            .failure()?
            .prints("Access denied")?;
        server.process.stop()?;
    }
    let server = serve(true, "--tls-version=TLSv1.3")?;
    client(
        false,
        server.port(),
        "-u root --tls-version=TLSv1.3",
        "SELECT 1",
    )?
    .success()?;
    client(
        false,
        server.port(),
        "-u root --tls-version=TLSv1.2",
        "SELECT 1",
    )?
    .failure()?;
    Ok(())
}

fn memcached(stage: &Stage, options: &str) -> Result<Server<1>> {
    let pki = stage.pki();
    stage.serve(|[port]| {
        let user = if is_root() { "-u root" } else { "" };
        Ok(stage.under_test("memcached")?.words(&format!(
            "{user} -l 127.0.0.1 -p {port} -U 0 -I 4m -m 200 -Z -o ssl_chain_cert={pki}/rsa.pem,ssl_key={pki}/rsa.key{options}"
        )))
    })
}

fn memcached_values(stage: &Stage) -> Result<()> {
    let server = memcached(stage, ",ssl_session_cache")?;
    let value = fs::read(format!("{}/1m.bin", stage.data()))?;
    let count = 24;
    let (mut sets, mut gets, mut expected) = (Vec::new(), String::new(), Vec::new());
    for number in 0..count {
        sets.extend(format!("set k{number} 0 0 {}\r\n", value.len()).bytes());
        sets.extend(&value);
        sets.extend(b"\r\n");
        gets += &format!("get k{number}\r\n");
        expected.extend(format!("VALUE k{number} 0 {}\r\n", value.len()).bytes());
        expected.extend(&value);
        expected.extend(b"\r\nEND\r\n");
    }
    let stored = b"STORED\r\n".repeat(count);
    let expected = [stored.clone(), expected].concat();
    for version in VERSIONS {
        let line = format!(
            "s_client -connect localhost:{} -quiet {version}",
            server.port()
        );
        let client = stage.peer("openssl")?.words(&line).input_open().start()?;
        client.send(&sets)?;
        client.wait_for_bytes(stored.len())?;
        // All are asked for at once, so that the server's writes block.
        client.send(gets.as_bytes())?;
        client.wait_for_bytes(expected.len())?;
        client.send(b"quit\r\n")?;
        client.finish()?.stdout_hash(&digest::sha256(&expected))?;
    }
    Ok(())
}

fn memcached_certificate_required(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = memcached(
        stage,
        &format!(",ssl_verify_mode=2,ssl_ca_cert={pki}/chain.pem"),
    )?;
    for version in VERSIONS {
        for (own, is_welcome) in [("client", true), ("strange-client", false), ("", false)] {
            let own = match own {
                "" => String::new(),
                own => format!("-cert {pki}/{own}.pem -key {pki}/{own}.key"),
            };
            let line = format!(
                "s_client -connect localhost:{} -quiet {version} {own}",
                server.port()
            );
            let tool = stage.peer("openssl")?.words(&line);
            let finished = tool.input("version\r\nquit\r\n")?.run()?;
            match is_welcome {
                true => finished.prints("VERSION ")?,
                false => finished.code(1)?.stdout_is("")?,
            };
        }
    }
    Ok(())
}

fn nghttpd_static(stage: &Stage) -> Result<()> {
    let (pki, data, payload) = (stage.pki(), stage.data(), stage.payload("64m.bin")?);
    let server = stage.serve(|[port]| {
        let line = format!("-a 127.0.0.1 -d {data} {port} {pki}/rsa.key {pki}/rsa.pem");
        Ok(stage.under_test("nghttpd")?.words(&line))
    })?;
    for version in CURL_VERSIONS {
        curl(
            stage,
            &format!("--http2 {version} {}", url(server.port(), "64m.bin")),
        )?
        .success()?
        .stdout_hash(&payload.sha256)?;
    }
    s_client(stage, server.port(), "-alpn h2 -no_ign_eof")?.prints("ALPN protocol: h2")?;
    Ok(())
}
