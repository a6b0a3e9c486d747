//! `cargo xtask setup`: installs what the checks need and this machine lacks, and says what it did.
//! Leaves Rust toolchains alone; those are their owner's.

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

/// Debian packages, each with what needs it.
const PACKAGES: &[(&str, &str)] = &[
    (
        "ca-certificates",
        "cargo downloads; the tests of the platform's certificate store",
    ),
    ("curl", "the client of the end-to-end tests"),
    (
        "g++",
        "libFuzzer, which cargo-fuzz builds; reading the prototypes of openssl/ssl.h",
    ),
    (
        "gcc",
        "the linker; the C of ring and aws-lc-rs, which needs no cmake here",
    ),
    ("libc6-dev", "the headers gcc compiles against"),
    ("valgrind", "the step valgrind"),
    (
        "libssl-dev",
        "openssl/ssl.h, which the mode bits and the C library's prototypes are compared with",
    ),
    ("openssl", "the peer of the end-to-end tests"),
];

/// Debian packages of the programs that run on our libssl.
const PROGRAMS: &str = include_str!("../../crates/ssl-scenarios/packages.txt");

/// What Debian asks before it starts a server that was just installed.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Cargo subcommands, each with its package and with what needs it.
const TOOLS: &[(&str, &str, &str)] = &[
    (
        "nextest",
        "cargo-nextest",
        "the steps test, asan, loom and model",
    ),
    ("deny", "cargo-deny", "the step deny"),
    ("fuzz", "cargo-fuzz", "the step fuzz"),
];

/// Installs what is missing.
pub(crate) fn run(sh: &Shell) -> Result<()> {
    packages(sh)?;
    components(sh)?;
    tools(sh)?;
    if let Some(reason) = crate::cargo::lacks_nightly(sh) {
        println!("setup: fuzz and asan will be skipped: {reason}");
    }
    Ok(())
}

fn packages(sh: &Shell) -> Result<()> {
    let release = sh.read_file("/etc/os-release").unwrap_or_default();
    if !is_debian(&release) {
        println!("setup: this is not Debian; see to it that there is:");
        for (package, purpose) in wanted() {
            println!("  {package}, for {purpose}");
        }
        return Ok(());
    }
    let missing: Vec<&str> = wanted()
        .map(|(package, _)| package)
        .filter(|package| !is_installed(sh, package))
        .collect();
    if missing.is_empty() {
        println!("setup: all {} Debian packages are there", wanted().count());
        return Ok(());
    }
    let is_root = cmd!(sh, "id -u").quiet().read()? == "0";
    // Both take variables and a command, so that the two lines below read the same for root.
    let run_as_root = if is_root { "env" } else { "sudo" };
    let all = missing.join(" ");
    let by_hand = || format!("install these by hand and try again: {all}");
    let quiet = "DEBIAN_FRONTEND=noninteractive";
    cmd!(sh, "{run_as_root} {quiet} apt-get update")
        .run()
        .with_context(by_hand)?;
    // The servers among them are for tests, which start their own.
    let holds_servers = !sh.path_exists(POLICY);
    if holds_servers {
        cmd!(sh, "{run_as_root} install -m 755 /dev/stdin {POLICY}")
            .stdin("#!/bin/sh\nexit 101\n")
            .run()?;
    }
    let installed = cmd!(
        sh,
        "{run_as_root} {quiet} apt-get install --yes --no-install-recommends {missing...}"
    )
    .run()
    .with_context(by_hand);
    if holds_servers {
        cmd!(sh, "{run_as_root} rm -f {POLICY}").run()?;
    }
    installed?;
    println!("setup: installed {all}");
    Ok(())
}

/// Every package, with what needs it.
fn wanted() -> impl Iterator<Item = (&'static str, &'static str)> {
    let programs = PROGRAMS.lines().filter(|line| !line.starts_with('#'));
    let own = PACKAGES.iter().copied();
    own.chain(programs.map(|package| (package, "the step scenarios")))
}

fn components(sh: &Shell) -> Result<()> {
    for component in ["fmt", "clippy"] {
        if !has_subcommand(sh, component) {
            let name = if component == "fmt" {
                "rustfmt"
            } else {
                component
            };
            cmd!(sh, "rustup component add {name}").run()?;
            println!("setup: added {name}");
        }
    }
    Ok(())
}

fn tools(sh: &Shell) -> Result<()> {
    for (subcommand, package, purpose) in TOOLS {
        if has_subcommand(sh, subcommand) {
            println!("setup: {package} is there");
            continue;
        }
        println!("setup: building {package}, for {purpose}; this takes some minutes");
        cmd!(sh, "cargo install --locked {package}").run()?;
        println!("setup: installed {package}");
    }
    Ok(())
}

fn has_subcommand(sh: &Shell, name: &str) -> bool {
    cmd!(sh, "cargo {name} --version")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run()
        .is_ok()
}

fn is_installed(sh: &Shell, package: &str) -> bool {
    let format = "${db:Status-Status}";
    let status = cmd!(sh, "dpkg-query --show --showformat {format} {package}")
        .quiet()
        .ignore_stderr();
    status.read().is_ok_and(|status| status == "installed")
}

/// True if /etc/os-release is that of Debian or of a system made from it.
fn is_debian(release: &str) -> bool {
    let values = release.lines().filter_map(|line| line.split_once('='));
    let mut names = values.filter(|(key, _)| matches!(*key, "ID" | "ID_LIKE"));
    names.any(|(_, value)| {
        value
            .trim_matches('"')
            .split(' ')
            .any(|name| name == "debian")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_and_what_is_made_from_it() {
        assert!(is_debian("NAME=\"Debian GNU/Linux\"\nID=debian\n"));
        assert!(is_debian("ID=mint\nID_LIKE=\"ubuntu debian\"\n"));
        assert!(!is_debian(
            "ID=fedora\nHOME_URL=\"https://www.debian.org\"\n"
        ));
        assert!(!is_debian(""));
    }
}
