//! Makes of symbols.txt what the linker and the compiler need to export it: a version script and the
//! list that `src/entry/exports.rs` includes. Names the library as OpenSSL's is named.
//!
//! Knows nothing of what the functions do.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The version node of every symbol.
const NODE: &str = "OPENSSL_3.0.0";

const SYMBOLS: &str = "symbols.txt";

/// Where the entry points are.
const ENTRY: &str = "src/entry";

fn main() -> Result<(), Box<dyn Error>> {
    for input in ["build.rs", SYMBOLS, ENTRY] {
        println!("cargo::rerun-if-changed={input}");
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let text = fs::read_to_string(SYMBOLS)?;
    let names: Vec<&str> = text.lines().filter_map(name).collect();
    let mut written = BTreeSet::new();
    entry_points(Path::new(ENTRY), &mut written)?;
    let missing = names.iter().filter(|name| !written.contains(**name));
    let missing: Vec<&str> = missing.copied().collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return Err(format!("in {SYMBOLS}, but no function in {ENTRY}: {missing}").into());
    }
    let exports = format!("export! {{\n{}\n}}\n", names.join("\n"));
    fs::write(out.join("exports.rs"), exports)?;
    if env::var("CARGO_CFG_TARGET_OS")? == "linux" {
        link(&out, &names)?;
    }
    Ok(())
}

fn link(out: &Path, names: &[&str]) -> Result<(), Box<dyn Error>> {
    let script = out.join("libssl.map");
    let all = names.join("; ");
    fs::write(&script, format!("{NODE} {{ global: {all}; local: *; }};\n"))?;
    // rustc brings a version script of its own, without a node. GNU ld takes no second one beside it; lld
    // does, and the symbols are not in rustc's, see src/entry/exports.rs.
    if let Some(folder) = rust_lld()? {
        argument(&format!("-B{}", folder.display()));
    }
    argument("-fuse-ld=lld");
    argument(&format!("-Wl,--version-script={}", script.display()));
    argument("-Wl,-soname,libssl.so.3");
    // Threads that used the library have destructors in it, which run after a dlclose.
    argument("-Wl,-z,nodelete");
    Ok(())
}

fn argument(text: &str) {
    println!("cargo::rustc-cdylib-link-arg={text}");
}

/// The folder in which the compiler driver finds the lld of the Rust toolchain; `None` if that has none,
/// as in distributions, which have lld as a package.
fn rust_lld() -> Result<Option<PathBuf>, Box<dyn Error>> {
    let rustc = Command::new(env::var("RUSTC")?)
        .args(["--print", "sysroot"])
        .output()?;
    let sysroot = PathBuf::from(String::from_utf8(rustc.stdout)?.trim());
    let folder = sysroot
        .join("lib/rustlib")
        .join(env::var("HOST")?)
        .join("bin/gcc-ld");
    Ok(folder.is_dir().then_some(folder))
}

/// The symbol a line of symbols.txt is about.
fn name(line: &str) -> Option<&str> {
    let name = line.split_whitespace().next()?;
    (!name.starts_with('#')).then_some(name)
}

/// The names of the `extern "C"` functions in the files under `folder`.
fn entry_points(folder: &Path, names: &mut BTreeSet<String>) -> Result<(), Box<dyn Error>> {
    for item in fs::read_dir(folder)? {
        let path = item?.path();
        if path.is_dir() {
            entry_points(&path, names)?;
            continue;
        }
        for rest in fs::read_to_string(&path)?.split("extern \"C\" fn ").skip(1) {
            let end = rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric());
            names.insert(rest[..end.unwrap_or(rest.len())].to_owned());
        }
    }
    Ok(())
}
