//! One candidate in a process whose allocator counts, which is why it is not the one that is timed.
#![forbid(unsafe_code)]

use allocation_counter::measure;
use anyhow::{Context as _, Result};
use ssl_bench::Credentials;
use ssl_bench::candidates;
use ssl_bench::serve::Service;

fn main() -> Result<()> {
    let name = std::env::args().nth(1);
    let name = name.context("usage: candidate-counted NAME")?;
    let credentials = Credentials::new()?;
    let mut service = Service::new(candidates::named(&name)?, &credentials, Some(counted));
    service.run(std::io::stdin().lock(), std::io::stdout().lock())
}

/// Bytes and blocks that `work` left on the heap.
fn counted(work: &mut dyn FnMut()) -> (i64, i64) {
    let counts = measure(work);
    (counts.bytes_current, counts.count_current)
}
