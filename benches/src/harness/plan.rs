//! What is asked of a run: the file that `cargo xtask bench` writes.
//!
//! Owns its form. It must not know how candidates were built.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// A run.
#[derive(Debug, Deserialize)]
pub(super) struct Plan {
    pub(super) subjects: Vec<Subject>,
    /// What takes part. The first is what the others are compared with.
    pub(super) candidates: Vec<Candidate>,
    /// What measures programs, once on each library; the first is ours.
    #[serde(default)]
    pub(super) programs: Vec<Candidate>,
    /// How often each is measured.
    pub(super) rounds: usize,
    /// How long a measurement takes, in milliseconds of the candidate's time.
    pub(super) millis: u32,
    /// Numbers of connections that are left idle.
    pub(super) connections: Vec<u64>,
    /// The folder for certificates.
    pub(super) credentials: PathBuf,
    /// The file with results, of earlier runs too.
    pub(super) results: PathBuf,
    /// Where the results of this run are left beside, for other programs.
    pub(super) copy: PathBuf,
    /// The page made of them, and the folder for its plots, which is beside it.
    pub(super) page: PathBuf,
    pub(super) plots: PathBuf,
    /// Versions worth knowing, by name.
    pub(super) versions: BTreeMap<String, String>,
}

/// A program that answers commands.
#[derive(Debug, Deserialize)]
pub(super) struct Candidate {
    pub(super) name: String,
    pub(super) command: Vec<String>,
    /// The same with an allocator that counts.
    pub(super) counted: Option<Vec<String>>,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
    /// It differs from the candidate before it in how it reads, and in nothing that handshakes and idle connections
    /// would show.
    #[serde(default)]
    pub(super) is_variant: bool,
    /// The only subject it takes part in, if it is not every one.
    #[serde(default)]
    pub(super) only: Option<Subject>,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Subject {
    Bulk,
    Handshake,
    Memory,
    Syscalls,
    Programs,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bulk => "bulk",
            Self::Handshake => "handshake",
            Self::Memory => "memory",
            Self::Syscalls => "syscalls",
            Self::Programs => "programs",
        })
    }
}

impl Plan {
    /// Who takes part where variants do not matter.
    pub(super) fn originals(&self, subject: Subject) -> Vec<&Candidate> {
        let mut candidates = self.everyone(subject);
        candidates.retain(|candidate| !candidate.is_variant);
        candidates
    }

    /// Who takes part.
    pub(super) fn everyone(&self, subject: Subject) -> Vec<&Candidate> {
        let candidates = self.candidates.iter();
        candidates
            .filter(|candidate| candidate.only.is_none_or(|only| only == subject))
            .collect()
    }

    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is no plan", path.display()))
    }
}
