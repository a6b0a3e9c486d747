//! Builds the programs that are compared. What they do is in benches/.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};
use xshell::{Shell, cmd};

use super::Heavy;
use crate::{cargo, library};

/// Candidates of the Rust program, by the names it knows them by, the one to compare with first.
const IN_RUST: &[&str] = &[
    "ours",
    "ours, no read-ahead",
    FOLDED,
    "rustls unbuffered",
    "rustls buffered",
    "AEAD, two copies",
    "AEAD alone",
];

/// Differs while connections are idle only.
const FOLDED: &str = "ours, folded";

/// Two candidates whose names are bars' as well.
const OURS_IN_C: &str = "ours, C library";
const SYSTEMS: &str = "OpenSSL, system's";

/// What ours runs on instead of ring if asked to, and the folder of that.
const AWS_LC_RS: &str = "aws-lc-rs";

/// Packages whose versions belong to the figures.
const PACKAGES: &[&str] = &["ring", "rustls", "aws-lc-rs"];

/// What there is to run.
pub(super) struct Built {
    /// The program that measures.
    pub(super) harness: PathBuf,
    /// Each as benches/src/harness/plan.rs wants it.
    pub(super) candidates: Vec<Value>,
    /// By name.
    pub(super) versions: Map<String, Value>,
}

/// Builds everything for this machine.
pub(super) fn build(sh: &Shell, folder: &Path, heavy: &[Heavy]) -> Result<Built> {
    cmd!(sh, "cargo build --quiet --release -p ssl-bench").run()?;
    let ring = cargo::target_dir(sh, "release")?;
    let credentials = folder.join("credentials");
    let mut candidates = in_rust(&ring, &credentials, str::to_owned);
    if heavy.contains(&Heavy::AwsLcRs) {
        // In a folder of its own: the features of one exclude the other's.
        let target = folder.join(AWS_LC_RS);
        cmd!(
            sh,
            "cargo build --quiet --release -p ssl-bench --no-default-features --features aws-lc-rs --target-dir {target}"
        )
        .run()?;
        candidates.extend(in_rust(&target.join("release"), &credentials, on_aws_lc_rs));
    }
    let mut versions = versions_of(sh, PACKAGES)?;
    let compiler = cmd!(sh, "rustc --version").quiet().read()?;
    let version = compiler.split_whitespace().nth(1).unwrap_or("?").to_owned();
    versions.insert("rustc".to_owned(), version.into());
    match in_c(sh, folder, heavy) {
        Ok(in_c) => {
            candidates.extend(in_c);
            let version = cmd!(sh, "openssl version").quiet().read()?;
            let version = version.split_whitespace().nth(1).unwrap_or("?").to_owned();
            versions.insert("the system's OpenSSL".to_owned(), version.into());
        }
        // Without its headers, for instance.
        Err(error) => println!("without the candidates in C: {error:#}"),
    }
    if heavy.contains(&Heavy::OpensslSrc) {
        let (newest, version) = newest(sh, folder)?;
        candidates.push(newest);
        versions.insert("the newest OpenSSL".to_owned(), version.into());
    }
    for program in OWN_PROGRAMS {
        if heavy.contains(&program.heavy) {
            candidates.push(program.build(sh, &ring, &credentials)?);
            versions.extend(versions_of(sh, &[program.package])?);
        }
    }
    Ok(Built {
        harness: ring.join("harness"),
        candidates,
        versions,
    })
}

/// What measures real programs, on our library and on the system's.
pub(super) fn programs(sh: &Shell, folder: &Path, heavy: &[Heavy]) -> Result<Vec<Value>> {
    cmd!(sh, "cargo build --quiet -p ssl-scenarios").run()?;
    let measurer = cargo::target_dir(sh, "debug")?.join("ssl-scenarios");
    let on = |name: &str, library: &Path| json!({ "name": name, "command": [measurer, "--measure", "--library", library] });
    let mut programs = Vec::new();
    for (name, folder) in ours_in_c(sh, folder, heavy)? {
        programs.push(on(&name, &folder.join(library::SONAME)));
    }
    programs.push(on(SYSTEMS, &library::system(sh)?));
    Ok(programs)
}

/// Our C library as it takes part: by name, the folder that has it.
fn ours_in_c(sh: &Shell, folder: &Path, heavy: &[Heavy]) -> Result<Vec<(String, PathBuf)>> {
    let mut ours = vec![(
        OURS_IN_C.to_owned(),
        library::build(sh, library::Profile::Release)?,
    )];
    if heavy.contains(&Heavy::AwsLcRs) {
        let built = library::build_on_aws_lc_rs(sh, &folder.join(AWS_LC_RS))?;
        ours.push((on_aws_lc_rs(OURS_IN_C), built));
    }
    Ok(ours)
}

fn on_aws_lc_rs(name: &str) -> String {
    format!("{name} on {AWS_LC_RS}")
}

fn in_rust(folder: &Path, credentials: &Path, title: fn(&str) -> String) -> Vec<Value> {
    let candidate = |name: &&str| {
        json!({
            "name": title(name),
            "command": [folder.join("candidate"), name, credentials],
            "counted": [folder.join("candidate-counted"), name, credentials],
            "is_variant": name.ends_with("no read-ahead"),
            "only": (*name == FOLDED).then_some("memory"),
        })
    };
    IN_RUST.iter().map(candidate).collect()
}

/// The C program on the system's library and on ours.
fn in_c(sh: &Shell, folder: &Path, heavy: &[Heavy]) -> Result<Vec<Value>> {
    let system = library::system(sh)?;
    let system = system
        .parent()
        .context("the system's library has no folder")?;
    let program = folder.join("candidate-c");
    compile(sh, &program, &[])?;
    let on = |name: &str, library: &Path, option| {
        let mut candidate = candidate_in_c(name, folder, &program, option);
        candidate["environment"] = json!({ "LD_LIBRARY_PATH": library });
        candidate
    };
    let mut candidates = Vec::new();
    for (name, folder) in ours_in_c(sh, folder, heavy)? {
        candidates.push(on(&name, &folder, None));
    }
    candidates.extend([
        on(SYSTEMS, system, None),
        on("OpenSSL, system's, read-ahead", system, Some("read-ahead")),
    ]);
    Ok(candidates)
}

/// The C program linked with an OpenSSL built here, and the version of that.
fn newest(sh: &Shell, folder: &Path) -> Result<(Value, String)> {
    let features = "ring,openssl-src";
    cmd!(
        sh,
        "cargo build --quiet --release -p ssl-bench --bin newest-openssl --features {features}"
    )
    .run()?;
    let builder = cargo::target_dir(sh, "release")?.join("newest-openssl");
    let (place, target) = (folder.join("newest-openssl"), host(sh)?);
    // What the build of the sources expects from cargo.
    let _level = sh.push_env("OPT_LEVEL", "3");
    let _debug = sh.push_env("DEBUG", "false");
    let printed = cmd!(sh, "{builder} {place} {target}").quiet().read()?;
    let mut lines = printed.lines().rev();
    let (libraries, headers) = (lines.next(), lines.next());
    let version = lines.next().context("newest-openssl printed nothing")?;
    // The crate's version has OpenSSL's behind a plus sign.
    let version = version.rsplit('+').next().unwrap_or(version);
    let headers = format!("-I{}", headers.unwrap_or_default());
    let libraries = format!("-L{}", libraries.unwrap_or_default());
    let program = folder.join("candidate-newest");
    compile(sh, &program, &[&headers, &libraries])?;
    let candidate = candidate_in_c("OpenSSL, newest", folder, &program, None);
    Ok((candidate, version.to_owned()))
}

/// A candidate in Rust that brings cryptography of its own, and so has a program of its own behind a feature.
struct OwnProgram {
    heavy: Heavy,
    name: &'static str,
    feature: &'static str,
    bin: &'static str,
    /// The package whose version is the candidate's.
    package: &'static str,
    /// Debian packages that its build needs and this project does not.
    needs: &'static str,
}

const OWN_PROGRAMS: &[OwnProgram] = &[
    OwnProgram {
        heavy: Heavy::Boring,
        name: "BoringSSL",
        feature: "boring",
        bin: "candidate-boring",
        package: "boring-sys",
        needs: "cmake clang libclang-dev",
    },
    OwnProgram {
        heavy: Heavy::S2nTls,
        name: "s2n-tls",
        feature: "s2n-tls",
        bin: "candidate-s2n",
        package: "s2n-tls",
        needs: "gcc",
    },
];

impl OwnProgram {
    /// Builds it. Its allocator is not the one that counts.
    fn build(&self, sh: &Shell, folder: &Path, credentials: &Path) -> Result<Value> {
        let (bin, feature) = (self.bin, self.feature);
        cmd!(
            sh,
            "cargo build --quiet --release -p ssl-bench --bin {bin} --features {feature}"
        )
        .run()
        .with_context(|| format!("{} needs: apt-get install {}", self.name, self.needs))?;
        Ok(json!({ "name": self.name, "command": [folder.join(bin), credentials] }))
    }
}

fn compile(sh: &Shell, program: &Path, flags: &[&str]) -> Result<()> {
    let mut sources = sh.read_dir("benches/c")?;
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "c"));
    cmd!(
        sh,
        "cc -std=gnu11 -O2 -Wall -Wextra -Werror -Wno-deprecated-declarations {flags...} -o {program} {sources...} -lssl -lcrypto -ldl -lpthread"
    )
    .quiet()
    .run()?;
    Ok(())
}

fn candidate_in_c(name: &str, folder: &Path, program: &Path, option: Option<&str>) -> Value {
    let command = |counted: Option<&str>| {
        let mut command = vec![json!(program), json!(folder.join("credentials"))];
        command.extend(option.into_iter().chain(counted).map(Value::from));
        command
    };
    json!({
        "name": name,
        "command": command(None),
        "counted": command(Some("counted")),
        "is_variant": option.is_some(),
    })
}

/// The target that the compiler runs on.
fn host(sh: &Shell) -> Result<String> {
    let text = cmd!(sh, "rustc -vV").quiet().read()?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}

/// Of packages that take part.
fn versions_of(sh: &Shell, packages: &[&str]) -> Result<Map<String, Value>> {
    let host = host(sh)?;
    let metadata = cmd!(
        sh,
        "cargo metadata --format-version 1 --all-features --filter-platform {host}"
    )
    .quiet()
    .read()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let mut versions = Map::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        if packages.contains(&name) {
            versions.insert(name.to_owned(), package["version"].clone());
        }
    }
    Ok(versions)
}
