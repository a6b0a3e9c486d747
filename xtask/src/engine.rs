//! `cargo xtask engine`: the programs of crates/ssl-ffi/tests/c/engine, whose keys are in an engine that signs
//! later. Those in the folder itself run on the system's library and on ours; those in `ours/` ask for more
//! than OpenSSL does and run on ours alone.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use xshell::Shell;

use crate::library::{self, Profile};
use crate::{cargo, tree};

/// Where the programs are, the engine among them.
const BOTH: &str = "crates/ssl-ffi/tests/c/engine";
const OURS: &str = "crates/ssl-ffi/tests/c/engine/ours";
const ENGINE: &str = "later.c";

/// How long a program may take.
const SECONDS: u32 = 300;

/// The environment of these programs.
pub(crate) struct Setting {
    engine: String,
    count: Option<String>,
}

impl Setting {
    /// Compiles the engine; `count` is how many connections the programs make, if not their usual number.
    pub(crate) fn new(sh: &Shell, count: Option<u32>) -> Result<Self> {
        let engine = cargo::target_dir(sh, "dropin")?.join("engine/later.so");
        library::compile_plugin(sh, &tree::root().join(BOTH).join(ENGINE), &engine)?;
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

/// Runs every program, or those whose name contains `filter`.
pub(crate) fn run(
    sh: &Shell,
    profile: Profile,
    count: Option<u32>,
    filter: Option<&str>,
) -> Result<()> {
    let ours = library::build(sh, profile)?;
    let setting = Setting::new(sh, count)?;
    let folder = cargo::target_dir(sh, "dropin")?.join("engine");
    for (source, runs_on_openssl) in programs()? {
        let name = source.file_stem().unwrap_or_default().to_string_lossy();
        if filter.is_some_and(|filter| !name.contains(filter)) {
            continue;
        }
        let program = folder.join(&*name);
        library::compile(sh, std::slice::from_ref(&source), &program)?;
        let on = |library: Option<&Path>| -> Result<String> {
            let ran = library::run(&program, library, SECONDS, &setting.environment())?;
            let whose = library.map_or("OpenSSL", |_| "ours");
            println!("engine: {name} on {whose}: {}", ran.status);
            print!("{}", ran.stdout);
            ensure!(
                ran.is_success(),
                "engine: {name} fails on {whose}: {}",
                ran.stderr
            );
            Ok(ran.stdout)
        };
        let expected = match runs_on_openssl {
            true => Some(on(None)?),
            false => None,
        };
        let actual = on(Some(&ours))?;
        ensure!(
            expected.is_none_or(|expected| expected == actual),
            "engine: {name} prints something else on ours"
        );
    }
    Ok(())
}

/// The programs, each with whether OpenSSL passes it too.
pub(crate) fn programs() -> Result<Vec<(PathBuf, bool)>> {
    let mut found = Vec::new();
    for (folder, runs_on_openssl) in [(BOTH, true), (OURS, false)] {
        for entry in tree::root().join(folder).read_dir()? {
            let path = entry?.path();
            if path.extension().is_some_and(|kind| kind == "c") && !path.ends_with(ENGINE) {
                found.push((path, runs_on_openssl));
            }
        }
    }
    found.sort();
    ensure!(!found.is_empty(), "engine: no program to run");
    Ok(found)
}
