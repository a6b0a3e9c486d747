//! Arbitrary bytes as what a server answers: no panic, however they are cut, and nothing from outside of them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ssl_fuzz::answer::run;

fuzz_target!(|bytes: &[u8]| run(bytes));
