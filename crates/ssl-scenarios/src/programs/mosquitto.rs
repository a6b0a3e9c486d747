//! Mosquitto: the broker and its clients, one side under the library and the other on the system's.

use anyhow::Result;

use super::peers::VERSIONS;
use crate::ports;
use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::{Server, Stage};
use crate::tool::Finished;

const MOSQUITTO: Program = Program {
    name: "Mosquitto",
    file: "mosquitto",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(MOSQUITTO, "messages_of_10_mib", messages_of_10_mib),
    Scenario::new(MOSQUITTO, "certificate_required", certificate_required)
        .holds(&[Lesson::ClientWithoutCertificate, Lesson::ClientOfAStranger]),
    Scenario::new(MOSQUITTO, "client_refuses", client_refuses).holds(&[
        Lesson::WrongAuthority,
        Lesson::WrongHost,
        Lesson::Expired,
    ]),
    Scenario::new(MOSQUITTO, "excluded_versions", excluded_versions)
        .holds(&[Lesson::ExcludedVersion, Lesson::CipherStrings]),
    Scenario::new(MOSQUITTO, "key_mismatch", key_mismatch).holds(&[Lesson::KeyMismatch]),
];

fn broker(stage: &Stage, ours: bool, name: &str, settings: &str) -> Result<Server<1>> {
    stage.serve(|[port]| {
        let file = stage.write(
            "mosquitto.conf",
            &configuration(stage, port, name, settings),
        )?;
        let tool = stage.under_test_if(ours, "mosquitto")?;
        Ok(tool.words("-v -c").arg(file))
    })
}

fn configuration(stage: &Stage, port: u16, name: &str, settings: &str) -> String {
    let pki = stage.pki();
    let user = if crate::stage::is_root() {
        "user root\n"
    } else {
        ""
    };
    format!(
        "{user}allow_anonymous true\nlistener {port} 127.0.0.1\ncertfile {pki}/{name}.pem\nkeyfile {pki}/{name}.key\n{settings}\n"
    )
}

fn client(stage: &Stage, ours: bool, program: &str, port: u16, options: &str) -> Result<Finished> {
    let tool = stage.under_test_if(ours, program)?;
    let authority = if options.contains("--ca") {
        ""
    } else {
        &format!("--cafile {}/root.pem", stage.pki())
    };
    tool.words(&format!("-h localhost -p {port} {authority} {options}"))
        .run()
}

fn messages_of_10_mib(stage: &Stage) -> Result<()> {
    let (payload, data) = (stage.payload("10m.bin")?, stage.data());
    for ours in [true, false] {
        let broker = broker(stage, ours, "rsa", "")?;
        for version in ["tlsv1.2", "tlsv1.3"] {
            let port = broker.port();
            // The broker keeps it for those who come later.
            let keep = format!("--tls-version {version} -q 1 -r -t {version} -f {data}/10m.bin");
            client(stage, !ours, "mosquitto_pub", port, &keep)?.success()?;
            let read = format!("--tls-version {version} -q 1 -C 1 -N -t {version}");
            let got = client(stage, !ours, "mosquitto_sub", port, &read)?;
            got.success()?.stdout_hash(&payload.sha256)?;
        }
        broker.process.stop()?;
    }
    Ok(())
}

fn certificate_required(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let demand = format!(
        "require_certificate true\nuse_identity_as_username true\ncafile {pki}/root.pem\ncrlfile {pki}/crls.pem"
    );
    let broker = broker(stage, true, "rsa", &demand)?;
    let publish = |own: &str| {
        let options = format!("{own} -q 1 -t t -m hello");
        client(stage, false, "mosquitto_pub", broker.port(), &options)
    };
    let own = |name: &str| format!("--cert {pki}/{name}.pem --key {pki}/{name}.key");
    publish(&own("client"))?.success()?;
    broker.process.wait_for("u'client'")?;
    publish(&own("strange-client"))?.failure()?;
    publish(&own("revoked"))?.failure()?;
    publish("")?.failure()?;
    for version in VERSIONS {
        let line = format!(
            "s_client -connect localhost:{} {version} -ign_eof",
            broker.port()
        );
        let refused = stage.peer("openssl")?.words(&line).run()?;
        refused.code(1)?.prints(" alert ")?;
    }
    Ok(())
}

fn client_refuses(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    for (name, options, is_welcome) in [
        ("rsa", format!("--cafile {pki}/root.pem"), true),
        ("rsa", format!("--capath {pki}/ca"), true),
        ("rsa", format!("--cafile {pki}/stranger.pem"), false),
        ("wrong-host", format!("--cafile {pki}/root.pem"), false),
        (
            "wrong-host",
            format!("--cafile {pki}/root.pem --insecure"),
            true,
        ),
        ("expired", format!("--cafile {pki}/root.pem"), false),
    ] {
        let broker = broker(stage, false, name, "")?;
        let options = format!("{options} -q 1 -t t -m hello");
        let finished = client(stage, true, "mosquitto_pub", broker.port(), &options)?;
        match is_welcome {
            true => finished.success()?,
            false => finished.failure()?.prints("A TLS error occurred")?,
        };
        broker.process.stop()?;
    }
    Ok(())
}

fn excluded_versions(stage: &Stage) -> Result<()> {
    for (setting, good, bad) in [
        ("tls_version tlsv1.3", "-tls1_3", "-tls1_2"),
        (
            "ciphers ECDHE-RSA-AES256-GCM-SHA384\nciphers_tls1.3 TLS_AES_128_GCM_SHA256",
            "-tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384",
            "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256",
        ),
    ] {
        let broker = broker(stage, true, "rsa", setting)?;
        let connect = |options: &str| {
            let line = format!("s_client -connect localhost:{} {options}", broker.port());
            stage.peer("openssl")?.words(&line).run()
        };
        connect(good)?.success()?;
        connect(bad)?.code(1)?.prints(" alert ")?;
        broker.process.stop()?;
    }
    Ok(())
}

fn key_mismatch(stage: &Stage) -> Result<()> {
    let [port] = ports::free();
    let text = configuration(stage, port, "rsa", "").replace("/rsa.key", "/client-rsa.key");
    let file = stage.write("mismatch.conf", &text)?;
    stage
        .under_test("mosquitto")?
        .words("-c")
        .arg(file)
        .run()?
        .failure()?
        .prints("key values mismatch")?;
    Ok(())
}
