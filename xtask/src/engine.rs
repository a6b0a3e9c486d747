//! `cargo xtask engine`: the programs of crates/ssl-ffi/tests/c/engine, whose keys are in an engine that signs
//! later. Those in the folder itself are compared like other programs; those in `ours/` ask for more than
//! OpenSSL does and run on ours alone.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use xshell::Shell;

use crate::library::{self, Profile};
use crate::programs::Suite;
use crate::{cargo, tree};

/// The engine.
const ENGINE: &str = "crates/ssl-ffi/tests/c/engine/plugin/later.c";

/// What both libraries pass.
const BOTH: Suite = Suite {
    name: "engine",
    folder: "crates/ssl-ffi/tests/c/engine",
    seconds: 300,
    again: &[],
};

/// What only ours does.
const OURS: Suite = Suite {
    folder: "crates/ssl-ffi/tests/c/engine/ours",
    ..BOTH
};

/// The environment of these programs.
pub(crate) struct Setting {
    engine: String,
    count: Option<String>,
}

impl Setting {
    /// Compiles the engine; `count` is how many connections the programs make, if not their usual number.
    pub(crate) fn new(sh: &Shell, count: Option<u32>) -> Result<Self> {
        let engine = cargo::target_dir(sh, "dropin")?.join("engine/later.so");
        library::compile_plugin(sh, &tree::root().join(ENGINE), &engine)?;
        Ok(Self {
            engine: engine.display().to_string(),
            count: count.map(|count| count.to_string()),
        })
    }

    /// The variables.
    pub(crate) fn environment(&self) -> Vec<(&str, &str)> {
        let count = self.count.as_deref().map(|count| ("LATER_COUNT", count));
        [("LATER_ENGINE", self.engine.as_str())]
            .into_iter()
            .chain(count)
            .collect()
    }
}

/// The programs, each with whether both libraries pass it.
pub(crate) fn programs() -> Result<Vec<(PathBuf, bool)>> {
    let both = BOTH
        .programs(None)?
        .into_iter()
        .map(|source| (source, true));
    let on_ours = OURS
        .programs(None)?
        .into_iter()
        .map(|source| (source, false));
    Ok(both.chain(on_ours).collect())
}

/// Runs every program, or those whose name contains `filter`.
pub(crate) fn run(
    sh: &Shell,
    profile: Profile,
    count: Option<u32>,
    filter: Option<&str>,
) -> Result<()> {
    let ours = library::build(sh, profile)?;
    let setting = Setting::new(sh, count)?;
    let environment = setting.environment();
    let on_ours = OURS.programs(filter)?;
    if on_ours.is_empty() || !BOTH.programs(filter)?.is_empty() {
        BOTH.run(sh, &ours, filter, &environment)?;
    }
    for source in on_ours {
        let name = source.file_stem().unwrap_or_default().to_string_lossy();
        let program = cargo::target_dir(sh, "dropin")?.join("engine").join(&*name);
        library::compile(sh, std::slice::from_ref(&source), &program)?;
        let ran = library::run(&program, Some(&ours), OURS.seconds, &environment)?;
        print!("{}", ran.stdout);
        ensure!(
            ran.is_success(),
            "engine: {name} ended with {}: {}",
            ran.status,
            ran.stderr
        );
        println!("engine: {name}: ok on ours");
    }
    Ok(())
}
