//! Requests for a server that is measured: ab, on the system's library. Owns what is asked, and what of it counts.

use anyhow::{Context as _, Result, ensure};

use super::process;
use crate::stage::{Server, Stage};

/// Responses to ask for.
pub(super) struct Load {
    /// Of the data folder.
    file: String,
    kept: bool,
    /// Of the certificate: `ecdsa` or `rsa`.
    pub(super) key: String,
    count: usize,
}

impl Load {
    /// Reads `FILE kept|new KEY COUNT`.
    pub(super) fn read(words: &[&str]) -> Result<Self> {
        let [file, kind, key, count] = words else {
            anyhow::bail!("not a load");
        };
        Ok(Self {
            file: (*file).to_owned(),
            kept: *kind == "kept",
            key: (*key).to_owned(),
            count: count.parse()?,
        })
    }

    /// Microseconds of the server per response.
    pub(super) fn measure(&self, stage: &Stage, server: &Server<1>) -> Result<Vec<f64>> {
        self.same_terms(stage, server)?;
        // What a server does for the first ones alone.
        self.ask(stage, server, self.count / 10 + CONNECTIONS)?;
        let before = process::nanoseconds(server.process.id())?;
        self.ask(stage, server, self.count)?;
        let after = process::nanoseconds(server.process.id())?;
        Ok(vec![(after - before) as f64 / 1e3 / self.count as f64])
    }

    fn ask(&self, stage: &Stage, server: &Server<1>, count: usize) -> Result<()> {
        let keep = if self.kept { "-k" } else { "" };
        let (connections, port) = (CONNECTIONS.min(count), server.port());
        let line = format!(
            "-q -n {count} -c {connections} {keep} https://localhost:{port}/{}",
            self.file
        );
        let done = stage.peer("ab")?.words(&line).run()?.success()?;
        let output = done.output();
        let number = |name: &str| -> Result<usize> {
            let line = output.lines().find_map(|line| line.strip_prefix(name));
            Ok(line
                .with_context(|| format!("ab printed no {name}"))?
                .trim()
                .parse()?)
        };
        ensure!(number("Complete requests:")? == count, "ab did not finish");
        ensure!(number("Failed requests:")? == 0, "requests failed");
        let reused = if self.kept {
            number("Keep-Alive requests:")?
        } else {
            count
        };
        ensure!(
            reused == count,
            "{} connections were closed",
            count - reused
        );
        Ok(())
    }

    /// Both libraries have to agree on the same, or what is compared is not the same.
    fn same_terms(&self, stage: &Stage, server: &Server<1>) -> Result<()> {
        let line = format!("s_client -connect localhost:{}", server.port());
        let tool = stage.peer("openssl")?.words(&line);
        tool.input("")?
            .run()?
            .success()?
            .prints("New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384")?
            .prints("Server Temp Key: X25519, 253 bits")?;
        Ok(())
    }
}

/// Connections at a time.
const CONNECTIONS: usize = 16;
