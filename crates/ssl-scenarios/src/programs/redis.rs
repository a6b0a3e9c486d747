//! Redis: server and command line, one of them under the library and the other on the system's.

use std::fs;

use anyhow::{Result, ensure};
use ssl_testkit::digest;

use crate::ports;
use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::{Server, Stage};
use crate::tool::{Finished, Tool};

const REDIS: Program = Program {
    name: "Redis",
    file: "redis-server",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(REDIS, "pipelined_values_of_1_mib", pipelined_values).holds(&[Lesson::SentOnce]),
    Scenario::new(REDIS, "client_of_values", client_of_values),
    Scenario::new(REDIS, "certificate_required", certificate_required)
        .holds(&[Lesson::ClientWithoutCertificate, Lesson::ClientOfAStranger]),
    Scenario::new(REDIS, "client_refuses", client_refuses).holds(&[Lesson::WrongAuthority]),
    Scenario::new(
        REDIS,
        "excluded_versions_and_ciphers",
        excluded_versions_and_ciphers,
    )
    .holds(&[Lesson::ExcludedVersion, Lesson::CipherStrings]),
    Scenario::new(REDIS, "replication", replication).holds(&[Lesson::ModeToggled]),
    Scenario::new(REDIS, "benchmark", benchmark),
    Scenario::new(REDIS, "key_mismatch", key_mismatch).holds(&[Lesson::KeyMismatch]),
];

/// Options of a server on `port`, with the RSA certificate.
fn server_options(stage: &Stage, port: u16, options: &str) -> String {
    let (pki, dir) = (stage.pki(), stage.dir());
    format!(
        "--port 0 --tls-port {port} --bind 127.0.0.1 --save --appendonly no --dir {dir} --protected-mode no \
         --tls-cert-file {pki}/rsa.pem --tls-key-file {pki}/rsa.key --tls-ca-cert-file {pki}/root.pem {options}"
    )
}

fn serve<'a>(
    stage: &'a Stage,
    tool: impl Fn() -> Result<Tool<'a>>,
    options: &str,
) -> Result<Server<1>> {
    stage.serve(|[port]| {
        let line = server_options(stage, port, options);
        // `--save` takes an empty argument, which cannot be a word.
        let (before, after) = line.split_once("--save").unwrap_or_default();
        Ok(tool()?.words(before).words("--save").arg("").words(after))
    })
}

fn under_test(stage: &Stage, options: &str) -> Result<Server<1>> {
    serve(stage, || stage.under_test("redis-server"), options)
}

fn client_options(stage: &Stage, port: u16) -> String {
    format!(
        "-h localhost -p {port} --tls --cacert {}/root.pem",
        stage.pki()
    )
}

/// One command of the client on the system's library.
fn ask(stage: &Stage, port: u16, command: &str) -> Result<Finished> {
    let line = format!("{} {command}", client_options(stage, port));
    stage.peer("redis-cli")?.words(&line).run()
}

/// Commands that set `value0` and so on to the payload of 1 MiB, in Redis's protocol.
fn commands(stage: &Stage, count: usize) -> Result<std::path::PathBuf> {
    let value = fs::read(format!("{}/1m.bin", stage.data()))?;
    let mut commands = Vec::new();
    for number in 0..count {
        let key = format!("value{number}");
        commands.extend(
            format!(
                "*3\r\n$3\r\nSET\r\n${}\r\n{key}\r\n${}\r\n",
                key.len(),
                value.len()
            )
            .bytes(),
        );
        commands.extend(&value);
        commands.extend(b"\r\n");
    }
    let path = stage.new_file("commands", "resp");
    fs::write(&path, commands)?;
    Ok(path)
}

fn pipelined_values(stage: &Stage) -> Result<()> {
    for versions in ["TLSv1.2", "TLSv1.3"] {
        let server = under_test(
            stage,
            &format!("--tls-auth-clients no --tls-protocols {versions}"),
        )?;
        let line = format!("{} --pipe", client_options(stage, server.port()));
        let pipe = stage.peer("redis-cli")?.words(&line);
        pipe.input_file(commands(stage, 48)?)
            .run()?
            .success()?
            .prints("errors: 0, replies: 48")?;
        // All answers are asked for at once, so that the server's writes block.
        let mut all: String = (0..48)
            .map(|number| format!("GET value{number}\r\n"))
            .collect();
        all += "QUIT\r\n";
        let line = format!("s_client -connect localhost:{} -quiet", server.port());
        let answers = stage.peer("openssl")?.words(&line).input(&all)?.run()?;
        answers.stdout_hash(&digest::sha256(&expected(stage, 48)?))?;
        server.process.stop()?;
    }
    Ok(())
}

/// What the server answers to that many GETs and a QUIT.
fn expected(stage: &Stage, count: usize) -> Result<Vec<u8>> {
    let value = fs::read(format!("{}/1m.bin", stage.data()))?;
    let answer = [format!("${}\r\n", value.len()).as_bytes(), &value, b"\r\n"].concat();
    Ok([answer.repeat(count), b"+OK\r\n".to_vec()].concat())
}

fn client_of_values(stage: &Stage) -> Result<()> {
    let (payload, data) = (stage.payload("10m.bin")?, stage.data());
    for versions in ["TLSv1.2", "TLSv1.3"] {
        let options = format!("--tls-auth-clients no --tls-protocols {versions}");
        let server = serve(stage, || stage.peer("redis-server"), &options)?;
        let line = client_options(stage, server.port());
        let set = stage
            .under_test("redis-cli")?
            .words(&format!("{line} -x SET big"));
        set.input_file(format!("{data}/10m.bin"))
            .run()?
            .success()?
            .prints("OK")?;
        let pipe = stage
            .under_test("redis-cli")?
            .words(&format!("{line} --pipe"));
        pipe.input_file(commands(stage, 16)?)
            .run()?
            .success()?
            .prints("errors: 0, replies: 16")?;
        let got = stage.new_file("got", "bin");
        let script = stage
            .under_test("redis-cli")?
            .words(&format!("{line} GET big"));
        let finished = script.run()?.success()?;
        // It ends the value with a newline of its own.
        let mut bytes = finished.stdout_bytes()?;
        ensure!(bytes.pop() == Some(b'\n'), "no newline");
        fs::write(&got, &bytes)?;
        crate::tool::same_hash(&got, &payload.sha256)?;
        server.process.stop()?;
    }
    Ok(())
}

fn certificate_required(stage: &Stage) -> Result<()> {
    let pki = stage.pki();
    let server = under_test(stage, "--tls-auth-clients yes")?;
    let with = |name: &str| {
        let own = format!("--cert {pki}/{name}.pem --key {pki}/{name}.key");
        ask(stage, server.port(), &format!("{own} PING"))
    };
    with("client")?.success()?.stdout_is("PONG\n")?;
    with("client-rsa")?.success()?.stdout_is("PONG\n")?;
    with("strange-client")?.failure()?.prints_no("PONG")?;
    ask(stage, server.port(), "PING")?
        .failure()?
        .prints_no("PONG")?;
    Ok(())
}

fn client_refuses(stage: &Stage) -> Result<()> {
    let (pki, port) = (
        stage.pki(),
        serve(
            stage,
            || stage.peer("redis-server"),
            "--tls-auth-clients no",
        )?
        .port(),
    );
    let ask = |options: &str| {
        let line = format!("-h localhost -p {port} --tls {options} PING");
        stage.under_test("redis-cli")?.words(&line).run()
    };
    ask(&format!("--cacert {pki}/root.pem"))?
        .success()?
        .stdout_is("PONG\n")?;
    ask(&format!("--cacertdir {pki}/ca"))?
        .success()?
        .stdout_is("PONG\n")?;
    ask(&format!("--cacert {pki}/stranger.pem"))?
        .failure()?
        .prints("certificate verify failed")?;
    ask(&format!("--cacert {pki}/stranger.pem --insecure"))?.success()?;
    ask(&format!("--cacert {pki}/nothing.pem"))?.failure()?;
    Ok(())
}

fn excluded_versions_and_ciphers(stage: &Stage) -> Result<()> {
    for (options, good, bad) in [
        ("--tls-protocols TLSv1.3", "-tls1_3", "-tls1_2"),
        ("--tls-protocols TLSv1.2", "-tls1_2", "-tls1_3"),
        (
            "--tls-ciphers ECDHE-RSA-AES256-GCM-SHA384",
            "-tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384",
            "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256",
        ),
        (
            "--tls-ciphersuites TLS_AES_128_GCM_SHA256",
            "-tls1_3",
            "-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384",
        ),
    ] {
        let server = under_test(stage, &format!("--tls-auth-clients no {options}"))?;
        let ping = |options: &str| {
            let line = format!(
                "s_client -connect localhost:{} -quiet {options}",
                server.port()
            );
            stage
                .peer("openssl")?
                .words(&line)
                .input("PING\r\nQUIT\r\n")?
                .run()
        };
        ping(good)?.stdout_is("+PONG\r\n+OK\r\n")?;
        ping(bad)?.code(1)?.stdout_is("")?.prints(" alert ")?;
        server.process.stop()?;
    }
    Ok(())
}

fn replication(stage: &Stage) -> Result<()> {
    let payload = stage.payload("1m.bin")?;
    let primary = under_test(
        stage,
        "--tls-auth-clients no --tls-replication yes --repl-diskless-sync-delay 0",
    )?;
    let line = format!("{} --pipe", client_options(stage, primary.port()));
    let pipe = stage.peer("redis-cli")?.words(&line);
    pipe.input_file(commands(stage, 16)?).run()?.success()?;
    let copy = under_test(
        stage,
        &format!(
            "--tls-auth-clients no --tls-replication yes --replicaof localhost {}",
            primary.port()
        ),
    )?;
    copy.process.wait_until("the copy is in step", || {
        let state = ask(stage, copy.port(), "INFO replication")?.stdout();
        Ok(state.contains("master_link_status:up"))
    })?;
    let big = format!("{}/1m.bin", stage.data());
    let set = stage
        .peer("redis-cli")?
        .words(&client_options(stage, primary.port()));
    set.words("-x SET late").input_file(big).run()?.success()?;
    ask(stage, primary.port(), "WAIT 1 20000")?.stdout_is("1\n")?;
    for key in ["value15", "late"] {
        let mut bytes = ask(stage, copy.port(), &format!("GET {key}"))?.stdout_bytes()?;
        bytes.pop();
        ensure!(
            digest::sha256(&bytes) == payload.sha256,
            "{key} arrived changed"
        );
    }
    Ok(())
}

fn benchmark(stage: &Stage) -> Result<()> {
    for ours in [true, false] {
        let (server, client) = match ours {
            true => (
                under_test(stage, "--tls-auth-clients no")?,
                stage.peer("redis-benchmark")?,
            ),
            false => (
                serve(
                    stage,
                    || stage.peer("redis-server"),
                    "--tls-auth-clients no",
                )?,
                stage.under_test("redis-benchmark")?,
            ),
        };
        let line = client_options(stage, server.port());
        client
            .words(&format!(
                "{line} -t set,get -n 2000 -c 20 -P 8 -d 3000 --csv"
            ))
            .run()?
            .success()?
            .prints("\"SET\"")?
            .prints("\"GET\"")?;
        server.process.stop()?;
    }
    Ok(())
}

fn key_mismatch(stage: &Stage) -> Result<()> {
    let [port] = ports::free();
    let line = server_options(stage, 0, "").replace("--save", "--loglevel verbose");
    let line = line
        .replace("/rsa.key", "/client-rsa.key")
        .replace("--tls-port 0", &format!("--tls-port {port}"));
    stage
        .under_test("redis-server")?
        .words(&line)
        .run()?
        .code(1)?
        .prints("key values mismatch")?;
    Ok(())
}
