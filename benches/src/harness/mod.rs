//! Tells candidates what to measure, in turn, and writes down what they say.
//!
//! Owns the order of things: rounds in which every candidate takes part, so that a slower moment of the machine
//! slows all. It must not know how a candidate works: each is a process that answers commands ([`crate::serve`]).

mod bars;
mod grid;
mod machine;
mod page;
mod peer;
mod plan;
mod plots;
mod programs;
mod results;
mod subjects;

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::{Credentials, Key};
use machine::Machine;
use plan::Plan;
use results::{Results, Section};

/// Measures what the plan in that file asks for, prints tables, and writes results, plots and page.
///
/// # Errors
/// A candidate fails, or a file cannot be written.
pub fn run(plan: &Path) -> Result<()> {
    let plan = Plan::read(plan)?;
    write_credentials(&plan.credentials)?;
    let mut results = Results::read(&plan.results)?;
    for subject in &plan.subjects {
        println!("\n# {subject}");
        let grids = subjects::measure(*subject, &plan)?;
        let section = Section {
            machine: Machine::here(&plan),
            rounds: plan.rounds,
            grids,
        };
        results.sections.insert(subject.to_string(), section);
        // After each, so that what took long is not lost to what fails later.
        results.write(&plan.results)?;
        results.write(&plan.copy)?;
    }
    for line in bars::lines(&results) {
        println!("{line}");
    }
    plots::draw(&results, &plan.plots)?;
    page::write(&results, &plan)
}

/// Writes the certificates where candidates that are not written in Rust read them.
///
/// # Errors
/// A key cannot be made, or a file cannot be written.
pub fn write_credentials(folder: &Path) -> Result<()> {
    let credentials = Credentials::new()?;
    for key in Key::ALL {
        let (folder, identity) = (folder.join(key.name()), credentials.identity(key));
        std::fs::create_dir_all(&folder)?;
        let files = [
            ("chain.pem", identity.chain_pem()),
            ("key.pem", identity.key_pem()),
            ("root.pem", identity.root_pem().to_owned()),
        ];
        for (name, text) in files {
            let path = folder.join(name);
            std::fs::write(&path, text)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(())
}
