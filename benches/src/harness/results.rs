//! What was measured, in this run and in earlier ones: one section for each subject.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::grid::Grid;
use super::machine::Machine;

/// All sections there are.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Results {
    /// By subject.
    pub(super) sections: BTreeMap<String, Section>,
}

/// One subject, measured in one run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Section {
    pub(super) machine: Machine,
    pub(super) rounds: usize,
    pub(super) grids: Vec<Grid>,
}

impl Results {
    /// What earlier runs left in that file; nothing if it is not there.
    pub(super) fn read(path: &Path) -> Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => serde_json::from_str(&text)
                .with_context(|| format!("{}: delete it and measure anew", path.display())),
            Err(_) => Ok(Self::default()),
        }
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let text = serde_json::to_string(self)? + "\n";
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// A table by its section and title.
    pub(super) fn grid(&self, section: &str, title: &str) -> Option<&Grid> {
        let grids = &self.sections.get(section)?.grids;
        grids.iter().find(|grid| grid.title == title)
    }
}
