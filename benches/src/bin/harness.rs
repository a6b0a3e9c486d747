//! Measures what a plan asks for. `cargo xtask bench` builds the candidates, writes the plan and runs this.
#![forbid(unsafe_code)]

use std::path::PathBuf;

use anyhow::{Context as _, Result};

fn main() -> Result<()> {
    let plan = std::env::args_os().nth(1);
    let plan = plan.context("usage: harness PLAN; better: cargo xtask bench")?;
    ssl_bench::harness::run(&PathBuf::from(plan))
}
