//! One candidate in a process of its own. `candidate NAME`; commands come over the standard input.
#![forbid(unsafe_code)]

use anyhow::{Context as _, Result};
use ssl_bench::Credentials;
use ssl_bench::candidates;
use ssl_bench::serve::Service;

fn main() -> Result<()> {
    let name = std::env::args().nth(1).context("usage: candidate NAME")?;
    let credentials = Credentials::new()?;
    let mut service = Service::new(candidates::named(&name)?, &credentials, None);
    service.run(std::io::stdin().lock(), std::io::stdout().lock())
}
