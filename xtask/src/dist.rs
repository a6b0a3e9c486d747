//! `cargo xtask dist`: what a package of ssl-cli contains beside the program. The program writes its
//! own completions and manual pages; this only says where to.

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::cargo;

/// The shells with completions, each with the file name it looks for.
const SHELLS: &[(&str, &str)] = &[
    ("bash", "ssl-cli.bash"),
    ("zsh", "_ssl-cli"),
    ("fish", "ssl-cli.fish"),
];

/// Fills target/dist.
pub(crate) fn run(sh: &Shell) -> Result<()> {
    let folder = cargo::target_dir(sh, "dist")?;
    let completions = folder.join("completions");
    let manual = folder.join("man");
    sh.create_dir(&completions)?;
    sh.create_dir(&manual)?;
    for (shell, file) in SHELLS {
        let script = cmd!(sh, "cargo run --quiet -p ssl-cli -- completions {shell}").read()?;
        sh.write_file(completions.join(file), script + "\n")?;
    }
    cmd!(sh, "cargo run --quiet -p ssl-cli -- man --out {manual}").run()?;
    println!("dist: wrote {}", folder.display());
    Ok(())
}
