//! Names the shared library as OpenSSL's is named.
//!
//! Owns linker arguments only.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libssl.so.3");
}
