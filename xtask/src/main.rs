//! `cargo xtask`: the chores of this workspace, one file each. This one only reads the command line
//! and hands over.
#![forbid(unsafe_code)]

mod asan;
mod bench;
mod cargo;
mod ci;
mod dist;
mod examples;
mod flags;
mod fuzz;
mod layers;
mod loom;
mod matrix;
mod model;
mod problem;
mod setup;
mod source;
mod tidy;
mod tree;

use std::process::ExitCode;

use clap::Parser as _;
use xshell::Shell;

use flags::{Chore, Flags};

fn main() -> ExitCode {
    match run(Flags::parse().chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore) -> anyhow::Result<()> {
    let sh = Shell::new()?;
    sh.change_dir(tree::root());
    match chore {
        Chore::Ci { steps } => ci::run(&sh, &steps),
        Chore::Setup => setup::run(&sh),
        Chore::Tidy { fix } => tidy::run(if fix {
            tidy::Fix::Mend
        } else {
            tidy::Fix::Report
        }),
        Chore::Layers => layers::run(&sh),
        Chore::Matrix => matrix::run(),
        Chore::Fuzz { seconds, target } => ci::alone(fuzz::run(&sh, seconds, target.as_deref())),
        Chore::Asan => ci::alone(asan::run(&sh)),
        Chore::Bench { quick } => bench::run(&sh, quick),
        Chore::Dist => dist::run(&sh),
    }
}
