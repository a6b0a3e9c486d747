//! Measures what a plan asks for. `cargo xtask bench` builds the candidates, writes the plan and runs this;
//! `cargo xtask profile` needs no more of it than the certificates.
#![forbid(unsafe_code)]

use std::path::Path;

use anyhow::{Result, bail};
use ssl_bench::harness;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [word, folder] if word == "credentials" => harness::write_credentials(Path::new(folder)),
        [plan] => harness::run(Path::new(plan)),
        _ => bail!("usage: harness PLAN | credentials FOLDER; better: cargo xtask bench"),
    }
}
