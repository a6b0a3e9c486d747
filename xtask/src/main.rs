//! `cargo xtask`: the chores of this workspace, one file each. This one only reads the command line
//! and hands over.
#![forbid(unsafe_code)]

mod abi;
mod asan;
mod bench;
mod capi;
mod cargo;
mod ci;
mod conformance;
mod dist;
mod dropin;
mod engine;
mod examples;
mod flags;
mod fuzz;
mod layers;
mod library;
mod loom;
mod matrix;
mod model;
mod problem;
mod programs;
mod scenarios;
mod setup;
mod source;
mod stress;
mod tidy;
mod tree;
mod valgrind;

use std::process::ExitCode;

use clap::Parser as _;
use xshell::Shell;

use flags::{Chore, Flags};
use library::Profile;

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
        Chore::Bench(flags) => bench::run(&sh, &flags),
        Chore::Profile(flags) => bench::profile::run(&sh, &flags),
        Chore::Scenarios { library, filters } => {
            scenarios::run(&sh, library, &filters, scenarios::Page::Write)
        }
        Chore::Dist => dist::run(&sh),
        Chore::Dropin { debug, command } => dropin::run(&sh, Profile::new(!debug), &command),
        Chore::Abi { release } => abi::run(&sh, Profile::new(release)),
        Chore::Conformance { release, filter } => {
            conformance::run(&sh, Profile::new(release), filter.as_deref())
        }
        Chore::Capi { release, filter } => capi::run(&sh, Profile::new(release), filter.as_deref()),
        Chore::Valgrind { smoke, filter } => valgrind::run(&sh, smoke, filter.as_deref()),
        Chore::Engine {
            debug,
            count,
            filter,
        } => engine::run(&sh, Profile::new(!debug), count, filter.as_deref()),
        Chore::Stress { debug, filter } => {
            stress::run(&sh, Profile::new(!debug), filter.as_deref())
        }
    }
}
