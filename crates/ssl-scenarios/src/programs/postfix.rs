//! Postfix, server and client: one instance takes mail from curl and passes it on to another, which keeps it.
//! One of them is under the library, the other on the system's.

use std::fs;

use anyhow::{Result, ensure};

use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::{self, Server, Stage};
use crate::tool::Finished;

const POSTFIX: Program = Program {
    name: "Postfix",
    file: "postfix",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(POSTFIX, "relays_10_mib", |stage| {
        relays_10_mib(stage, "smtp", "")
    })
    .holds(&[Lesson::SessionsResume]),
    // Its clients leave TLS to a process for all of them, which alone does not block and sets modes.
    Scenario::new(POSTFIX, "relays_10_mib_by_tlsproxy", |stage| {
        relays_10_mib(stage, "tlsproxy", "smtp_tls_connection_reuse = yes")
    })
    .holds(&[Lesson::SentOnce, Lesson::SessionsResume]),
    Scenario::new(POSTFIX, "relay_refuses", relay_refuses).holds(&[
        Lesson::WrongAuthority,
        Lesson::WrongHost,
        Lesson::Expired,
    ]),
    Scenario::new(POSTFIX, "certificate_required", certificate_required)
        .holds(&[Lesson::ClientWithoutCertificate, Lesson::ClientOfAStranger]),
    Scenario::new(POSTFIX, "excluded_versions", excluded_versions)
        .holds(&[Lesson::ExcludedVersion, Lesson::CipherStrings]),
];

/// An instance in a folder of its own. Mail for here.test is kept in `mail`; `settings` say what else.
fn postfix(stage: &Stage, name: &str, ours: bool, settings: &str) -> Result<Server<1>> {
    ensure!(stage::is_root(), "Postfix is started by root only");
    stage.serve(|[port]| {
        let folder = format!("{}/{name}", stage.dir());
        folders(stage, &folder)?;
        let main = configuration(stage, &folder, settings);
        stage.write(&format!("{name}/main.cf"), &main)?;
        stage.write(
            &format!("{name}/master.cf"),
            &MASTER.replace("PORT", &port.to_string()),
        )?;
        // Started without Postfix's script, which would leave it alone at the end.
        let tool = stage.under_test_if(ours, SERVER)?;
        Ok(tool.words(&format!("-d -c {folder}")))
    })
}

/// Its folders, owned by whom it expects.
fn folders(stage: &Stage, folder: &str) -> Result<()> {
    let queue = |names: &str| -> String {
        let names = names.split(' ');
        names
            .map(|name| format!(" {folder}/queue/{name}"))
            .collect()
    };
    let own = "active bounce corrupt defer deferred flush hold incoming private saved trace";
    for (options, folders) in [
        ("", queue("pid")),
        ("-m 777", format!("{folder}/mail")),
        ("-o postfix -m 700", format!("{folder}/data {}", queue(own))),
        ("-o postfix -g postdrop -m 710", queue("public")),
        ("-o postfix -g postdrop -m 730", queue("maildrop")),
    ] {
        let tool = stage
            .peer("install")?
            .words(&format!("-d {options} {folders}"));
        tool.run()?.success()?;
    }
    Ok(())
}

fn configuration(stage: &Stage, folder: &str, settings: &str) -> String {
    let pki = stage.pki();
    let environment: String = stage
        .variables()
        .iter()
        .map(|(name, _)| format!(" {name}"))
        .collect();
    format!(
        "compatibility_level = 3.6\nqueue_directory = {folder}/queue\ndata_directory = {folder}/data\n\
         import_environment = MAIL_CONFIG MAIL_LOGTAG TZ LANG=C{environment}\nmaillog_file = /dev/stdout\n\
         myhostname = localhost\nmydestination =\nmynetworks = 127.0.0.0/8\ninet_interfaces = 127.0.0.1\n\
         inet_protocols = ipv4\nalias_maps =\nlocal_recipient_maps =\nmessage_size_limit = 0\nmailbox_size_limit = 0\n\
         virtual_mailbox_limit = 0\nsmtp_dns_support_level = disabled\nsmtp_host_lookup = native\n\
         virtual_mailbox_domains = here.test\nvirtual_mailbox_base = {folder}/mail\nvirtual_mailbox_maps = static:box/\n\
         virtual_uid_maps = static:65534\nvirtual_gid_maps = static:65534\n\
         smtpd_tls_security_level = encrypt\nsmtpd_tls_chain_files = {pki}/rsa.key, {pki}/rsa.pem\nsmtpd_tls_CAfile = {pki}/chain.pem\n\
         smtpd_tls_loglevel = 1\nsmtp_tls_loglevel = 2\nsmtpd_tls_received_header = yes\n\
         smtpd_tls_session_cache_database = btree:{folder}/data/smtpd\nsmtp_tls_session_cache_database = btree:{folder}/data/smtp\n\
         {settings}\n"
    )
}

/// An instance on the system's library that keeps what it gets, in the mailbox `sink`.
pub(super) fn sink(stage: &Stage) -> Result<Server<1>> {
    postfix(stage, "sink", false, "")
}

/// A relay that passes everything to the server on `to`, if that one is who it should be.
fn relay_settings(stage: &Stage, to: u16, authority: &str) -> String {
    format!(
        "virtual_mailbox_domains =\nrelayhost = [127.0.0.1]:{to}\nsmtp_tls_security_level = secure\n\
         smtp_tls_secure_cert_match = localhost\nsmtp_tls_CAfile = {}/{authority}.pem\n",
        stage.pki()
    )
}

/// curl hands a message in.
fn send(stage: &Stage, port: u16, file: &str, options: &str) -> Result<Finished> {
    let line = format!(
        "-sS --ssl-reqd --cacert {}/root.pem {options} smtp://localhost:{port}/here.test --mail-from a@here.test \
         --mail-rcpt b@here.test -T {file}",
        stage.pki()
    );
    stage.peer("curl")?.words(&line).run()
}

/// What is in the mailbox of an instance: the texts of its messages without the headers.
pub(super) fn mailbox(stage: &Stage, name: &str) -> Vec<String> {
    let folder = format!("{}/{name}/mail/box/new", stage.dir());
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let texts = entries.filter_map(|entry| fs::read_to_string(entry.path()).ok());
    let bodies = texts.filter_map(|text| Some(text.split_once("\n\n")?.1.to_owned()));
    bodies.collect()
}

/// The relay has these settings in addition, by which this process of it has the TLS connections.
fn relays_10_mib(stage: &Stage, by: &str, more: &str) -> Result<()> {
    let body: String = (0..200_000)
        .map(|n| format!("line {n} of a long message, not compressed\n"))
        .collect();
    let message = format!("From: a@here.test\nSubject: long\n\n{body}");
    let file = stage.write("message", &message.replace('\n', "\r\n"))?;
    for ours in [true, false] {
        let (kept, passed) = (format!("kept-{ours}"), format!("passed-{ours}"));
        let server = postfix(stage, &kept, ours, "")?;
        let settings = relay_settings(stage, server.port(), "root") + more;
        let relay = postfix(stage, &passed, !ours, &settings)?;
        for count in 1..=2 {
            send(stage, relay.port(), &file.display().to_string(), "")?.success()?;
            relay.process.wait_until("the mail is in the box", || {
                Ok(mailbox(stage, &kept).len() == count)
            })?;
        }
        ensure!(
            mailbox(stage, &kept).iter().all(|text| *text == body),
            "mail arrived changed"
        );
        for event in [
            "Verified TLS connection established to 127.0.0.1",
            "Reusing old session",
        ] {
            relay.process.wait_until(event, || {
                let (said, by) = (relay.process.output(), format!("postfix/{by}["));
                let mut lines = said.lines();
                Ok(lines.any(|line| line.contains(&by) && line.contains(event)))
            })?;
        }
        relay.process.stop()?;
        server.process.stop()?;
    }
    Ok(())
}

fn relay_refuses(stage: &Stage) -> Result<()> {
    let (pki, file) = (
        stage.pki(),
        stage.write("message", "Subject: short\r\n\r\nhello\r\n")?,
    );
    for (certificate, authority) in [
        ("rsa", "stranger"),
        ("wrong-host", "root"),
        ("expired", "root"),
    ] {
        let identity =
            format!("smtpd_tls_chain_files = {pki}/{certificate}.key, {pki}/{certificate}.pem");
        let (kept, passed) = (
            format!("kept-{certificate}"),
            format!("passed-{certificate}"),
        );
        let server = postfix(stage, &kept, false, &identity)?;
        let settings = relay_settings(stage, server.port(), authority);
        let relay = postfix(stage, &passed, true, &settings)?;
        send(stage, relay.port(), &file.display().to_string(), "")?.success()?;
        relay.process.wait_for("status=deferred")?;
        relay.process.wait_for("Server certificate not ")?;
        ensure!(mailbox(stage, &kept).is_empty(), "delivered all the same");
        relay.process.stop()?;
        server.process.stop()?;
    }
    Ok(())
}

fn certificate_required(stage: &Stage) -> Result<()> {
    let (pki, file) = (
        stage.pki(),
        stage.write("message", "Subject: short\r\n\r\nhello\r\n")?,
    );
    let server = postfix(
        stage,
        "kept",
        true,
        "smtpd_tls_req_ccert = yes\nsmtpd_tls_ccert_verifydepth = 3",
    )?;
    let with = |version: &str, own: &str| {
        send(
            stage,
            server.port(),
            &file.display().to_string(),
            &format!("{version} {own}"),
        )
    };
    for (version, count) in [("--tls-max 1.2", 1), ("--tlsv1.3", 2)] {
        with(version, &format!("--cert {pki}/client-both.pem"))?.success()?;
        with(version, &format!("--cert {pki}/strange-client-both.pem"))?.failure()?;
        with(version, "")?.failure()?;
        server
            .process
            .wait_until("one mail", || Ok(mailbox(stage, "kept").len() == count))?;
    }
    Ok(())
}

fn excluded_versions(stage: &Stage) -> Result<()> {
    for (name, setting, good, bad) in [
        (
            "new",
            "smtpd_tls_mandatory_protocols = >=TLSv1.3",
            "-tls1_3",
            "-tls1_2",
        ),
        (
            "old",
            "smtpd_tls_mandatory_protocols = TLSv1.2",
            "-tls1_2",
            "-tls1_3",
        ),
        (
            "some",
            "smtpd_tls_mandatory_exclude_ciphers = AES128",
            "-tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384",
            "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256",
        ),
    ] {
        let server = postfix(stage, name, true, setting)?;
        let connect = |options: &str| {
            let line = format!(
                "s_client -starttls smtp -connect localhost:{} {options}",
                server.port()
            );
            stage.peer("openssl")?.words(&line).run()
        };
        connect(good)?.success()?;
        connect(bad)?.code(1)?.prints(" alert ")?;
        server.process.stop()?;
    }
    Ok(())
}

/// What starts all others.
const SERVER: &str = "/usr/lib/postfix/sbin/master";

/// Which processes there are. None is in a prison: their library is elsewhere.
const MASTER: &str = "\
PORT inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
tlsproxy unix - - n - 0 tlsproxy
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";
