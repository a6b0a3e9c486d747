//! One candidate in a process of its own. `candidate NAME [FOLDER]`; commands come over the standard input.
#![forbid(unsafe_code)]

use anyhow::{Context as _, Result};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next();
    let name = name.context("usage: candidate NAME [FOLDER]")?;
    ssl_bench::serve::alone(&name, arguments.next(), None)
}
