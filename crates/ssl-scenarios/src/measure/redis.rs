//! Redis under the library: pipelined commands of redis-benchmark, which is on the system's.

use anyhow::{Context as _, Result, ensure};

use super::process;
use crate::stage::{Server, Stage};

/// Microseconds of processor time per command.
pub(super) fn pipelined(
    stage: &Stage,
    below: &str,
    bytes: usize,
    count: usize,
) -> Result<Vec<f64>> {
    let (pki, dir) = (stage.pki(), stage.dir());
    let server = stage.serve(|[port]| {
        let before = format!("--port 0 --tls-port {port} --bind 127.0.0.1 --dir {dir}");
        let after = format!(
            "--appendonly no --protected-mode no --tls-auth-clients no --tls-cert-file {pki}/ecdsa.pem \
             --tls-key-file {pki}/ecdsa.key --tls-ca-cert-file {pki}/root.pem"
        );
        let tool = stage.measured("redis-server", below)?.words(&before);
        // `--save` takes an empty argument, which cannot be a word.
        Ok(tool.words("--save").arg("").words(&after))
    })?;
    ask(stage, &server, bytes, count / 10 + 100)?;
    let before = process::nanoseconds(server.process.id())?;
    ask(stage, &server, bytes, count)?;
    let after = process::nanoseconds(server.process.id())?;
    // So many of each of the two commands.
    Ok(vec![(after - before) as f64 / 1e3 / (2 * count) as f64])
}

fn ask(stage: &Stage, server: &Server<1>, bytes: usize, count: usize) -> Result<()> {
    let line = format!(
        "-h localhost -p {} --tls --cacert {}/root.pem -t set,get -q -c 8 -P {PIPELINED} -d {bytes} -n {count}",
        server.port(),
        stage.pki()
    );
    let done = stage
        .peer("redis-benchmark")?
        .words(&line)
        .run()?
        .success()?;
    let output = done.output();
    for command in ["SET:", "GET:"] {
        let line = output
            .rsplit(['\r', '\n'])
            .find(|line| line.starts_with(command) && line.contains("requests per second"));
        line.with_context(|| format!("redis-benchmark tells nothing of {command}"))?;
    }
    ensure!(!output.contains("Error"), "redis-benchmark failed");
    Ok(())
}

/// Commands under way on a connection.
const PIPELINED: usize = 16;
