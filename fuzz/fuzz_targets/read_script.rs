//! Reads, peeks and pieces: what is read is what was written, in order.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ssl_fuzz::reading::{Script, run};

fuzz_target!(|script: Script| run(&script));
