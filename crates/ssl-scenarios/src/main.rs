//! `ssl-scenarios`: real Debian programs under a `libssl.so.3`, against peers on the system's.
//!
//! Owns the command line; `runner` runs, `programs` has the scenarios, one file a program. `measure` has what
//! `cargo xtask bench programs` asks for.
//!
//! This is a program and not a set of tests for three reasons. The library under test is a file that cargo
//! cannot name as a dependency of a test, and the same scenarios have to pass on the system's library, or a
//! failure says nothing. Certificates and 64 MiB payloads are made once for all of them. And the run as a whole
//! has a result, the page docs/compatibility.md. `cargo xtask scenarios` builds the library and calls it.
//!
//! What drop-ins got wrong before is the enum `scenario::Lesson`; each scenario says which it holds, a test below
//! fails if one is held by none, and `--lessons` prints the list.
#![forbid(unsafe_code)]

mod document;
mod evidence;
mod measure;
mod packages;
mod pki;
mod ports;
mod programs;
mod report;
mod runner;
mod scenario;
mod stage;
mod tool;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::Parser;

use scenario::Lesson;
use world::World;

/// Real programs under a libssl.so.3, against peers on the system's.
#[derive(Debug, Parser)]
#[command(name = "ssl-scenarios")]
struct Flags {
    /// The library under test, a file; the system's own, if it is not given.
    #[arg(long, value_name = "FILE")]
    library: Option<PathBuf>,
    /// How many scenarios run at a time; as many as there are processors, if it is not given.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Write one JSON line for each scenario to this file.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write the page of a full run to this file.
    #[arg(long, value_name = "FILE", conflicts_with = "filters")]
    document: Option<PathBuf>,
    /// Run no scenario: measure what is asked for on standard input, one command a line.
    #[arg(long, conflicts_with_all = ["filters", "document", "report", "jobs"])]
    measure: bool,
    /// With --measure: run the program that is measured below this one, such as `strace -f -c -o FILE`.
    #[arg(long, value_name = "COMMAND", requires = "measure")]
    below: Option<String>,
    /// Keep the folder with certificates, configurations and logs, and say where it is.
    #[arg(long)]
    keep: bool,
    /// Print the scenarios.
    #[arg(long)]
    list: bool,
    /// Print what drop-ins got wrong before, and which scenarios would show it.
    #[arg(long)]
    lessons: bool,
    /// Print the Debian packages that all scenarios together need.
    #[arg(long)]
    packages: bool,
    /// Only scenarios whose `program/name` contains one of these.
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Flags::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(flags: &Flags) -> Result<bool> {
    let chosen = runner::select(programs::all(), &flags.filters)?;
    if flags.packages {
        packages::needed().for_each(|package| println!("{package}"));
        return Ok(true);
    }
    if flags.list {
        chosen
            .iter()
            .for_each(|scenario| println!("{}", scenario.id()));
        return Ok(true);
    }
    if flags.lessons {
        print_lessons();
        return Ok(true);
    }
    if flags.measure {
        let below = flags.below.as_deref().unwrap_or_default();
        return measure_on(flags, below).map(|()| true);
    }
    let (library, name) = library(flags)?;
    // For as long as the process lives: scenarios of all threads use it.
    let world: &'static World = Box::leak(Box::new(World::create(&library)?));
    let start = Instant::now();
    let jobs = flags.jobs.unwrap_or_else(processors);
    let outcomes = runner::run(world, &chosen, jobs, |outcome| {
        println!("{}", outcome.text());
    });
    let failed = outcomes.iter().filter(|o| o.failure.is_some()).count();
    println!(
        "scenarios: {} passed, {failed} failed in {:.0} s, library: {name}",
        outcomes.len() - failed,
        start.elapsed().as_secs_f64()
    );
    if let Some(file) = &flags.report {
        let lines: String = outcomes.iter().map(|o| o.json(&name) + "\n").collect();
        std::fs::write(file, lines).with_context(|| format!("cannot write {}", file.display()))?;
    }
    if let Some(file) = &flags.document {
        let page = document::page(&outcomes);
        std::fs::write(file, page).with_context(|| format!("cannot write {}", file.display()))?;
    }
    if flags.keep {
        println!("kept: {}", world.folder().display());
    } else {
        world.remove();
    }
    Ok(failed == 0)
}

/// The library under test, and what to call it.
fn library(flags: &Flags) -> Result<(PathBuf, String)> {
    Ok(match &flags.library {
        Some(file) => (file.clone(), file.display().to_string()),
        None => (world::system_library()?, "system".to_owned()),
    })
}

fn measure_on(flags: &Flags, below: &str) -> Result<()> {
    let (library, _) = library(flags)?;
    let world: &'static World = Box::leak(Box::new(World::create(&library)?));
    let result = measure::run(
        world,
        below,
        std::io::stdin().lock(),
        std::io::stdout().lock(),
    );
    if flags.keep {
        eprintln!("kept: {}", world.folder().display());
    } else {
        world.remove();
    }
    result
}

fn print_lessons() {
    for lesson in Lesson::SECURITY.iter().chain(Lesson::COMPATIBILITY) {
        println!("{}", lesson.text());
        for scenario in programs::all().filter(|scenario| scenario.lessons.contains(lesson)) {
            println!("    {}", scenario.id());
        }
    }
}

fn processors() -> usize {
    thread::available_parallelism().map_or(2, usize::from)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Flags::command().debug_assert();
    }

    #[test]
    fn every_lesson_is_held() {
        for lesson in Lesson::SECURITY.iter().chain(Lesson::COMPATIBILITY) {
            let held = programs::all().any(|scenario| scenario.lessons.contains(lesson));
            assert!(held, "no scenario holds: {}", lesson.text());
        }
    }

    #[test]
    fn scenarios_have_names_of_their_own() {
        let names: BTreeSet<_> = programs::all().map(|scenario| scenario.id()).collect();
        assert_eq!(names.len(), programs::all().count());
    }
}
