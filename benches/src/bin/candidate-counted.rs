//! One candidate in a process whose allocator counts, which is why it is not the one that is timed.
#![forbid(unsafe_code)]

use allocation_counter::measure;
use anyhow::{Context as _, Result};
use ssl_bench::serve::Counts;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next();
    let name = name.context("usage: candidate-counted NAME [FOLDER]")?;
    ssl_bench::serve::alone(&name, arguments.next(), Some(counted))
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
