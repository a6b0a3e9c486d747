//! Arbitrary bytes as a ClientHello: no panic, and nothing is read that is not in the message.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ssl_fuzz::hello::run;

fuzz_target!(|bytes: &[u8]| run(bytes));
