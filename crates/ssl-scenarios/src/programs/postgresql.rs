//! PostgreSQL: server and `psql`, each under the library in turn, the other on the system's.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};

use anyhow::{Context as _, Result, ensure};
use ssl_testkit::digest;

use crate::ports;
use crate::scenario::{Lesson, Program, Scenario};
use crate::stage::{self, Server, Stage};
use crate::tool::{Finished, Tool};

const POSTGRESQL: Program = Program {
    name: "PostgreSQL",
    file: "postgres",
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::new(POSTGRESQL, "row_of_10_mib", row_of_10_mib),
    Scenario::new(POSTGRESQL, "verify_full", verify_full).holds(&[
        Lesson::WrongAuthority,
        Lesson::WrongHost,
        Lesson::Expired,
    ]),
    Scenario::new(POSTGRESQL, "certificate_required", certificate_required)
        .holds(&[Lesson::ClientWithoutCertificate, Lesson::ClientOfAStranger]),
    Scenario::new(POSTGRESQL, "channel_binding", channel_binding),
    Scenario::new(POSTGRESQL, "excluded_versions", excluded_versions)
        .holds(&[Lesson::ExcludedVersion]),
    Scenario::new(POSTGRESQL, "key_mismatch", key_mismatch)
        .holds(&[Lesson::KeyMismatch, Lesson::PassPhrases]),
    Scenario::new(POSTGRESQL, "many_clients", many_clients),
];

/// A data folder with one superuser, who is trusted without a password.
pub(super) struct Cluster<'a> {
    stage: &'a Stage,
    folder: String,
}

impl<'a> Cluster<'a> {
    pub(super) fn create(stage: &'a Stage) -> Result<Self> {
        let folder = format!("{}/cluster", stage.dir());
        stage
            .peer_as(USER, "initdb")?
            .words(&format!(
                "-D {folder} -U admin -A trust --no-sync --no-instructions -E UTF8 --locale=C"
            ))
            .run()?
            .success()?;
        let cluster = Self { stage, folder };
        cluster.identity("rsa", "rsa")?;
        cluster.access("hostssl all all 127.0.0.1/32 trust\n")?;
        Ok(cluster)
    }

    /// The certificate and the key that the server presents. It insists on owning its key.
    fn identity(&self, certificate: &str, key: &str) -> Result<()> {
        let (pki, folder) = (self.stage.pki(), &self.folder);
        fs::copy(
            format!("{pki}/{certificate}.pem"),
            format!("{folder}/server.crt"),
        )?;
        let path = format!("{folder}/server.key");
        fs::copy(format!("{pki}/{key}.key"), &path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        if stage::is_root() {
            let owner = fs::metadata(folder)?;
            chown(&path, Some(owner.uid()), Some(owner.gid()))?;
        }
        Ok(())
    }

    /// Who may connect, and how.
    fn access(&self, lines: &str) -> Result<()> {
        let text = format!("local all all trust\n{lines}");
        fs::write(format!("{}/pg_hba.conf", self.folder), text).context("cannot write pg_hba.conf")
    }

    fn server(&self, tool: Tool<'a>, port: u16, settings: &[&str]) -> Tool<'a> {
        let (folder, pki, dir) = (&self.folder, self.stage.pki(), self.stage.dir());
        let mut tool = tool.words(&format!(
            "-D {folder} -p {port} -k {dir} -h 127.0.0.1 -c ssl=on -c fsync=off -c ssl_ca_file={pki}/chain.pem \
             -c ssl_crl_file={pki}/crls.pem"
        ));
        for setting in settings {
            tool = tool.words("-c").arg(setting);
        }
        tool
    }

    /// A server under the library, or one on the system's.
    pub(super) fn serve(&self, ours: bool, settings: &[&str]) -> Result<Server<1>> {
        let server = self.stage.serve(|[port]| {
            let tool = match ours {
                true => self.stage.under_test_as(USER, "postgres")?,
                false => self.stage.peer_as(USER, "postgres")?,
            };
            Ok(self.server(tool, port, settings))
        })?;
        server.process.wait_for("ready to accept connections")?;
        Ok(server)
    }
}

/// A copy of a key that nobody else may read, as libpq wants it.
pub(super) fn own_key(stage: &Stage, name: &str) -> Result<String> {
    let key = format!("{}/{name}.key", stage.dir());
    fs::copy(format!("{}/{name}.key", stage.pki()), &key)?;
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
    Ok(key)
}

/// psql, one command, on the side that the server is not on.
pub(super) fn psql(
    stage: &Stage,
    ours: bool,
    port: u16,
    connection: &str,
    command: &str,
) -> Result<Finished> {
    let program = stage::postgresql("psql")?;
    let tool = stage.under_test_if(ours, &program)?;
    let to = format!("host=localhost port={port} dbname=postgres {connection}");
    let to = if connection.contains("user=") {
        to
    } else {
        to + " user=admin"
    };
    tool.words("-X -q -A -t -d")
        .arg(to)
        .words("-c")
        .arg(command)
        .run()
}

fn row_of_10_mib(stage: &Stage) -> Result<()> {
    let cluster = Cluster::create(stage)?;
    let row: String = (0..10 << 20)
        .map(|at: u32| char::from(b'a' + (at.wrapping_mul(2_654_435_761) >> 24) as u8 % 26))
        .collect();
    stage.write("row", &format!("{row}\n"))?;
    let expected = digest::sha256(format!("{row}\n").as_bytes());
    let verified = format!("sslmode=verify-full sslrootcert={}/root.pem", stage.pki());
    for ours in [true, false] {
        let server = cluster.serve(ours, &[])?;
        for version in ["TLSv1.2", "TLSv1.3"] {
            let connection = format!("{verified} ssl_max_protocol_version={version}");
            let run =
                |command: &str| psql(stage, !ours, server.port(), &connection, command)?.success();
            run("SELECT version, bits FROM pg_stat_ssl WHERE pid = pg_backend_pid()")?
                .prints(version)?;
            run("DROP TABLE IF EXISTS t")?;
            run("CREATE TABLE t (v text)")?;
            run(&format!("\\copy t FROM '{}/row'", stage.dir()))?;
            run("SELECT v FROM t")?.stdout_hash(&expected)?;
        }
        server.process.stop()?;
    }
    Ok(())
}

fn verify_full(stage: &Stage) -> Result<()> {
    let (cluster, pki) = (Cluster::create(stage)?, stage.pki());
    for (certificate, authority, host, problem) in [
        ("rsa", "root", "", None),
        ("rsa", "root", "host=127.0.0.1", None),
        ("rsa", "stranger", "", Some("certificate verify failed")),
        (
            "wrong-host",
            "root",
            "",
            Some(
                "server certificate for \"elsewhere.test\" does not match host name \"localhost\"",
            ),
        ),
        ("expired", "root", "", Some("certificate verify failed")),
    ] {
        cluster.identity(certificate, certificate)?;
        let server = cluster.serve(false, &[])?;
        let connection = format!("{host} sslmode=verify-full sslrootcert={pki}/{authority}.pem");
        let finished = psql(stage, true, server.port(), &connection, "SELECT 41 + 1")?;
        match problem {
            None => finished.success()?.stdout_is("42\n")?,
            Some(problem) => finished.code(2)?.prints(problem)?.stdout_is("")?,
        };
        server.process.stop()?;
    }
    Ok(())
}

fn certificate_required(stage: &Stage) -> Result<()> {
    let (cluster, pki) = (Cluster::create(stage)?, stage.pki());
    cluster
        .access("hostssl all client 127.0.0.1/32 cert\nhostssl all admin 127.0.0.1/32 trust\n")?;
    for ours in [true, false] {
        let server = cluster.serve(ours, &[])?;
        let run = |connection: &str| {
            psql(
                stage,
                !ours,
                server.port(),
                connection,
                "SELECT current_user",
            )
        };
        if ours {
            let role = "CREATE ROLE client LOGIN";
            psql(stage, false, server.port(), "sslmode=require", role)?.success()?;
        }
        let with = |name: &str| {
            let key = own_key(stage, name)?;
            run(&format!(
                "user=client sslmode=require sslcert={pki}/{name}.pem sslkey={key}"
            ))
        };
        for version in ["", "ssl_max_protocol_version=TLSv1.2"] {
            let own = format!(
                "sslcert={pki}/client.pem sslkey={}",
                own_key(stage, "client")?
            );
            run(&format!("user=client sslmode=require {own} {version}"))?
                .success()?
                .stdout_is("client\n")?;
        }
        with("strange-client")?.code(2)?.prints("unknown ca")?;
        with("revoked")?.code(2)?.prints("certificate revoked")?;
        run("user=client sslmode=require")?
            .code(2)?
            .prints("connection requires a valid client certificate")?;
        server.process.stop()?;
    }
    Ok(())
}

fn channel_binding(stage: &Stage) -> Result<()> {
    // SCRAM signs a digest of the server's certificate; the two sides have to see the same one.
    let cluster = Cluster::create(stage)?;
    cluster.access(
        "hostssl all scram 127.0.0.1/32 scram-sha-256\nhostssl all admin 127.0.0.1/32 trust\n",
    )?;
    for (ours, certificate) in [(true, "rsa"), (true, "p384"), (false, "ecdsa")] {
        cluster.identity(certificate, certificate)?;
        let server = cluster.serve(ours, &[])?;
        let role = "DO $$ BEGIN CREATE ROLE scram LOGIN PASSWORD 'secret'; EXCEPTION WHEN duplicate_object THEN NULL; END $$";
        psql(stage, !ours, server.port(), "sslmode=require", role)?.success()?;
        let connection = "user=scram password=secret sslmode=require channel_binding=require";
        psql(
            stage,
            !ours,
            server.port(),
            connection,
            "SELECT current_user",
        )?
        .success()?
        .stdout_is("scram\n")?;
        server.process.stop()?;
    }
    Ok(())
}

fn excluded_versions(stage: &Stage) -> Result<()> {
    let cluster = Cluster::create(stage)?;
    for ours in [true, false] {
        for (setting, connection) in [
            (
                "ssl_min_protocol_version=TLSv1.3",
                "ssl_max_protocol_version=TLSv1.2",
            ),
            (
                "ssl_max_protocol_version=TLSv1.2",
                "ssl_min_protocol_version=TLSv1.3",
            ),
        ] {
            let server = cluster.serve(ours, &[setting])?;
            let run = |connection: &str| {
                psql(
                    stage,
                    !ours,
                    server.port(),
                    &format!("sslmode=require {connection}"),
                    "SELECT 1",
                )
            };
            run("")?.success()?;
            run(connection)?.code(2)?.prints("alert protocol version")?;
            server.process.stop()?;
        }
    }
    let cipher = cluster.serve(
        true,
        &[
            "ssl_ciphers=ECDHE+CHACHA20:!ECDSA",
            "ssl_ecdh_curve=secp384r1",
        ],
    )?;
    let old = "sslmode=require ssl_max_protocol_version=TLSv1.2";
    let command = "SELECT cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    psql(stage, false, cipher.port(), old, command)?
        .success()?
        .stdout_is("ECDHE-RSA-CHACHA20-POLY1305\n")?;
    Ok(())
}

fn key_mismatch(stage: &Stage) -> Result<()> {
    let cluster = Cluster::create(stage)?;
    cluster.identity("rsa", "client-rsa")?;
    let start = |settings: &[&str]| {
        let tool = stage.under_test_as(USER, "postgres")?;
        let [port] = ports::free();
        cluster.server(tool, port, settings).run()
    };
    start(&[])?.code(1)?.prints("key values mismatch")?;
    cluster.identity("rsa", "rsa-locked")?;
    start(&["ssl_passphrase_command=echo wrong"])?.code(1)?;
    start(&["ssl_passphrase_command=echo secret", "ssl_ciphers=NOPE"])?
        .code(1)?
        .prints("could not set the cipher list")?;
    let server = cluster.serve(true, &["ssl_passphrase_command=echo secret"])?;
    psql(stage, false, server.port(), "sslmode=require", "SELECT 1")?.success()?;
    Ok(())
}

fn many_clients(stage: &Stage) -> Result<()> {
    let cluster = Cluster::create(stage)?;
    for ours in [true, false] {
        let server = cluster.serve(ours, &[])?;
        stage.write(
            "script.sql",
            "SELECT sum(n) FROM generate_series(1, 1000) n;\n",
        )?;
        let program = stage::postgresql("pgbench")?;
        let tool = stage.under_test_if(!ours, &program)?;
        // A connection for each transaction.
        let line = format!(
            "-n -C -c 8 -j 2 -t 6 -h localhost -p {} -U admin -f script.sql postgres",
            server.port()
        );
        let finished = tool
            .env("PGSSLMODE", "require")
            .words(&line)
            .run()?
            .success()?;
        let count = finished
            .stdout()
            .contains("number of failed transactions: 0");
        ensure!(count, "transactions failed");
        server.process.stop()?;
    }
    Ok(())
}

/// Whom the Debian package made for the server, which refuses to be root.
const USER: &str = "postgres";
