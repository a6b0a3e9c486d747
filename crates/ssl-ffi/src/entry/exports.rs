//! The symbols of the shared library: for each line of symbols.txt one of that name, which leads to the
//! entry point of the same name.
//!
//! Owns how a function gets its C name; build.rs makes the list. An entry point is a plain
//! `unsafe extern "C" fn` without `no_mangle`: rustc hands the linker a list of all `no_mangle` functions
//! that gives them no version, programs ask for the version OPENSSL_3.0.0, and what one list has without
//! a version no other list can give one. A label is not in rustc's list.

use super::*;

#[cfg(target_arch = "x86_64")]
macro_rules! jump {
    () => {
        "jmp {function}"
    };
}
#[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
macro_rules! jump {
    () => {
        "b {function}"
    };
}
#[cfg(any(target_arch = "riscv64", target_arch = "riscv32"))]
macro_rules! jump {
    () => {
        "tail {function}"
    };
}

/// Puts a jump to each function behind a global label of its name.
macro_rules! export {
    ($($name:ident)*) => { $(
        core::arch::global_asm!(
            concat!(".section .text.export.", stringify!($name), ", \"ax\", %progbits"),
            concat!(".globl ", stringify!($name)),
            concat!(".type ", stringify!($name), ", %function"),
            concat!(stringify!($name), ":"),
            jump!(),
            concat!(".size ", stringify!($name), ", . - ", stringify!($name)),
            ".text",
            function = sym $name,
        );
    )* };
}

include!(concat!(env!("OUT_DIR"), "/exports.rs"));
