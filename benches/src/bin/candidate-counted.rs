//! One candidate in a process whose allocator counts, which is why it is not the one that is timed.
#![forbid(unsafe_code)]

use allocation_counter::measure;
use anyhow::{Context as _, Result};
use ssl_bench::serve::Counts;

fn main() -> Result<()> {
    let name = std::env::args().nth(1);
    let name = name.context("usage: candidate-counted NAME")?;
    ssl_bench::serve::alone(&name, Some(counted))
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
