//! Random calls of the C library on live objects, from callbacks too: nothing crashes, no panic reaches the
//! boundary, and no result is one that its manual page does not have.

#![no_main]

use libfuzzer_sys::fuzz_target;
// Linked for what they have besides Rust: the library's symbols, and the interpreter.
use {ssl as _, ssl_fuzz as _};

unsafe extern "C" {
    /// c/calls.c
    fn run_calls(script: *const u8, size: usize);
}

fuzz_target!(|script: &[u8]| {
    // SAFETY: the script is read only within its length; libFuzzer runs one at a time.
    unsafe { run_calls(script.as_ptr(), script.len()) };
});
