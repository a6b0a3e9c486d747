//! Records changed on their way: nothing is delivered that was not sent.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ssl_fuzz::tampering::{Script, run};

fuzz_target!(|script: Script| run(&script));
