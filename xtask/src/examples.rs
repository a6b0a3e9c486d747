//! The step `examples`: all of them build, and those that take no arguments, which therefore end by
//! themselves, run.

use anyhow::{Result, ensure};
use xshell::{Shell, cmd};

use crate::source::Source;
use crate::tree::Tree;

/// Where the examples are, one file each.
const FOLDER: &str = "crates/ssl-record/examples/";

/// Builds the examples and runs what can run by itself.
pub(crate) fn run(sh: &Shell) -> Result<()> {
    cmd!(sh, "cargo build --examples -p ssl-record --all-features").run()?;
    let names = runnable(&Tree::open()?)?;
    ensure!(
        !names.is_empty(),
        "{FOLDER}: no example runs without arguments; moving_buffer should"
    );
    for name in names {
        cmd!(
            sh,
            "cargo run --quiet --example {name} -p ssl-record --all-features"
        )
        .run()?;
    }
    Ok(())
}

fn runnable(tree: &Tree) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for file in tree.with_extension("rs") {
        let Some(name) = file
            .strip_prefix(FOLDER)
            .and_then(|file| file.strip_suffix(".rs"))
        else {
            continue;
        };
        let source =
            Source::new(file, tree.read(file)?).map_err(|problem| anyhow::anyhow!("{problem}"))?;
        if !name.contains('/') && !takes_arguments(&source) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

fn takes_arguments(source: &Source) -> bool {
    source
        .words()
        .iter()
        .any(|word| matches!(word.text.as_str(), "args" | "args_os" | "Parser"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::source;

    #[test]
    fn an_example_that_reads_arguments_waits_for_somebody() {
        let takes = |text: &str| takes_arguments(&source("a.rs", text));
        assert!(takes("fn main() { let host = std::env::args().nth(1); }"));
        assert!(!takes("//! Takes no args.\nfn main() {}"));
    }
}
