//! `cargo xtask scenarios`: real programs under our library, or under the system's. Builds what is needed and
//! says where the results go; the scenarios are in crates/ssl-scenarios.

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::cargo;

/// Which library the programs get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Library {
    /// The one of this workspace, built in release.
    Ours,
    /// The one of this system: a scenario that fails on it is wrong.
    System,
}

/// What becomes of the page of a full run on ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Write,
    Keep,
}

/// Runs the scenarios whose names contain one of the filters, or all.
pub(crate) fn run(sh: &Shell, library: Library, filters: &[String], page: Page) -> Result<()> {
    let mut arguments = Vec::new();
    if library == Library::Ours {
        cmd!(sh, "cargo build --release -p ssl-ffi").run()?;
        let built = cargo::metadata(sh)?["target_directory"].clone();
        let folder = built.as_str().unwrap_or("target").to_owned();
        arguments.extend([
            "--library".to_owned(),
            format!("{folder}/release/libssl.so"),
        ]);
        if filters.is_empty() && page == Page::Write {
            arguments.extend(["--document", PAGE].map(str::to_owned));
        }
    }
    cmd!(
        sh,
        "cargo run --quiet -p ssl-scenarios -- {arguments...} {filters...}"
    )
    .run()?;
    Ok(())
}

const PAGE: &str = "docs/compatibility.md";
