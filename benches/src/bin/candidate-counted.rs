//! One candidate in a process whose allocator counts, which is why it is not the one that is timed.
#![forbid(unsafe_code)]

use allocation_counter::measure;
use anyhow::{Context as _, Result};
use ssl_bench::Credentials;
use ssl_bench::candidates;
use ssl_bench::serve::{Counts, Service};

fn main() -> Result<()> {
    let name = std::env::args().nth(1);
    let name = name.context("usage: candidate-counted NAME")?;
    let credentials = Credentials::new()?;
    let mut service = Service::new(candidates::named(&name)?, &credentials, Some(counted));
    service.run(std::io::stdin().lock(), std::io::stdout().lock())
}

/// What `work` did to the heap.
fn counted(work: &mut dyn FnMut()) -> Counts {
    let counts = measure(work);
    Counts {
        bytes: counts.bytes_current,
        blocks: counts.count_current,
        allocations: counts.count_total,
        allocated: counts.bytes_total,
    }
}
