//! Arbitrary bytes into a connection without a handshake: it wants more or fails, and never panics.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ssl_fuzz::chunks::{Script, run};

fuzz_target!(|script: Script| run(script));
