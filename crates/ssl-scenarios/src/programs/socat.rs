//! socat, as a client and as a server, on either side of itself, nginx and s_client on the system's library.

use anyhow::Result;

use super::peers::VERSIONS;
use super::site;
use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::Stage;

const SOCAT: Program = Program {
    name: "socat",
    file: "socat",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(SOCAT, "sends_64_mib", |stage| socat_64_mib(stage, true))
        .holds(&[Lesson::AutoRetryCleared, Lesson::NothingLeftInside]),
    Scenario::new(SOCAT, "receives_64_mib", |stage| socat_64_mib(stage, false))
        .holds(&[Lesson::AutoRetryCleared]),
    Scenario::new(SOCAT, "refuses", socat_refuses).holds(&[
        Lesson::WrongAuthority,
        Lesson::WrongHost,
        Lesson::ClientWithoutCertificate,
        Lesson::ClientOfAStranger,
    ]),
];

/// One socat sends a file to another over TLS. The sender is the client, or else the server.
fn socat_64_mib(stage: &Stage, ours_sends: bool) -> Result<()> {
    let (payload, pki, data) = (stage.payload("64m.bin")?, stage.pki(), stage.data());
    for client_sends in [true, false] {
        let tool = |is_ours: bool| stage.under_test_if(is_ours, "socat");
        let file = format!("OPEN:{data}/64m.bin,rdonly");
        let server = stage.serve(|[port]| {
            let listen = format!(
                "OPENSSL-LISTEN:{port},reuseaddr,cert={pki}/rsa.pem,key={pki}/rsa.key,verify=0"
            );
            Ok(match client_sends {
                true => tool(!ours_sends)?.words(&format!("-u {listen} STDOUT")),
                false => tool(ours_sends)?.words(&format!("-u {file} {listen}")),
            })
        })?;
        let connect = format!("OPENSSL:localhost:{},cafile={pki}/root.pem", server.port());
        let client = match client_sends {
            true => tool(ours_sends)?.words(&format!("-u {file} {connect}")),
            false => tool(!ours_sends)?.words(&format!("-u {connect} STDOUT")),
        };
        let client = client.run()?.success()?;
        let server = server.process.finish()?.success()?;
        let receiver = if client_sends { server } else { client };
        receiver.stdout_hash(&payload.sha256)?;
    }
    Ok(())
}

fn socat_refuses(stage: &Stage) -> Result<()> {
    let (site, pki) = (site::start(stage)?, stage.pki());
    let get = |port: u16, options: &str| {
        let connect = format!("STDIO OPENSSL:localhost:{port},{options}");
        let tool = stage.under_test("socat")?.words(&connect);
        tool.input("GET /tls HTTP/1.0\r\n\r\n")?.run()
    };
    let trust = format!("cafile={pki}/root.pem");
    get(
        site.tls13(),
        &format!("{trust},ignoreeof,openssl-min-proto-version=TLS1.3"),
    )?
    .prints("TLSv1.3")?;
    for (port, options) in [
        (site.port(), format!("cafile={pki}/stranger.pem")),
        (site.expired(), trust.clone()),
        (site.wrong_host(), trust),
    ] {
        get(port, &options)?.code(1)?.stdout_is("")?;
    }
    // It waits for the client to end: socat drops what a program wrote that ends too soon.
    let server = stage.serve(|[port]| {
        let listen = format!(
            "OPENSSL-LISTEN:{port},reuseaddr,fork,cert={pki}/rsa.pem,key={pki}/rsa.key,cafile={pki}/chain.pem,verify=1"
        );
        Ok(stage.under_test("socat")?.words(&listen).arg("SYSTEM:echo welcome; cat"))
    })?;
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
            let client = stage.peer("openssl")?.words(&line).input_open().start()?;
            if is_welcome {
                client.wait_for("welcome\n")?;
                client.stop()?;
            } else {
                client.finish()?.code(1)?.stdout_is("")?;
            }
        }
    }
    Ok(())
}
