//! `World`: what all scenarios of a run share: the library, certificates, and files to transfer.
//!
//! Owns the folder of the run. Must not know any scenario.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use ssl_testkit::digest;
use ssl_testkit::pattern::Pattern;

use crate::pki;

/// What is made once and only read afterwards.
pub(crate) struct World {
    folder: PathBuf,
    payloads: Vec<Payload>,
}

/// A file to be transferred.
pub(crate) struct Payload {
    /// Its name in the data folder.
    pub(crate) name: &'static str,
    pub(crate) sha256: String,
}

impl World {
    /// Makes everything. `library` is the file the programs under test get as libssl.so.3.
    pub(crate) fn create(library: &Path) -> Result<Self> {
        let owner = tempfile::Builder::new()
            .prefix("ssl-scenarios-")
            .tempdir()?;
        let folder = owner.path().to_owned();
        // Servers that give up root read certificates and data.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        for name in ["lib", "pki", "data", "stages"] {
            fs::create_dir(folder.join(name))?;
        }
        // A copy, so that the loader names this folder and not the one a link leads to.
        fs::copy(library, folder.join("lib/libssl.so.3"))
            .with_context(|| format!("cannot copy {}", library.display()))?;
        pki::write(&folder.join("pki"))?;
        let payloads = SIZES
            .iter()
            .zip(1..)
            .map(|(&(name, len), seed)| payload(&folder.join("data"), name, len, seed))
            .collect::<Result<_>>()?;
        drop(owner.keep());
        Ok(Self { folder, payloads })
    }

    /// Removes the folder, when nothing runs any more.
    pub(crate) fn remove(&self) {
        // What is left is a folder among temporary ones; no reason to call the run failed.
        drop(fs::remove_dir_all(&self.folder));
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder for `LD_LIBRARY_PATH`.
    pub(crate) fn library(&self) -> PathBuf {
        self.folder.join("lib")
    }

    pub(crate) fn pki(&self) -> PathBuf {
        self.folder.join("pki")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(crate) fn payload(&self, name: &str) -> Result<&Payload> {
        let found = self.payloads.iter().find(|payload| payload.name == name);
        found.with_context(|| format!("there is no payload {name}"))
    }
}

/// The file that the loader takes for libssl.so.3 where nothing is said.
pub(crate) fn system_library() -> Result<PathBuf> {
    let output = Command::new("/sbin/ldconfig").arg("-p").output()?;
    ensure!(output.status.success(), "ldconfig -p failed");
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = listed
        .lines()
        .find(|line| line.trim_start().starts_with("libssl.so.3 "))
        .context("this system has no libssl.so.3")?;
    let (_, path) = line
        .split_once("=> ")
        .context("ldconfig -p is not as it was")?;
    Ok(PathBuf::from(path))
}

fn payload(folder: &Path, name: &'static str, len: u64, seed: u64) -> Result<Payload> {
    let path = folder.join(name);
    io::copy(&mut Pattern::new(seed).take(len), &mut File::create(&path)?)?;
    let sha256 = digest::sha256(&fs::read(&path)?);
    Ok(Payload { name, sha256 })
}

/// Names and sizes of the files to transfer.
const SIZES: &[(&str, u64)] = &[
    ("1k.bin", 1 << 10),
    ("100k.bin", 100 << 10),
    ("1m.bin", 1 << 20),
    ("10m.bin", 10 << 20),
    ("50m.bin", 50_000_000),
    ("64m.bin", 64 << 20),
];
