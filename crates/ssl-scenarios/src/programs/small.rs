//! Programs with a few scenarios each: socat, memcached, nghttp and h2load.

use std::fs;

use anyhow::Result;
use ssl_testkit::digest;

use super::peers::VERSIONS;
use super::site;
use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::{Server, Stage};

const SOCAT: Program = Program {
    name: "socat",
    file: "socat",
};

const MEMCACHED: Program = Program {
    name: "memcached",
    file: "memcached",
};

const NGHTTP: Program = Program {
    name: "nghttp2",
    file: "nghttp",
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
    Scenario::new(MEMCACHED, "values", memcached_values).holds(&[Lesson::SentOnce]),
    Scenario::new(
        MEMCACHED,
        "certificate_required",
        memcached_certificate_required,
    )
    .holds(&[Lesson::ClientWithoutCertificate, Lesson::ClientOfAStranger]),
    Scenario::new(NGHTTP, "downloads_64_mib", nghttp_downloads_64_mib),
    Scenario::new(NGHTTP, "h2load", h2load),
];

/// One socat sends a file to another over TLS. The sender is the client, or else the server.
fn socat_64_mib(stage: &Stage, ours_sends: bool) -> Result<()> {
    let (payload, pki, data) = (stage.payload("64m.bin")?, stage.pki(), stage.data());
    for client_sends in [true, false] {
        let tool = |is_ours: bool| match is_ours {
            true => stage.under_test("socat"),
            false => stage.peer("socat"),
        };
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
    let server = stage.serve(|[port]| {
        let listen = format!(
            "OPENSSL-LISTEN:{port},reuseaddr,fork,cert={pki}/rsa.pem,key={pki}/rsa.key,cafile={pki}/chain.pem,verify=1"
        );
        Ok(stage.under_test("socat")?.words(&listen).arg("SYSTEM:echo welcome"))
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
            let finished = stage.peer("openssl")?.words(&line).run()?;
            match is_welcome {
                true => finished.stdout_is("welcome\n")?,
                false => finished.code(1)?.stdout_is("")?,
            };
        }
    }
    Ok(())
}

fn memcached(stage: &Stage, options: &str) -> Result<Server<1>> {
    let pki = stage.pki();
    stage.serve(|[port]| {
        let user = if crate::stage::is_root() { "-u root" } else { "" };
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
