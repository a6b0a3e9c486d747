//! One candidate in a process of its own. `candidate NAME`; commands come over the standard input.
#![forbid(unsafe_code)]

use anyhow::{Context as _, Result};

fn main() -> Result<()> {
    let name = std::env::args().nth(1).context("usage: candidate NAME")?;
    ssl_bench::serve::alone(&name, None)
}
