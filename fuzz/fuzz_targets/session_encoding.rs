//! Any bytes as an encoded session: never a panic, and what is accepted survives.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| ssl_fuzz::session::run(bytes));
