//! Our libssl.so.3 and the system's, side by side: builds ours, and runs C programs on either.
//!
//! Knows nothing of what the programs check.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use xshell::{Shell, cmd};

use crate::cargo;

/// The name by which programs ask for the library.
pub(crate) const SONAME: &str = "libssl.so.3";

/// How ours is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Release,
}

impl Profile {
    pub(crate) fn new(is_release: bool) -> Self {
        if is_release { Self::Release } else { Self::Dev }
    }
}

/// Builds ours and returns a folder in which it has the name that programs ask for.
pub(crate) fn build(sh: &Shell, profile: Profile) -> Result<PathBuf> {
    let (flags, name): (&[&str], _) = match profile {
        Profile::Dev => (&[], "debug"),
        Profile::Release => (&["--release"], "release"),
    };
    cmd!(sh, "cargo build --quiet -p ssl-ffi {flags...}").run()?;
    let built = cargo::target_dir(sh, name)?.join("libssl.so");
    named(&built, cargo::target_dir(sh, "dropin")?.join(name))
}

/// The same for one optimised and on aws-lc-rs instead of ring, with its objects in `target`: the features of one
/// exclude the other's.
pub(crate) fn build_on_aws_lc_rs(sh: &Shell, target: &Path) -> Result<PathBuf> {
    cmd!(
        sh,
        "cargo build --quiet --release -p ssl-ffi --no-default-features --features aws-lc-rs --target-dir {target}"
    )
    .run()?;
    named(&target.join("release/libssl.so"), target.join("dropin"))
}

/// The folder, in which the library has the name that programs ask for.
fn named(built: &Path, folder: PathBuf) -> Result<PathBuf> {
    std::fs::create_dir_all(&folder)?;
    let link = folder.join(SONAME);
    if std::fs::read_link(&link).ok().as_deref() != Some(built) {
        let _gone = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(built, &link)
            .with_context(|| format!("cannot link {}", link.display()))?;
    }
    Ok(folder)
}

/// Where the C compiler finds the system's.
pub(crate) fn system(sh: &Shell) -> Result<PathBuf> {
    let path = PathBuf::from(cmd!(sh, "cc -print-file-name={SONAME}").quiet().read()?);
    ensure!(path.is_absolute(), "no {SONAME} on this system");
    Ok(path)
}

/// The version of the system's library, as `3.0`: what its headers promise.
pub(crate) fn system_version(sh: &Shell) -> Result<String> {
    let text = cmd!(sh, "cc -E -P -x c -").quiet();
    let text =
        text.stdin("#include <openssl/opensslv.h>\nOPENSSL_VERSION_MAJOR OPENSSL_VERSION_MINOR\n");
    let text = text.read()?;
    let line = text.lines().last().unwrap_or_default();
    Ok(line.split_whitespace().collect::<Vec<_>>().join("."))
}

/// The value of `LD_LIBRARY_PATH` that puts `folder` first.
pub(crate) fn search_path(folder: &Path) -> OsString {
    let mut path = folder.as_os_str().to_owned();
    if let Some(rest) = std::env::var_os("LD_LIBRARY_PATH").filter(|rest| !rest.is_empty()) {
        path.push(":");
        path.push(rest);
    }
    path
}

/// How C is compiled here.
const FLAGS: &[&str] = &[
    "-std=gnu11",
    "-O1",
    "-g",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-unused-parameter",
    "-Wno-deprecated-declarations",
];

/// Compiles a C program against the system's headers. One that calls nothing of the library is not linked
/// with it, so that it can load it itself.
pub(crate) fn compile(sh: &Shell, sources: &[PathBuf], program: &Path) -> Result<()> {
    if let Some(folder) = program.parent() {
        std::fs::create_dir_all(folder)?;
    }
    cmd!(
        sh,
        "cc {FLAGS...} -o {program} {sources...} -Wl,--as-needed -lssl -lcrypto -lpthread"
    )
    .quiet()
    .run()
    .with_context(|| format!("cannot compile {}", program.display()))
}

/// Compiles what programs of C load at run time.
pub(crate) fn compile_plugin(sh: &Shell, source: &Path, plugin: &Path) -> Result<()> {
    if let Some(folder) = plugin.parent() {
        std::fs::create_dir_all(folder)?;
    }
    cmd!(
        sh,
        "cc {FLAGS...} -shared -fPIC -o {plugin} {source} -lcrypto -lpthread"
    )
    .quiet()
    .run()
    .with_context(|| format!("cannot compile {}", plugin.display()))
}

/// What a program did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// Its exit status, or 128 and the signal; 124 after the time was up.
    pub(crate) status: String,
}

impl Ran {
    /// Whether it ended well.
    pub(crate) fn is_success(&self) -> bool {
        self.status == "exit status: 0"
    }
}

/// Runs a program on the library in `folder`, or on the system's; kills it after `seconds`.
pub(crate) fn run(
    program: &Path,
    folder: Option<&Path>,
    seconds: u32,
    environment: &[(&str, &str)],
) -> Result<Ran> {
    let mut command = Command::new("timeout");
    command
        .args(["--kill-after=5", &seconds.to_string()])
        .arg(program);
    command.envs(environment.iter().copied());
    if let Some(folder) = folder {
        command.env("LD_LIBRARY_PATH", search_path(folder));
    }
    let output = command
        .output()
        .with_context(|| format!("cannot run {}", program.display()))?;
    Ok(Ran {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        status: output.status.to_string(),
    })
}
