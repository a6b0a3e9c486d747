//! The steps that are a few cargo commands, and what all cargo commands here share: where they build,
//! and which toolchain they can ask for.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;
use xshell::{Shell, cmd};

/// What the workspace is tested and documented with: the default features and the tokio adapter.
/// One set for these steps, so that they share what is built.
const TESTED: &[&str] = &["--workspace", "--features", "ssl-record/tokio"];

/// The feature sets of ssl-record a program may choose, checked without tests, whose dependencies
/// would turn on features that the library then seems to have.
const FEATURE_SETS: &[&[&str]] = &[
    &[],
    ON_AWS_LC_RS,
    &["--features", "tokio"],
    &["--all-features"],
];

/// ssl-record, or what is built on it, without ring.
const ON_AWS_LC_RS: &[&str] = &["--no-default-features", "--features", "aws-lc-rs"];

/// What AddressSanitizer is built with beside itself: it leaves stacks alone. Handshakes run on stacks of
/// their own that are used again, and of one that was unwound it keeps what stood there: the next frame
/// at that place is then an error. No code that it sees points into a stack without the
/// compiler's consent; the heap is watched.
pub(crate) const SANITIZED_HEAP: &str = "-Cllvm-args=-asan-stack=0";

/// rustfmt has nothing to change, in the workspace and in the fuzz targets, a workspace of their own.
pub(crate) fn fmt(sh: &Shell) -> Result<()> {
    cmd!(sh, "cargo fmt --all --check").run()?;
    cmd!(sh, "cargo fmt --manifest-path fuzz/Cargo.toml --check").run()?;
    Ok(())
}

/// clippy has nothing to say, about the library in each feature set and about everything else.
pub(crate) fn clippy(sh: &Shell) -> Result<()> {
    for &set in FEATURE_SETS {
        cmd!(sh, "cargo clippy -p ssl-record {set...} -- -D warnings").run()?;
    }
    cmd!(
        sh,
        "cargo clippy -p ssl-record --all-features --all-targets -- -D warnings"
    )
    .run()?;
    cmd!(sh, "cargo clippy --workspace --all-targets -- -D warnings").run()?;
    cmd!(
        sh,
        "cargo clippy -p ssl-ffi {ON_AWS_LC_RS...} -- -D warnings"
    )
    .run()?;
    Ok(())
}

/// All tests; those of ssl-record again on aws-lc-rs.
pub(crate) fn test(sh: &Shell) -> Result<()> {
    cmd!(sh, "cargo nextest run {TESTED...}").run()?;
    // Half a gigabyte through OpenSSL once is enough; the rest of its tests run on both.
    let but_bulk = "not test(/^bulk::/)";
    cmd!(
        sh,
        "cargo nextest run -p ssl-record {ON_AWS_LC_RS...} -E {but_bulk}"
    )
    .run()?;
    Ok(())
}

/// The examples in doc comments, which nextest does not run.
pub(crate) fn doctest(sh: &Shell) -> Result<()> {
    cmd!(sh, "cargo test --doc {TESTED...}").run()?;
    Ok(())
}

/// The documentation, with broken links and the like as errors.
pub(crate) fn doc(sh: &Shell) -> Result<()> {
    let _flags = sh.push_env("RUSTDOCFLAGS", "-D warnings");
    cmd!(sh, "cargo doc --no-deps {TESTED...}").run()?;
    Ok(())
}

/// deny.toml holds. Advisories are left out: their database is fetched, and this list runs offline.
pub(crate) fn deny(sh: &Shell) -> Result<()> {
    cmd!(
        sh,
        "cargo deny check --hide-inclusion-graph bans licenses sources"
    )
    .run()?;
    Ok(())
}

/// What cargo knows of the packages of this workspace.
pub(crate) fn metadata(sh: &Shell) -> Result<Value> {
    let text = cmd!(sh, "cargo metadata --no-deps --format-version 1")
        .quiet()
        .read()?;
    serde_json::from_str(&text).context("cargo metadata did not print JSON")
}

/// A folder under the build folder for builds whose flags would push the others out of it.
pub(crate) fn target_dir(sh: &Shell, name: &str) -> Result<PathBuf> {
    let metadata = metadata(sh)?;
    let folder = metadata["target_directory"].as_str();
    Ok(PathBuf::from(folder.context("cargo metadata names no target folder")?).join(name))
}

/// Why nightly Rust cannot be used here; `None` if it can.
pub(crate) fn lacks_nightly(sh: &Shell) -> Option<String> {
    let listed = cmd!(sh, "rustup toolchain list")
        .quiet()
        .ignore_stderr()
        .read();
    let has = match listed {
        Ok(list) => list.lines().any(|line| line.starts_with("nightly")),
        Err(_) => cmd!(sh, "cargo +nightly --version")
            .quiet()
            .ignore_stdout()
            .ignore_stderr()
            .run()
            .is_ok(),
    };
    let hint = "no nightly toolchain: rustup toolchain install nightly --profile minimal";
    (!has).then(|| hint.to_owned())
}
