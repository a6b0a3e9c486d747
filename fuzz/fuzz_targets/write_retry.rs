//! Writes, blocked and retried in every way: no byte is lost, doubled or reordered.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ssl_fuzz::writing::{Script, run};

fuzz_target!(|script: Script| run(&script));
