//! Small clients under the library, against nginx and Dovecot on the system's: browsers, load generators, a
//! scanner, and mail fetchers.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Result, ensure};

use super::dovecot;
use super::peers::url;
use super::site;
use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::Stage;

const W3M: Program = Program {
    name: "w3m",
    file: "w3m",
};

const LINKS: Program = Program {
    name: "links",
    file: "links",
};

const NCAT: Program = Program {
    name: "ncat",
    file: "ncat",
};

const NGHTTP: Program = Program {
    name: "nghttp2",
    file: "nghttp",
};

const SIEGE: Program = Program {
    name: "siege",
    file: "siege",
};

const AB: Program = Program {
    name: "ab",
    file: "ab",
};

const SSLSCAN: Program = Program {
    name: "sslscan",
    file: "sslscan",
};

const FETCHMAIL: Program = Program {
    name: "fetchmail",
    file: "fetchmail",
};

const MBSYNC: Program = Program {
    name: "mbsync",
    file: "mbsync",
};

const S_NAIL: Program = Program {
    name: "s-nail",
    file: "s-nail",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(W3M, "pages", w3m).holds(&[Lesson::WrongAuthority, Lesson::WrongHost]),
    Scenario::new(LINKS, "pages", links).holds(&[Lesson::WrongAuthority]),
    Scenario::new(NCAT, "both_sides", ncat).holds(&[Lesson::WrongAuthority, Lesson::WrongHost]),
    Scenario::new(NGHTTP, "downloads_64_mib", nghttp_downloads_64_mib),
    Scenario::new(NGHTTP, "h2load", h2load),
    Scenario::new(SIEGE, "requests", siege),
    Scenario::new(AB, "requests", ab),
    Scenario::new(SSLSCAN, "versions_and_ciphers", sslscan),
    Scenario::new(FETCHMAIL, "imap", fetchmail).holds(&[Lesson::WrongAuthority, Lesson::WrongHost]),
    Scenario::new(MBSYNC, "imap", mbsync).holds(&[Lesson::WrongAuthority]),
    Scenario::new(S_NAIL, "smtp", s_nail).holds(&[Lesson::WrongAuthority]),
];

fn w3m(stage: &Stage) -> Result<()> {
    let (site, pki) = (site::start(stage)?, stage.pki());
    let payload = stage.payload("10m.bin")?;
    let page = |authority: &str, page: &str| {
        let options = format!(
            "-o ssl_verify_server=1 -o ssl_ca_file={pki}/{authority}.pem -o ssl_ca_default=0"
        );
        stage
            .under_test("w3m")?
            .words(&format!("{options} -dump_source {page}"))
            .run()
    };
    for port in [site.tls12(), site.tls13()] {
        page("root", &url(port, "10m.bin"))?
            .success()?
            .stdout_hash(&payload.sha256)?;
    }
    // It asks whether to go on, and takes the end of its input for no.
    for (authority, port) in [
        ("stranger", site.port()),
        ("root", site.wrong_host()),
        ("root", site.expired()),
    ] {
        page(authority, &url(port, "tls"))?.prints_no("TLSv1")?;
    }
    Ok(())
}

fn links(stage: &Stage) -> Result<()> {
    let (site, pki) = (site::start(stage)?, stage.pki());
    let page = |authority: &str, port: u16| {
        let tool = stage
            .under_test("links")?
            .env("SSL_CERT_FILE", &format!("{pki}/{authority}.pem"));
        tool.words(&format!("-ssl.certificates 2 -source {}", url(port, "tls")))
            .run()
    };
    for (port, version) in [(site.tls12(), "TLSv1.2"), (site.tls13(), "TLSv1.3")] {
        page("root", port)?.success()?.prints(version)?;
        page("stranger", port)?.prints_no("TLSv1")?;
    }
    Ok(())
}

fn ncat(stage: &Stage) -> Result<()> {
    let (site, pki) = (site::start(stage)?, stage.pki());
    let get = |authority: &str, port: u16| {
        let line = format!("--ssl-verify --ssl-trustfile {pki}/{authority}.pem localhost {port}");
        let tool = stage.under_test("ncat")?.words(&line);
        tool.input("GET /tls HTTP/1.0\r\n\r\n")?.run()
    };
    // It may find the connection closed before it has ended its own side, and call that an error.
    get("root", site.tls12())?.prints("TLSv1.2")?;
    get("root", site.tls13())?.prints("TLSv1.3")?;
    get("stranger", site.port())?
        .failure()?
        .prints_no("200 OK")?;
    get("root", site.wrong_host())?
        .failure()?
        .prints_no("200 OK")?;
    get("root", site.expired())?
        .failure()?
        .prints_no("200 OK")?;
    let (payload, data) = (stage.payload("64m.bin")?, stage.data());
    for ours_listens in [true, false] {
        let tool = |is_ours: bool| stage.under_test_if(is_ours, "ncat");
        let server = stage.serve(|[port]| {
            let identity = format!("--ssl --ssl-cert {pki}/rsa.pem --ssl-key {pki}/rsa.key");
            let listen = format!("-l 127.0.0.1 {port} --send-only {identity}");
            Ok(tool(ours_listens)?
                .words(&listen)
                .input_file(format!("{data}/64m.bin")))
        })?;
        let line = format!("--ssl --recv-only localhost {}", server.port());
        let got = tool(!ours_listens)?.words(&line).run()?;
        got.stdout_hash(&payload.sha256)?;
    }
    Ok(())
}

fn siege(stage: &Stage) -> Result<()> {
    let site = site::start(stage)?;
    let settings = stage.write(
        "siegerc",
        "connection = keep-alive\nparser = false\nverbose = false\nlogging = false\n",
    )?;
    for port in [site.tls12(), site.tls13()] {
        let line = format!(
            "-R {} -c 8 -r 20 -b {}",
            settings.display(),
            url(port, "100k.bin")
        );
        stage
            .under_test("siege")?
            .words(&line)
            .run()?
            .success()?
            .prints("Successful transactions:         160\n")?
            .prints("Failed transactions:\t           0\n")?;
    }
    Ok(())
}

fn ab(stage: &Stage) -> Result<()> {
    let site = site::start(stage)?;
    for (protocol, port) in [("TLS1.2", site.tls12()), ("TLS1.3", site.tls13())] {
        for keep in ["", "-k"] {
            let line = format!("-n 300 -c 10 {keep} -f {protocol} {}", url(port, "1k.bin"));
            stage
                .under_test("ab")?
                .words(&line)
                .run()?
                .success()?
                .prints("Complete requests:      300")?
                .prints("Failed requests:        0")?;
        }
    }
    Ok(())
}

fn sslscan(stage: &Stage) -> Result<()> {
    let site = site::start(stage)?;
    for (port, new, old) in [
        (site.port(), true, true),
        (site.tls12(), false, true),
        (site.tls13(), true, false),
    ] {
        let line = format!("--no-colour --no-heartbleed localhost:{port}");
        let seen = stage.under_test("sslscan")?.words(&line).run()?.success()?;
        let word = |is: bool| if is { "enabled" } else { "disabled" };
        seen.prints(&format!("TLSv1.2   {}", word(old)))?
            .prints(&format!("TLSv1.3   {}", word(new)))?
            .prints("TLSv1.0   disabled")?
            .prints("TLSv1.1   disabled")?
            .prints("Subject:  localhost")?;
    }
    Ok(())
}

fn nghttp_downloads_64_mib(stage: &Stage) -> Result<()> {
    let (site, payload) = (site::start(stage)?, stage.payload("64m.bin")?);
    for port in [site.tls12(), site.tls13()] {
        let line = format!("https://localhost:{port}/64m.bin");
        let got = stage.under_test("nghttp")?.words(&line).run()?;
        got.success()?.stdout_hash(&payload.sha256)?;
    }
    Ok(())
}

fn h2load(stage: &Stage) -> Result<()> {
    let site = site::start(stage)?;
    for port in [site.tls12(), site.tls13()] {
        let line = format!("-n 2000 -c 20 -m 10 https://localhost:{port}/1k.bin");
        stage
            .under_test("h2load")?
            .words(&line)
            .run()?
            .success()?
            .prints("2000 done, 2000 succeeded, 0 failed, 0 errored, 0 timeout")?
            .prints("Application protocol: h2")?;
    }
    Ok(())
}

/// A message that is long enough to need many records.
fn message() -> String {
    let lines: String = (0..20_000)
        .map(|n| format!("line {n} of a long message\n"))
        .collect();
    format!("From: a@here.test\nSubject: long\n\n{lines}")
}

/// Dovecot on the system's library with one message in its box, for clients under test.
fn mailbox(stage: &Stage, certificate: &str) -> Result<crate::stage::Server<2>> {
    let pki = stage.pki();
    let identity =
        format!("ssl_cert = <{pki}/{certificate}.pem\nssl_key = <{pki}/{certificate}.key");
    let server = dovecot::dovecot(stage, false, &identity)?;
    let text = stage.write("message", &message().replace('\n', "\r\n"))?;
    let line = format!(
        "-sS --insecure -u user:secret -T {} imaps://localhost:{}/INBOX",
        text.display(),
        server.ports[1]
    );
    stage.peer("curl")?.words(&line).run()?.success()?;
    Ok(server)
}

fn private(stage: &Stage, name: &str, text: &str) -> Result<String> {
    let path = stage.write(name, text)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    Ok(path.display().to_string())
}

fn fetchmail(stage: &Stage) -> Result<()> {
    for (certificate, authority, is_welcome) in [
        ("rsa", "root", true),
        ("rsa", "stranger", false),
        ("wrong-host", "root", false),
    ] {
        let server = mailbox(stage, certificate)?;
        let [starttls, imaps] = server.ports;
        for (port, how) in [(imaps, "ssl"), (starttls, "sslproto tls1.2+")] {
            let settings = private(
                stage,
                "fetchmailrc",
                &format!(
                    "poll localhost protocol imap port {port} user \"user\" password \"secret\" {how} sslcertck \
                     sslcertfile {}/{authority}.pem mda \"cat >> {}/fetched\" keep fetchall\n",
                    stage.pki(),
                    stage.dir()
                ),
            )?;
            let line = format!(
                "-f {settings} --nosyslog --pidfile {}/fetchmail.pid",
                stage.dir()
            );
            let finished = stage.under_test("fetchmail")?.words(&line).run()?;
            let fetched = stage.read("fetched").unwrap_or_default();
            if is_welcome {
                finished.success()?;
                let (_, body) = fetched.split_once("\n\n").unwrap_or_default();
                ensure!(
                    message().ends_with(body) && body.len() > 400_000,
                    "fetched something else"
                );
                fs::remove_file(format!("{}/fetched", stage.dir()))?;
            } else {
                finished.failure()?;
                ensure!(fetched.is_empty(), "fetched all the same");
            }
        }
        server.process.stop()?;
    }
    Ok(())
}

fn mbsync(stage: &Stage) -> Result<()> {
    let server = mailbox(stage, "rsa")?;
    let [starttls, imaps] = server.ports;
    for (number, (port, kind, authority)) in [
        (imaps, "IMAPS", "root"),
        (starttls, "STARTTLS", "root"),
        (imaps, "IMAPS", "stranger"),
    ]
    .into_iter()
    .enumerate()
    {
        let local = format!("{}/local-{number}", stage.dir());
        fs::create_dir_all(format!("{local}/box"))?;
        let settings = private(
            stage,
            "mbsyncrc",
            &format!(
                "IMAPAccount a\nHost localhost\nPort {port}\nUser user\nPass secret\nSSLType {kind}\nSystemCertificates no\n\
                 CertificateFile {}/{authority}.pem\n\nIMAPStore far\nAccount a\n\nMaildirStore near\nPath {local}/\nInbox {local}/box\n\n\
                 Channel c\nFar :far:INBOX\nNear :near:box\nCreate Near\nSyncState *\n",
                stage.pki()
            ),
        )?;
        let finished = stage
            .under_test("mbsync")?
            .words(&format!("-c {settings} -a"))
            .run()?;
        let here = fs::read_dir(format!("{local}/box/new"))
            .into_iter()
            .flatten()
            .count()
            + fs::read_dir(format!("{local}/box/cur"))
                .into_iter()
                .flatten()
                .count();
        if authority == "root" {
            finished.success()?;
            ensure!(here == 1, "{here} messages came, not one");
        } else {
            finished.failure()?;
            ensure!(here == 0, "a message came all the same");
        }
    }
    Ok(())
}

fn s_nail(stage: &Stage) -> Result<()> {
    let server = super::postfix::sink(stage)?;
    let body = stage.write("body", "a line\nand another\n")?;
    for (count, authority) in [(1, "root"), (1, "stranger")] {
        let line = format!(
            "-n -Sv15-compat -Ssmtp-config=no -Stls-verify=strict -Stls-ca-file={}/{authority}.pem -Stls-ca-no-defaults \
             -Smta=submission://localhost:{} -Ssmtp-auth=none -Ssmtp-use-starttls -Snosave -Sfrom=a@here.test -Ssendwait -s subject b@here.test",
            stage.pki(),
            server.port()
        );
        let tool = stage.under_test("s-nail")?.words(&line);
        let finished = tool.input_file(&body).run()?;
        match authority {
            "root" => drop(finished.success()?),
            _ => drop(finished.failure()?),
        }
        server.process.wait_until("one mail and no more", || {
            Ok(super::postfix::mailbox(stage, "sink").len() == count)
        })?;
    }
    Ok(())
}
